"""The journal: the one connection that writes, in a thread of its own.

Callers hand over values and go on; the writer puts everything that is waiting into one transaction (group commit), makes it durable
(WAL, synchronous=FULL) and only then calls back. Reads go through a second connection and see what is committed. Nothing else in the
process may open the file for writing: SQLite before 3.51.3 can corrupt a WAL that two connections checkpoint.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, Table, create_engine, event
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import StaticPool

log = logging.getLogger(__name__)

T = TypeVar("T")
RETRY_S = 1.0


class Op(Enum):
    """How a row meets one that has its key: UPSERT replaces it, ADD leaves it alone."""

    UPSERT = "upsert"
    ADD = "add"


@dataclass(frozen=True, slots=True)
class Write:
    """One row on its way to the disk; `values` hold every column that is written."""

    table: Table
    values: dict[str, Any]
    op: Op = Op.UPSERT


@dataclass(slots=True)
class _Batch:
    writes: Sequence[Write]
    then: Callable[[], None] | None
    work: Callable[[Connection], Any] | None = None
    result: Future[Any] | None = None


class Journal:
    """See the module.

    Parameters
    ----------
    path : Path
        SQLite file; its schema must be up to date (see `migrate`).
    call_back : callable
        Runs a function in the thread that owns the callers' state (an event loop's `call_soon_threadsafe`).
    on_trouble : callable
        Told in that thread when writing fails (text) and when it works again (None). While it fails nothing is lost: the batch is tried again.
    """

    def __init__(self, path: Path, call_back: Callable[[Callable[[], None]], Any], on_trouble: Callable[[str | None], None] | None = None) -> None:
        self._engine = open_engine(path)
        self._reader = open_engine(path, read_only=True)
        self._call_back = call_back
        self._on_trouble = on_trouble or (lambda text: None)
        self._queue: queue.Queue[_Batch | None] = queue.Queue()
        self._reads = ThreadPoolExecutor(1, thread_name_prefix="journal-read")
        self._in_trouble = False
        self._pause = threading.Event()
        self._thread = threading.Thread(target=self._write_forever, name="journal", daemon=True)
        self._thread.start()

    # ---- from any thread -------------------------------------------------------------------------------------------
    def commit(self, writes: Sequence[Write], then: Callable[[], None] | None = None) -> None:
        """Make rows durable in the order of the calls, then call `then` in the callers' thread."""
        self._queue.put(_Batch(writes, then))

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

    def close(self) -> None:
        """Write what is waiting, then let go of the file."""
        self._queue.put(None)
        self._thread.join()
        self._reads.shutdown()
        self._reader.dispose()
        self._engine.dispose()

    # ---- the writer's thread ---------------------------------------------------------------------------------------
    def _write_forever(self) -> None:
        with self._engine.connect() as connection:
            while True:
                batch = self._queue.get()
                if batch is None:
                    return
                if batch.work is not None:
                    self._work(connection, batch)
                    continue
                batches, after = self._waiting(batch)
                self._write_until_durable(connection, batches)
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

    def _write_until_durable(self, connection: Connection, batches: list[_Batch]) -> None:
        while True:
            try:
                with connection.begin():
                    for batch in batches:
                        write_rows(connection, batch.writes)
            except SQLAlchemyError as error:
                # also for a row that no table takes: it is a bug of ours, and dropping it or the writer silently would be worse than standing still
                self._trouble(str(error.orig if isinstance(error, DBAPIError) else error))
                self._pause.wait(RETRY_S)
            else:
                self._trouble(None)
                return

    def _work(self, connection: Connection, batch: _Batch) -> None:
        assert batch.work is not None and batch.result is not None
        if not batch.result.set_running_or_notify_cancel():
            # whoever asked has gone away before it began; from here on a cancel comes too late
            return
        try:
            with connection.begin():
                value = batch.work(connection)
        except BaseException as error:  # noqa: BLE001
            batch.result.set_exception(error)
        else:
            batch.result.set_result(value)

    def _announce(self, batches: list[_Batch]) -> None:
        for batch in batches:
            if batch.then is not None:
                self._call_back(batch.then)

    def _trouble(self, text: str | None) -> None:
        if text is None and not self._in_trouble:
            return
        if text is not None:
            log.critical("records can't be written: %s", text)
        self._in_trouble = text is not None
        self._call_back(lambda: self._on_trouble(text))


def open_engine(path: Path, *, read_only: bool = False) -> Engine:
    """One SQLite connection: WAL, synchronous=FULL, foreign keys on, 10 s of patience."""
    # a folder's name may hold what means something in a URL
    url = URL.create("sqlite", database=str(path))
    if read_only:
        url = URL.create("sqlite", database=f"file:{quote(str(path))}", query={"mode": "ro", "uri": "true"})
    engine = create_engine(url, poolclass=StaticPool, connect_args={"check_same_thread": False, "timeout": 10.0})

    @event.listens_for(engine, "connect")
    def _set_up(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        if not read_only:
            cursor.execute("PRAGMA journal_mode=WAL")
            cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    return engine


def write_rows(connection: Connection, writes: Sequence[Write]) -> None:
    """Execute rows in order, runs of the same table, operation and columns at once."""
    start = 0
    while start < len(writes):
        first = writes[start]
        end = start + 1
        while end < len(writes) and _alike(first, writes[end]):
            end += 1
        statement: Any = insert(first.table)
        if first.op is Op.ADD:
            statement = statement.on_conflict_do_nothing()
        else:
            keys = [column.name for column in first.table.primary_key]
            changed = {name: statement.excluded[name] for name in first.values if name not in keys}
            statement = statement.on_conflict_do_update(index_elements=keys, set_=changed) if changed else statement.on_conflict_do_nothing()
        connection.execute(statement, [write.values for write in writes[start:end]])
        start = end


def _alike(first: Write, other: Write) -> bool:
    return other.table is first.table and other.op is first.op and other.values.keys() == first.values.keys()
