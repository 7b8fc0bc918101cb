"""Limits of roles, as they are written down."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.sqlite import insert as upsert

from condor.store import tables


def limits_of_role(connection: Connection, role: str) -> dict[str, Decimal]:
    """Name of a limit -> its value, those that are set."""
    table = tables.role_limits
    rows = connection.execute(select(table.c.name, table.c.value).where(table.c.role == role))
    return {row.name: Decimal(row.value) for row in rows}


def put_role_limit(connection: Connection, role: str, name: str, value: Decimal | None, wall_ms: int) -> None:
    """Set a limit; None takes it away."""
    table = tables.role_limits
    if value is None:
        connection.execute(delete(table).where(table.c.role == role, table.c.name == name))
        return
    values = {"value": format(value, "f"), "updated_ms": wall_ms}
    statement = upsert(table).values(role=role, name=name, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["role", "name"], set_=values))
