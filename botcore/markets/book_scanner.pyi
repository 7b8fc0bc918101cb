"""From a venue's bytes to the book: finds the keys of a depth message and turns level arrays into ticks and lots, without a Python object per level.

What is off the grid, after a venue has changed its rules, is never silently wrong. A price off the tick grid can't stand in the book: deep in it, where orders from
before the change rest, it is passed over and counted in `off_tick`; where it would be the best price, the message is an error, because the touch can't be said in
ticks and the rules must be read again. A size off the lot grid is rounded down to whole lots and counted in `off_lot`; a level that holds less than one lot stays
in the book as one lot, because somebody does stand at that price. A level with price 0 and size 0 is passed over.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from typing_extensions import disjoint_base

from botcore.markets.book_keys import BookKeys
from botcore.markets.order_book import OrderBook

@disjoint_base
class BookScanner:
    """Reads depth messages of one instrument. Not pickled and not copied.

    Parameters
    ----------
    tick_size, lot_size : Decimal
        Any steps above 0 of at most 18 digits and 38 places.

    Raises
    ------
    ValueError
        If a step can't be used, or the keys name the same thing twice.
    """

    def __init__(self, keys: BookKeys, tick_size: Decimal, lot_size: Decimal) -> None: ...
    @property
    def first_id(self) -> int: ...
    @property
    def last_id(self) -> int:
        """Ids of the last diff that was read: -1 when the stream has none, the largest int64 as first id where only `prev_id` says what comes before."""
    @property
    def prev_id(self) -> int: ...
    @property
    def time_ms(self) -> int:
        """The venue's time in the last message that was read, ms; 0 when it had none."""
    @property
    def off_tick(self) -> int:
        """Levels off the tick grid, passed over in all messages so far."""
    @property
    def off_lot(self) -> int:
        """Sizes off the lot grid in all messages so far."""
    @property
    def price_places(self) -> int:
        """Decimals with which the first price of the last message with levels was written; 0 before the first."""
    @property
    def size_places(self) -> int: ...
    @property
    def checksum(self) -> int | None:
        """What the venue says that the book's checksum is after the last message; None when it does not say (0 is not saying either)."""
    def levels(self) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """(bids, asks) of the last message as (ticks, lots), in the message's order."""
    def read_ids(self, raw: bytes) -> tuple[int, int, int]:
        """(first, last, preceding id) of a diff; it is read as strictly as if it were applied, and raises the same errors."""
    def apply_diff(self, book: OrderBook, raw: bytes, ts_ns: int) -> int:
        """Apply a diff in sequence.

        Returns
        -------
        int
            APPLIED, OLD or GAP, as `OrderBook.apply_diff` has them. A diff that follows the book but has a smaller id is a GAP: the venue counts anew.

        Raises
        ------
        ValueError
            If the message can't be read; the text says what is wrong and at which byte. No level has changed then; `is_ready` becomes False.
        """
    def apply_snapshot(self, book: OrderBook, raw: bytes, ts_ns: int) -> int:
        """Replace the whole book. Returns the snapshot's id.

        Raises
        ------
        ValueError
            If the message can't be read. No level has changed then; `is_ready` becomes False.
        """
    def apply_pairs(
        self,
        book: OrderBook,
        first_id: int,
        last_id: int,
        prev_id: int,
        bids: Iterable[Sequence[float | int | str | Decimal]],
        asks: Iterable[Sequence[float | int | str | Decimal]],
        ts_ns: int,
    ) -> int:
        """Apply a diff whose levels somebody else has read: lists or tuples of price and size. A float stands for the decimal nearest to it.

        Returns and raises as `apply_diff`; a float beyond 2**49 steps is an error, because the next one may be more than a step away.
        """
