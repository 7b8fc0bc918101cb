"""C face of the scanner, for Cython modules that hold raw bytes (a capture, a socket)."""

from libc.stdint cimport int64_t, uint64_t

from botcore.markets.order_book cimport Level, OrderBook


cdef struct Scale:
    # one step is unit * 10 ** -places
    uint64_t unit
    int places


cdef struct Levels:
    Level* items
    Py_ssize_t count
    Py_ssize_t capacity
    bint is_there


cdef struct Number:
    int64_t value
    bint is_there


cdef struct Key:
    const char* text
    Py_ssize_t length


cdef enum:
    # places of the keys in a KeySet
    KEY_BIDS = 0
    KEY_ASKS = 1
    KEY_FIRST = 2
    KEY_LAST = 3
    KEY_PREV = 4
    KEY_TIME = 5
    KEY_CHECKSUM = 6
    KEYS = 7


cdef struct KeySet:
    Key[7] keys
    # length of the longest one: a longer key of the message is not looked at
    Py_ssize_t longest


cdef struct Reader:
    const unsigned char* at
    const KeySet* keys
    # what is wrong, a constant text; NULL while all is well
    const char* problem
    Scale price
    Scale size
    Levels[2] sides
    # by the places of the keys; the first two are not used
    Number[7] numbers
    Py_ssize_t off_tick
    Py_ssize_t off_lot
    # of what is off the tick grid, the ticks below the best bid and the best ask
    int64_t[2] best_off
    # decimals as written, of the first level
    int price_places
    int size_places


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
    cdef void _forget_grid(self) noexcept
    cdef int _check_grid(self, int64_t best_bid, int64_t best_ask) except -1
    cdef const Level* _joined(self) except NULL
    cdef int _apply(self, OrderBook book, int64_t ts_ns) except -2
    cdef int _take_pairs(self, Levels* side, object pairs) except -1
    cdef int _steps(self, object value, const Scale* scale, double step, uint64_t* steps, bint* is_off) except -1
    cdef int _forget_deep(self, OrderBook book) noexcept
