"""Prices at which somebody wants to be woken, as `Clock.wake_at` is for times.

A candle says where the price went, not how. Its path (see `botcore.data.candle_feed`) stops at every watched price that it crosses, so a stop at
95 meets a quote of 95 and not the bar's low. Resting orders and executors' barriers watch; markets with a real book need none of this.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from typing import Final

NO_LOW: Final = -(2**62)
NO_HIGH: Final = 2**62 - 1

BETWEEN: Final = -1
"""The path is between two prices that have a time."""


class PriceWatch:
    """Watched prices of one market, in ticks.

    Attributes
    ----------
    version : int
        Grows with every change, so that a walk need not look again when nothing changed.
    now_ns : int
        Market time that has passed: who watches a price from now on is not woken before.
    moment_ns : int
        Time of the open or close at which a path of candles stands, `BETWEEN` on its way from one to the other; 0 where prices are no path: they stand until the next.
    """

    __slots__ = ("_by_key", "_highs", "_lows", "moment_ns", "now_ns", "version")

    def __init__(self) -> None:
        self._by_key: dict[str, tuple[int, int]] = {}
        self._lows: list[int] = []
        self._highs: list[int] = []
        self.version = 0
        self.now_ns = 0
        self.moment_ns = 0

    def set(self, key: str, low: int = NO_LOW, high: int = NO_HIGH) -> None:
        """Wake `key` when the price falls to `low` or rises to `high`; replaces what the key watched before."""
        before = self._by_key.get(key)
        if before == (low, high):
            return
        if before is not None:
            self._drop(before)
        self.version += 1
        self._by_key[key] = (low, high)
        if low != NO_LOW:
            insort(self._lows, low)
        if high != NO_HIGH:
            insort(self._highs, high)

    def clear(self, key: str) -> None:
        """Forget a key; unknown keys are ignored."""
        before = self._by_key.pop(key, None)
        if before is not None:
            self.version += 1
            self._drop(before)

    def next_below(self, ticks: int) -> int:
        """Highest watched low strictly below `ticks`; `NO_LOW` when there is none."""
        lows = self._lows
        if lows and lows[-1] < ticks:
            return lows[-1]
        position = bisect_left(lows, ticks)
        return lows[position - 1] if position else NO_LOW

    def next_above(self, ticks: int) -> int:
        """Lowest watched high strictly above `ticks`; `NO_HIGH` when there is none."""
        highs = self._highs
        if highs and highs[0] > ticks:
            return highs[0]
        position = bisect_right(highs, ticks)
        return highs[position] if position < len(highs) else NO_HIGH

    def _drop(self, prices: tuple[int, int]) -> None:
        low, high = prices
        if low != NO_LOW:
            del self._lows[bisect_left(self._lows, low)]
        if high != NO_HIGH:
            del self._highs[bisect_left(self._highs, high)]
