"""Executions of the venue's own orders (liquidation, deleveraging, settlement) that wait until its word on the position shows that they were about ours.

Such an execution is of an order that nobody here sent, and part of what it closed may be somebody else's. What is ours is what the position lacks against our books. So
it waits for the position, which comes at the same moment by another message, and then gives its price, its fee and its id to what is missing. An execution that
explains nothing (read again after a restart, or of what somebody else held) is forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from botcore.model.enums import TradeType
from botcore.model.order import Fee, Fill
from botcore.model.times import SECOND_NS

AFTER_NS = 5 * SECOND_NS
"""A position that was told so long after an execution counts it."""

KEPT = 4_096
DIGITS = Decimal("1e-12")
"""Shares of a fee are rounded to this; the last one takes the rest."""

Key = tuple[str, str, str]
"""(connector, pair, side of the position)"""


@dataclass(slots=True)
class Forced:
    """One execution and what of it is not booked yet.

    Parameters
    ----------
    cause : str
        `liquidation`, `adl` or `settlement`.
    fee : Fee
        Of the lots that are left.
    """

    fill: Fill
    cause: str
    lots: int
    fee: Fee

    def take(self, lots: int) -> Fill:
        """So many of its lots with their share of the fee."""
        whole, fee = lots == self.lots, self.fee
        part = fee if whole else Fee(self._share(fee.amount, lots), fee.asset, None if fee.in_quote is None else self._share(fee.in_quote, lots))
        left_quote = None if fee.in_quote is None or part.in_quote is None else fee.in_quote - part.in_quote
        self.fee = Fee(fee.amount - part.amount, fee.asset, left_quote)
        self.lots -= lots
        return replace(self.fill, lots=lots, fee=part)

    def _share(self, amount: Decimal, lots: int) -> Decimal:
        return (amount * lots / self.lots).quantize(DIGITS)


class ForcedBook:
    """See the module. Passive; each execution is taken once, from whichever way it comes first."""

    def __init__(self) -> None:
        self._waiting: dict[Key, list[Forced]] = {}
        self._seen: dict[tuple[str, str, str], None] = {}

    def add(self, fill: Fill, cause: str, *, hedge: bool) -> None:
        market = fill.instrument.market
        name = (market.connector_name, market.trading_pair, fill.trade_id)
        if name in self._seen:
            return
        if len(self._seen) >= KEPT:
            del self._seen[next(iter(self._seen))]
        self._seen[name] = None
        side = "net" if not hedge else "long" if fill.trade_type is TradeType.SELL else "short"
        self._waiting.setdefault((market.connector_name, market.trading_pair, side), []).append(Forced(fill, cause, fill.lots, fill.fee))

    def closing(self, key: Key, sign: int) -> list[Forced]:
        """Those that made a position of this sign smaller, oldest first."""
        direction = TradeType.SELL if sign > 0 else TradeType.BUY
        return [forced for forced in self._waiting.get(key, ()) if forced.fill.trade_type is direction and forced.lots]

    def forget(self, key: Key, told_ns: int) -> None:
        """The position agrees with our books, and was told at this time: it counts all that happened well before."""
        waiting = self._waiting.get(key)
        if waiting is not None:
            waiting = [forced for forced in waiting if forced.lots and forced.fill.ts_ns + AFTER_NS > told_ns]
            if waiting:
                self._waiting[key] = waiting
            else:
                del self._waiting[key]

    def drop(self, connector_name: str) -> None:
        """Nothing of this account waits any more; what was seen stays seen."""
        self._waiting = {key: waiting for key, waiting in self._waiting.items() if key[0] != connector_name}
