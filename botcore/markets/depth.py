"""How much rests near the middle of a book: what an entry can be got out at again."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from botcore.markets.market_state import MarketState


def depth_within(state: MarketState, fraction: Decimal) -> Decimal | None:
    """Quote value that rests within this fraction of the mid, on the side with less of it; None when there is no mid."""
    mid_half = state.mid_half_ticks()
    if mid_half is None:
        return None
    highest = int((mid_half * (1 + fraction) / 2).to_integral_value(ROUND_FLOOR))
    lowest = int((mid_half * (1 - fraction) / 2).to_integral_value(ROUND_CEILING))
    # a cost is a sum of ticks times lots
    return min(state.book.cost_for_price(True, highest), state.book.cost_for_price(False, lowest)) * state.instrument.unit
