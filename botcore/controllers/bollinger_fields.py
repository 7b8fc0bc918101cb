"""What controllers with a signal from Bollinger bands share: the fields, and the signal.

Bands are the mean of the last `bb_length` closes +- `bb_std` population standard deviations; %B is where the close stands between them, 0 at the lower and 1 at
the upper one (J. Bollinger, Bollinger on Bollinger Bands, 2001, ch. 7).
"""

from __future__ import annotations

from typing import Annotated, Self

import numpy as np
from pydantic import Field, model_validator

from botcore.controllers.candle_fields import CandleFields
from botcore.controllers.directional import DirectionalTradingControllerConfigBase
from botcore.core.config import ask
from botcore.markets.indicators import BollingerBands


class BollingerFields(CandleFields, DirectionalTradingControllerConfigBase):
    """A buy below one %B, a sell above another."""

    bb_length: Annotated[int, Field(ge=2, le=1000, json_schema_extra=ask("Candles in the bands?", suggest=("20", "50", "100"), group="levels"))] = 100
    bb_std: Annotated[float, Field(gt=0, json_schema_extra=ask("Width in standard deviations?", suggest=("1.5", "2", "2.5"), group="levels"))] = 2.0
    bb_long_threshold: Annotated[float, Field(json_schema_extra=ask("Buy below %B of?", updatable=True, new=False))] = 0.0
    bb_short_threshold: Annotated[float, Field(json_schema_extra=ask("Sell above %B of?", updatable=True, new=False))] = 1.0

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if self.bb_long_threshold >= self.bb_short_threshold:
            raise ValueError(f"expected bb_long_threshold below bb_short_threshold, found {self.bb_long_threshold} and {self.bb_short_threshold}")
        return self

    @property
    def records(self) -> int:
        return self.bb_length

    def bands(self, closes: np.ndarray) -> BollingerBands:
        """Bands over the last `bb_length` closes (float64 [n], oldest first)."""
        bands = BollingerBands(self.bb_length, self.bb_std)
        for close in closes[-self.bb_length :].tolist():
            bands.add_sample(close)
        return bands

    def signal_of(self, percent_b: float) -> int:
        """+1 below the lower threshold, -1 above the upper one, else 0; exactly on one is none."""
        return 1 if percent_b < self.bb_long_threshold else -1 if percent_b > self.bb_short_threshold else 0
