"""Candles: closed bars only, equidistant, longer intervals out of shorter ones."""

from __future__ import annotations

import numpy as np
import pytest

from botcore.markets.candles import LARGEST_GAP, Bar, CandleBook, CandleSeries
from botcore.markets.intervals import SECOND_NS, interval_seconds
from botcore.model.errors import ConfigError
from botcore.model.instrument import Market
from botcore.model.market_events import BarClosed

MARKET = Market("venue", "ETH-USDT")
T0 = 1_723_075_200
"""A Thursday, 2024-08-08T00:00:00Z."""


def bar(
    open_s: float, close: float = 10.0, *, opened: float | None = None, high: float | None = None, low: float | None = None, volume: float = 1.0
) -> Bar:
    opened = close if opened is None else opened
    return (open_s, opened, max(opened, close) if high is None else high, min(opened, close) if low is None else low, close, volume)


def feed(book: CandleBook, row: Bar, interval_s: int = 60) -> None:
    book.on_bar(BarClosed(MARKET, int(row[0] + interval_s) * SECOND_NS, int(row[0]) * SECOND_NS, interval_s * SECOND_NS, *row[1:]))


def rows(series: CandleSeries) -> list[Bar]:
    return [tuple(row) for row in series.tail(10**6).tolist()]  # type: ignore[misc]


# ---- a series ------------------------------------------------------------------------------------------------------
def test_an_empty_series() -> None:
    series = CandleSeries(60)
    assert series.last_open_s is None and np.isnan(series.last_close) and series.tail(5).shape == (0, 6)


def test_bars_stand_oldest_first() -> None:
    series = CandleSeries(60)
    for minute in range(5):
        assert series.append(bar(60 * minute, minute)) == [bar(60 * minute, minute)]
    assert series.tail(2)[:, 0].tolist() == [180, 240] and (series.last_open_s, series.last_close) == (240, 4)
    assert series.version == 5 and series.gaps == 0


def test_a_missing_bar_is_a_flat_one_without_volume() -> None:
    series = CandleSeries(60)
    series.append(bar(0, 10))
    added = series.append(bar(180, 12))
    assert added == [(60.0, 10, 10, 10, 10, 0.0), (120.0, 10, 10, 10, 10, 0.0), bar(180, 12)]
    assert series.gaps == 2 and series.count == 4


@pytest.mark.parametrize("again", [60, 0, -60])
def test_a_bar_that_is_not_newer_is_ignored(again: float) -> None:
    series = CandleSeries(60)
    series.append(bar(0, 10))
    series.append(bar(60, 11))
    assert series.append(bar(again, 99)) == [] and series.count == 2 and series.version == 2 and series.last_close == 11


def test_a_hole_out_of_all_proportion_is_not_filled() -> None:
    series = CandleSeries(60)
    series.append(bar(0))
    assert len(series.append(bar(60 * (LARGEST_GAP + 1)))) == 1 and series.gaps == 0


def test_months_follow_the_calendar_without_gaps() -> None:
    series = CandleSeries(interval_seconds("1M"))
    for start in (1_704_067_200, 1_706_745_600, 1_709_251_200, 1_711_929_600):  # January to April 2024
        series.append(bar(start))
    assert series.gaps == 0 and series.count == 4


def test_only_so_many_bars_are_kept() -> None:
    series = CandleSeries(60, keep=10)
    for minute in range(1000):
        series.append(bar(60 * minute, minute + 1))
        assert series.count <= 20
        kept = min(minute + 1, 10)
        assert series.tail(kept)[:, 4].tolist() == [float(close) for close in range(minute + 2 - kept, minute + 2)]
    assert series.version == 1000


def test_an_older_tail_does_not_change_under_its_reader() -> None:
    series = CandleSeries(60, keep=3)
    for minute in range(6):
        series.append(bar(60 * minute, minute))
    before = series.tail(3)
    copy = before.copy()
    for minute in range(6, 40):
        series.append(bar(60 * minute, minute))
    assert (before == copy).all()


def test_nobody_writes_through_a_tail() -> None:
    series = CandleSeries(60)
    series.append(bar(0))
    with pytest.raises(ValueError, match="read-only"):
        series.tail(1)[0, 4] = 99


