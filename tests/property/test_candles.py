"""Longer candles are what grouping the shorter ones gives, whatever is missing and whenever they were asked for."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from botcore.markets.candles import CandleBook
from botcore.markets.intervals import SECOND_NS
from botcore.model.instrument import Market
from botcore.model.market_events import BarClosed

SETTINGS = settings(max_examples=100, deadline=None, derandomize=True, database=None)
MARKET = Market("venue", "ETH-USDT")
PRICES = st.integers(1, 50).map(float)
Row = tuple[float, ...]


def naive_longer(minutes: list[Row], seconds: int) -> list[Row]:
    """Whole groups only: from the first full boundary on, and without the group that is not finished."""
    groups: dict[int, list[Row]] = {}
    for row in minutes:
        groups.setdefault(int(row[0]) // seconds * seconds, []).append(row)
    return [
        (float(start), rows[0][1], max(row[2] for row in rows), min(row[3] for row in rows), rows[-1][4], sum(row[5] for row in rows))
        for start, rows in sorted(groups.items())
        if len(rows) * 60 == seconds
    ]


@st.composite
def minutes(draw: st.DrawFn) -> list[Row]:
    """Bars with gaps."""
    at = draw(st.integers(1, 400)) * 60
    found = []
    for _ in range(draw(st.integers(1, 60))):
        opened, closed = draw(PRICES), draw(PRICES)
        found.append(
            (float(at), opened, max(opened, closed) + draw(st.integers(0, 3)), min(opened, closed) / 2, closed, float(draw(st.integers(0, 9))))
        )
        at += 60 * draw(st.sampled_from([1, 1, 1, 1, 2, 7]))
    return found


def filled(bars: list[Row]) -> list[Row]:
    """The same without gaps."""
    found = [bars[0]]
    for row in bars[1:]:
        while found[-1][0] + 60 < row[0]:
            close = found[-1][4]
            found.append((found[-1][0] + 60, close, close, close, close, 0.0))
        found.append(row)
    return found


@SETTINGS
@given(bars=minutes(), seconds=st.sampled_from([180, 300, 900, 3600]), asked_after=st.integers(0, 60))
def test_longer_candles_are_groups_of_the_base(bars: list[Row], seconds: int, asked_after: int) -> None:
    book = CandleBook()
    for number, row in enumerate(bars):
        if number == asked_after and number:
            book.series(seconds)
        open_ns = int(row[0]) * SECOND_NS
        book.on_bar(BarClosed(MARKET, open_ns + 60 * SECOND_NS, open_ns, 60 * SECOND_NS, *row[1:]))
    whole = filled(bars)
    assert [tuple(row) for row in book.base.tail(10_000).tolist()] == whole
    assert book.base.gaps == len(whole) - len(bars)
    assert [tuple(row) for row in book.series(seconds).tail(10_000).tolist()] == naive_longer(whole, seconds)


@SETTINGS
@given(trades=st.lists(st.tuples(st.integers(0, 90), PRICES, st.integers(1, 5)), min_size=1, max_size=60), checks=st.sets(st.integers(0, 59)))
def test_minutes_from_trades_are_groups_of_the_trades(trades: list[tuple[int, float, int]], checks: set[int]) -> None:
    book, now = CandleBook(), 6_000
    groups: dict[int, list[tuple[float, int]]] = {}
    for number, (wait, price, amount) in enumerate(trades):
        now += wait
        if number in checks:
            book.on_time(now * SECOND_NS)
        groups.setdefault(now // 60 * 60, []).append((price, amount))
        book.on_trade(now * SECOND_NS, price, float(amount))
    book.on_time((now + 60) * SECOND_NS)
    expected: list[Row] = []
    for start in range(min(groups), now // 60 * 60 + 60, 60):
        if start in groups:
            prices = [price for price, _ in groups[start]]
            expected.append((float(start), prices[0], max(prices), min(prices), prices[-1], float(sum(amount for _, amount in groups[start]))))
        else:
            close = expected[-1][4]
            expected.append((float(start), close, close, close, close, 0.0))
    assert [tuple(row) for row in book.base.tail(10_000).tolist()] == expected
