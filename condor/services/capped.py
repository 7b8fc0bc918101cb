"""What the caps of an account would refuse of a draft, said before it is started; the gate asks again with every order."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from botcore.model.instrument import Instrument
from botcore.risk.caps import AccountCaps
from condor.services.remedies import Fix, Problem
from condor.services.sizes import ladder_of, leverage_of, quotes_of


def capped(config: Any, instrument: Instrument, caps: AccountCaps, mid: Decimal | None, where: str) -> list[Problem]:
    """Pair, leverage and the largest order of a config against caps; amounts only where both are in one currency. `where` names the account."""
    found: list[Problem] = []
    pair, leverage = instrument.market.trading_pair, leverage_of(config)
    if caps.pairs is not None and pair not in caps.pairs:
        found.append(Problem(f"{pair} is not among the pairs that the caps of {where} allow: {', '.join(caps.pairs)}", field="trading_pair"))
    if caps.max_leverage is not None and instrument.is_perpetual and leverage and leverage > caps.max_leverage:
        fixes = (Fix(f"Use {caps.max_leverage}x", {"leverage": str(caps.max_leverage)}),)
        found.append(Problem(f"leverage {leverage}x is above the cap of {caps.max_leverage}x at {where}", fixes, "leverage"))
    largest = _largest(config, instrument, mid)
    if caps.max_order_quote is not None and caps.currency == instrument.quote and largest is not None and largest > caps.max_order_quote:
        found.append(
            Problem(f"its largest order of {largest:.2f} {instrument.quote} is above the cap of {caps.max_order_quote:f} for one order at {where}")
        )
    return found


def _largest(config: Any, instrument: Instrument, mid: Decimal | None) -> Decimal | None:
    """The largest order that it may send, as far as that is known."""
    ladder = ladder_of(config, instrument, mid)
    quotes = quotes_of(config, mid) if ladder is None else [level.amount_quote for level in ladder.levels]
    return max(quotes, default=None)
