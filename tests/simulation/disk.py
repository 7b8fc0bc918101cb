"""`SimDisk`, which outlives processes, and `SimJournal`, a process's way to it: the interface of `botcore.recorder.journal.Journal` in virtual time.

A batch is on the disk when its sync has ended, not before. A process that dies in the middle of a sync leaves it to chance (to the seed) whether the batch is
there, as a power cut does; what waits behind it is lost. What was announced is never lost. The tables are SQLite's own, in memory; rows go through the same
statements as in the real journal.
"""

from __future__ import annotations

import random
import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from sqlalchemy import Connection, create_engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import StaticPool

from botcore.recorder.journal import RETRY_S
from botcore.recorder.migrate import migrate
from botcore.recorder.sqlite_file import Write, write_rows
from tests.simulation.log import EventLog
from tests.simulation.loop import SimLoop, SimProcess

T = TypeVar("T")


def empty_database() -> bytes:
    """The file of a fresh home, by the program's own migrations."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "condor.db"
        migrate(path)
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA journal_mode=DELETE")
        try:
            return connection.serialize()
        finally:
            connection.close()


@dataclass
class DiskFaults:
    """What the disk does to writers.

    Parameters
    ----------
    sync_ms : tuple
        Shortest and longest sync.
    slow, slow_s : float
        Part of the syncs that take long, and how long at most.
    fail : float
        Part of the commits that fail (EIO, ENOSPC) before they work.
    torn : float
        How often a batch whose sync a death interrupted is there afterwards.
    """

    sync_ms: tuple[float, float] = (0.3, 6.0)
    slow: float = 0.0
    slow_s: float = 0.0
    fail: float = 0.0
    torn: float = 0.5


class SimDisk:
    """The database of one home.

    Parameters
    ----------
    watch : callable
        Told every batch of writes that has become durable, in order.
    """

    def __init__(self, seed: int, log: EventLog, template: bytes, faults: DiskFaults, watch: Callable[[Sequence[Write]], None]) -> None:
        self.faults = faults
        self.full = False
        self.refused_ns: int | None = None
        """When the disk that is full now first took no row."""
        self.has_reserve = True
        self._room = 0
        self._reserve_room = 0
        self.commits = 0
        self._chance = random.Random(seed)
        self._log = log
        self._watch = watch
        self._engine = create_engine("sqlite://", poolclass=StaticPool)
        self.connection: Connection = self._engine.connect()
        self._file.deserialize(template)
        self._file.execute("PRAGMA foreign_keys=ON")

    @property
    def _file(self) -> sqlite3.Connection:
        file = self._engine.raw_connection().driver_connection
        assert isinstance(file, sqlite3.Connection)
        return file

    def sync_s(self) -> float:
        """How long the next sync takes."""
        if self.faults.slow and self._chance.random() < self.faults.slow:
            return self._chance.uniform(0.05, self.faults.slow_s)
        return self._chance.uniform(*self.faults.sync_ms) / 1000

    # ---- space -----------------------------------------------------------------------------------------------------------
    def fill(self, room: int) -> None:
        """P5: somebody else takes all the space there is; what the reserve gives back has room for so many transactions."""
        self._log.add("disk", "is full")
        self.full, self._room, self._reserve_room = True, 0, room

    def clear(self) -> None:
        """There is space again."""
        self.full, self.refused_ns = False, None

    def make(self) -> bool:
        """Set the reserve aside (`Reserve` of the program); whether it is there."""
        self.has_reserve = self.has_reserve or not self.full
        return self.has_reserve

    def free(self) -> bool:
        """Give the reserve back; whether there was any."""
        had, self.has_reserve = self.has_reserve, False
        if had and self.full:
            self._room += self._reserve_room
        return had

    def _takes(self, now_ns: int) -> bool:
        if self.full and not self._room:
            self.refused_ns = self.refused_ns or now_ns
            return False
        self._room -= self.full
        return True

    def commit(self, batches: Sequence[Sequence[Write]], now_ns: int = 0) -> None:
        """One transaction, durable when this returns.

        Raises
        ------
        OperationalError
            When the disk is full or broken at this moment.
        """
        if not self._takes(now_ns):
            raise OperationalError("INSERT", None, sqlite3.OperationalError("database or disk is full"))
        if self.faults.fail and self._chance.random() < self.faults.fail:
            raise OperationalError("INSERT", None, sqlite3.OperationalError("disk I/O error"))
        with self.connection.begin():
            for writes in batches:
                write_rows(self.connection, writes)
        self.commits += 1
        for writes in batches:
            for write in writes:
                self._log.add("row", write.table.name, *(str(value) for value in write.values.values()))
            self._watch(writes)

    def interrupted(self, batches: Sequence[Sequence[Write]]) -> None:
        """Power went away during a sync: the batch is there, or it is not."""
        if self._chance.random() < self.faults.torn:
            try:
                self.commit(batches)
            except OperationalError:
                return
            self._log.add("disk", "the interrupted batch is there")
        else:
            self._log.add("disk", "the interrupted batch is lost")

    def read(self, work: Callable[[Connection], T]) -> T:
        if self.connection.in_transaction():
            raise RuntimeError("a read in the middle of a write")
        with self.connection.begin() as transaction:
            value = work(self.connection)
            transaction.rollback()
        return value

    def write(self, work: Callable[[Connection], T]) -> T:
        with self.connection.begin():
            return work(self.connection)

    def snapshot(self) -> bytes:
        """The file as it is now."""
        return self._file.serialize()

    def restore(self, file: bytes) -> None:
        """Yesterday's file is put back."""
        self.connection.close()
        self._engine.dispose()
        self._engine = create_engine("sqlite://", poolclass=StaticPool)
        self.connection = self._engine.connect()
        self._file.deserialize(file)

    def close(self) -> None:
        self.connection.close()
        self._engine.dispose()


