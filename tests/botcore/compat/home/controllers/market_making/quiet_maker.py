from decimal import Decimal
from typing import List, Optional

import pandas_ta as ta  # noqa: F401
import talib
from pydantic import Field, field_validator

from hummingbot.core.data_type.common import PriceType, TradeType
from hummingbot.data_feed.candles_feed.data_types import CandlesConfig
from hummingbot.strategy_v2.controllers.market_making_controller_base import (
    MarketMakingControllerBase,
    MarketMakingControllerConfigBase,
)
from hummingbot.strategy_v2.executors.position_executor.data_types import PositionExecutorConfig


class QuietMakerConfig(MarketMakingControllerConfigBase):
    controller_name: str = "quiet_maker"
    candles_config: List[CandlesConfig] = []
    buy_spreads: List[float] = Field(
        default="1,2",
        json_schema_extra={"prompt": lambda mi: "Enter buy spreads in units of volatility: ", "prompt_on_new": True, "is_updatable": True})
    sell_spreads: List[float] = Field(default="1,2", json_schema_extra={"is_updatable": True})
    interval: str = Field(default="1m", json_schema_extra={"prompt": "Interval: ", "prompt_on_new": True})
    natr_length: int = Field(default=14, gt=1)
    pause_above: Optional[Decimal] = Field(default=None, json_schema_extra={"is_updatable": True})

    @field_validator("pause_above", mode="before")
    @classmethod
    def _blank(cls, v):
        return None if v == "" else v


class QuietMaker(MarketMakingControllerBase):
    """Quotes in units of NATR around the close."""

    def __init__(self, config: QuietMakerConfig, *args, **kwargs):
        self.config = config
        self.max_records = config.natr_length + 30
        self.updates = 0
        if len(self.config.candles_config) == 0:
            self.config.candles_config = [CandlesConfig(
                connector=config.connector_name, trading_pair=config.trading_pair,
                interval=config.interval, max_records=self.max_records)]
        super().__init__(config, *args, **kwargs)

    async def update_processed_data(self):
        self.updates += 1
        candles = self.market_data_provider.get_candles_df(
            self.config.connector_name, self.config.trading_pair, self.config.interval, self.max_records)
        natr = ta.natr(candles["high"], candles["low"], candles["close"], length=self.config.natr_length) / 100
        ema = talib.EMA(candles["close"].to_numpy(), timeperiod=5)
        self.processed_data = {
            "reference_price": Decimal(str(candles["close"].iloc[-1])),
            "spread_multiplier": Decimal(str(natr.iloc[-1])),
            "ema": ema[-1],
            "features": candles,
        }

    def get_executor_config(self, level_id: str, price: Decimal, amount: Decimal):
        if self.config.pause_above is not None and self.processed_data["spread_multiplier"] > self.config.pause_above:
            return None
        trade_type = self.get_trade_type_from_level_id(level_id)
        return PositionExecutorConfig(
            timestamp=self.market_data_provider.time(),
            level_id=level_id,
            connector_name=self.config.connector_name,
            trading_pair=self.config.trading_pair,
            entry_price=price,
            amount=amount,
            triple_barrier_config=self.config.triple_barrier_config.new_instance_with_adjusted_volatility(volatility_factor=1.0),
            leverage=self.config.leverage,
            side=trade_type,
        )
