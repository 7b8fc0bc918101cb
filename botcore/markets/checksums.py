"""Checksums by which venues let a client prove its book: CRC32 over the best levels, written as the venue writes them.

The book knows ticks and lots only. A `Form` writes them back as the venue's own text: without zeros at the end (OKX), or as all digits with the decimals that the
venue writes (Kraken), which need not be those of its steps; the scanner has seen them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from itertools import zip_longest
from zlib import crc32

from botcore.markets.book_scanner import BookScanner
from botcore.markets.order_book import OrderBook

OKX_LEVELS = 25
KRAKEN_LEVELS = 10
_INT32 = 2**31

Checksum = Callable[[OrderBook, BookScanner], int]
"""The checksum of a book as it stands, as the venue would send it; the scanner is the one that read the venue's last message."""


@dataclass(frozen=True, slots=True)
class Form:
    """How steps are written: one step is `unit` of the last of `places` decimals."""

    unit: int
    places: int

    @classmethod
    def of(cls, step: Decimal) -> Form:
        places = max(0, -int(step.normalize().as_tuple().exponent))
        return cls(int(step.scaleb(places)), places)

    def digits(self, steps: int, places: int) -> str:
        """All digits of the number written with so many decimals, without its point and without zeros in front."""
        return str(steps * self.unit * 10 ** max(0, places - self.places))

    def shortest(self, steps: int) -> str:
        """The number with its point and without zeros at its end."""
        if not self.places:
            return str(steps * self.unit)
        text = f"{steps * self.unit:0{self.places + 1}d}"
        return f"{text[: -self.places]}.{text[-self.places :]}".rstrip("0").rstrip(".")


class OkxChecksum:
    """Best 25 levels, bid and ask by turns, `price:size` joined by colons; where one side is shorter, the other goes on. Signed 32 bits."""

    def __init__(self, tick_size: Decimal, lot_size: Decimal) -> None:
        self._price, self._size = Form.of(tick_size), Form.of(lot_size)

    def __call__(self, book: OrderBook, scanner: BookScanner) -> int:
        price, size = self._price.shortest, self._size.shortest
        sides = [[f"{price(ticks)}:{size(lots)}" for ticks, lots in book.levels(is_bid, OKX_LEVELS)] for is_bid in (True, False)]
        turns = (level for pair in zip_longest(*sides) for level in pair if level is not None)
        value = crc32(":".join(turns).encode())
        return value - 2 * _INT32 if value >= _INT32 else value


class KrakenChecksum:
    """Best 10 asks, then best 10 bids, digits of price and size one after the other, with the decimals of the last message. Unsigned 32 bits."""

    def __init__(self, tick_size: Decimal, lot_size: Decimal) -> None:
        self._price, self._size = Form.of(tick_size), Form.of(lot_size)

    def __call__(self, book: OrderBook, scanner: BookScanner) -> int:
        prices, sizes = scanner.price_places, scanner.size_places
        levels = book.levels(False, KRAKEN_LEVELS) + book.levels(True, KRAKEN_LEVELS)
        return crc32("".join(self._price.digits(ticks, prices) + self._size.digits(lots, sizes) for ticks, lots in levels).encode())
