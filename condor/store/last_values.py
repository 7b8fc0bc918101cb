"""What accounts were worth when their venues were last reached: told while one is away, over restarts too."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert as upsert

from condor.store import tables


@dataclass(frozen=True, slots=True)
class LastValue:
    """Of one account, in `currency`."""

    connector_name: str
    currency: str
    value: Decimal
    known_ms: int


def put_last_value(connection: Connection, last: LastValue) -> None:
    values = {"connector_name": last.connector_name, "currency": last.currency, "value": format(last.value, "f"), "known_ms": last.known_ms}
    statement = upsert(tables.last_values).values(values)
    connection.execute(statement.on_conflict_do_update(index_elements=["connector_name"], set_=values))


def last_value_of(connection: Connection, connector_name: str) -> LastValue | None:
    """None when the venue was never reached."""
    table = tables.last_values
    row = connection.execute(select(table).where(table.c.connector_name == connector_name)).one_or_none()
    return None if row is None else LastValue(row.connector_name, row.currency, Decimal(row.value), row.known_ms)
