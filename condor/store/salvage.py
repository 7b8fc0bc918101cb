"""Reading what can be read of a damaged database: table by table, row by row, from both ends towards the damage.

A row counts only if every value is of the kind that its column holds: text that is text, amounts that are numbers, JSON that parses. What does not is left behind.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from sqlalchemy import Boolean, Float, Integer, Table

from botcore.recorder import tables as records
from condor.store import tables as application
from condor.store.audit import chain_unhashed

MAX_PROBES = 4_000
"""Attempts to get past the damage in one table."""

REACH = 1 << 20
"""Rows behind a damage that are looked for when the end of the table can't be read."""

DECIMALS = {
    "intents": ("amount", "price"),
    "orders": ("filled_amount", "average_price"),
    "fills": ("price", "amount", "fee_amount", "fee_quote"),
    "executors": ("exposure_base", "entry_price", "exit_price", "net_pnl_quote", "net_pnl_pct", "fees_quote", "volume_quote"),
    "legs": ("exposure_base", "entry_price"),
    "funding": ("amount", "amount_quote"),
    "holds": ("net_amount_base", "cost_quote", "breakeven_price", "realized_gross", "fees_in_pnl", "cum_fees_quote", "volume_quote"),
    "tallies": ("realized_quote", "volume_quote", "fees_quote"),
    "drawdowns": ("peak_quote", "worst_quote"),
}
JSON = {
    "executors": ("config", "state"),
    "tallies": ("close_types",),
    "facts": ("payload",),
    "bot_configs": ("config",),
    "outbox": ("notice",),
    "alert_threads": ("notice",),
    "drafts": ("answers",),
    "draft_notes": ("notes",),
    "panels": ("args",),
    "tokens": ("args",),
}
DAMAGE = (sqlite3.DatabaseError, UnicodeDecodeError)
"""What reading a damaged file raises: what SQLite says of a damaged schema quotes it, and may then be no text itself."""

NOT_READ_BACK = {("runtime", "boot")}
"""The id of the last start: without it the rebuilt file is known to be another one."""


@dataclass(frozen=True, slots=True)
class Salvage:
    """What was read back: rows by table, and the tables in which something is missing or can't be read."""

    rows: dict[str, int]
    damaged: tuple[str, ...]

    @property
    def total(self) -> int:
        return sum(self.rows.values())


def salvage(damaged: Path, fresh: Path, only: tuple[str, ...] = ()) -> Salvage:
    """Copy every sound row of a damaged file, which is only read, into a new one that has the present schema; of some tables only, if they are named."""
    rows: dict[str, int] = {}
    broken: list[str] = []
    with closing(sqlite3.connect(fresh)) as writing, closing(_open(damaged)) as reading:
        for table in (*records.metadata.sorted_tables, *application.metadata.sorted_tables):
            if only and table.name not in only:
                continue
            found, is_whole = _copy(reading, writing, table)
            rows[table.name] = found
            if not is_whole:
                broken.append(table.name)
        chain_unhashed(writing)
        writing.commit()
    return Salvage(rows, tuple(broken))


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=10)
    connection.text_factory = bytes
    return connection


def _copy(reading: sqlite3.Connection, writing: sqlite3.Connection, table: Table) -> tuple[int, bool]:
    """(rows copied, whether that was all)."""
    reader = _Reader(reading, table)
    try:
        there = {bytes(row[1]).decode(errors="replace") for row in reading.execute(f'PRAGMA table_info("{table.name}")')}
    except DAMAGE:
        return 0, False
    columns = [column.name for column in table.columns if column.name in there]
    if not columns:
        return 0, False
    # a file of before accounts: what was there is the paper account's
    added = {"account": records.PAPER} if "account" in table.columns and "account" not in columns else {}
    names = [*columns, *added]
    insert = f'INSERT OR IGNORE INTO "{table.name}" ({", ".join(_quoted(name) for name in names)}) VALUES ({", ".join("?" * len(names))})'
    count, is_whole = 0, True
    for raw in reader.rows(columns):
        values = _values(table, columns, raw)
        if values is None:
            is_whole = False
            continue
        if any((table.name, value) in NOT_READ_BACK for value in values):
            continue
        try:
            count += writing.execute(insert, (*values, *added.values())).rowcount
        except sqlite3.IntegrityError:
            is_whole = False
    return count, is_whole and not reader.has_failed


class _Reader:
    """The readable rows of one table."""

    def __init__(self, connection: sqlite3.Connection, table: Table) -> None:
        self._connection = connection
        self._name = table.name
        self._probes = 0
        self.has_failed = False

    def rows(self, columns: list[str]) -> Iterator[tuple[Any, ...]]:
        """Rows in their order up to the damage, then from the end back to it, then what is readable in between."""
        chosen = ", ".join(["rowid", *(_quoted(name) for name in columns)])
        source = f'SELECT {chosen} FROM "{self._name}" NOT INDEXED WHERE rowid'
        query, one = f"{source} > ? AND rowid < ? ORDER BY rowid", f"{source} = ?"
        first, last = 0, (1 << 62)
        for row in self._until_damage(query, -1, last):
            first = row[0]
            yield row[1:]
        if not self.has_failed:
            return
        end = None
        for row in self._until_damage(query + " DESC", first, last):
            end = row[0]
            yield row[1:]
        yield from self._between(query, one, first, first + REACH if end is None else end)

    def _between(self, query: str, one: str, after: int, before: int) -> Iterator[tuple[Any, ...]]:
        """Halve what can't be read as a whole until the budget is used up."""
        gaps = [(after, before)]
        while gaps and self._probes < MAX_PROBES:
            low, high = gaps.pop()
            if high - low < 2:
                continue
            self._probes += 1
            is_one = high - low == 2
            try:
                # one row is looked up by its number: a walk would take a step too far, into the damage
                found = self._connection.execute(one, (low + 1,)).fetchall() if is_one else self._connection.execute(query, (low, high)).fetchall()
            except (sqlite3.DatabaseError, MemoryError, OverflowError):
                middle = (low + high) // 2
                if not is_one:
                    gaps += [(middle, high), (low, middle + 1)]
                continue
            for row in found:
                yield row[1:]

    def _until_damage(self, query: str, after: int, before: int) -> Iterator[tuple[Any, ...]]:
        try:
            yield from self._connection.execute(query, (after, before))
        except (sqlite3.DatabaseError, MemoryError, OverflowError):
            self.has_failed = True


def _values(table: Table, columns: list[str], raw: tuple[Any, ...]) -> list[Any] | None:
    """The values of a row; None when one of them can't be what its column holds."""
    values = []
    for name, value in zip(columns, raw, strict=True):
        column = table.columns[name]
        if value is None:
            if not column.nullable:
                return None
        elif isinstance(column.type, Boolean | Integer):
            if not isinstance(value, int):
                return None
        elif isinstance(column.type, Float):
            if not isinstance(value, float):
                return None
        else:
            value = _text(value)
            if value is None or not _holds(table.name, name, value):
                return None
        values.append(value)
    return values


def _text(value: Any) -> str | None:
    if not isinstance(value, bytes) or b"\0" in value:
        return None
    try:
        return value.decode()
    except UnicodeDecodeError:
        return None


def _holds(table: str, column: str, value: str) -> bool:
    try:
        if column in DECIMALS.get(table, ()):
            return Decimal(value).is_finite()
        if column in JSON.get(table, ()):
            json.loads(value)
    except (InvalidOperation, ValueError, RecursionError):
        return False
    return True


def _quoted(name: str) -> str:
    return f'"{name}"'
