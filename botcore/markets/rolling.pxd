"""C face of the ring buffer, for indicators that are Cython themselves."""


cdef struct Wide:
    # an unevaluated sum: `hi` is the number, `lo` what did not fit into it; 106 bits together
    double hi
    double lo


cdef Wide wide_add(Wide left, Wide right) noexcept nogil
cdef Wide wide_plus(Wide left, double right) noexcept nogil
cdef Wide wide_times(Wide left, double right) noexcept nogil
cdef bint is_sound(double value) noexcept nogil


cdef class RingBuffer:
    cdef double* _samples
    # sums over the samples from a position to the end of the block before
    cdef Wide* _sums_behind
    cdef Wide* _squares_behind
    cdef Wide _sum
    cdef Wide _squares
    cdef Py_ssize_t _length
    # samples written into the present block, and whether a whole block lies behind it
    cdef Py_ssize_t _position
    cdef bint _has_block
    cdef readonly long long refused

    cdef int _reserve(self, Py_ssize_t length) except -1
    cdef void _turn(self) noexcept nogil
    cdef bint c_add(self, double value) noexcept nogil
    cdef Py_ssize_t c_count(self) noexcept nogil
    cdef double c_last(self) noexcept nogil
    cdef double c_oldest(self) noexcept nogil
    cdef Wide c_sum(self) noexcept nogil
    cdef Wide c_squares(self) noexcept nogil
    cdef double c_mean(self) noexcept nogil
    cdef double c_variance(self, Py_ssize_t ddof) noexcept nogil
