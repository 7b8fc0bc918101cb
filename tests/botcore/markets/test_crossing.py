"""Levels that cross: which of them goes."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from botcore.markets.crossing import remove_older, remove_smaller
from botcore.markets.order_book import OrderBook

Level = tuple[int, int]
LEVELS = st.dictionaries(st.integers(1, 12), st.integers(1, 5), max_size=8)


def book(bids: list[Level], asks: list[Level]) -> OrderBook:
    made = OrderBook()
    made.snapshot(bids, asks, 1, 1)
    return made


def sides(of: OrderBook) -> tuple[list[Level], list[Level]]:
    return of.levels(True, 100), of.levels(False, 100)


def test_a_book_that_does_not_cross_keeps_all() -> None:
    made = book([(99, 1)], [(101, 1)])
    assert remove_older(made, [(99, 1)], []) == remove_smaller(made) == 0
    assert sides(made) == ([(99, 1)], [(101, 1)])


def test_a_new_bid_takes_all_older_asks_that_it_reaches() -> None:
    made = book([(105, 1), (99, 1)], [(101, 9), (105, 9), (106, 9)])
    assert remove_older(made, [(105, 1)], []) == 2
    assert sides(made) == ([(105, 1), (99, 1)], [(106, 9)])


def test_a_new_ask_takes_all_older_bids_that_it_reaches() -> None:
    made = book([(99, 9), (98, 9), (97, 9)], [(98, 1), (101, 1)])
    assert remove_older(made, [], [(98, 1)]) == 2
    assert sides(made) == ([(97, 9)], [(98, 1), (101, 1)])


def test_a_message_that_crosses_itself_keeps_the_larger_level() -> None:
    made = book([(100, 1)], [(100, 3)])
    assert remove_older(made, [(100, 1)], [(100, 3)]) == 1
    assert sides(made) == ([], [(100, 3)])


def test_of_two_equal_ones_the_bid_goes() -> None:
    made = book([(100, 2)], [(100, 2)])
    assert remove_smaller(made) == 1
    assert sides(made) == ([], [(100, 2)])


@settings(deadline=None, derandomize=True, database=None)
@given(bids=LEVELS, asks=LEVELS, new_bids=LEVELS, new_asks=LEVELS)
def test_whatever_crosses_does_not_afterwards_and_what_did_not_stays(
    bids: dict[int, int], asks: dict[int, int], new_bids: dict[int, int], new_asks: dict[int, int]
) -> None:
    bids, asks = bids | new_bids, asks | new_asks
    for remove in (remove_smaller, lambda made: remove_older(made, new_bids.items(), new_asks.items())):
        made = book(list(bids.items()), list(asks.items()))
        best_ask, best_bid = min(asks, default=99), max(bids, default=0)
        removed = remove(made)
        assert not made.is_crossed
        left_bids, left_asks = map(dict, sides(made))
        assert removed == len(bids) + len(asks) - len(left_bids) - len(left_asks)
        assert all(ticks >= best_ask for ticks in bids.keys() - left_bids.keys())
        assert all(ticks <= best_bid for ticks in asks.keys() - left_asks.keys())
