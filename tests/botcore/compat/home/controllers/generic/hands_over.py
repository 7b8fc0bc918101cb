"""One position executor: `hold_s` seconds after its entry was filled it is handed over; the next one waits as long after that."""

from decimal import Decimal
from typing import List

from hummingbot.core.data_type.common import MarketDict, OrderType, PriceType, TradeType
from hummingbot.core.data_type.trade_fee import TokenAmount
from hummingbot.strategy_v2.controllers.controller_base import ControllerBase, ControllerConfigBase
from hummingbot.strategy_v2.executors.lp_executor.data_types import LPExecutorStates
from hummingbot.strategy_v2.executors.order_executor.data_types import ExecutionStrategy, OrderExecutorConfig
from hummingbot.strategy_v2.executors.position_executor.data_types import PositionExecutorConfig, TripleBarrierConfig
from hummingbot.strategy_v2.models.executor_actions import CreateExecutorAction, ExecutorAction, StopExecutorAction


class HandsOverConfig(ControllerConfigBase):
    controller_name: str = "hands_over"
    connector_name: str = "binance_perpetual"
    trading_pair: str = "ETH-USDT"
    spread: Decimal = Decimal("0.001")
    hold_s: int = 5
    refresh_s: int = 60

    def update_markets(self, markets: MarketDict) -> MarketDict:
        return markets.add_or_update(self.connector_name, self.trading_pair)


class HandsOver(ControllerBase):
    idle = LPExecutorStates.NOT_ACTIVE.value

    def __init__(self, config: HandsOverConfig, *args, **kwargs):
        super().__init__(config, *args, **kwargs)
        self.made = []

    def get_balance_requirements(self) -> List[TokenAmount]:
        return [TokenAmount(self.config.trading_pair.split("-")[1], Decimal(100))]

    def swap_config(self):
        return OrderExecutorConfig(
            timestamp=self.market_data_provider.time(),
            connector_name=self.config.connector_name,
            trading_pair=self.config.trading_pair,
            side=TradeType.BUY,
            amount=Decimal(1),
            execution_strategy=ExecutionStrategy.MARKET,
            slippage_pct=Decimal("0.1"),
            max_slippage_pct=Decimal("2"),
        )

    def determine_executor_actions(self) -> List[ExecutorAction]:
        now = self.market_data_provider.time()
        told = [e.custom_info.get("open_order_last_update") for e in self.executors_info]
        if any(e.is_active for e in self.executors_info):
            over = self.filter_executors(
                executors=self.executors_info,
                filter_func=lambda e: e.is_active
                and (
                    now - e.custom_info["open_order_last_update"] > self.config.hold_s
                    if e.is_trading
                    else now - e.timestamp > self.config.refresh_s
                ),
            )
            return [StopExecutorAction(controller_id=self.config.id, executor_id=e.id, keep_position=True) for e in over]
        if told and now - max(told) < self.config.hold_s:
            return []
        mid = self.market_data_provider.get_price_by_type(self.config.connector_name, self.config.trading_pair, PriceType.MidPrice)
        config = PositionExecutorConfig(
            timestamp=now,
            connector_name=self.config.connector_name,
            trading_pair=self.config.trading_pair,
            side=TradeType.BUY,
            entry_price=mid * (1 - self.config.spread),
            amount=Decimal(1),
            triple_barrier_config=TripleBarrierConfig(open_order_type=OrderType.LIMIT_MAKER),
        )
        self.made.append(config.id)
        return [CreateExecutorAction(controller_id=self.config.id, executor_config=config)]
