"""Directional base of Strategy V2 files: a signal opens positions; every step of the decision is a method that a file may replace."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, field_validator

from botcore.compat.base import ControllerBase
from botcore.compat.config import ControllerConfigBase
from botcore.compat.executors import PositionExecutorConfig, TrailingStop, TripleBarrierConfig
from botcore.compat.tools import format_df_for_printout
from botcore.controllers.barrier_fields import read_trailing_stop
from botcore.core.config import OrderTypeField, PositionModeField, ask
from botcore.model.actions import CreateExecutorAction, ExecutorAction
from botcore.model.enums import OrderType, PositionMode, PriceType, TradeType

if TYPE_CHECKING:
    import pandas as pd


class BarrierConfigBase(ControllerConfigBase):  # type: ignore[metaclass]
    """One market with leverage and a triple barrier: what both bases have."""

    connector_name: Annotated[str, Field(json_schema_extra=ask("On which venue?", unit="connector"))] = "binance_perpetual"
    trading_pair: Annotated[str, Field(json_schema_extra=ask("Which pair?", unit="pair"))] = "WLD-USDT"
    leverage: Annotated[int, Field(ge=1, le=125, json_schema_extra=ask("Leverage?", unit="times", suggest=("1", "5", "20")))] = 20
    position_mode: Annotated[PositionModeField, Field(json_schema_extra=ask("Position mode?", new=False))] = PositionMode.HEDGE
    stop_loss: Annotated[
        Annotated[Decimal, Field(gt=0)] | None, Field(json_schema_extra=ask("Stop loss?", updatable=True, unit="ratio", group="exits"))
    ] = Decimal("0.03")
    take_profit: Annotated[
        Annotated[Decimal, Field(gt=0)] | None, Field(json_schema_extra=ask("Take profit?", updatable=True, unit="ratio", group="exits"))
    ] = Decimal("0.02")
    time_limit: Annotated[
        Annotated[int, Field(gt=0)] | None, Field(json_schema_extra=ask("Close a position after?", updatable=True, unit="seconds", group="exits"))
    ] = 2700
    take_profit_order_type: Annotated[OrderTypeField, Field(json_schema_extra=ask("Take profit order?", new=False, updatable=True))] = OrderType.LIMIT
    trailing_stop: Annotated[
        TrailingStop | None, Field(json_schema_extra=ask("Trailing stop (activation,delta)?", new=False, updatable=True, unit="ratios"))
    ] = None

    @field_validator("trailing_stop", mode="before", check_fields=False)
    @classmethod
    def parse_trailing_stop(cls, raw: Any) -> Any:
        return read_trailing_stop(raw)

    @field_validator("time_limit", "stop_loss", "take_profit", mode="before", check_fields=False)
    @classmethod
    def validate_target(cls, raw: Any) -> Any:
        """Empty text means that there is no such barrier."""
        return None if raw == "" else raw

    @field_validator("take_profit_order_type", mode="before", check_fields=False)
    @classmethod
    def validate_order_type(cls, raw: Any) -> Any:
        return OrderType.MARKET if raw is None else raw

    def _barriers(self, open_order_type: OrderType) -> TripleBarrierConfig:
        return TripleBarrierConfig(
            stop_loss=self.stop_loss,
            take_profit=self.take_profit,
            time_limit=self.time_limit,
            trailing_stop=self.trailing_stop,
            open_order_type=open_order_type,
            take_profit_order_type=self.take_profit_order_type,
        )


class DirectionalTradingControllerConfigBase(BarrierConfigBase):
    """Positions are opened at market; the budget is shared over `max_executors_per_side`."""

    controller_type: str = "directional_trading"
    max_executors_per_side: Annotated[int, Field(gt=0, json_schema_extra=ask("Positions a side, at most?", updatable=True, group="levels"))] = 2
    cooldown_time: Annotated[int, Field(ge=0, json_schema_extra=ask("Wait between entries?", updatable=True, unit="seconds", group="levels"))] = 300

    @property
    def triple_barrier_config(self) -> TripleBarrierConfig:
        return self._barriers(OrderType.MARKET)


class DirectionalTradingControllerBase(ControllerBase):
    """A file puts its signal (-1, 0, +1) into `processed_data["signal"]`, and what it looked at into `processed_data["features"]`."""

    def __init__(self, config: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(config, *args, **kwargs)
        self.processed_data = {"signal": 0}

    async def update_processed_data(self) -> None:
        self.processed_data.setdefault("signal", 0)

    def determine_executor_actions(self) -> list[ExecutorAction]:
        return [*self.create_actions_proposal(), *self.stop_actions_proposal()]

    def create_actions_proposal(self) -> list[ExecutorAction]:
        """A position on the side of the signal, while there is room."""
        signal = self.processed_data.get("signal", 0)
        if not signal or not self.can_create_executor(signal):
            return []
        config = self.config
        price = self.market_data_provider.get_price_by_type(config.connector_name, config.trading_pair, PriceType.MidPrice)
        if price.is_nan():
            return []
        side = TradeType.BUY if signal > 0 else TradeType.SELL
        amount = config.total_amount_quote / price / Decimal(config.max_executors_per_side)
        made = self.get_executor_config(side, price, amount)
        return [] if made is None else [CreateExecutorAction(controller_id=self.id, executor_config=made)]

    def can_create_executor(self, signal: int) -> bool:
        """Whether there is room on the signal's side (the other side does not count) and the last entry there is long enough ago."""
        side = TradeType.BUY if signal > 0 else TradeType.SELL
        own = self.filter_executors(filter_func=lambda info: info.side is side)
        newest = max((info.timestamp for info in own), default=0.0)
        has_room = sum(not info.is_done for info in own) < self.config.max_executors_per_side
        return bool(has_room and self.market_data_provider.time() - newest > self.config.cooldown_time)

    def stop_actions_proposal(self) -> list[ExecutorAction]:
        return []

    def get_executor_config(self, trade_type: TradeType, price: Decimal, amount: Decimal) -> Any:
        """The executor that a signal opens."""
        return PositionExecutorConfig(
            timestamp=self.market_data_provider.time(),
            connector_name=self.config.connector_name,
            trading_pair=self.config.trading_pair,
            side=trade_type,
            entry_price=price,
            amount=amount,
            triple_barrier_config=self.config.triple_barrier_config,
            leverage=self.config.leverage,
        )

    def to_format_status(self) -> list[str]:
        frame: pd.DataFrame | None = self.processed_data.get("features")
        if frame is None or not hasattr(frame, "tail") or frame.empty:
            return []
        return [format_df_for_printout(frame.tail(5))]
