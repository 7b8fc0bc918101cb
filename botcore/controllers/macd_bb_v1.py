"""macd_bb_v1: mean reversion at the Bollinger bands, entered only when the MACD has begun to turn.

It buys when the close is below the band, the MACD is below zero (the market has fallen) and its histogram above zero (the fall has lost pace: MACD above its
signal line); it sells when all of it is the other way round. MACD: G. Appel, Technical Analysis, 2005, ch. 8.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from botcore.controllers.bollinger_fields import BollingerFields
from botcore.controllers.candle_fields import CandleReader
from botcore.controllers.directional import DirectionalTradingControllerBase
from botcore.core.config import ask
from botcore.markets.indicators import Macd

MARGIN = 20
"""Candles beyond the longest length, as in Strategy V2: averages that follow need some to forget where they began."""


class MACDBBV1Config(BollingerFields):
    """Directional: Bollinger bands with MACD as a second opinion.

    Parameters
    ----------
    macd_fast, macd_slow, macd_signal : int
        Lengths of the exponential averages, in candles.
    """

    controller_name: Literal["macd_bb_v1"] = "macd_bb_v1"
    macd_fast: Annotated[int, Field(ge=1, le=1000, json_schema_extra=ask("MACD fast length?", suggest=("12", "21"), group="levels"))] = 21
    macd_slow: Annotated[int, Field(ge=2, le=1000, json_schema_extra=ask("MACD slow length?", suggest=("26", "42"), group="levels"))] = 42
    macd_signal: Annotated[int, Field(ge=1, le=1000, json_schema_extra=ask("MACD signal length?", suggest=("9",), group="levels"))] = 9

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.macd_fast >= self.macd_slow:
            raise ValueError(f"expected macd_fast below macd_slow, found {self.macd_fast} and {self.macd_slow}")
        return self

    @property
    def records(self) -> int:
        return max(max(self.macd_slow, self.macd_signal, self.bb_length) + MARGIN, self.macd_slow + self.macd_signal - 1)


class MACDBBV1Controller(CandleReader, DirectionalTradingControllerBase):
    """See the module."""

    config: MACDBBV1Config

    def read(self, rows: np.ndarray) -> dict[str, Any]:
        config = self.config
        closes = rows[:, 4]
        percent_b = config.bands(closes).percent_b
        following = Macd(config.macd_fast, config.macd_slow, config.macd_signal)
        for close in closes.tolist():
            following.add_sample(close)
        macd, histogram, _ = following.current_value
        signal = config.signal_of(percent_b)
        # the MACD stands on the side that the price has gone to, and has turned back towards its signal line
        if signal * macd >= 0 or signal * histogram <= 0:
            signal = 0
        return {"signal": signal, "percent_b": percent_b, "macd": macd, "macd_histogram": histogram}
