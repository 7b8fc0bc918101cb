"""`Intake`: the bounded queue between the sockets of a stream and whoever consumes it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from botcore.venues.dialect import Peek

Taken = tuple[bytes, int, Peek]
"""(message, received_ns, peek)"""


class Intake:
    """Private events are never dropped: when it is full the socket is not read on. Market data is old when it has to wait: then all of it goes, and everything needs a
    snapshot.

    Parameters
    ----------
    limit, limit_bytes : int
        Most messages and bytes that wait.
    on_shed : callable, optional
        (count) thrown away; None: nothing is.
    """

    def __init__(self, limit: int, limit_bytes: int, on_shed: Callable[[int], None] | None) -> None:
        self._limit = limit
        self._limit_bytes = limit_bytes
        self._on_shed = on_shed
        self._waiting: deque[Taken] = deque()
        self._bytes = 0
        self._filled = asyncio.Event()
        self._emptied = asyncio.Event()
        self.shed = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, message: bytes, received_ns: int, peek: Peek) -> bool:
        """Take a message; False when no more should be brought before `room` says so."""
        if self._on_shed is not None and self._is_full():
            count = len(self._waiting)
            self._waiting.clear()
            self._bytes = 0
            self.shed += count
            self._on_shed(count)
        self._waiting.append((message, received_ns, peek))
        self._bytes += len(message)
        self._filled.set()
        return self._on_shed is not None or not self._is_full()

    async def room(self) -> None:
        """Wait until there is room again."""
        while self._is_full():
            self._emptied.clear()
            await self._emptied.wait()

    async def take(self, most: int) -> list[Taken]:
        """Wait for messages and take the oldest ones."""
        while not self._waiting:
            self._filled.clear()
            await self._filled.wait()
        taken = [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]
        self._bytes -= sum(len(message) for message, _, _ in taken)
        self._emptied.set()
        return taken

    def _is_full(self) -> bool:
        return len(self._waiting) >= self._limit or self._bytes >= self._limit_bytes
