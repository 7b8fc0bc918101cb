"""`/panic` as it is written down: a latch that survives restarts, and the bots' rows, which all say "stopping" in the same transaction."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from botcore.recorder import tables as records
from botcore.recorder.sqlite_file import open_engine
from condor.store import tables
from condor.store.bots import RUNNING, STOPPING
from condor.store.common import HALT, clear_latch, set_latch, write_audit
from condor.users import Actor

PANIC = "panic"


@dataclass(frozen=True, slots=True)
class PanicRow:
    """One `/panic` that is not released yet.

    Parameters
    ----------
    goal : str
        freeze or flatten.
    is_told : bool
        Whether it was reported that all is done.
    is_begun : bool
        Whether it was told that it began.
    """

    goal: str
    by: str
    since_ms: int
    is_told: bool = False
    is_begun: bool = False


@dataclass(frozen=True, slots=True)
class HeldRow:
    """What a bot holds, by the records."""

    account: str
    bot_id: str
    controller_id: str
    connector_name: str
    trading_pair: str
    bucket: str
    net_amount_base: str


def halt_reason(row: PanicRow) -> str:
    """The words that the risk gate refuses with."""
    return f"everything was stopped by {row.by}"


def put_panic(connection: Connection, row: PanicRow, wall_ms: int) -> None:
    """Latch, with all bots' rows on their way to their end."""
    values = {"reason": json.dumps({"goal": row.goal, "is_told": row.is_told, "is_begun": row.is_begun}), "set_by": row.by, "since_ms": row.since_ms}
    statement = upsert(tables.latches).values(name=PANIC, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=values))
    set_latch(connection, HALT, halt_reason(row), row.by, wall_ms)
    stop_all(connection, close=row.goal == "flatten")


def panic_row(connection: Connection) -> PanicRow | None:
    """The one that stands; None when there is none."""
    found = connection.execute(select(tables.latches).where(tables.latches.c.name == PANIC)).one_or_none()
    if found is None:
        return None
    values = json.loads(found.reason)
    return PanicRow(values["goal"], found.set_by, found.since_ms, values["is_told"], values["is_begun"])


def clear_panic(connection: Connection) -> None:
    """Let go of it, and of the halt that came with it."""
    clear_latch(connection, PANIC)
    clear_latch(connection, HALT)


def stop_all(connection: Connection, *, close: bool) -> None:
    """Every bot is on its way to its end; one that was being stopped and kept closes too when everything does."""
    table = tables.bots
    ending = update(table).where(table.c.state == RUNNING)
    connection.execute(ending.values(state=STOPPING, keep_position=not close, stopped_ms=None))
    if close:
        connection.execute(update(table).where(table.c.state == STOPPING).values(keep_position=False))


def held_rows(connection: Connection) -> list[HeldRow]:
    """Every hold that is not empty, of all bots and of nobody."""
    table = records.holds
    columns = [table.c[name] for name in HeldRow.__slots__]
    rows = connection.execute(select(*columns).where(table.c.net_amount_base.not_in(["0", "0E+0"]))).all()
    return [HeldRow(**row._mapping) for row in rows]


def latch_on_disk(path: Path, row: PanicRow, actor: Actor) -> PanicRow:
    """Latch in a database that no instance has open; one that stands keeps its beginning, and closes when either asks for that."""
    engine = open_engine(path)
    try:
        wall_ms = row.since_ms
        with engine.begin() as connection:
            before = panic_row(connection)
            if before is not None:
                row = PanicRow("flatten" if "flatten" in (before.goal, row.goal) else row.goal, before.by, before.since_ms)
            put_panic(connection, row, wall_ms)
            write_audit(connection, wall_ms, actor, "panic" if before is None else "panic_again", "trading", after=row.goal)
            return row
    finally:
        engine.dispose()
