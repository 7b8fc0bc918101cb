"""The order book: sequence of snapshot and diffs, what it refuses, and what it answers."""

from __future__ import annotations

import copy
import math
import pickle
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import botcore.markets.order_book as extension
from botcore.markets.order_book import APPLIED, GAP, NO_ASK, NO_BID, OLD, OrderBook

INT64_MAX = 2**63 - 1
MAX_TICKS = INT64_MAX - 1

BIDS = [(99, 1), (98, 2), (97, 3)]
ASKS = [(101, 1), (102, 2), (103, 3)]
BUY, SELL = True, False
BID, ASK = True, False


def book(bids: list[tuple[int, int]] = BIDS, asks: list[tuple[int, int]] = ASKS, update_id: int = 30) -> OrderBook:
    made = OrderBook()
    made.snapshot(bids, asks, update_id, 1_000)
    return made


def sides(of: OrderBook) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    return of.levels(BID, 10**6), of.levels(ASK, 10**6)


def test_the_book_is_compiled() -> None:
    """A Cython build that silently fell back to Python is an error."""
    assert extension.__file__ is not None and not extension.__file__.endswith(".py")


# ---- fresh, snapshot, clear ----------------------------------------------------------------------------------------
def test_a_fresh_book_is_empty_and_not_ready() -> None:
    fresh = OrderBook()
    assert not fresh.is_ready and not fresh.is_crossed
    assert (fresh.best_bid, fresh.best_ask) == (NO_BID, NO_ASK) == (-(2**63), INT64_MAX)
    assert fresh.last_update_id == -1 and sides(fresh) == ([], [])


def test_a_snapshot_makes_it_ready() -> None:
    made = book()
    assert made.is_ready and (made.best_bid, made.best_ask) == (99, 101)
    assert (made.last_update_id, made.ts_ns) == (30, 1_000)
    assert sides(made) == (BIDS, ASKS) and (made.depth(BID), made.depth(ASK)) == (3, 3)


def test_levels_of_a_snapshot_come_in_any_order() -> None:
    assert sides(book(BIDS[::-1], [ASKS[1], ASKS[2], ASKS[0]])) == (BIDS, ASKS)


def test_in_a_snapshot_no_lots_are_no_level_and_the_last_of_a_price_counts() -> None:
    made = book([(99, 1), (98, 0), (97, 5), (97, 3), (96, 4), (96, 0)], [(101, 2), (101, 7)])
    assert sides(made) == ([(99, 1), (97, 3)], [(101, 7)])


def test_a_snapshot_replaces_everything() -> None:
    made = book()
    made.snapshot([(50, 5)], [], 7, 2_000)
    assert sides(made) == ([(50, 5)], []) and made.best_ask == NO_ASK and made.last_update_id == 7


def test_clear_forgets_everything() -> None:
    made = book()
    made.clear()
    assert not made.is_ready and sides(made) == ([], []) and (made.best_bid, made.best_ask) == (NO_BID, NO_ASK)
    assert made.last_update_id == -1
    assert made.apply_diff(31, 31, -1, [], [], 0) == GAP


def test_a_snapshot_may_be_larger_than_any_before() -> None:
    bids = [(ticks, 1) for ticks in range(5_000, 0, -1)]
    asks = [(ticks, 2) for ticks in range(5_001, 10_001)]
    made = book(BIDS, ASKS)
    made.snapshot(bids, asks, 1, 1)
    assert sides(made) == (bids, asks)


# ---- one level -----------------------------------------------------------------------------------------------------
def test_a_level_is_set_changed_and_removed() -> None:
    made = book()
    made.update(BID, 100, 4)
    assert made.best_bid == 100 and made.lots_at(BID, 100) == 4
    made.update(BID, 100, 9)
    assert made.lots_at(BID, 100) == 9 and made.depth(BID) == 4
    made.update(BID, 100, 0)
    assert made.best_bid == 99 and made.lots_at(BID, 100) == 0 and made.depth(BID) == 3


def test_removing_what_is_not_there_changes_nothing() -> None:
    made = book()
    made.update(ASK, 150, 0)
    made.update(BID, 1, 0)
    assert sides(made) == (BIDS, ASKS)


def test_a_side_emptied_by_updates_has_no_best_price() -> None:
    made = book()
    for ticks, _ in ASKS:
        made.update(ASK, ticks, 0)
    assert made.best_ask == NO_ASK and not made.is_crossed and made.is_ready
    assert made.best_bid == 99


