"""Any sequence of snapshots, diffs, quotes and updates: the Cython book and two dicts tell the same."""

from __future__ import annotations

import math
import random
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from botcore.markets.order_book import OrderBook
from tests.support.naive_book import NaiveBook

MAX_TICKS = 2**63 - 2
MAX_LOTS = 2**63 - 1
SETTINGS = settings(deadline=None, derandomize=True, database=None)

TICKS = st.one_of(st.integers(1, 25), st.integers(1, MAX_TICKS))
LOTS = st.one_of(st.integers(0, 5), st.integers(0, MAX_LOTS))
LEVELS = st.lists(st.tuples(TICKS, LOTS), max_size=12)
SIDE = st.booleans()


class BookMachine(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.book, self.naive = OrderBook(), NaiveBook()

    @rule(bids=LEVELS, asks=LEVELS, update_id=st.integers(0, 40))
    def snapshot(self, bids: list[tuple[int, int]], asks: list[tuple[int, int]], update_id: int) -> None:
        self.book.snapshot(bids, asks, update_id, 1)
        self.naive.snapshot(bids, asks, update_id)

    @rule(bids=LEVELS, asks=LEVELS, ahead=st.integers(-4, 3), length=st.integers(0, 5), chained=st.booleans(), jump=st.integers(-2, 2))
    def diff(self, bids: list[tuple[int, int]], asks: list[tuple[int, int]], ahead: int, length: int, chained: bool, jump: int) -> None:
        last = self.naive.last_update_id
        first = max(0, last + 1 + ahead)
        prev = max(0, last + (jump if abs(jump) == 2 else 0)) if chained else -1
        found = self.book.apply_diff(first, first + length, prev, bids, asks, 2)
        assert found == self.naive.apply_diff(first, first + length, prev, bids, asks)

    @rule(is_bid=SIDE, ticks=TICKS, lots=LOTS)
    def update(self, is_bid: bool, ticks: int, lots: int) -> None:
        self.book.update(is_bid, ticks, lots)
        self.naive.update(is_bid, ticks, lots)

    @rule(bid=st.tuples(TICKS, LOTS), ask=st.tuples(TICKS, LOTS))
    def quote(self, bid: tuple[int, int], ask: tuple[int, int]) -> None:
        self.book.set_quote(*bid, *ask, 3)
        self.naive.set_quote(bid, ask)

    @rule()
    def clear(self) -> None:
        self.book.clear()
        self.naive.clear()

    @rule(is_buy=SIDE, lots=st.one_of(st.integers(-1, 40), st.integers(1, MAX_LOTS)))
    def walk(self, is_buy: bool, lots: int) -> None:
        assert self.book.price_for_lots(is_buy, lots) == self.naive.price_for_lots(is_buy, lots)
        cost, found = self.naive.cost_for_lots(is_buy, lots)
        assert self.book.cost_for_lots(is_buy, lots) == (cost, found)
        vwap = self.book.vwap_for_lots(is_buy, lots)
        if lots > 0 and found == lots:
            assert math.isclose(vwap, float(Fraction(cost, lots)), rel_tol=1e-15)
        else:
            assert math.isnan(vwap)

    @rule(is_buy=SIDE, limit=st.one_of(st.integers(-2, 27), st.integers(-(2**63), 2**63 - 1)))
    def reach(self, is_buy: bool, limit: int) -> None:
        lots, cost = self.naive.for_price(is_buy, limit)
        assert self.book.lots_for_price(is_buy, limit) == lots
        assert self.book.cost_for_price(is_buy, limit) == cost

    @rule(is_buy=SIDE, cost=st.one_of(st.integers(-1, 200), st.integers(0, 2**130), st.integers(0, 2**200)))
    def spend(self, is_buy: bool, cost: int) -> None:
        assert self.book.lots_for_cost(is_buy, cost) == self.naive.lots_for_cost(is_buy, cost)

    @rule(is_bid=SIDE, ticks=TICKS)
    def look(self, is_bid: bool, ticks: int) -> None:
        assert self.book.lots_at(is_bid, ticks) == self.naive.sides[is_bid].get(ticks, 0)

    @invariant()
    def agree(self) -> None:
        if not hasattr(self, "book"):
            return
        book, naive = self.book, self.naive
        assert book.levels(True, 1000) == naive.levels(True)
        assert book.levels(False, 1000) == naive.levels(False)
        assert (book.best_bid, book.best_ask) == (naive.best_bid, naive.best_ask)
        assert (book.is_crossed, book.is_ready, book.last_update_id) == (naive.is_crossed, naive.is_ready, naive.last_update_id)


TestBook = BookMachine.TestCase
TestBook.settings = settings(SETTINGS, max_examples=80, stateful_step_count=50)


@SETTINGS
@given(levels=st.lists(st.tuples(st.integers(1, 60), st.integers(1, 9)), max_size=60), is_buy=SIDE)
def test_what_a_budget_buys_costs_what_it_says(levels: list[tuple[int, int]], is_buy: bool) -> None:
    book = OrderBook()
    book.snapshot(levels, levels, 1, 1)
    for budget in range(0, 400, 37):
        lots, used = book.lots_for_cost(is_buy, budget)
        assert used <= budget
        assert book.cost_for_lots(is_buy, lots) == (used, lots)


@SETTINGS
@given(levels=st.lists(st.tuples(st.integers(1, MAX_TICKS), st.integers(1, MAX_LOTS)), min_size=1, max_size=6), share=st.fractions(0, 1), is_buy=SIDE)
def test_budgets_of_any_size_buy_what_the_naive_book_says(levels: list[tuple[int, int]], share: Fraction, is_buy: bool) -> None:
    book, naive = OrderBook(), NaiveBook()
    book.snapshot(levels, levels, 1, 1)
    naive.snapshot(levels, levels, 1)
    budget = int(naive.cost_for_lots(is_buy, 2**80)[0] * share)
    assert book.lots_for_cost(is_buy, budget) == naive.lots_for_cost(is_buy, budget)


ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=3),
    st.binary(max_size=3),
    st.lists(st.integers(), max_size=3),
    st.tuples(st.integers(), st.integers()),
)


