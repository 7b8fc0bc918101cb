"""The venue's patience: weights in a minute, orders in their windows, 429, and a ban for those who go on."""

from __future__ import annotations

from collections.abc import Sequence

SECOND = 1_000_000_000


class Window:
    """A counter that starts anew at each multiple of its length."""

    __slots__ = ("_start", "length_ns", "limit", "used")

    def __init__(self, length_s: int, limit: int) -> None:
        self.length_ns = length_s * SECOND
        self.limit = limit
        self.used = 0
        self._start = 0

    def add(self, amount: int, now_ns: int) -> bool:
        """Count; False when that is too much."""
        self.roll(now_ns)
        self.used += amount
        return self.used <= self.limit

    def roll(self, now_ns: int) -> None:
        start = now_ns - now_ns % self.length_ns
        if start != self._start:
            self._start = start
            self.used = 0

    def left_s(self, now_ns: int) -> int:
        """Seconds until it starts anew, rounded up."""
        return -(-(self.length_ns - now_ns % self.length_ns) // SECOND)


class Limits:
    """Weight is counted per venue (one address), orders per account.

    Parameters
    ----------
    orders : sequence of (str, int, int)
        Header suffix, seconds, limit.
    patience : int
        Requests that are answered by 429 before a ban.
    """

    def __init__(self, weight: int, orders: Sequence[tuple[str, int, int]], patience: int = 20, ban_s: int = 120) -> None:
        self.weight = Window(60, weight)
        self._orders = tuple(orders)
        self._by_account: dict[str, list[Window]] = {}
        self._patience = patience
        self._ban_s = ban_s
        self._offences = 0
        self.banned_until_ns = 0
        self.refused = 0
        """How many requests were answered by 429 or 418: a well-behaved client has none of the second kind."""

    def set_weight(self, limit: int) -> None:
        self.weight.limit = limit

    def set_orders(self, limit: int) -> None:
        """So many orders in each window from now on."""
        self._orders = tuple((suffix, length, limit) for suffix, length, _ in self._orders)
        for windows in self._by_account.values():
            for window in windows:
                window.limit = limit

    def ban(self, until_ns: int) -> None:
        self.banned_until_ns = until_ns

    def enter(self, weight: int, now_ns: int) -> int:
        """Count a request: 0 when it may go on, else 429 or 418."""
        if now_ns < self.banned_until_ns:
            self.refused += 1
            return 418
        if self.weight.add(weight, now_ns):
            self._offences = 0
            return 0
        self.refused += 1
        self._offences += 1
        if self._offences > self._patience:
            self._offences = 0
            self.banned_until_ns = now_ns + self._ban_s * SECOND
            self._ban_s *= 2
            return 418
        return 429

    def retry_after_s(self, now_ns: int) -> int:
        if now_ns < self.banned_until_ns:
            return -(-(self.banned_until_ns - now_ns) // SECOND)
        return self.weight.left_s(now_ns)

    def order(self, account: str, now_ns: int) -> Window | None:
        """Count an order; the window that is full, if one is."""
        windows = self._windows(account)
        full = None
        for window in windows:
            if not window.add(1, now_ns):
                full = window
        return full

    def _windows(self, account: str) -> list[Window]:
        found = self._by_account.get(account)
        if found is None:
            found = self._by_account[account] = [Window(length, limit) for _, length, limit in self._orders]
        return found

    def headers(self, account: str | None, now_ns: int) -> dict[str, str]:
        self.weight.roll(now_ns)
        used = str(self.weight.used)
        told = {"X-MBX-USED-WEIGHT": used, "X-MBX-USED-WEIGHT-1M": used}
        if account is not None:
            for (suffix, _, _), window in zip(self._orders, self._windows(account), strict=True):
                window.roll(now_ns)
                told[f"X-MBX-ORDER-COUNT-{suffix}"] = str(window.used)
        return told
