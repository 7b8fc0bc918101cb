# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True, autotestdict=False
"""Order book of one instrument: int64 ticks -> int64 lots, passive, no bus, no clock.

Two sorted C arrays, the best level at the end of each: an edit near the touch moves a few words, a query walks plain memory. A side that is emptied by
diffs has no best price: `best_bid` is NO_BID then and `best_ask` NO_ASK, values that make every comparison with a real price false or harmless.

What must stay true: levels are read and checked before the first one is written, so a malformed message never leaves half of itself in the book; sums of
ticks * lots are exact (192 bits) and leave as Python ints; a number that is no integer is refused, never rounded.
"""

cimport cython
from libc.math cimport NAN
from libc.stdint cimport INT64_MAX, INT64_MIN, UINT64_MAX, int64_t, uint64_t
from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memmove

cdef extern from "Python.h":
    # refuses everything that is no integer (float, Decimal, str, None); takes what has __index__ (numpy integers)
    long long PyLong_AsLongLong(object value) except? -1
    object PyNumber_Index(object value)

cdef extern from *:
    """
    typedef unsigned __int128 condor_uint128;
    """
    ctypedef unsigned long long uint128 "condor_uint128"

NO_BID = INT64_MIN
NO_ASK = INT64_MAX
APPLIED = 1
OLD = 0
GAP = -1

cdef enum:
    FIRST_CAPACITY = 64
    C_APPLIED = 1
    C_OLD = 0
    C_GAP = -1


# ---- a side ----------------------------------------------------------------------------------------------------------
cdef int reserve(Side* side, Py_ssize_t more) except -1:
    """Make room for `more` levels, so that the edits that follow can't fail."""
    cdef Py_ssize_t capacity = side.capacity if side.capacity else FIRST_CAPACITY
    if side.count + more <= side.capacity:
        return 0
    while capacity < side.count + more:
        capacity *= 2
    cdef Entry* entries = <Entry*> realloc(side.entries, capacity * sizeof(Entry))
    if entries == NULL:
        raise MemoryError()
    side.entries = entries
    side.capacity = capacity
    return 0


cdef inline Py_ssize_t lower_bound(const Side* side, int64_t key) noexcept nogil:
    """First position whose key is not below `key`."""
    cdef const Entry* entries = side.entries
    cdef Py_ssize_t left = side.count
    cdef Py_ssize_t base = 0
    cdef Py_ssize_t half
    # the half is chosen by a conditional move: a branch here would be mispredicted every second time
    while left > 1:
        half = left >> 1
        base += half if entries[base + half - 1].key < key else 0
        left -= half
    if left == 1 and entries[base].key < key:
        base += 1
    return base


cdef void put(Side* side, int64_t key, int64_t lots) noexcept nogil:
    """Set one level; room for it must be there."""
    cdef Py_ssize_t position = lower_bound(side, key)
    cdef Py_ssize_t behind = side.count - position
    cdef Entry* entry = side.entries + position
    if behind > 0 and entry.key == key:
        if lots != 0:
            entry.lots = lots
        else:
            memmove(entry, entry + 1, (behind - 1) * sizeof(Entry))
            side.count -= 1
    elif lots != 0:
        memmove(entry + 1, entry, behind * sizeof(Entry))
        entry.key = key
        entry.lots = lots
        side.count += 1


cdef void fill(Side* side, const Level* levels, Py_ssize_t count, int64_t sign) noexcept nogil:
    """Replace a side; room for it must be there. Venues send the best level first: written from the end, nothing has to move."""
    cdef Py_ssize_t position
    side.count = 0
    for position in range(count - 1, -1, -1):
        if levels[position].lots == 0 or (side.count and sign * levels[position].ticks <= side.entries[side.count - 1].key):
            break
        side.entries[side.count].key = sign * levels[position].ticks
        side.entries[side.count].lots = levels[position].lots
        side.count += 1
    else:
        return
    side.count = 0
    for position in range(count):
        put(side, sign * levels[position].ticks, levels[position].lots)


