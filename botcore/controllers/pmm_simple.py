"""pmm_simple: fixed spreads around the mid, each level a position with a triple barrier.

The simplest market maker: it earns when the price comes to a level and turns back by the take profit, and loses when it runs on to the stop loss.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from botcore.controllers.market_making import MarketMakingControllerBase, MarketMakingControllerConfigBase
from botcore.executors.data_types import ExecutorConfigBase, PositionExecutorConfig


class PMMSimpleConfig(MarketMakingControllerConfigBase):
    """Market maker with fixed spreads."""

    controller_name: Literal["pmm_simple"] = "pmm_simple"


class PMMSimpleController(MarketMakingControllerBase):
    """See the module."""

    config: PMMSimpleConfig

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
