"""bollinger_v2: the signal of bollinger_v1, from bands that roll.

The same fields and the same %B (TA-Lib's BBANDS with a simple average), worked out by `BollingerBands`, whose sums carry no rounding error from one candle to the
next. It waits for `bb_length` candles only: what stands before them changes no band.
"""

from __future__ import annotations

from typing import Any, Literal

from botcore.controllers.bollinger_fields import BollingerFields
from botcore.controllers.candle_fields import CandleWindow
from botcore.controllers.directional import DirectionalTradingControllerBase
from botcore.markets.candles_config import CandlesConfig


class BollingerV2Config(BollingerFields):
    """Directional: mean reversion at the Bollinger bands.

    Parameters
    ----------
    bb_length : int
        Closed candles in the bands.
    bb_std : float
        Half width in population standard deviations.
    bb_long_threshold, bb_short_threshold : float
        It buys while %B of the last closed candle is below the first and sells while it is above the second.
    """

    controller_name: Literal["bollinger_v2"] = "bollinger_v2"


class BollingerV2Controller(DirectionalTradingControllerBase):
    """See the module."""

    config: BollingerV2Config

    def __init__(self, config: BollingerV2Config, *args: Any, **kwargs: Any) -> None:
        super().__init__(config, *args, **kwargs)
        self._window = CandleWindow(self.market_data_provider)

    def get_candles_config(self) -> list[CandlesConfig]:
        return [*super().get_candles_config(), self.config.candles()]

    def update_processed_data(self) -> Any:
        rows = self._window.news(self.config)
        if rows is None:
            return
        bands = self.config.bands(rows[:, 4])
        self.processed_data = {"signal": self.config.signal_of(bands.percent_b), "percent_b": bands.percent_b, "bandwidth": bands.bandwidth}
