"""An order book as plainly as it can be said: the oracle of the book's tests."""

from __future__ import annotations

from collections.abc import Iterable

from botcore.markets.order_book import APPLIED, GAP, NO_ASK, NO_BID, OLD


class NaiveBook:
    """Two dicts; every answer sorts and counts from the beginning, in Python ints."""

    def __init__(self) -> None:
        self.sides: dict[bool, dict[int, int]] = {True: {}, False: {}}
        self.last_update_id = -1
        self.is_ready = False
        self._is_fresh = False

    def clear(self) -> None:
        self.__init__()  # type: ignore[misc]

    def update(self, is_bid: bool, ticks: int, lots: int) -> None:
        if lots:
            self.sides[is_bid][ticks] = lots
        else:
            self.sides[is_bid].pop(ticks, None)

    def snapshot(self, bids: Iterable[tuple[int, int]], asks: Iterable[tuple[int, int]], update_id: int) -> None:
        self.sides = {True: {}, False: {}}
        self._write(bids, asks)
        self.last_update_id, self.is_ready, self._is_fresh = update_id, True, True

    def set_quote(self, bid: tuple[int, int], ask: tuple[int, int]) -> None:
        self.snapshot([bid], [ask], -1)
        self._is_fresh = False

    def apply_diff(self, first: int, last: int, prev: int, bids: Iterable[tuple[int, int]], asks: Iterable[tuple[int, int]]) -> int:
        if not self.is_ready:
            return GAP
        if last <= self.last_update_id:
            return OLD
        follows = first <= self.last_update_id + 1 if prev < 0 else prev == self.last_update_id or (self._is_fresh and first <= self.last_update_id)
        if not follows:
            self.is_ready = False
            return GAP
        self._write(bids, asks)
        self.last_update_id, self._is_fresh = last, False
        return APPLIED

    def _write(self, bids: Iterable[tuple[int, int]], asks: Iterable[tuple[int, int]]) -> None:
        for ticks, lots in bids:
            self.update(True, ticks, lots)
        for ticks, lots in asks:
            self.update(False, ticks, lots)

    # ---- answers ---------------------------------------------------------------------------------------------------
    def levels(self, is_bid: bool) -> list[tuple[int, int]]:
        return sorted(self.sides[is_bid].items(), reverse=is_bid)

    @property
    def best_bid(self) -> int:
        return max(self.sides[True], default=NO_BID)

    @property
    def best_ask(self) -> int:
        return min(self.sides[False], default=NO_ASK)

    @property
    def is_crossed(self) -> bool:
        return bool(self.sides[True] and self.sides[False]) and self.best_bid >= self.best_ask

    def price_for_lots(self, is_buy: bool, lots: int) -> tuple[int, int]:
        found = 0
        if lots > 0:
            for ticks, here in self.levels(not is_buy):
                found += here
                if found >= lots:
                    return ticks, lots
        return (NO_ASK if is_buy else NO_BID), found

    def cost_for_lots(self, is_buy: bool, lots: int) -> tuple[int, int]:
        cost = found = 0
        for ticks, here in self.levels(not is_buy):
            taken = max(0, min(here, lots - found))
            cost += ticks * taken
            found += taken
        return cost, found

    def for_price(self, is_buy: bool, limit: int) -> tuple[int, int]:
        """(lots, cost) at `limit` or better."""
        taken = [(ticks, lots) for ticks, lots in self.levels(not is_buy) if (ticks <= limit if is_buy else ticks >= limit)]
        return sum(lots for _, lots in taken), sum(ticks * lots for ticks, lots in taken)

    def lots_for_cost(self, is_buy: bool, cost: int) -> tuple[int, int]:
        bought = used = 0
        for ticks, here in self.levels(not is_buy):
            taken = max(0, min(here, (cost - used) // ticks))
            bought += taken
            used += taken * ticks
            if taken < here:
                break
        return bought, used
