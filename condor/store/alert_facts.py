"""Facts as digests and alerts look back on them: by the wall time at which they happened."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select

from botcore.recorder import tables as records


def count_since(connection: Connection, kind: str, since_ms: int, event_id: int) -> int:
    """How often something has happened since then, up to and with a given fact."""
    table = records.facts
    where = (table.c.kind == kind) & (table.c.wall_ms >= since_ms) & (table.c.event_id <= event_id)
    return int(connection.execute(select(func.count()).select_from(table).where(where)).scalar_one())


@dataclass(frozen=True, slots=True)
class PastFact:
    """A fact as sums look at it."""

    kind: str
    bot_id: str
    payload: dict[str, Any]
    wall_ms: int


def facts_between(connection: Connection, account: str, kinds: Sequence[str], since_ms: int, until_ms: int) -> list[PastFact]:
    """What happened in an account in a span, oldest first."""
    table = records.facts
    where = (table.c.account == account, table.c.kind.in_(kinds), table.c.wall_ms >= since_ms, table.c.wall_ms < until_ms)
    query = select(table.c.kind, table.c.bot_id, table.c.payload, table.c.wall_ms).where(*where).order_by(table.c.event_id)
    return [PastFact(row.kind, row.bot_id, json.loads(row.payload), row.wall_ms) for row in connection.execute(query)]