@settings(SETTINGS, max_examples=200)
@given(
    bids=st.one_of(ANYTHING, st.lists(ANYTHING, max_size=4)), asks=st.one_of(ANYTHING, st.lists(ANYTHING, max_size=4)), ids=st.tuples(*[ANYTHING] * 4)
)
def test_rubbish_never_changes_a_level_unless_it_is_accepted_whole(bids: object, asks: object, ids: tuple[object, ...]) -> None:
    """Fuzz: whatever is handed in, the book raises one of three errors or takes it; it never half-takes it."""
    for call in ("snapshot", "apply_diff", "update", "set_quote"):
        book = OrderBook()
        book.snapshot([(99, 1), (98, 2)], [(101, 1)], 30, 1)
        args = {
            "snapshot": (bids, asks, ids[0], ids[1]),
            "apply_diff": (ids[0], ids[1], ids[2], bids, asks, ids[3]),
            "update": (bids, asks, ids[0]),
            "set_quote": (ids[0], ids[1], ids[2], ids[3], 1),
        }[call]
        try:
            getattr(book, call)(*args)
        except (TypeError, ValueError, OverflowError):
            assert book.levels(True, 10) == [(99, 1), (98, 2)]
            assert book.levels(False, 10) == [(101, 1)]
            assert book.last_update_id == 30


@pytest.mark.parametrize("seed", range(3))
def test_a_long_random_walk_of_a_deep_book(seed: int) -> None:
    """Thousands of levels near and far from the touch, with removals at both ends."""
    rng = random.Random(seed)
    book, naive = OrderBook(), NaiveBook()
    bids, asks = [(ticks, 1) for ticks in range(1, 3000)], [(ticks, 1) for ticks in range(3000, 6000)]
    book.snapshot(bids, asks, 0, 0)
    naive.snapshot(bids, asks, 0)
    for number in range(1, 400):
        levels = [(rng.randrange(1, 6000) if rng.random() < 0.3 else 3000 + rng.randrange(-40, 40), rng.randrange(0, 4)) for _ in range(20)]
        assert book.apply_diff(number, number, number - 1, levels[:10], levels[10:], number) == 1
        naive.apply_diff(number, number, number - 1, levels[:10], levels[10:])
        assert (book.best_bid, book.best_ask) == (naive.best_bid, naive.best_ask)
    assert book.levels(True, 10_000) == naive.levels(True)
    assert book.levels(False, 10_000) == naive.levels(False)
