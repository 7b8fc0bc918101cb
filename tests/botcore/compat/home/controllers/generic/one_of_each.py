from decimal import Decimal
from typing import List

from pydantic import Field, field_validator

from hummingbot.core.data_type.common import MarketDict, OrderType, PositionAction, PositionMode, PriceType, TradeType
from hummingbot.strategy_v2.controllers import ControllerBase, ControllerConfigBase
from hummingbot.strategy_v2.executors.data_types import ConnectorPair
from hummingbot.strategy_v2.executors.dca_executor.data_types import DCAExecutorConfig, DCAMode
from hummingbot.strategy_v2.executors.grid_executor.data_types import GridExecutorConfig
from hummingbot.strategy_v2.executors.order_executor.data_types import ExecutionStrategy, LimitChaserConfig, OrderExecutorConfig
from hummingbot.strategy_v2.executors.position_executor.data_types import PositionExecutorConfig, TrailingStop, TripleBarrierConfig
from hummingbot.strategy_v2.executors.twap_executor.data_types import TWAPExecutorConfig, TWAPMode
from hummingbot.strategy_v2.models.executor_actions import CreateExecutorAction, ExecutorAction, StoreExecutorAction
from hummingbot.strategy_v2.utils.common import parse_enum_value


class OneOfEachConfig(ControllerConfigBase):
    controller_type: str = "generic"
    controller_name: str = "one_of_each"
    connector_name: str = Field(default="binance_perpetual")
    trading_pair: str = Field(default="ETH-USDT")
    leverage: int = 5
    position_mode: PositionMode = Field(default="ONEWAY")
    side: TradeType = Field(default=TradeType.BUY)
    kind: str = "position"

    @field_validator("side", mode="before")
    @classmethod
    def _side(cls, v):
        return parse_enum_value(TradeType, v, "side")

    def update_markets(self, markets: MarketDict) -> MarketDict:
        return markets.add_or_update(self.connector_name, self.trading_pair)


class OneOfEach(ControllerBase):
    def __init__(self, config: OneOfEachConfig, *args, **kwargs):
        super().__init__(config, *args, **kwargs)
        self.config = config
        self.sent = None
        self.market_data_provider.initialize_rate_sources([ConnectorPair(connector_name=config.connector_name, trading_pair=config.trading_pair)])
        connector = self.market_data_provider.get_connector(config.connector_name)
        connector.set_leverage(leverage=config.leverage, trading_pair=config.trading_pair)
        connector.set_position_mode(config.position_mode)

    async def update_processed_data(self):
        self.processed_data.update(price=self.market_data_provider.get_price_by_type(
            self.config.connector_name, self.config.trading_pair, PriceType.MidPrice))

    def determine_executor_actions(self) -> List[ExecutorAction]:
        if self.sent is not None:
            return []
        self.sent = getattr(self, f"make_{self.config.kind}")(self.processed_data["price"])
        self.logger().info(f"one {self.config.kind}")
        return [CreateExecutorAction(executor_config=self.sent)]

    def common(self):
        return dict(timestamp=self.market_data_provider.time(), connector_name=self.config.connector_name,
                    trading_pair=self.config.trading_pair, side=self.config.side, leverage=self.config.leverage)

    def make_position(self, price):
        barriers = TripleBarrierConfig(stop_loss=Decimal("0.02"), take_profit=Decimal("0.01"), time_limit=3600,
                                       trailing_stop=TrailingStop(activation_price=Decimal("0.005"), trailing_delta=Decimal("0.002")),
                                       open_order_type=OrderType.MARKET, take_profit_order_type=OrderType.LIMIT)
        barriers.time_limit = 600
        return PositionExecutorConfig(**self.common(), amount=Decimal("1"), entry_price=price, triple_barrier_config=barriers)

    def make_market(self, price):
        return OrderExecutorConfig(**self.common(), amount=1, price=Decimal("NaN"), execution_strategy=ExecutionStrategy.MARKET,
                                   position_action=PositionAction.OPEN)

    def make_limit(self, price):
        return OrderExecutorConfig(**self.common(), amount=1, price=price * Decimal("0.99"), execution_strategy=ExecutionStrategy.LIMIT)

    def make_maker(self, price):
        return OrderExecutorConfig(**self.common(), amount=1, price=price, execution_strategy=ExecutionStrategy.LIMIT_MAKER)

    def make_chaser(self, price):
        return OrderExecutorConfig(**self.common(), amount=1, execution_strategy=ExecutionStrategy.LIMIT_CHASER,
                                   chaser_config=LimitChaserConfig(distance=Decimal("0.001"), refresh_threshold=Decimal("0.002")))

    def make_grid(self, price):
        return GridExecutorConfig(**self.common(), start_price=price * Decimal("0.98"), end_price=price * Decimal("1.01"),
                                  limit_price=price * Decimal("0.95"), total_amount_quote=Decimal(1000),
                                  min_spread_between_orders=Decimal("0.005"), max_open_orders=3,
                                  triple_barrier_config=TripleBarrierConfig(take_profit=Decimal("0.003")))

    def make_dca(self, price):
        return DCAExecutorConfig(**self.common(), mode=DCAMode.MAKER, prices=[price, price * Decimal("0.98")], amounts_quote=[50, 100],
                                 stop_loss=Decimal("0.05"), take_profit=Decimal("0.01"))

    def make_twap(self, price):
        return TWAPExecutorConfig(**self.common(), total_amount_quote=Decimal(300), total_duration=20, order_interval=10, mode=TWAPMode.TAKER)
