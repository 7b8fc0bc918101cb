"""What is written down after a message was sent, or was not: within one transaction each."""

from __future__ import annotations

from botcore.model.events import FactKind
from condor.alerts.batches import Batch
from condor.alerts.events import OWN_SEVERITY, REPEATS_ITSELF, Own
from condor.alerts.posting import Post, Unreachable
from condor.alerts.repeats import first_repeat_ms
from condor.store import Connection, outbox
from condor.store.alert_threads import begin_repeats, begin_thread, change_thread
from condor.store.alerts import GONE, Chat, forget_topic
from condor.store.common import bury_chat, owner_chats
from condor.store.outbox import OutgoingNotice, QueuedNotice
from condor.views import Notice


def sent(connection: Connection, chat: Chat, batch: Batch, message_id: int, wall_ms: int) -> None:
    """They were told in this message."""
    for item in batch.all:
        outbox.mark_sent(connection, item.message_key, message_id, wall_ms)
        _remember(connection, chat, item, message_id, wall_ms, is_alone=len(batch.all) == 1)


def _remember(connection: Connection, chat: Chat, item: QueuedNotice, message_id: int, wall_ms: int, *, is_alone: bool) -> None:
    """An opening message may have to change later, and what is critical is said again."""
    notice = item.outgoing.notice
    if notice.kind == FactKind.POSITION_OPENED and is_alone:
        begin_thread(connection, chat, notice, message_id, wall_ms)
    if notice.kind == FactKind.EXECUTOR_CLOSED:
        change_thread(connection, chat, notice.executor_id, {"ended": notice.payload}, wall_ms)
    # message ids are 0 where nobody can tap anything: at the second channel
    if message_id and item.outgoing.severity == "critical" and notice.kind not in REPEATS_ITSELF and notice.kind != Own.REPEAT:
        begin_repeats(connection, chat, notice.event_id, wall_ms, first_repeat_ms(wall_ms))


def failed(connection: Connection, chat: Chat, batch: Batch, post: Post, error: Unreachable, wall_ms: int) -> None:
    """They did not get through."""
    front, chat_id = chat
    if error.is_topic_gone and post.thread_id:
        topic_gone(connection, chat, batch, post.thread_id, wall_ms)
        return
    if error.is_refused and len(batch.all) == 1:
        _refused(connection, chat, batch.all[0], str(error), wall_ms)
        return
    for item in (*batch.items, *batch.joined):
        # what is critical is rather told twice, and a file is rather there twice than not at all
        is_unsure = error.may_have_arrived and item.outgoing.severity != "critical" and item.outgoing.notice.kind != Own.REPORT
        outbox.mark_tried(connection, item.message_key, outbox.UNSURE if is_unsure else None)
    if error.is_dead:
        bury_chat(connection, chat_id, front)
        outbox.fail_chat(connection, front, chat_id)


def _refused(connection: Connection, chat: Chat, item: QueuedNotice, reason: str, wall_ms: int) -> None:
    """It ends here, and the owner hears what could not be told and why; that this could not be told either is only in the log."""
    front, chat_id = chat
    outbox.mark_tried(connection, item.message_key, outbox.REFUSED)
    about = item.outgoing.notice
    if about.kind == Own.REFUSED:
        return
    told = {"chat_id": chat_id, "kind": about.kind, "event_id": about.event_id, "reason": reason}
    notice = Notice(outbox.own_id(connection), Own.REFUSED, about.bot_id, about.bot_title, about.executor_id, about.mode, wall_ms, told)
    is_critical = item.outgoing.severity == "critical"
    severity = "critical" if is_critical else OWN_SEVERITY[Own.REFUSED]
    owners = owner_chats(connection, front) or [chat_id]
    outbox.put(connection, [OutgoingNotice(front, owner, severity, not is_critical and item.outgoing.is_silent, notice) for owner in owners], wall_ms)


def topic_gone(connection: Connection, chat: Chat, batch: Batch, thread_id: int, wall_ms: int) -> None:
    """Their topic is gone: the owner's private chat is told in its place, with one warning; without such a chat the group itself is.

    `thread_id` is 0 when that is known already.
    """
    front, chat_id = chat
    owners = owner_chats(connection, front)
    if thread_id or not owners:
        forget_topic(connection, chat, thread_id or GONE, is_replaced=bool(owners))
    if thread_id:
        notice = Notice(outbox.own_id(connection), Own.TOPIC_GONE, "", "", "", "", wall_ms, {"chat_id": chat_id, "thread_id": thread_id})
        severity = OWN_SEVERITY[Own.TOPIC_GONE]
        outbox.put(connection, [OutgoingNotice(front, owner, severity, False, notice) for owner in owners[:1] or [chat_id]], wall_ms)
    if owners:
        for item in batch.all:
            outbox.hand_over(connection, item.message_key, owners[0])
