"""pmm_dynamic: a market maker whose spreads follow the volatility and whose middle leans against the trend.

Spreads are multiples of NATR, the average true range as a fraction of the price. The reference price is the mid, moved by up to about half a NATR: down when the
MACD is high against its recent values and up when it is low (they return to their mean), up when the MACD's histogram is positive and down when it is not (the
pace of the move). Both count half:

    reference = mid * (1 + NATR / 2 * (-z / 2 + h / 2)),  z = (MACD - mean) / standard deviation over the window,  h = +1 or -1

The mid is the present one; Strategy V2 takes the close of the latest candle, which is the same at a candle's close and old between two.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal, NamedTuple, Self

import numpy as np
from pydantic import Field, model_validator

from botcore.controllers.barrier_fields import Numbers
from botcore.controllers.candle_fields import CandleFields, CandleReader
from botcore.controllers.market_making import MarketMakingControllerConfigBase
from botcore.controllers.position_levels import PositionLevelsController
from botcore.core.config import ask
from botcore.markets.indicators import AverageTrueRange, Macd, RollingVariance, SimpleMovingAverage

MARGIN = 100
"""Candles beyond the longest length, as in Strategy V2: the MACD is compared with its values over them."""


class PMMDynamicConfig(CandleFields, MarketMakingControllerConfigBase):
    """Market maker with spreads in units of volatility.

    Parameters
    ----------
    buy_spreads, sell_spreads : list of Decimal
        Multiples of NATR, not fractions: 1 is one average true range away from the reference price.
    natr_length : int
        Candles of the average true range (Wilder's).
    macd_fast, macd_slow, macd_signal : int
        Lengths of the exponential averages, in candles.
    """

    controller_name: Literal["pmm_dynamic"] = "pmm_dynamic"
    buy_spreads: Annotated[
        Numbers, Field(json_schema_extra=ask("Buy spreads, in true ranges?", updatable=True, suggest=("1, 2, 4", "0.5, 1"), group="levels"))
    ] = [Decimal(1), Decimal(2), Decimal(4)]
    sell_spreads: Annotated[
        Numbers, Field(json_schema_extra=ask("Sell spreads, in true ranges?", updatable=True, suggest=("1, 2, 4", "0.5, 1"), group="levels"))
    ] = [Decimal(1), Decimal(2), Decimal(4)]
    macd_fast: Annotated[int, Field(ge=1, le=1000, json_schema_extra=ask("MACD fast length?", suggest=("12", "21"), group="levels"))] = 21
    macd_slow: Annotated[int, Field(ge=2, le=1000, json_schema_extra=ask("MACD slow length?", suggest=("26", "42"), group="levels"))] = 42
    macd_signal: Annotated[int, Field(ge=1, le=1000, json_schema_extra=ask("MACD signal length?", suggest=("9",), group="levels"))] = 9
    natr_length: Annotated[int, Field(ge=1, le=1000, json_schema_extra=ask("Candles in the true range?", suggest=("14",), group="levels"))] = 14

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.macd_fast >= self.macd_slow:
            raise ValueError(f"expected macd_fast below macd_slow, found {self.macd_fast} and {self.macd_slow}")
        return self

    @property
    def records(self) -> int:
        return max(max(self.macd_slow, self.macd_signal, self.natr_length) + MARGIN, self.macd_slow + self.macd_signal)


class Lean(NamedTuple):
    """`shift` of the reference price and `natr`, both fractions of the price; NaN where they are not known."""

    shift: float
    natr: float


class PMMDynamicController(CandleReader, PositionLevelsController):
    """See the module."""

    config: PMMDynamicConfig

    def __init__(self, config: PMMDynamicConfig, *args: Any, **kwargs: Any) -> None:
        super().__init__(config, *args, **kwargs)
        self._lean = Lean(float("nan"), float("nan"))

    def update_processed_data(self) -> Any:
        config = self.config
        rows = self._window.news(config)
        if rows is not None:
            self._lean = lean_of(rows, config)
        shift, natr = self._lean
        mid = self.market_data_provider.get_price_by_type(config.connector_name, config.trading_pair)
        self.processed_data = {
            "reference_price": mid * (1 + Decimal(repr(shift))) if self._is_usable() else Decimal("NaN"),
            "spread_multiplier": Decimal(repr(natr)),
            "price_shift": shift,
        }

    def _is_usable(self) -> bool:
        """Whether all levels have a place: a market that does not move has no spread, and no buy can stand at or below zero."""
        shift, natr = self._lean
        widest = float(max((*self.config.buy_spreads, *self.config.sell_spreads)))
        return natr > 0 and shift > -1 and widest * natr < 1


def lean_of(rows: np.ndarray, config: PMMDynamicConfig) -> Lean:
    """How far the reference price is moved, and the unit of the spreads.

    Parameters
    ----------
    rows : float64 [n, 6]
        Closed candles, oldest first.
    """
    ranges = AverageTrueRange(config.natr_length)
    following = Macd(config.macd_fast, config.macd_slow, 1)
    whole = Macd(config.macd_fast, config.macd_slow, config.macd_signal)
    known = len(rows) - config.macd_slow + 1
    mean, variance = SimpleMovingAverage(known), RollingVariance(known, 1)
    for high, low, close in rows[:, 2:5].tolist():
        ranges.add_candle(high, low, close)
        whole.add_sample(close)
        following.add_sample(close)
        macd = following.current_value[0]
        mean.add_sample(macd)
        variance.add_sample(macd)
    macd, histogram, _ = whole.current_value
    natr = ranges.normalized / 100
    deviation = variance.current_value**0.5
    z = (macd - mean.current_value) / deviation if deviation > 0 else 0.0
    pace = 1 if histogram > 0 else -1
    return Lean((pace - z) / 2 * natr / 2, natr)
