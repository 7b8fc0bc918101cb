"""bollinger_v2: the signal of bollinger_v1, from bands that roll.

The same fields and the same %B (TA-Lib's BBANDS with a simple average), worked out by `BollingerBands`, whose sums carry no rounding error from one candle to the
next. It waits for `bb_length` candles only: what stands before them changes no band.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from botcore.controllers.bollinger_fields import BollingerFields
from botcore.controllers.candle_fields import CandleReader
from botcore.controllers.directional import DirectionalTradingControllerBase


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


class BollingerV2Controller(CandleReader, DirectionalTradingControllerBase):
    """See the module."""

    config: BollingerV2Config

    def read(self, rows: np.ndarray) -> dict[str, Any]:
        bands = self.config.bands(rows[:, 4])
        return {"signal": self.config.signal_of(bands.percent_b), "percent_b": bands.percent_b, "bandwidth": bands.bandwidth}
