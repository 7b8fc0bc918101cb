"""C face of the order book, for Cython modules that have levels in C already (a scanner of raw bytes, a matching engine).

Ticks and lots given here are trusted: 1 <= ticks < INT64_MAX and lots >= 0 are the caller's promise.
"""

from libc.stdint cimport int64_t


cdef struct Level:
    int64_t ticks
    int64_t lots


cdef struct Entry:
    # ticks for bids, minus ticks for asks
    int64_t key
    int64_t lots


cdef struct Side:
    # keys ascend, so the best level of either side is the last one, where edits are cheap
    Entry* entries
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

    # `levels` holds `bids` bid levels, then `asks` ask levels
    cdef void c_clear(self) noexcept
    cdef int c_update(self, bint is_bid, int64_t ticks, int64_t lots) except -1
    cdef int c_snapshot(self, const Level* levels, Py_ssize_t bids, Py_ssize_t asks, int64_t update_id, int64_t ts_ns) except -1
    cdef int c_place(self, int64_t first_id, int64_t last_id, int64_t prev_id) noexcept
    cdef int c_commit(self, const Level* levels, Py_ssize_t bids, Py_ssize_t asks, int64_t last_id, int64_t ts_ns) except -1
    cdef int64_t c_lots_at(self, bint is_bid, int64_t ticks) noexcept
    cdef void _set_best(self) noexcept
    cdef const Side* _side(self, bint is_bid) noexcept
