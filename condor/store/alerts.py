"""What each chat has said about its alerts: rules, mutes, preferences, topics."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import ColumnElement, Connection, Table, delete, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from condor.alerts.events import Level
from condor.alerts.localtime import next_daily
from condor.alerts.rules import Mute, Prefs, Rule, Wishes
from condor.store import tables

Chat = tuple[str, int]
"""Front end and chat."""


def of_chat(table: Table, chat: Chat) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """The rows of a chat."""
    return table.c.front == chat[0], table.c.chat_id == chat[1]


# ---- reading -------------------------------------------------------------------------------------------------------
def wishes_of(connection: Connection, chat: Chat, now_ms: int) -> Wishes:
    """All that a chat has said; mutes that have run out are left out."""
    rules, mutes, topics = tables.alert_rules, tables.alert_mutes, tables.alert_topics
    return Wishes(
        prefs_of(connection, chat),
        tuple(
            Rule(row.event, row.bot_id, row.close_type, Level(row.level))
            for row in connection.execute(select(rules).where(*of_chat(rules, chat)).order_by(rules.c.event, rules.c.bot_id, rules.c.close_type))
        ),
        tuple(
            Mute(row.bot_id, row.until_ms)
            for row in connection.execute(select(mutes).where(*of_chat(mutes, chat), mutes.c.until_ms > now_ms).order_by(mutes.c.bot_id))
        ),
        {(row.severity, row.bot_id): row.thread_id for row in connection.execute(select(topics).where(*of_chat(topics, chat)))},
    )


def prefs_of(connection: Connection, chat: Chat) -> Prefs:
    table = tables.alert_prefs
    row = connection.execute(select(table).where(*of_chat(table, chat))).one_or_none()
    if row is None:
        return Prefs()
    return Prefs(
        row.zone,
        row.quiet_from,
        row.quiet_to,
        Level(row.quiet_level),
        Decimal(row.min_pnl),
        row.daily_at,
        row.weekly_on,
        row.daily_next_ms,
        row.weekly_next_ms,
        row.unit,
    )


# ---- writing -------------------------------------------------------------------------------------------------------
def put_prefs(connection: Connection, chat: Chat, prefs: Prefs) -> None:
    values = {
        "zone": prefs.zone,
        "quiet_from": prefs.quiet_from,
        "quiet_to": prefs.quiet_to,
        "quiet_level": prefs.quiet_level.value,
        "min_pnl": format(prefs.min_pnl, "f"),
        "daily_at": prefs.daily_at,
        "weekly_on": prefs.weekly_on,
        "daily_next_ms": prefs.daily_next_ms,
        "weekly_next_ms": prefs.weekly_next_ms,
        "unit": prefs.unit,
    }
    statement = upsert(tables.alert_prefs).values(front=chat[0], chat_id=chat[1], **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["front", "chat_id"], set_=values))


def planned(prefs: Prefs, now_ms: int) -> tuple[int, int]:
    """When the next daily and the next weekly digest are due; 0 for never."""
    daily = next_daily(prefs.zone, prefs.daily_at, now_ms) if prefs.daily_at >= 0 else 0
    at = prefs.daily_at if prefs.daily_at >= 0 else 9 * 60
    return daily, next_daily(prefs.zone, at, now_ms, prefs.weekly_on) if prefs.weekly_on >= 0 else 0


def put_rule(connection: Connection, chat: Chat, event: str, bot_id: str, close_type: str, level: Level | None) -> None:
    """Set a rule; None takes it away."""
    table, keys = tables.alert_rules, {"event": event, "bot_id": bot_id, "close_type": close_type}
    if level is None:
        connection.execute(delete(table).where(*of_chat(table, chat), *(table.c[name] == value for name, value in keys.items())))
        return
    statement = upsert(table).values(front=chat[0], chat_id=chat[1], **keys, level=level.value)
    connection.execute(statement.on_conflict_do_update(index_elements=["front", "chat_id", *keys], set_={"level": level.value}))


def put_mute(connection: Connection, chat: Chat, bot_id: str, until_ms: int) -> None:
    """Mute a bot until then; a time that has passed ends it."""
    statement = upsert(tables.alert_mutes).values(front=chat[0], chat_id=chat[1], bot_id=bot_id, until_ms=until_ms)
    connection.execute(statement.on_conflict_do_update(index_elements=["front", "chat_id", "bot_id"], set_={"until_ms": until_ms}))


def put_topic(connection: Connection, chat: Chat, severity: str, bot_id: str, thread_id: int | None) -> None:
    """Which topic hears what; None takes the way away."""
    table = tables.alert_topics
    if thread_id is None:
        connection.execute(delete(table).where(*of_chat(table, chat), table.c.severity == severity, table.c.bot_id == bot_id))
        return
    statement = upsert(table).values(front=chat[0], chat_id=chat[1], severity=severity, bot_id=bot_id, thread_id=thread_id)
    connection.execute(statement.on_conflict_do_update(index_elements=["front", "chat_id", "severity", "bot_id"], set_={"thread_id": thread_id}))


GONE = -1
"""Stands where a topic was that is gone: the owner's private chat is told in its place until somebody says otherwise."""


def forget_topic(connection: Connection, chat: Chat, thread_id: int, *, is_replaced: bool) -> None:
    """A topic is gone: nothing is sent there any more."""
    table = tables.alert_topics
    where = (*of_chat(table, chat), table.c.thread_id == thread_id)
    connection.execute(update(table).where(*where).values(thread_id=GONE) if is_replaced else delete(table).where(*where))


def topics_of(connection: Connection) -> dict[Chat, dict[tuple[str, str], int]]:
    """Chat -> (severity or `*`, bot or `*`) -> topic."""
    found: dict[Chat, dict[tuple[str, str], int]] = {}
    for row in connection.execute(select(tables.alert_topics)):
        found.setdefault((row.front, row.chat_id), {})[row.severity, row.bot_id] = row.thread_id
    return found
