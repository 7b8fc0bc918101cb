"""bollinger_v1: buys below the lower Bollinger band, sells above the upper one.

%B is where the close stands between the bands: (close - lower) / (upper - lower), 0 at the lower and 1 at the upper band. Bands are the mean of the
last `bb_length` closes +- `bb_std` population standard deviations (J. Bollinger, Bollinger on Bollinger Bands, 2001, ch. 7).
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from botcore.controllers.bollinger_fields import BollingerFields
from botcore.controllers.directional import DirectionalTradingControllerBase
from botcore.markets.candles_config import CandlesConfig


class BollingerV1Config(BollingerFields):
    """Directional: mean reversion at the Bollinger bands."""

    controller_name: Literal["bollinger_v1"] = "bollinger_v1"


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
        self.processed_data = {"signal": self.config.signal_of(percent_b), "percent_b": percent_b}


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