# ---- exact sums ------------------------------------------------------------------------------------------------------
cdef struct Sum:
    uint128 low
    uint64_t high


cdef inline void add(Sum* total, uint64_t ticks, uint64_t lots) noexcept nogil:
    """total += ticks * lots. A product has 126 bits at most, so 192 bits hold more levels than any memory."""
    cdef uint128 product = <uint128> ticks * lots
    total.low += product
    if total.low < product:
        total.high += 1


cdef object to_int(uint128 value):
    cdef uint64_t high = <uint64_t> (value >> 64)
    if high == 0:
        return <uint64_t> value
    return (<object> high << 64) | <object> (<uint64_t> value)


cdef object sum_to_int(const Sum* total):
    if total.high == 0:
        return to_int(total.low)
    return (<object> total.high << 128) | to_int(total.low)


cdef Sum sum_from_int(object value) except *:
    """The sum nearest to a Python int: below 0 is 0, beyond 192 bits is the largest; no book reaches so far."""
    cdef Sum result
    result.low = result.high = 0
    value = PyNumber_Index(value)
    if value <= 0:
        return result
    if value >> 192:
        result.high = UINT64_MAX
        return result
    result.high = <uint64_t> (value >> 128)
    result.low = (<uint128> <uint64_t> ((value >> 64) & UINT64_MAX)) << 64 | <uint64_t> (value & UINT64_MAX)
    return result


# ---- what Python hands in --------------------------------------------------------------------------------------------
cdef inline bint flag(object value) except -1:
    """A side is named by True or False; None or a number is a mistake, not a side."""
    if value is True:
        return True
    if value is False:
        return False
    raise TypeError(f"expected True or False for the side, found {value!r}")


cdef int check(int64_t ticks, int64_t lots) except -1:
    if ticks < 1 or ticks == INT64_MAX or lots < 0:
        raise ValueError(f"expected ticks from 1 to 2**63 - 2 and lots >= 0, found {lots} lots at {ticks}")
    return 0


@cython.auto_pickle(False)
cdef class _Levels:
    """Checked levels of one message in C memory, bids first."""

    cdef Level* items
    cdef Py_ssize_t count
    cdef Py_ssize_t capacity

    def __dealloc__(self):
        free(self.items)

    cdef int push(self, int64_t ticks, int64_t lots) except -1:
        cdef Level* items
        if self.count == self.capacity:
            items = <Level*> realloc(self.items, max(FIRST_CAPACITY, 2 * self.capacity) * sizeof(Level))
            if items == NULL:
                raise MemoryError()
            self.items = items
            self.capacity = max(FIRST_CAPACITY, 2 * self.capacity)
        self.items[self.count].ticks = ticks
        self.items[self.count].lots = lots
        self.count += 1
        return 0

    cdef Py_ssize_t read(self, object levels) except -1:
        """Take (ticks, lots) pairs; returns how many."""
        cdef Py_ssize_t before = self.count
        cdef int64_t ticks, lots
        for level in levels:
            first, second = level
            ticks, lots = PyLong_AsLongLong(first), PyLong_AsLongLong(second)
            check(ticks, lots)
            self.push(ticks, lots)
        return self.count - before


