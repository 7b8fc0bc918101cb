"""The synthetic market: the same seed is the same market, its book is sound, its price moves, and it goes on where it was."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest

from botcore.data.synthetic import STEP_NS, SyntheticFeed
from botcore.data.synthetic_model import PriceProcess, SyntheticParams, _filtered, history
from botcore.markets.order_book import APPLIED, OrderBook
from botcore.model.market_events import BookDiff, BookSnapshot, MarketEvent, TradeTick
from tests.support.bench import instrument

START_NS = 1_723_075_200_000_000_000
ETH = instrument(tick="0.01", lot="0.0001")
EVENTS = 3_000


def feed(
    seed: int = 7, pair: str = "ETH-USDT", price: str = "2500", start_ns: int = START_NS, params: SyntheticParams | None = None
) -> SyntheticFeed:
    return SyntheticFeed(instrument(pair, tick="0.01", lot="0.0001"), Decimal(price), params or SyntheticParams(), seed, start_ns)


def take(source: SyntheticFeed, count: int = EVENTS) -> list[MarketEvent]:
    found = []
    for _ in range(count):
        due = source.next_ns()
        found.append(source.pop())
        assert found[-1].ts_ns == due
    return found


# ---- the same again ------------------------------------------------------------------------------------------------
def test_the_same_seed_is_the_same_market() -> None:
    assert take(feed()) == take(feed())


@pytest.mark.parametrize("other", [{"seed": 8}, {"pair": "BTC-USDT"}, {"params": SyntheticParams(volatility=0.001)}])
def test_anything_else_is_another_market(other: dict[str, object]) -> None:
    mids = [[event.price_ticks for event in take(source) if isinstance(event, TradeTick)] for source in (feed(), feed(**other))]  # type: ignore[arg-type]
    assert mids[0] != mids[1]


def test_asking_when_the_next_event_is_due_changes_nothing() -> None:
    one, other = feed(), feed()
    for _ in range(200):
        other.next_ns()
        other.next_ns()
        assert one.pop() == other.pop()


@pytest.mark.parametrize("taken", [0, 1, 2, 3, 7, 50, 51, 52, 53, 54, 1_000])
def test_a_restored_market_goes_on_identically(taken: int) -> None:
    one, other = feed(), feed(seed=99, price="1")
    take(one, taken)
    state = json.loads(json.dumps(one.state()))
    other._start_price = one._start_price  # the same settings; only the random state comes from `state`
    other.restore(state)
    standing = other.pop()
    assert isinstance(standing, BookSnapshot)
    if taken == 0:
        assert standing == one.pop()
    assert take(other, 500) == take(one, 500)


def test_the_standing_book_of_a_restored_market_is_the_one_it_had() -> None:
    one, other = feed(), feed()
    books = [OrderBook(), OrderBook()]
    apply(books[0], take(one, 500))
    other.restore(one.state())
    apply(books[1], [other.pop()])
    assert books[0].levels(True, 99) == books[1].levels(True, 99) and books[0].levels(False, 99) == books[1].levels(False, 99)
    more = take(one, 200)
    assert take(other, 200) == more
    for book in books:
        apply(book, more)
    assert books[0].levels(True, 99) == books[1].levels(True, 99)


# ---- a sound market ------------------------------------------------------------------------------------------------
def apply(book: OrderBook, events: list[MarketEvent]) -> None:
    for event in events:
        if isinstance(event, BookSnapshot):
            book.snapshot(event.bids, event.asks, event.update_id, event.ts_ns)
        elif isinstance(event, BookDiff):
            assert book.apply_diff(event.first_id, event.last_id, event.prev_id, event.bids, event.asks, event.ts_ns) == APPLIED


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("price", ["60000", "0.5", "0.02"])
def test_the_book_is_never_crossed_nor_empty_and_trades_print_inside_of_it(seed: int, price: str) -> None:
    book = OrderBook()
    for event in take(feed(seed, price=price)):
        if isinstance(event, TradeTick):
            assert event.lots >= 1
            assert event.price_ticks <= book.best_bid if event.buyer_is_maker else event.price_ticks >= book.best_ask
        else:
            apply(book, [event])
            assert not book.is_crossed and book.depth(True) >= 5 and book.depth(False) >= 5
            assert book.best_bid < book.best_ask and book.best_bid >= 1


def test_time_moves_forward_and_steadily() -> None:
    found = take(feed())
    times = [event.ts_ns for event in found]
    assert times == sorted(times) and times[0] == START_NS
    diffs = [event.ts_ns for event in found if isinstance(event, BookDiff)]
    assert {later - earlier for earlier, later in pairwise(diffs)} == {STEP_NS}


@pytest.mark.parametrize("seed", range(4))
def test_the_price_moves_enough_for_a_demo_and_not_absurdly(seed: int) -> None:
    """Ten minutes move the mid by at least a few spreads, and by less than a fifth."""
    book, mids = OrderBook(), []
    source = feed(seed)
    while source.next_ns() < START_NS + 600 * 10**9:
        event = source.pop()
        apply(book, [event])
        mids.append((book.best_bid + book.best_ask) / 2)
    spread = (max(mids) - min(mids)) / mids[0]
    assert 0.002 < spread < 0.2


def test_both_sides_trade() -> None:
    trades = [event for event in take(feed()) if isinstance(event, TradeTick)]
    sells = sum(event.buyer_is_maker for event in trades)
    assert len(trades) > 300 and 0.2 < sells / len(trades) < 0.8


# ---- history -------------------------------------------------------------------------------------------------------
def test_history_ends_where_the_market_begins() -> None:
    rows = feed().history(60, 1000)
    assert rows.shape == (1000, 6)
    assert rows[-1, 0] == START_NS // 10**9 - 60 and rows[-1, 4] == pytest.approx(2500)
    assert (np.diff(rows[:, 0]) == 60).all()


def test_history_is_made_of_real_candles() -> None:
    rows = feed().history(60, 5000)
    _, opened, high, low, closed, volume = rows.T
    assert (high >= np.maximum(opened, closed)).all() and (low <= np.minimum(opened, closed)).all()
    assert (low > 0).all() and (volume > 0).all() and (opened[1:] == closed[:-1]).all()


def test_history_is_the_same_for_the_same_seed_and_kept_after_a_restart() -> None:
    source, again = feed(), feed(start_ns=START_NS + 10**15)
    take(source, 500)
    before = source.history(60, 100)
    again.restore(json.loads(json.dumps(source.state())))
    assert (again.history(60, 100) == before).all() and (feed().history(60, 100) == before).all()
    assert not (feed(seed=8).history(60, 100) == before).all()


def test_only_minutes_are_kept() -> None:
    assert feed().history(300, 10).shape == (0, 6)


def test_history_of_another_length() -> None:
    assert history(SyntheticParams(), 1, "venue:A-B", 1_000_000, 10.0, days=1).shape == (1440, 6)


# ---- the process ---------------------------------------------------------------------------------------------------
def test_without_noise_the_price_is_pulled_home() -> None:
    process = PriceProcess(SyntheticParams(), log_price=0.1)
    for _ in range(10_000):
        process.step(60.0, (0.0, 0.0, 0.0), 1.0)
    assert abs(process.log_price) < 1e-3


def test_a_jump_comes_only_when_it_is_drawn() -> None:
    params = SyntheticParams(jump_size=0.01, jumps_per_hour=3600)
    assert PriceProcess(params).step(0.25, (0.0, 0.0, 1.0), 0.24) == pytest.approx(0.01)
    assert PriceProcess(params).step(0.25, (0.0, 0.0, 1.0), 0.26) == 0.0


@pytest.mark.parametrize("keep", [0.0, 0.5, 0.999])
def test_the_blockwise_filter_is_the_plain_recursion(keep: float) -> None:
    values = np.random.default_rng(1).standard_normal(2_000)
    if keep == 0.0:
        keep = 1e-1
    last, expected = 0.0, []
    for value in values:
        last = keep * last + value
        expected.append(last)
    assert np.allclose(_filtered(values, keep, block=64), expected, rtol=1e-9, atol=1e-9)
    assert all(math.isfinite(value) for value in _filtered(values, keep, block=64))
