from decimal import Decimal
from typing import List, Optional

from pydantic import Field, field_validator

from hummingbot.core.data_type.common import TradeType
from hummingbot.strategy_v2.controllers.market_making_controller_base import (
    MarketMakingControllerBase,
    MarketMakingControllerConfigBase,
)
from hummingbot.strategy_v2.executors.dca_executor.data_types import DCAExecutorConfig, DCAMode
from hummingbot.strategy_v2.models.executor_actions import ExecutorAction, StopExecutorAction
from hummingbot.strategy_v2.utils.distributions import Distributions


class LadderMakerConfig(MarketMakingControllerConfigBase):
    controller_name: str = "ladder_maker"
    steps: int = 3
    dca_amounts: List[Decimal] = Field(default="0.2,0.3,0.5", json_schema_extra={"prompt": "Amounts: ", "prompt_on_new": True})
    top_refresh: Optional[float] = Field(default=None, json_schema_extra={"is_updatable": True})

    @field_validator("dca_amounts", mode="before")
    @classmethod
    def _amounts(cls, v, validation_info):
        if isinstance(v, str):
            return [float(x) for x in v.split(",")]
        return v


class LadderMaker(MarketMakingControllerBase):
    def __init__(self, config: LadderMakerConfig, *args, **kwargs):
        super().__init__(config, *args, **kwargs)
        self.config = config
        self.weights = [Decimal(a) / sum(self.config.dca_amounts) for a in self.config.dca_amounts]

    def executors_to_refresh(self) -> List[ExecutorAction]:
        stale = self.filter_executors(
            executors=self.executors_info,
            filter_func=lambda x: not x.is_trading and x.is_active
            and self.market_data_provider.time() - x.timestamp > self.config.executor_refresh_time)
        return [StopExecutorAction(controller_id=self.config.id, executor_id=e.id) for e in stale]

    def get_executor_config(self, level_id: str, price: Decimal, amount: Decimal):
        side = self.get_trade_type_from_level_id(level_id)
        spreads = Distributions.arithmetic(self.config.steps, 0.001, 0.001)
        sign = -1 if side == TradeType.BUY else 1
        prices = [price * (1 + sign * s) for s in spreads]
        return DCAExecutorConfig(
            timestamp=self.market_data_provider.time(), connector_name=self.config.connector_name, trading_pair=self.config.trading_pair,
            mode=DCAMode.MAKER, side=side, prices=prices,
            amounts_quote=[amount * w * p for w, p in zip(self.weights, prices)],
            level_id=level_id, time_limit=self.config.time_limit, stop_loss=self.config.stop_loss,
            take_profit=self.config.take_profit, trailing_stop=self.config.trailing_stop, leverage=self.config.leverage)
