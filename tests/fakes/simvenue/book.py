"""A book of single orders: price, then time. It also keeps the numbered log of changed levels that depth streams are cut from."""

from __future__ import annotations

from bisect import bisect_left, insort

from tests.fakes.simvenue.values import Order


class Side:
    """One side. `prices` ascend; the best bid is the last, the best ask the first."""

    __slots__ = ("is_bid", "levels", "lots", "prices")

    def __init__(self, *, is_bid: bool) -> None:
        self.is_bid = is_bid
        self.prices: list[int] = []
        self.levels: dict[int, dict[int, Order]] = {}
        self.lots: dict[int, int] = {}

    def best(self) -> int | None:
        if not self.prices:
            return None
        return self.prices[-1] if self.is_bid else self.prices[0]

    def gone(self, ticks: int) -> None:
        """The last order of a level has left."""
        del self.levels[ticks]
        del self.lots[ticks]
        del self.prices[bisect_left(self.prices, ticks)]

    def top(self, count: int) -> list[tuple[int, int]]:
        """The best levels first, (ticks, lots)."""
        prices = self.prices[: -count - 1 : -1] if self.is_bid else self.prices[:count]
        lots = self.lots
        return [(price, lots[price]) for price in prices]


class Book:
    """Both sides of one market.

    `update_id` counts changes of levels; `changes` holds (is_bid, ticks) of the changes after `base_id`, so change number `n` stands at `n - base_id - 1`.
    """

    def __init__(self, first_id: int = 1000) -> None:
        self.bids = Side(is_bid=True)
        self.asks = Side(is_bid=False)
        self.update_id = first_id
        self.base_id = first_id
        self.changes: list[tuple[bool, int]] = []

    def side(self, side: str) -> Side:
        return self.bids if side == "BUY" else self.asks

    def add(self, order: Order) -> None:
        side = self.bids if order.side == "BUY" else self.asks
        level = side.levels.get(order.ticks)
        if level is None:
            side.levels[order.ticks] = {order.id: order}
            side.lots[order.ticks] = order.left
            insort(side.prices, order.ticks)
        else:
            level[order.id] = order
            side.lots[order.ticks] += order.left
        self._changed(side.is_bid, order.ticks)

    def reduce(self, order: Order, lots: int) -> None:
        """Some of a resting order is gone (before `filled` or `lots` of the order changes)."""
        side = self.bids if order.side == "BUY" else self.asks
        ticks = order.ticks
        if lots >= order.left:
            self.remove(order)
            return
        side.lots[ticks] -= lots
        self._changed(side.is_bid, ticks)

    def remove(self, order: Order) -> None:
        side = self.bids if order.side == "BUY" else self.asks
        ticks = order.ticks
        level = side.levels[ticks]
        del level[order.id]
        if level:
            side.lots[ticks] -= order.left
        else:
            side.gone(ticks)
        self._changed(side.is_bid, ticks)

    def holds(self, order: Order) -> bool:
        level = self.side(order.side).levels.get(order.ticks)
        return level is not None and order.id in level

    def _changed(self, is_bid: bool, ticks: int) -> None:
        self.update_id += 1
        self.changes.append((is_bid, ticks))

    def since(self, after_id: int) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """Levels that changed after an id as they stand now, (ticks, lots), 0 lots for gone ones."""
        found = set(self.changes[after_id - self.base_id :])
        bid_lots, ask_lots = self.bids.lots, self.asks.lots
        bids = [(ticks, bid_lots.get(ticks, 0)) for is_bid, ticks in found if is_bid]
        asks = [(ticks, ask_lots.get(ticks, 0)) for is_bid, ticks in found if not is_bid]
        bids.sort(reverse=True)
        asks.sort()
        return bids, asks

    def forget(self, up_to_id: int) -> None:
        """Nobody needs the changes up to this one any more."""
        del self.changes[: up_to_id - self.base_id]
        self.base_id = max(self.base_id, up_to_id)
