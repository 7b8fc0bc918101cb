"""P10: time of live trading, whatever somebody does to the machine's clock."""

from __future__ import annotations

from condor.host import WallClock
from condor.live_time import LiveTime

HOUR_NS = 3_600 * 1_000_000_000


class Machine:
    """Its two clocks."""

    def __init__(self) -> None:
        self.wall_ns, self.mono_ns = 1_790_000_000 * 1_000_000_000, 5

    def clock(self) -> WallClock:
        return WallClock(lambda: self.wall_ns // 1_000_000, lambda: self.mono_ns)

    def passes(self, seconds: float) -> None:
        self.wall_ns += int(seconds * 1e9)
        self.mono_ns += int(seconds * 1e9)


def test_p10_clock_that_was_set_back_before_a_restart_does_not_freeze_time() -> None:
    """Messages and ticks must go by one time: else every book would seem an hour old until the wall has caught up, and no stop would fire."""
    machine = Machine()
    recorded_ns = machine.wall_ns + HOUR_NS
    time = LiveTime(machine.clock())
    time.not_before(recorded_ns)
    assert time.now_ns() == recorded_ns
    machine.passes(2)
    assert time.now_ns() == recorded_ns + 2_000_000_000
    assert time.check() < 0
    assert [time.check() for _ in range(3)] == [0.0] * 3, "told once"


def test_p10_records_of_the_past_move_nothing() -> None:
    machine = Machine()
    time = LiveTime(machine.clock())
    time.not_before(machine.wall_ns - HOUR_NS)
    assert time.now_ns() == machine.wall_ns
    assert time.check() == 0.0


def test_p10_clock_that_runs_ahead_is_followed_at_once() -> None:
    machine = Machine()
    time = LiveTime(machine.clock())
    machine.wall_ns += HOUR_NS
    assert time.check() == 3_600
    assert time.now_ns() == machine.wall_ns
