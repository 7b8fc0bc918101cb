# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True, autotestdict=False
"""From a venue's bytes to the book: finds the keys of a depth message and turns level arrays into ticks and lots, without a Python object per level.

The whole message is walked as JSON, so nothing that is cut off or malformed is half taken: it is read to its end before the book is touched. Decimal text becomes
an integer exactly, never by way of a float.

What is off the grid, after a venue has changed its rules, is never silently wrong. A price off the tick grid can't stand in the book: deep in it, where orders from
before the change rest, it is passed over and counted in `off_tick`; where it would be the best price, the message is an error, because the touch can't be said in
ticks and the rules must be read again. A size off the lot grid is rounded down to whole lots and counted in `off_lot`; a level that holds less than one lot stays in
the book as one lot, because somebody does stand at that price.

The reading itself is `depth_reader`; here are the keys of a venue, the grid of an instrument, and the way into the book.
"""

cimport cython
from libc.math cimport fabs, floor, rint
from libc.stdint cimport INT64_MAX, INT64_MIN, int64_t, uint64_t
from libc.stdlib cimport free
from libc.string cimport memcpy, memmove

from botcore.markets.depth_reader cimport (
    KEY_ASKS, KEY_BIDS, KEY_CHECKSUM, KEY_FIRST, KEY_LAST, KEY_PREV, KEY_TIME, KEYS, WIDE_DIGITS,
    KeySet, Levels, Number, Reader, Scale, begin_grid, check_touch, grow, keep_level, read_message, read_steps,
)
from botcore.markets.order_book cimport Level, OrderBook, Side

cdef extern from "Python.h":
    long long PyLong_AsLongLong(object value) except? -1
    char* PyBytes_AS_STRING(object value)
    Py_ssize_t PyBytes_GET_SIZE(object value)

cdef double FLOAT_STEPS = 2.0**49
cdef double FLOAT_ERROR = 2.0**-51

cdef enum:
    C_APPLIED = 1
    C_OLD = 0
    C_GAP = -1


# ---- set up ----------------------------------------------------------------------------------------------------------
cdef Scale scale_of(object step, str name) except *:
    """A step as an integer times a power of ten."""
    cdef Scale scale
    sign, digits, exponent = step.as_tuple()
    if not isinstance(exponent, int) or sign or not any(digits):
        raise ValueError(f"expected a {name} above 0, found {step}")
    unit = int("".join(map(str, digits))) * 10 ** max(0, exponent)
    places = max(0, -exponent)
    while places and unit % 10 == 0:
        unit, places = unit // 10, places - 1
    if unit > INT64_MAX or places > WIDE_DIGITS:
        raise ValueError(f"expected a {name} of at most 18 digits and 38 places, found {step}")
    scale.unit, scale.places = unit, places
    return scale


cdef KeySet key_set(tuple texts) except *:
    """Keys of a message; the texts must live as long as the set."""
    cdef KeySet found
    cdef int place
    found.longest = 0
    for place in range(KEYS):
        text = texts[place]
        found.keys[place].text = <const char*> PyBytes_AS_STRING(text)
        # no key is empty: -1 is a length that none has
        found.keys[place].length = PyBytes_GET_SIZE(text) or -1
        found.longest = max(found.longest, found.keys[place].length)
    return found


cdef void truncate(Side* side, Py_ssize_t depth) noexcept nogil:
    """Forget the worst levels, which stand at the beginning."""
    cdef Py_ssize_t surplus = side.count - depth
    if surplus > 0:
        memmove(side.entries, side.entries + surplus, depth * sizeof(side.entries[0]))
        side.count = depth


