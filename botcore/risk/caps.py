"""`AccountCaps`: what the owner of an account allows on it, whatever bots and their authors want. Entries only: exits and cancels are never held up."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field, field_validator

from botcore.core.config import ConfigModel

Amount = Annotated[Decimal, Field(gt=0, le=Decimal("1e12"))]
DEPTH_WITHIN = Decimal("0.01")
"""So far from the middle of a book its depth is counted, as a fraction."""


class AccountCaps(ConfigModel):
    """Caps of one account; None sets none.

    Parameters
    ----------
    currency : str
        What the amounts are in. Orders in another quote asset are converted at the present rate, and refused where there is none.
    pairs : list of str, optional
        Pairs that may be traded.
    max_order_quote : Decimal, optional
        Largest value of one order.
    max_day_quote : Decimal, optional
        Largest value of all entries of a day (UTC): what was bought or sold, and what is working, in doubt or on its way.
    max_day_loss : Decimal, optional
        Loss of a day, realized and not, fees and funding included, at which entries end until the owner releases them.
    price_deviation : Decimal, optional
        Largest distance of an order's price from the middle of the book, as a fraction.
    orders_per_minute : int, optional
        Entries within any minute.
    max_leverage : int, optional
        Of a perpetual pair.
    min_depth_quote : Decimal, optional
        Least value that must rest within `DEPTH_WITHIN` of the middle of the book, on either side: what is bought into a thinner one can't be sold again near its price.
    """

    currency: Annotated[str, Field(pattern=r"^[A-Z0-9]{2,12}$")] = "USDT"
    pairs: list[str] | None = None
    max_order_quote: Amount | None = None
    max_day_quote: Amount | None = None
    max_day_loss: Amount | None = None
    price_deviation: Annotated[Decimal, Field(gt=0, le=1)] | None = None
    orders_per_minute: Annotated[int, Field(gt=0, le=100_000)] | None = None
    max_leverage: Annotated[int, Field(gt=0, le=200)] | None = None
    min_depth_quote: Amount | None = None

    @field_validator("pairs")
    @classmethod
    def _named_pairs(cls, pairs: list[str] | None) -> list[str] | None:
        if pairs is not None and (not pairs or len(pairs) > 100 or any(pair.count("-") != 1 for pair in pairs)):
            raise ValueError("expected pairs such as BTC-USDT, at most 100 of them")
        return None if pairs is None else sorted({pair.upper() for pair in pairs})
