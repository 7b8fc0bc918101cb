"""Two markets of candles walk together: in one order, along one time, quoted together; only opens and closes are moments of both."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from botcore.data.candle_feed import CandleFeed
from botcore.data.joint_walk import JointWalk
from botcore.markets.price_watch import BETWEEN, PriceWatch
from botcore.model.instrument import Market
from botcore.model.market_events import QuoteTick
from botcore.model.times import MILLISECOND_NS, NEVER
from tests.botcore.data.test_candle_feed import BAR, MINUTE_NS, OF, T0_NS, Ohlc, table
from tests.support.bench import instrument
from tests.support.paper_bench import PaperBench

FLAT: Ohlc = (100, 100, 100, 100)


class Pair:
    """Two feeds of one walk, played as a tape does: the earliest event first."""

    def __init__(self, first: list[Ohlc], second: list[Ohlc], bias: tuple[int, int] = (0, 0)) -> None:
        walk = JointWalk()
        self.watches = (PriceWatch(), PriceWatch())
        biases: list[Callable[[], int]] = [lambda: bias[0], lambda: bias[1]]
        sides = zip((first, second), self.watches, biases, strict=True)
        self.feeds = [CandleFeed(OF, table(bars), watch, held, walk=walk) for bars, watch, held in sides]
        self.ticks = [0, 0]

    def play(self) -> list[tuple[int, int, int, bool]]:
        """(time, first's price, second's price, whether that is a moment) after every time at which something was quoted."""
        found = []
        while (now_ns := min(feed.next_ns() for feed in self.feeds)) != NEVER:
            is_quote = False
            while due := [index for index in (0, 1) if self.feeds[index].next_ns() <= now_ns]:
                event = self.feeds[due[0]].pop()
                if isinstance(event, QuoteTick):
                    self.ticks[due[0]], is_quote = event.bid_ticks, True
            for watch in self.watches:
                watch.now_ns = now_ns
            moments = {watch.moment_ns for watch in self.watches}
            if is_quote:
                found.append((now_ns - T0_NS, *self.ticks, len(moments) == 1 and BETWEEN not in moments))
        return found


def test_both_meet_the_same_extreme_first() -> None:
    """Alone the first would go to its near low and the second to its near high, and show 95 against 110 at one time."""
    other: Ohlc = (100, 103, 90, 101)
    seen = Pair([BAR], [other]).play()
    assert [(first, second) for _, first, second, _ in seen] == [(100, 100), (95, 90), (110, 103), (104, 101)]


def test_the_order_is_against_what_is_held_in_all_of_them() -> None:
    low_first, high_first = [(100, 100), (95, 95), (110, 110), (104, 104)], [(100, 100), (110, 110), (95, 95), (104, 104)]
    for bias, path in (((1, 0), low_first), ((0, -1), high_first), ((-1, -1), high_first), ((1, -1), low_first)):
        assert [(first, second) for _, first, second, _ in Pair([BAR], [BAR], bias).play()] == path


def test_a_stop_in_one_market_quotes_the_other_on_its_own_line() -> None:
    """The first stops at 97, three fifths of its way from 100 to 95; the second is three fifths of its way from 100 to 90."""
    pair = Pair([BAR], [(100, 120, 90, 110)], (1, 1))
    pair.watches[0].set("order", low=97)
    seen = pair.play()
    assert [(first, second) for _, first, second, _ in seen] == [(100, 100), (97, 94), (95, 90), (110, 120), (104, 110)]
    assert seen[1][0] == MINUTE_NS // 3 * 3 // 5


def test_only_opens_and_closes_are_moments() -> None:
    pair = Pair([BAR, FLAT], [BAR, FLAT])
    pair.watches[1].set("order", high=108)
    times = [at for at, _, _, is_moment in pair.play() if is_moment]
    edges = [0, MINUTE_NS - MILLISECOND_NS]
    assert times == [at + bar * MINUTE_NS for bar in (0, 1) for at in edges]


def test_a_market_whose_candle_is_missing_gives_no_moment() -> None:
    """The second has no candle for the first minute of the first."""
    walk, watches = JointWalk(), (PriceWatch(), PriceWatch())
    feeds = [CandleFeed(OF, table([FLAT, FLAT]), watch, lambda: 0, row, walk) for watch, row in zip(watches, (0, 1), strict=True)]
    moments = []
    while (now_ns := min(feed.next_ns() for feed in feeds)) < T0_NS + MINUTE_NS:
        next(feed for feed in feeds if feed.next_ns() == now_ns).pop()
        moments.append(watches[0].moment_ns == watches[1].moment_ns)
    assert moments and not any(moments)


BARS = st.lists(st.tuples(st.integers(50, 150), st.integers(0, 20), st.integers(0, 20), st.integers(50, 150)), min_size=1, max_size=5)
PRICES = st.lists(st.integers(30, 170), max_size=4)


@settings(max_examples=60, deadline=None)
@given(BARS, PRICES, PRICES, st.sampled_from([(0, 0), (1, 0), (1, -1), (-1, -1)]))
def test_identical_candles_never_differ_whatever_is_watched(
    raw: list[tuple[int, int, int, int]], low: list[int], high: list[int], bias: tuple[int, int]
) -> None:
    bars: list[Ohlc] = [(opened, max(opened, closed) + up, min(opened, closed) - down, closed) for opened, up, down, closed in raw]
    pair = Pair(bars, bars, bias)
    for index, prices in enumerate((low, high)):
        for price in prices:
            pair.watches[index].set(f"low {price}", low=price)
            pair.watches[1 - index].set(f"high {price}", high=price)
    for _, first, second, is_moment in pair.play():
        assert abs(first - second) <= (0 if is_moment else 1), "a line between whole ticks is rounded"


# ---- what deciders are told ----------------------------------------------------------------------------------------
def test_prices_that_were_traded_are_always_of_one_moment_and_paths_at_their_edges() -> None:
    here, there = instrument(connector="here"), instrument(connector="there")
    bench = PaperBench(here, there)
    data, markets = bench.runtime.market_data, [here.market, there.market]
    for market in markets:
        bench.runtime.open_market(Market(*market))
    assert data.is_one_moment(markets)
    watches = [bench.runtime.markets[market].watch for market in markets]
    watches[0].moment_ns = 7
    assert data.is_one_moment(markets), "a path at its edge against a price that stands"
    watches[1].moment_ns = 8
    assert not data.is_one_moment(markets)
    watches[1].moment_ns = 7
    assert data.is_one_moment(markets)
    watches[0].moment_ns = BETWEEN
    assert not data.is_one_moment(markets)