def test_a_loaded_series_goes_on() -> None:
    series = CandleSeries(60, keep=3)
    series.load(np.array([bar(60 * minute, minute) for minute in range(5)]))
    assert series.count == 3 and series.last_close == 4
    series.append(bar(300, 5))
    assert series.tail(9)[:, 4].tolist() == [2, 3, 4, 5]


# ---- longer intervals ----------------------------------------------------------------------------------------------
def five_minutes(book: CandleBook, first: int, count: int) -> None:
    for minute in range(first, first + count):
        feed(book, bar(T0 + 60 * minute, 10.0 + minute, opened=9.5 + minute, high=20.0 + minute, low=1.0 + minute, volume=2.0))


def test_a_longer_bar_is_made_of_the_shorter_ones() -> None:
    book = CandleBook()
    series = book.series(300)
    five_minutes(book, 0, 5)
    assert rows(series) == [(float(T0), 9.5, 24.0, 1.0, 14.0, 10.0)]


def test_a_longer_bar_stands_only_when_it_is_closed() -> None:
    book = CandleBook()
    series = book.series(300)
    five_minutes(book, 0, 4)
    assert series.count == 0
    five_minutes(book, 4, 1)
    assert series.count == 1
    five_minutes(book, 5, 4)
    assert series.count == 1


def test_a_longer_interval_asked_for_later_looks_the_same() -> None:
    early, late = CandleBook(), CandleBook()
    early.series(300)
    for book in (early, late):
        five_minutes(book, 0, 23)
    assert rows(early.series(300)) == rows(late.series(300)) != []
    for book in (early, late):
        five_minutes(book, 23, 7)
    assert rows(early.series(300)) == rows(late.series(300))


def test_a_first_bar_that_would_begin_in_the_middle_is_left_out() -> None:
    book = CandleBook()
    series = book.series(300)
    five_minutes(book, 3, 7)
    assert rows(series)[0][0] == T0 + 300 and series.count == 1


def test_a_gap_in_the_base_leaves_no_gap_above() -> None:
    book = CandleBook()
    series = book.series(300)
    five_minutes(book, 0, 3)
    five_minutes(book, 16, 4)
    assert [row[0] - T0 for row in rows(series)] == [0, 300, 600, 900]
    assert rows(series)[1] == (T0 + 300.0, 12.0, 12.0, 12.0, 12.0, 0.0), "nobody traded: flat at the last close"
    assert book.base.gaps == 13


def test_weeks_begin_on_monday() -> None:
    book = CandleBook()
    series = book.series(interval_seconds("1w"))
    for day in range(20):
        feed(book, bar(T0 + 86_400 * day, day + 1.0), 86_400)
    monday = T0 + 4 * 86_400
    assert [row[0] for row in rows(series)] == [monday, monday + 7 * 86_400]
    assert [row[5] for row in rows(series)] == [7.0, 7.0]


@pytest.mark.parametrize(("base_s", "name"), [(300, "1m"), (300, "3m"), (3600, "30m"), (180, "5m")])
def test_what_the_base_cannot_give_is_refused(base_s: int, name: str) -> None:
    book = CandleBook()
    feed(book, bar(T0), base_s)
    with pytest.raises(ConfigError, match=f"candles of {name} can't be made"):
        book.series(interval_seconds(name))


def test_the_base_is_its_own_series() -> None:
    book = CandleBook()
    feed(book, bar(T0), 300)
    assert book.series(300) is book.base and book.base.interval_s == 300


def test_the_version_tells_of_new_base_bars() -> None:
    book = CandleBook()
    assert book.version == -1
    feed(book, bar(T0))
    version = book.version
    feed(book, bar(T0 + 60))
    assert book.version == version + 1


# ---- history -------------------------------------------------------------------------------------------------------
def test_history_comes_before_the_feed() -> None:
    book = CandleBook()
    book.load_history(60, np.array([bar(T0 + 60 * minute, minute) for minute in range(5)]))
    assert book.loaded_version == book.version
    five_minutes(book, 5, 5)
    assert book.base.count == 10 and book.base.gaps == 0 and book.series(300).count == 2


def test_all_of_a_long_history_is_kept() -> None:
    book = CandleBook(keep=10)
    book.load_history(60, np.array([bar(T0 + 60 * minute, minute) for minute in range(50)]))
    assert book.base.count == 50


