# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True, autotestdict=False
"""From a venue's bytes to the book: finds the keys of a depth message and turns level arrays into ticks and lots, without a Python object per level.

The whole message is walked as JSON, so nothing that is cut off or malformed is half taken: it is read to its end before the book is touched. Decimal text becomes
an integer exactly, never by way of a float.

What is off the grid, after a venue has changed its rules, is never silently wrong. A price off the tick grid can't stand in the book: deep in it, where orders from
before the change rest, it is passed over and counted in `off_tick`; where it would be the best price, the message is an error, because the touch can't be said in
ticks and the rules must be read again. A size off the lot grid is rounded down to whole lots and counted in `off_lot`; a level that holds less than one lot stays in
the book as one lot, because somebody does stand at that price.

bytes objects end with a NUL behind their last byte, and NUL is allowed nowhere in JSON: every loop here stops there without asking for the end.
"""

cimport cython
from libc.math cimport fabs, floor, rint
from libc.stdint cimport INT64_MAX, INT64_MIN, int64_t, uint64_t
from libc.stdlib cimport free, realloc
from libc.string cimport memcmp, memcpy, memmove

from botcore.markets.order_book cimport Level, OrderBook, Side

cdef extern from "Python.h":
    long long PyLong_AsLongLong(object value) except? -1
    char* PyBytes_AS_STRING(object value)
    Py_ssize_t PyBytes_GET_SIZE(object value)

cdef extern from *:
    """
    typedef unsigned __int128 condor_wide;
    static const unsigned long long condor_tens[19] = {
        1ULL, 10ULL, 100ULL, 1000ULL, 10000ULL, 100000ULL, 1000000ULL, 10000000ULL, 100000000ULL, 1000000000ULL, 10000000000ULL, 100000000000ULL,
        1000000000000ULL, 10000000000000ULL, 100000000000000ULL, 1000000000000000ULL, 10000000000000000ULL, 100000000000000000ULL,
        1000000000000000000ULL};
    """
    ctypedef unsigned long long wide "condor_wide"
    const uint64_t tens "condor_tens"[19]

cdef double FLOAT_STEPS = 2.0**49
cdef double FLOAT_ERROR = 2.0**-51

cdef enum:
    FIRST_CAPACITY = 256
    DEEPEST = 32
    # digits that 64 and 128 bits hold whatever they are
    EASY_DIGITS = 18
    WIDE_DIGITS = 38
    # an exponent beyond this is as good as any larger one
    FAR = 100_000
    C_APPLIED = 1
    C_OLD = 0
    C_GAP = -1


# ---- numbers ---------------------------------------------------------------------------------------------------------
cdef inline bint is_digit(unsigned char letter) noexcept nogil:
    return <unsigned char> (letter - c"0") <= 9


cdef inline int fail(Reader* reader, const char* problem) noexcept nogil:
    reader.problem = problem
    return -1


cdef inline void skip_space(Reader* reader) noexcept nogil:
    while reader.at[0] == c" " or reader.at[0] == c"\n" or reader.at[0] == c"\r" or reader.at[0] == c"\t":
        reader.at += 1


