"""Caps of accounts and their days, as they are written down."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert as upsert

from condor.store import tables


@dataclass(frozen=True, slots=True)
class CapDayRow:
    """A day of an account: what it began with, and why its entries are latched (empty while they are not)."""

    day: int
    begun_with: dict[str, Any]
    latched: str


def caps_of(connection: Connection, mode: str) -> dict[str, dict[str, Any]]:
    """Account -> its caps as JSON values."""
    table = tables.account_caps
    rows = connection.execute(select(table.c.connector_name, table.c.caps).where(table.c.mode == mode))
    return {row.connector_name: json.loads(row.caps) for row in rows}


def put_caps(connection: Connection, mode: str, connector_name: str, caps: dict[str, Any], wall_ms: int) -> None:
    values = {"caps": json.dumps(caps), "updated_ms": wall_ms}
    statement = upsert(tables.account_caps).values(mode=mode, connector_name=connector_name, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["mode", "connector_name"], set_=values))


def cap_days(connection: Connection, mode: str) -> dict[str, CapDayRow]:
    """Account -> its last day."""
    table = tables.cap_days
    rows = connection.execute(select(table).where(table.c.mode == mode))
    return {row.connector_name: CapDayRow(row.day, json.loads(row.begun_with), row.latched) for row in rows}


def put_cap_day(connection: Connection, mode: str, connector_name: str, row: CapDayRow) -> None:
    values = {"day": row.day, "begun_with": json.dumps(row.begun_with), "latched": row.latched}
    statement = upsert(tables.cap_days).values(mode=mode, connector_name=connector_name, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["mode", "connector_name"], set_=values))
