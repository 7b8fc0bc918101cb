# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True, autotestdict=False
"""The newest samples of a series with their mean and variance, right to the last digit however long it runs.

Nothing is ever subtracted from a running sum, so there is nothing to drift: the window is the tail of a finished block of `length` samples, whose sums from
every position on are worked out once when it ends, and the head of the present block, whose sums grow. Sums carry 106 bits (T. J. Dekker, A floating-point
technique for extending the available precision, 1971), so that the variance as difference of two sums is right also where the mean is a million times the deviation.

What must stay true: a sample is checked before it is stored; once there is a sample, no result is NaN or infinite.
"""

from libc.math cimport NAN, fabs, fma, isfinite, sqrt
from libc.stdlib cimport free, malloc

import numpy as np

LARGEST = 1e140

cdef enum:
    # a length beyond this is a mistake, not a window
    LONGEST = 100_000_000

# below this part of the mean square, the difference of the two sums is what rounding left of zero: 2 ** -98
cdef double NOISE = 3.1554436208840472e-30
cdef double LIMIT = 1e140


# ---- numbers of 106 bits ---------------------------------------------------------------------------------------------
cdef inline Wide two_sum(double left, double right) noexcept nogil:
    cdef double total = left + right
    cdef double part = total - left
    return Wide(total, (left - (total - part)) + (right - part))


cdef inline Wide quick_sum(double large, double small) noexcept nogil:
    cdef double total = large + small
    return Wide(total, small - (total - large))


cdef inline Wide two_product(double left, double right) noexcept nogil:
    cdef double product = left * right
    return Wide(product, fma(left, right, -product))


cdef Wide wide_add(Wide left, Wide right) noexcept nogil:
    cdef Wide high = two_sum(left.hi, right.hi)
    cdef Wide low = two_sum(left.lo, right.lo)
    high = quick_sum(high.hi, high.lo + low.hi)
    return quick_sum(high.hi, high.lo + low.lo)


cdef Wide wide_plus(Wide left, double right) noexcept nogil:
    cdef Wide high = two_sum(left.hi, right)
    return quick_sum(high.hi, high.lo + left.lo)


cdef Wide wide_times(Wide left, double right) noexcept nogil:
    cdef Wide product = two_product(left.hi, right)
    return quick_sum(product.hi, product.lo + left.lo * right)


cdef inline Wide wide_square(Wide value) noexcept nogil:
    cdef Wide product = two_product(value.hi, value.hi)
    return quick_sum(product.hi, product.lo + 2 * value.hi * value.lo)


cdef inline Wide wide_over(Wide value, double divisor) noexcept nogil:
    cdef double quotient = value.hi / divisor
    cdef double rest = fma(-quotient, divisor, value.hi) + value.lo
    return quick_sum(quotient, rest / divisor)


cdef bint is_sound(double value) noexcept nogil:
    """Whether a sample can be taken."""
    return isfinite(value) and fabs(value) <= LIMIT


