"""The audit: who changed what, with the outcome. Each row's hash covers the row and the hash before it, so that a row that is changed or taken out shows."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, or_, select

from botcore.recorder.sqlite_file import open_engine
from condor.store import tables
from condor.store.change_facts import tell_change
from condor.users import Actor

CHAINED = ("wall_ms", "user_id", "name", "role", "front", "chat_id", "action", "target", "before", "after", "result", "reason")
"""Columns under the hash, in this order. A later column must not be put in between: the hashes of old rows would not hold."""
LATENCY = "latency_ms"
"""Under the hash behind these where it is known: rows of before it have none."""

DONE, REFUSED = "done", "refused"
MAX_TEXT = 2_000


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One row, as it is kept."""

    audit_id: int
    wall_ms: int
    user_id: int
    name: str
    role: str
    front: str
    chat_id: int
    action: str
    target: str
    before: str
    after: str
    result: str
    reason: str
    latency_ms: int | None


def write_audit(
    connection: Connection,
    wall_ms: int,
    actor: Actor,
    action: str,
    target: str,
    before: str = "",
    after: str = "",
    result: str = DONE,
    reason: str = "",
) -> None:
    """Note a change of state and who made it, in the transaction of the change; one that others want to hear of becomes a fact there, too."""
    who = {"user_id": actor.user_id, "name": actor.name[:200], "role": actor.role.name, "front": actor.front, "chat_id": actor.chat_id}
    what = {"action": action[:32], "target": target[:MAX_TEXT], "before": before, "after": after, "result": result, "reason": reason[:MAX_TEXT]}
    latency_ms = None if actor.heard_ms is None else max(0, wall_ms - actor.heard_ms)
    values = {"wall_ms": wall_ms, **who, **what}
    table = tables.audit
    last = connection.execute(select(table.c.hash).order_by(table.c.audit_id.desc()).limit(1)).scalar_one_or_none() or ""
    link = chain_hash(last, _linked([values[name] for name in CHAINED], latency_ms))
    connection.execute(insert(table).values(**values, latency_ms=latency_ms, hash=link))
    tell_change(connection, values)


def audit_on_disk(path: Path, wall_ms: int, actor: Actor, action: str, target: str) -> None:
    """Note a change that was made while no instance has the records open."""
    engine = open_engine(path)
    try:
        with engine.begin() as connection:
            write_audit(connection, wall_ms, actor, action, target)
    finally:
        engine.dispose()


def chain_hash(before: str, values: Sequence[Any]) -> str:
    """Hash of a row's chained values behind the row with the hash `before` (empty for the first)."""
    return hashlib.sha256(f"{before}\n{json.dumps(values, ensure_ascii=True, separators=(',', ':'))}".encode()).hexdigest()


def _linked(values: Sequence[Any], latency_ms: int | None) -> list[Any]:
    """What a row has under its hash."""
    return [*values, *(() if latency_ms is None else (latency_ms,))]


def audit_rows(connection: Connection, *, words: str = "", result: str = "", below: int | None = None, limit: int = 10) -> list[AuditRow]:
    """The newest rows first.

    Parameters
    ----------
    words : str
        Only rows in whose action, target or person this stands.
    below : int, optional
        Only rows with a smaller id: the next page.
    """
    table = tables.audit
    query = select(*(table.c[name] for name in AuditRow.__slots__)).order_by(table.c.audit_id.desc()).limit(limit)
    if words:
        like = f"%{words.replace('!', '!!').replace('%', '!%').replace('_', '!_')}%"
        columns = (table.c.action, table.c.target, table.c.name)
        found = or_(*(column.ilike(like, escape="!") for column in columns))
        query = query.where(or_(found, table.c.user_id == int(words)) if words.lstrip("-").isdecimal() and len(words) < 19 else found)
    if result:
        query = query.where(table.c.result == result)
    if below is not None:
        query = query.where(table.c.audit_id < below)
    return [AuditRow(**row._mapping) for row in connection.execute(query)]


def chain_unhashed(connection: sqlite3.Connection) -> None:
    """Chain rows that were read back from a file of before the chain; where any row has a hash nothing is touched: what is missing then must show."""
    columns = ", ".join(f'"{name}"' for name in CHAINED)
    if connection.execute("SELECT 1 FROM audit WHERE hash <> '' LIMIT 1").fetchone() is not None:
        return
    last = ""
    for audit_id, latency_ms, *values in connection.execute(f"SELECT audit_id, {LATENCY}, {columns} FROM audit ORDER BY audit_id").fetchall():
        last = chain_hash(last, _linked(values, latency_ms))
        connection.execute("UPDATE audit SET hash = ? WHERE audit_id = ?", (last, audit_id))


def broken_links(connection: sqlite3.Connection) -> Iterator[str]:
    """What `condor verify` says of the chain: rows that were changed, or do not follow the one before, and rows that are gone from the end."""
    columns = ", ".join(f'"{name}"' for name in CHAINED)
    last, last_id = "", 0
    for audit_id, found, latency_ms, *values in connection.execute(f"SELECT audit_id, hash, {LATENCY}, {columns} FROM audit ORDER BY audit_id"):
        if found != chain_hash(last, _linked(values, latency_ms)):
            yield f"audit row {audit_id} was changed, or a row before it is gone or was put in"
        last, last_id = found, audit_id
    (given,) = connection.execute("SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'audit'), 0)").fetchone()
    if given > last_id:
        yield f"the audit ends with row {last_id}, and {given} were written"
