"""supertrend_v1: follows the trend, entered near the line that would end it.

The line runs `multiplier` average true ranges below the middle of the candles in an uptrend and above it in a downtrend, and is held where it is while the
trend goes on and it would fall back; a close beyond it turns the trend. It buys in an uptrend and sells in a downtrend while the close is nearer to the line
than `percentage_threshold`: there the trend is cheap to bet on, for the point where it is wrong is near.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
from pydantic import Field

from botcore.controllers.candle_fields import CandleFields, CandleReader
from botcore.controllers.directional import DirectionalTradingControllerBase, DirectionalTradingControllerConfigBase
from botcore.core.config import ask
from botcore.markets.indicators import AverageTrueRange

MEMORY = 200
"""Candles beyond `length`: the trend at the beginning of the window is a guess (up) that lasts until the first turn."""


class SuperTrendV1Config(CandleFields, DirectionalTradingControllerConfigBase):
    """Directional: trend following with the SuperTrend line.

    Parameters
    ----------
    length : int
        Candles of the average true range (Wilder's).
    multiplier : float
        Distance of the line in average true ranges.
    percentage_threshold : float
        Largest distance of the close from the line at which it enters, a fraction of the close.
    """

    controller_name: Literal["supertrend_v1"] = "supertrend_v1"
    length: Annotated[int, Field(ge=1, le=1000, json_schema_extra=ask("Candles in the range?", suggest=("10", "20", "50"), group="levels"))] = 20
    multiplier: Annotated[float, Field(gt=0, json_schema_extra=ask("Distance in ranges?", suggest=("2", "3", "4"), group="levels"))] = 4.0
    percentage_threshold: Annotated[
        float, Field(gt=0, json_schema_extra=ask("Enter within how much of the line?", unit="ratio", suggest=("0.5%", "1%"), group="levels"))
    ] = 0.01

    @property
    def records(self) -> int:
        return self.length + MEMORY


class Trend(NamedTuple):
    """`line` in quote per base, `direction` +1 (up) or -1 (down)."""

    line: float
    direction: int


class SuperTrendV1Controller(CandleReader, DirectionalTradingControllerBase):
    """See the module."""

    config: SuperTrendV1Config

    def read(self, rows: np.ndarray) -> dict[str, Any]:
        trend = supertrend(rows[:, 2], rows[:, 3], rows[:, 4], self.config.length, self.config.multiplier)
        close = float(rows[-1, 4])
        distance = abs(close - trend.line) / close if close > 0 else float("nan")
        signal = trend.direction if distance < self.config.percentage_threshold else 0
        return {"signal": signal, "trend": trend.direction, "line": trend.line, "percentage_distance": distance}


def supertrend(high: np.ndarray, low: np.ndarray, close: np.ndarray, length: int, multiplier: float) -> Trend:
    """The line behind the last candle.

    Parameters
    ----------
    high, low, close : float64 [n > length]
        Oldest first, quote per base.
    """
    ranges = AverageTrueRange(length)
    upper = lower = float("nan")
    direction = 1
    for top, bottom, last in zip(high.tolist(), low.tolist(), close.tolist(), strict=True):
        ranges.add_candle(top, bottom, last)
        reach = multiplier * ranges.current_value
        middle = (top + bottom) / 2
        next_upper, next_lower = middle + reach, middle - reach
        # comparisons with NaN, before there is a range, are False: nothing turns and nothing is held back
        if last > upper:
            direction = 1
        elif last < lower:
            direction = -1
        elif direction > 0 and next_lower < lower:
            next_lower = lower
        elif direction < 0 and next_upper > upper:
            next_upper = upper
        upper, lower = next_upper, next_lower
    return Trend(lower if direction > 0 else upper, direction)
