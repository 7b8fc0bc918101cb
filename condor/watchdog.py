"""A thread that looks whether the clock still turns and each step ends in time, for whatever holds up the event loop holds up everything that could say so."""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from collections.abc import Callable
from typing import Protocol

log = logging.getLogger(__name__)


class Looker(Protocol):
    """Somebody else who must look at the main thread from outside."""

    @property
    def period_s(self) -> float: ...

    def look(self) -> None: ...


class Watchdog:
    """Writes the stack of the event loop's thread to the log when no tick has come for some time, once for each stall, and how long it was when it is over.

    Parameters
    ----------
    last_ns : callable
        When the clock turned last, on the monotonic clock.
    now_ns : callable
        That clock.
    part : callable
        Who is, or last was, in a step.
    patience_s : float
        How long a tick may be late.
    others : sequence of Looker
        Who looks along with it.
    """

    def __init__(self, last_ns: Callable[[], int], now_ns: Callable[[], int], part: Callable[[], object], patience_s: float, *others: Looker) -> None:
        self._last_ns = last_ns
        self._now_ns = now_ns
        self._part = part
        self._patience_ns = int(patience_s * 1e9)
        self._others = others
        self._watched = threading.get_ident()
        self._over = threading.Event()
        self._stalled_ns: int | None = None
        self.stalls = 0
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def start(self) -> None:
        """Watch the thread that has made this."""
        self._thread.start()

    def close(self) -> None:
        """Stop looking; comes back when the thread is done."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join(1)

    def _watch(self) -> None:
        while not self._over.wait(min([self._patience_ns / 4e9, *(other.period_s for other in self._others)])):
            self.look()
            for other in self._others:
                other.look()

    def look(self) -> None:
        """Look once."""
        last_ns = self._last_ns()
        if self._stalled_ns is not None and last_ns != self._stalled_ns:
            log.warning("the clock turns again, after %.1f s", (last_ns - self._stalled_ns) / 1e9)
            self._stalled_ns = None
        late_ns = self._now_ns() - last_ns
        if self._stalled_ns is None and late_ns > self._patience_ns:
            self._stalled_ns = last_ns
            self.stalls += 1
            log.critical("no tick for %.1f s; last in a step: %r; the loop stands at:\n%s", late_ns / 1e9, self._part(), self._stack())

    def _stack(self) -> str:
        frame = sys._current_frames().get(self._watched)
        return "".join(traceback.format_stack(frame)) if frame is not None else "nowhere"
