"""Candles of several markets, walked together.

What a candle does not say of one market, two candles say even less of the difference between two: each alone may be walked in any order, but a difference of
paths that were chosen one by one is a spread that never was. So markets walk along one time and in one order of extremes, each is quoted whenever another is, on the
straight line of its own candle, and only at opens and closes, which have a time, do prices of several markets belong to one moment (`PriceWatch.moment_ns`).
"""

from __future__ import annotations

from collections.abc import Callable


class JointWalk:
    """What the feeds of one backtest share.

    Attributes
    ----------
    last_ns : int
        Time of the latest quote of any of them.
    """

    __slots__ = ("_biases", "_low_first", "_open_ns", "last_ns")

    def __init__(self) -> None:
        self.last_ns = 0
        self._biases: list[Callable[[], int]] = []
        self._open_ns = -1
        self._low_first = True

    def join(self, bias: Callable[[], int]) -> None:
        """One more market; `bias` is +1 while the account is long there, -1 while short, else 0."""
        self._biases = [*self._biases, bias]

    def low_first(self, open_ns: int, low_is_nearer: bool) -> bool:
        """Which extreme the candles that open at this time meet first: the one against what the accounts hold in all markets together; flat, or where long and short are
        even, the one that is nearer in the market that asks first."""
        if open_ns != self._open_ns:
            held = 0
            for bias in self._biases:
                held += bias()
            self._open_ns = open_ns
            self._low_first = held > 0 or (held == 0 and low_is_nearer)
        return self._low_first
