"""A whole program that may die at any write: what its disk holds at that moment is put aside, and the next life begins from that."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from aiohttp import web_app

from tests.chatfuzz.world import Died
from tests.support.programs import made

DATABASES = ("condor.db", "paper.db", "chat.db")


class Lives:
    """The lives of one home, each a program of its own; after a death nothing of it reaches the disk that the next one finds.

    Attributes
    ----------
    countdown : int
        At which write from now on the process dies; 0 is never.
    after_commit : bool
        Whether that write is durable.
    is_dead : bool
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self.countdown = 0
        self.after_commit = False
        self.is_dead = False
        self._kept = home / "kept"

    async def begin(self) -> None:
        """A life, without the tellings of alerts; market time is turned by hand."""
        self.program = program = made(self.home)
        await program.start()
        program._host.tick = lambda: None  # type: ignore[method-assign]
        await program._notifications.close()
        journal = program._journal
        self._run, self._commit = journal.run, journal.commit
        journal.run = self._running  # type: ignore[method-assign]
        journal.commit = self._committing  # type: ignore[method-assign]
        self.countdown, self.is_dead = 0, False

    async def again(self) -> None:
        """The next life: after a death from what stood on the disk then, otherwise from what stands there now."""
        if not self.is_dead:
            self._put_aside()
        await self.end()
        data = self.home / "data"
        shutil.rmtree(data)
        shutil.move(self._kept, data)
        await self.begin()

    async def end(self) -> None:
        """Let go of the present life."""
        journal = self.program._journal
        journal.run, journal.commit = self._run, self._commit  # type: ignore[method-assign]
        await self.program.close()
        # aiohttp remembers what it has served, and with it whole programs: hundreds of them would not fit into memory
        web_app._cached_build_middleware.cache_clear()

    # ---- writing ---------------------------------------------------------------------------------------------------
    def _running(self, work: Callable[[Any], Any]) -> Future[Any]:
        self._reach(lambda: self._run(work))
        return self._run(work)

    def _committing(self, writes: Sequence[Any], then: Callable[[], None] | None = None) -> None:
        self._reach(lambda: self._commit(writes, None))
        self._commit(writes, then)

    def _reach(self, write: Callable[[], Any]) -> None:
        """Die here if it is time to."""
        if self.is_dead:
            raise Died
        if not self.countdown:
            return
        self.countdown -= 1
        if not self.countdown:
            if self.after_commit:
                write()
            self._put_aside()
            self.is_dead = True
            raise Died

    def _put_aside(self) -> None:
        """A copy of what is on the disk once everything that was handed over is there: the small files first, as they never run ahead of the records."""
        self._run(lambda connection: None).exception()
        shutil.rmtree(self._kept, ignore_errors=True)
        self._kept.mkdir()
        data = self.home / "data"
        for path in data.iterdir():
            if path.is_file() and not path.name.startswith(DATABASES) and path.name != "condor.lock":
                shutil.copy2(path, self._kept)
        for name in DATABASES:
            _copy(data / name, self._kept / name)


def _copy(source: Path, target: Path) -> None:
    """A database as it stands, with what its log holds."""
    there, here = sqlite3.connect(source), sqlite3.connect(target)
    try:
        there.backup(here)
    finally:
        there.close()
        here.close()
