"""Drafts of the wizard: they survive a restart and are continued where they were left."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, select, update

from condor.store import tables

OPEN, STARTED, CANCELLED = "open", "started", "cancelled"


@dataclass(frozen=True, slots=True)
class Draft:
    """One configuration in the making; `answers` are JSON values by field."""

    draft_id: str
    front: str
    chat_id: int
    user_id: int
    controller_name: str
    answers: dict[str, Any]
    step: int
    state: str
    updated_ms: int


def add_draft(connection: Connection, draft: Draft) -> None:
    values = {name: getattr(draft, name) for name in Draft.__slots__} | {"answers": json.dumps(draft.answers)}
    connection.execute(insert(tables.drafts).values(values))


def save_draft(
    connection: Connection, draft_id: str, wall_ms: int, *, answers: dict[str, Any] | None = None, step: int | None = None, state: str | None = None
) -> None:
    """Change what is given."""
    values: dict[str, Any] = {"updated_ms": wall_ms}
    if answers is not None:
        values["answers"] = json.dumps(answers)
    if step is not None:
        values["step"] = step
    if state is not None:
        values["state"] = state
    connection.execute(update(tables.drafts).where(tables.drafts.c.draft_id == draft_id).values(values))


def draft_by_id(connection: Connection, draft_id: str) -> Draft | None:
    row = connection.execute(select(tables.drafts).where(tables.drafts.c.draft_id == draft_id)).one_or_none()
    return _draft(row) if row is not None else None


def open_drafts(connection: Connection, front: str, chat_id: int, limit: int = 3) -> list[Draft]:
    """Unfinished drafts of a chat, newest first."""
    table = tables.drafts
    query = select(table).where(table.c.front == front, table.c.chat_id == chat_id, table.c.state == OPEN)
    return [_draft(row) for row in connection.execute(query.order_by(table.c.updated_ms.desc()).limit(limit))]


def _draft(row: Any) -> Draft:
    return Draft(**(dict(row._mapping) | {"answers": json.loads(row.answers)}))
