"""Base of directional controllers: a signal of -1, 0 or +1 opens positions with a triple barrier, a few a side, never in a rush."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field

from botcore.controllers.trading import TradingController, TradingControllerConfig
from botcore.core.config import ask
from botcore.executors.data_types import ExecutorConfigBase, PositionExecutorConfig
from botcore.model.actions import CreateExecutorAction, ExecutorAction
from botcore.model.enums import OrderType, TradeType

SECOND_NS = 1_000_000_000


class DirectionalTradingControllerConfigBase(TradingControllerConfig):
    """The budget is shared over `max_executors_per_side`; positions are opened at market."""

    controller_type: str = "directional_trading"
    max_executors_per_side: Annotated[
        int, Field(gt=0, json_schema_extra=ask("Positions a side, at most?", updatable=True, suggest=("1", "2", "3"), group="levels"))
    ] = 2
    cooldown_time: Annotated[
        int, Field(ge=0, json_schema_extra=ask("Wait between entries?", updatable=True, unit="seconds", suggest=("1m", "5m", "15m"), group="levels"))
    ] = 300

    def _open_order_type(self) -> OrderType:
        return OrderType.MARKET


class DirectionalTradingControllerBase(TradingController):
    """See the module; a subclass puts its signal into `processed_data["signal"]`."""

    config: DirectionalTradingControllerConfigBase

    def __init__(self, config: DirectionalTradingControllerConfigBase, *args: Any, **kwargs: Any) -> None:
        super().__init__(config, *args, **kwargs)
        self.processed_data = {"signal": 0}

    def determine_executor_actions(self) -> list[ExecutorAction]:
        signal = self.processed_data["signal"]
        if not signal:
            return []
        side = TradeType.BUY if signal > 0 else TradeType.SELL
        if not self.can_create_executor(side):
            return []
        price = self.market_data_provider.get_price_by_type(self.config.connector_name, self.config.trading_pair)
        if price.is_nan():
            return []
        amount = self.config.total_amount_quote / price / self.config.max_executors_per_side
        config = self.get_executor_config(side, price, amount)
        return [CreateExecutorAction(controller_id=self.config.id, executor_config=config)]

    def can_create_executor(self, signal: TradeType | int) -> bool:
        """Whether there is room on this side (the other side does not count) and the last entry there is long enough ago.

        Parameters
        ----------
        signal : TradeType or int
            A side, or a signal whose sign is one.
        """
        side = signal if isinstance(signal, TradeType) else TradeType.BUY if signal > 0 else TradeType.SELL
        open_count, since_ns = 0, self.market_data_provider.now_ns - self.config.cooldown_time * SECOND_NS
        for info in self.executors_info:
            is_open, is_fresh = not info.is_done, info.created_ns >= since_ns
            # most have ended long ago: whose side they were on is not asked
            if (is_open or is_fresh) and info.side is side:
                if is_fresh:
                    return False
                open_count += is_open
        return open_count < self.config.max_executors_per_side

    def get_executor_config(self, side: TradeType, price: Decimal, amount: Decimal) -> ExecutorConfigBase:
        """The executor that a signal opens."""
        config = self.config
        return PositionExecutorConfig(
            timestamp=self.market_data_provider.time(),
            connector_name=config.connector_name,
            trading_pair=config.trading_pair,
            side=side,
            entry_price=price,
            amount=amount,
            triple_barrier_config=self.triple_barrier,
            leverage=config.leverage,
        )
