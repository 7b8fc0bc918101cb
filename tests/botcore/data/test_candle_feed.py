"""A bar as a walk of quotes: in a stated, pessimistic order, stopping where somebody watches, and resumable anywhere."""

from __future__ import annotations

import json
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from botcore.data.candle_csv import CandleTable
from botcore.data.candle_feed import MILLISECOND_NS, CandleFeed
from botcore.markets.price_watch import PriceWatch
from botcore.model.market_events import UNKNOWN_DEPTH, BarClosed, FeedEnded, MarketEvent, QuoteTick
from botcore.model.times import NEVER
from tests.support.bench import instrument

T0_MS = 1_723_075_200_000
T0_NS = T0_MS * MILLISECOND_NS
MINUTE_NS = 60 * 10**9
OF = instrument(tick="1")
Ohlc = tuple[float, float, float, float]


def table(bars: list[Ohlc]) -> CandleTable:
    columns = [np.array(column, dtype=np.float64) for column in zip(*bars, strict=True)]
    open_ms = T0_MS + 60_000 * np.arange(len(bars), dtype=np.int64)
    return CandleTable(open_ms, *columns, np.arange(len(bars), dtype=np.float64), 60, 0, Decimal(1), Decimal("0.001"))


def feed(bars: list[Ohlc], bias: int = 0, watch: PriceWatch | None = None, start_row: int = 0) -> CandleFeed:
    return CandleFeed(OF, table(bars), watch or PriceWatch(), lambda: bias, start_row)


def play(source: CandleFeed, watch: PriceWatch | None = None) -> list[MarketEvent]:
    found: list[MarketEvent] = []
    while (now_ns := source.next_ns()) != NEVER:
        event = source.pop()
        assert event.ts_ns == now_ns
        found.append(event)
        if watch is not None:
            watch.now_ns = now_ns
    return found


def prices(events: list[MarketEvent]) -> list[int]:
    return [event.bid_ticks for event in events if isinstance(event, QuoteTick)]


BAR: Ohlc = (100, 110, 95, 104)


# ---- the path ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("bar", "bias", "path"),
    [
        (BAR, +1, [100, 95, 110, 104]),
        (BAR, -1, [100, 110, 95, 104]),
        (BAR, 0, [100, 95, 110, 104]),
        ((100, 103, 90, 101), 0, [100, 103, 90, 101]),
        ((100, 105, 95, 100), 0, [100, 95, 105, 100]),
        ((100, 100, 100, 100), 0, [100, 100, 100, 100]),
    ],
)
def test_a_bar_becomes_four_quotes_in_the_pessimistic_order(bar: Ohlc, bias: int, path: list[int]) -> None:
    assert prices(play(feed([bar], bias))) == path


def test_the_position_at_the_open_decides() -> None:
    """The order of the extremes is chosen when the bar opens, not before."""
    sides = iter([0, 1, -1])
    source = CandleFeed(OF, table([BAR] * 3), PriceWatch(), lambda: next(sides))
    assert prices(play(source)) == [100, 95, 110, 104, 100, 95, 110, 104, 100, 110, 95, 104]


