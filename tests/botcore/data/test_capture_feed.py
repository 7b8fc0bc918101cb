"""Recorded streams as a market: snapshot and diffs joined as the venue's manual demands, checked against the venue's own best prices."""

from __future__ import annotations

import gzip
import json
import lzma
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from botcore.data.capture_feed import CaptureFeed, inspect_capture, read_lines
from botcore.markets.order_book import OrderBook
from botcore.model.errors import DataError
from botcore.model.instrument import Instrument
from botcore.model.market_events import BookDiff, BookSnapshot, FeedEnded, MarketEvent, TradeTick
from botcore.model.times import NEVER
from tests.support.bench import instrument
from tests.support.data import recorded

ETH = instrument(tick="0.01", lot="0.1")
T0 = 1_723_161_253_000_000_000

SPOT = ("l2/hftbacktest_binance_spot_btcusdt_20240808.gz", "0.01", "0.00001")
USDM = ("l2/hftbacktest_binance_usdm_btcusdt_20240808.gz", "0.1", "0.001")


# ---- small captures ------------------------------------------------------------------------------------------------
def depth(first: int, last: int, bids: dict[str, str] | None = None, asks: dict[str, str] | None = None, prev: int | None = None) -> dict[str, Any]:
    message = {
        "e": "depthUpdate",
        "s": "ETHUSDT",
        "U": first,
        "u": last,
        "b": [*map(list, (bids or {}).items())],
        "a": [*map(list, (asks or {}).items())],
    }
    return message if prev is None else {**message, "pu": prev}


def snapshot(update_id: int) -> dict[str, Any]:
    return {"lastUpdateId": update_id, "bids": [["99.00", "1.0"], ["98.00", "2.0"]], "asks": [["101.00", "1.0"]]}


def trade(price: str = "100.00", amount: str = "0.5", **more: Any) -> dict[str, Any]:
    return {"e": "trade", "s": "ETHUSDT", "p": price, "q": amount, "m": True, **more}


def stream(message: dict[str, Any]) -> dict[str, Any]:
    return {"stream": "ethusdt@x", "data": message} if "lastUpdateId" not in message else message


def capture(tmp_path: Path, messages: list[dict[str, Any]], name: str = "eth.log") -> list[Path]:
    """One message a second, the local time before each."""
    path = tmp_path / name
    path.write_text("".join(f"{T0 + number * 10**9} {json.dumps(stream(message))}\n" for number, message in enumerate(messages)))
    return [path]


def play(feed: CaptureFeed) -> list[MarketEvent]:
    found: list[MarketEvent] = []
    while (now_ns := feed.next_ns()) != NEVER:
        event = feed.pop()
        assert event.ts_ns == now_ns
        assert not found or now_ns >= found[-1].ts_ns
        found.append(event)
    return found


def events(tmp_path: Path, messages: list[dict[str, Any]]) -> list[MarketEvent]:
    return play(CaptureFeed(ETH, capture(tmp_path, messages)))


def test_diffs_before_the_snapshot_wait_and_only_newer_ones_count(tmp_path: Path) -> None:
    """HZ-25."""
    found = events(tmp_path, [depth(1, 5), depth(6, 10), depth(11, 15), snapshot(10), depth(16, 18)])
    assert [type(event) for event in found] == [BookSnapshot, BookDiff, BookDiff, FeedEnded]
    assert [event.last_id for event in found[1:3]] == [15, 18]  # type: ignore[union-attr]
    assert found[1].ts_ns == found[0].ts_ns == T0 + 3 * 10**9, "known when the snapshot came"


def test_prices_and_sizes_are_ticks_and_lots(tmp_path: Path) -> None:
    found = events(tmp_path, [snapshot(10), depth(11, 11, {"99.50": "3.0", "98.00": "0"}, {"100.99": "0.1"})])
    assert found[0] == BookSnapshot(ETH.market, T0, 10, [(9900, 10), (9800, 20)], [(10100, 10)])
    assert found[1] == BookDiff(ETH.market, T0 + 10**9, 11, 11, -1, [(9950, 30), (9800, 0)], [(10099, 1)])