cdef int read_hard(Reader* reader, const Scale* scale, uint64_t* steps, bint* is_off) noexcept nogil:
    """A decimal of any length, with an exponent or not, as whole steps and whether anything was left over; `at` stands at its first digit."""
    cdef const unsigned char* at = reader.at
    cdef wide value = 0
    cdef wide rest
    cdef int digits = 0
    cdef int64_t waiting = 0
    cdef int64_t behind_point = 0
    cdef int64_t exponent = 0
    cdef bint after_point = False
    cdef bint is_small = False
    cdef bint lost = False
    cdef int64_t place
    while True:
        if at[0] == c"." and not after_point:
            after_point = True
            at += 1
            if not is_digit(at[0]):
                return fail(reader, "a number that ends with its point")
            continue
        if not is_digit(at[0]):
            break
        behind_point += after_point
        # zeros wait until a digit follows them, so zeros at the end never use up the room
        if at[0] == c"0" or lost or digits + waiting >= WIDE_DIGITS:
            if digits:
                waiting += 1
            lost = lost or at[0] != c"0"
        else:
            for place in range(waiting):
                value *= 10
            value = value * 10 + (at[0] - c"0")
            digits += <int> waiting + 1
            waiting = 0
        at += 1
    if at[0] == c"e" or at[0] == c"E":
        at += 1
        if at[0] == c"-" or at[0] == c"+":
            is_small = at[0] == c"-"
            at += 1
        if not is_digit(at[0]):
            return fail(reader, "an exponent without digits")
        while is_digit(at[0]):
            if exponent < FAR:
                exponent = exponent * 10 + (at[0] - c"0")
            at += 1
    reader.at = at
    is_off[0] = lost
    steps[0] = 0
    if value == 0:
        return 0
    exponent = (-exponent if is_small else exponent) + waiting - behind_point + scale.places
    if exponent > WIDE_DIGITS:
        return fail(reader, "a number that does not fit 64 bits")
    while exponent > 0:
        if value > ~(<wide> 0) / 10:
            return fail(reader, "a number that does not fit 64 bits")
        value *= 10
        exponent -= 1
    while exponent < 0 and value:
        rest = value / 10
        if rest * 10 != value:
            is_off[0] = True
        value = rest
        exponent += 1
    rest = value / <wide> scale.unit
    if rest * scale.unit != value:
        is_off[0] = True
    if rest > <wide> INT64_MAX:
        return fail(reader, "a number that does not fit 64 bits")
    steps[0] = <uint64_t> rest
    return 0


cdef inline int read_steps(Reader* reader, const Scale* scale, uint64_t* steps, bint* is_off) noexcept nogil:
    """A decimal, quoted or not, as whole steps of the scale and whether anything was left over."""
    cdef const unsigned char* at = reader.at
    cdef const unsigned char* begin
    cdef bint is_quoted = at[0] == c'"'
    cdef bint is_negative
    cdef uint64_t value = 0
    cdef uint64_t whole
    cdef int left = scale.places
    cdef unsigned char tail = c"0"
    at += is_quoted
    is_negative = at[0] == c"-"
    at += is_negative
    begin = at
    if not is_digit(at[0]):
        return fail(reader, "a price or size that is no number")
    if at[0] == c"0" and is_digit(at[1]) and not is_quoted:
        return fail(reader, "a number that begins with 0")
    while is_digit(at[0]):
        value = value * 10 + (at[0] - c"0")
        at += 1
    if at - begin + left > EASY_DIGITS:
        tail = 0
    elif at[0] == c".":
        at += 1
        if not is_digit(at[0]):
            return fail(reader, "a number that ends with its point")
        while left and is_digit(at[0]):
            value = value * 10 + (at[0] - c"0")
            left -= 1
            at += 1
        while is_digit(at[0]):
            tail |= at[0]
            at += 1
    if tail != c"0" or at[0] == c"e" or at[0] == c"E":
        reader.at = begin
        if read_hard(reader, scale, steps, is_off):
            return -1
        at = reader.at
    else:
        value *= tens[left]
        is_off[0] = False
        if scale.unit == 1:
            steps[0] = value
        else:
            whole = value / scale.unit
            steps[0] = whole
            is_off[0] = whole * scale.unit != value
    if is_quoted:
        if at[0] != c'"':
            return fail(reader, "a price or size that is no number")
        at += 1
    reader.at = at
    if is_negative and (steps[0] or is_off[0]):
        return fail(reader, "a price or size below 0")
    return 0


