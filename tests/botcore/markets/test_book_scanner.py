"""The scanner: which messages it reads, what becomes of each number, and what it refuses."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle
from decimal import Decimal
from typing import Any

import pytest

import botcore.markets.book_scanner as extension
from botcore.markets.book_keys import BookKeys
from botcore.markets.book_scanner import BookScanner
from botcore.markets.order_book import APPLIED, GAP, NO_ASK, NO_BID, OLD, OrderBook
from botcore.venues.live_spec import BookSpec
from tests.support.books import KRAKEN_KEYS, OKX_KEYS, SPOT_KEYS, USDM_KEYS

D = Decimal
BID, ASK = True, False
KUCOIN_KEYS = BookKeys("bids", "asks", "sequenceStart", "sequenceEnd", "", "time", "", "bids", "asks", "sequence")
BYBIT_KEYS = BookKeys("b", "a", "", "u", "", "ts", "", "b", "a", "u", one_sided=False)
OKX_NUMBERED = dataclasses.replace(OKX_KEYS, last_id="seqId", prev_id="prevSeqId", snapshot_id="seqId")


def scanner(keys: BookKeys = SPOT_KEYS, tick: str = "0.01", lot: str = "0.001") -> BookScanner:
    return BookScanner(keys, D(tick), D(lot))


def snapshot(bids: list[Any] | None = None, asks: list[Any] | None = None, last_id: int = 30) -> bytes:
    return json.dumps({"lastUpdateId": last_id, "bids": bids or [["99", "1"], ["98", "2"]], "asks": asks or [["101", "1"]]}).encode()


def diff(bids: list[Any] | None = None, asks: list[Any] | None = None, first: int = 31, last: int = 31, **more: Any) -> bytes:
    return json.dumps({"e": "depthUpdate", "E": 7, "s": "X", "U": first, "u": last, **more, "b": bids or [], "a": asks or []}).encode()


def ready(reader: BookScanner, raw: bytes = b"") -> OrderBook:
    book = OrderBook()
    reader.apply_snapshot(book, raw or snapshot(), 1)
    return book


def sides(book: OrderBook) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    return book.levels(BID, 10**6), book.levels(ASK, 10**6)


def test_the_scanner_is_compiled() -> None:
    assert extension.__file__ is not None and not extension.__file__.endswith(".py")


# ---- messages of venues ----------------------------------------------------------------------------------------------
def test_a_snapshot_and_a_diff_of_binance_spot() -> None:
    reader = scanner()
    book = ready(reader)
    assert sides(book) == ([(9900, 1000), (9800, 2000)], [(10100, 1000)])
    assert (book.last_update_id, book.is_ready, book.ts_ns) == (30, True, 1)
    raw = b'{"stream":"x@depth","data":' + diff([["99.5", "0.25"], ["98.00000000", "0.00000000"]], [["101.00", "3"]], 29, 33) + b"}"
    assert reader.apply_diff(book, raw, 5) == APPLIED
    assert sides(book) == ([(9950, 250), (9900, 1000)], [(10100, 3000)])
    assert (book.last_update_id, book.ts_ns, reader.time_ms) == (33, 5, 7)
    assert (reader.first_id, reader.last_id, reader.prev_id) == (29, 33, -1)
    assert reader.levels() == ([(9950, 250), (9800, 0)], [(10100, 3000)])


def test_futures_of_binance_are_chained_by_the_preceding_id() -> None:
    reader = scanner(USDM_KEYS)
    book = ready(reader)
    assert reader.apply_diff(book, diff(first=28, last=30, pu=27), 2) == OLD
    assert reader.apply_diff(book, diff(first=28, last=40, pu=27), 2) == APPLIED, "the first after a snapshot must only reach it"
    assert reader.apply_diff(book, diff(first=55, last=60, pu=40), 3) == APPLIED, "ids of other symbols lie in between"
    assert reader.apply_diff(book, diff(first=61, last=62, pu=61), 4) == GAP
    assert not book.is_ready


def test_a_message_of_okx_numbered_by_preceding_ids() -> None:
    reader = scanner(OKX_NUMBERED, "0.1", "1")
    first = {
        "asks": [["5.2", "7", "0", "2"]],
        "bids": [["5.1", "3", "0", "1"]],
        "ts": "1652459225363",
        "checksum": -12,
        "prevSeqId": -1,
        "seqId": 123,
    }
    book = ready(reader, json.dumps({"arg": {"channel": "books", "instId": "X"}, "action": "snapshot", "data": [first]}).encode())
    assert (book.last_update_id, reader.time_ms, reader.checksum) == (123, 1652459225363, -12)

    def update(prev: int, last: int, **more: Any) -> bytes:
        return json.dumps(
            {"action": "update", "data": [{"asks": [], "bids": [["5.1", "4", "0", "1"]], "prevSeqId": prev, "seqId": last, **more}]}
        ).encode()

    assert reader.apply_diff(book, update(123, 130, checksum=0), 2) == APPLIED and reader.checksum is None
    assert reader.apply_diff(book, update(130, 130), 3) == OLD, "nothing has changed for a minute"
    assert reader.apply_diff(book, update(129, 135), 3) == GAP


def test_a_venue_that_begins_to_count_anew_leaves_a_gap() -> None:
    reader = scanner(OKX_NUMBERED)
    book = OrderBook()
    book.snapshot([(9900, 1)], [(10100, 1)], 500, 1)
    raw = b'{"data":[{"asks":[],"bids":[],"prevSeqId":500,"seqId":3}]}'
    assert reader.apply_diff(book, raw, 2) == GAP and not book.is_ready


def test_messages_of_kraken_are_arrays_with_a_side_or_two() -> None:
    reader = scanner(KRAKEN_KEYS, "0.00001", "0.00000001")
    book = ready(reader, b'[0,{"as":[["0.05005","0.00000500","15.1"]],"bs":[["0.05000","0.00000500","15.2"]]},"book-1000","XBT/USD"]')
    assert reader.apply_diff(book, b'[0,{"a":[["0.05010","1.00000000","1","r"]],"c":"974947235"},"book-1000","XBT/USD"]', 2) == APPLIED
    assert (reader.checksum, reader.price_places, reader.size_places) == (974947235, 5, 8)
    both = b'[1,{"a":[["0.05005","0.00000000","1"]]},{"b":[["0.05001","2.0","1"]],"c":"4031"},"book-1000","XBT/USD"]'
    assert reader.apply_diff(book, both, 3) == APPLIED
    assert sides(book) == ([(5001, 200_000_000), (5000, 500)], [(5010, 100_000_000)])


def test_levels_below_the_depth_of_the_stream_are_forgotten() -> None:
    reader = scanner(dataclasses.replace(KRAKEN_KEYS, stream_depth=3), "1", "1")
    levels = [[str(price), "1", "0"] for price in range(90, 80, -1)]
    book = ready(reader, json.dumps([0, {"as": [["91", "1", "0"]], "bs": levels}, "book", "X"]).encode())
    assert sides(book)[0] == [(90, 1), (89, 1), (88, 1)]
    reader.apply_diff(book, b'[0,{"b":[["85","2","0"],["90.0","7","0"]]},"book","X"]', 1)
    assert sides(book)[0] == [(90, 7), (89, 1), (88, 1)]


def test_messages_of_kucoin_and_bybit() -> None:
    reader = scanner(KUCOIN_KEYS, "0.0001", "0.01")
    book = ready(reader, b'{"code":"200000","data":{"time":1,"sequence":"16128","bids":[["3.3","1"]],"asks":[["3.4","1"]]}}')
    raw = b'{"data":{"sequenceStart":16129,"symbol":"X","changes":{"asks":[["3.5","2","16130"]],"bids":[["0","0","16129"]]},"sequenceEnd":16130}}'
    assert reader.apply_diff(book, raw, 1) == APPLIED, "a price of 0 says that nothing has changed on that side"
    assert sides(book) == ([(33000, 100)], [(34000, 100), (35000, 200)])

    reader = scanner(BYBIT_KEYS)
    book = ready(reader, b'{"topic":"x","type":"snapshot","ts":5,"data":{"s":"X","b":[["99","1"]],"a":[["101","1"]],"u":7,"seq":70}}')
    delta = b'{"topic":"x","type":"delta","ts":6,"data":{"s":"X","b":[["99","2"]],"a":[],"u":%d,"seq":71}}'
    assert [reader.apply_diff(book, delta % number, 1) for number in (8, 9, 9, 11)] == [APPLIED, APPLIED, OLD, GAP]


def test_order_of_keys_white_space_and_numbers_without_quotes_do_not_matter() -> None:
    reader = scanner()
    book = ready(reader)
    raw = b' { "a" : [ [ 101 , 2 ] ,\n[1.0205e2, 5E-1] ] ,\t"x":{"y":[1,{"z":null}],"t":true}, "b":[["9.9e1","1e-3","m",[2],{"q":"\\u0041\\""}]],"u" : "31" , "U":31 , "E":5 }\r\n'
    assert reader.apply_diff(book, raw, 1) == APPLIED
    assert sides(book) == ([(9900, 1), (9800, 2000)], [(10100, 2000), (10205, 500)])


def test_null_is_an_empty_side() -> None:
    reader = scanner()
    assert reader.apply_diff(ready(reader), b'{"U":31,"u":31,"E":1,"b":null,"a":[]}', 1) == APPLIED


def test_the_keys_of_a_venue_file_are_those_of_the_scanner() -> None:
    assert BookSpec().keys() == BookKeys()
    assert BookSpec(prev_id="pu", checksum="c", one_sided=True, stream_depth=10).keys() == BookKeys(
        prev_id="pu", checksum="c", one_sided=True, stream_depth=10
    )


# ---- numbers ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("tick", "text", "ticks"),
    [
        ("0.01", "61837.63000000", 6183763),
        ("0.5", "30238.5", 60477),
        ("0.25", "4000.75", 16003),
        ("5", "61835", 12367),
        ("100", "1.2e3", 12),
        ("1E+2", "1200.000", 12),
        ("0.00000001", "0.00000636", 636),
        ("1e-18", "0.000000000000000017", 17),
        ("1e-18", "9.223372036854775806", 2**63 - 2),
        ("0.000025", "0.000100", 4),
        ("1", "9223372036854775806", 2**63 - 2),
        ("10000000000", "92233720368547758060000000000", 9223372036854775806),
        ("0.01", "0.0000000000000000000000000000000000000000000000001e49", 100),
        ("0.01", "1" + "0" * 60 + "e-60", 100),
        ("0.01", "1." + "0" * 400, 100),
        ("0.01", "000.10", 10),
        ("0.01", "1E+1", 1000),
    ],
)
def test_decimal_text_becomes_ticks_exactly(tick: str, text: str, ticks: int) -> None:
    reader = scanner(tick=tick)
    reader.read_ids(diff([[text, "1"]]))
    assert reader.levels()[0] == [(ticks, 1000)]


@pytest.mark.parametrize(
    ("lot", "text", "lots", "off"),
    [
        ("0.001", "0.0019", 1, 1),
        ("0.001", "0.0001", 1, 1),
        ("0.001", "0.000000000000000000000000000000000000000000000001", 1, 1),
        ("0.001", "0.001", 1, 0),
        ("0.001", "0.000", 0, 0),
        ("0.001", "0e400", 0, 0),
        ("0.5", "1.74", 3, 1),
        ("5", "12", 2, 1),
        ("1", "1.5e0", 1, 1),
        ("1", "12345678901234567.89", 12345678901234567, 1),
        ("1", "3.00000000000000000000000000000000000000000001", 3, 1),
        ("1", "1234567890123456789012345678901234567890.5e-30", 1234567890, 1),
        ("0.001", "-0.0", 0, 0),
    ],
)
def test_a_size_off_the_lot_grid_is_rounded_down_but_never_to_nothing(lot: str, text: str, lots: int, off: int) -> None:
    reader = scanner(lot=lot)
    book = ready(reader, snapshot([["99", text], ["98", "100"]], [["101", "100"]]))
    assert book.lots_at(BID, 9900) == lots and reader.off_lot == off


def test_prices_off_the_tick_grid_behind_the_best_are_passed_over_and_counted() -> None:
    reader = scanner()
    book = ready(reader, snapshot([["99", "1"], ["98.995", "5"]], [["101", "1"], ["101.001", "5"]]))
    assert sides(book) == ([(9900, 1000)], [(10100, 1000)]) and reader.off_tick == 2
    assert reader.apply_diff(book, diff([["98.995", "0"], ["98.001", "4"]], [["100.5", "1"], ["100.500001", "1"]]), 2) == APPLIED
    assert sides(book) == ([(9900, 1000)], [(10050, 1000), (10100, 1000)]) and reader.off_tick == 4


@pytest.mark.parametrize(
    ("bids", "asks"), [([["99.005", "1"]], []), ([], [["100.999", "1"]]), ([["99.001", "0.0001"]], []), ([], [["99.991e0", "1"]])]
)
def test_a_best_price_off_the_tick_grid_is_an_error(bids: list[Any], asks: list[Any]) -> None:
    reader = scanner()
    book = ready(reader)
    before = sides(book)
    with pytest.raises(ValueError, match="off the tick grid"):
        reader.apply_diff(book, diff(bids, asks), 2)
    assert sides(book) == before and not book.is_ready and book.last_update_id == 30
    with pytest.raises(ValueError, match="off the tick grid"):
        reader.apply_snapshot(book, snapshot(bids and [*bids, ["98", "1"]], asks and [*asks, ["102", "1"]]), 2)
    assert sides(book) == before


@pytest.mark.parametrize(
    ("level", "problem"),
    [
        (["9223372036854775807", "1"], "fit 64 bits"),
        (["92233720368547758.07", "1"], "fit 64 bits"),
        (["1e30", "1"], "fit 64 bits"),
        (["1e99999999999999999999", "1"], "fit 64 bits"),
        (["99", "9223372036854775808"], "fit 64 bits"),
        (["-99", "1"], "below 0"),
        (["99", "-1"], "below 0"),
        (["99", "-0.00001"], "below 0"),
        (["0", "1"], "price of 0"),
        (["0.00", "1"], "price of 0"),
        (["NaN", "1"], "no number"),
        (["Infinity", "1"], "no number"),
        (["", "1"], "no number"),
        ([" 99", "1"], "no number"),
        (["99 ", "1"], "no number"),
        (["+99", "1"], "no number"),
        (["9.9.9", "1"], "no number"),
        (["99.", "1"], "point"),
        ([".5", "1"], "no number"),
        (["1e", "1"], "exponent"),
        (["0x10", "1"], "no number"),
        ([None, "1"], "no number"),
        ([True, "1"], "no number"),
        ([["99"], "1"], "no number"),
        (["99"], "without a size"),
        ([], "no number"),
        ("99", "no array"),
        ({"px": "99", "sz": "1"}, "no array"),
    ],
)
def test_what_is_no_level_is_an_error_and_changes_nothing(level: Any, problem: str) -> None:
    reader = scanner()
    book = ready(reader)
    before = sides(book)
    with pytest.raises(ValueError, match=problem):
        reader.apply_diff(book, diff([["99", "5"], level]), 2)
    assert sides(book) == before and book.last_update_id == 30
    assert not book.is_ready, "an update is missing now"


# ---- structure -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b" ",
        b"null",
        b"[]",
        b"{}",
        b'{"U":31,"u":31,"b":[]}',
        b'{"U":31,"u":31,"b":[],"a":{}}',
        b'{"U":31,"u":31,"b":[],"a":"1"}',
        b'{"u":31,"b":[],"a":[]}',
        b'{"U":31,"b":[],"a":[]}',
        b'{"U":31,"u":31.5,"b":[],"a":[]}',
        b'{"U":31,"u":null,"b":[],"a":[]}',
        b'{"U":31,"u":-1,"b":[],"a":[]}',
        b'{"U":31,"u":9223372036854775807,"b":[],"a":[]}',
        b'{"U":31,"u":92233720368547758080,"b":[],"a":[]}',
        b'{"U":31,"u":31,"u":31,"b":[],"a":[]}',
        b'{"U":31,"u":31,"b":[],"a":[],"b":[]}',
        b'{"U":31,"u":31,"b":[],"a":[]}x',
        b'{"U":31,"u":31,"b":[],"a":[]}\0',
        b'{"U":31,"u":31,"b":[],"a":[]',
        b'{"U":31,"u":31,"b":[],"a":[]]',
        b'{"U":31,"u":31,"b":[],"a":[],}',
        b'{"U":31,"u":31,"b":[],"a":[["101","1"],]}',
        b'{"U":31,"u":31,"b":[],"a":[["101","1"] ["102","1"]]}',
        b'{"U":31,"u":31,"b":[],"a":[["101","1"]}',
        b'{"U":31,"u":31,"b":[],"a":[["101","1',
        b'{"U":31,"u":031,"b":[],"a":[]}',
        b'{"U":31 "u":31,"b":[],"a":[]}',
        b"{'U':31,'u':31,'b':[],'a':[]}",
        b'{"U":31,"u":31,"b":[],"a":[],"x":tru}',
        b'{"U":31,"u":31,"b":[],"a":[],"x":1.}',
        b'{"U":31,"u":31,"b":[],"a":[],"x":"\n"}',
        b'{"U":31,"u":31,"b":[],"a":[],"x":"\\q"}',
        b'{"U":31,"u":31,"b":[],"a":[],"x":"\\u12G4"}',
        b'{"U":31,"u":31,"b":[],"a":[],"x":' + b"[" * 100 + b"]" * 100 + b"}",
        b'{"U":31,"u":31,"b":[],"a":[["101","1",' + b"[" * 100_000 + b"]]}",
        b"[" * 100_000,
        b'{"x":' * 100_000,
    ],
)
def test_what_is_no_depth_message_is_an_error_and_changes_nothing(raw: bytes) -> None:
    reader = scanner()
    book = ready(reader)
    before = sides(book)
    with pytest.raises(ValueError, match=r"depth message|expected an id"):
        reader.apply_diff(book, raw, 2)
    assert sides(book) == before and book.last_update_id == 30 and not book.is_ready


def test_every_beginning_of_a_message_is_an_error() -> None:
    reader = scanner()
    whole = diff([["99.5", "0.25"], ["98", "0"]], [["101", "3.0e0"]])
    for length in range(len(whole)):
        with pytest.raises(ValueError):
            reader.read_ids(whole[:length])


@pytest.mark.parametrize(
    "raw", [snapshot(last_id=-1), b'{"bids":[],"asks":[]}', b'{"lastUpdateId":3,"bids":[]}', b'{"lastUpdateId":3,"asks":[]}', diff()]
)
def test_what_is_no_snapshot_leaves_the_levels_and_makes_the_book_unready(raw: bytes) -> None:
    reader = scanner()
    book = ready(reader)
    before = sides(book)
    with pytest.raises(ValueError):
        reader.apply_snapshot(book, raw, 2)
    assert sides(book) == before and not book.is_ready


@pytest.mark.parametrize("raw", ["text", None, 5, bytearray(b"{}"), memoryview(b"{}")])
def test_only_bytes_are_read(raw: Any) -> None:
    reader = scanner()
    for call in (reader.read_ids, lambda raw: reader.apply_diff(OrderBook(), raw, 1), lambda raw: reader.apply_snapshot(OrderBook(), raw, 1)):
        with pytest.raises(TypeError):
            call(raw)


@pytest.mark.parametrize(
    ("tick", "lot"), [("0", "1"), ("-0.1", "1"), ("NaN", "1"), ("1", "Infinity"), ("1e30", "1"), ("1", "1e-39"), ("12345678901234567890", "1")]
)
def test_steps_that_can_not_be_used_are_refused(tick: str, lot: str) -> None:
    with pytest.raises(ValueError):
        scanner(tick=tick, lot=lot)


@pytest.mark.parametrize(
    "keys",
    [BookKeys(bids="a"), BookKeys(bids=""), BookKeys(last_id=""), BookKeys(snapshot_id="bids"), BookKeys(last_id="", first_id="", prev_id="pu")],
)
def test_keys_that_can_not_be_told_apart_are_refused(keys: BookKeys) -> None:
    with pytest.raises(ValueError):
        scanner(keys)


def test_a_scanner_is_not_copied() -> None:
    for way in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            way(scanner())


def test_a_message_of_a_hundred_thousand_levels_is_read() -> None:
    reader = scanner()
    book = ready(reader, snapshot([[str(price), "1"] for price in range(100_000, 0, -1)], [[str(price), "1"] for price in range(100_001, 200_001)]))
    assert (book.depth(BID), book.depth(ASK), book.best_bid, book.best_ask) == (100_000, 100_000, 10_000_000, 10_000_100)


def test_a_diff_of_an_unready_book_is_a_gap() -> None:
    book = OrderBook()
    assert scanner().apply_diff(book, diff([["99", "1"]]), 1) == GAP
    assert sides(book) == ([], []) and (book.best_bid, book.best_ask) == (NO_BID, NO_ASK)


# ---- pairs that somebody else has read -------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", [float, str, D, lambda text: int(float(text))])
@pytest.mark.parametrize("pair", [list, tuple])
def test_pairs_of_any_number_type_are_taken(kind: Any, pair: Any) -> None:
    reader = scanner()
    book = ready(reader)
    assert (
        reader.apply_pairs(book, 31, 31, -1, [pair((kind("97"), kind("3")))], [pair((kind("102"), kind("0"))), pair((kind("101"), kind("2")))], 9)
        == APPLIED
    )
    assert sides(book) == ([(9900, 1000), (9800, 2000), (9700, 3000)], [(10100, 2000)]) and book.ts_ns == 9
    assert reader.apply_pairs(book, 31, 31, -1, [], [], 9) == OLD
    assert reader.apply_pairs(book, 33, 33, -1, [], [], 9) == GAP


@pytest.mark.parametrize("text", ["0.1", "0.3", "1.1", "2.675", "61837.63", "0.07", "123456789.01", "4503599627.37"])
@pytest.mark.parametrize("step", ["0.01", "0.001", "0.005", "0.00001"])
def test_a_float_is_the_decimal_nearest_to_it(text: str, step: str) -> None:
    reader = scanner(tick=step, lot=step)
    book = OrderBook()
    book.snapshot([(1, 1)], [(2**60, 1)], 1, 1)
    if D(text) % D(step):
        with pytest.raises(ValueError, match="off the tick grid"):
            reader.apply_pairs(book, 2, 2, -1, [[float(text), 1.0]], [], 1)
    else:
        reader.apply_pairs(book, 2, 2, -1, [[float(text), float(text)]], [], 1)
        assert book.levels(BID, 1) == [(int(D(text) / D(step)), int(D(text) / D(step)))]


@pytest.mark.parametrize(
    "pair",
    [
        [float("nan"), 1.0],
        [float("inf"), 1.0],
        [99.0, -1.0],
        [0.0, 1.0],
        [1e20, 1.0],
        [99.0],
        [99.0, 1.0, 3],
        "99",
        7,
        [None, 1.0],
        ["x", 1.0],
        [b"9", 1.0],
    ],
)
def test_pairs_that_are_none_are_an_error_and_change_nothing(pair: Any) -> None:
    reader = scanner()
    book = ready(reader)
    before = sides(book)
    with pytest.raises((ValueError, TypeError)):
        reader.apply_pairs(book, 31, 31, -1, [[99.0, 5.0], pair], [], 2)
    assert sides(book) == before and not book.is_ready
