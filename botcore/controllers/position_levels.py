"""A market maker each of whose levels is one position with the barriers of its config."""

from __future__ import annotations

from decimal import Decimal

from botcore.controllers.market_making import MarketMakingControllerBase
from botcore.executors.data_types import ExecutorConfigBase, PositionExecutorConfig


class PositionLevelsController(MarketMakingControllerBase):
    """See the module."""

    def get_executor_config(self, level_id: str, price: Decimal, amount: Decimal) -> ExecutorConfigBase | None:
        config = self.config
        return PositionExecutorConfig(
            timestamp=self.market_data_provider.time(),
            level_id=level_id,
            connector_name=config.connector_name,
            trading_pair=config.trading_pair,
            entry_price=price,
            amount=amount,
            triple_barrier_config=self.triple_barrier,
            leverage=config.leverage,
            side=self.get_trade_type_from_level_id(level_id),
        )