cdef int read_id(Reader* reader, Number* number) noexcept nogil:
    """An integer that fits 64 bits, quoted or not."""
    cdef const unsigned char* at = reader.at
    cdef bint is_quoted = at[0] == c'"'
    cdef bint is_negative
    cdef uint64_t value = 0
    cdef uint64_t digit
    if number.is_there:
        return fail(reader, "a key that occurs twice")
    at += is_quoted
    is_negative = at[0] == c"-"
    at += is_negative
    if not is_digit(at[0]) or (at[0] == c"0" and is_digit(at[1]) and not is_quoted):
        return fail(reader, "an id, a time or a checksum that is no integer")
    while is_digit(at[0]):
        digit = at[0] - c"0"
        if value > (<uint64_t> INT64_MAX - digit) / 10:
            return fail(reader, "an id, a time or a checksum that does not fit 64 bits")
        value = value * 10 + digit
        at += 1
    if is_quoted:
        if at[0] != c'"':
            return fail(reader, "an id, a time or a checksum that is no integer")
        at += 1
    number.value = -<int64_t> value if is_negative else <int64_t> value
    number.is_there = True
    reader.at = at
    return 0


# ---- levels ----------------------------------------------------------------------------------------------------------
cdef int grow(Reader* reader, Levels* side) noexcept nogil:
    cdef Py_ssize_t capacity = 2 * side.capacity if side.capacity else FIRST_CAPACITY
    cdef Level* items = <Level*> realloc(side.items, capacity * sizeof(Level))
    if items == NULL:
        return fail(reader, "more levels than there is memory for")
    side.items = items
    side.capacity = capacity
    return 0


cdef void keep_off_tick(Reader* reader, Levels* side, uint64_t below) noexcept nogil:
    """Remember the best price off the grid; `below` is the tick below it."""
    cdef int64_t ticks = <int64_t> below
    reader.off_tick += 1
    if side == &reader.sides[KEY_BIDS]:
        reader.best_off[KEY_BIDS] = max(reader.best_off[KEY_BIDS], ticks)
    else:
        reader.best_off[KEY_ASKS] = min(reader.best_off[KEY_ASKS], ticks)


cdef int check_touch(Reader* reader, int64_t best_bid, int64_t best_ask) noexcept nogil:
    """Whether all that is off the grid lies behind the best price that is on it, of the message or of the book."""
    cdef Py_ssize_t place
    cdef const Level* levels = reader.sides[KEY_BIDS].items
    for place in range(reader.sides[KEY_BIDS].count):
        if levels[place].lots:
            best_bid = max(best_bid, levels[place].ticks)
    levels = reader.sides[KEY_ASKS].items
    for place in range(reader.sides[KEY_ASKS].count):
        if levels[place].lots:
            best_ask = min(best_ask, levels[place].ticks)
    if (reader.best_off[KEY_BIDS] >= best_bid and reader.best_off[KEY_BIDS] >= 0) or reader.best_off[KEY_ASKS] < best_ask:
        return fail(reader, "a best price off the tick grid")
    return 0


cdef inline int keep_level(Reader* reader, Levels* side, uint64_t ticks, bint price_is_off, uint64_t lots, bint size_is_off) noexcept nogil:
    if price_is_off:
        if lots or size_is_off:
            keep_off_tick(reader, side, ticks)
        return 0
    if size_is_off:
        reader.off_lot += 1
        lots += lots == 0
    if ticks == 0 and lots == 0:
        return 0  # some venues say so that nothing has changed
    if ticks == 0 or ticks >= <uint64_t> INT64_MAX:
        return fail(reader, "a price of 0, or one that does not fit 64 bits")
    if side.count == side.capacity and grow(reader, side):
        return -1
    side.items[side.count].ticks = <int64_t> ticks
    side.items[side.count].lots = <int64_t> lots
    side.count += 1
    return 0


cdef int places_of(const unsigned char* begin, const unsigned char* end) noexcept nogil:
    """Decimals of a number as it is written."""
    cdef const unsigned char* at = begin
    while at < end and at[0] != c".":
        at += 1
    begin = at + 1
    at = begin
    while at < end and is_digit(at[0]):
        at += 1
    return <int> (at - begin)


