"""What records know of their own holes: executions since a loss, or since an older copy that was put back, may be written nowhere, in pairs that no record names."""

from __future__ import annotations

from sqlalchemy import Connection

from botcore.model.records import Forgotten
from botcore.model.times import SECOND_NS
from botcore.recorder import tables
from botcore.recorder.queries import runtime_value
from botcore.recorder.sqlite_file import Write, write_rows
from botcore.recorder.tables import last_ns_key

KEY = "forgotten"
LOOK_BACK_MS = 30 * 86_400_000
"""How far back it is read when nothing says where the records end."""

_MS = SECOND_NS // 1000


def note_forgotten(connection: Connection, mark: int, account: str, wall_ms: int) -> None:
    """Write down that the records of an account end with their last row, and that it went on after that; an earlier hole is part of it."""
    last_ns = runtime_value(connection, last_ns_key(account))
    since_ms = last_ns // _MS if last_ns else wall_ms - LOOK_BACK_MS
    before = forgotten(connection)
    if before is not None:
        since_ms = min(since_ms, before.since_ms)
    write_rows(connection, [Write(tables.runtime, {"key": KEY, "value": f"{mark} {since_ms}"})])


def forgotten(connection: Connection) -> Forgotten | None:
    """The hole that was written down last, whether it has been filled up or not."""
    table = tables.runtime
    value = connection.execute(table.select().where(table.c.key == KEY)).first()
    if value is None:
        return None
    mark, since_ms = value.value.split()
    return Forgotten(int(mark), int(since_ms))
