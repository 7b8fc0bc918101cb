"""Cards that ask before something is done: each is answered once, by who asked, while it is fresh."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from condor.store import tables

PENDING, EXECUTING, DONE, FAILED, UNKNOWN = "pending", "executing", "done", "failed", "unknown"
KEPT_MS = 30 * 86_400_000


@dataclass(frozen=True, slots=True)
class Confirm:
    """One such card.

    Parameters
    ----------
    screen, args
        What draws it anew.
    target_version : str
        Changes when what is asked about has become something else.
    snapshot : dict
        `text`, `prices` and `choices` as they were shown.
    chosen, result : str
        Label of the choice that was taken, and what came of it.
    """

    confirm_id: str
    panel_id: str
    screen: str
    args: dict[str, Any]
    target: str
    target_version: str
    snapshot: dict[str, Any]
    front: str
    chat_id: int
    user_id: int
    user_name: str
    created_ms: int
    expires_ms: int
    state: str = PENDING
    chosen: str = ""
    result: str = ""
    done_ms: int | None = None


def add_confirm(connection: Connection, confirm: Confirm) -> None:
    values = {name: getattr(confirm, name) for name in Confirm.__slots__}
    connection.execute(insert(tables.confirms).values(values | {"args": _json(confirm.args), "snapshot": _json(confirm.snapshot)}))


def confirm_by_id(connection: Connection, confirm_id: str) -> Confirm | None:
    row = connection.execute(select(tables.confirms).where(tables.confirms.c.confirm_id == confirm_id)).one_or_none()
    if row is None:
        return None
    return Confirm(**(dict(row._mapping) | {"args": json.loads(row.args), "snapshot": json.loads(row.snapshot)}))


def take_confirm(connection: Connection, confirm_id: str, user_id: int, chosen: str, wall_ms: int) -> bool:
    """Answer a card, once: False when it was answered before, is somebody else's, or is too old. Call in the transaction of what it does."""
    table = tables.confirms
    mine = (table.c.confirm_id == confirm_id) & (table.c.user_id == user_id)
    still = (table.c.state == PENDING) & (table.c.expires_ms >= wall_ms)
    return connection.execute(update(table).where(mine, still).values(state=EXECUTING, chosen=chosen)).rowcount == 1


def finish_confirm(connection: Connection, confirm_id: str, state: str, chosen: str, result: str, wall_ms: int) -> None:
    """Note what came of a card."""
    table = tables.confirms
    values = {"state": state, "chosen": chosen, "result": result, "done_ms": wall_ms}
    connection.execute(update(table).where(table.c.confirm_id == confirm_id).values(values))


def interrupted(connection: Connection, result: str, wall_ms: int) -> None:
    """What was being carried out when an earlier process ended: it was recorded, and nobody wrote down what came of it."""
    table = tables.confirms
    connection.execute(update(table).where(table.c.state == EXECUTING).values(state=UNKNOWN, result=result, done_ms=wall_ms))


def prune_confirms(connection: Connection, wall_ms: int) -> None:
    """Forget cards whose time has been over for a month."""
    connection.execute(delete(tables.confirms).where(tables.confirms.c.expires_ms < wall_ms - KEPT_MS))


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
