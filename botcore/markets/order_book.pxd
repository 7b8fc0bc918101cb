from libc.stdint cimport int64_t


cdef struct Side:
    # keys ascend and are ticks for bids, minus ticks for asks: the best level is always the last one, where edits are cheap
    int64_t* keys
    int64_t* lots
    Py_ssize_t count
    Py_ssize_t capacity


cdef class OrderBook:
    cdef Side _bids
    cdef Side _asks
    cdef readonly int64_t best_bid
    cdef readonly int64_t best_ask
    cdef readonly int64_t last_update_id
    cdef readonly int64_t ts_ns
    cdef readonly bint is_ready
    cdef bint _after_snapshot
    cdef int _set_level(self, bint is_bid, int64_t price_ticks, int64_t lots) except -1
    cdef void _set_best(self) noexcept
    cdef int _set_levels(self, bint is_bid, object levels) except -1