def test_previous_ids_of_futures_are_kept(tmp_path: Path) -> None:
    found = events(tmp_path, [snapshot(10), depth(9, 14, prev=8), depth(20, 25, prev=14)])
    assert [event.prev_id for event in found[1:3]] == [8, 14]  # type: ignore[union-attr]


def test_a_price_off_the_grid_is_rounded_away_from_the_touch_and_counted(tmp_path: Path) -> None:
    feed = CaptureFeed(ETH, capture(tmp_path, [snapshot(10), depth(11, 11, {"99.509": "0.19"}, {"100.991": "1"})]))
    found = play(feed)
    assert found[1].bids == [(9950, 1)] and found[1].asks == [(10100, 10)]  # type: ignore[union-attr]
    assert feed.off_grid == 3


def test_a_trade_is_taken_once_the_book_stands(tmp_path: Path) -> None:
    feed = CaptureFeed(ETH, capture(tmp_path, [trade(), snapshot(10), depth(11, 11), trade("100.01", "0.5", m=False), trade(amount="0.01")]))
    trades = [event for event in play(feed) if isinstance(event, TradeTick)]
    assert [(event.price_ticks, event.lots, event.buyer_is_maker) for event in trades] == [(10001, 5, False), (10000, 1, True)]


def test_trades_that_are_not_of_the_market_are_left_out(tmp_path: Path) -> None:
    """Futures: insurance fund and ADL trades carry another X."""
    found = events(tmp_path, [snapshot(10), depth(11, 11), trade(X="INSURANCE_FUND"), trade(X="MARKET")])
    assert sum(isinstance(event, TradeTick) for event in found) == 1


def test_other_symbols_and_other_messages_are_passed_over(tmp_path: Path) -> None:
    other = {**depth(11, 11, {"1.00": "1"}), "s": "BTCUSDT"}
    ticker = {"u": 12, "s": "ETHUSDT", "b": "99", "B": "1", "a": "101", "A": "1"}
    assert [type(event) for event in events(tmp_path, [other, snapshot(10), other, ticker, depth(11, 11)])] == [BookSnapshot, BookDiff, FeedEnded]


def test_a_second_snapshot_of_a_good_book_is_passed_over(tmp_path: Path) -> None:
    assert [type(event) for event in events(tmp_path, [snapshot(10), depth(11, 11), snapshot(11), depth(12, 12)])].count(BookSnapshot) == 1


def test_a_snapshot_after_a_gap_heals_the_book(tmp_path: Path) -> None:
    found = events(tmp_path, [snapshot(10), depth(11, 11), depth(15, 15), depth(16, 16), snapshot(20), depth(21, 21)])
    assert [type(event) for event in found if not isinstance(event, BookDiff)] == [BookSnapshot, BookSnapshot, FeedEnded]
    book = OrderBook()
    for event in found:
        if isinstance(event, BookSnapshot):
            book.snapshot(event.bids, event.asks, event.update_id, event.ts_ns)
        elif isinstance(event, BookDiff):
            book.apply_diff(event.first_id, event.last_id, event.prev_id, event.bids, event.asks, event.ts_ns)
    assert book.is_ready and book.last_update_id == 21


def test_times_never_go_back_even_when_the_log_does(tmp_path: Path) -> None:
    path = tmp_path / "eth.log"
    lines = [(T0 + 5, snapshot(10)), (T0 + 9, depth(11, 11)), (T0 + 7, depth(12, 12))]
    path.write_text("".join(f"{ts} {json.dumps(stream(message))}\n" for ts, message in lines))
    assert [event.ts_ns - T0 for event in play(CaptureFeed(ETH, [path]))] == [5, 9, 9, 9]


def test_without_a_snapshot_there_is_no_market(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="expected depth of ETHUSDT"):
        CaptureFeed(ETH, capture(tmp_path, [depth(11, 11), trade()]))