cdef int read_level(Reader* reader, Levels* side) noexcept nogil:
    """`[price, size, ...]`; `at` stands behind the bracket."""
    cdef uint64_t ticks, lots
    cdef bint price_is_off, size_is_off
    cdef const unsigned char* price
    cdef const unsigned char* size
    skip_space(reader)
    price = reader.at
    if read_steps(reader, &reader.price, &ticks, &price_is_off):
        return -1
    skip_space(reader)
    if reader.at[0] != c",":
        return fail(reader, "a level without a size")
    reader.at += 1
    skip_space(reader)
    size = reader.at
    if read_steps(reader, &reader.size, &lots, &size_is_off):
        return -1
    if side.count == 0:
        reader.price_places, reader.size_places = places_of(price, size), places_of(size, reader.at)
    skip_space(reader)
    while reader.at[0] == c",":
        reader.at += 1
        if skip_value(reader, DEEPEST - 2):
            return -1
        skip_space(reader)
    if reader.at[0] != c"]":
        return fail(reader, "a level that does not end")
    reader.at += 1
    return keep_level(reader, side, ticks, price_is_off, lots, size_is_off)


cdef int read_levels(Reader* reader, Levels* side) noexcept nogil:
    """An array of levels; null is an empty one."""
    if side.is_there:
        return fail(reader, "a key that occurs twice")
    side.is_there = True
    if reader.at[0] == c"n":
        return skip_word(reader, "null", 4)
    if reader.at[0] != c"[":
        return fail(reader, "a side that is no array")
    reader.at += 1
    skip_space(reader)
    if reader.at[0] == c"]":
        reader.at += 1
        return 0
    while True:
        if reader.at[0] != c"[":
            return fail(reader, "a level that is no array")
        reader.at += 1
        if read_level(reader, side):
            return -1
        skip_space(reader)
        if reader.at[0] == c",":
            reader.at += 1
            skip_space(reader)
        elif reader.at[0] == c"]":
            reader.at += 1
            return 0
        else:
            return fail(reader, "a side that does not end")


# ---- everything else in a message ------------------------------------------------------------------------------------
cdef int skip_word(Reader* reader, const char* word, Py_ssize_t length) noexcept nogil:
    cdef Py_ssize_t place
    for place in range(length):
        if reader.at[place] != <unsigned char> word[place]:
            return fail(reader, "something that is no JSON")
    reader.at += length
    return 0


cdef int skip_string(Reader* reader) noexcept nogil:
    """`at` stands on the opening quote."""
    cdef const unsigned char* at = reader.at + 1
    cdef int place
    while at[0] != c'"':
        if at[0] < 0x20:
            return fail(reader, "a text that does not end")
        if at[0] == c"\\":
            at += 1
            if at[0] == c"u":
                for place in range(4):
                    at += 1
                    if not (is_digit(at[0]) or c"a" <= (at[0] | 0x20) <= c"f"):
                        return fail(reader, "an escape that is none")
            elif not (at[0] == c'"' or at[0] == c"\\" or at[0] == c"/" or at[0] == c"b" or at[0] == c"f" or at[0] == c"n" or at[0] == c"r" or at[0] == c"t"):
                return fail(reader, "an escape that is none")
        at += 1
    reader.at = at + 1
    return 0


cdef int skip_number(Reader* reader) noexcept nogil:
    cdef const unsigned char* at = reader.at
    at += at[0] == c"-"
    if not is_digit(at[0]) or (at[0] == c"0" and is_digit(at[1])):
        return fail(reader, "something that is no JSON")
    while is_digit(at[0]):
        at += 1
    if at[0] == c".":
        at += 1
        if not is_digit(at[0]):
            return fail(reader, "a number that ends with its point")
        while is_digit(at[0]):
            at += 1
    if at[0] == c"e" or at[0] == c"E":
        at += 1
        at += at[0] == c"-" or at[0] == c"+"
        if not is_digit(at[0]):
            return fail(reader, "an exponent without digits")
        while is_digit(at[0]):
            at += 1
    reader.at = at
    return 0


cdef int skip_value(Reader* reader, int depth) noexcept nogil:
    """A value that is not looked for; the keys are looked for in all objects within it."""
    cdef unsigned char letter
    skip_space(reader)
    letter = reader.at[0]
    if letter == c'"':
        return skip_string(reader)
    if letter == c"{":
        return walk_object(reader, depth + 1)
    if letter == c"[":
        return walk_array(reader, depth + 1)
    if letter == c"t":
        return skip_word(reader, "true", 4)
    if letter == c"f":
        return skip_word(reader, "false", 5)
    if letter == c"n":
        return skip_word(reader, "null", 4)
    return skip_number(reader)