def test_sides_do_not_mix() -> None:
    made = book()
    assert made.lots_at(ASK, 99) == 0 and made.lots_at(BID, 101) == 0
    made.update(ASK, 99, 5)
    assert made.lots_at(BID, 99) == 1 and made.lots_at(ASK, 99) == 5


def test_lots_at_a_price_that_cannot_be() -> None:
    made = book()
    assert made.lots_at(BID, 0) == made.lots_at(ASK, -101) == made.lots_at(BID, -(2**63)) == made.lots_at(ASK, INT64_MAX) == 0


def test_levels_are_cut_at_the_count() -> None:
    made = book()
    assert made.levels(BID, 2) == BIDS[:2] and made.levels(ASK, 1) == ASKS[:1]
    assert made.levels(BID, 0) == made.levels(BID, -5) == []


# ---- crossed -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("bid", "crossed"), [(100, False), (101, True), (102, True)])
def test_a_book_is_crossed_when_a_bid_meets_an_ask(bid: int, crossed: bool) -> None:
    made = book()
    made.update(BID, bid, 1)
    assert made.is_crossed is crossed


def test_a_one_sided_book_is_not_crossed() -> None:
    assert not book(BIDS, []).is_crossed and not book([], ASKS).is_crossed


def test_a_crossed_snapshot_is_seen() -> None:
    assert book([(105, 1)], ASKS).is_crossed


# ---- diffs ---------------------------------------------------------------------------------------------------------
def test_the_next_diff_is_applied() -> None:
    made = book()
    assert made.apply_diff(31, 33, -1, [(99, 0), (100, 5)], [(101, 7)], 2_000) == APPLIED
    assert sides(made) == ([(100, 5), *BIDS[1:]], [(101, 7), *ASKS[1:]])
    assert (made.last_update_id, made.ts_ns, made.is_ready) == (33, 2_000, True)


@pytest.mark.parametrize(("first", "last"), [(1, 29), (30, 30), (1, 30)])
def test_an_old_diff_changes_nothing(first: int, last: int) -> None:
    made = book()
    assert made.apply_diff(first, last, -1, [(99, 0)], [], 2_000) == OLD
    assert sides(made) == (BIDS, ASKS) and made.is_ready and (made.last_update_id, made.ts_ns) == (30, 1_000)


def test_a_diff_that_overlaps_the_snapshot_is_applied() -> None:
    assert book().apply_diff(25, 31, -1, [], [], 0) == APPLIED


def test_only_newer_stored_diffs_are_replayed_onto_a_snapshot() -> None:
    """HZ-25: diffs 1..32 stored, snapshot 30: 31 and 32 count, the others do not come back."""
    made = book(update_id=30)
    results = [made.apply_diff(number, number, -1, [(10 + number, 1)], [], number) for number in range(1, 33)]
    assert results == [OLD] * 30 + [APPLIED] * 2
    assert made.levels(BID, 10) == sorted([*BIDS, (41, 1), (42, 1)], reverse=True)


def test_a_gap_makes_the_book_unready_until_the_next_snapshot() -> None:
    made = book()
    assert made.apply_diff(32, 32, -1, [(100, 1)], [], 2_000) == GAP
    assert not made.is_ready and sides(made) == (BIDS, ASKS) and made.last_update_id == 30
    assert made.apply_diff(31, 31, -1, [(100, 1)], [], 2_000) == GAP, "a late diff does not heal a gap"
    made.snapshot(BIDS, ASKS, 40, 3_000)
    assert made.is_ready and made.apply_diff(41, 41, -1, [(100, 1)], [], 4_000) == APPLIED


def test_without_a_snapshot_every_diff_is_a_gap() -> None:
    fresh = OrderBook()
    assert fresh.apply_diff(0, 5, -1, [(1, 1)], [], 0) == GAP
    assert fresh.apply_diff(0, 5, 0, [(1, 1)], [], 0) == GAP
    assert sides(fresh) == ([], [])


def test_with_previous_ids_a_diff_must_name_the_one_before() -> None:
    """Binance futures: `pu` of each message is `u` of the one before."""
    made = book()
    assert made.apply_diff(28, 35, 27, [], [], 0) == APPLIED, "first after the snapshot: U <= id <= u"
    assert made.apply_diff(40, 44, 35, [], [], 0) == APPLIED, "ids may jump when the chain holds"
    assert made.apply_diff(45, 49, 43, [], [], 0) == GAP
    assert not made.is_ready


