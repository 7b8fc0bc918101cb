"""Where prices come from: candle files, captures, the synthetic market."""

from __future__ import annotations

import gzip
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from botcore.data.candle_csv import read_candles
from botcore.data.capture_feed import CaptureFeed, inspect_capture
from botcore.data.synthetic import SyntheticFeed
from botcore.data.synthetic_model import SyntheticParams
from botcore.markets.market_state import MarketState
from botcore.model.enums import InstrumentKind, PriceType
from botcore.model.errors import DataError
from botcore.model.instrument import Instrument, Market
from botcore.model.market_events import FeedEnded
from tests.support.data import recorded

BTC = Instrument(Market("binance_perpetual", "BTC-USDT"), InstrumentKind.LINEAR_PERPETUAL, Decimal("0.1"), Decimal("0.001"))
HEAD = "ts_ms,open,high,low,close,volume\n"


# ---- candle files --------------------------------------------------------------------------------------------------
def test_recorded_candles_are_read_with_their_interval_and_steps() -> None:
    table = read_candles(recorded("candles/nautilus_btcperp_1m_20211231_20220201.csv.gz"))
    assert (len(table), table.interval_s) == (45031, 60)
    assert np.all(table.high >= table.low)


def test_plain_and_compressed_files_give_the_same(tmp_path: Path) -> None:
    text = HEAD + "".join(f"{1_700_000_040_000 + i * 60_000},10.1,10.4,10.0,10.2,3.5\n" for i in range(5))
    (tmp_path / "a.csv").write_text(text)
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(text.encode()))
    plain, packed = read_candles(tmp_path / "a.csv"), read_candles(tmp_path / "a.csv.gz")
    assert np.array_equal(plain.close, packed.close)
    assert plain.tick_size == Decimal("0.1")


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("1700000040000,1,2,1,1,1\n1700000100000,1,x,1,1,1\n", "candle 2"),
        ("1700000040000,1,2,1,1,1\n1700000100000,1,nan,1,1,1\n", "candle 2"),
        ("1700000040000,1,2,1,1,1\n1700000040000,1,2,1,1,1\n", "candle 2"),
        ("1700000040000,1,2,1,1,1\n1700000100000,1,0.5,1,1,1\n", "candle 2"),
        ("1700000040000,1,2,1,1,1\n1700000100000,-1,2,-1,1,1\n", "candle 2"),
        ("", "at least two candles"),
    ],
)
def test_broken_rows_are_refused_with_file_and_row(tmp_path: Path, rows: str, words: str) -> None:
    path = tmp_path / "broken.csv"
    path.write_text(HEAD + rows)
    with pytest.raises(DataError, match=r"broken\.csv") as caught:
        read_candles(path)
    assert words in str(caught.value)


# ---- captures ------------------------------------------------------------------------------------------------------
def test_a_recorded_capture_plays_a_book_that_is_never_crossed() -> None:
    paths = [recorded("captures/cryptofeed_BINANCE_FUTURES.ws.1.0.xz"), recorded("captures/cryptofeed_BINANCE_FUTURES.http.0.0.xz")]
    info = inspect_capture(paths, "SUSHIUSDT")
    instrument = Instrument(Market("binance_perpetual", "SUSHI-USDT"), InstrumentKind.LINEAR_PERPETUAL, info.tick_size, info.lot_size)
    feed, state = CaptureFeed(instrument, paths, "SUSHIUSDT"), MarketState(instrument)
    times, ready = [], 0
    for _ in range(3000):
        event = feed.pop()
        if isinstance(event, FeedEnded):
            break
        state.apply(event)
        times.append(event.ts_ns)
        if state.book.is_ready:
            ready += 1
            assert not state.book.is_crossed
    assert times == sorted(times)
    assert len(times) > 100
    assert ready > 50


# ---- the synthetic market ------------------------------------------------------------------------------------------
def synthetic(seed: int = 7) -> SyntheticFeed:
    return SyntheticFeed(BTC, Decimal(65000), SyntheticParams(), seed, 1_790_000_000_000_000_000)


def test_same_seed_same_market_another_seed_another() -> None:
    first, second, other = synthetic(), synthetic(), synthetic(8)
    events = [first.pop() for _ in range(2000)]
    assert events == [second.pop() for _ in range(2000)]
    assert events != [other.pop() for _ in range(2000)]


def test_a_restored_feed_goes_on_as_if_nothing_had_happened() -> None:
    feed = synthetic()
    for _ in range(777):
        feed.pop()
    state = feed.state()
    expected = [feed.pop() for _ in range(500)]
    again = synthetic()
    again.restore(state)
    opening, book = MarketState(BTC), MarketState(BTC)
    replayed = []
    while len(replayed) < 600:
        event = again.pop()
        replayed.append(event)
        opening.apply(event)
    for event in expected:
        book.apply(event)
    assert expected[-1] in replayed
    tail = replayed[: replayed.index(expected[-1]) + 1]
    assert [event for event in tail if event in expected][-400:] == expected[-400:]


def test_the_market_moves_enough_and_its_book_is_sound() -> None:
    feed, state = synthetic(), MarketState(BTC)
    mids: list[Decimal] = []
    last_s = 0
    while len(mids) < 600:
        event = feed.pop()
        state.apply(event)
        assert not state.book.is_crossed
        if event.ts_ns // 10**9 > last_s:
            last_s = event.ts_ns // 10**9
            mid = state.price(PriceType.MidPrice)
            if not mid.is_nan():
                mids.append(mid)
    moves = [max(mids[i : i + 120]) / min(mids[i : i + 120]) - 1 for i in range(0, 480, 120)]
    # a default bot quotes 0.08 % away and takes 0.1 %: two minutes hold both
    assert sum(move > Decimal("0.0018") for move in moves) >= 3
    assert all(move < Decimal("0.1") for move in moves)
