"""No new exposure while records can't be written: exits and cancels go on, and what is decided waits for the disk.

The halt is the guard's own: it ends when records can be written again and the reserve is back, and never releases what a person has halted.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Protocol

from condor.store.reserve import Reserve

log = logging.getLogger(__name__)


class Gate(Protocol):
    """The risk gate of a runtime."""

    halt_reason: str | None

    def halt(self, reason: str) -> None: ...

    def release(self) -> None: ...


class RecordsGuard:
    """See the module.

    Parameters
    ----------
    gates : callable
        The gates of all runtimes.
    reserve : Reserve
    latched : callable
        Why a person has halted trading, as the records say; None when nobody has.
    on_change : callable
        Called with the trouble as one sentence when it begins or changes, with None when it is over.
    """

    def __init__(
        self, gates: Callable[[], Iterable[Gate]], reserve: Reserve, latched: Callable[[], str | None], on_change: Callable[[str | None], None]
    ) -> None:
        self._gates = gates
        self._reserve = reserve
        self._latched = latched
        self._on_change = on_change
        self._halt: str | None = None
        self._is_writing = True
        self.trouble: str | None = None

    def on_journal(self, text: str | None) -> None:
        """The journal can't write (text), or can again (None)."""
        self._is_writing = text is None
        if text is not None:
            self._begin(f"records can't be written ({text})")
        elif self._halt is not None:
            self.look()

    def look(self) -> None:
        """Make the reserve again if there is room; ends the trouble when records are written and the reserve is there."""
        is_there = self._reserve.make()
        if not self._is_writing:
            return
        if not is_there:
            self._begin("the disk is nearly full: make room, the reserve for exits could not be set aside")
        elif self._halt is not None:
            self._end()

    def _begin(self, trouble: str) -> None:
        if self._halt is None:
            # the gate keeps its first reason: the same words are needed to end it
            self._halt = trouble
        for gate in self._gates():
            gate.halt(self._halt)
        if trouble != self.trouble:
            log.critical("no new exposure: %s", trouble)
            self.trouble = trouble
            self._on_change(trouble)

    def _end(self) -> None:
        latched = self._latched()
        for gate in self._gates():
            if gate.halt_reason == self._halt:
                gate.release()
                if latched is not None:
                    gate.halt(latched)
        self._halt = self.trouble = None
        self._on_change(None)
