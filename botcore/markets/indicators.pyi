"""Indicators that take one sample at a time; what they say equals the same indicator over the whole series.

A sample that is no finite number is not taken and changes nothing. Before there are enough samples `current_value` is NaN and `is_ready` False; from
then on no value is NaN or infinite. Every sample costs the same, however long the window and the series.
"""

from typing import final

from typing_extensions import disjoint_base

from botcore.markets.rolling import RingBuffer

@disjoint_base
class BaseTrailingIndicator:
    """Base of indicators with two windows: samples, and values worked out from them.

    Each sample that is taken gives one value (`_indicator_calculation`); what is read is the mean of the latest `processing_length` values unless
    `_processing_calculation` says otherwise. Subclasses in Python may override both and read `_sampling_buffer` and `_processing_buffer`.
    """

    def __init__(self, sampling_length: int = 30, processing_length: int = 15) -> None: ...
    @property
    def _sampling_buffer(self) -> RingBuffer: ...
    @property
    def _processing_buffer(self) -> RingBuffer: ...
    def add_sample(self, value: float) -> None: ...
    def _accepts(self, value: float) -> bool:
        """Whether a finite sample makes sense here; what is not accepted changes nothing."""
    def _indicator_calculation(self) -> float: ...
    def _processing_calculation(self) -> float: ...
    @property
    def current_value(self) -> float:
        """NaN before the first sample."""
    @property
    def is_sampling_buffer_full(self) -> bool: ...
    @property
    def is_processing_buffer_full(self) -> bool: ...
    @property
    def is_sampling_buffer_changed(self) -> bool:
        """Whether the number of samples is another than when this was last read."""
    @property
    def sampling_length(self) -> int: ...
    @sampling_length.setter
    def sampling_length(self, value: int) -> None: ...
    @property
    def processing_length(self) -> int: ...
    @processing_length.setter
    def processing_length(self, value: int) -> None: ...

@disjoint_base
class InstantVolatilityIndicator(BaseTrailingIndicator):
    """Root of the mean squared step from sample to sample, over the number of samples; in the unit of the samples.

    A trend does not make it grow with the length of the window.
    """

class AverageVolatilityIndicator(BaseTrailingIndicator):
    """Root of the mean of the latest population variances of the samples; in the unit of the samples."""

@disjoint_base
class HistoricalVolatilityIndicator(BaseTrailingIndicator):
    """Root of the mean of the latest population variances of the logarithmic returns; a fraction for each step. Samples above 0 only."""

@disjoint_base
class ExponentialMovingAverageIndicator(BaseTrailingIndicator):
    """Mean of the samples in the window with weights (1 - 2 / (sampling_length + 1)) ** age; `processing_length` is 1."""

    def __init__(self, sampling_length: int = 30, processing_length: int = 1) -> None: ...

@final
class TradingIntensityIndicator:
    """How often trades reach how deep: lambda(delta) = alpha * exp(-kappa * delta), as Avellaneda and Stoikov (2008) need it.

    Trades are counted (or weighed by amount) with their distance from the mid at their time, interval by interval; the latest `sampling_length` intervals
    count. Arrivals with exponential depths make lambda exactly this, and the likeliest parameters are alpha = trades / seconds, kappa = trades / sum of
    depths: closed forms, no search that may fail. Where all trades happen at the touch, 1 / kappa is half the spread.
    """

    def __init__(self, sampling_length: int = 30) -> None: ...
    def add_trade(self, mid: float, price: float, weight: float = 1.0) -> None:
        """A trade of the present interval. A price on the wrong side of an old mid counts with its distance as well."""
    def add_sample(self, seconds: float = 1.0) -> None:
        """The present interval ends after `seconds` (above 0); the next one begins."""
    @property
    def current_value(self) -> tuple[float, float]:
        """(alpha in trades or weight per second, kappa per unit of price); both NaN while no trade away from the mid is in the window."""
    @property
    def is_ready(self) -> bool: ...
    @property
    def is_sampling_buffer_full(self) -> bool: ...
    @property
    def sampling_length(self) -> int: ...
    @property
    def refused(self) -> int:
        """Trades and intervals that were not taken."""

@final
class Smoothed:
    """Average that begins as the plain mean of its first `length` samples and then moves by `pace` of the distance to each new one.

    pace 2 / (length + 1), the default, is the exponential moving average of charts; 1 / length is Wilder's.
    """

    def __init__(self, length: int, pace: float | None = None) -> None: ...
    def add_sample(self, value: float) -> None: ...
    @property
    def current_value(self) -> float: ...
    @property
    def is_ready(self) -> bool: ...

@final
class SimpleMovingAverage:
    """Mean of the latest `length` samples."""

    def __init__(self, length: int) -> None: ...
    def add_sample(self, value: float) -> None: ...
    @property
    def current_value(self) -> float: ...
    @property
    def is_ready(self) -> bool: ...

@final
class RollingVariance:
    """Variance of the latest `length` samples; `ddof` 0 is the population's, 1 the sample's. `length` must exceed `ddof`."""

    def __init__(self, length: int, ddof: int = 0) -> None: ...
    def add_sample(self, value: float) -> None: ...
    @property
    def current_value(self) -> float: ...
    @property
    def is_ready(self) -> bool: ...

@final
class BollingerBands:
    """Mean of the latest `length` samples +- `width` population standard deviations."""

    def __init__(self, length: int, width: float = 2.0) -> None: ...
    def add_sample(self, value: float) -> None: ...
    @property
    def width(self) -> float: ...
    @property
    def current_value(self) -> tuple[float, float, float]:
        """(lower, middle, upper)."""
    @property
    def percent_b(self) -> float:
        """Where the latest sample stands: 0 at the lower band, 1 at the upper one, 0.5 where the bands have no width."""
    @property
    def bandwidth(self) -> float:
        """Distance of the bands in percent of the middle; 0 where the middle is 0."""
    @property
    def is_ready(self) -> bool: ...

@final
class RelativeStrengthIndex:
    """Wilder's RSI, 0 to 100; 50 where nothing has moved."""

    def __init__(self, length: int = 14) -> None: ...
    def add_sample(self, value: float) -> None: ...
    @property
    def current_value(self) -> float: ...
    @property
    def is_ready(self) -> bool: ...

@final
class Macd:
    """Difference of a fast and a slow exponential average, and the exponential average (signal) of that difference."""

    def __init__(self, fast: int = 12, slow: int = 26, signal: int = 9) -> None: ...
    def add_sample(self, value: float) -> None: ...
    @property
    def current_value(self) -> tuple[float, float, float]:
        """(MACD, histogram = MACD - signal, signal)."""
    @property
    def is_ready(self) -> bool: ...

@final
class AverageTrueRange:
    """Wilder's average of the true range of candles; the first candle only gives the close that the second needs."""

    def __init__(self, length: int = 14) -> None: ...
    def add_candle(self, high: float, low: float, close: float) -> None:
        """A closed candle; one that is not finite or whose high is below its low is not taken."""
    @property
    def current_value(self) -> float: ...
    @property
    def normalized(self) -> float:
        """NATR: in percent of the latest close; NaN also where that close is not above 0."""
    @property
    def is_ready(self) -> bool: ...
