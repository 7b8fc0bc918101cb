# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True, autotestdict=False
"""Reads a depth message in C: JSON is walked, the keys of a book are found wherever they stand, and decimal text becomes whole steps of a grid, exactly.

Nothing here raises or makes a Python object: what is wrong is a constant text in `Reader.problem`. The whole message is walked, so nothing that is cut off or
malformed is half taken. What stands off the grid is treated as `BookScanner` says.

bytes objects end with a NUL behind their last byte, and NUL is allowed nowhere in JSON: every loop here stops there without asking for the end.
"""

from libc.stdint cimport INT64_MAX, int64_t, uint64_t
from libc.stdlib cimport realloc
from libc.string cimport memcmp

from botcore.markets.order_book cimport Level

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

cdef enum:
    FIRST_CAPACITY = 256
    DEEPEST = 32
    # digits that 64 bits hold whatever they are
    EASY_DIGITS = 18
    # an exponent beyond this is as good as any larger one
    FAR = 100_000


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


cdef int read_steps(Reader* reader, const Scale* scale, uint64_t* steps, bint* is_off) noexcept nogil:
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


cdef int keep_level(Reader* reader, Levels* side, uint64_t ticks, bint price_is_off, uint64_t lots, bint size_is_off) noexcept nogil:
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


# ---- a message -------------------------------------------------------------------------------------------------------
cdef void begin_grid(Reader* reader) noexcept nogil:
    """Nothing is off the grid yet."""
    reader.off_tick = reader.off_lot = 0
    reader.best_off[KEY_BIDS], reader.best_off[KEY_ASKS] = -1, INT64_MAX


cdef int read_message(Reader* reader, const KeySet* keys, const unsigned char* begin, Py_ssize_t length, bint needs_both) noexcept nogil:
    """Read a whole message: 0, or -1 with the problem; `at` stands where it was found."""
    cdef int place
    reader.at, reader.keys, reader.problem = begin, keys, NULL
    begin_grid(reader)
    for place in range(2):
        reader.sides[place].count = 0
        reader.sides[place].is_there = False
    for place in range(KEYS):
        reader.numbers[place].is_there = False
    if skip_value(reader, 0):
        return -1
    skip_space(reader)
    if reader.at != begin + length:
        return fail(reader, "something behind its end")
    if needs_both and not (reader.sides[KEY_BIDS].is_there and reader.sides[KEY_ASKS].is_there):
        return fail(reader, "no array of bids or of asks")
    if not (reader.sides[KEY_BIDS].is_there or reader.sides[KEY_ASKS].is_there):
        return fail(reader, "no array of bids or asks")
    return 0
