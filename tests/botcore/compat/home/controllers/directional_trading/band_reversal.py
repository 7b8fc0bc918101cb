from typing import List

import pandas_ta as ta  # noqa: F401
from pydantic import Field, field_validator
from pydantic_core.core_schema import ValidationInfo

from hummingbot.data_feed.candles_feed.data_types import CandlesConfig
from hummingbot.strategy_v2.controllers.directional_trading_controller_base import (
    DirectionalTradingControllerBase,
    DirectionalTradingControllerConfigBase,
)


class BandReversalConfig(DirectionalTradingControllerConfigBase):
    controller_name: str = "band_reversal"
    candles_config: List[CandlesConfig] = []
    candles_connector: str = Field(default=None, json_schema_extra={"prompt": "Candles connector: ", "prompt_on_new": True})
    interval: str = Field(default="3m", json_schema_extra={"prompt": lambda mi: "Interval: ", "prompt_on_new": True})
    length: int = Field(default=50, json_schema_extra={"is_updatable": True})
    std: float = 2.0

    @field_validator("candles_connector", mode="before")
    @classmethod
    def _same(cls, v, info: ValidationInfo):
        return v or info.data.get("connector_name")


class BandReversal(DirectionalTradingControllerBase):
    def __init__(self, config: BandReversalConfig, *args, **kwargs):
        self.config = config
        self.calls = 0
        if len(self.config.candles_config) == 0:
            self.config.candles_config = [CandlesConfig(connector=config.candles_connector, trading_pair=config.trading_pair, interval=config.interval, max_records=config.length)]
        super().__init__(config, *args, **kwargs)

    async def update_processed_data(self):
        self.calls += 1
        df = self.market_data_provider.get_candles_df(connector_name=self.config.candles_connector, trading_pair=self.config.trading_pair, interval=self.config.interval, max_records=self.config.length)
        df.ta.bbands(length=self.config.length, std=self.config.std, append=True)
        bbp = df[f"BBP_{self.config.length}_{self.config.std}"]
        df["signal"] = 0
        df.loc[bbp < 0, "signal"] = 1
        df.loc[bbp > 1, "signal"] = -1
        self.processed_data["signal"] = df["signal"].iloc[-1]
        self.processed_data["features"] = df
