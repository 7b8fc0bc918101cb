"""The yardstick of the book benchmarks: an order book as one would write it in Python, a sorted list of prices and a dict of sizes.

Frozen. Ratios are only comparable over time while this file does not change; make nothing here faster.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable
from itertools import islice

Level = tuple[int, int]


class NaiveSide:
    """One side: prices ascending, size by price."""

    def __init__(self) -> None:
        self.prices: list[int] = []
        self.sizes: dict[int, int] = {}

    def set(self, price: int, size: int) -> None:
        if size:
            if price not in self.sizes:
                insort(self.prices, price)
            self.sizes[price] = size
        elif price in self.sizes:
            del self.sizes[price]
            del self.prices[bisect_left(self.prices, price)]

    def replace(self, levels: Iterable[Level]) -> None:
        self.sizes = {price: size for price, size in levels if size}
        self.prices = sorted(self.sizes)


class NaiveBook:
    """The part of `OrderBook` that is measured, with the same names."""

    def __init__(self) -> None:
        self._bids = NaiveSide()
        self._asks = NaiveSide()
        self.last_update_id = -1
        self.is_ready = False

    @property
    def best_bid(self) -> int:
        return self._bids.prices[-1] if self._bids.prices else -(2**63)

    @property
    def best_ask(self) -> int:
        return self._asks.prices[0] if self._asks.prices else 2**63 - 1

    def snapshot(self, bids: Iterable[Level], asks: Iterable[Level], update_id: int, ts_ns: int) -> None:
        self._bids.replace(bids)
        self._asks.replace(asks)
        self.last_update_id = update_id
        self.is_ready = True

    def update(self, is_bid: bool, price_ticks: int, lots: int) -> None:
        (self._bids if is_bid else self._asks).set(price_ticks, lots)

    def apply_diff(self, first_id: int, last_id: int, prev_id: int, bids: Iterable[Level], asks: Iterable[Level], ts_ns: int) -> int:
        if not self.is_ready or last_id <= self.last_update_id:
            return 0
        for price, size in bids:
            self._bids.set(price, size)
        for price, size in asks:
            self._asks.set(price, size)
        self.last_update_id = last_id
        return 1

    def vwap_for_lots(self, is_buy: bool, lots: int) -> float:
        side = self._asks if is_buy else self._bids
        left, cost = lots, 0
        for price in side.prices if is_buy else reversed(side.prices):
            taken = min(left, side.sizes[price])
            cost += price * taken
            left -= taken
            if not left:
                return cost / lots
        return float("nan")

    def levels(self, is_bid: bool, count: int) -> list[Level]:
        side = self._bids if is_bid else self._asks
        prices = reversed(side.prices) if is_bid else iter(side.prices)
        return [(price, side.sizes[price]) for price in islice(prices, count)]
