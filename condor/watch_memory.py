"""What a watch has told and will say is over: kept in the records, so that a restart neither tells it again nor forgets that it has to be ended."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any, Protocol

from botcore.recorder.journal import Journal
from condor.host import WallClock
from condor.hosts import Host
from condor.store.watches import drop_watch_state, put_watch_state, watch_states

Subject = tuple[str, str]
"""Mode, and what it is about."""


class Memory(Protocol):
    """Keeps what one watch has told."""

    async def read(self) -> dict[Subject, dict[str, Any]]: ...

    def put(self, host: Host, subject: Subject, payload: dict[str, Any]) -> None: ...

    def drop(self, host: Host, subject: Subject) -> None: ...


class WatchMemory:
    """See the module; `kind` is the kind of fact that its watch tells.

    What is told goes ahead of the note that it was, in one queue to the disk: a crash between them tells it twice, never not at all.
    """

    def __init__(self, journal: Journal, wall: WallClock, kind: str) -> None:
        self._journal = journal
        self._wall = wall
        self._kind = kind

    async def read(self) -> dict[Subject, dict[str, Any]]:
        """What an earlier process has told that is not over."""
        return await asyncio.wrap_future(self._journal.read(lambda connection: watch_states(connection, self._kind)))

    def put(self, host: Host, subject: Subject, payload: dict[str, Any]) -> None:
        """It was told a moment ago, on this host."""
        host.recorder.flush(None)
        mode, name = subject
        self._journal.run(partial(put_watch_state, kind=self._kind, mode=mode, subject=name, payload=payload, wall_ms=self._wall.wall_ms()))

    def drop(self, host: Host, subject: Subject) -> None:
        """That it is over was told a moment ago."""
        host.recorder.flush(None)
        mode, name = subject
        self._journal.run(partial(drop_watch_state, kind=self._kind, mode=mode, subject=name))
