"""Trades the gap between the funding rates of two pairs, in the way of Strategy V2's funding arbitrage: it takes for granted that a connector knows its rates."""

from decimal import Decimal

from hummingbot.core.data_type.common import MarketDict, OrderType, PositionMode, TradeType
from hummingbot.strategy.strategy_v2_base import StrategyV2Base, StrategyV2ConfigBase
from hummingbot.strategy_v2.executors.position_executor.data_types import PositionExecutorConfig, TripleBarrierConfig
from hummingbot.strategy_v2.models.executor_actions import CreateExecutorAction, StopExecutorAction


class RateGapConfig(StrategyV2ConfigBase):
    script_file_name: str = "rate_gap.py"
    exchange: str = "binance_perpetual"
    tokens: list[str] = ["BTC", "ETH"]
    position_size_quote: Decimal = Decimal("500")
    least_gap: Decimal = Decimal("0.0002")

    def update_markets(self, markets: MarketDict) -> MarketDict:
        return markets.add_or_update(self.exchange, *(f"{token}-USDT" for token in self.tokens))


class RateGap(StrategyV2Base):
    def __init__(self, connectors, config: RateGapConfig):
        super().__init__(connectors, config)
        self.config = config
        self.seen = []
        self.counted = 0

    def start(self, clock, timestamp: float) -> None:
        self._last_timestamp = timestamp
        connector = self.connectors[self.config.exchange]
        connector.set_position_mode(PositionMode.ONEWAY)
        self.opening = connector.get_funding_info(f"{self.config.tokens[0]}-USDT").rate

    def infos(self):
        connector = self.connectors[self.config.exchange]
        return {token: connector.get_funding_info(f"{token}-USDT") for token in self.config.tokens}

    def daily(self, info):
        return info.rate / (8 * 3600) * 24 * 3600

    def create_actions_proposal(self):
        self.counted += 1
        infos = self.infos()
        self.seen.append({token: (info.rate, info.next_funding_utc_timestamp) for token, info in infos.items()})
        low, high = sorted(infos, key=lambda token: self.daily(infos[token]))[:: len(infos) - 1]
        if self.get_all_executors() or self.daily(infos[high]) - self.daily(infos[low]) < self.config.least_gap:
            return []
        return [CreateExecutorAction(executor_config=self.leg(low, TradeType.BUY)), CreateExecutorAction(executor_config=self.leg(high, TradeType.SELL))]

    def stop_actions_proposal(self):
        infos = self.infos()
        gap = abs(self.daily(infos[self.config.tokens[0]]) - self.daily(infos[self.config.tokens[1]]))
        running = self.filter_executors(self.get_all_executors(), lambda executor: executor.is_active)
        return [StopExecutorAction(executor_id=executor.id) for executor in running if gap < self.config.least_gap / 2]

    def leg(self, token, side):
        pair = f"{token}-USDT"
        price = self.connectors[self.config.exchange].get_mid_price(pair)
        return PositionExecutorConfig(
            timestamp=self.current_timestamp,
            connector_name=self.config.exchange,
            trading_pair=pair,
            side=side,
            amount=self.config.position_size_quote / price,
            triple_barrier_config=TripleBarrierConfig(open_order_type=OrderType.MARKET),
        )

    def format_status(self) -> str:
        return "\n".join(f"{token}: {self.daily(info):.6f}" for token, info in self.infos().items())
