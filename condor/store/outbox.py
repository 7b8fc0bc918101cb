"""The outbox: what is to be told to whom, in the order in which it happened, until it has been told."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects.sqlite import insert

from condor.store import tables
from condor.store.common import cursor, move_cursor
from condor.views import Notice

QUEUED, SENT, FAILED = "queued", "sent", "failed"
DIGEST, UNSURE = "digest", "unsure"
"""Waits for the chat's next digest; left and was never answered, so that it may have arrived."""
MERGED = "merged"
"""Told by another message: a digest, or another chat's."""
REFUSED = "refused"
"""Never taken: the chat's own server says no to it, and would again."""

OWN_IDS = "own notices"
"""Cursor that counts down: what begins in the application has ids below 0, facts have ids above."""

PARKED_MS = 7 * 86_400_000
"""How long what a dead chat has missed is kept for the day on which it comes back."""


@dataclass(frozen=True, slots=True)
class OutgoingNotice:
    """A notice for one chat."""

    front: str
    chat_id: int
    severity: str
    is_silent: bool
    notice: Notice
    state: str = QUEUED


@dataclass(frozen=True, slots=True)
class QueuedNotice:
    """A notice that waits to be sent, or that may have arrived (`is_unsure`)."""

    message_key: int
    attempts: int
    outgoing: OutgoingNotice
    created_ms: int = 0

    @property
    def is_unsure(self) -> bool:
        return self.outgoing.state == UNSURE


def own_id(connection: Connection) -> int:
    """An id for a notice that tells of no fact."""
    value = (cursor(connection, OWN_IDS) or 0) - 1
    move_cursor(connection, OWN_IDS, value)
    return value


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
            "notice": notice_text(item.notice),
            "is_silent": item.is_silent,
            "state": item.state,
            "attempts": 0,
            "created_ms": wall_ms,
        }
        connection.execute(insert(tables.outbox).values(values).on_conflict_do_nothing())


def queued(connection: Connection, fronts: Sequence[str], limit: int = 1000) -> list[QueuedNotice]:
    """What waits for these front ends: the oldest `limit` of every chat, so that a chat that can't be reached never hides another."""
    table = tables.outbox
    waits = table.c.state.in_([QUEUED, UNSURE]) & table.c.front.in_(fronts)
    found: list[QueuedNotice] = []
    for chat in connection.execute(select(table.c.front, table.c.chat_id).where(waits).distinct()).all():
        query = select(table).where(waits, table.c.front == chat.front, table.c.chat_id == chat.chat_id)
        found.extend(_queued(row) for row in connection.execute(query.order_by(table.c.message_key).limit(limit)))
    return found


def _queued(row: Any) -> QueuedNotice:
    outgoing = OutgoingNotice(row.front, row.chat_id, row.severity, row.is_silent, notice_of(row), row.state)
    return QueuedNotice(row.message_key, row.attempts, outgoing, row.created_ms)


def notice_of(row: Any) -> Notice:
    return Notice(**json.loads(row.notice))


def notice_text(notice: Notice) -> str:
    """A notice as rows hold it; the same one is the same text."""
    return json.dumps(asdict(notice), sort_keys=True)


def for_digest(connection: Connection, front: str, chat_id: int) -> list[QueuedNotice]:
    """What waits for a chat's digest, oldest first."""
    table = tables.outbox
    query = select(table).where(table.c.front == front, table.c.chat_id == chat_id, table.c.state == DIGEST)
    return [_queued(row) for row in connection.execute(query.order_by(table.c.message_key))]


def told_with(connection: Connection, message_key: int) -> list[QueuedNotice]:
    """All that one message has told, found by any of it."""
    table = tables.outbox
    row = connection.execute(select(table).where(table.c.message_key == message_key)).one_or_none()
    if row is None:
        return []
    if row.message_id is None:
        return [_queued(row)]
    same = (table.c.front == row.front) & (table.c.chat_id == row.chat_id) & (table.c.message_id == row.message_id)
    return [_queued(each) for each in connection.execute(select(table).where(same).order_by(table.c.message_key))]


# ---- what became of it ---------------------------------------------------------------------------------------------
def mark_sent(connection: Connection, message_key: int, message_id: int, wall_ms: int) -> None:
    table = tables.outbox
    connection.execute(update(table).where(table.c.message_key == message_key).values(state=SENT, message_id=message_id, sent_ms=wall_ms))


def mark_tried(connection: Connection, message_key: int, state: str | None = None) -> None:
    """It did not get through; `state` where that changes what it waits for."""
    table, values = tables.outbox, {} if state is None else {"state": state}
    connection.execute(update(table).where(table.c.message_key == message_key).values(attempts=table.c.attempts + 1, **values))


def mark_merged(connection: Connection, message_keys: Sequence[int]) -> None:
    """A digest tells of these."""
    table = tables.outbox
    connection.execute(update(table).where(table.c.message_key.in_(list(message_keys))).values(state=MERGED))