@pytest.mark.parametrize("kind", ["plain", "gz", "xz"])
def test_captures_may_be_compressed(tmp_path: Path, kind: str) -> None:
    plain = capture(tmp_path, [snapshot(10), depth(11, 11)])[0]
    path = {"plain": plain, "gz": tmp_path / "eth.log.gz", "xz": tmp_path / "eth.log.xz"}[kind]
    if kind != "plain":
        path.write_bytes({"gz": gzip.compress, "xz": lzma.compress}[kind](plain.read_bytes()))
    assert len(play(CaptureFeed(ETH, [path]))) == 3


@pytest.mark.parametrize("compress", [gzip.compress, lzma.compress])
def test_a_cut_off_capture_says_so(tmp_path: Path, compress: Any) -> None:
    plain = capture(tmp_path, [snapshot(10), *(depth(11 + number, 11 + number, {"99.50": str(number)}) for number in range(500))])[0]
    path = tmp_path / f"cut.{'gz' if compress is gzip.compress else 'xz'}"
    path.write_bytes(compress(plain.read_bytes())[:-40])
    with pytest.raises(DataError, match=r"cut\..*can't read the capture"):
        play(CaptureFeed(ETH, [path]))


@pytest.mark.parametrize("broken", ["soon {}", "17231x {}", f"{T0} {{not json}}", ": {}"])
def test_a_line_that_is_no_message_is_named(tmp_path: Path, broken: str) -> None:
    path = capture(tmp_path, [snapshot(10), depth(11, 11)])[0]
    path.write_text(path.read_text() + broken + "\n")
    with pytest.raises(DataError, match=r"eth\.log, line 3"):
        list(read_lines([path]))


@pytest.mark.parametrize(
    "broken",
    [
        {"e": "depthUpdate", "s": "ETHUSDT"},
        {**depth(12, 12), "b": [["x", "1"]]},
        {**depth(12, 12), "b": [["1.0"]]},
        {**trade(), "p": "cheap"},
        {**depth(12, 12), "b": None},
    ],
)
def test_a_message_that_is_not_as_the_venue_sends_it_is_named(tmp_path: Path, broken: dict[str, Any]) -> None:
    with pytest.raises(DataError, match=r"eth\.log, line 3: a .* message of ETHUSDT"):
        events(tmp_path, [snapshot(10), depth(11, 11), broken])


@pytest.mark.parametrize(
    "broken",
    [{"e": "depthUpdate", "s": "ETHUSDT"}, {**depth(12, 12), "b": [["1.0"]]}, {**depth(12, 12), "b": [[1, 2]]}, {**depth(12, 12), "a": None}],
)
def test_looking_through_a_broken_capture_names_the_line(tmp_path: Path, broken: dict[str, Any]) -> None:
    with pytest.raises(DataError, match=r"eth\.log, line 2: a depthUpdate message"):
        inspect_capture(capture(tmp_path, [snapshot(10), broken]))


def test_streams_of_all_symbols_are_passed_over(tmp_path: Path) -> None:
    path = capture(tmp_path, [snapshot(10), depth(11, 11)])[0]
    path.write_text(path.read_text() + f'{T0 + 10**10} {{"stream":"!miniTicker@arr","data":[{{"e":"24hrMiniTicker","s":"ETHUSDT"}}]}}\n')
    assert len(play(CaptureFeed(ETH, [path]))) == 3


def test_what_a_capture_holds(tmp_path: Path) -> None:
    info = inspect_capture(capture(tmp_path, [snapshot(10), depth(11, 11, {"99.50": "3.250"}), trade(), trade()]))
    assert info.symbols == {"ETHUSDT": 3} and (info.first_ns, info.last_ns) == (T0, T0 + 3 * 10**9)
    assert (info.tick_size, info.lot_size) == (Decimal("0.1"), Decimal("0.01"))


def test_a_symbol_that_is_not_in_the_capture(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="expected depth updates of XRPUSDT, found messages of ETHUSDT"):
        inspect_capture(capture(tmp_path, [snapshot(10), depth(11, 11)]), "xrpusdt")


