"""C face of the scanner, for Cython modules that hold raw bytes (a capture, a socket)."""

from libc.stdint cimport int64_t, uint64_t

from botcore.markets.depth_reader cimport KeySet, Levels, Reader, Scale
from botcore.markets.order_book cimport Level, OrderBook


cdef class BookScanner:
    cdef Reader _reader
    cdef KeySet _diff
    cdef KeySet _snapshot
    cdef tuple _texts
    cdef bint _is_numbered
    cdef bint _one_sided
    cdef Py_ssize_t _depth
    cdef double _tick
    cdef double _lot
    cdef readonly int64_t first_id
    cdef readonly int64_t last_id
    cdef readonly int64_t prev_id
    cdef readonly int64_t time_ms
    cdef readonly int64_t off_tick
    cdef readonly int64_t off_lot

    cdef int _scan(self, const KeySet* keys, bytes raw, bint needs_both) except -1
    cdef int _take_ids(self) except -1
    cdef int _check_grid(self, int64_t best_bid, int64_t best_ask) except -1
    cdef const Level* _joined(self) except NULL
    cdef int _apply(self, OrderBook book, int64_t ts_ns) except -2
    cdef int _take_pairs(self, Levels* side, object pairs) except -1
    cdef int _steps(self, object value, const Scale* scale, double step, uint64_t* steps, bint* is_off) except -1
    cdef int _forget_deep(self, OrderBook book) noexcept
