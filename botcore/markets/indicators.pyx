# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True, autotestdict=False
"""Indicators that take one sample at a time; what they say equals the same indicator over the whole series.

Windows are ring buffers whose sums don't drift; averages that follow (exponential, Wilder's) forget their errors as they forget their samples.
What must stay true: a bad sample changes nothing; a value that was finite once stays finite.
"""

cimport cython
from libc.math cimport NAN, fabs, isfinite, log, sqrt

from botcore.markets.rolling cimport RingBuffer, Wide, is_sound, wide_add, wide_plus, wide_times


cdef int check_length(str name, Py_ssize_t length) except -1:
    if length < 1:
        raise ValueError(f"expected {name} of 1 or more, found {length}")
    return 0


# ---- two windows -----------------------------------------------------------------------------------------------------
cdef class BaseTrailingIndicator:
    def __init__(self, Py_ssize_t sampling_length=30, Py_ssize_t processing_length=15):
        self._sampling_buffer = RingBuffer(sampling_length)
        self._processing_buffer = RingBuffer(processing_length)
        self._seen_length = 0

    def __reduce__(self):
        raise TypeError("an indicator is not pickled and not copied")

    def add_sample(self, double value):
        if not is_sound(value) or not self._accepts(value):
            self._sampling_buffer.refused += 1
            return
        self._sampling_buffer.c_add(value)
        self._processing_buffer.c_add(self._indicator_calculation())

    cpdef bint _accepts(self, double value) except -1:
        return True

    cpdef double _indicator_calculation(self) except? -1:
        raise NotImplementedError(f"{type(self).__name__} does not say what to work out: it needs _indicator_calculation")

    cpdef double _processing_calculation(self) except? -1:
        return self._processing_buffer.c_mean()

    @property
    def current_value(self):
        return self._processing_calculation()

    @property
    def is_sampling_buffer_full(self):
        return self._sampling_buffer.is_full

    @property
    def is_processing_buffer_full(self):
        return self._processing_buffer.is_full

    @property
    def is_sampling_buffer_changed(self):
        cdef Py_ssize_t count = self._sampling_buffer.c_count()
        changed = count != self._seen_length
        self._seen_length = count
        return changed

    @property
    def sampling_length(self):
        return self._sampling_buffer.length

    @sampling_length.setter
    def sampling_length(self, Py_ssize_t value):
        self._sampling_buffer.length = value
        self._resampled()

    @property
    def processing_length(self):
        return self._processing_buffer.length

    @processing_length.setter
    def processing_length(self, Py_ssize_t value):
        self._processing_buffer.length = value

    def _resampled(self):
        """The samples in the window are others than before."""


cdef class AverageVolatilityIndicator(BaseTrailingIndicator):
    cpdef double _indicator_calculation(self) except? -1:
        return self._sampling_buffer.c_variance(0)

    cpdef double _processing_calculation(self) except? -1:
        return sqrt(self._processing_buffer.c_mean())


cdef class InstantVolatilityIndicator(BaseTrailingIndicator):
    def __init__(self, Py_ssize_t sampling_length=30, Py_ssize_t processing_length=15):
        BaseTrailingIndicator.__init__(self, sampling_length, processing_length)
        self._resampled()

    def _resampled(self):
        self._steps = steps_of(self._sampling_buffer, False)

    cpdef bint _accepts(self, double value) except -1:
        return self._sampling_buffer.c_count() == 0 or self._steps.c_add(value - self._sampling_buffer.c_last())

    cpdef double _indicator_calculation(self) except? -1:
        if self._sampling_buffer._length == 1:
            return 0.0
        return sqrt(self._steps.c_squares().hi / self._sampling_buffer.c_count())

    cpdef double _processing_calculation(self) except? -1:
        return self._processing_buffer.c_last()


cdef class HistoricalVolatilityIndicator(BaseTrailingIndicator):
    def __init__(self, Py_ssize_t sampling_length=30, Py_ssize_t processing_length=15):
        BaseTrailingIndicator.__init__(self, sampling_length, processing_length)
        self._resampled()

    def _resampled(self):
        self._returns = steps_of(self._sampling_buffer, True)

    cpdef bint _accepts(self, double value) except -1:
        if value <= 0:
            return False
        if self._sampling_buffer.c_count():
            self._returns.c_add(log(value) - log(self._sampling_buffer.c_last()))
        return True

    cpdef double _indicator_calculation(self) except? -1:
        if self._sampling_buffer._length == 1 or self._returns.c_count() == 0:
            return 0.0
        return self._returns.c_variance(0)

    cpdef double _processing_calculation(self) except? -1:
        return sqrt(self._processing_buffer.c_mean())


cdef RingBuffer steps_of(RingBuffer samples, bint of_logarithms):
    """Window over the steps between the samples of another window, filled with those that are in it."""
    steps = RingBuffer(max(samples.length - 1, 1))
    values = samples.get_as_numpy_array().tolist()
    for earlier, later in zip(values, values[1:]):
        steps.c_add(log(later) - log(earlier) if of_logarithms else later - earlier)
    return steps


