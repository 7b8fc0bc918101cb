from decimal import Decimal
from typing import List

import numpy as np
from sklearn.linear_model import LinearRegression

from hummingbot.core.data_type.common import PositionMode, PriceType, TradeType
from hummingbot.data_feed.candles_feed.data_types import CandlesConfig
from hummingbot.strategy_v2.controllers import ControllerBase, ControllerConfigBase
from hummingbot.strategy_v2.executors.data_types import ConnectorPair, PositionSummary
from hummingbot.strategy_v2.models.executor_actions import ExecutorAction


class PairLinesConfig(ControllerConfigBase):
    controller_name: str = "pair_lines"
    first: ConnectorPair = ConnectorPair(connector_name="binance_perpetual", trading_pair="ETH-USDT")
    second: ConnectorPair = ConnectorPair(connector_name="binance_perpetual", trading_pair="BTC-USDT")
    lookback: int = 30
    leverage: int = 3
    position_mode: PositionMode = PositionMode.HEDGE

    def update_markets(self, markets: dict) -> dict:
        for pair in (self.first, self.second):
            markets.setdefault(pair.connector_name, set()).add(pair.trading_pair)
        return markets


class PairLines(ControllerBase):
    def get_candles_config(self) -> List[CandlesConfig]:
        return [CandlesConfig(connector=p.connector_name, trading_pair=p.trading_pair, interval="1m", max_records=self.config.lookback)
                for p in (self.config.first, self.config.second)]

    async def update_processed_data(self):
        x, y = (self.market_data_provider.get_candles_df(p.connector_name, p.trading_pair, "1m", self.config.lookback)["close"].values
                for p in (self.config.first, self.config.second))
        line = LinearRegression().fit(np.array(x).reshape(-1, 1), y)
        self.processed_data.update(alpha=line.intercept_, beta=line.coef_[0], fit=line.score(np.array(x).reshape(-1, 1), y))

    def determine_executor_actions(self) -> List[ExecutorAction]:
        return []
