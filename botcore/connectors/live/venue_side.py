"""`VenueSide`: what a connector is given of its venue and of our account there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from botcore.connectors.live.account import Account
from botcore.connectors.live.doubts import BeliefRules
from botcore.connectors.live.fees import Rate, no_rate
from botcore.model.instrument import Instrument
from botcore.venues.line import VenueLine


@dataclass(frozen=True, slots=True)
class VenueSide:
    """See the module.

    Parameters
    ----------
    line : VenueLine
    rules : BeliefRules
        Of this venue.
    instruments : mapping of str to Instrument
        Live mapping, by pair.
    account : Account
    stops : bool
        Whether reduce-only stop orders may rest there (`LiveSpec.lists_stop_orders`, unless the account's settings say no).
    rate : callable
        What fees in a third asset are worth (`RateOracle.rate`).
    """

    line: VenueLine
    rules: BeliefRules
    instruments: Mapping[str, Instrument]
    account: Account
    stops: bool = False
    rate: Rate = no_rate
