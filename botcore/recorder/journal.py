"""The journal: the one connection that writes, in a thread of its own.

Callers hand over values and go on; the writer puts everything that is waiting into one transaction (group commit), makes it durable
(WAL, synchronous=FULL) and only then calls back. Reads go through a second connection and see what is committed. Nothing else in the
process may open the file for writing: SQLite before 3.51.3 can corrupt a WAL that two connections checkpoint.

A disk that refuses or is slow is trouble that is told, never a lost row: the same rows are tried again until they are written.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, select
from sqlalchemy.exc import DBAPIError, OperationalError

from botcore.core.points import Points
from botcore.recorder import tables
from botcore.recorder.sqlite_file import Write, open_engine, write_rows

log = logging.getLogger(__name__)

T = TypeVar("T")
RETRY_S = 1.0
COMMITS = "commits"
"""Key of the counter of transactions in the runtime table."""

MAX_WAITING = 5_000
"""Rows that may wait before the writer counts as behind."""


@dataclass(slots=True)
class _Batch:
    writes: Sequence[Write]
    then: Callable[[], None] | None
    work: Callable[[Connection], Any] | None = None
    result: Future[Any] | None = None


class CommitMark(Protocol):
    """Somebody outside the file who is told how many transactions it has taken, so that an older copy of it can be told from it."""

    def reached(self, commits: int) -> None:
        """So many are durable; called in the writer's thread, must not raise."""


