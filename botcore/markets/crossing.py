"""What becomes of a book whose best bid stands at or above its best ask, where the venue does not keep its stream from crossing.

A central limit order book never crosses: there it is a sign of damage, and the book is quarantined. A venue without one sequence for all (an AMM, a chain whose
nodes see messages in different orders) crosses for moments, and one of the two levels is not there any more.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from botcore.markets.order_book import NO_ASK, NO_BID, OrderBook


class Crossing(Enum):
    """What a crossed book means."""

    DAMAGE = "damage"
    """It is quarantined, and fetched again if it lasts."""
    OLDER_LEAVES = "older leaves"
    """The later message is right: what it crosses is gone."""
    SMALLER_LEAVES = "smaller leaves"
    """Nothing tells which is later: of two levels that cross, the one with less money on it goes."""


def remove_older(book: OrderBook, new_bids: Iterable[tuple[int, int]], new_asks: Iterable[tuple[int, int]]) -> int:
    """Take off the levels that the latest message crosses; where it crosses itself, the smaller ones.

    Parameters
    ----------
    new_bids, new_asks : iterable of (ticks, lots)
        Levels of the latest message, which the book has taken already.

    Returns
    -------
    int
        How many levels went.
    """
    fresh_bids = {ticks for ticks, lots in new_bids if lots}
    fresh_asks = {ticks for ticks, lots in new_asks if lots}
    removed = 0
    while book.is_crossed:
        bid_is_new, ask_is_new = book.best_bid in fresh_bids, book.best_ask in fresh_asks
        if bid_is_new == ask_is_new:
            _remove_smaller_best(book)
        elif bid_is_new:
            book.update(False, book.best_ask, 0)
        else:
            book.update(True, book.best_bid, 0)
        removed += 1
    return removed


def remove_smaller(book: OrderBook) -> int:
    """Take off, of each two levels that cross, the one with less money on it (the bid if they are equal). Returns how many went."""
    removed = 0
    while book.is_crossed:
        _remove_smaller_best(book)
        removed += 1
    return removed


def _remove_smaller_best(book: OrderBook) -> None:
    bid, ask = book.best_bid, book.best_ask
    if bid == NO_BID or ask == NO_ASK:
        return
    if bid * book.lots_at(True, bid) > ask * book.lots_at(False, ask):
        book.update(False, ask, 0)
    else:
        book.update(True, bid, 0)
