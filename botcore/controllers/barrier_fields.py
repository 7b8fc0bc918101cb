"""Fields of a triple barrier in a controller's config, and how texts such as `0.01,0.02` and `0.02,0.005` are read."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from botcore.controllers.config import ControllerConfigBase
from botcore.core.config import OrderTypeField, PositionModeField, ask
from botcore.executors.data_types import TrailingStop, TripleBarrierConfig
from botcore.model.enums import OrderType, PositionMode

OptionalRatio = Annotated[Decimal, Field(gt=0)] | None


def read_numbers(raw: Any) -> Any:
    """A list of Decimals from a list, one number, or a text with commas; an empty text is an empty list."""
    if isinstance(raw, str):
        raw = [part for part in (piece.strip() for piece in raw.split(",")) if part]
    elif isinstance(raw, int | float | Decimal) and not isinstance(raw, bool):
        raw = [raw]
    if not isinstance(raw, list | tuple):
        return raw
    try:
        return [Decimal(str(item)) for item in raw]
    except InvalidOperation:
        raise ValueError(f"expected numbers separated by commas (for example 0.01,0.02), found {raw!r}") from None


def read_trailing_stop(raw: Any) -> Any:
    """`activation_price,trailing_delta` as text, a mapping, or nothing."""
    if raw in ("", None):
        return None
    if isinstance(raw, str):
        parts = read_numbers(raw)
        if len(parts) != 2:
            raise ValueError(f"expected activation_price,trailing_delta (for example 0.015,0.003), found {raw!r}")
        return {"activation_price": parts[0], "trailing_delta": parts[1]}
    return raw


def blank_is_none(raw: Any) -> Any:
    return None if raw == "" else raw


Numbers = Annotated[list[Annotated[Decimal, Field(gt=0)]], BeforeValidator(read_numbers)]
BlankRatio = Annotated[OptionalRatio, BeforeValidator(blank_is_none)]
BlankSeconds = Annotated[Annotated[int, Field(gt=0)] | None, BeforeValidator(blank_is_none)]


class TradingControllerConfig(ControllerConfigBase):
    """Where a controller trades, with which leverage, and how its positions end."""

    connector_name: Annotated[str, Field(json_schema_extra=ask("On which venue?", unit="connector"))] = "binance_perpetual"
    trading_pair: Annotated[str, Field(json_schema_extra=ask("Which pair?", unit="pair"))] = "WLD-USDT"
    leverage: Annotated[int, Field(ge=1, le=125, json_schema_extra=ask("Leverage?", unit="times", suggest=("1", "2", "5", "10")))] = 20
    position_mode: Annotated[PositionModeField, Field(json_schema_extra=ask("Position mode?", new=False))] = PositionMode.HEDGE
    stop_loss: Annotated[
        BlankRatio, Field(json_schema_extra=ask("Stop loss?", updatable=True, unit="ratio", suggest=("0.5%", "1%", "3%"), group="exits"))
    ] = Decimal("0.03")
    take_profit: Annotated[
        BlankRatio, Field(json_schema_extra=ask("Take profit?", updatable=True, unit="ratio", suggest=("0.2%", "1%", "2%"), group="exits"))
    ] = Decimal("0.02")
    time_limit: Annotated[
        BlankSeconds,
        Field(json_schema_extra=ask("Close a position after?", updatable=True, unit="seconds", suggest=("10m", "45m", "4h"), group="exits")),
    ] = 2700
    take_profit_order_type: Annotated[OrderTypeField, Field(json_schema_extra=ask("Take profit order?", new=False, updatable=True))] = OrderType.LIMIT
    trailing_stop: Annotated[
        Annotated[TrailingStop | None, BeforeValidator(read_trailing_stop)],
        Field(json_schema_extra=ask("Trailing stop (activation,delta)?", new=False, updatable=True, unit="ratios", group="exits")),
    ] = None

    @property
    def triple_barrier_config(self) -> TripleBarrierConfig:
        return TripleBarrierConfig(
            stop_loss=self.stop_loss,
            take_profit=self.take_profit,
            time_limit=self.time_limit,
            trailing_stop=self.trailing_stop,
            open_order_type=self._open_order_type(),
            take_profit_order_type=self.take_profit_order_type,
        )

    def _open_order_type(self) -> OrderType:
        return OrderType.LIMIT
