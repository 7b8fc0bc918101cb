"""Ladders one after the other: the next one waits until the latest that is over, or is being closed, is `pause_s` old."""

from decimal import Decimal
from typing import List

from pydantic import Field, validator

from hummingbot.client.config.config_data_types import ClientFieldData
from hummingbot.core.data_type.common import PriceType, TradeType
from hummingbot.strategy_v2.controllers.controller_base import ControllerBase, ControllerConfigBase
from hummingbot.strategy_v2.executors.data_types import ConnectorPair
from hummingbot.strategy_v2.executors.dca_executor.data_types import DCAExecutorConfig, DCAMode
from hummingbot.strategy_v2.executors.position_executor.data_types import TrailingStop
from hummingbot.strategy_v2.models.executor_actions import CreateExecutorAction, ExecutorAction, StopExecutorAction


class LastOneFirstConfig(ControllerConfigBase):
    controller_name = "last_one_first"
    connector_name: str = Field(default=None, client_data=ClientFieldData(prompt=lambda mi: "Connector: ", prompt_on_new=True))
    trading_pair: str = "ETH-USDT"
    spreads: List[Decimal] = Field(default="0,0.02,0.6")
    pause_s: int = 3

    @validator("spreads", pre=True, always=True)
    def read_spreads(cls, v):
        return [Decimal(part) for part in v.split(",")] if isinstance(v, str) else v

    def update_markets(self, markets):
        markets.setdefault(self.connector_name, set()).add(self.trading_pair)
        return markets


class LastOneFirst(ControllerBase):
    def __init__(self, config: LastOneFirstConfig, *args, **kwargs):
        self.config = config
        super().__init__(config, *args, **kwargs)
        self.seen = []
        self.market_data_provider.initialize_rate_sources([ConnectorPair(config.connector_name, config.trading_pair)])

    async def update_processed_data(self):
        pass

    def determine_executor_actions(self) -> List[ExecutorAction]:
        now = self.market_data_provider.time()
        over = self.filter_executors(executors=self.executors_info, filter_func=lambda x: not x.is_active)
        newest_first = sorted(over, key=lambda x: x.close_timestamp, reverse=True)
        self.seen.append([(x.status.name, x.close_timestamp) for x in newest_first])
        active = [x for x in self.executors_info if x.is_active]
        stops = [StopExecutorAction(controller_id=self.config.id, executor_id=x.id) for x in active if now - x.timestamp >= 4]
        if active or (newest_first and now - newest_first[0].close_timestamp < self.config.pause_s):
            return stops
        price = self.market_data_provider.get_price_by_type(self.config.connector_name, self.config.trading_pair, PriceType.BestAsk)
        ladder = DCAExecutorConfig(
            timestamp=now,
            connector_name=self.config.connector_name,
            trading_pair=self.config.trading_pair,
            side=TradeType.BUY,
            mode=DCAMode.MAKER,
            prices=[price * (1 - spread) for spread in self.config.spreads],
            amounts_quote=[Decimal(100) for _ in self.config.spreads],
            stop_loss=Decimal("0.5"),
            trailing_stop=TrailingStop(activation_price=Decimal("0.1"), trailing_delta=Decimal("0.05")),
        )
        return [CreateExecutorAction(controller_id=self.config.id, executor_config=ladder)]
