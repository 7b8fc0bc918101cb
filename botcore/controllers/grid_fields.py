"""What grid controllers share: the fields of their grids, Strategy V2's nested barriers, and when a grid may be opened again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from botcore.controllers.barrier_fields import BlankRatio, BlankSeconds, TradingControllerConfig, blank_is_none
from botcore.controllers.market_making import REFUSAL_PAUSE_S
from botcore.core.config import OrderTypeField, ask
from botcore.executors.grid.config import GridExecutorConfig
from botcore.executors.info import ExecutorInfo
from botcore.model.enums import CloseType, OrderType, TradeType, parse_enum
from botcore.model.times import SECOND_NS

OptionalCount = Annotated[Annotated[int, Field(ge=1)] | None, BeforeValidator(blank_is_none)]
MARKET_ONLY = ("stop_loss_order_type", "time_limit_order_type")


class GridFields(TradingControllerConfig):
    """Fields of every grid of a controller.

    `triple_barrier_config` of Strategy V2, a mapping, may be given instead of the single fields `take_profit`, `stop_loss`, `time_limit`, `trailing_stop`,
    `open_order_type` and `take_profit_order_type`.
    """

    total_amount_quote: Annotated[
        Decimal, Field(gt=0, json_schema_extra=ask("How much may it use?", updatable=True, unit="quote", suggest=("100", "500", "1000", "5000")))
    ] = Decimal(1000)
    min_spread_between_orders: Annotated[
        BlankRatio,
        Field(json_schema_extra=ask("Smallest step between levels?", updatable=True, unit="ratio", suggest=("0.1%", "0.2%", "0.5%"), group="levels")),
    ] = Decimal("0.001")
    min_order_amount_quote: Annotated[
        Annotated[Decimal, Field(gt=0)] | None,
        BeforeValidator(blank_is_none),
        Field(json_schema_extra=ask("Smallest order?", new=False, updatable=True, unit="quote")),
    ] = Decimal(5)
    max_open_orders: Annotated[
        int, Field(ge=1, json_schema_extra=ask("Open orders at a time?", updatable=True, suggest=("2", "5", "10"), group="levels"))
    ] = 2
    max_orders_per_batch: Annotated[OptionalCount, Field(json_schema_extra=ask("Orders sent at a time?", new=False, updatable=True))] = 1
    order_frequency: Annotated[
        int, Field(ge=0, json_schema_extra=ask("Wait between two batches?", new=False, updatable=True, unit="seconds", suggest=("3s",)))
    ] = 3
    activation_bounds: Annotated[
        BlankRatio, Field(json_schema_extra=ask("Orders within how much of the mid?", new=False, updatable=True, unit="ratio"))
    ] = None
    keep_position: Annotated[bool, Field(json_schema_extra=ask("Keep what it holds beyond the limit?", new=False, updatable=True))] = False
    take_profit: Annotated[
        Annotated[Decimal, Field(gt=0)],
        Field(json_schema_extra=ask("Profit of each level?", updatable=True, unit="ratio", suggest=("0.1%", "0.2%", "0.5%"), group="exits")),
    ] = Decimal("0.001")
    stop_loss: Annotated[
        BlankRatio, Field(json_schema_extra=ask("Stop loss of a grid?", updatable=True, unit="ratio", suggest=("off", "2%", "5%"), group="exits"))
    ] = None
    time_limit: Annotated[
        BlankSeconds, Field(json_schema_extra=ask("Close a grid after?", updatable=True, unit="seconds", suggest=("off", "1d", "7d"), group="exits"))
    ] = None
    open_order_type: Annotated[OrderTypeField, Field(json_schema_extra=ask("Opening orders?", new=False, updatable=True))] = OrderType.LIMIT_MAKER
    take_profit_order_type: Annotated[OrderTypeField, Field(json_schema_extra=ask("Closing orders?", new=False, updatable=True))] = (
        OrderType.LIMIT_MAKER
    )
    cooldown_time: Annotated[
        int, Field(ge=0, json_schema_extra=ask("Wait after a stop loss?", new=False, updatable=True, unit="seconds", suggest=("0s", "15m", "1h")))
    ] = 0
    """Of ours; 0 opens the next grid at once, as Strategy V2 does."""

    @model_validator(mode="before")
    @classmethod
    def _flatten(cls, raw: Any) -> Any:
        """Strategy V2's nested barriers as single fields."""
        if not isinstance(raw, Mapping) or not isinstance(raw.get("triple_barrier_config"), Mapping):
            return raw
        values = {name: value for name, value in raw.items() if name != "triple_barrier_config"}
        nested = dict(raw["triple_barrier_config"])
        for name in MARKET_ONLY:
            if name in nested and parse_enum(OrderType, nested.pop(name)) is not OrderType.MARKET:
                raise ValueError(f"expected triple_barrier_config.{name} MARKET (an exit that must happen can't rest)")
        twice = sorted(nested.keys() & values.keys())
        if twice:
            raise ValueError(f"{twice[0]} is given twice: by itself and in triple_barrier_config")
        return values | nested

    def _open_order_type(self) -> OrderType:
        return self.open_order_type

    def grid(
        self, side: TradeType, start: Decimal, end: Decimal, limit: Decimal, quote: Decimal, level_id: str | None, now: float
    ) -> GridExecutorConfig:
        """The executor of one grid; `now` is market time in seconds."""
        optional: dict[str, Any] = {
            "min_spread_between_orders": self.min_spread_between_orders,
            "min_order_amount_quote": self.min_order_amount_quote,
        }
        return GridExecutorConfig(
            timestamp=now,
            level_id=level_id,
            connector_name=self.connector_name,
            trading_pair=self.trading_pair,
            side=side,
            start_price=start,
            end_price=end,
            limit_price=limit,
            total_amount_quote=quote,
            leverage=self.leverage,
            max_open_orders=self.max_open_orders,
            max_orders_per_batch=self.max_orders_per_batch,
            order_frequency=self.order_frequency,
            activation_bounds=self.activation_bounds,
            keep_position=self.keep_position,
            triple_barrier_config=self.triple_barrier_config,
            **{name: value for name, value in optional.items() if value is not None},
        )

    def is_resting(self, infos: Iterable[ExecutorInfo], now_ns: int) -> bool:
        """Whether one of these grids ended so lately that the next one has to wait: a refusal would only be repeated, a stop loss cools down."""
        for info in infos:
            pause_s = 0
            if info.close_type in (CloseType.FAILED, CloseType.INSUFFICIENT_BALANCE):
                pause_s = max(REFUSAL_PAUSE_S, self.cooldown_time)
            elif info.close_type is CloseType.STOP_LOSS:
                pause_s = self.cooldown_time
            if info.is_done and now_ns < info.close_ns + pause_s * SECOND_NS:
                return True
        return False


def check_band(side: TradeType, start: Decimal, end: Decimal, limit: Decimal, name: str = "") -> None:
    """ValueError where a grid can't stand in this band."""
    of = f" of {name}" if name else ""
    if side is TradeType.RANGE:
        raise ValueError(f"expected side{of} BUY or SELL, found RANGE")
    if start >= end:
        raise ValueError(f"expected start_price{of} below end_price, found {start} and {end}")
    if side is TradeType.BUY and limit >= start:
        raise ValueError(f"a BUY grid needs limit_price{of} below start_price {start}, found {limit}")
    if side is TradeType.SELL and limit <= end:
        raise ValueError(f"a SELL grid needs limit_price{of} above end_price {end}, found {limit}")