def test_with_previous_ids_overlap_counts_only_right_after_a_snapshot() -> None:
    made = book()
    assert made.apply_diff(28, 35, 27, [], [], 0) == APPLIED
    assert made.apply_diff(33, 40, 32, [], [], 0) == GAP


def test_with_previous_ids_a_first_diff_beyond_the_snapshot_is_a_gap() -> None:
    assert book().apply_diff(31, 35, 29, [], [], 0) == GAP


def test_a_previous_id_of_zero_is_an_id() -> None:
    assert book(update_id=0).apply_diff(1, 4, 0, [], [], 0) == APPLIED


def test_an_empty_diff_moves_the_sequence() -> None:
    made = book()
    assert made.apply_diff(31, 31, -1, [], [], 5) == APPLIED
    assert made.apply_diff(32, 32, -1, [], [], 6) == APPLIED
    assert sides(made) == (BIDS, ASKS)


def test_within_a_diff_the_last_of_a_price_counts() -> None:
    made = book()
    made.apply_diff(31, 31, -1, [(100, 1), (100, 0), (98, 0), (98, 8)], [], 0)
    assert made.levels(BID, 9) == [(99, 1), (98, 8), (97, 3)]


def test_a_diff_may_cross_the_book() -> None:
    """OB-t2: the book states what the venue said; whether it may be used is for others to judge."""
    made = OrderBook()
    made.snapshot([(10, 1), (20, 1), (30, 1)], [(40, 1)], 1, 0)
    made.apply_diff(2, 2, -1, [(500, 1)], [(20, 1)], 0)
    assert made.best_bid == 500 and made.best_ask == 20 and made.is_crossed


# ---- quotes --------------------------------------------------------------------------------------------------------
def test_a_quote_is_a_whole_book() -> None:
    made = book()
    made.set_quote(90, 4, 91, 5, 2_000)
    assert sides(made) == ([(90, 4)], [(91, 5)]) and made.is_ready and made.last_update_id == -1 and made.ts_ns == 2_000


def test_a_quote_makes_a_fresh_book_ready() -> None:
    made = OrderBook()
    made.set_quote(90, 4, 90, 5, 0)
    assert made.is_ready and made.best_bid == made.best_ask == 90


def test_a_side_of_a_quote_without_lots_is_empty() -> None:
    made = OrderBook()
    made.set_quote(0, 0, 91, 5, 0)
    assert made.best_bid == NO_BID and made.best_ask == 91


def test_no_numbered_diff_follows_a_quote() -> None:
    made = OrderBook()
    made.set_quote(90, 4, 91, 5, 0)
    assert made.apply_diff(5, 9, 4, [], [], 0) == GAP


# ---- what it refuses -----------------------------------------------------------------------------------------------
BAD_LEVELS: list[tuple[Any, type[Exception]]] = [
    ((0, 1), ValueError),
    ((-1, 1), ValueError),
    ((100, -1), ValueError),
    ((INT64_MAX, 1), ValueError),
    ((2**63, 1), OverflowError),
    ((100, 2**63), OverflowError),
    ((100.0, 1), TypeError),
    ((100, 1.5), TypeError),
    (("100", 1), TypeError),
    ((Decimal(100), 1), TypeError),
    ((None, 1), TypeError),
    ((float("nan"), 1), TypeError),
    ((100,), ValueError),
    ((100, 1, 1), ValueError),
    (None, TypeError),
]


@pytest.mark.parametrize(("bad", "error"), BAD_LEVELS)
def test_a_bad_snapshot_leaves_the_book_as_it_was(bad: Any, error: type[Exception]) -> None:
    made = book()
    with pytest.raises(error):
        made.snapshot([(50, 1), bad], [(60, 1)], 99, 5)
    with pytest.raises(error):
        made.snapshot([(50, 1)], [(60, 1), bad], 99, 5)
    assert sides(made) == (BIDS, ASKS) and made.last_update_id == 30 and made.is_ready