# ---- the buffer ------------------------------------------------------------------------------------------------------
cdef class RingBuffer:
    def __cinit__(self, Py_ssize_t length):
        self._reserve(length)

    def __dealloc__(self):
        free(self._samples)
        free(self._sums_behind)
        free(self._squares_behind)

    def __reduce__(self):
        raise TypeError("a RingBuffer is not pickled and not copied")

    cdef int _reserve(self, Py_ssize_t length) except -1:
        if length < 1 or length > LONGEST:
            raise ValueError(f"expected a length from 1 to {LONGEST}, found {length}")
        cdef double* samples = <double*> malloc(length * sizeof(double))
        cdef Wide* sums = <Wide*> malloc((length + 1) * sizeof(Wide))
        cdef Wide* squares = <Wide*> malloc((length + 1) * sizeof(Wide))
        if samples == NULL or sums == NULL or squares == NULL:
            free(samples)
            free(sums)
            free(squares)
            raise MemoryError()
        free(self._samples)
        free(self._sums_behind)
        free(self._squares_behind)
        self._samples, self._sums_behind, self._squares_behind = samples, sums, squares
        self._length = length
        self.clear()
        return 0

    # ---- writing -----------------------------------------------------------------------------------------------------
    cdef void _turn(self) noexcept nogil:
        """The block is full: its sums from every position on, then begin the next one."""
        cdef Py_ssize_t at = self._length
        cdef double value
        self._sums_behind[at] = self._squares_behind[at] = Wide(0, 0)
        while at > 0:
            at -= 1
            value = self._samples[at]
            self._sums_behind[at] = wide_plus(self._sums_behind[at + 1], value)
            self._squares_behind[at] = wide_add(self._squares_behind[at + 1], two_product(value, value))
        self._sum = self._squares = Wide(0, 0)
        self._position = 0
        self._has_block = True

    cdef bint c_add(self, double value) noexcept nogil:
        if not is_sound(value):
            self.refused += 1
            return False
        if self._position == self._length:
            self._turn()
        self._samples[self._position] = value
        self._sum = wide_plus(self._sum, value)
        self._squares = wide_add(self._squares, two_product(value, value))
        self._position += 1
        return True

    def add_value(self, double value):
        return self.c_add(value)

    def clear(self):
        self._sum = self._squares = Wide(0, 0)
        self._position = 0
        self._has_block = False

    @property
    def length(self):
        return self._length

    @length.setter
    def length(self, Py_ssize_t value):
        kept = self.get_as_numpy_array()[-max(value, 1):]
        self._reserve(value)
        for sample in kept:
            self.c_add(sample)

    # ---- reading -----------------------------------------------------------------------------------------------------
    cdef Py_ssize_t c_count(self) noexcept nogil:
        return self._length if self._has_block else self._position

    cdef double c_last(self) noexcept nogil:
        if self._position > 0:
            return self._samples[self._position - 1]
        return self._samples[self._length - 1] if self._has_block else NAN

    cdef double c_oldest(self) noexcept nogil:
        if self._has_block and self._position < self._length:
            return self._samples[self._position]
        return self._samples[0] if self._position > 0 else NAN

    cdef Wide c_sum(self) noexcept nogil:
        return wide_add(self._sums_behind[self._position], self._sum) if self._has_block else self._sum

    cdef Wide c_squares(self) noexcept nogil:
        return wide_add(self._squares_behind[self._position], self._squares) if self._has_block else self._squares

    cdef double c_mean(self) noexcept nogil:
        cdef Py_ssize_t count = self.c_count()
        return wide_over(self.c_sum(), count).hi if count else NAN

    cdef double c_variance(self, Py_ssize_t ddof) noexcept nogil:
        cdef Py_ssize_t count = self.c_count()
        if count == 0 or count <= ddof:
            return NAN
        cdef Wide squares = self.c_squares()
        cdef Wide of_mean = wide_over(wide_square(self.c_sum()), count)
        of_mean.hi, of_mean.lo = -of_mean.hi, -of_mean.lo
        cdef double distance = wide_add(squares, of_mean).hi
        return distance / (count - ddof) if distance > squares.hi * NOISE else 0.0

    def __len__(self):
        return self.c_count()

    def get_last_value(self):
        return self.c_last()

    def get_as_numpy_array(self):
        cdef Py_ssize_t count = self.c_count()
        cdef Py_ssize_t behind = count - self._position
        cdef Py_ssize_t at
        values = np.empty(count)
        cdef double[::1] view = values
        for at in range(behind):
            view[at] = self._samples[self._position + at]
        for at in range(self._position):
            view[behind + at] = self._samples[at]
        return values

    @property
    def is_empty(self):
        return self.c_count() == 0

    @property
    def is_full(self):
        return self.c_count() == self._length

    @property
    def mean_value(self):
        return self.c_mean()

    @property
    def variance(self):
        return self.c_variance(0)

    @property
    def std_dev(self):
        return sqrt(self.c_variance(0))

    def variance_with(self, Py_ssize_t ddof):
        if ddof < 0:
            raise ValueError(f"expected ddof of 0 or more, found {ddof}")
        return self.c_variance(ddof)
