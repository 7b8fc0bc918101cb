"""`SqlVenueMemory`: what a connection to a venue remembers, in the records of its account."""

from __future__ import annotations

from sqlalchemy import Connection, select

from botcore.recorder import tables
from botcore.recorder.recorder import MarketsRecorder
from botcore.recorder.sqlite_file import Write


class SqlVenueMemory:
    """Implements `VenueMemory` (botcore/venues/memory.py).

    Reading is from memory; what is put is written by the recorder with the next tick, after the orders and fills that were heard before it.

    Parameters
    ----------
    recorder : MarketsRecorder
        Of the account.
    values : dict of str to str
        What was remembered (`remembered`).
    """

    def __init__(self, recorder: MarketsRecorder, connector_name: str, values: dict[str, str]) -> None:
        self._recorder = recorder
        self._connector_name = connector_name
        self._values = dict(values)

    def get(self, key: str) -> str | None:
        return self._values.get(key)

    def put(self, key: str, value: str) -> None:
        if self._values.get(key) == value:
            return
        self._values[key] = value
        row = {"account": self._recorder.account, "connector_name": self._connector_name, "key": key, "value": value}
        self._recorder.note(Write(tables.venue_memory, row))


def remembered(connection: Connection, account: str, connector_name: str) -> dict[str, str]:
    """What a connection of an account has put down before."""
    table = tables.venue_memory
    rows = connection.execute(select(table.c.key, table.c.value).where(table.c.account == account, table.c.connector_name == connector_name))
    return {row.key: row.value for row in rows}
