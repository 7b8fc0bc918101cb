"""The clock: the one source of time for everything that decides.

Live and paper, the scheduler calls `tick` on the second; a backtest calls `replay`. What happens inside a tick is the same either way. Parts are
stepped in the order in which they were added: feeds, connectors, bots, recorder.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from botcore.core.steps import Stepper, TimeIterator
from botcore.model.enums import ClockMode
from botcore.model.times import NEVER, SECOND_NS

OnFault = Callable[[TimeIterator, Exception], None]


class Sleeper(Protocol):
    """A part that knows when it next wants a tick."""

    def wish(self) -> tuple[int, bool]:
        """(market time of the next tick that it wants, `NEVER` for none; whether it also wants one with every market event)."""


class Clock:
    """Time that only moves forward.

    Parameters
    ----------
    mode : ClockMode
        REALTIME is ticked from outside; BACKTEST is ticked by `replay`.
    start_ns : int
        Market time before the first tick, ns UTC.
    tick_ns : int
        Length of a live or paper tick.
    on_fault : callable
        Told of a part that raised, after it was taken off the clock.
    stepper : Stepper, optional
        Shared with the bots, so that a watchdog sees the innermost part.
    """

    def __init__(
        self,
        mode: ClockMode,
        *,
        start_ns: int = 0,
        tick_ns: int = SECOND_NS,
        on_fault: OnFault | None = None,
        stepper: Stepper | None = None,
    ) -> None:
        if tick_ns < SECOND_NS // 20:
            raise ValueError(f"expected a tick of at least 0.05 s, found {tick_ns / SECOND_NS} s")
        self.mode = mode
        self.tick_ns = tick_ns
        self.now_ns = start_ns
        self.stepper = stepper or Stepper()
        self._on_fault = on_fault
        self._parts: list[TimeIterator] = []
        self._sleepers: list[Any] = []
        self._wakes: list[int] = []
        self._asked: set[int] = set()
        self._takes_wakes = mode is ClockMode.BACKTEST

    def time(self) -> float:
        """Now, in seconds: the form that Strategy V2 speaks."""
        return self.now_ns / SECOND_NS

    @property
    def parts(self) -> tuple[TimeIterator, ...]:
        return tuple(self._parts)

    def add(self, part: TimeIterator, *, before: TimeIterator | None = None) -> None:
        """Put a part behind all others, or right before a given one.

        Raises
        ------
        ValueError
            If the part is on the clock already, or `before` is not.
        """
        if part in self._parts:
            raise ValueError(f"{part!r} is on the clock already")
        position = len(self._parts) if before is None else self._parts.index(before)
        self._arrange([*self._parts[:position], part, *self._parts[position:]])

    def remove(self, part: TimeIterator) -> None:
        """Take a part off; it still finishes a tick that is under way. Unknown parts are ignored."""
        self._arrange([other for other in self._parts if other is not part])

    def _arrange(self, parts: list[TimeIterator]) -> None:
        self._parts = parts
        self._sleepers = [part for part in parts if hasattr(part, "wish")]

    def wake_at(self, when_ns: int) -> None:
        """Ask for a tick at this time. A replay honours it; in real time the next regular tick serves it."""
        if self._takes_wakes and self.now_ns < when_ns < NEVER and when_ns not in self._asked:
            self._asked.add(when_ns)
            heapq.heappush(self._wakes, when_ns)

    def wish(self) -> tuple[int, bool]:
        """(earliest time to come that a part asked for, by `wake_at` or by a `wish` of its own; whether one wants to see every market event)."""
        now_ns = self.now_ns
        earliest = self._wakes[0] if self._wakes else NEVER
        wants_each = False
        for sleeper in self._sleepers:
            asked_ns, wants = sleeper.wish()
            if wants or asked_ns <= now_ns:
                wants_each = True
            if now_ns < asked_ns < earliest:
                earliest = asked_ns
        return earliest, wants_each

    def next_tick_ns(self, event_ns: int) -> int:
        """When a replay ticks next, if the next market event is at `event_ns`.

        That is the earliest time that a part asked for when it comes before the event; the time of the event when a part wants to see every event;
        otherwise `NEVER`: the event passes without a tick.
        """
        earliest, wants_each = self.wish()
        if earliest <= event_ns:
            return earliest
        return max(event_ns, self.now_ns) if wants_each else NEVER

    def tick(self, now_ns: int) -> None:
        """Move time to `now_ns` and step every part.

        Raises
        ------
        ValueError
            If time would go backwards.
        """
        if now_ns < self.now_ns:
            raise ValueError(f"time can't go back from {self.now_ns} to {now_ns}")
        self.now_ns = now_ns
        wakes = self._wakes
        while wakes and wakes[0] <= now_ns:
            self._asked.discard(heapq.heappop(wakes))
        self.stepper.step_all(self._parts, now_ns, self._fault)

    def step(self, part: TimeIterator) -> None:
        """Step one part now; what it raises is handled as in a tick, and a part that was taken off is left alone."""
        if part in self._parts:
            self.stepper.guard(part, self._fault, part.on_tick, self.now_ns)

    def skip_to(self, now_ns: int) -> None:
        """Let time pass without a tick, because no part wants one before `now_ns`."""
        if now_ns > self.now_ns:
            self.now_ns = now_ns

    def replay(self, times: Iterable[int]) -> None:
        """Tick at each of the given times; they may be produced lazily, looking at `next_wake_ns` between ticks."""
        for now_ns in times:
            self.tick(now_ns)

    def _fault(self, part: TimeIterator, error: Exception) -> None:
        self.remove(part)
        if self._on_fault is None:
            raise error
        self._on_fault(part, error)
