"""C face of the reader: what it is told, what it finds."""

from libc.stdint cimport int64_t, uint64_t

from botcore.markets.order_book cimport Level


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
    # digits that 128 bits hold whatever they are, and the most decimals of a grid
    WIDE_DIGITS = 38


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


cdef int read_message(Reader* reader, const KeySet* keys, const unsigned char* begin, Py_ssize_t length, bint needs_both) noexcept nogil
cdef void begin_grid(Reader* reader) noexcept nogil
# whether the best price of the message or of the book is on the grid
cdef int check_touch(Reader* reader, int64_t best_bid, int64_t best_ask) noexcept nogil
# one number, quoted or not, at `reader.at`
cdef int read_steps(Reader* reader, const Scale* scale, uint64_t* steps, bint* is_off) noexcept nogil
cdef int keep_level(Reader* reader, Levels* side, uint64_t ticks, bint price_is_off, uint64_t lots, bint size_is_off) noexcept nogil
# room for more levels
cdef int grow(Reader* reader, Levels* side) noexcept nogil
