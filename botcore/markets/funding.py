"""What a perpetual charges for being held."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class FundingInfo:
    """Funding of a perpetual as its venue last told it.

    Parameters
    ----------
    index_price, mark_price : Decimal
        NaN where the venue does not tell.
    next_funding_utc_timestamp : int
        Seconds UTC of the next payment.
    rate : Decimal
        Fraction of the position's value that longs pay shorts then (negative: shorts pay longs).
    ts_ns : int
        When it was told.
    """

    trading_pair: str
    index_price: Decimal
    mark_price: Decimal
    next_funding_utc_timestamp: int
    rate: Decimal
    ts_ns: int = 0


def without_funding(trading_pair: str, now_ns: int) -> FundingInfo:
    """What a simulated perpetual tells: nobody pays funding there."""
    unknown = Decimal("NaN")
    return FundingInfo(trading_pair, unknown, unknown, 0, Decimal(0), now_ns)
