# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
"""Order book of one instrument: int64 ticks -> int64 lots, passive, no bus, no clock.

Two sorted C arrays, the best level at the end of each: an edit near the touch moves a few words, a query walks plain memory. A side that is emptied by diffs
has no best price: `best_bid` is NO_BID then and `best_ask` NO_ASK, values that make every comparison with a real price false or harmless. Sums of ticks * lots
are taken in 128 bits and returned as exact Python ints.
"""

from libc.stdint cimport INT64_MAX, INT64_MIN, int64_t, uint64_t
from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memmove

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
    NEAR = 8


cdef int grow(Side* side) except -1:
    cdef Py_ssize_t capacity = side.capacity * 2 if side.capacity else FIRST_CAPACITY
    cdef int64_t* keys = <int64_t*> realloc(side.keys, capacity * sizeof(int64_t))
    if keys == NULL:
        raise MemoryError()
    side.keys = keys
    cdef int64_t* lots = <int64_t*> realloc(side.lots, capacity * sizeof(int64_t))
    if lots == NULL:
        raise MemoryError()
    side.lots = lots
    side.capacity = capacity
    return 0


cdef inline Py_ssize_t lower_bound(Side* side, int64_t key) noexcept:
    """First position whose key is not below `key`; most edits are near the touch, so the end is looked at first."""
    cdef Py_ssize_t high = side.count
    cdef Py_ssize_t low = 0
    cdef Py_ssize_t middle
    cdef int steps = 0
    while steps < NEAR and high > 0:
        if side.keys[high - 1] < key:
            return high
        high -= 1
        steps += 1
    while low < high:
        middle = (low + high) >> 1
        if side.keys[middle] < key:
            low = middle + 1
        else:
            high = middle
    return low


cdef int put(Side* side, int64_t key, int64_t lots) except -1:
    cdef Py_ssize_t position = lower_bound(side, key)
    cdef bint is_there = position < side.count and side.keys[position] == key
    cdef Py_ssize_t behind
    if lots == 0:
        if is_there:
            behind = side.count - position - 1
            memmove(side.keys + position, side.keys + position + 1, behind * sizeof(int64_t))
            memmove(side.lots + position, side.lots + position + 1, behind * sizeof(int64_t))
            side.count -= 1
        return 0
    if is_there:
        side.lots[position] = lots
        return 0
    if side.count == side.capacity:
        grow(side)
    behind = side.count - position
    memmove(side.keys + position + 1, side.keys + position, behind * sizeof(int64_t))
    memmove(side.lots + position + 1, side.lots + position, behind * sizeof(int64_t))
    side.keys[position] = key
    side.lots[position] = lots
    side.count += 1
    return 0


cdef inline uint128 add(uint128 total, int64_t price, int64_t lots) except? 0:
    """total + price * lots; overflow raises, it never wraps."""
    cdef uint128 result = total + <uint128> <uint64_t> price * <uint64_t> lots
    if result < total:
        raise OverflowError("the sum of ticks * lots does not fit 128 bits")
    return result


cdef object to_int(uint128 value):
    """A 128-bit sum as a Python int."""
    cdef uint64_t low = <uint64_t> value
    cdef uint64_t high = <uint64_t> (value >> 64)
    if high == 0:
        return <object> low
    return (<object> high << 64) | <object> low