@pytest.mark.parametrize(("bad", "error"), BAD_LEVELS)
def test_a_bad_diff_changes_no_level_but_leaves_a_gap(bad: Any, error: type[Exception]) -> None:
    made = book()
    with pytest.raises(error):
        made.apply_diff(31, 31, -1, [(100, 1)], [(101, 0), bad], 5)
    assert sides(made) == (BIDS, ASKS) and made.last_update_id == 30
    assert not made.is_ready, "an update is missing now"
    assert made.apply_diff(31, 31, -1, [], [], 5) == GAP


@pytest.mark.parametrize(("bad", "error"), [case for case in BAD_LEVELS if isinstance(case[0], tuple) and len(case[0]) == 2])
def test_a_bad_update_changes_nothing(bad: Any, error: type[Exception]) -> None:
    made = book()
    with pytest.raises(error):
        made.update(BID, *bad)
    assert sides(made) == (BIDS, ASKS)


@pytest.mark.parametrize(("bad", "error"), [((-1, 1), ValueError), ((90, -1), ValueError), ((0, 1), ValueError), ((90.5, 1), TypeError)])
def test_a_bad_quote_leaves_the_book_as_it_was(bad: tuple[Any, Any], error: type[Exception]) -> None:
    made = book()
    with pytest.raises(error):
        made.set_quote(*bad, 91, 5, 0)
    with pytest.raises(error):
        made.set_quote(80, 5, *bad, 0)
    assert sides(made) == (BIDS, ASKS)


@pytest.mark.parametrize("side", [None, 1, 0, "buy", np.True_])
def test_a_side_is_true_or_false_and_nothing_else(side: Any) -> None:
    made = book()
    for call in (lambda: made.update(side, 1, 1), lambda: made.depth(side), lambda: made.levels(side, 1), lambda: made.vwap_for_lots(side, 1)):
        with pytest.raises(TypeError):
            call()
    assert sides(made) == (BIDS, ASKS)


def test_numpy_integers_are_integers() -> None:
    made = book()
    made.update(BID, np.int64(100), np.int32(4))
    made.apply_diff(np.int64(31), np.int64(31), np.int64(-1), np.array([[100, 6]]), np.empty((0, 2), dtype=np.int64), np.int64(5))
    assert made.lots_at(BID, 100) == 6


def test_an_old_diff_is_not_even_read() -> None:
    assert book().apply_diff(30, 30, -1, [("no", "level")], [], 0) == OLD  # type: ignore[list-item]


def test_a_book_is_not_copied() -> None:
    for act in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            act(book())


@pytest.mark.parametrize("name", ["best_bid", "best_ask", "is_ready", "last_update_id", "ts_ns"])
def test_nobody_else_writes_the_book(name: str) -> None:
    with pytest.raises(AttributeError):
        setattr(book(), name, 1)


# ---- volume and price queries (lots in tenths, prices in ticks of 1) -----------------------------------------------
TENTHS = 10


def scenario() -> OrderBook:
    """Section L of the scenarios: bids (99,1)(98,2)(97,3), asks (101,1)(102,2)(103,3)."""
    return book([(ticks, lots * TENTHS) for ticks, lots in BIDS], [(ticks, lots * TENTHS) for ticks, lots in ASKS])


def test_price_for_volume() -> None:
    """OB-1."""
    made = scenario()
    assert made.price_for_lots(BUY, 15) == (102, 15)
    assert made.price_for_lots(BUY, 30) == (102, 30)
    assert made.price_for_lots(BUY, 100) == (NO_ASK, 60)
    assert made.price_for_lots(SELL, 40) == (97, 40)
    assert made.price_for_lots(SELL, 100) == (NO_BID, 60)


def test_price_for_no_volume() -> None:
    made = scenario()
    assert made.price_for_lots(BUY, 0) == made.price_for_lots(BUY, -5) == (NO_ASK, 0)
    assert made.price_for_lots(SELL, 0) == (NO_BID, 0)


def test_vwap() -> None:
    """OB-2: nothing to buy is NaN, not a division by zero."""
    made = scenario()
    assert made.vwap_for_lots(BUY, 20) == 101.5
    assert made.vwap_for_lots(SELL, 30) == pytest.approx(98.333333, abs=1e-6)
    for lots in (100, 0, -1):
        assert math.isnan(made.vwap_for_lots(BUY, lots))
    assert math.isnan(OrderBook().vwap_for_lots(BUY, 1))


def test_quote_volume_for_price() -> None:
    """OB-4."""
    made = scenario()
    assert made.cost_for_price(BUY, 102) == 305 * TENTHS and made.lots_for_price(BUY, 102) == 30
    assert made.cost_for_price(SELL, 98) == 295 * TENTHS and made.lots_for_price(SELL, 98) == 30