class Journal:
    """See the module.

    Parameters
    ----------
    path : Path
        SQLite file; its schema must be up to date (see `migrate`).
    call_back : callable
        Runs a function in the thread that owns the callers' state (an event loop's `call_soon_threadsafe`).
    on_trouble : callable
        Told in that thread when writing fails or falls behind (text) and when all is well again (None). While it fails nothing is lost: the rows are tried again.
    points : Points
    make_room : callable, optional
        Called in the writer's thread when the file takes no rows; returns whether it has freed space, then the rows are tried again at once.
    mark : CommitMark, optional
        Transactions are counted in the runtime table when there is one.
    max_waiting : int
        Rows that may wait before that is trouble.
    """

    def __init__(
        self,
        path: Path,
        call_back: Callable[[Callable[[], None]], Any],
        on_trouble: Callable[[str | None], None] | None = None,
        *,
        points: Points | None = None,
        make_room: Callable[[], bool] | None = None,
        mark: CommitMark | None = None,
        max_waiting: int = MAX_WAITING,
    ) -> None:
        self._engine = open_engine(path)
        self._reader = open_engine(path, read_only=True)
        self._call_back = call_back
        self._on_trouble = on_trouble or (lambda text: None)
        self._points = points or Points()
        self._make_room = make_room or (lambda: False)
        self._mark = mark
        self._max_waiting = max_waiting
        self._commits = 0 if mark is None else self._counted()
        with self._reader.connect() as connection:
            # SQLite opens the rest of its files at the first look; later there may be no descriptor left
            connection.exec_driver_sql("SELECT count(*) FROM sqlite_master")
        self._queue: queue.Queue[_Batch | None] = queue.Queue()
        self._reads = ThreadPoolExecutor(1, thread_name_prefix="journal-read")
        self._lock = threading.Lock()
        self._waiting_rows = 0
        self._error: str | None = None
        self._is_behind = False
        self._gives_up = threading.Event()
        self._thread = threading.Thread(target=self._write_forever, name="journal", daemon=True)
        self._thread.start()

    # ---- from any thread -------------------------------------------------------------------------------------------
    def commit(self, writes: Sequence[Write], then: Callable[[], None] | None = None) -> None:
        """Make rows durable in the order of the calls, then call `then` in the callers' thread."""
        with self._lock:
            self._waiting_rows += len(writes)
            falls_behind = not self._is_behind and self._waiting_rows > self._max_waiting
            self._is_behind = self._is_behind or falls_behind
        self._queue.put(_Batch(writes, then))
        if falls_behind:
            self._tell()

    def run(self, work: Callable[[Connection], T]) -> Future[T]:
        """Run `work` in one write transaction; if it raises, nothing of it is kept and the future raises the same."""
        result: Future[T] = Future()
        self._queue.put(_Batch((), None, work, result))
        return result

    def read(self, work: Callable[[Connection], T]) -> Future[T]:
        """Run a query on the reading connection."""

        def guarded() -> T:
            with self._reader.connect() as connection:
                return work(connection)

        return self._reads.submit(guarded)

    @property
    def waiting_rows(self) -> int:
        """Rows that are not durable yet."""
        return self._waiting_rows

    def close(self, patience_s: float = 20.0) -> None:
        """Write what is waiting, then let go of the file.

        A disk that takes nothing is waited for so long; what it has not taken by then is as lost as after a power cut, and is logged.
        """
        self._queue.put(None)
        self._thread.join(patience_s)
        if self._thread.is_alive():
            log.critical("%d rows could not be written before the end", self._waiting_rows)
            self._gives_up.set()
            self._thread.join(RETRY_S)
        self._reads.shutdown()
        self._reader.dispose()
        self._engine.dispose()

    # ---- the writer's thread ---------------------------------------------------------------------------------------
    def _write_forever(self) -> None:
        with self._engine.connect() as connection:
            while not self._gives_up.is_set():
                batch = self._queue.get()
                if batch is None:
                    return
                if batch.work is not None:
                    self._work(connection, batch)
                    continue
                batches, after = self._waiting(batch)
                if self._write_until_durable(connection, batches):
                    self._announce(batches)
                if after is None:
                    continue
                if after.work is None:
                    return
                self._work(connection, after)

    def _waiting(self, first: _Batch) -> tuple[list[_Batch], _Batch | None]:
        """All plain batches that wait now, and the item that ended the run: a piece of work, or an empty batch that means the end."""
        batches = [first]
        while True:
            try:
                item = self._queue.get_nowait()
            except queue.Empty:
                return batches, None
            if item is None:
                return batches, _Batch((), None)
            if item.work is not None:
                return batches, item
            batches.append(item)

    def _write_until_durable(self, connection: Connection, batches: list[_Batch]) -> bool:
        """Whether the rows are durable; they are not only when the journal was closed meanwhile."""

        def write() -> None:
            for batch in batches:
                write_rows(connection, batch.writes)

        while not self._gives_up.is_set():
            try:
                self._transact(connection, write)
            except Exception as error:  # noqa: BLE001
                # also for a row that no table takes: it is a bug of ours, and dropping it or the writer silently would be worse than standing still
                self._fails(str(error.orig if isinstance(error, DBAPIError) else error))
                if not self._make_room():
                    self._gives_up.wait(RETRY_S)
            else:
                self._takes(sum(len(batch.writes) for batch in batches))
                return True
        return False

    def _transact(self, connection: Connection, write: Callable[[], T]) -> T:
        """One transaction; durable on return."""
        with connection.begin():
            value = write()
            if self._mark is not None:
                write_rows(connection, [Write(tables.runtime, {"key": COMMITS, "value": str(self._commits + 1)})])
            self._points.reach("journal.before_commit")
        self._points.reach("journal.after_commit")
        if self._mark is not None:
            self._commits += 1
            self._mark.reached(self._commits)
        return value

    def _work(self, connection: Connection, batch: _Batch) -> None:
        work, result = batch.work, batch.result
        assert work is not None and result is not None
        if not result.set_running_or_notify_cancel():
            # whoever asked has gone away before it began; from here on a cancel comes too late
            return
        try:
            try:
                value = self._transact(connection, lambda: work(connection))
            except OperationalError as error:
                # a full disk keeps nothing of it; with room made it is tried once more
                if not self._make_room():
                    raise
                self._fails(str(error.orig))
                value = self._transact(connection, lambda: work(connection))
        except BaseException as error:  # noqa: BLE001
            result.set_exception(error)
        else:
            self._takes(0)
            result.set_result(value)

    def _announce(self, batches: list[_Batch]) -> None:
        self._points.reach("journal.before_announce")
        for batch in batches:
            if batch.then is not None:
                self._call_back(batch.then)

    # ---- trouble ---------------------------------------------------------------------------------------------------
    def _fails(self, text: str) -> None:
        log.critical("records can't be written: %s", text)
        self._error = text
        self._tell()

    def _takes(self, rows: int) -> None:
        """A transaction has gone through."""
        with self._lock:
            self._waiting_rows -= rows
            caught_up = self._is_behind and self._waiting_rows <= self._max_waiting // 4
            self._is_behind = self._is_behind and not caught_up
        was_error, self._error = self._error is not None, None
        if was_error or caught_up:
            self._tell()

    def _tell(self) -> None:
        text = self._error
        if text is None and self._is_behind:
            text = f"the disk is slower than trading, {self._waiting_rows} rows wait"
            log.critical("records fall behind: %s", text)
        self._call_back(lambda: self._on_trouble(text))

    def _counted(self) -> int:
        """How many transactions the file has taken."""
        with self._engine.connect() as connection:
            value = connection.execute(select(tables.runtime.c.value).where(tables.runtime.c.key == COMMITS)).scalar_one_or_none()
            connection.rollback()
        return int(value or 0)
