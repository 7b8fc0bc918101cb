"""How long each step of a part takes, seen from the watchdog's thread: past its budget a step is broken off, and when nothing helps the process is ended for recovery.

The question whether to break off is put to the main thread by a signal. So a step is broken off also where it sleeps or waits. Native code that holds the
interpreter keeps the watchdog from looking; then a timer asks. Code that looks for signals now and then (regular expressions) may be broken off by that; whatever
is not, and whatever swallows it, is ended with the process.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

from botcore.core.limit import StepLimit

SIGNAL = signal.SIGURG
"""Ignored by default, so one that comes too late does no harm."""

STARVED = signal.SIGVTALRM
"""Comes when the process has used up a whole budget of processor time and the watchdog could not look once."""

MAX_RAISES = 3
"""A step that goes on after so many is ended with the process."""

PERIOD_S, HURRY_S = 0.2, 0.02
GRACE_NS = 500_000_000
"""What a step has for its own clearing up before it is broken off again."""


class StepWatch:
    """See the module. `install` and `remove` are for the main thread, `look` for the watchdog's.

    Parameters
    ----------
    limit : StepLimit
        Of all parts that are stepped in the main thread.
    now_ns : callable
        Monotonic.
    budget_s : float
        What a step may take.
    hard_s : float
        A step that is still under way after so long is ended with the process.
    alive : callable
        Called at every look.
    end : callable
        Ends the process; told whose step it is and why.
    """

    def __init__(
        self,
        limit: StepLimit,
        now_ns: Callable[[], int],
        budget_s: float,
        hard_s: float,
        alive: Callable[[], None],
        end: Callable[[object, str], None],
    ) -> None:
        self._limit = limit
        self._now_ns = now_ns
        self._budget_ns = int(budget_s * 1e9)
        self._hard_ns = int(max(hard_s, budget_s) * 1e9)
        self._alive = alive
        self._end = end
        self._main = threading.main_thread()
        self._main_clock = time.pthread_getcpuclockid(self._main.ident or 0)
        self._main_used_ns = time.clock_gettime_ns(self._main_clock)
        self._before: list[Any] = []
        self._looked_ns = now_ns()
        self._serial = -1
        self._held_ns = 0
        self._next_ns = 0
        self._raised = 0

    @property
    def period_s(self) -> float:
        """When to look again."""
        return HURRY_S if self._held_ns >= self._budget_ns else min(PERIOD_S, self._budget_ns / 1e10)

    # ---- the main thread -------------------------------------------------------------------------------------------
    def install(self) -> None:
        """Answer the watchdog from now on."""
        self._before = [signal.signal(SIGNAL, self._asked), signal.signal(STARVED, self._starved)]
        self._wind_up()

    def remove(self) -> None:
        """Answer nobody; call when nobody looks any more."""
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        for number, before in zip((SIGNAL, STARVED), self._before, strict=True):
            signal.signal(number, before)

    def _asked(self, _number: int, frame: FrameType | None) -> None:
        self._limit.answer(frame.f_globals.get("__name__", "") if frame is not None else "")

    def _starved(self, number: int, frame: FrameType | None) -> None:
        # another thread may have held the interpreter as well
        if time.clock_gettime_ns(self._main_clock) - self._main_used_ns > self._budget_ns // 2:
            self._limit.demand(self._limit.serial)
            self._asked(number, frame)

    def _wind_up(self) -> None:
        """Whoever looks after us sees that we look."""
        self._alive()
        self._main_used_ns = time.clock_gettime_ns(self._main_clock)
        signal.setitimer(signal.ITIMER_VIRTUAL, self._budget_ns / 1e9, HURRY_S)

    # ---- the watchdog's thread -------------------------------------------------------------------------------------
    def look(self) -> None:
        """Look once at what the main thread is in."""
        used_ns = time.clock_gettime_ns(self._main_clock) - self._main_used_ns
        self._wind_up()
        now_ns = self._now_ns()
        # a process that stood still, or got no processor, has used up nobody's time; one that worked and let nobody look has
        passed_ns = max(min(now_ns - self._looked_ns, int(2e9 * self.period_s)), used_ns)
        self._looked_ns = now_ns
        limit, serial = self._limit, self._limit.serial
        if serial != self._serial or not limit.is_open:
            self._serial, self._held_ns, self._next_ns, self._raised = serial, 0, self._budget_ns, 0
            return
        self._held_ns += passed_ns
        if limit.raised != self._raised:
            self._raised, self._next_ns = limit.raised, self._held_ns + GRACE_NS
        if self._held_ns < self._next_ns:
            return
        if self._raised >= MAX_RAISES:
            self._end(limit.part, f"it went on after it had been broken off {self._raised} times")
        elif self._held_ns >= self._hard_ns:
            self._end(limit.part, f"it could not be broken off for {self._held_ns / 1e9:.1f} s")
        else:
            limit.demand(serial, insist=not self._raised and self._held_ns > (self._budget_ns + self._hard_ns) // 2)
            signal.pthread_kill(self._main.ident or 0, SIGNAL)
