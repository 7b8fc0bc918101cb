from decimal import Decimal

from hummingbot.core.data_type.common import MarketDict, PriceType
from hummingbot.strategy_v2.controllers import ControllerBase, ControllerConfigBase, ExecutorFilter
from hummingbot.strategy_v2.executors.order_executor.data_types import ExecutionStrategy, LimitChaserConfig
from hummingbot.strategy_v2.executors.position_executor.data_types import TripleBarrierConfig
from hummingbot.strategy_v2.models.executor_actions import ExecutorAction


class HandsOnConfig(ControllerConfigBase):
    controller_name: str = "examples.hands_on"
    connector_name: str = "binance_perpetual"
    trading_pair: str = "ETH-USDT"
    amount: Decimal = Decimal("0.1")
    spread: Decimal = Decimal("0.01")

    def update_markets(self, markets: MarketDict) -> MarketDict:
        return markets.add_or_update(self.connector_name, self.trading_pair)


class HandsOn(ControllerBase):
    """Trades by the helpers only."""

    async def update_processed_data(self):
        where = (self.config.connector_name, self.config.trading_pair)
        self.processed_data = {
            "mid": self.get_current_price(*where, PriceType.MidPrice),
            "orders": self.open_orders(*where),
            "positions": self.open_positions(*where),
        }

    def determine_executor_actions(self) -> list[ExecutorAction]:
        where = dict(connector_name=self.config.connector_name, trading_pair=self.config.trading_pair, amount=self.config.amount)
        mid, orders = self.processed_data["mid"], self.processed_data["orders"]
        if not orders and not self.executors_info:
            self.bought = self.buy(**where, triple_barrier_config=TripleBarrierConfig(stop_loss=Decimal("0.5"), time_limit=300), keep_position=True)
            self.resting = self.sell(**where, price=mid * (1 + self.config.spread), execution_strategy=ExecutionStrategy.LIMIT_MAKER)
            self.chasing = self.buy(**where, execution_strategy=ExecutionStrategy.LIMIT_CHASER,
                                    chaser_config=LimitChaserConfig(distance=Decimal("0.02"), refresh_threshold=Decimal("0.01")))
        elif len(orders) == 3:
            self.cancelled = self.cancel_all(executor_filter=ExecutorFilter(executor_types=["order_executor"]))
        return []

    def to_format_status(self) -> list[str]:
        return [f"{o['side']} {o['amount']:.4f} @ {o.get('price', 'MARKET')} ({o['filled_amount']:.2f}) {o['status']}" for o in self.processed_data["orders"]]

    def get_custom_info(self) -> dict:
        return {"n": len(self.processed_data["orders"])}