@pytest.mark.parametrize("taken", range(7))
def test_a_restored_feed_begins_with_the_standing_book_and_goes_on(tmp_path: Path, taken: int) -> None:
    paths = capture(tmp_path, [snapshot(10), depth(11, 12, {"99.50": "3"}), trade(), depth(13, 13, {"99.50": "0"}, {"100.00": "1"}), trade()])
    feed, again = CaptureFeed(ETH, paths), CaptureFeed(ETH, paths)
    for _ in range(min(taken, 6)):
        feed.pop()
    again.restore(json.loads(json.dumps(feed.state())))
    if taken:
        standing = again.pop()
        assert isinstance(standing, BookSnapshot)
        assert standing.update_id == (10, 12, 12, 13, 13, 13)[taken - 1]
    assert play(again) == play(feed)


# ---- real recordings -----------------------------------------------------------------------------------------------
def real(name: str, tick: str, lot: str) -> tuple[CaptureFeed, Path]:
    path = recorded(name)
    of: Instrument = instrument("BTC-USDT", tick=tick, lot=lot)
    return CaptureFeed(of, [path]), path


@pytest.mark.parametrize(("capture_of", "agreed"), [(SPOT, 564), (USDM, 629)])
def test_our_book_agrees_with_the_venues_own_best_prices(capture_of: tuple[str, str, str], agreed: int) -> None:
    """The venue's bookTicker with the same update id says the same; the book has no gap and is never crossed."""
    feed, path = real(*capture_of)
    of = feed.instrument
    best = {line.message["u"]: (line.message["b"], line.message["a"]) for line in read_lines([path]) if {"B", "A", "u"} <= line.message.keys()}
    book, compared = OrderBook(), 0
    while feed.next_ns() != NEVER:
        event = feed.pop()
        if isinstance(event, BookSnapshot):
            book.snapshot(event.bids, event.asks, event.update_id, event.ts_ns)
        elif isinstance(event, BookDiff):
            book.apply_diff(event.first_id, event.last_id, event.prev_id, event.bids, event.asks, event.ts_ns)
            assert book.is_ready and not book.is_crossed
            if event.last_id in best:
                bid, ask = best[event.last_id]
                assert (book.best_bid, book.best_ask) == (of.floor_ticks(Decimal(bid)), of.ceil_ticks(Decimal(ask)))
                compared += 1
    assert compared == agreed


def test_the_diff_that_waited_for_the_snapshot_is_not_lost() -> None:
    """Without it the spot book is crossed from then on: so the test above would see it."""
    feed, _ = real(*SPOT)
    first, waited = feed.pop(), feed.pop()
    assert isinstance(first, BookSnapshot) and isinstance(waited, BookDiff)
    assert waited.ts_ns == first.ts_ns and waited.last_id > first.update_id
    book, crossed = OrderBook(), 0
    book.snapshot(first.bids, first.asks, first.update_id, first.ts_ns)
    while feed.next_ns() != NEVER:
        event = feed.pop()
        if isinstance(event, BookDiff):
            for is_bid, levels in ((True, event.bids), (False, event.asks)):
                for ticks, lots in levels:
                    book.update(is_bid, ticks, lots)
            crossed += book.is_crossed
    assert crossed > 2_000


@pytest.mark.parametrize("venue", ["BINANCE", "BINANCE_FUTURES"])
def test_captures_with_snapshots_in_a_file_of_their_own(venue: str) -> None:
    paths = [recorded(f"captures/cryptofeed_{venue}.{part}.xz") for part in ("http.0.0", "ws.1.0")]
    symbols = inspect_capture(paths).symbols
    assert len(symbols) == 4
    for symbol in symbols:
        info = inspect_capture(paths, symbol)
        feed = CaptureFeed(instrument("A-B", tick=str(info.tick_size), lot=str(info.lot_size)), paths, symbol)
        found = play(feed)
        assert isinstance(found[0], BookSnapshot) and isinstance(found[-1], FeedEnded)
        assert sum(isinstance(event, BookDiff) for event in found) >= 1
        assert feed._book.is_ready and not feed._book.is_crossed