def test_holes_in_a_history_are_filled_and_marked() -> None:
    book = CandleBook()
    book.load_history(60, np.array([bar(T0 + 60 * minute, minute) for minute in (0, 1, 4, 5)]))
    assert np.diff(book.base.tail(99)[:, 0]).tolist() == [60] * 5 and book.base.tail(99)[:, 4].tolist() == [0, 1, 1, 1, 4, 5]
    assert book.base.tail_missing(99).tolist() == [0, 0, 1, 1, 0, 0] and book.base.gaps == 2
    assert book.loaded_version == book.version
    assert book.series(180).tail_missing(9).tolist() == [1, 1]


def test_history_of_another_interval_is_refused() -> None:
    book = CandleBook()
    book.set_base(60)
    with pytest.raises(ConfigError, match="history of 5m does not fit a base of 1m"):
        book.load_history(300, np.array([bar(T0)]))


# ---- from trades ---------------------------------------------------------------------------------------------------
def trade(book: CandleBook, second: float, price: float, amount: float = 1.0) -> None:
    book.on_trade(int((T0 + second) * SECOND_NS), price, amount)


def test_trades_become_minutes() -> None:
    book = CandleBook()
    for second, price in ((0, 10), (20, 12), (40, 9), (59, 11), (60, 20)):
        trade(book, second, price, 0.5)
    assert rows(book.base) == [(float(T0), 10, 12, 9, 11, 2.0)], "the second minute is not closed"
    assert book.is_from_trades


def test_market_time_closes_a_minute_without_trades() -> None:
    book = CandleBook()
    trade(book, 5, 10)
    book.on_time((T0 + 59) * SECOND_NS)
    assert book.base.count == 0
    book.on_time((T0 + 60) * SECOND_NS)
    assert rows(book.base) == [(float(T0), 10, 10, 10, 10, 1.0)]
    book.on_time((T0 + 120) * SECOND_NS)
    book.on_time((T0 + 300) * SECOND_NS)
    assert [row[0] - T0 for row in rows(book.base)] == [0, 60, 120, 180, 240]
    assert all(row[1:] == (10, 10, 10, 10, 0.0) for row in rows(book.base)[1:])


def test_a_trade_after_silence_fills_the_minutes_between() -> None:
    book = CandleBook()
    trade(book, 5, 10)
    trade(book, 200, 20)
    assert [(row[0] - T0, row[4], row[5]) for row in rows(book.base)] == [(0, 10, 1), (60, 10, 0), (120, 10, 0)]


def test_time_means_nothing_to_recorded_candles() -> None:
    book = CandleBook()
    feed(book, bar(T0))
    book.on_time((T0 + 6000) * SECOND_NS)
    assert book.base.count == 1 and not book.is_from_trades


# ---- when memory is short (P12) ----------------------------------------------------------------------------------------
def test_p12_a_series_sheds_what_it_need_not_keep_and_goes_on_from_there() -> None:
    series, twin = CandleSeries(60, keep=10), CandleSeries(60, keep=10)
    for number in range(17):
        for one in (series, twin):
            one.append(bar(T0 + 60 * number, float(number + 1)), (float(number), 1.0, 0.0, 0.0), missing=number % 2)
    held = series.tail(17)
    before = held.copy()
    assert series.shed() == 7 * (6 + 4 + 1) * 8 and series.count == 10
    assert series.shed() == 0
    for number in range(17, 40):
        for one in (series, twin):
            one.append(bar(T0 + 60 * number, float(number + 1)), (float(number), 1.0, 0.0, 0.0), missing=number % 2)
    for tail in ("tail", "tail_extra", "tail_missing"):
        assert np.array_equal(getattr(series, tail)(10), getattr(twin, tail)(10)), tail
    assert np.array_equal(held, before), "whoever reads an older tail keeps it"


def test_p12_a_book_sheds_at_every_interval_and_its_indicators_see_the_same() -> None:
    book, twin = CandleBook(keep=10), CandleBook(keep=10)
    for one in (book, twin):
        feed(one, bar(T0, 5.0))
        one.series(120)
    for number in range(1, 39):
        for one in (book, twin):
            feed(one, bar(T0 + 60 * number, float(number)))
        book.shed()
    assert book.shed() == 0 and book.version == twin.version
    for interval_s in (60, 120):
        assert book.series(interval_s).count == 10
        assert np.array_equal(book.series(interval_s).tail(10), twin.series(interval_s).tail(10))