class Answer(Future[T]):
    """The future of a piece of work. Nobody can wait for it as a thread does; asking for the result of work that waits in line does the line's work first."""

    def __init__(self, hurry: Callable[[], None]) -> None:
        super().__init__()
        self._hurry = hurry

    def result(self, timeout: float | None = None) -> T:
        if not self.done():
            self._hurry()
        return super().result(0)


@dataclass(slots=True)
class _Batch:
    writes: Sequence[Write]
    then: Callable[[], None] | None = None
    work: Callable[[Connection], Any] | None = None
    result: Answer[Any] | None = None


class SimJournal:
    """See the module.

    Parameters
    ----------
    reach : callable
        Told each labelled point that is passed.
    """

    def __init__(
        self,
        disk: SimDisk,
        loop: SimLoop,
        process: SimProcess,
        on_trouble: Callable[[str | None], None] | None = None,
        reach: Callable[[str], None] = lambda label: None,
    ) -> None:
        self._disk = disk
        self._loop = loop
        self._on_trouble = on_trouble or (lambda text: None)
        self._reach = reach
        self._waiting: deque[_Batch] = deque()
        self._writing: list[_Batch] = []
        self._in_trouble = False
        self._is_open = True
        self.longest = 0
        process.deaths.append(self._died)

    # ---- the interface of Journal --------------------------------------------------------------------------------------
    def commit(self, writes: Sequence[Write], then: Callable[[], None] | None = None) -> None:
        self._put(_Batch(writes, then))

    def run(self, work: Callable[[Connection], T]) -> Answer[T]:
        result: Answer[T] = Answer(self._hurry)
        self._put(_Batch((), None, work, result))
        return result

    def read(self, work: Callable[[Connection], T]) -> Answer[T]:
        result: Answer[T] = Answer(lambda: None)
        try:
            result.set_result(self._disk.read(work))
        except Exception as error:
            result.set_exception(error)
        return result

    def close(self) -> None:
        """Write what is waiting."""
        self._hurry()
        self._is_open = False

    # ---- the writer ----------------------------------------------------------------------------------------------------
    @property
    def backlog(self) -> int:
        return len(self._waiting) + len(self._writing)

    def _put(self, batch: _Batch) -> None:
        if not self._is_open:
            return
        self._waiting.append(batch)
        self.longest = max(self.longest, len(self._waiting))
        if not self._writing:
            self._begin()

    def _begin(self) -> None:
        """Take what may go into one transaction, and start its sync."""
        waiting = self._waiting
        self._writing.append(waiting.popleft())
        while self._writing[0].work is None and waiting and waiting[0].work is None:
            self._writing.append(waiting.popleft())
        self._loop.call_later(self._disk.sync_s(), self._sync)

    def _sync(self) -> None:
        if not self._writing:
            # somebody was in a hurry
            return
        if not self._finish():
            self._loop.call_later(RETRY_S, self._sync)
        elif self._waiting:
            self._begin()

    def _finish(self) -> bool:
        """Make durable what is being written, then tell; False when the disk does not take it."""
        batches = self._writing
        if batches[0].work is not None:
            self._writing = []
            self._work(batches[0])
            return True
        # a death here: nothing of it is on the disk
        self._writing = []
        self._reach("journal.before_commit")
        self._writing = batches
        try:
            self._disk.commit([batch.writes for batch in batches], self._loop.now_ns)
        except OperationalError as error:
            self._trouble(str(error.orig))
            # what the reserve gives back is tried at once, as the program's journal does
            return self._disk.full and self._disk.free() and self._finish()
        self._writing = []
        self._reach("journal.after_commit")
        self._trouble(None)
        for batch in batches:
            if batch.then is not None:
                self._reach("journal.before_announce")
                self._loop.call_soon(batch.then)
        return True

    def _work(self, batch: _Batch) -> None:
        assert batch.work is not None and batch.result is not None
        if not batch.result.set_running_or_notify_cancel():
            return
        try:
            value = self._disk.write(batch.work)
        except Exception as error:
            batch.result.set_exception(error)
        else:
            batch.result.set_result(value)

    def _hurry(self) -> None:
        while self._is_open and (self._writing or self._waiting):
            if not self._writing:
                self._writing.append(self._waiting.popleft())
            if not self._finish():
                return

    def _trouble(self, text: str | None) -> None:
        if text is None and not self._in_trouble:
            return
        self._in_trouble = text is not None
        self._loop.call_soon(self._on_trouble, text)

    def _died(self) -> None:
        """The process is gone: what was being written is left to chance, what waited is lost."""
        batches, self._writing, self._is_open = self._writing, [], False
        self._waiting.clear()
        if batches and batches[0].work is None:
            self._disk.interrupted([batch.writes for batch in batches])
