"""`RiskLimits`: what the risk gate holds every order against."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from botcore.core.config import ConfigModel


class RiskLimits(ConfigModel):
    """Limits of the gate.

    Parameters
    ----------
    max_order_quote : Decimal
        Largest notional of one order, in its quote asset.
    max_orders_per_minute : int
        New exposure only; cancels and exits are never counted out.
    price_band : Decimal
        Largest distance of a limit price from the mid, as a fraction.
    max_open_quote : Decimal, optional
        Largest notional of all that is open on one account, in one quote asset: positions, working orders, orders in doubt and on their way.
    max_position_quote : Decimal, optional
        The same for one pair.
    max_slippage : Decimal
        Farthest from the touch that an order at market may reach into the book, as a fraction; an exit goes in slices then.
    pairs : list of str, optional
        Pairs that may be traded; None allows all.
    """

    max_order_quote: Annotated[Decimal, Field(gt=0)] = Decimal(100_000)
    max_orders_per_minute: Annotated[int, Field(gt=0)] = 600
    price_band: Annotated[Decimal, Field(gt=0, le=1)] = Decimal("0.5")
    max_open_quote: Annotated[Decimal, Field(gt=0)] | None = None
    max_position_quote: Annotated[Decimal, Field(gt=0)] | None = None
    max_slippage: Annotated[Decimal, Field(gt=0, le=1)] = Decimal("0.05")
    pairs: list[str] | None = None
