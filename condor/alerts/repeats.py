"""What is critical is said again after 5, 15 and 60 minutes, and then every hour, until somebody has seen it. Rows decide, so a restart changes nothing."""

from __future__ import annotations

from dataclasses import asdict

from condor.alerts.events import OWN_SEVERITY, Own
from condor.store import Connection, outbox
from condor.store.alert_threads import count_repeat, due_repeats
from condor.store.alerts import Chat
from condor.store.common import all_chats
from condor.store.outbox import OutgoingNotice
from condor.views import Notice

AFTER_MS = (5 * 60_000, 15 * 60_000, 60 * 60_000)
EVERY_MS = 60 * 60_000
LISTED = 10


def first_repeat_ms(sent_ms: int) -> int:
    return sent_ms + AFTER_MS[0]


def next_ms(sent_ms: int, repeats: int, now_ms: int) -> int:
    """When something is said again that was said again `repeats` times; moments that have passed meanwhile are not made up for."""
    if repeats < len(AFTER_MS):
        planned = sent_ms + AFTER_MS[repeats]
        if planned > now_ms:
            return planned
    return now_ms + EVERY_MS if repeats >= len(AFTER_MS) else now_ms + AFTER_MS[0]


def repeat(connection: Connection, now_ms: int) -> int:
    """Queue one message for each chat that has something to see; returns how many. A chat that has not had the last one yet gets no other."""
    by_chat: dict[Chat, list[tuple[int, int, int]]] = {}
    for row in due_repeats(connection, now_ms):
        by_chat.setdefault((row.front, row.chat_id), []).append((row.event_id, row.repeats, row.sent_ms))
    alive = {(chat.front, chat.chat_id) for chat in all_chats(connection) if not chat.is_dead}
    queued = 0
    for chat, found in by_chat.items():
        for event_id, repeats, sent_ms in found:
            count_repeat(connection, chat, event_id, repeats + 1, next_ms(sent_ms, repeats + 1, now_ms))
        if chat not in alive or outbox.has_waiting(connection, *chat, Own.REPEAT):
            continue
        events = [event_id for event_id, _, _ in found]
        notices = [asdict(notice) for notice in outbox.notices_of(connection, *chat, events[-LISTED:])]
        notice = Notice(outbox.own_id(connection), Own.REPEAT, "", "", "", "", now_ms, {"events": events, "notices": notices})
        outbox.put(connection, [OutgoingNotice(*chat, OWN_SEVERITY[Own.REPEAT], False, notice)], now_ms)
        queued += 1
    return queued
