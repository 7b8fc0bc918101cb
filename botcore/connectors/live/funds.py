"""What is free of each asset: the smaller of what the venue says and what our own books make of it (R21).

A venue's answer may be older than our last orders and fills, and nothing in it says so. So a second number is kept: what would be free if none of our orders stood
(`gross`). An order or a fill that an answer surely counts tells it exactly; for one that it may or may not count there are two possible numbers, and the one between
them that is nearest to what was known stays. An answer that is too old to count a new order therefore can't give its money back.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from decimal import Decimal

ZERO = Decimal(0)


class Funds:
    """See the module. Amounts are Decimal, times are those of our clock, ns.

    Parameters
    ----------
    keep_ns : int
        How long a fill may be missing in what the venue says.
    """

    def __init__(self, keep_ns: int) -> None:
        self._keep_ns = keep_ns
        self._free: dict[str, Decimal] = {}
        self._gross: dict[str, Decimal] = {}
        self._spent: dict[str, Decimal] = {}
        self._recent: deque[tuple[int, str, Decimal]] = deque()

    def told(self, asset: str, free: Decimal, seen_ns: int, bound: Iterable[tuple[int, Decimal]]) -> None:
        """The venue says what is free.

        Parameters
        ----------
        seen_ns : int
            What happened before is counted in it for sure.
        bound : iterable of (int, Decimal)
            When each open order of ours was made, and how much of this asset it binds.
        """
        low = high = free + self._spent.get(asset, ZERO)
        for created_ns, amount in bound:
            high += amount
            if created_ns <= seen_ns:
                low += amount
        for ns, of, amount in self._recent:
            if of == asset and ns > seen_ns:
                low, high = (low - amount, high) if amount > 0 else (low, high - amount)
        known = self._gross.get(asset)
        self._free[asset] = free
        self._gross[asset] = low if known is None else min(max(known, low), high)

    def forget(self, named: Iterable[str]) -> None:
        """A complete list was told: assets that it does not name are empty."""
        named = set(named)
        for numbers in (self._free, self._gross):
            for asset in numbers.keys() - named:
                del numbers[asset]

    def spend(self, asset: str, amount: Decimal, now_ns: int) -> None:
        """A fill of ours took so much of an asset; below zero when it brought some."""
        self._spent[asset] = self._spent.get(asset, ZERO) + amount
        self._recent.append((now_ns, asset, amount))
        while self._recent[0][0] < now_ns - self._keep_ns:
            self._recent.popleft()

    def available(self, asset: str, pending: Decimal, bound: Decimal) -> Decimal:
        """What may be used now.

        Parameters
        ----------
        pending : Decimal
            Bound by orders that the venue has not accepted yet.
        bound : Decimal
            Bound by all our open orders, those included.
        """
        free = self._free.get(asset, ZERO)
        return min(free - pending, self._gross.get(asset, free) - self._spent.get(asset, ZERO) - bound)
