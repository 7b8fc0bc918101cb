"""The yardstick: a fixed piece of plain Python, timed in the same run, so that figures of a fast and a slow machine can be compared.

Frozen: ratios against the saved baseline mean something only while this file does not change.
"""

from __future__ import annotations

from time import perf_counter


class _Order:
    __slots__ = ("filled", "lots", "state")

    def __init__(self, lots: int) -> None:
        self.lots, self.filled, self.state = lots, 0, 0


def yardstick(rounds: int = 5) -> float:
    """Seconds for 100,000 creations, lookups and changes of small objects; the best of several rounds."""
    best = float("inf")
    for _ in range(rounds):
        begin = perf_counter()
        orders: dict[str, _Order] = {}
        for number in range(100_000):
            name = f"o-{number % 1000}"
            order = orders.get(name)
            if order is None:
                order = orders[name] = _Order(number + 1)
            order.filled = min(order.lots, order.filled + 1)
            order.state = 5 if order.filled == order.lots else 4
        best = min(best, perf_counter() - begin)
    return best