def change_notice(connection: Connection, front: str, chat_id: int, executor_id: str, kind: str, changes: dict[str, Any]) -> bool:
    """Change what a notice that still waits says; False when there is none."""
    table = tables.outbox
    where = (table.c.front == front) & (table.c.chat_id == chat_id) & (table.c.executor_id == executor_id)
    for row in connection.execute(select(table).where(where, table.c.state.in_([QUEUED, DIGEST, FAILED]))).all():
        notice = notice_of(row)
        if notice.kind == kind:
            changed = notice_text(replace(notice, payload={**notice.payload, **changes}))
            connection.execute(update(table).where(table.c.message_key == row.message_key).values(notice=changed))
            return True
    return False


def hand_over(connection: Connection, message_key: int, chat_id: int) -> None:
    """Have another chat of the same front end told of it; where that is told of the event anyway, it is enough."""
    table = tables.outbox
    row = connection.execute(select(table).where(table.c.message_key == message_key)).one()
    same = (table.c.event_id == row.event_id) & (table.c.front == row.front) & (table.c.chat_id == chat_id)
    is_told = connection.execute(select(table.c.message_key).where(same)).first() is not None
    values = {"state": MERGED} if is_told else {"chat_id": chat_id, "state": QUEUED}
    connection.execute(update(table).where(table.c.message_key == message_key).values(**values))


def fail_chat(connection: Connection, front: str, chat_id: int) -> None:
    """Lay aside what waits for a chat that can't be reached any more."""
    table = tables.outbox
    where = (table.c.front == front) & (table.c.chat_id == chat_id) & table.c.state.in_([QUEUED, UNSURE])
    connection.execute(update(table).where(where).values(state=FAILED))


def bury_front(connection: Connection, front: str) -> None:
    """A front end is gone: what waits for its chats is laid aside, until somebody writes from one again."""
    chats, table = tables.chats, tables.outbox
    connection.execute(update(chats).where(chats.c.front == front).values(is_dead=True))
    connection.execute(update(table).where(table.c.front == front, table.c.state.in_([QUEUED, UNSURE])).values(state=FAILED))


def revive_chat(connection: Connection, front: str, chat_id: int, wall_ms: int) -> int:
    """Queue again what was laid aside for a chat that has come back, unless it is a week old; returns how much that is."""
    table = tables.outbox
    where = (table.c.front == front) & (table.c.chat_id == chat_id) & (table.c.state == FAILED) & (table.c.created_ms > wall_ms - PARKED_MS)
    return int(connection.execute(update(table).where(where).values(state=QUEUED)).rowcount)


def waiting(connection: Connection) -> int:
    return int(connection.execute(select(func.count()).select_from(tables.outbox).where(tables.outbox.c.state == QUEUED)).scalar_one())


def has_waiting(connection: Connection, front: str, chat_id: int, kind: str) -> bool:
    """Whether a notice of this kind waits for a chat."""
    table = tables.outbox
    where = (table.c.front == front) & (table.c.chat_id == chat_id) & table.c.state.in_([QUEUED, UNSURE])
    return any(notice_of(row).kind == kind for row in connection.execute(select(table.c.notice).where(where)))


def notices_of(connection: Connection, front: str, chat_id: int, event_ids: Sequence[int]) -> list[Notice]:
    """What a chat was told of these events, oldest first."""
    table = tables.outbox
    where = (table.c.front == front) & (table.c.chat_id == chat_id) & table.c.event_id.in_(list(event_ids))
    return [notice_of(row) for row in connection.execute(select(table.c.notice).where(where).order_by(table.c.message_key))]


def has_event(connection: Connection, front: str, event_id: int) -> bool:
    """Whether a front end was given an event already."""
    table = tables.outbox
    return connection.execute(select(table.c.message_key).where(table.c.front == front, table.c.event_id == event_id)).first() is not None


def criticals(connection: Connection, front: str, *, waiting_since_ms: int, created_ms: int | None) -> list[QueuedNotice]:
    """Everything critical that has waited for a front end since then, and all that came after `created_ms`, told or not; each event once, oldest first.

    What is laid aside for a chat that takes nothing any more waits too, unless another chat of the front end was told it: then somebody knows.
    """
    table = tables.outbox
    told = table.alias("told")
    is_told = select(told.c.message_key).where(told.c.front == front, told.c.event_id == table.c.event_id, told.c.state == SENT).exists()
    is_parked = (table.c.state == FAILED) & (table.c.created_ms > waiting_since_ms - PARKED_MS) & ~is_told
    waits = (table.c.state.in_([QUEUED, UNSURE]) | is_parked) & (table.c.created_ms <= waiting_since_ms)
    wanted = waits if created_ms is None else waits | (table.c.created_ms >= created_ms)
    found: dict[int, QueuedNotice] = {}
    query = select(table).where(table.c.front == front, table.c.severity == "critical", wanted)
    for row in connection.execute(query.order_by(table.c.message_key)):
        found.setdefault(row.event_id, _queued(row))
    return list(found.values())
