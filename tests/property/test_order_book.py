"""The Cython order book against a naive dict (ids OB-*): whatever is sent, both say the same."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from botcore.markets.order_book import APPLIED, GAP, NO_ASK, NO_BID, OLD, OrderBook

TICKS = st.integers(1, 40)
LOTS = st.one_of(st.just(0), st.integers(1, 50))
LEVELS = st.lists(st.tuples(TICKS, LOTS), max_size=12)


class Naive:
    def __init__(self) -> None:
        self.sides: tuple[dict[int, int], dict[int, int]] = ({}, {})

    def put(self, is_bid: bool, ticks: int, lots: int) -> None:
        side = self.sides[0 if is_bid else 1]
        if lots:
            side[ticks] = lots
        else:
            side.pop(ticks, None)

    def walk(self, is_buy: bool) -> list[tuple[int, int]]:
        side = self.sides[1 if is_buy else 0]
        return sorted(side.items(), reverse=not is_buy)

    def cost(self, is_buy: bool, lots: int) -> tuple[int, int]:
        cost = found = 0
        for ticks, size in self.walk(is_buy):
            taken = min(size, lots - found)
            if taken <= 0:
                break
            cost, found = cost + taken * ticks, found + taken
        return cost, found


@settings(max_examples=300, deadline=None)
@given(LEVELS, LEVELS, st.lists(st.tuples(st.booleans(), TICKS, LOTS), max_size=40), st.integers(0, 120), TICKS, st.booleans())
def test_book_and_dict_agree(bids, asks, changes, lots, price, is_buy) -> None:  # type: ignore[no-untyped-def]
    book, naive = OrderBook(), Naive()
    book.snapshot(bids, asks, 1, 1)
    for is_bid, levels in ((True, bids), (False, asks)):
        for ticks, size in levels:
            naive.put(is_bid, ticks, size)
    for is_bid, ticks, size in changes:
        book.update(is_bid, ticks, size)
        naive.put(is_bid, ticks, size)
    assert book.levels(True, 99) == naive.walk(False)
    assert book.levels(False, 99) == naive.walk(True)
    assert book.best_bid == (naive.walk(False)[0][0] if naive.sides[0] else NO_BID)
    assert book.best_ask == (naive.walk(True)[0][0] if naive.sides[1] else NO_ASK)
    assert book.is_crossed == (bool(naive.sides[0] and naive.sides[1]) and book.best_bid >= book.best_ask)
    cost, found = naive.cost(is_buy, lots)
    assert book.cost_for_lots(is_buy, lots) == (cost, found)
    vwap = book.vwap_for_lots(is_buy, lots)
    assert math.isnan(vwap) if found < lots or lots < 1 else vwap == float(Fraction(cost, lots))
    better = [size for ticks, size in naive.walk(is_buy) if (ticks <= price if is_buy else ticks >= price)]
    assert book.lots_for_price(is_buy, price) == sum(better)
    taken, used = book.lots_for_cost(is_buy, cost)
    assert used <= cost
    assert taken >= found or cost == 0


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 4), LEVELS), max_size=20))
def test_diffs_apply_in_sequence_or_not_at_all(diffs) -> None:  # type: ignore[no-untyped-def]
    book = OrderBook()
    book.snapshot([(10, 5)], [(20, 5)], 10, 1)
    last, ready = 10, True
    for first, length, levels in diffs:
        before = book.levels(True, 99)
        outcome = book.apply_diff(first, first + length, -1, levels, [], 2)
        if not ready:
            assert outcome == GAP
        elif first + length <= last:
            assert outcome == OLD
        elif first <= last + 1:
            assert outcome == APPLIED
            last = first + length
        else:
            assert outcome == GAP
            ready = False
        if outcome != APPLIED:
            assert book.levels(True, 99) == before
        assert book.is_ready == ready


def test_previous_ids_of_perpetuals_chain() -> None:
    book = OrderBook()
    book.snapshot([(10, 5)], [(20, 5)], 100, 1)
    assert book.apply_diff(90, 105, 89, [(11, 1)], [], 2) == APPLIED
    assert book.apply_diff(106, 110, 105, [(12, 1)], [], 3) == APPLIED
    assert book.apply_diff(112, 115, 111, [(13, 1)], [], 4) == GAP
    assert not book.is_ready
    assert book.best_bid == 12


@pytest.mark.parametrize("level", [(0, 1), (-5, 1), (5, -1), (2**63 - 1, 1)])
def test_levels_out_of_range_change_nothing(level: tuple[int, int]) -> None:
    book = OrderBook()
    book.snapshot([(10, 5)], [(20, 5)], 1, 1)
    with pytest.raises(ValueError, match="expected ticks"):
        book.snapshot([(11, 1), level], [], 2, 2)
    assert book.levels(True, 9) == [(10, 5)]


@pytest.mark.parametrize("wrong", [1.5, "7", None])
def test_what_is_no_integer_is_refused_never_rounded(wrong: object) -> None:
    book = OrderBook()
    with pytest.raises(TypeError):
        book.update(True, wrong, 1)  # type: ignore[arg-type]
    assert book.depth(True) == 0


def test_sums_are_exact_beyond_64_bits() -> None:
    book = OrderBook()
    huge = 2**62
    book.snapshot([], [(huge, huge), (huge + 1, huge)], 1, 1)
    assert book.cost_for_price(True, huge + 1) == huge * huge + (huge + 1) * huge
