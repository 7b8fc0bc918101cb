"""The outbox: what is to be told to whom, in the order in which it happened, until it has been told."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects.sqlite import insert

from condor.store import tables
from condor.views import Notice

QUEUED, SENT, FAILED = "queued", "sent", "failed"


@dataclass(frozen=True, slots=True)
class OutgoingNotice:
    """A notice for one chat."""

    front: str
    chat_id: int
    severity: str
    is_silent: bool
    notice: Notice


@dataclass(frozen=True, slots=True)
class QueuedNotice:
    """A notice that waits to be sent."""

    message_key: int
    attempts: int
    outgoing: OutgoingNotice


def put(connection: Connection, outgoing: Sequence[OutgoingNotice], wall_ms: int) -> None:
    """Queue notices; one that is queued for its chat already is left alone."""
    for item in outgoing:
        values = {
            "event_id": item.notice.event_id,
            "front": item.front,
            "chat_id": item.chat_id,
            "bot_id": item.notice.bot_id,
            "executor_id": item.notice.executor_id,
            "severity": item.severity,
            "notice": json.dumps(asdict(item.notice), sort_keys=True),
            "is_silent": item.is_silent,
            "state": QUEUED,
            "attempts": 0,
            "created_ms": wall_ms,
        }
        connection.execute(insert(tables.outbox).values(values).on_conflict_do_nothing())


def queued(connection: Connection, fronts: Sequence[str], limit: int = 50) -> list[QueuedNotice]:
    """What waits for these front ends: the oldest `limit` of every chat, so that a chat that can't be reached never hides another."""
    table = tables.outbox
    waits = (table.c.state == QUEUED) & table.c.front.in_(fronts)
    found: list[QueuedNotice] = []
    for chat in connection.execute(select(table.c.front, table.c.chat_id).where(waits).distinct()).all():
        query = select(table).where(waits, table.c.front == chat.front, table.c.chat_id == chat.chat_id)
        found.extend(_queued(row) for row in connection.execute(query.order_by(table.c.message_key).limit(limit)))
    return found


def _queued(row: Any) -> QueuedNotice:
    outgoing = OutgoingNotice(row.front, row.chat_id, row.severity, row.is_silent, Notice(**json.loads(row.notice)))
    return QueuedNotice(row.message_key, row.attempts, outgoing)


def mark_sent(connection: Connection, message_key: int, message_id: int, wall_ms: int) -> None:
    table = tables.outbox
    connection.execute(update(table).where(table.c.message_key == message_key).values(state=SENT, message_id=message_id, sent_ms=wall_ms))


def mark_tried(connection: Connection, message_key: int) -> None:
    table = tables.outbox
    connection.execute(update(table).where(table.c.message_key == message_key).values(attempts=table.c.attempts + 1))


def fail_chat(connection: Connection, front: str, chat_id: int) -> None:
    """Give up what waits for a chat that can't be reached any more."""
    table = tables.outbox
    connection.execute(update(table).where(table.c.front == front, table.c.chat_id == chat_id, table.c.state == QUEUED).values(state=FAILED))


def waiting(connection: Connection) -> int:
    return int(connection.execute(select(func.count()).select_from(tables.outbox).where(tables.outbox.c.state == QUEUED)).scalar_one())
