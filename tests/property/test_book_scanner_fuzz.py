"""Whatever bytes come: the scanner raises ValueError and changes nothing, or it has read exactly what `json` and Decimal read."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from decimal import ROUND_FLOOR, Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from botcore.markets.book_keys import BookKeys
from botcore.markets.book_scanner import BookScanner
from botcore.markets.order_book import OrderBook
from tests.support.books import KRAKEN_KEYS, OKX_KEYS, SPOT_KEYS, USDM_KEYS, Recording, cryptofeed_binance, kraken, okx
from tests.support.damage import mutate

D = Decimal
SETTINGS = settings(deadline=None, derandomize=True, database=None)
Level = tuple[int, int]


# ---- the plain reading ------------------------------------------------------------------------------------------------
class NoDepth(Exception):
    """The plain reader's refusal."""


def plain_read(raw: bytes, keys: BookKeys, tick: Decimal, lot: Decimal) -> tuple[dict[str, int], list[Level], list[Level]]:
    """Ids and levels of a diff, level by level in Decimal. Raises NoDepth, ValueError or RecursionError where there is none."""
    found: dict[str, Any] = {}
    wanted = {getattr(keys, name): name for name in ("bids", "asks", "first_id", "last_id", "prev_id", "time_ms", "checksum") if getattr(keys, name)}

    def note(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        for key, value in pairs:
            if key in wanted:
                if wanted[key] in found:
                    raise NoDepth(f"{key} twice")
                found[wanted[key]] = value
        return {}

    # bytes that are no UTF-8 don't matter to a book as long as the structure stands
    json.loads(raw.decode("utf-8", "replace"), object_pairs_hook=note, parse_float=str, parse_int=str, parse_constant=_no_constant)
    if (not keys.one_sided and not ("bids" in found and "asks" in found)) or not ("bids" in found or "asks" in found):
        raise NoDepth("sides")
    ids = {}
    for name in ("first_id", "last_id", "prev_id", "time_ms", "checksum"):
        if name in found:
            ids[name] = _integer(found[name])
        elif getattr(keys, name) and name in ("first_id", "last_id", "prev_id"):
            raise NoDepth(name)
    if keys.last_id and not 0 <= ids["last_id"] < 2**63 - 1:
        raise NoDepth("last_id")
    return ids, *(_levels(found.get(side), tick, lot) for side in ("bids", "asks"))


def _no_constant(text: str) -> None:
    raise NoDepth(text)


def _integer(value: Any) -> int:
    if not isinstance(value, str) or not value.removeprefix("-").isdecimal() or not value.isascii() or not -(2**63) < int(value) < 2**63:
        raise NoDepth(repr(value))
    return int(value)


def _levels(side: Any, tick: Decimal, lot: Decimal) -> list[Level]:
    if side is None:
        return []
    if not isinstance(side, list):
        raise NoDepth("side")
    levels = []
    for level in side:
        if not isinstance(level, list) or len(level) < 2:
            raise NoDepth("level")
        price, size = _exact(level[0], tick), _exact(level[1], lot)
        lots = size.to_integral_value(ROUND_FLOOR) or (D(1) if size else D(0))
        if lots > 2**63 - 1 or price.to_integral_value(ROUND_FLOOR) > 2**63 - 1:
            raise NoDepth("range")
        if price != price.to_integral_value():
            continue
        if not price and not lots:
            continue
        if not 1 <= price < 2**63 - 1:
            raise NoDepth("price")
        levels.append((int(price), int(lots)))
    return levels


def _exact(text: Any, step: Decimal) -> Decimal:
    if not isinstance(text, str) or not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?", text):
        raise NoDepth(repr(text))
    mantissa, _, exponent = text.lower().partition("e")
    if abs(int(exponent or 0)) > 500:
        if any(digit in mantissa for digit in "123456789"):
            if int(exponent) > 0:
                raise NoDepth("range")
            return D("0.5")
        return D(0)
    steps = Fraction(mantissa) * Fraction(10) ** int(exponent or 0) / Fraction(step)
    if steps < 0:
        raise NoDepth("negative")
    whole = steps.numerator // steps.denominator
    return D(whole) if steps == whole else D(whole) + D("0.5")


# ---- bytes -----------------------------------------------------------------------------------------------------------
SEEDS = [
    (
        SPOT_KEYS,
        b'{"stream":"x","data":{"e":"depthUpdate","E":17,"s":"X","U":31,"u":32,"b":[["61.37","0.250"],["6.1e1","0"]],"a":[["62.50","1.5"],[63,2]]}}',
    ),
    (USDM_KEYS, b'{"e":"depthUpdate","E":16,"T":15,"s":"X","U":29,"u":35,"pu":28,"b":[["7.50","813"]],"a":[["7.61","2"],["8.00","0"]]}'),
    (OKX_KEYS, b'{"arg":{"channel":"books"},"action":"update","data":[{"asks":[["5.14","60","0","1"]],"bids":[],"ts":"165","checksum":-30}]}'),
    (KRAKEN_KEYS, b'[992,{"b":[["4.15","5.000","1618.36","r"]],"c":"2583"},"book-1000","XMR/USD"]'),
]


def agree(reader: BookScanner, raw: bytes, keys: BookKeys, tick: Decimal, lot: Decimal) -> bool:
    """Both read it alike or both refuse it. Returns whether it was read."""
    try:
        expected = plain_read(raw, keys, tick, lot)
    except (NoDepth, ValueError, RecursionError):
        expected = None
    try:
        reader.read_ids(raw)
    except ValueError:
        assert expected is None, raw
        return False
    assert expected is not None, raw
    ids, bids, asks = expected
    assert reader.levels() == (bids, asks), raw
    if keys.last_id:
        assert (reader.first_id, reader.last_id, reader.prev_id) == (ids["first_id"], ids["last_id"], ids.get("prev_id", -1)), raw
    assert reader.time_ms == ids.get("time_ms", 0)
    assert reader.checksum == (ids.get("checksum") or None)
    return True


@pytest.mark.parametrize(("keys", "seed"), SEEDS)
def test_changed_messages_are_read_as_json_reads_them_or_refused(keys: BookKeys, seed: bytes) -> None:
    rng = random.Random(20_240_808)
    tick, lot = D("0.01"), D("0.001")
    reader = BookScanner(keys, tick, lot)
    assert agree(reader, seed, keys, tick, lot)
    read = sum(agree(reader, mutate(seed, rng), keys, tick, lot) for _ in range(6_000))
    assert 300 < read < 5_700


def recordings() -> list[Recording]:
    return [cryptofeed_binance("BINANCE")["NKNUSDT"], cryptofeed_binance("BINANCE_FUTURES")["SUSHIUSDT"], okx()["UNI-USD-SWAP"], kraken()["XMR/USD"]]


def test_changed_recorded_messages_are_read_as_json_reads_them_or_refused() -> None:
    rng = random.Random(7)
    for recording in recordings():
        reader = recording.scanner()
        diffs = [message.raw for message in recording.messages if not message.is_snapshot]
        for _ in range(1_500):
            raw = rng.choice(diffs)
            agree(reader, mutate(raw, rng) if rng.random() < 0.9 else raw, recording.keys, recording.tick_size, recording.lot_size)


def test_a_message_is_taken_whole_or_not_at_all() -> None:
    """Applied, not only read: after a refusal every level and the id stand as before, and the book is not ready."""
    rng = random.Random(11)
    for recording in recordings():
        reader, book = recording.scanner(), OrderBook()
        snapshot = next(message.raw for message in recording.messages if message.is_snapshot)
        diffs = [message.raw for message in recording.messages if not message.is_snapshot][:40]
        for _ in range(250):
            if not book.is_ready:
                reader.apply_snapshot(book, snapshot, 1)
            before = _state(book)
            apply: Callable[[OrderBook, bytes, int], int] = reader.apply_diff
            raw = rng.choice(diffs)
            if rng.random() < 0.2:
                apply, raw = reader.apply_snapshot, snapshot
            try:
                apply(book, mutate(raw, rng), 2)
            except ValueError:
                assert _state(book) == before and not book.is_ready


def _state(book: OrderBook) -> tuple[Any, ...]:
    return book.levels(True, 10**6), book.levels(False, 10**6), book.last_update_id, book.ts_ns, book.best_bid, book.best_ask


@settings(SETTINGS, max_examples=300)
@given(raw=st.one_of(st.binary(max_size=60), st.text('{}[]",:0123456789.eE+-buaU ', max_size=60).map(str.encode)))
def test_bytes_of_any_kind_raise_value_error_or_are_read(raw: bytes) -> None:
    agree(BookScanner(SPOT_KEYS, D("0.01"), D("0.001")), raw, SPOT_KEYS, D("0.01"), D("0.001"))


# ---- numbers ---------------------------------------------------------------------------------------------------------
STEPS = st.sampled_from(["1", "0.01", "0.5", "0.25", "5", "100", "0.000025", "1e-8", "1e-18", "3", "0.07", "12345678901234567", "1e18", "1e-30"]).map(
    D
)
DIGITS = st.text("0123456789", min_size=1, max_size=45)
NUMBERS = st.builds(
    lambda whole, part, exponent: whole + (f".{part}" if part else "") + (f"e{exponent}" if exponent is not None else ""),
    DIGITS,
    st.one_of(st.just(""), DIGITS),
    st.one_of(st.none(), st.integers(-60, 60)),
)


@settings(SETTINGS, max_examples=800)
@given(price=NUMBERS, size=NUMBERS, tick=STEPS, lot=STEPS)
def test_decimals_of_any_form_become_exact_steps_on_any_grid(price: str, size: str, tick: Decimal, lot: Decimal) -> None:
    raw = json.dumps({"U": 1, "u": 1, "E": 1, "b": [[price, size]], "a": []}).encode()
    agree(BookScanner(SPOT_KEYS, tick, lot), raw, SPOT_KEYS, tick, lot)


@settings(SETTINGS, max_examples=400)
@given(ticks=st.integers(1, 2**63 - 2), lots=st.integers(0, 2**63 - 1), tick=STEPS, lot=STEPS, zeros=st.integers(0, 30))
def test_what_is_written_on_the_grid_is_read_back(ticks: int, lots: int, tick: Decimal, lot: Decimal, zeros: int) -> None:
    def written(steps: int, step: Decimal) -> str:
        _sign, digits, exponent = step.as_tuple()
        whole = str(steps * int("".join(map(str, digits))))
        if exponent >= 0:
            return whole + "0" * exponent + ("." + "0" * zeros if zeros else "")
        whole = whole.zfill(1 - exponent)
        return whole[:exponent] + "." + whole[exponent:] + "0" * zeros

    raw = json.dumps({"U": 1, "u": 1, "E": 1, "b": [], "a": [[written(ticks, tick), written(lots, lot)]]}).encode()
    reader = BookScanner(SPOT_KEYS, tick, lot)
    reader.read_ids(raw)
    assert reader.levels() == ([], [(ticks, lots)]) and (reader.off_tick, reader.off_lot) == (0, 0)