cdef class ExponentialMovingAverageIndicator(BaseTrailingIndicator):
    def __init__(self, Py_ssize_t sampling_length=30, Py_ssize_t processing_length=1):
        if processing_length != 1:
            raise ValueError(f"expected processing_length 1 (the average is not averaged), found {processing_length}")
        BaseTrailingIndicator.__init__(self, sampling_length, processing_length)
        self._resampled()

    def _resampled(self):
        values = self._sampling_buffer.get_as_numpy_array().tolist()
        self._decay = 1 - 2.0 / (self._sampling_buffer.length + 1)
        # as many digits as the sum itself carries: what leaves the window must cancel what came in
        self._last_weight = Wide(1, 0)
        for _ in range(self._sampling_buffer.length):
            self._last_weight = wide_times(self._last_weight, self._decay)
        self._weighted = Wide(0, 0)
        self._weights = 0
        for value in values:
            self._weighted = wide_plus(wide_times(self._weighted, self._decay), value)
            self._weights = self._weights * self._decay + 1

    cpdef bint _accepts(self, double value) except -1:
        cdef bint is_full = self._sampling_buffer.c_count() == self._sampling_buffer._length
        cdef Wide leaving = wide_times(self._last_weight, -self._sampling_buffer.c_oldest()) if is_full else Wide(0, 0)
        self._weighted = wide_plus(wide_add(wide_times(self._weighted, self._decay), leaving), value)
        if not is_full:
            self._weights = self._weights * self._decay + 1
        return True

    cpdef double _indicator_calculation(self) except? -1:
        return self._weighted.hi / self._weights

    cpdef double _processing_calculation(self) except? -1:
        return self._processing_buffer.c_last()


# ---- how deep trades reach -------------------------------------------------------------------------------------------
@cython.final
cdef class TradingIntensityIndicator:
    def __init__(self, Py_ssize_t sampling_length=30):
        self._counts = RingBuffer(sampling_length)
        self._depths = RingBuffer(sampling_length)
        self._seconds = RingBuffer(sampling_length)

    def __reduce__(self):
        raise TypeError("an indicator is not pickled and not copied")

    def add_trade(self, double mid, double price, double weight=1.0):
        cdef double depth = fabs(price - mid)
        # each is looked at: the distance of two infinities is NaN, and a sum must not leave the range of the windows
        if not (is_sound(depth) and is_sound(weight) and weight > 0 and is_sound(self._depth + weight * depth) and is_sound(self._count + weight)):
            self.refused += 1
            return
        self._count += weight
        self._depth += weight * depth

    def add_sample(self, double seconds=1.0):
        if not (is_sound(seconds) and seconds > 0):
            self.refused += 1
            return
        self._counts.c_add(self._count)
        self._depths.c_add(self._depth)
        self._seconds.c_add(seconds)
        self._count = self._depth = 0

    @property
    def current_value(self):
        cdef double count = self._counts.c_sum().hi
        cdef double depth = self._depths.c_sum().hi
        cdef double seconds = self._seconds.c_sum().hi
        if not self.is_ready:
            return NAN, NAN
        return count / seconds, count / depth

    @property
    def is_ready(self):
        cdef double depth = self._depths.c_sum().hi
        return depth > 0 and isfinite(self._counts.c_sum().hi / depth)

    @property
    def is_sampling_buffer_full(self):
        return self._counts.is_full

    @property
    def sampling_length(self):
        return self._counts.length


# ---- one value a candle ----------------------------------------------------------------------------------------------
@cython.final
cdef class Smoothed:
    def __init__(self, Py_ssize_t length, pace=None):
        check_length("length", length)
        self._length = length
        self._pace = 2.0 / (length + 1) if pace is None else pace
        if not 0 < self._pace <= 1:
            raise ValueError(f"expected a pace above 0 and up to 1, found {pace}")
        self._value = NAN
        self._first = Wide(0, 0)

    def __reduce__(self):
        raise TypeError("an indicator is not pickled and not copied")

    cdef double c_add(self, double value) noexcept nogil:
        if self._count >= self._length:
            # not value + pace * (new - value): that loses the digits of a new one that is far smaller
            self._value = (1 - self._pace) * self._value + self._pace * value
            return self._value
        self._count += 1
        self._first = wide_plus(self._first, value)
        if self._count == self._length:
            self._value = self._first.hi / self._length
        return self._value

    def add_sample(self, double value):
        if is_sound(value):
            self.c_add(value)

    @property
    def current_value(self):
        return self._value

    @property
    def is_ready(self):
        return self._count == self._length