def test_times_of_the_quotes() -> None:
    events = play(feed([BAR]))
    offsets = [event.ts_ns - T0_NS for event in events if isinstance(event, QuoteTick)]
    assert offsets == [0, MINUTE_NS // 3, 2 * (MINUTE_NS // 3), MINUTE_NS - MILLISECOND_NS]


def test_a_bar_is_closed_with_its_last_quote_one_millisecond_before_its_end() -> None:
    events = play(feed([BAR, BAR]))
    assert [type(event).__name__ for event in events] == ([*["QuoteTick"] * 4, "BarClosed"] * 2) + ["FeedEnded"]
    closed = events[4]
    assert closed == BarClosed(OF.market, T0_NS + MINUTE_NS - MILLISECOND_NS, T0_NS, MINUTE_NS, 100, 110, 95, 104, 0)


def test_a_quote_of_a_candle_has_no_spread_and_unknown_depth() -> None:
    quote = feed([BAR]).pop()
    assert isinstance(quote, QuoteTick)
    assert quote.bid_ticks == quote.ask_ticks and quote.bid_lots == quote.ask_lots == UNKNOWN_DEPTH


def test_between_bars_the_price_jumps() -> None:
    watch = PriceWatch()
    watch.set("stop", low=80)
    source = feed([(100, 100, 100, 100), (60, 60, 60, 60)], watch=watch)
    assert 80 not in prices(play(source, watch)), "a gap stays a gap"


def test_prices_round_to_the_nearest_tick_and_stay_above_zero() -> None:
    assert prices(play(feed([(100.4, 100.6, 0.2, 100.5)], bias=1))) == [100, 1, 101, 100]


# ---- watched prices ------------------------------------------------------------------------------------------------
def test_the_walk_stops_at_every_watched_price_on_its_way() -> None:
    watch = PriceWatch()
    watch.set("stop", low=97)
    watch.set("entry", low=99)
    watch.set("profit", high=108)
    assert prices(play(feed([BAR], +1, watch), watch)) == [100, 99, 97, 95, 108, 110, 104]


def test_falling_back_from_the_high_lows_are_met_again() -> None:
    watch = PriceWatch()
    watch.set("stop", low=105)
    assert prices(play(feed([BAR], +1, watch), watch)) == [100, 95, 110, 105, 104]


def test_a_watched_end_of_a_leg_is_quoted_once() -> None:
    watch = PriceWatch()
    watch.set("low", low=95)
    watch.set("high", high=110)
    assert prices(play(feed([BAR], +1, watch), watch)) == [100, 95, 110, 104]


def test_a_price_watched_in_the_middle_of_a_leg_is_met() -> None:
    watch = PriceWatch()
    source = feed([BAR], +1, watch)
    source.pop()
    assert source.next_ns() == T0_NS + MINUTE_NS // 3
    watch.set("stop", low=96)
    assert source.next_ns() < T0_NS + MINUTE_NS // 3
    assert prices(play(source, watch)) == [96, 95, 110, 104]


def test_a_price_watched_after_it_was_passed_is_not_met_on_this_leg() -> None:
    watch = PriceWatch()
    watch.set("first", low=96)
    source = feed([BAR], +1, watch)
    assert prices([source.pop(), source.pop()]) == [100, 96]
    watch.set("second", low=98)
    assert source.pop().bid_ticks == 95  # type: ignore[union-attr]


def test_who_watches_later_is_woken_later() -> None:
    """Time that has passed does not come back: a stop set at second 19 is not met at second 5."""
    watch = PriceWatch()
    source = feed([BAR], +1, watch)
    source.pop()
    watch.now_ns = T0_NS + 19 * 10**9
    watch.set("stop", low=99)
    assert source.next_ns() > watch.now_ns


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(
    bars=st.lists(st.tuples(*[st.integers(50, 150)] * 4), min_size=1, max_size=5),
    lows=st.lists(st.integers(40, 160), max_size=5),
    highs=st.lists(st.integers(40, 160), max_size=5),
    bias=st.sampled_from([-1, 0, 1]),
)
def test_time_only_moves_forward_and_every_crossed_price_is_met(bars: list[Ohlc], lows: list[int], highs: list[int], bias: int) -> None:
    bars = [(opened, max(opened, high, low, closed), min(opened, high, low, closed), closed) for opened, high, low, closed in bars]
    watch = PriceWatch()
    for number, low in enumerate(lows):
        watch.set(f"l{number}", low=low)
    for number, high in enumerate(highs):
        watch.set(f"h{number}", high=high)
    events = play(feed(bars, bias, watch), watch)
    times = [event.ts_ns for event in events]
    assert times == sorted(times)
    assert isinstance(events[-1], FeedEnded) and sum(isinstance(event, BarClosed) for event in events) == len(bars)
    number, here = 0, None
    for event in events:
        if isinstance(event, BarClosed):
            number, here = number + 1, None
        elif isinstance(event, QuoteTick):
            assert bars[number][2] <= event.bid_ticks <= bars[number][1]
            if here is not None:
                assert not any(event.bid_ticks < low < here for low in lows)
                assert not any(here < high < event.bid_ticks for high in highs)
            here = event.bid_ticks


# ---- the end, history, position ------------------------------------------------------------------------------------
def test_the_end_is_told_once() -> None:
    source = feed([BAR])
    events = play(source)
    assert isinstance(events[-1], FeedEnded) and sum(isinstance(event, FeedEnded) for event in events) == 1
    assert source.next_ns() == NEVER


def test_history_is_what_stands_before_the_first_bar() -> None:
    source = feed([(1, 1, 1, 1), (2, 2, 2, 2), (3, 3, 3, 3), BAR], start_row=3)
    assert source.history(60, 2)[:, 4].tolist() == [2, 3]
    assert source.history(60, 99)[:, 0].tolist() == [T0_MS / 1000 + 60 * number for number in range(3)]
    assert source.history(300, 99).shape == (0, 6)
    assert prices(play(source)) == [100, 95, 110, 104]


def test_without_history_there_is_none() -> None:
    assert feed([BAR]).history(60, 10).shape == (0, 6)


@pytest.mark.parametrize("taken", range(1, 16))
def test_a_restored_feed_goes_on_where_it_was(taken: int) -> None:
    watch, other = PriceWatch(), PriceWatch()
    for each in (watch, other):
        each.set("stop", low=98)
    bars = [BAR, (104, 120, 90, 92), (92, 93, 80, 85)]
    source = feed(bars, +1, watch)
    last_quote: MarketEvent | None = None
    for _ in range(taken):
        event = source.pop()
        last_quote = event if isinstance(event, QuoteTick) else last_quote
    state = json.loads(json.dumps(source.state()))
    again = feed(bars, +1, other)
    again.restore(state)
    standing = again.pop()
    assert isinstance(standing, QuoteTick) and standing == QuoteTick(OF.market, *_quote(last_quote))
    assert play(again, other) == play(source, watch)


def _quote(event: MarketEvent | None) -> tuple[int, int, int]:
    assert isinstance(event, QuoteTick)
    return event.ts_ns, event.bid_ticks, event.ask_ticks


def test_a_feed_restored_before_its_first_event_is_fresh() -> None:
    source = feed([BAR])
    again = feed([BAR])
    again.restore(source.state())
    assert play(again) == play(source)
