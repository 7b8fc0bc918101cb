"""bollinger_v1: buys below the lower Bollinger band, sells above the upper one.

%B is where the close stands between the bands: (close - lower) / (upper - lower), 0 at the lower and 1 at the upper band. Bands are the mean of the
last `bb_length` closes +- `bb_std` population standard deviations (J. Bollinger, Bollinger on Bollinger Bands, 2001, ch. 7).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, field_validator, model_validator

from botcore.controllers.directional import DirectionalTradingControllerBase, DirectionalTradingControllerConfigBase
from botcore.core.config import ask
from botcore.markets.candles_config import CandlesConfig
from botcore.markets.intervals import interval_seconds
from botcore.model.errors import ConfigError
from botcore.model.instrument import Market


class BollingerV1Config(DirectionalTradingControllerConfigBase):
    """Directional: mean reversion at the Bollinger bands."""

    controller_name: Literal["bollinger_v1"] = "bollinger_v1"
    candles_connector: Annotated[str | None, Field(json_schema_extra=ask("Candles from another venue?", new=False, unit="connector"))] = None
    candles_trading_pair: Annotated[str | None, Field(json_schema_extra=ask("Candles of another pair?", new=False, unit="pair"))] = None
    interval: Annotated[str, Field(json_schema_extra=ask("Candle interval?", suggest=("1m", "3m", "5m", "15m", "1h"), group="levels"))] = "3m"
    bb_length: Annotated[int, Field(ge=2, le=1000, json_schema_extra=ask("Candles in the bands?", suggest=("20", "50", "100"), group="levels"))] = 100
    bb_std: Annotated[float, Field(gt=0, json_schema_extra=ask("Width in standard deviations?", suggest=("1.5", "2", "2.5"), group="levels"))] = 2.0
    bb_long_threshold: Annotated[float, Field(json_schema_extra=ask("Buy below %B of?", updatable=True, new=False))] = 0.0
    bb_short_threshold: Annotated[float, Field(json_schema_extra=ask("Sell above %B of?", updatable=True, new=False))] = 1.0

    @field_validator("interval")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            interval_seconds(value)
        except ConfigError as error:
            # pydantic gathers ValueErrors with file, line and field; any other error would cut the gathering short
            raise ValueError(error.problem) from None
        return value

    @field_validator("candles_connector", "candles_trading_pair", mode="before")
    @classmethod
    def _blank(cls, value: Any) -> Any:
        return value or None

    @model_validator(mode="after")
    def _apart(self) -> BollingerV1Config:
        if self.bb_long_threshold >= self.bb_short_threshold:
            raise ValueError(f"expected bb_long_threshold below bb_short_threshold, found {self.bb_long_threshold} and {self.bb_short_threshold}")
        return self

    def candles(self) -> CandlesConfig:
        return CandlesConfig(
            connector=self.candles_connector or self.connector_name,
            trading_pair=self.candles_trading_pair or self.trading_pair,
            interval=self.interval,
            max_records=self.bb_length,
        )

    def markets(self) -> set[Market]:
        candles = self.candles()
        return super().markets() | {Market(candles.connector, candles.trading_pair)}


class BollingerV1Controller(DirectionalTradingControllerBase):
    """See the module."""

    config: BollingerV1Config

    def __init__(self, config: BollingerV1Config, *args: Any, **kwargs: Any) -> None:
        super().__init__(config, *args, **kwargs)
        self._seen = -1.0

    def get_candles_config(self) -> list[CandlesConfig]:
        return [*super().get_candles_config(), self.config.candles()]

    def update_processed_data(self) -> Any:
        """Signal of the last closed candle; worked out once a candle."""
        config = self.config.candles()
        rows = self.market_data_provider.candles(config.connector, config.trading_pair, config.interval, self.config.bb_length)
        if rows[-1, 0] == self._seen:
            return
        self._seen = float(rows[-1, 0])
        percent_b = bollinger_percent_b(rows[:, 4], self.config.bb_std)
        signal = 1 if percent_b < self.config.bb_long_threshold else -1 if percent_b > self.config.bb_short_threshold else 0
        self.processed_data = {"signal": signal, "percent_b": percent_b}


def bollinger_percent_b(closes: np.ndarray, width: float) -> float:
    """%B of the last close within bands over all given closes; 0.5 when the bands have no width.

    Parameters
    ----------
    closes : float64 [n]
        Oldest first, quote per base.
    width : float
        Half width of the band in population standard deviations.
    """
    mean, deviation = float(closes.mean()), float(closes.std())
    if deviation == 0.0:
        return 0.5
    return (float(closes[-1]) - (mean - width * deviation)) / (2 * width * deviation)
