"""An SQLite file and the rows that go into it: how it is opened, and how a row meets one that has its key."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, Table, case, cast, create_engine, event
from sqlalchemy import Integer as IntegerType
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import StaticPool

BUSY_S = 10.0
"""How long one attempt waits for a lock that another process holds."""

SQLITE = sqlite_dialect()


class Op(Enum):
    """How a row meets one that has its key: UPSERT replaces it, ADD leaves it alone, RAISE (of a key and a number) keeps the larger number."""

    UPSERT = "upsert"
    ADD = "add"
    RAISE = "raise"


@dataclass(frozen=True, slots=True)
class Write:
    """One row on its way to the disk; `values` hold every column that is written."""

    table: Table
    values: dict[str, Any]
    op: Op = Op.UPSERT


def open_engine(path: Path, *, read_only: bool = False, synchronous: str = "FULL", busy_s: float | None = None) -> Engine:
    """One SQLite connection: WAL, synchronous=FULL, foreign keys on, `BUSY_S` of patience. Needs no further file once it is open."""
    # a folder's name may hold what means something in a URL
    url = URL.create("sqlite", database=str(path))
    if read_only:
        url = URL.create("sqlite", database=f"file:{quote(str(path))}", query={"mode": "ro", "uri": "true"})
    engine = create_engine(url, poolclass=StaticPool, connect_args={"check_same_thread": False, "timeout": BUSY_S if busy_s is None else busy_s})

    @event.listens_for(engine, "connect")
    def _set_up(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        if not read_only:
            cursor.execute("PRAGMA journal_mode=WAL")
            cursor.execute(f"PRAGMA synchronous={synchronous}")
        cursor.execute("PRAGMA temp_store=MEMORY")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    return engine


def write_rows(connection: Connection, writes: Sequence[Write]) -> None:
    """Execute rows in order, runs of the same table, operation and columns at once; within a transaction of the connection."""
    driver: Any = connection.connection.dbapi_connection
    start = 0
    while start < len(writes):
        first = writes[start]
        end = start + 1
        while end < len(writes) and _alike(first, writes[end]):
            end += 1
        text, names, constants = _prepared(first.table, first.op, tuple(first.values))
        rows = [tuple(map((constants | write.values if constants else write.values).__getitem__, names)) for write in writes[start:end]]
        try:
            driver.executemany(text, rows)
        except sqlite3.Error as error:
            # as SQLAlchemy would have told it
            kind = OperationalError if isinstance(error, sqlite3.OperationalError) else DBAPIError
            raise kind(text, rows, error) from error
        start = end


@cache
def _prepared(table: Table, op: Op, names: tuple[str, ...]) -> tuple[str, tuple[str, ...], dict[str, Any]]:
    """(SQL, columns in the order of its marks, what stands in columns that are not given and have a default).

    To build one costs many times what it costs to run it, and there are few: tables times the sets of columns written.
    Rows go to the driver as they are: every column takes what Python's sqlite3 takes, and has no processing of SQLAlchemy's.
    """
    compiled = _statement(table, op, names).compile(dialect=SQLITE, column_keys=list(names))
    columns = tuple(compiled.positiontup)
    return str(compiled), columns, {name: table.c[name].default.arg for name in columns if name not in names}


def _statement(table: Table, op: Op, names: tuple[str, ...]) -> Any:
    """What writes rows of these columns."""
    statement = insert(table)
    keys = [column.name for column in table.primary_key]
    changed: dict[str, Any] = {name: statement.excluded[name] for name in names if name not in keys}
    if op is Op.RAISE:
        changed = {name: _larger(table.c[name], value) for name, value in changed.items()}
    if op is Op.ADD or not changed:
        return statement.on_conflict_do_nothing()
    return statement.on_conflict_do_update(index_elements=keys, set_=changed)


def _larger(there: Any, new: Any) -> Any:
    return case((cast(new, IntegerType) > cast(there, IntegerType), new), else_=there)


def _alike(first: Write, other: Write) -> bool:
    return other.table is first.table and other.op is first.op and other.values.keys() == first.values.keys()