cdef class OrderBook:
    """Bids and asks as sorted ticks with their lots; see the module and the stub."""

    def __cinit__(self):
        self.c_clear()

    def __dealloc__(self):
        free(self._bids.entries)
        free(self._asks.entries)

    def __reduce__(self):
        raise TypeError("an OrderBook is not pickled or copied; take its levels")

    # ---- writing, from C -------------------------------------------------------------------------------------------
    cdef void c_clear(self) noexcept:
        self._bids.count = 0
        self._asks.count = 0
        self.last_update_id = -1
        self.ts_ns = 0
        self.is_ready = False
        self._after_snapshot = False
        self._set_best()

    cdef void _set_best(self) noexcept:
        self.best_bid = self._bids.entries[self._bids.count - 1].key if self._bids.count else INT64_MIN
        self.best_ask = -self._asks.entries[self._asks.count - 1].key if self._asks.count else INT64_MAX

    cdef int c_update(self, bint is_bid, int64_t ticks, int64_t lots) except -1:
        cdef Side* side = &self._bids if is_bid else &self._asks
        reserve(side, 1)
        put(side, ticks if is_bid else -ticks, lots)
        self._set_best()
        return 0

    cdef int c_snapshot(self, const Level* levels, Py_ssize_t bids, Py_ssize_t asks, int64_t update_id, int64_t ts_ns) except -1:
        reserve(&self._bids, bids)
        reserve(&self._asks, asks)
        fill(&self._bids, levels, bids, 1)
        fill(&self._asks, levels + bids, asks, -1)
        self.last_update_id = update_id
        self.ts_ns = ts_ns
        self.is_ready = True
        self._after_snapshot = True
        self._set_best()
        return 0

    cdef int c_place(self, int64_t first_id, int64_t last_id, int64_t prev_id) noexcept:
        """Where a diff stands: C_APPLIED when it is the next one, C_OLD, or C_GAP; with a gap the book is not ready any more."""
        cdef bint follows
        if not self.is_ready:
            return C_GAP
        if last_id <= self.last_update_id:
            return C_OLD
        if prev_id < 0:
            follows = first_id <= self.last_update_id + 1
        else:
            follows = prev_id == self.last_update_id or (self._after_snapshot and first_id <= self.last_update_id)
        if follows:
            return C_APPLIED
        self.is_ready = False
        return C_GAP

    cdef int c_commit(self, const Level* levels, Py_ssize_t bids, Py_ssize_t asks, int64_t last_id, int64_t ts_ns) except -1:
        """Write a diff that is the next one."""
        cdef Py_ssize_t position
        reserve(&self._bids, bids)
        reserve(&self._asks, asks)
        for position in range(bids):
            put(&self._bids, levels[position].ticks, levels[position].lots)
        for position in range(bids, bids + asks):
            put(&self._asks, -levels[position].ticks, levels[position].lots)
        self.last_update_id = last_id
        self.ts_ns = ts_ns
        self._after_snapshot = False
        self._set_best()
        return 0

    # ---- writing, from Python --------------------------------------------------------------------------------------
    def clear(self):
        """Forget everything; not ready until the next snapshot or quote."""
        self.c_clear()

    def set_quote(self, bid_ticks, bid_lots, ask_ticks, ask_lots, ts_ns):
        """Replace the whole book by one level a side; a side with 0 lots becomes empty. No diff follows a quote."""
        cdef Level[2] levels
        cdef int64_t at_ns = PyLong_AsLongLong(ts_ns)
        levels[0].ticks, levels[0].lots = PyLong_AsLongLong(bid_ticks), PyLong_AsLongLong(bid_lots)
        levels[1].ticks, levels[1].lots = PyLong_AsLongLong(ask_ticks), PyLong_AsLongLong(ask_lots)
        check(levels[0].ticks if levels[0].lots else 1, levels[0].lots)
        check(levels[1].ticks if levels[1].lots else 1, levels[1].lots)
        self.c_snapshot(levels, 1, 1, -1, at_ns)
        self._after_snapshot = False

    def snapshot(self, bids, asks, update_id, ts_ns):
        """Replace the whole book; levels in any order, 0 lots is no level, of a repeated price the last counts."""
        cdef _Levels levels = _Levels.__new__(_Levels)
        cdef int64_t last_id = PyLong_AsLongLong(update_id)
        cdef int64_t at_ns = PyLong_AsLongLong(ts_ns)
        cdef Py_ssize_t bid_count = levels.read(bids)
        cdef Py_ssize_t ask_count = levels.read(asks)
        self.c_snapshot(levels.items, bid_count, ask_count, last_id, at_ns)

    def update(self, is_bid, price_ticks, lots):
        """Set one level; 0 lots removes it."""
        cdef int64_t ticks = PyLong_AsLongLong(price_ticks)
        cdef int64_t size = PyLong_AsLongLong(lots)
        check(ticks, size)
        self.c_update(flag(is_bid), ticks, size)

    def apply_diff(self, first_id, last_id, prev_id, bids, asks, ts_ns):
        """Apply a venue's diff in sequence: APPLIED, OLD (nothing new in it) or GAP (updates are missing, the book is not ready any more)."""
        cdef _Levels levels
        cdef Py_ssize_t bid_count, ask_count
        cdef int64_t last = PyLong_AsLongLong(last_id)
        cdef int64_t at_ns = PyLong_AsLongLong(ts_ns)
        cdef int place = self.c_place(PyLong_AsLongLong(first_id), last, PyLong_AsLongLong(prev_id))
        if place != C_APPLIED:
            return place
        # until it is written, an update is missing: a diff that can't be read leaves the book as it was and not ready
        self.is_ready = False
        levels = _Levels.__new__(_Levels)
        bid_count = levels.read(bids)
        ask_count = levels.read(asks)
        self.c_commit(levels.items, bid_count, ask_count, last, at_ns)
        self.is_ready = True
        return C_APPLIED

    # ---- reading ---------------------------------------------------------------------------------------------------
    cdef const Side* _side(self, bint is_bid) noexcept:
        return &self._bids if is_bid else &self._asks

    @property
    def is_crossed(self):
        """True when somebody bids at or above what somebody asks."""
        return self._bids.count > 0 and self._asks.count > 0 and self.best_bid >= self.best_ask

    cdef int64_t c_lots_at(self, bint is_bid, int64_t ticks) noexcept:
        cdef const Side* side = self._side(is_bid)
        cdef int64_t key = ticks if is_bid else -ticks
        cdef Py_ssize_t position = lower_bound(side, key)
        return side.entries[position].lots if position < side.count and side.entries[position].key == key else 0

    def lots_at(self, is_bid, price_ticks):
        """Lots at one price; 0 when nobody stands there."""
        cdef int64_t ticks = PyLong_AsLongLong(price_ticks)
        cdef bint bid = flag(is_bid)
        return 0 if ticks < 1 else self.c_lots_at(bid, ticks)

    def levels(self, is_bid, count):
        """The best levels as (ticks, lots), best first."""
        cdef bint bid = flag(is_bid)
        cdef const Side* side = self._side(bid)
        cdef int64_t left = PyLong_AsLongLong(count)
        cdef Py_ssize_t position = side.count - 1
        cdef list found = []
        while position >= 0 and left > 0:
            found.append((side.entries[position].key if bid else -side.entries[position].key, side.entries[position].lots))
            position -= 1
            left -= 1
        return found

    def depth(self, is_bid):
        """Number of levels."""
        return self._side(flag(is_bid)).count

    # A buyer walks the asks, a seller the bids.
    def price_for_lots(self, is_buy, lots):
        """(worst price reached, lots found); the price is NO_ASK or NO_BID when the depth is short or lots < 1."""
        cdef bint buys = flag(is_buy)
        cdef const Side* side = self._side(not buys)
        cdef int64_t wanted = max(<int64_t> 0, <int64_t> PyLong_AsLongLong(lots))
        cdef int64_t left = wanted
        cdef Py_ssize_t position = side.count - 1
        while position >= 0 and left > 0:
            if side.entries[position].lots >= left:
                return (-side.entries[position].key if buys else side.entries[position].key), wanted
            left -= side.entries[position].lots
            position -= 1
        return (INT64_MAX if buys else INT64_MIN), wanted - left

    def cost_for_lots(self, is_buy, lots):
        """(exact sum of ticks * lots, lots found)."""
        cdef int64_t wanted = max(<int64_t> 0, <int64_t> PyLong_AsLongLong(lots))
        cdef uint128 cost = 0
        cdef int64_t left = walk(self._side(not flag(is_buy)), wanted, &cost)
        return to_int(cost), wanted - left

    def vwap_for_lots(self, is_buy, lots):
        """Average price in ticks; NaN when the depth is short or lots < 1."""
        cdef int64_t wanted = PyLong_AsLongLong(lots)
        cdef uint128 cost = 0
        cdef int64_t left = walk(self._side(not flag(is_buy)), max(<int64_t> 0, wanted), &cost)
        return <double> cost / <double> wanted if wanted > 0 and left == 0 else NAN

    def lots_for_price(self, is_buy, price_ticks):
        """Lots that stand at this price or better for the taker."""
        cdef bint buys = flag(is_buy)
        cdef const Side* side = self._side(not buys)
        cdef Py_ssize_t last = worst_position(side, buys, PyLong_AsLongLong(price_ticks))
        cdef uint128 total = 0
        cdef Py_ssize_t position
        for position in range(last, side.count):
            total += <uint64_t> side.entries[position].lots
        return to_int(total)

    def cost_for_price(self, is_buy, price_ticks):
        """Exact sum of ticks * lots that stands at this price or better."""
        cdef bint buys = flag(is_buy)
        cdef const Side* side = self._side(not buys)
        cdef Py_ssize_t last = worst_position(side, buys, PyLong_AsLongLong(price_ticks))
        cdef Sum cost
        cdef Py_ssize_t position
        cost.low = cost.high = 0
        for position in range(last, side.count):
            add(&cost, -side.entries[position].key if buys else side.entries[position].key, side.entries[position].lots)
        return sum_to_int(&cost)

    def lots_for_cost(self, is_buy, cost):
        """(whole lots that `cost`, a sum of ticks * lots, takes; the cost used)."""
        cdef bint buys = flag(is_buy)
        cdef const Side* side = self._side(not buys)
        cdef Sum left = sum_from_int(cost)
        cdef Sum used
        cdef uint128 found = 0
        cdef uint128 whole
        cdef uint64_t ticks, taken
        cdef Py_ssize_t position
        used.low = used.high = 0
        for position in range(side.count - 1, -1, -1):
            ticks = -side.entries[position].key if buys else side.entries[position].key
            whole = <uint128> ticks * <uint64_t> side.entries[position].lots
            if left.high == 0 and left.low < whole:
                # the divisor is as wide as the dividend: Cython would cut the dividend to 64 bits otherwise
                taken = <uint64_t> (left.low / <uint128> ticks)
                found += taken
                add(&used, ticks, taken)
                break
            if left.low < whole:
                left.high -= 1
            left.low -= whole
            found += <uint64_t> side.entries[position].lots
            add(&used, ticks, side.entries[position].lots)
        return to_int(found), sum_to_int(&used)


cdef int64_t walk(const Side* side, int64_t lots, uint128* cost) noexcept nogil:
    """Take lots from the best level on; returns how many are missing. 2**63 lots at 2**63 ticks are 126 bits: `cost` can't overflow."""
    cdef Py_ssize_t position = side.count - 1
    cdef int64_t taken, key
    while position >= 0 and lots > 0:
        taken = side.entries[position].lots if side.entries[position].lots < lots else lots
        key = side.entries[position].key
        cost[0] += <uint128> <uint64_t> (key if key > 0 else -key) * <uint64_t> taken
        lots -= taken
        position -= 1
    return lots


cdef Py_ssize_t worst_position(const Side* side, bint buys, int64_t ticks) noexcept nogil:
    """Where the levels begin that stand at `ticks` or better for the taker."""
    if buys and ticks < 1:
        return side.count
    return lower_bound(side, -ticks if buys else ticks)
