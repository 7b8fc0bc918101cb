"""`BookAudit`: one comparison of a live book with a fresh snapshot, while the stream goes on.

A snapshot stands somewhere between two diffs, so the two can't be compared at once. A second book is made of it and of the diffs that came since the audit began;
once it has taken the same diff as the live book, both must be equal as deep as the snapshot went. What they may rightly differ in is deeper: levels that were
below the first snapshot and have not moved since are in nobody's diffs.
"""

from __future__ import annotations

from enum import Enum

from botcore.markets.book_scanner import BookScanner
from botcore.markets.order_book import GAP, OrderBook

ALL = 2**31
MOST_DIFFS = 2_000
"""Diffs that are kept while the snapshot is on its way."""
Level = tuple[int, int]


class Finding(Enum):
    """How an audit ends."""

    OPEN = "open"
    EQUAL = "equal"
    WRONG = "wrong"
    VOID = "void"
    """The snapshot could not be compared: too old, or not readable."""


class BookAudit:
    """See the module.

    Parameters
    ----------
    depth : int
        Levels a side that a snapshot has at most; 0 when it has all.

    Attributes
    ----------
    difference : str
        The first level that differs, for people.
    """

    def __init__(self, book: OrderBook, scanner: BookScanner, depth: int) -> None:
        self.finding = Finding.OPEN
        self.difference = ""
        self._book, self._scanner, self._depth = book, scanner, depth
        self._diffs: list[bytes] = []
        self._other: OrderBook | None = None
        self._worst: dict[bool, int | None] = {True: None, False: None}

    @property
    def wants_snapshot(self) -> bool:
        return self._other is None and self.finding is Finding.OPEN

    def on_diff(self, raw: bytes, now_ns: int) -> None:
        """A diff that the live book has just taken, or found old."""
        if self._other is None:
            self._diffs.append(raw)
            if len(self._diffs) > MOST_DIFFS:
                self.finding = Finding.VOID
        else:
            self._take(self._other, raw, now_ns)
            self._compare(self._other)

    def on_snapshot(self, raw: bytes, now_ns: int) -> None:
        """The snapshot came."""
        other = self._other = OrderBook()
        try:
            self._scanner.apply_snapshot(other, raw, now_ns)
        except ValueError:
            self.finding = Finding.VOID
            return
        for is_bid in (True, False):
            levels = other.levels(is_bid, ALL)
            self._worst[is_bid] = levels[-1][0] if self._depth and len(levels) >= self._depth else None
        for diff in self._diffs:
            self._take(other, diff, now_ns)
        self._diffs.clear()
        self._compare(other)

    def mend(self, now_ns: int) -> None:
        """Give the live book what is right: all within the snapshot's reach; what it knows beyond stays."""
        other = self._other
        if other is None or self.finding is not Finding.WRONG:
            return
        bids, asks = (
            other.levels(is_bid, ALL) + [level for level in self._book.levels(is_bid, ALL) if not self._is_within(is_bid, level)]
            for is_bid in (True, False)
        )
        self._book.snapshot(bids, asks, self._book.last_update_id, now_ns)

    def _take(self, other: OrderBook, raw: bytes, now_ns: int) -> None:
        if self.finding is Finding.OPEN and self._scanner.apply_diff(other, raw, now_ns) == GAP:
            self.finding = Finding.VOID

    def _compare(self, other: OrderBook) -> None:
        if self.finding is not Finding.OPEN:
            return
        if other.last_update_id < self._book.last_update_id:
            self.finding = Finding.VOID
        elif other.last_update_id == self._book.last_update_id:
            self.finding = Finding.EQUAL
            self._compare_levels(other)

    def _compare_levels(self, other: OrderBook) -> None:
        for is_bid in (True, False):
            found, expected = ({level for level in book.levels(is_bid, ALL) if self._is_within(is_bid, level)} for book in (self._book, other))
            if found != expected:
                self.finding = Finding.WRONG
                ticks = (max if is_bid else min)(found ^ expected)[0]
                right, mine = other.lots_at(is_bid, ticks), self._book.lots_at(is_bid, ticks)
                self.difference = f"{'bid' if is_bid else 'ask'} at {ticks} ticks: expected {right} lots, found {mine}"
                return

    def _is_within(self, is_bid: bool, level: Level) -> bool:
        worst = self._worst[is_bid]
        return worst is None or (level[0] >= worst if is_bid else level[0] <= worst)
