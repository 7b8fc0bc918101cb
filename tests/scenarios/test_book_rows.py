"""Numeric rows of order book and market data (section L): bids (99,1)(98,2)(97,3), asks (101,1)(102,2)(103,3), from the wire to the answer.

Prices are ticks of 0.01 and sizes lots of 0.01, so that halves and hundredths of the rows stand on the grid.
"""

from __future__ import annotations

import math
from decimal import Decimal

import pytest

from botcore.markets.crossing import Crossing
from botcore.markets.order_book import NO_ASK, NO_BID
from botcore.markets.sync_states import SyncRules
from tests.support.book_bench import BookBench, Levels

BUY, SELL = True, False
STEP = Decimal("0.01")


@pytest.fixture
def bench() -> BookBench:
    return BookBench(tick="0.01", lot="0.01").ready()


def lots(amount: str) -> int:
    return int(Decimal(amount) / STEP)


def price(ticks: int) -> Decimal:
    return ticks * STEP


@pytest.mark.parametrize(("is_buy", "volume", "expected"), [(BUY, "1.5", "102"), (BUY, "3", "102"), (SELL, "4", "97")])
def test_ob1_price_for_volume(bench: BookBench, is_buy: bool, volume: str, expected: str) -> None:
    ticks, found = bench.book.price_for_lots(is_buy, lots(volume))
    assert price(ticks) == Decimal(expected) and found == lots(volume)


def test_ob1_price_for_more_than_there_is(bench: BookBench) -> None:
    assert bench.book.price_for_lots(BUY, lots("10")) == (NO_ASK, lots("6"))


@pytest.mark.parametrize(("is_buy", "volume", "expected"), [(BUY, "2", 101.5), (SELL, "3", 295 / 3)])
def test_ob2_average_price(bench: BookBench, is_buy: bool, volume: str, expected: float) -> None:
    assert bench.book.vwap_for_lots(is_buy, lots(volume)) * 0.01 == pytest.approx(expected, rel=1e-12)


def test_ob2_average_price_of_too_much_and_of_nothing(bench: BookBench) -> None:
    assert math.isnan(bench.book.vwap_for_lots(BUY, lots("10"))) and math.isnan(bench.book.vwap_for_lots(BUY, 0))
    assert bench.book.cost_for_lots(BUY, lots("10"))[1] == lots("6")
    assert bench.book.cost_for_lots(BUY, 0) == (0, 0)


@pytest.mark.parametrize(("is_buy", "limit", "quote"), [(BUY, "102", "305"), (SELL, "98", "295")])
def test_ob4_quote_volume_for_price(bench: BookBench, is_buy: bool, limit: str, quote: str) -> None:
    assert bench.book.cost_for_price(is_buy, int(Decimal(limit) / STEP)) * STEP * STEP == Decimal(quote)


@pytest.mark.parametrize(("is_buy", "volume", "quote", "found"), [(BUY, "2", "203", "2"), (SELL, "3", "295", "3"), (BUY, "10", "614", "6")])
def test_ob6_quote_volume_for_base(bench: BookBench, is_buy: bool, volume: str, quote: str, found: str) -> None:
    """What is missing is told by the second number: 6 of 10."""
    cost, taken = bench.book.cost_for_lots(is_buy, lots(volume))
    assert (cost * STEP * STEP, taken) == (Decimal(quote), lots(found))


# ---- books that may cross ---------------------------------------------------------------------------------------------
BIDS: Levels = {1: 1, 2: 1, 3: 1}
ASKS: Levels = {4: 1, 5: 1, 6: 1, 7: 1}


def crossing(rule: Crossing) -> BookBench:
    return BookBench(SyncRules(crossing=rule), tick="0.01", lot="0.01")


def best(bench: BookBench) -> tuple[Decimal | None, Decimal | None]:
    book = bench.book
    return None if book.best_bid == NO_BID else price(book.best_bid), None if book.best_ask == NO_ASK else price(book.best_ask)


def test_obt1_of_two_levels_that_cross_on_a_dex_the_one_with_less_money_leaves() -> None:
    """The row's rule is about money, not age: the bid at 50 (id 4) is younger than the ask at 4 (id 1) and leaves."""
    bench = crossing(Crossing.SMALLER_LEAVES)
    bench.snapshot(4, {**BIDS, 50: "0.01"}, ASKS)
    assert best(bench) == (3, 4) and bench.usable
    bench.diff(5, 5, {3.5: 1}, {2: 0.1})
    assert best(bench) == (Decimal("3.5"), 4) and bench.usable
    assert bench.sync.crossings == 2 and bench.book.last_update_id == 5


def test_obt2_on_a_cex_what_the_later_update_crosses_is_gone() -> None:
    bench = crossing(Crossing.OLDER_LEAVES)
    bench.snapshot(4, BIDS, ASKS)
    assert best(bench) == (3, 4)
    bench.diff(5, 5, {}, {2: 0.1})
    assert best(bench) == (1, 2), "bids at 2 and 3 are older"
    bench.diff(6, 6, {50: 0.01}, {})
    assert best(bench) == (50, None) and bench.book.depth(False) == 0
    assert not bench.usable, "one side only"


def test_w9_without_such_a_rule_a_crossed_book_is_damage() -> None:
    bench = crossing(Crossing.DAMAGE)
    bench.snapshot(4, BIDS, ASKS)
    bench.diff(5, 5, {50: 0.01}, {})
    assert best(bench) == (50, 4) and not bench.usable
    bench.wait(500)
    assert bench.wants or bench.wait(1_000).wants


# ---- diffs and snapshot --------------------------------------------------------------------------------------------------
def test_hz25_of_the_stored_diffs_those_after_the_snapshot_are_replayed() -> None:
    bench = BookBench(tick="0.01", lot="0.01")
    for number in range(1, 33):
        bench.diff(number, number, {number: number}, {})
    assert bench.snapshot(30)
    assert {price(ticks): amount * STEP for ticks, amount in bench.book.levels(True, 100)} == {99: 1, 98: 2, 97: 3, 32: 32, 31: 31}
    assert bench.book.last_update_id == 32
