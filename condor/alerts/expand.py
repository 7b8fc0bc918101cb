"""From facts to the outbox: every fact is held against what each chat has asked for, in one transaction with the cursor."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from botcore.model.events import FactKind
from botcore.recorder.queries import facts_after, last_event_id
from condor.alerts.events import DONE_BY_HAND, FOR_OWNERS, OF_AN_ACCOUNT, REFUSALS, RESOLVES, SEVERITY, Level, event_of, severity_of
from condor.alerts.rules import Subject, Wishes, decide
from condor.hosts import ACCOUNT_OF, LIVE, PAPER
from condor.settings import AlertSettings
from condor.store import Connection, outbox
from condor.store.alert_facts import count_since
from condor.store.alert_threads import acknowledge, change_thread, open_events
from condor.store.alerts import Chat, wishes_of
from condor.store.bots import bot_by_id
from condor.store.common import ChatRow, all_chats, cursor, move_cursor, owner_chats
from condor.store.outbox import OutgoingNotice
from condor.views import Notice
from condor.worth import is_worth_telling, worth

CURSOR = "notifications"

LOOP_MS, LOOP_STARTS = 10 * 60_000, 3
"""So many starts within such a time are a loop of crashes."""

STATES = {Level.ON: outbox.QUEUED, Level.SILENT: outbox.QUEUED, Level.DIGEST: outbox.DIGEST}


def expand(connection: Connection, settings: AlertSettings, now_ms: int) -> int:
    """Queue the notices of the next facts and move the cursor; returns how many facts there were."""
    after = cursor(connection, CURSOR)
    known = all_chats(connection)
    if after is None:
        # whoever comes first is not told of what was before
        move_cursor(connection, CURSOR, 0 if known else last_event_id(connection))
        after = cursor(connection, CURSOR) or 0
    facts = facts_after(connection, after)
    if not facts:
        return 0
    wishes = {(chat.front, chat.chat_id): wishes_of(connection, (chat.front, chat.chat_id), now_ms) for chat in known}
    titles: dict[str, tuple[str, str]] = {}
    for fact in facts:
        notice = _notice(connection, fact, titles)
        _resolve(connection, notice, now_ms)
        if notice.kind == FactKind.POSITION_FILLED:
            for chat in known:
                _filled_on(connection, (chat.front, chat.chat_id), notice, now_ms)
        if is_told(notice.kind, notice.payload, settings):
            hearing = _hearing(connection, known, notice)
            found = [_for_chat(chat, notice, wishes[chat.front, chat.chat_id], now_ms) for chat in hearing]
            outbox.put(connection, [item for item in found if item is not None], now_ms)
    move_cursor(connection, CURSOR, facts[-1]["event_id"])
    return len(facts)


def is_told(kind: str, payload: Mapping[str, Any], settings: AlertSettings) -> bool:
    """Whether anybody wants to hear of it, by the settings of the home."""
    if kind not in SEVERITY:
        return False
    if kind != FactKind.EXECUTOR_CLOSED:
        return True
    if not Decimal(payload.get("volume_quote") or 0):
        # a quote that was replaced is no news; one that was refused is
        return settings.unfilled or payload.get("close_type") in REFUSALS
    if payload.get("close_type") == "POSITION_HOLD" and payload.get("type") != "order_executor":
        # its own result is 0; that a position is there which nobody watches is what counts
        return True
    return is_worth_telling(payload, settings.min_pnl_quote)


def subject_of(notice: Notice) -> Subject:
    """What rules look at."""
    payload = notice.payload
    return Subject(
        event_of(notice.kind, payload),
        severity_of(notice.kind, payload),
        notice.bot_id,
        str(payload.get("close_type") or ""),
        worth(payload),
    )


def outgoing(chat: Chat, notice: Notice, wishes: Wishes, now_ms: int, *, is_dead: bool = False) -> OutgoingNotice | None:
    """How a chat is told of something now; None when it does not want to hear of it."""
    subject = subject_of(notice)
    level = decide(subject, wishes, now_ms)
    if level is Level.OFF:
        return None
    # what a dead chat misses is kept for the day on which it comes back
    state = outbox.FAILED if is_dead and level is not Level.DIGEST else STATES[level]
    return OutgoingNotice(chat[0], chat[1], subject.severity, level is Level.SILENT, notice, state)


def _hearing(connection: Connection, known: Sequence[ChatRow], notice: Notice) -> Sequence[ChatRow]:
    """The chats that a notice is for: who may do what is told to owners alone, and what was done by hand not where it was done."""
    hearing = known
    if event_of(notice.kind, notice.payload) == FOR_OWNERS:
        fronts = {chat.front for chat in known}
        owners = {(front, chat_id) for front in fronts for chat_id in owner_chats(connection, front, with_dead=True)}
        hearing = [chat for chat in known if (chat.front, chat.chat_id) in owners]
    if notice.kind in DONE_BY_HAND:
        hearing = [chat for chat in hearing if (chat.front, chat.chat_id) != (notice.payload.get("front"), notice.payload.get("chat_id"))]
    return hearing


def _for_chat(chat: ChatRow, notice: Notice, wishes: Wishes, now_ms: int) -> OutgoingNotice | None:
    return outgoing((chat.front, chat.chat_id), notice, wishes, now_ms, is_dead=chat.is_dead)


def _notice(connection: Connection, fact: Mapping[str, Any], titles: dict[str, tuple[str, str]]) -> Notice:
    payload, bot_id = json.loads(fact["payload"]), fact["bot_id"]
    if bot_id not in titles:
        row = bot_by_id(connection, bot_id) if bot_id else None
        titles[bot_id] = (row.title, row.mode) if row is not None else (bot_id, "")
    if fact["kind"] == FactKind.RECOVERED:
        starts = count_since(connection, FactKind.RECOVERED, fact["wall_ms"] - LOOP_MS, fact["event_id"])
        if starts >= LOOP_STARTS:
            payload["restarts"] = starts
    title, mode = titles[bot_id]
    # what happens to an account belongs to no bot
    mode = mode or (LIVE if fact["account"] == ACCOUNT_OF[LIVE] else PAPER)
    return Notice(fact["event_id"], fact["kind"], bot_id, title, fact["executor_id"], mode, fact["wall_ms"], payload)


def _resolve(connection: Connection, notice: Notice, now_ms: int) -> None:
    """What was said again and again is over."""
    kinds = (notice.kind,) if notice.payload.get("is_over") else RESOLVES.get(notice.kind)
    if kinds is None:
        return
    over = [found.event_id for found in open_events(connection, kinds) if _is_of_the_same(found, notice)]
    acknowledge(connection, over, "it is over", now_ms)


def _is_of_the_same(one: Notice, other: Notice) -> bool:
    """Whether both are about the same account, and the same market and asset where both name one."""
    if one.payload.get("connector_name") != other.payload.get("connector_name"):
        return False
    if other.kind in OF_AN_ACCOUNT and one.mode != other.mode:
        return False
    return all(
        one.payload[name] == other.payload[name] for name in ("trading_pair", "asset", "side") if one.payload.get(name) and other.payload.get(name)
    )


def _filled_on(connection: Connection, chat: Chat, notice: Notice, now_ms: int) -> None:
    """More of an entry is filled: the message that told of its opening says so, or will."""
    # of an executor of several markets the first one that was filled stays in front
    legs = notice.payload.get("legs")
    changes = {"legs": legs} if legs else notice.payload
    if not change_thread(connection, chat, notice.executor_id, changes, now_ms):
        outbox.change_notice(connection, *chat, notice.executor_id, FactKind.POSITION_OPENED, changes)