def test_volume_for_a_price_outside_the_book() -> None:
    made = scenario()
    assert made.lots_for_price(BUY, 100) == made.lots_for_price(SELL, 100) == 0
    assert made.cost_for_price(BUY, NO_BID) == made.cost_for_price(SELL, NO_ASK) == 0
    assert made.lots_for_price(BUY, NO_ASK) == made.lots_for_price(SELL, NO_BID) == 60


def test_quote_volume_for_base() -> None:
    """OB-6: short depth says how much there was."""
    made = scenario()
    assert made.cost_for_lots(BUY, 20) == (203 * TENTHS, 20)
    assert made.cost_for_lots(SELL, 30) == (295 * TENTHS, 30)
    assert made.cost_for_lots(BUY, 100) == (614 * TENTHS, 60)
    assert made.cost_for_lots(BUY, 0) == made.cost_for_lots(BUY, -1) == (0, 0)


def test_base_for_a_budget_takes_whole_lots_only() -> None:
    made = book()
    assert made.lots_for_cost(BUY, 100) == (0, 0)
    assert made.lots_for_cost(BUY, 101) == (1, 101)
    assert made.lots_for_cost(BUY, 304) == (2, 203)
    assert made.lots_for_cost(BUY, 305) == (3, 305)
    assert made.lots_for_cost(BUY, 10**30) == (6, 614)
    assert made.lots_for_cost(SELL, 99 + 98) == (2, 197)
    assert made.lots_for_cost(BUY, 0) == made.lots_for_cost(BUY, -7) == (0, 0)


def test_a_budget_that_does_not_reach_one_level_stops_there() -> None:
    """The second level is cheaper per lot for nobody: what is left is not spent further away."""
    made = book([], [(101, 1), (102, 5)])
    assert made.lots_for_cost(BUY, 101 + 101) == (1, 101)


# ---- the largest numbers -------------------------------------------------------------------------------------------
def giant() -> OrderBook:
    made = OrderBook()
    made.snapshot([(2, INT64_MAX), (1, INT64_MAX)], [(MAX_TICKS - n, INT64_MAX) for n in range(9)], 1, 1)
    return made


def test_sums_are_exact_beyond_any_machine_word() -> None:
    made = giant()
    levels = [(MAX_TICKS - n, INT64_MAX) for n in range(9)]
    cost = sum(ticks * lots for ticks, lots in levels)
    assert cost > 2**128, "or the test says nothing"
    assert made.cost_for_price(BUY, MAX_TICKS) == cost
    assert made.lots_for_price(BUY, MAX_TICKS) == 9 * INT64_MAX
    assert made.lots_for_cost(BUY, cost) == (9 * INT64_MAX, cost)
    best = MAX_TICKS - 8
    assert made.lots_for_cost(BUY, cost - 1) == (9 * INT64_MAX - 1, cost - MAX_TICKS)
    assert made.cost_for_lots(BUY, INT64_MAX) == (best * INT64_MAX, INT64_MAX)


def test_a_budget_beyond_192_bits_buys_the_book() -> None:
    assert giant().lots_for_cost(SELL, 2**400) == (2 * INT64_MAX, 3 * INT64_MAX)


def test_depth_that_is_a_hair_too_short() -> None:
    made = book([], [(5, INT64_MAX - 1)])
    assert made.price_for_lots(BUY, INT64_MAX) == (NO_ASK, INT64_MAX - 1)
    made.update(ASK, 6, 1)
    assert made.price_for_lots(BUY, INT64_MAX) == (6, INT64_MAX)


def test_vwap_of_large_numbers_is_close_to_the_exact_one() -> None:
    made = book([], [(MAX_TICKS - 1, 10**17 + 1), (MAX_TICKS, 10**17 + 3)])
    lots = 2 * 10**17 + 4
    exact = Fraction((MAX_TICKS - 1) * (10**17 + 1) + MAX_TICKS * (10**17 + 3), lots)
    assert made.vwap_for_lots(BUY, lots) == pytest.approx(float(exact), rel=1e-15)


def test_the_highest_price_is_below_no_ask() -> None:
    made = book([(MAX_TICKS, 1)], [])
    assert made.best_bid == MAX_TICKS < NO_ASK and not made.is_crossed
