"""Balances that are not to fall below an amount, and what watches have told that is not over yet: rows, so that a restart neither repeats nor forgets it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.sqlite import insert as upsert

from condor.store import tables


# ---- floors ------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Floor:
    """Of an asset in an account, `mode` paper or live: people are told when there is less than `amount`."""

    mode: str
    connector_name: str
    asset: str
    amount: Decimal


def floors_in(connection: Connection) -> list[Floor]:
    """All of them, by account and asset."""
    table = tables.balance_floors
    query = select(table.c.mode, table.c.connector_name, table.c.asset, table.c.amount)
    rows = connection.execute(query.order_by(table.c.mode, table.c.connector_name, table.c.asset))
    return [Floor(row.mode, row.connector_name, row.asset, Decimal(row.amount)) for row in rows]


def put_floor(connection: Connection, floor: Floor, wall_ms: int) -> None:
    values = asdict(floor) | {"amount": format(floor.amount, "f"), "set_ms": wall_ms}
    statement = upsert(tables.balance_floors).values(values)
    changed = {name: values[name] for name in ("amount", "set_ms")}
    connection.execute(statement.on_conflict_do_update(index_elements=["mode", "connector_name", "asset"], set_=changed))


def drop_floor(connection: Connection, mode: str, connector_name: str, asset: str) -> bool:
    """Forget one; False when there is none."""
    table = tables.balance_floors
    where = (table.c.mode == mode, table.c.connector_name == connector_name, table.c.asset == asset)
    return bool(connection.execute(delete(table).where(*where)).rowcount)


# ---- what was told -----------------------------------------------------------------------------------------------------
def watch_states(connection: Connection, kind: str) -> dict[tuple[str, str], dict[str, Any]]:
    """(mode, subject) -> what was told of it, as far as that is not over."""
    table = tables.watch_states
    rows = connection.execute(select(table).where(table.c.kind == kind))
    return {(row.mode, row.subject): json.loads(row.payload) for row in rows}


def put_watch_state(connection: Connection, kind: str, mode: str, subject: str, payload: dict[str, Any], wall_ms: int) -> None:
    values = {"payload": json.dumps(payload), "since_ms": wall_ms}
    statement = upsert(tables.watch_states).values(kind=kind, mode=mode, subject=subject, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["kind", "mode", "subject"], set_=values))


def drop_watch_state(connection: Connection, kind: str, mode: str, subject: str) -> None:
    table = tables.watch_states
    connection.execute(delete(table).where(table.c.kind == kind, table.c.mode == mode, table.c.subject == subject))
