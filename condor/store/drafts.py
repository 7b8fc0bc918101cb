"""Drafts of the wizard: they survive a restart and are continued where they were left."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from condor.store import tables

OPEN, STARTED, CANCELLED = "open", "started", "cancelled"


@dataclass(frozen=True, slots=True)
class Notes:
    """What is known of a draft beside its answers.

    Parameters
    ----------
    given : tuple of str
        Fields that a person has answered; nothing is worked out for them any more.
    why : mapping of str to str
        Field -> why its value was proposed.
    beside : mapping
        What a file or a bot said that the form does not ask for.
    origin : str
        What it was made from, for people.
    """

    given: tuple[str, ...] = ()
    why: dict[str, str] = field(default_factory=dict)
    beside: dict[str, Any] = field(default_factory=dict)
    origin: str = ""


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
    notes: Notes = Notes()


def revision_of(draft: Draft) -> str:
    """Stands for a draft's answers: what was worked out for it and comes late is for others if this has changed."""
    return hashlib.sha256(json.dumps([draft.controller_name, draft.answers], sort_keys=True).encode()).hexdigest()[:16]


def add_draft(connection: Connection, draft: Draft) -> None:
    values = {name: getattr(draft, name) for name in Draft.__slots__ if name != "notes"} | {"answers": json.dumps(draft.answers)}
    connection.execute(insert(tables.drafts).values(values))
    _put_notes(connection, draft.draft_id, draft.notes)


def save_draft(
    connection: Connection,
    draft_id: str,
    wall_ms: int,
    *,
    answers: dict[str, Any] | None = None,
    step: int | None = None,
    state: str | None = None,
    notes: Notes | None = None,
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
    if notes is not None:
        _put_notes(connection, draft_id, notes)


def _put_notes(connection: Connection, draft_id: str, notes: Notes) -> None:
    text = json.dumps({"given": notes.given, "why": notes.why, "beside": notes.beside, "origin": notes.origin})
    statement = upsert(tables.draft_notes).values(draft_id=draft_id, notes=text)
    connection.execute(statement.on_conflict_do_update(index_elements=["draft_id"], set_={"notes": text}))


def draft_by_id(connection: Connection, draft_id: str) -> Draft | None:
    row = connection.execute(_with_notes().where(tables.drafts.c.draft_id == draft_id)).one_or_none()
    return _draft(row) if row is not None else None


def open_drafts(connection: Connection, front: str, chat_id: int, limit: int = 5) -> list[Draft]:
    """Unfinished drafts of a chat, newest first."""
    table = tables.drafts
    query = _with_notes().where(table.c.front == front, table.c.chat_id == chat_id, table.c.state == OPEN)
    return [_draft(row) for row in connection.execute(query.order_by(table.c.updated_ms.desc()).limit(limit))]


def _with_notes() -> Any:
    noted = tables.draft_notes
    return select(tables.drafts, noted.c.notes).outerjoin(noted, noted.c.draft_id == tables.drafts.c.draft_id)


def _draft(row: Any) -> Draft:
    # drafts of earlier versions have no notes
    known = json.loads(row.notes) if row.notes else {}
    notes = Notes(**(known | {"given": tuple(known.get("given", ()))}))
    return Draft(**(dict(row._mapping) | {"answers": json.loads(row.answers), "notes": notes}))
