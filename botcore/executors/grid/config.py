"""Config of the grid executor, under the names, defaults and units of Strategy V2."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, model_validator

from botcore.core.config import Side
from botcore.executors.data_types import ExecutorConfigBase, Price, Ratio, TripleBarrierConfig
from botcore.model.enums import TradeType


class GridExecutorConfig(ExecutorConfigBase):
    """Buy (or sell) on a ladder of prices and close each level at its own profit, again and again.

    Parameters
    ----------
    start_price, end_price : Decimal
        Lowest and highest level.
    limit_price : Decimal
        Below the grid for BUY, above it for SELL: beyond it the grid is given up.
    total_amount_quote : Decimal
        Budget of all levels together.
    max_orders_per_batch : int, optional
        Open orders sent in one cycle; `max_open_orders` holds in any case.
    order_frequency : int
        Seconds between two cycles that send open orders.
    activation_bounds : Decimal, optional
        Orders that the mid would have to come farther for than this fraction are not out: buys below mid (1 - bounds), sells above mid (1 + bounds).
    keep_position : bool
        Hand over what is held when `limit_price` is crossed, instead of closing it. Whoever stops it says himself what becomes of its position.
    triple_barrier_config : TripleBarrierConfig
        `take_profit` is the profit of each level; stop loss, time limit and trailing stop are of the whole grid.
    """

    type: Literal["grid_executor"] = "grid_executor"
    connector_name: str
    trading_pair: str
    side: Side = TradeType.BUY
    start_price: Price
    end_price: Price
    limit_price: Price
    total_amount_quote: Annotated[Decimal, Field(gt=0)]
    min_spread_between_orders: Ratio = Decimal("0.0005")
    min_order_amount_quote: Annotated[Decimal, Field(gt=0)] = Decimal(5)
    max_open_orders: Annotated[int, Field(ge=1)] = 5
    max_orders_per_batch: Annotated[int, Field(ge=1)] | None = None
    order_frequency: Annotated[int, Field(ge=0)] = 0
    activation_bounds: Ratio | None = None
    safe_extra_spread: Annotated[Decimal, Field(ge=0)] = Decimal("0.0001")
    triple_barrier_config: TripleBarrierConfig
    leverage: Annotated[int, Field(ge=1, le=125)] = 20
    deduct_base_fees: bool = False
    keep_position: bool = False
    coerce_tp_to_step: bool = False

    @model_validator(mode="after")
    def _fits(self) -> GridExecutorConfig:
        if self.side is TradeType.RANGE:
            raise ValueError("expected BUY or SELL, found RANGE")
        if self.start_price >= self.end_price:
            raise ValueError(f"expected start_price below end_price, found {self.start_price} and {self.end_price}")
        if self.side is TradeType.BUY and self.limit_price >= self.start_price:
            raise ValueError(f"a BUY grid needs limit_price below start_price {self.start_price}, found {self.limit_price}")
        if self.side is TradeType.SELL and self.limit_price <= self.end_price:
            raise ValueError(f"a SELL grid needs limit_price above end_price {self.end_price}, found {self.limit_price}")
        if self.triple_barrier_config.take_profit is None:
            raise ValueError("a grid needs triple_barrier_config.take_profit (the profit of each level), found none")
        return self
