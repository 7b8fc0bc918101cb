"""The venue's clock, seen from here: what time it is there, how sure we are, and whether that is known at all.

Time runs on the loop's clock, which nobody sets. A jump of the wall clock therefore moves no signature; but it also happens when the machine slept, and the loop's clock
may have stood still meanwhile. So a jump makes the venue's time unknown until it is measured again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

DRIFT = 1e-4
"""How far a bad quartz may run off, as a fraction of the time since the measurement."""


@dataclass(frozen=True, slots=True)
class TimeSample:
    """One question for the time: loop times at which it left and was answered, seconds, and the venue's answer, ms since 1970."""

    left: float
    answered: float
    venue_ms: float

    @property
    def trip_s(self) -> float:
        return self.answered - self.left


class VenueOffset:
    """See the module.

    Parameters
    ----------
    wall_ms : callable
        Wall time, ms; looked at only to notice that it jumped, and as a guess before anything was measured.
    jump_ms : int
        Smallest step of the wall clock against the loop's that counts as a jump.
    unsure_ms : float
        Uncertainty above which the time counts as unknown.
    on_jump : callable, optional
        Told of a jump, ms (positive when the wall clock went ahead): the machine may have slept, and what streams said before is old.
    """

    def __init__(
        self,
        wall_ms: Callable[[], int],
        *,
        jump_ms: int = 500,
        unsure_ms: float = 1000.0,
        on_jump: Callable[[int], None] = lambda _ms: None,
    ) -> None:
        self._wall_ms = wall_ms
        self._jump_ms = jump_ms
        self._unsure_ms = unsure_ms
        self._on_jump = on_jump
        self._best: TimeSample | None = None
        self._is_doubted = False
        self._wall_ahead_ms: float | None = None
        self.jumps = 0

    # ---- what others ask -----------------------------------------------------------------------------------------
    @property
    def is_known(self) -> bool:
        """Whether signatures may rely on it."""
        self.look_for_jump()
        return self._best is not None and not self._is_doubted and self.uncertainty_ms <= self._unsure_ms

    def timestamp_ms(self) -> int:
        """Time at the venue now, ms since 1970; the wall time while nothing was measured."""
        self.look_for_jump()
        best = self._best
        if best is None:
            return self._wall_ms()
        return int(best.venue_ms + (_loop_time() - (best.left + best.answered) / 2) * 1000)

    @property
    def uncertainty_ms(self) -> float:
        """By how much `timestamp_ms` may be wrong, either way: half of the round trip, and more the longer ago it was."""
        if self._best is None:
            return float("inf")
        return (self._best.trip_s / 2 + (_loop_time() - self._best.answered) * DRIFT) * 1000 + 1

    @property
    def offset_ms(self) -> float:
        """How far the venue is ahead of the wall clock here."""
        return float(self.timestamp_ms() - self._wall_ms())

    def seconds_until(self, venue_ms: int) -> float:
        """Seconds until the venue's clock shows this time for sure; 0 when it has."""
        unsure_ms = min(self.uncertainty_ms, self._unsure_ms)
        return max((venue_ms - self.timestamp_ms() + unsure_ms) / 1000, 0.0)

    # ---- what makes it known -------------------------------------------------------------------------------------
    def take(self, samples: list[TimeSample]) -> None:
        """Believe the sample with the shortest round trip of one measurement; none changes nothing."""
        if samples:
            self._best = min(samples, key=lambda sample: sample.trip_s)
            self._is_doubted = False

    def doubt(self) -> None:
        """Something speaks against it (the venue refused a time stamp): unknown until measured again."""
        self._is_doubted = True

    def look_for_jump(self) -> None:
        """Hold the wall clock against the loop's. Called with every use; whoever wants to know at once calls it every second."""
        ahead_ms = self._wall_ms() - _loop_time() * 1000
        before_ms, self._wall_ahead_ms = self._wall_ahead_ms, ahead_ms
        if before_ms is not None and abs(ahead_ms - before_ms) >= self._jump_ms:
            self._is_doubted = True
            self.jumps += 1
            self._on_jump(round(ahead_ms - before_ms))


class OffsetMeter:
    """Measures a `VenueOffset`: on request, once for all who ask at the same time, and on schedule.

    Parameters
    ----------
    sample : callable
        Asks the venue once; None when that failed.
    count : int
        Samples of one measurement; it ends early with one that failed.
    """

    def __init__(self, offset: VenueOffset, sample: Callable[[], Awaitable[TimeSample | None]], count: int = 5) -> None:
        self._offset = offset
        self._sample = sample
        self._count = count
        self._running: asyncio.Task[bool] | None = None

    async def measure(self) -> bool:
        """Measure now, or wait for the measurement that is under way; whether the time is known then."""
        if self._running is None or self._running.done():
            self._running = asyncio.get_running_loop().create_task(self._measure())
        return await asyncio.shield(self._running)

    async def _measure(self) -> bool:
        samples: list[TimeSample] = []
        self._offset.look_for_jump()
        jumps = self._offset.jumps
        for _ in range(self._count):
            sample = await self._sample()
            if sample is None:
                break
            samples.append(sample)
        self._offset.look_for_jump()
        if self._offset.jumps == jumps:
            # else the machine slept meanwhile, and the loop's clock with it: no trip can be trusted
            self._offset.take(samples)
        return self._offset.is_known

    async def keep(self, every_s: float = 300.0, retry_s: float = 5.0) -> None:
        """Measure for ever: every `every_s`, and every `retry_s` while the time is unknown; looks for jumps each second."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            if loop.time() >= due:
                due = loop.time() + (every_s if await self.measure() else retry_s)
            await asyncio.sleep(1.0)
            if not self._offset.is_known:
                due = min(due, loop.time() + retry_s)

    async def close(self) -> None:
        """End a measurement that is under way."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)


def _loop_time() -> float:
    return asyncio.get_running_loop().time()
