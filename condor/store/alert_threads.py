"""What the chat remembers of alerts that were sent: opening messages that change, and critical ones that wait to be seen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from condor.store import tables
from condor.store.alerts import Chat, of_chat
from condor.store.outbox import notice_of, notice_text
from condor.views import Notice

KEPT_MS = 30 * 86_400_000


# ---- opening messages ----------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Thread:
    """The message that told of an opening, and what it is to say now."""

    front: str
    chat_id: int
    executor_id: str
    message_id: int
    notice: Notice


def begin_thread(connection: Connection, chat: Chat, notice: Notice, message_id: int, wall_ms: int) -> None:
    """The opening of an executor's position was told in this message."""
    values = {"message_id": message_id, "notice": notice_text(notice), "is_dirty": False, "changed_ms": wall_ms}
    statement = upsert(tables.alert_threads).values(front=chat[0], chat_id=chat[1], executor_id=notice.executor_id, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["front", "chat_id", "executor_id"], set_=values))


def thread_of(connection: Connection, chat: Chat, executor_id: str) -> Thread | None:
    """Where an executor's opening was told in a chat; None where it was not."""
    table = tables.alert_threads
    row = connection.execute(select(table).where(*of_chat(table, chat), table.c.executor_id == executor_id)).one_or_none()
    return _thread(row) if row is not None else None


def change_thread(connection: Connection, chat: Chat, executor_id: str, changes: dict[str, Any], wall_ms: int) -> bool:
    """Have an opening message say something else from now on; False when there is none."""
    found = thread_of(connection, chat, executor_id)
    if found is None:
        return False
    notice = replace(found.notice, payload={**found.notice.payload, **changes})
    table = tables.alert_threads
    where = (*of_chat(table, chat), table.c.executor_id == executor_id)
    connection.execute(update(table).where(*where).values(notice=notice_text(notice), is_dirty=True, changed_ms=wall_ms))
    return True


def dirty_threads(connection: Connection, fronts: Sequence[str]) -> list[Thread]:
    """Opening messages that say something old, those that changed first in front."""
    table = tables.alert_threads
    query = select(table).where(table.c.is_dirty.is_(True), table.c.front.in_(fronts)).order_by(table.c.changed_ms).limit(200)
    return [_thread(row) for row in connection.execute(query)]


def clean_thread(connection: Connection, thread: Thread) -> None:
    """It says what it is to say, unless that has changed meanwhile."""
    table = tables.alert_threads
    where = (*of_chat(table, (thread.front, thread.chat_id)), table.c.executor_id == thread.executor_id)
    same = table.c.notice == notice_text(thread.notice)
    connection.execute(update(table).where(*where, same).values(is_dirty=False))


def prune_threads(connection: Connection, wall_ms: int) -> None:
    table = tables.alert_threads
    connection.execute(delete(table).where(table.c.changed_ms < wall_ms - KEPT_MS, table.c.is_dirty.is_(False)))


def _thread(row: Any) -> Thread:
    return Thread(row.front, row.chat_id, row.executor_id, row.message_id, notice_of(row))


# ---- critical ones ---------------------------------------------------------------------------------------------------
def begin_repeats(connection: Connection, chat: Chat, event_id: int, wall_ms: int, next_ms: int) -> None:
    """Something critical has reached a chat; it is said again until somebody has seen it."""
    values = {"sent_ms": wall_ms, "repeats": 0, "next_ms": next_ms, "acked_ms": None, "acked_by": ""}
    statement = upsert(tables.alert_repeats).values(event_id=event_id, front=chat[0], chat_id=chat[1], **values)
    connection.execute(statement.on_conflict_do_nothing())


def due_repeats(connection: Connection, wall_ms: int) -> list[Any]:
    """(event_id, front, chat_id, repeats, sent_ms) of what is to be said again now, in the order of the events."""
    table = tables.alert_repeats
    query = select(table).where(table.c.acked_ms.is_(None), table.c.next_ms <= wall_ms).order_by(table.c.event_id)
    return list(connection.execute(query).all())


def count_repeat(connection: Connection, chat: Chat, event_id: int, repeats: int, next_ms: int) -> None:
    table = tables.alert_repeats
    connection.execute(update(table).where(*of_chat(table, chat), table.c.event_id == event_id).values(repeats=repeats, next_ms=next_ms))


def unseen(connection: Connection, chat: Chat) -> list[int]:
    """Events that a chat has not acknowledged."""
    table = tables.alert_repeats
    query = select(table.c.event_id).where(*of_chat(table, chat), table.c.acked_ms.is_(None)).order_by(table.c.event_id)
    return [row.event_id for row in connection.execute(query)]


def acknowledge(connection: Connection, event_ids: Iterable[int], by: str, wall_ms: int) -> int:
    """Somebody has seen these: no chat hears of them again; returns how many that were."""
    table = tables.alert_repeats
    ids = list(event_ids)
    fresh = select(table.c.event_id).where(table.c.event_id.in_(ids), table.c.acked_ms.is_(None)).distinct()
    count = len(connection.execute(fresh).all())
    where = table.c.event_id.in_(ids) & table.c.acked_ms.is_(None)
    connection.execute(update(table).where(where).values(acked_ms=wall_ms, acked_by=by))
    return count


def seen_by(connection: Connection, event_ids: Iterable[int]) -> str:
    """Who has acknowledged one of these; empty when nobody was asked to."""
    table = tables.alert_repeats
    where = table.c.event_id.in_(list(event_ids)) & table.c.acked_ms.is_not(None)
    found: str | None = connection.execute(select(table.c.acked_by).where(where).limit(1)).scalar_one_or_none()
    return found or ""


def open_events(connection: Connection, kinds: Sequence[str]) -> list[Notice]:
    """Critical notices of some kinds that nobody has acknowledged, each event once."""
    repeats, outbox = tables.alert_repeats, tables.outbox
    same = (repeats.c.event_id == outbox.c.event_id) & (repeats.c.front == outbox.c.front) & (repeats.c.chat_id == outbox.c.chat_id)
    query = select(outbox.c.event_id, outbox.c.notice).select_from(repeats.join(outbox, same)).where(repeats.c.acked_ms.is_(None))
    found = {row.event_id: notice_of(row) for row in connection.execute(query)}
    return [notice for notice in found.values() if notice.kind in kinds]
