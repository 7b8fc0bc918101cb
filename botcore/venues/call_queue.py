"""Calls that wait for a venue's limits, and the right to leave that one of them is given."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from botcore.venues.wire import Call


class Ticket:
    """Right of one call to leave now; `close` it when its reply is there, or when it did not leave."""

    def __init__(self, settle: Callable[[tuple[tuple[str, int], ...], bool], None], costs: tuple[tuple[str, int], ...]) -> None:
        self._settle = settle
        self._costs: tuple[tuple[str, int], ...] | None = costs

    def close(self, *, left: bool = True) -> None:
        """The call was answered or given up (`left`), or no byte of it left; only the first word counts."""
        costs, self._costs = self._costs, None
        if costs is not None:
            self._settle(costs, left)

    def drop(self) -> None:
        """Nothing is counted any more: what held it was closed from outside, and its loop is gone."""
        self._costs = None


@dataclass(slots=True, eq=False)
class Waiter:
    serial: int
    call: Call
    costs: tuple[tuple[str, int], ...]
    future: asyncio.Future[Ticket]
    timer: asyncio.TimerHandle | None = field(default=None)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.costs)


class CallQueue:
    """Calls of one priority, in the order in which they came. Calls that need the same limits stand in one row, for only the first of a row can go next."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, ...], deque[Waiter]] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, waiter: Waiter) -> None:
        self._rows.setdefault(waiter.names, deque()).append(waiter)
        self._count += 1

    def first(self, closed: set[str]) -> Waiter | None:
        """Who came first of those that need none of the closed limits."""
        heads = [row[0] for names, row in self._rows.items() if row and closed.isdisjoint(names)]
        return min(heads, key=lambda waiter: waiter.serial, default=None)

    def last(self) -> Waiter:
        return max((row[-1] for row in self._rows.values() if row), key=lambda waiter: waiter.serial)

    def remove(self, waiter: Waiter) -> None:
        """Take one out; nothing happens when it is gone already."""
        row = self._rows.get(waiter.names)
        if row and waiter in row:
            row.remove(waiter)
            self._count -= 1
