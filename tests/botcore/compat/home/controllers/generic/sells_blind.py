"""Sells whenever it has nothing at work, whether or not there is anything to sell."""

from decimal import Decimal
from typing import List

from hummingbot.core.data_type.common import MarketDict, PriceType, TradeType
from hummingbot.strategy_v2.controllers import ControllerBase, ControllerConfigBase
from hummingbot.strategy_v2.executors.order_executor.data_types import ExecutionStrategy, OrderExecutorConfig
from hummingbot.strategy_v2.models.executor_actions import CreateExecutorAction, ExecutorAction


class SellsBlindConfig(ControllerConfigBase):
    controller_name: str = "sells_blind"
    connector_name: str = "binance"
    trading_pair: str = "ETH-USDT"
    every_s: float = 1.0

    def update_markets(self, markets: MarketDict) -> MarketDict:
        return markets.add_or_update(self.connector_name, self.trading_pair)


class SellsBlind(ControllerBase):
    def __init__(self, config: SellsBlindConfig, *args, **kwargs):
        super().__init__(config, *args, **kwargs)
        self.config = config
        self.update_interval = config.every_s
        self.updates = 0

    async def update_processed_data(self):
        self.updates += 1
        self.processed_data["mid"] = self.market_data_provider.get_price_by_type(
            self.config.connector_name, self.config.trading_pair, PriceType.MidPrice
        )

    def determine_executor_actions(self) -> List[ExecutorAction]:
        if any(executor.is_active for executor in self.executors_info):
            return []
        return [
            CreateExecutorAction(
                controller_id=self.config.id,
                executor_config=OrderExecutorConfig(
                    timestamp=self.market_data_provider.time(),
                    connector_name=self.config.connector_name,
                    trading_pair=self.config.trading_pair,
                    side=TradeType.SELL,
                    amount=Decimal("1"),
                    price=self.processed_data["mid"] * Decimal("1.01"),
                    execution_strategy=ExecutionStrategy.LIMIT,
                ),
            )
        ]