cdef class OrderBook:
    """See the module."""

    def __cinit__(self):
        self._bids.keys = self._bids.lots = NULL
        self._asks.keys = self._asks.lots = NULL
        self._bids.count = self._bids.capacity = 0
        self._asks.count = self._asks.capacity = 0

    def __init__(self):
        self.clear()

    def __dealloc__(self):
        free(self._bids.keys)
        free(self._bids.lots)
        free(self._asks.keys)
        free(self._asks.lots)

    def __reduce__(self):
        raise TypeError("an OrderBook is not pickled; take its levels")

    # ---- writing ---------------------------------------------------------------------------------------------------
    cdef int _set_level(self, bint is_bid, int64_t price_ticks, int64_t lots) except -1:
        if price_ticks < 1 or lots < 0:
            raise ValueError(f"expected positive ticks and lots >= 0, found {price_ticks} and {lots}")
        if is_bid:
            return put(&self._bids, price_ticks, lots)
        return put(&self._asks, -price_ticks, lots)

    cdef void _set_best(self) noexcept:
        self.best_bid = self._bids.keys[self._bids.count - 1] if self._bids.count else INT64_MIN
        self.best_ask = -self._asks.keys[self._asks.count - 1] if self._asks.count else INT64_MAX

    cdef int _set_levels(self, bint is_bid, object levels) except -1:
        cdef int64_t price_ticks, lots
        for level in levels:
            price_ticks, lots = level
            self._set_level(is_bid, price_ticks, lots)
        return 0

    def clear(self):
        """Forget everything; not ready until the next snapshot or quote."""
        self._bids.count = 0
        self._asks.count = 0
        self.last_update_id = -1
        self.ts_ns = 0
        self.is_ready = False
        self._after_snapshot = False
        self._set_best()

    def set_quote(self, int64_t bid_ticks, int64_t bid_lots, int64_t ask_ticks, int64_t ask_lots, int64_t ts_ns):
        """Replace the whole book by one level a side; a side with 0 lots becomes empty."""
        if bid_lots < 0 or ask_lots < 0 or (bid_lots and bid_ticks < 1) or (ask_lots and ask_ticks < 1):
            raise ValueError(f"expected positive ticks and lots >= 0, found {bid_lots} at {bid_ticks}, {ask_lots} at {ask_ticks}")
        self._bids.count = 0
        self._asks.count = 0
        if bid_lots:
            put(&self._bids, bid_ticks, bid_lots)
        if ask_lots:
            put(&self._asks, -ask_ticks, ask_lots)
        self.ts_ns = ts_ns
        self.is_ready = True
        self._set_best()

    def snapshot(self, bids, asks, int64_t update_id, int64_t ts_ns):
        """Replace the whole book; levels in any order, 0 lots are skipped, of a repeated price the last counts."""
        self._bids.count = 0
        self._asks.count = 0
        self.is_ready = False
        self._set_best()
        self._set_levels(True, bids)
        self._set_levels(False, asks)
        self.last_update_id = update_id
        self.ts_ns = ts_ns
        self.is_ready = True
        self._after_snapshot = True
        self._set_best()

    def update(self, bint is_bid, int64_t price_ticks, int64_t lots):
        """Set one level; 0 lots removes it."""
        self._set_level(is_bid, price_ticks, lots)
        self._set_best()

    def apply_diff(self, int64_t first_id, int64_t last_id, int64_t prev_id, bids, asks, int64_t ts_ns):
        """Apply a venue's diff in sequence: APPLIED, OLD (nothing new in it) or GAP (updates are missing, the book is not ready any more)."""
        if not self.is_ready:
            return GAP
        if last_id <= self.last_update_id:
            return OLD
        if not self._follows(first_id, last_id, prev_id):
            self.is_ready = False
            return GAP
        try:
            self._set_levels(True, bids)
            self._set_levels(False, asks)
        except BaseException:
            self.is_ready = False
            raise
        finally:
            self._set_best()
        self.last_update_id = last_id
        self.ts_ns = ts_ns
        self._after_snapshot = False
        return APPLIED

    def _follows(self, int64_t first_id, int64_t last_id, int64_t prev_id):
        """Whether this diff comes right behind what the book knows."""
        if prev_id < 0:
            return first_id <= self.last_update_id + 1
        if self._after_snapshot:
            return prev_id == self.last_update_id or first_id <= self.last_update_id <= last_id
        return prev_id == self.last_update_id

    # ---- reading ---------------------------------------------------------------------------------------------------
    @property
    def is_crossed(self):
        """True when somebody bids at or above what somebody asks."""
        return self._bids.count > 0 and self._asks.count > 0 and self.best_bid >= self.best_ask

    def lots_at(self, bint is_bid, int64_t price_ticks):
        """Lots at one price; 0 when nobody stands there."""
        cdef Side* side = &self._bids if is_bid else &self._asks
        cdef int64_t key = price_ticks if is_bid else -price_ticks
        cdef Py_ssize_t position = lower_bound(side, key)
        if position < side.count and side.keys[position] == key:
            return side.lots[position]
        return 0

    def levels(self, bint is_bid, Py_ssize_t count):
        """The best levels as (ticks, lots), best first."""
        cdef Side* side = &self._bids if is_bid else &self._asks
        cdef list found = []
        cdef Py_ssize_t position = side.count - 1
        while position >= 0 and count > 0:
            found.append((side.keys[position] if is_bid else -side.keys[position], side.lots[position]))
            position -= 1
            count -= 1
        return found

    def depth(self, bint is_bid):
        """Number of levels."""
        return self._bids.count if is_bid else self._asks.count

    # A buyer walks the asks, a seller the bids.
    def price_for_lots(self, bint is_buy, int64_t lots):
        """(worst price reached, lots found); the price is NO_ASK or NO_BID when the depth is not sufficient or nothing was asked for."""
        cdef Side* side = &self._asks if is_buy else &self._bids
        cdef Py_ssize_t position = side.count - 1
        cdef int64_t left = lots
        while position >= 0 and left > 0:
            if side.lots[position] >= left:
                return (-side.keys[position] if is_buy else side.keys[position]), lots
            left -= side.lots[position]
            position -= 1
        return (INT64_MAX if is_buy else INT64_MIN), (lots - left if lots > 0 else 0)

    def cost_for_lots(self, bint is_buy, int64_t lots):
        """(exact sum of ticks * lots, lots found)."""
        cdef Side* side = &self._asks if is_buy else &self._bids
        cdef Py_ssize_t position = side.count - 1
        cdef int64_t left = lots if lots > 0 else 0
        cdef int64_t taken, price
        cdef uint128 cost = 0
        while position >= 0 and left > 0:
            taken = side.lots[position] if side.lots[position] < left else left
            price = -side.keys[position] if is_buy else side.keys[position]
            cost = add(cost, price, taken)
            left -= taken
            position -= 1
        return to_int(cost), (lots - left if lots > 0 else 0)

    def vwap_for_lots(self, bint is_buy, int64_t lots):
        """Average price in ticks; NaN when the depth is not sufficient or lots < 1."""
        cdef Side* side = &self._asks if is_buy else &self._bids
        cdef Py_ssize_t position = side.count - 1
        cdef int64_t left = lots
        cdef int64_t taken, price
        cdef double cost = 0.0
        if lots < 1:
            return float("nan")
        while position >= 0 and left > 0:
            taken = side.lots[position] if side.lots[position] < left else left
            price = -side.keys[position] if is_buy else side.keys[position]
            cost += <double> price * <double> taken
            left -= taken
            position -= 1
        return cost / <double> lots if left == 0 else float("nan")

    def lots_for_price(self, bint is_buy, int64_t price_ticks):
        """Lots that stand at this price or better for the taker."""
        cdef Side* side = &self._asks if is_buy else &self._bids
        cdef int64_t limit = -price_ticks if is_buy else price_ticks
        cdef Py_ssize_t position = side.count - 1
        cdef uint128 total = 0
        while position >= 0 and side.keys[position] >= limit:
            total = add(total, 1, side.lots[position])
            position -= 1
        return to_int(total)

    def cost_for_price(self, bint is_buy, int64_t price_ticks):
        """Exact sum of ticks * lots that stands at this price or better."""
        cdef Side* side = &self._asks if is_buy else &self._bids
        cdef int64_t limit = -price_ticks if is_buy else price_ticks
        cdef Py_ssize_t position = side.count - 1
        cdef int64_t price
        cdef uint128 cost = 0
        while position >= 0 and side.keys[position] >= limit:
            price = -side.keys[position] if is_buy else side.keys[position]
            cost = add(cost, price, side.lots[position])
            position -= 1
        return to_int(cost)

    def lots_for_cost(self, bint is_buy, cost):
        """(whole lots that `cost`, a sum of ticks * lots, takes; the cost used)."""
        cdef Side* side = &self._asks if is_buy else &self._bids
        cdef Py_ssize_t position = side.count - 1
        cdef int64_t price
        left, total = cost, 0
        while position >= 0 and left > 0:
            price = -side.keys[position] if is_buy else side.keys[position]
            taken = min(<object> side.lots[position], left // price)
            total += taken
            left -= taken * price
            if taken < side.lots[position]:
                break
            position -= 1
        return total, cost - left