cdef int walk_array(Reader* reader, int depth) noexcept nogil:
    if depth > DEEPEST:
        return fail(reader, "a message nested too deep")
    reader.at += 1
    skip_space(reader)
    if reader.at[0] == c"]":
        reader.at += 1
        return 0
    while True:
        if skip_value(reader, depth):
            return -1
        skip_space(reader)
        if reader.at[0] == c"]":
            reader.at += 1
            return 0
        if reader.at[0] != c",":
            return fail(reader, "an array that does not end")
        reader.at += 1


cdef inline int find_key(const KeySet* keys, const unsigned char* text, Py_ssize_t length) noexcept nogil:
    """Place of a key, -1 when it is not looked for."""
    cdef int place
    if length > keys.longest:
        return -1
    for place in range(KEYS):
        if keys.keys[place].length == length and memcmp(keys.keys[place].text, text, length) == 0:
            return place
    return -1


cdef int walk_object(Reader* reader, int depth) noexcept nogil:
    cdef const unsigned char* key
    cdef int place
    if depth > DEEPEST:
        return fail(reader, "a message nested too deep")
    reader.at += 1
    skip_space(reader)
    if reader.at[0] == c"}":
        reader.at += 1
        return 0
    while True:
        if reader.at[0] != c'"':
            return fail(reader, "something that is no JSON")
        key = reader.at + 1
        if skip_string(reader):
            return -1
        place = find_key(reader.keys, key, reader.at - key - 1)
        skip_space(reader)
        if reader.at[0] != c":":
            return fail(reader, "a key without a value")
        reader.at += 1
        skip_space(reader)
        if place < 0:
            if skip_value(reader, depth):
                return -1
        elif place <= KEY_ASKS:
            if read_levels(reader, &reader.sides[place]):
                return -1
        elif read_id(reader, &reader.numbers[place]):
            return -1
        skip_space(reader)
        if reader.at[0] == c"}":
            reader.at += 1
            return 0
        if reader.at[0] != c",":
            return fail(reader, "an object that does not end")
        reader.at += 1
        skip_space(reader)


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
        cdef int place
        if raw is None:
            raise TypeError("expected bytes, found None")
        begin = <const unsigned char*> PyBytes_AS_STRING(raw)
        reader.at, reader.keys, reader.problem = begin, keys, NULL
        self._forget_grid()
        for place in range(2):
            reader.sides[place].count = 0
            reader.sides[place].is_there = False
        for place in range(KEYS):
            reader.numbers[place].is_there = False
        if skip_value(reader, 0) == 0:
            skip_space(reader)
            if reader.at != begin + PyBytes_GET_SIZE(raw):
                fail(reader, "something behind its end")
            elif needs_both and not (reader.sides[0].is_there and reader.sides[1].is_there):
                fail(reader, "no array of bids or of asks")
            elif not (reader.sides[0].is_there or reader.sides[1].is_there):
                fail(reader, "no array of bids or asks")
        if reader.problem != NULL:
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

    cdef void _forget_grid(self) noexcept:
        """Nothing is off the grid yet."""
        self._reader.off_tick = self._reader.off_lot = 0
        self._reader.best_off[KEY_BIDS], self._reader.best_off[KEY_ASKS] = -1, INT64_MAX

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
        self._forget_grid()
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
        self._reader.at = <const unsigned char*> PyBytes_AS_STRING(text)
        if not is_digit(self._reader.at[0]) or read_steps(&self._reader, scale, steps, is_off) or self._reader.at[0]:
            raise ValueError(f"expected a number that is not negative, found {value!r}")
        return 0

    cdef int _forget_deep(self, OrderBook book) noexcept:
        if self._depth > 0:
            truncate(&book._bids, self._depth)
            truncate(&book._asks, self._depth)
        return 0
