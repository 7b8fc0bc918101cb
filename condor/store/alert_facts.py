"""Facts as digests and alerts look back on them: by the wall time at which they happened."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, func, select

from botcore.recorder import tables as records


def count_since(connection: Connection, kind: str, since_ms: int, event_id: int) -> int:
    """How often something has happened since then, up to and with a given fact."""
    table = records.facts
    where = (table.c.kind == kind) & (table.c.wall_ms >= since_ms) & (table.c.event_id <= event_id)
    return int(connection.execute(select(func.count()).select_from(table).where(where)).scalar_one())


def facts_between(connection: Connection, account: str, kinds: Sequence[str], since_ms: int, until_ms: int) -> list[tuple[str, str, dict[str, Any]]]:
    """(kind, bot, payload) of what happened in an account in a span, oldest first."""
    table = records.facts
    where = (table.c.account == account, table.c.kind.in_(kinds), table.c.wall_ms >= since_ms, table.c.wall_ms < until_ms)
    query = select(table.c.kind, table.c.bot_id, table.c.payload).where(*where).order_by(table.c.event_id)
    return [(row.kind, row.bot_id, json.loads(row.payload)) for row in connection.execute(query)]