@cython.auto_pickle(False)
cdef class BookScanner:
    """Reads depth messages of one instrument; see the module and the stub."""

    def __init__(self, keys, tick_size, lot_size):
        cdef tuple texts = tuple(
            name.encode()
            for name in (
                keys.bids, keys.asks, keys.first_id, keys.last_id, keys.prev_id, keys.time_ms, keys.checksum,
                keys.snapshot_bids, keys.snapshot_asks, "", keys.snapshot_id, "", keys.time_ms, keys.checksum,
            )
        )
        if not (texts[0] and texts[1] and texts[7] and texts[8]):
            raise ValueError("expected keys for both sides of diffs and snapshots")
        for names in (texts[:7], texts[7:]):
            used = [name for name in names if name]
            if len(set(used)) != len(used):
                raise ValueError(f"expected a key for each thing, found {used}")
        if (keys.first_id or keys.prev_id) and not keys.last_id:
            raise ValueError("expected a key for the last id where there is one for the first or the preceding id")
        self._texts = texts
        self._diff = key_set(texts[:7])
        self._snapshot = key_set(texts[7:])
        self._is_numbered = bool(keys.last_id)
        self._one_sided = bool(keys.one_sided)
        self._depth = keys.stream_depth
        self._reader.price = scale_of(tick_size, "tick size")
        self._reader.size = scale_of(lot_size, "lot size")
        self._tick, self._lot = float(tick_size), float(lot_size)
        self.first_id = self.last_id = self.prev_id = -1

    def __dealloc__(self):
        free(self._reader.sides[0].items)
        free(self._reader.sides[1].items)

    def __reduce__(self):
        raise TypeError("a BookScanner is not pickled or copied; make another one")

    # ---- reading ---------------------------------------------------------------------------------------------------
    cdef int _scan(self, const KeySet* keys, bytes raw, bint needs_both) except -1:
        """Read a whole message; ValueError says what is wrong with it and where."""
        cdef Reader* reader = &self._reader
        cdef const unsigned char* begin
        if raw is None:
            raise TypeError("expected bytes, found None")
        begin = <const unsigned char*> PyBytes_AS_STRING(raw)
        if read_message(reader, keys, begin, PyBytes_GET_SIZE(raw), needs_both):
            raise ValueError(f"a depth message has {reader.problem.decode()} (byte {reader.at - begin} of {len(raw)})")
        self.time_ms = reader.numbers[KEY_TIME].value if reader.numbers[KEY_TIME].is_there else 0
        return 0

    cdef int _take_ids(self) except -1:
        """Ids of the diff that was read last."""
        cdef Number* numbers = self._reader.numbers
        cdef int place
        if not self._is_numbered:
            self.first_id = self.last_id = self.prev_id = -1
            return 0
        for place in range(KEY_FIRST, KEY_PREV + 1):
            if self._diff.keys[place].length > 0 and not numbers[place].is_there:
                raise ValueError(f"a depth message has no {self._texts[place].decode()}")
        self.last_id = numbers[KEY_LAST].value
        self.prev_id = numbers[KEY_PREV].value if numbers[KEY_PREV].is_there else -1
        if numbers[KEY_FIRST].is_there:
            self.first_id = numbers[KEY_FIRST].value
        else:
            # without a first id either the preceding one tells all, or a diff is a single update
            self.first_id = INT64_MAX if self._diff.keys[KEY_PREV].length > 0 else self.last_id
        if self.last_id < 0 or self.last_id == INT64_MAX:
            raise ValueError(f"expected an id from 0 to 2**63 - 2, found {self.last_id}")
        return 0

    cdef const Level* _joined(self) except NULL:
        """Bids, then asks, as the book takes them."""
        cdef Levels* bids = &self._reader.sides[KEY_BIDS]
        cdef Levels* asks = &self._reader.sides[KEY_ASKS]
        while bids.capacity < bids.count + asks.count or bids.items == NULL:
            if grow(&self._reader, bids):
                raise MemoryError()
        if asks.count:
            memcpy(bids.items + bids.count, asks.items, asks.count * sizeof(Level))
        return bids.items

    @property
    def price_places(self):
        """Decimals with which the first price of the last message with levels was written."""
        return self._reader.price_places

    @property
    def size_places(self):
        """Decimals with which the first size of the last message with levels was written."""
        return self._reader.size_places

    @property
    def checksum(self):
        """What the venue says that the book's checksum is after the last message; None when it does not say."""
        cdef Number* number = &self._reader.numbers[KEY_CHECKSUM]
        return number.value if number.is_there and number.value else None

    def levels(self):
        """(bids, asks) of the last message as lists of (ticks, lots), in the message's order."""
        cdef Py_ssize_t place
        cdef tuple found = ([], [])
        for which in range(2):
            for place in range(self._reader.sides[which].count):
                found[which].append((self._reader.sides[which].items[place].ticks, self._reader.sides[which].items[place].lots))
        return found

    def read_ids(self, bytes raw):
        """(first, last, preceding id) of a diff, read as strictly as if it were applied; -1 is none."""
        self._scan(&self._diff, raw, not self._one_sided)
        self._take_ids()
        return self.first_id, self.last_id, self.prev_id

    cdef int _check_grid(self, int64_t best_bid, int64_t best_ask) except -1:
        """Count what is off the grid; ValueError when it is the best price."""
        if self._reader.off_tick:
            if check_touch(&self._reader, best_bid, best_ask):
                raise ValueError(f"a depth message has {self._reader.problem.decode()}")
            self.off_tick += self._reader.off_tick
        self.off_lot += self._reader.off_lot
        return 0

    # ---- writing ---------------------------------------------------------------------------------------------------
    cdef int _apply(self, OrderBook book, int64_t ts_ns) except -2:
        """Write the diff that was read last if it is the next one."""
        cdef int place
        cdef const Level* levels
        if not self._is_numbered:
            self.first_id = self.last_id = book.last_update_id + 1
        if self.prev_id >= 0 and self.prev_id == book.last_update_id and self.last_id < self.prev_id:
            # the venue began to count anew: nothing says what comes between
            book.is_ready = False
            return C_GAP
        place = book.c_place(self.first_id, self.last_id, self.prev_id)
        if place != C_APPLIED:
            return place
        book.is_ready = False
        self._check_grid(book.best_bid, book.best_ask)
        levels = self._joined()
        book.c_commit(levels, self._reader.sides[KEY_BIDS].count, self._reader.sides[KEY_ASKS].count, self.last_id, ts_ns)
        self._forget_deep(book)
        book.is_ready = True
        return C_APPLIED

    def apply_diff(self, OrderBook book not None, bytes raw, ts_ns):
        """Apply a diff in sequence: APPLIED, OLD or GAP, as `OrderBook.apply_diff` has them."""
        cdef int64_t at_ns = PyLong_AsLongLong(ts_ns)
        try:
            self._scan(&self._diff, raw, not self._one_sided)
            self._take_ids()
        except ValueError:
            book.is_ready = False
            raise
        return self._apply(book, at_ns)

    def apply_snapshot(self, OrderBook book not None, bytes raw, ts_ns):
        """Replace the whole book; returns the snapshot's id."""
        cdef int64_t at_ns = PyLong_AsLongLong(ts_ns)
        cdef const Level* levels
        cdef Number* number = &self._reader.numbers[KEY_LAST]
        cdef int64_t update_id = 0
        try:
            self._scan(&self._snapshot, raw, True)
            if self._snapshot.keys[KEY_LAST].length > 0:
                if not number.is_there or number.value < 0 or number.value == INT64_MAX:
                    raise ValueError(f"a snapshot has no usable {self._texts[10].decode()}")
                update_id = number.value
            self._check_grid(INT64_MIN, INT64_MAX)
        except ValueError:
            book.is_ready = False
            raise
        levels = self._joined()
        book.c_snapshot(levels, self._reader.sides[KEY_BIDS].count, self._reader.sides[KEY_ASKS].count, update_id, at_ns)
        self._forget_deep(book)
        return update_id

    def apply_pairs(self, OrderBook book not None, first_id, last_id, prev_id, bids, asks, ts_ns):
        """Apply a diff whose levels somebody else has read: [price, size] as float, int, str or Decimal."""
        cdef int64_t last = PyLong_AsLongLong(last_id)
        cdef int64_t at_ns = PyLong_AsLongLong(ts_ns)
        cdef int place = book.c_place(PyLong_AsLongLong(first_id), last, PyLong_AsLongLong(prev_id))
        cdef const Level* levels
        if place != C_APPLIED:
            return place
        book.is_ready = False
        begin_grid(&self._reader)
        self._take_pairs(&self._reader.sides[KEY_BIDS], bids)
        self._take_pairs(&self._reader.sides[KEY_ASKS], asks)
        self._check_grid(book.best_bid, book.best_ask)
        levels = self._joined()
        book.c_commit(levels, self._reader.sides[KEY_BIDS].count, self._reader.sides[KEY_ASKS].count, last, at_ns)
        self._forget_deep(book)
        book.is_ready = True
        return C_APPLIED

    cdef int _take_pairs(self, Levels* side, object pairs) except -1:
        cdef uint64_t ticks, lots
        cdef bint price_is_off, size_is_off
        side.count = 0
        for pair in pairs:
            if type(pair) is list and len(<list> pair) == 2:
                price, size = (<list> pair)[0], (<list> pair)[1]
            elif type(pair) is tuple and len(<tuple> pair) == 2:
                price, size = (<tuple> pair)[0], (<tuple> pair)[1]
            else:
                raise ValueError(f"expected a price and a size, found {pair!r}")
            self._steps(price, &self._reader.price, self._tick, &ticks, &price_is_off)
            self._steps(size, &self._reader.size, self._lot, &lots, &size_is_off)
            if keep_level(&self._reader, side, ticks, price_is_off, lots, size_is_off):
                raise ValueError(f"a level has {self._reader.problem.decode()}: {pair!r}")
        return 0

    cdef int _steps(self, object value, const Scale* scale, double step, uint64_t* steps, bint* is_off) except -1:
        """Whole steps of a number; a float stands for the decimal nearest to it."""
        cdef double wanted, found
        cdef bytes text
        cdef const unsigned char* begin
        if type(value) is float or type(value) is int:
            wanted = <double> value / step
            found = rint(wanted)
            # a quotient of two rounded numbers is right to 2**-51; beyond 2**49 steps that no longer tells one step from the next
            if not 0 <= found <= FLOAT_STEPS:
                raise ValueError(f"expected a number from 0 to {FLOAT_STEPS} steps of {step}, found {value!r}")
            is_off[0] = fabs(wanted - found) > found * FLOAT_ERROR
            if is_off[0]:
                found = floor(wanted)
            steps[0] = <uint64_t> found
            return 0
        text = str(value).encode()
        begin = <const unsigned char*> PyBytes_AS_STRING(text)
        self._reader.at = begin
        if text[:1] == b'"' or read_steps(&self._reader, scale, steps, is_off) or self._reader.at != begin + len(text):
            raise ValueError(f"expected a number that is not negative, found {value!r}")
        return 0

    cdef int _forget_deep(self, OrderBook book) noexcept:
        if self._depth > 0:
            truncate(&book._bids, self._depth)
            truncate(&book._asks, self._depth)
        return 0
