"""C face of the indicators."""

from botcore.markets.rolling cimport RingBuffer, Wide


cdef class BaseTrailingIndicator:
    cdef readonly RingBuffer _sampling_buffer
    cdef readonly RingBuffer _processing_buffer
    cdef Py_ssize_t _seen_length

    cpdef bint _accepts(self, double value) except -1
    cpdef double _indicator_calculation(self) except? -1
    cpdef double _processing_calculation(self) except? -1


cdef class AverageVolatilityIndicator(BaseTrailingIndicator):
    pass


cdef class InstantVolatilityIndicator(BaseTrailingIndicator):
    cdef RingBuffer _steps


cdef class HistoricalVolatilityIndicator(BaseTrailingIndicator):
    cdef RingBuffer _returns


cdef class ExponentialMovingAverageIndicator(BaseTrailingIndicator):
    cdef Wide _weighted
    cdef double _weights
    cdef double _decay
    cdef Wide _last_weight


cdef class TradingIntensityIndicator:
    cdef RingBuffer _counts
    cdef RingBuffer _depths
    cdef RingBuffer _seconds
    cdef double _count
    cdef double _depth
    cdef readonly long long refused


cdef class Smoothed:
    # an average that begins as the plain mean of its first samples and then follows: ema and Wilder's
    cdef Py_ssize_t _length
    cdef Py_ssize_t _count
    cdef double _pace
    cdef Wide _first
    cdef double _value

    cdef double c_add(self, double value) noexcept nogil


cdef class SimpleMovingAverage:
    cdef RingBuffer _window


cdef class RollingVariance:
    cdef RingBuffer _window
    cdef Py_ssize_t _ddof


cdef class BollingerBands:
    cdef RingBuffer _window
    cdef readonly double width


cdef class RelativeStrengthIndex:
    cdef Smoothed _gains
    cdef Smoothed _losses
    cdef double _last


cdef class Macd:
    cdef Smoothed _fast
    cdef Smoothed _slow
    cdef Smoothed _signal
    cdef double _macd


cdef class AverageTrueRange:
    cdef Smoothed _ranges
    cdef double _last_close
