"""Time of live trading: UTC that never goes back, whatever somebody does to the machine's clock.

It is anchored at the wall clock and carried on by the monotonic one. When the wall runs ahead (the machine slept, or its clock was set forward) time follows at once and
says so, for everything that was known is old then. When the wall was set back, time goes on as before, also over a restart: it begins where the records end.
"""

from __future__ import annotations

from condor.host import WallClock

JUMP_NS = 2_000_000_000


class LiveTime:
    """See the module."""

    def __init__(self, wall: WallClock) -> None:
        self._wall = wall
        self._anchor_ns = wall.wall_ms() * 1_000_000
        self._anchor_mono_ns = wall.monotonic_ns()
        self._behind_ns = 0

    def not_before(self, time_ns: int) -> None:
        """Go on from this time at the earliest."""
        self._anchor_ns += max(0, time_ns - self.now_ns())

    def now_ns(self) -> int:
        return self._anchor_ns + self._wall.monotonic_ns() - self._anchor_mono_ns

    def check(self) -> float:
        """Seconds by which the wall clock has jumped since the last call: positive when time followed it forward, negative when it was set back; 0 otherwise."""
        wall_ns = self._wall.wall_ms() * 1_000_000
        ahead_ns = wall_ns - self.now_ns()
        if ahead_ns > JUMP_NS:
            self._anchor_ns += ahead_ns
            self._behind_ns = 0
            return ahead_ns / 1e9
        if ahead_ns < self._behind_ns - JUMP_NS:
            jumped, self._behind_ns = ahead_ns - self._behind_ns, ahead_ns
            return jumped / 1e9
        return 0.0