@cython.final
cdef class SimpleMovingAverage:
    def __init__(self, Py_ssize_t length):
        self._window = RingBuffer(length)

    def __reduce__(self):
        raise TypeError("an indicator is not pickled and not copied")

    def add_sample(self, double value):
        self._window.c_add(value)

    @property
    def current_value(self):
        return self._window.c_mean() if self._window.is_full else NAN

    @property
    def is_ready(self):
        return self._window.is_full


@cython.final
cdef class RollingVariance:
    def __init__(self, Py_ssize_t length, Py_ssize_t ddof=0):
        if ddof < 0 or length <= ddof:
            raise ValueError(f"expected ddof from 0 to below the length {length}, found {ddof}")
        self._window = RingBuffer(length)
        self._ddof = ddof

    def __reduce__(self):
        raise TypeError("an indicator is not pickled and not copied")

    def add_sample(self, double value):
        self._window.c_add(value)

    @property
    def current_value(self):
        return self._window.c_variance(self._ddof) if self._window.is_full else NAN

    @property
    def is_ready(self):
        return self._window.is_full


@cython.final
cdef class BollingerBands:
    def __init__(self, Py_ssize_t length, double width=2.0):
        if not (isfinite(width) and width > 0):
            raise ValueError(f"expected a width above 0, found {width}")
        self._window = RingBuffer(length)
        self.width = width

    def __reduce__(self):
        raise TypeError("an indicator is not pickled and not copied")

    def add_sample(self, double value):
        self._window.c_add(value)

    @property
    def current_value(self):
        if not self._window.is_full:
            return NAN, NAN, NAN
        cdef double middle = self._window.c_mean()
        cdef double reach = self.width * sqrt(self._window.c_variance(0))
        return middle - reach, middle, middle + reach

    @property
    def percent_b(self):
        if not self._window.is_full:
            return NAN
        cdef double reach = self.width * sqrt(self._window.c_variance(0))
        if reach == 0:
            return 0.5
        return 0.5 + (self._window.c_last() - self._window.c_mean()) / (2 * reach)

    @property
    def bandwidth(self):
        if not self._window.is_full:
            return NAN
        cdef double middle = self._window.c_mean()
        return 200 * self.width * sqrt(self._window.c_variance(0)) / middle if middle else 0.0

    @property
    def is_ready(self):
        return self._window.is_full


@cython.final
cdef class RelativeStrengthIndex:
    def __init__(self, Py_ssize_t length=14):
        check_length("length", length)
        self._gains = Smoothed(length, 1.0 / length)
        self._losses = Smoothed(length, 1.0 / length)
        self._last = NAN

    def __reduce__(self):
        raise TypeError("an indicator is not pickled and not copied")

    def add_sample(self, double value):
        if not is_sound(value):
            return
        cdef double step = value - self._last
        if isfinite(step):
            self._gains.c_add(step if step > 0 else 0.0)
            self._losses.c_add(-step if step < 0 else 0.0)
        self._last = value

    @property
    def current_value(self):
        if not self.is_ready:
            return NAN
        cdef double moved = self._gains._value + self._losses._value
        return 100 * (self._gains._value / moved) if moved > 0 else 50.0

    @property
    def is_ready(self):
        return self._gains.is_ready


@cython.final
cdef class Macd:
    def __init__(self, Py_ssize_t fast=12, Py_ssize_t slow=26, Py_ssize_t signal=9):
        if not 0 < fast < slow:
            raise ValueError(f"expected a fast length below the slow one, found {fast} and {slow}")
        check_length("signal", signal)
        self._fast = Smoothed(fast)
        self._slow = Smoothed(slow)
        self._signal = Smoothed(signal)
        self._macd = NAN

    def __reduce__(self):
        raise TypeError("an indicator is not pickled and not copied")

    def add_sample(self, double value):
        if not is_sound(value):
            return
        self._macd = self._fast.c_add(value) - self._slow.c_add(value)
        if self._slow._count == self._slow._length:
            self._signal.c_add(self._macd)

    @property
    def current_value(self):
        cdef double signal = self._signal._value
        if not self._signal.is_ready:
            return NAN, NAN, NAN
        return self._macd, self._macd - signal, signal

    @property
    def is_ready(self):
        return self._signal.is_ready


@cython.final
cdef class AverageTrueRange:
    def __init__(self, Py_ssize_t length=14):
        check_length("length", length)
        self._ranges = Smoothed(length, 1.0 / length)
        self._last_close = NAN

    def __reduce__(self):
        raise TypeError("an indicator is not pickled and not copied")

    def add_candle(self, double high, double low, double close):
        if not (is_sound(high) and is_sound(low) and is_sound(close)) or high < low:
            return
        if isfinite(self._last_close):
            self._ranges.c_add(max(high - low, fabs(high - self._last_close), fabs(low - self._last_close)))
        self._last_close = close

    @property
    def current_value(self):
        return self._ranges._value

    @property
    def normalized(self):
        return 100 * self._ranges._value / self._last_close if self._last_close > 0 else NAN

    @property
    def is_ready(self):
        return self._ranges.is_ready
