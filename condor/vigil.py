"""Somebody who sees from outside that a step hangs or the clock stands still, and who tells at the next start how a process has ended."""

from __future__ import annotations

import logging
import threading
from contextlib import AsyncExitStack

from botcore.core.limit import StepLimit
from botcore.model.events import FactKind, PartFault
from botcore.recorder.journal import Journal
from condor.black_box import BlackBox, Crash
from condor.home import Home
from condor.host import WallClock
from condor.hosts import LIVE, Hosts
from condor.settings import Settings
from condor.step_watch import StepWatch
from condor.store.bots import bot_by_id
from condor.watchdog import Watchdog

log = logging.getLogger(__name__)

STALL_S = 3.0
"""A tick that is so late is looked into."""

LATE_TICKS = 10
"""Ticks that may be missed before the program counts as unhealthy."""


class Vigil:
    """See the module. It begins when it is made; `endings` end it.

    Attributes
    ----------
    limit : StepLimit, optional
        Of every step; None where steps can't be broken off.
    """

    def __init__(self, home: Home, settings: Settings, wall: WallClock, endings: AsyncExitStack) -> None:
        self._tick_s = settings.clock.tick_size
        self._now_ns = wall.monotonic_ns
        self._last_tick_ns: int | None = None
        self._hosts: Hosts | None = None
        self._box = BlackBox(home.crashes, wall.wall_ms())
        endings.callback(self._box.close)
        self.limit: StepLimit | None = None
        others = []
        budget, hard = settings.runtime.step_budget, settings.runtime.step_hard
        # only the main thread can be asked to break off a step
        if budget and threading.current_thread() is threading.main_thread():
            box = self._box
            self.limit = StepLimit(f"its step took longer than {budget:g} s", box.name)
            steps = StepWatch(self.limit, self._now_ns, budget, hard, lambda: box.arm(hard), box.end)
            steps.install()
            endings.callback(steps.remove)
            others.append(steps)
        watchdog = Watchdog(self._last_ns, self._now_ns, self._last_part, STALL_S + self._tick_s, *others)
        endings.callback(watchdog.close)
        watchdog.start()

    def look_at(self, hosts: Hosts) -> None:
        """Whose steps they are, once that is known."""
        self._hosts = hosts

    def ticked(self) -> None:
        """The clock has turned, or begins to."""
        self._last_tick_ns = self._now_ns()

    @property
    def tick_age_s(self) -> float:
        """How long ago the clock turned."""
        return (self._now_ns() - self._last_ns()) / 1e9

    @property
    def is_turning(self) -> bool:
        """Whether the clock turns as it should."""
        return self.tick_age_s < LATE_TICKS * max(1.0, self._tick_s)

    def _last_ns(self) -> int:
        return self._now_ns() if self._last_tick_ns is None else self._last_tick_ns

    def _last_part(self) -> object:
        hosts = self._hosts
        return None if hosts is None else (hosts.live or hosts.paper).clock.stepper.part

    # ---- how earlier processes ended -------------------------------------------------------------------------------
    def tell_ends(self, hosts: Hosts, journal: Journal) -> None:
        """Tell how earlier processes ended whose end nobody has been told of."""
        for crash in self._box.crashes:
            _tell(crash, hosts, journal)
        self._box.told()


def _tell(crash: Crash, hosts: Hosts, journal: Journal) -> None:
    """Tell how an earlier process ended, and count it against the controller that it was in."""
    first = next((text for text in crash.text.splitlines() if text), "")
    bot_id, _, controller_id = crash.step.partition("/")
    log.critical(
        "the program ended before in a step of %s; its stacks are in %s: %s", crash.step or "no controller", crash.path.with_suffix(".told"), first
    )
    error = f"the program had to be ended and was started again: {first}"
    row = journal.read(lambda connection: bot_by_id(connection, bot_id)).result() if bot_id else None
    host = hosts.live if row is not None and row.mode == LIVE and hosts.live is not None else hosts.paper
    kind = FactKind.CONTROLLER_FAULT if row is not None else FactKind.PART_FAULT
    host.bus.publish(PartFault(kind, host.clock.now_ns, error, bot_id if row is not None else "", controller_id))
    host.recorder.flush(None)
    # behind it in the same queue: it counts already when the bots come back
    journal.run(lambda connection: None).result()
