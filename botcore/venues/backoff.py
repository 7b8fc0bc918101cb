"""Pauses between attempts, and how many attempts there may be."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

from botcore.venues.windows import Window


class Backoff:
    """Pauses that double from try to try, with chance in them so that many do not come back at once.

    Parameters
    ----------
    first_s, longest_s : float
        Pause after the first failure, and the longest; a pause is drawn between half of it and the whole.
    rng : Random
    healthy_s : float
        A connection that lived so long ends the row of failures.
    """

    def __init__(self, first_s: float, longest_s: float, rng: Random, healthy_s: float = 60.0) -> None:
        self._first_s = first_s
        self._longest_s = longest_s
        self._rng = rng
        self._healthy_s = healthy_s
        self.failures = 0

    def next_s(self) -> float:
        """Pause before the next attempt; 0 before the first of all."""
        if not self.failures:
            return 0.0
        whole = min(self._first_s * 2.0 ** min(self.failures - 1, 40), self._longest_s)
        return whole * (0.5 + 0.5 * self._rng.random())

    def failed(self) -> None:
        self.failures += 1

    def lived(self, seconds: float) -> None:
        """A connection ended after so long. A short life is a failure; after a long one the first pause applies again."""
        self.failures = 1 if seconds >= self._healthy_s else self.failures + 1


class ConnectionBudget:
    """Attempts to open a socket, of all streams to a venue together: first come, first served, never more than the venue allows.

    Parameters
    ----------
    attempts : int
        Allowed in `window_s` seconds; a tenth of it is left alone, for others at the same address.
    """

    def __init__(self, attempts: int, window_s: float) -> None:
        self._window = Window(max(1, attempts * 9 // 10), window_s)
        self._turn = asyncio.Lock()
        self.made = 0

    @asynccontextmanager
    async def attempt(self) -> AsyncIterator[None]:
        """Wait until one more attempt may be made; leave when it succeeded or failed."""
        loop = asyncio.get_running_loop()
        async with self._turn:
            while self._window.used(loop.time()) >= self._window.amount:
                free_at = self._window.free_at(self._window.amount - 1, loop.time())
                # all of it under way at once: connections time out within seconds
                await asyncio.sleep(1.0 if free_at is None else max(free_at - loop.time(), 0.001))
            self._window.leave(1)
            self.made += 1
        try:
            yield
        finally:
            self._window.arrived(1, loop.time())

    def used(self) -> tuple[int, int]:
        """(attempts in the window, most that are allowed)."""
        return self._window.used(asyncio.get_running_loop().time()), self._window.amount
