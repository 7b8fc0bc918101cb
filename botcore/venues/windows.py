"""`Window`: how much of one of a venue's limits is in use."""

from __future__ import annotations

from collections import deque


class Window:
    """Counts weights so that the venue never counts more, wherever its own window begins.

    A weight counts from the moment it leaves until `window_s` after its reply came. The venue counted it at some moment in between, so any stretch of `window_s` at the
    venue, sliding or fixed, holds at most what this window allowed. With `window_s` 0 it counts only what is under way.

    Parameters
    ----------
    amount : int
        Most that may be in use.
    window_s : float
        Length of the venue's window, seconds.
    """

    def __init__(self, amount: int, window_s: float) -> None:
        self.amount = amount
        self.window_s = window_s
        self._under_way = 0
        self._spent: deque[tuple[float, int]] = deque()
        self._total = 0

    def used(self, now: float) -> int:
        """What is in use at loop time `now`, seconds."""
        spent = self._spent
        while spent and spent[0][0] <= now:
            self._total -= spent.popleft()[1]
        return self._under_way + self._total

    def leave(self, weight: int) -> None:
        """A request leaves."""
        self._under_way += weight

    def arrived(self, weight: int, now: float) -> None:
        """It was answered, or nobody will ever know: it counts for one more window."""
        self._under_way -= weight
        self._spend(weight, now)

    def unsent(self, weight: int) -> None:
        """It did not leave after all."""
        self._under_way -= weight

    def adopt(self, told: int, now: float) -> None:
        """The venue says how much is used. When that is more than we know of, somebody else shares the limit, or we were restarted."""
        self._spend(told - self.used(now), now)

    def _spend(self, weight: int, now: float) -> None:
        if weight > 0 and self.window_s > 0:
            self._spent.append((now + self.window_s, weight))
            self._total += weight

    def free_at(self, ceiling: int, now: float) -> float | None:
        """Loop time at which use falls to `ceiling` by itself; None when that depends on requests under way."""
        used = self.used(now)
        if used <= ceiling:
            return now
        for expires, weight in self._spent:
            used -= weight
            if used <= ceiling:
                return expires
        return None
