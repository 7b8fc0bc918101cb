# in the dialect of older files: smart_components paths, pydantic v1 validators, ClientFieldData
import time
from decimal import Decimal
from typing import Dict, List, Set

import pandas as pd
from pydantic import Field, validator

from hummingbot.client.config.config_data_types import ClientFieldData
from hummingbot.client.ui.interface_utils import format_df_for_printout
from hummingbot.core.data_type.common import PriceType, TradeType
from hummingbot.data_feed.candles_feed.data_types import CandlesConfig
from hummingbot.smart_components.controllers.controller_base import ControllerBase, ControllerConfigBase
from hummingbot.smart_components.executors.arbitrage_executor.data_types import ArbitrageExecutorConfig
from hummingbot.smart_components.executors.data_types import ConnectorPair
from hummingbot.smart_components.executors.xemm_executor.data_types import XEMMExecutorConfig
from hummingbot.smart_components.models.base import SmartComponentStatus
from hummingbot.smart_components.models.executor_actions import CreateExecutorAction, ExecutorAction


class TwoVenuesConfig(ControllerConfigBase):
    controller_name: str = "two_venues"
    candles_config: List[CandlesConfig] = []
    maker_connector: str = Field(default="binance", client_data=ClientFieldData(prompt=lambda e: "Enter the maker connector: ", prompt_on_new=True))
    maker_trading_pair: str = Field(default="ETH-USDT", client_data=ClientFieldData(prompt=lambda e: "Enter the maker trading pair: ", prompt_on_new=True))
    taker_connector: str = Field(default="bybit", client_data=ClientFieldData(prompt=lambda e: "Enter the taker connector: ", prompt_on_new=True))
    taker_trading_pair: str = Field(default="ETH-USDT", client_data=ClientFieldData(prompt=lambda e: f"Enter the taker pair on {e.taker_connector}: "))
    levels: List[List[Decimal]] = Field(default="0.003,10-0.006,20", client_data=ClientFieldData(prompt=lambda e: "Levels: ", prompt_on_new=True))
    min_profitability: Decimal = Field(default=0.002, client_data=ClientFieldData(prompt=lambda e: "Minimum: ", is_updatable=True))
    max_profitability: Decimal = Field(default=0.01)
    kind: str = "xemm"

    @validator("levels", pre=True, always=True)
    def _levels(cls, v, values):
        if isinstance(v, str):
            v = [list(map(Decimal, x.split(","))) for x in v.split("-")]
        return v

    def update_markets(self, markets: Dict[str, Set[str]]) -> Dict[str, Set[str]]:
        if self.maker_connector not in markets:
            markets[self.maker_connector] = set()
        markets[self.maker_connector].add(self.maker_trading_pair)
        if self.taker_connector not in markets:
            markets[self.taker_connector] = set()
        markets[self.taker_connector].add(self.taker_trading_pair)
        return markets


class TwoVenues(ControllerBase):
    def __init__(self, config: TwoVenuesConfig, *args, **kwargs):
        self.config = config
        super().__init__(config, *args, **kwargs)
        self.maker = ConnectorPair(connector_name=config.maker_connector, trading_pair=config.maker_trading_pair)
        self.taker = ConnectorPair(connector_name=config.taker_connector, trading_pair=config.taker_trading_pair)

    async def update_processed_data(self):
        pass

    def determine_executor_actions(self) -> List[ExecutorAction]:
        connector, pair = self.maker
        mid = self.market_data_provider.get_price_by_type(connector, pair, PriceType.MidPrice)
        active = [e for e in self.executors_info if e.status != SmartComponentStatus.TERMINATED]
        if self.config.kind == "arbitrage":
            if any(e.config.buying_market == self.maker for e in active):
                return [None]
            return [CreateExecutorAction(controller_id=self.config.id, executor_config=ArbitrageExecutorConfig(
                timestamp=time.time(), buying_market=self.maker, selling_market=self.taker,
                order_amount=self.market_data_provider.quantize_order_amount(connector, pair, 10 / mid),
                min_profitability=self.config.min_profitability))]
        actions = []
        for target, amount in self.config.levels:
            if any(e.config.target_profitability == target for e in active):
                continue
            actions.append(CreateExecutorAction(controller_id=self.config.id, executor_config=XEMMExecutorConfig(
                controller_id=self.config.id, timestamp=time.time(), buying_market=self.maker, selling_market=self.taker,
                maker_side=TradeType.BUY, order_amount=amount / mid, min_profitability=self.config.min_profitability,
                target_profitability=target, max_profitability=self.config.max_profitability)))
        return actions

    def to_format_status(self) -> List[str]:
        return [format_df_for_printout(pd.DataFrame(e.custom_info for e in self.executors_info), table_format="psql")]
