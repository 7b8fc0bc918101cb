"""Checksums by which venues let a client prove its book: CRC32 over the best levels, written as the venue writes them.

The book knows ticks and lots only. A `Form` writes them back as the venue's own text: the venue says how many decimals a price and a size have, and whether it
drops zeros at the end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from zlib import crc32

from botcore.markets.order_book import OrderBook

OKX_LEVELS = 25
KRAKEN_LEVELS = 10
_INT32 = 2**31

Checksum = Callable[[OrderBook], int]
"""The checksum of a book as it stands, as the venue would send it."""


@dataclass(frozen=True, slots=True)
class Form:
    """How a venue writes a number of steps.

    Parameters
    ----------
    unit : int
        What one step is, in units of the last decimal.
    places : int
        Decimals.
    """

    unit: int
    places: int

    @classmethod
    def of(cls, step: Decimal, places: int | None = None) -> Form:
        """The form of a tick or lot size; with as many decimals as the size has unless the venue writes more.

        Raises
        ------
        ValueError
            If the size can't be written with so few decimals.
        """
        own = max(0, -int(step.normalize().as_tuple().exponent))
        used = own if places is None else places
        if used < own:
            raise ValueError(f"expected at least {own} decimals to write steps of {step}, found {used}")
        return cls(int(step.scaleb(used)), used)

    def digits(self, steps: int) -> str:
        """All digits without the point and without zeros in front."""
        return str(steps * self.unit)

    def shortest(self, steps: int) -> str:
        """The number with its point and without zeros at its end."""
        if not self.places:
            return str(steps * self.unit)
        text = f"{steps * self.unit:0{self.places + 1}d}"
        return f"{text[: -self.places]}.{text[-self.places :]}".rstrip("0").rstrip(".")


def okx_checksum(book: OrderBook, price: Form, size: Form) -> int:
    """Best 25 levels, bid and ask by turns, `price:size` joined by colons; where one side is shorter, the other goes on. Signed 32 bits."""
    parts: list[str] = []
    bids, asks = book.levels(True, OKX_LEVELS), book.levels(False, OKX_LEVELS)
    for rank in range(max(len(bids), len(asks))):
        for side in (bids, asks):
            if rank < len(side):
                ticks, lots = side[rank]
                parts += price.shortest(ticks), size.shortest(lots)
    value = crc32(":".join(parts).encode())
    return value - 2 * _INT32 if value >= _INT32 else value


def kraken_checksum(book: OrderBook, price: Form, size: Form) -> int:
    """Best 10 asks, then best 10 bids, digits of price and size one after the other. Unsigned 32 bits."""
    levels = book.levels(False, KRAKEN_LEVELS) + book.levels(True, KRAKEN_LEVELS)
    return crc32("".join(price.digits(ticks) + size.digits(lots) for ticks, lots in levels).encode())
