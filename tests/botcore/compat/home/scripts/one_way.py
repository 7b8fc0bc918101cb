"""Decides by actions: one position in the direction of the last closed candle, ended when the next one turns, and then itself."""

import os
from decimal import Decimal

from pydantic import Field

from hummingbot.client.hummingbot_application import HummingbotApplication
from hummingbot.core.clock import Clock
from hummingbot.core.data_type.common import MarketDict, OrderType, PositionMode, PriceType, TradeType
from hummingbot.data_feed.candles_feed.candles_factory import CandlesFactory
from hummingbot.data_feed.candles_feed.data_types import CandlesConfig
from hummingbot.strategy.strategy_v2_base import StrategyV2Base, StrategyV2ConfigBase
from hummingbot.strategy_v2.executors.position_executor.data_types import PositionExecutorConfig, TripleBarrierConfig
from hummingbot.strategy_v2.models.executor_actions import CreateExecutorAction, StopExecutorAction


class OneWayConfig(StrategyV2ConfigBase):
    script_file_name: str = Field(default_factory=lambda: os.path.basename(__file__))
    exchange: str = "binance_perpetual"
    trading_pair: str = "ETH-USDT"
    amount: Decimal = Decimal("0.5")
    leverage: int = 4
    position_mode: PositionMode = PositionMode.ONEWAY
    candles_config: list[CandlesConfig] = []

    def update_markets(self, markets: MarketDict) -> MarketDict:
        return markets.add_or_update(self.exchange, self.trading_pair)


class OneWay(StrategyV2Base):
    def __init__(self, connectors, config: OneWayConfig):
        if not config.candles_config:
            config.candles_config.append(
                CandlesConfig(connector=config.exchange, trading_pair=config.trading_pair, interval="1m", max_records=3)
            )
        self.slow = CandlesFactory.get_candle(
            CandlesConfig(connector=config.exchange, trading_pair=config.trading_pair, interval="3m", max_records=2)
        )
        self.slow.start()
        super().__init__(connectors, config)
        self.config = config
        self.started = []

    def start(self, clock: Clock, timestamp: float) -> None:
        self._last_timestamp = timestamp
        self.started.append(timestamp)
        self.apply_initial_setting()

    def apply_initial_setting(self):
        for name, connector in self.connectors.items():
            if self.is_perpetual(name):
                connector.set_position_mode(self.config.position_mode)
                for pair in self.market_data_provider.get_trading_pairs(name):
                    connector.set_leverage(pair, self.config.leverage)

    def way(self):
        df = self.market_data_provider.get_candles_df(self.config.exchange, self.config.trading_pair, "1m", 3)
        return 1 if df["close"].iloc[-1] >= df["close"].iloc[-2] else -1

    def on_tick(self):
        super().on_tick()
        done = self.filter_executors(self.get_all_executors(), lambda e: e.is_done)
        if done:
            HummingbotApplication.main_application().stop()

    def create_actions_proposal(self):
        if not self.slow.ready or self.get_all_executors():
            return []
        side = TradeType.BUY if self.way() == 1 else TradeType.SELL
        return [
            CreateExecutorAction(
                executor_config=PositionExecutorConfig(
                    timestamp=self.current_timestamp,
                    connector_name=self.config.exchange,
                    trading_pair=self.config.trading_pair,
                    side=side,
                    entry_price=self.market_data_provider.get_price_by_type(self.config.exchange, self.config.trading_pair, PriceType.MidPrice),
                    amount=self.config.amount,
                    triple_barrier_config=TripleBarrierConfig(time_limit=3600, open_order_type=OrderType.MARKET),
                    leverage=self.config.leverage,
                )
            )
        ]

    def stop_actions_proposal(self):
        sides = {1: TradeType.BUY, -1: TradeType.SELL}
        return [StopExecutorAction(executor_id=e.id) for e in self.get_all_executors() if e.is_active and e.side is not sides[self.way()]]
