"""From facts to messages: who is told what, and that it gets there.

Facts commit with the change that they tell of. This module reads them behind a cursor, decides for every chat, and queues notices in one transaction with the
cursor: a crash in between repeats and loses nothing. A sender empties the queue chat by chat in order. Trading never waits for any of this.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Protocol

from botcore.model.events import FactKind
from botcore.recorder.journal import Journal
from botcore.recorder.queries import facts_after, last_event_id
from condor.host import WallClock
from condor.settings import AlertSettings
from condor.store import Connection, outbox
from condor.store.bots import bot_by_id
from condor.store.common import ChatRow, bury_chat, chats, cursor, move_cursor
from condor.store.outbox import OutgoingNotice, QueuedNotice
from condor.views import Notice
from condor.worth import is_worth_telling

log = logging.getLogger(__name__)

CURSOR = "notifications"
PER_CHAT_S = 1.0
DRAIN_S = 0.1
RETRY_S = (1.0, 2.0, 5.0, 15.0, 60.0)

ChatKey = tuple[str, int]
"""Front end and chat."""

SEVERITY = {
    FactKind.EXECUTOR_CLOSED: "trade",
    FactKind.POSITION_HELD: "critical",
    FactKind.CONTROLLER_FAULT: "critical",
    FactKind.EXECUTOR_FAULT: "critical",
    FactKind.PART_FAULT: "critical",
    FactKind.LIQUIDATED: "critical",
    FactKind.TRADING_HALTED: "critical",
    FactKind.TRADING_RELEASED: "warning",
    FactKind.BOT_STARTED: "info",
    FactKind.BOT_STOPPED: "info",
    FactKind.MARKET_ENDED: "warning",
    FactKind.RECOVERED: "info",
    FactKind.ORDER_UNKNOWN: "warning",
    FactKind.ORDER_FOUND: "warning",
    FactKind.ORDER_ABSENT: "warning",
    FactKind.FILLS_MISSING: "critical",
    FactKind.ACCOUNT_DENIED: "critical",
    FactKind.ACCOUNT_ALLOWED: "warning",
    FactKind.ACCOUNT_WARNED: "critical",
    FactKind.FORCED_ORDER: "critical",
    FactKind.ORDER_ADOPTED: "warning",
    FactKind.OTHER_HOME: "warning",
    FactKind.POSITION_UNACCOUNTED: "critical",
    FactKind.VENUE_DOWN: "critical",
    FactKind.VENUE_UP: "warning",
    FactKind.VENUE_BANNED: "critical",
    FactKind.CLOCK_JUMPED: "warning",
    FactKind.CLOCK_SKEWED: "warning",
    FactKind.VENUE_TROUBLE: "warning",
    FactKind.LATE_FILL: "critical",
    FactKind.OVER_CLOSED: "critical",
    FactKind.STOP_REFUSED: "critical",
    FactKind.EXIT_STUCK: "critical",
    FactKind.EXIT_FAILED: "critical",
    FactKind.POSITION_ADJUSTED: "critical",
    FactKind.BALANCE_SHORT: "critical",
    FactKind.BALANCE_COVERED: "warning",
    FactKind.STOOD_STILL: "warning",
    FactKind.LEFT_BEHIND: "critical",
    FactKind.DRAWDOWN_REACHED: "critical",
    FactKind.DRAWDOWN_ANEW: "warning",
    FactKind.STOP_FORCED: "critical",
    FactKind.PANIC_BEGUN: "critical",
    FactKind.PANIC_REPORT: "critical",
}
"""Kinds that are announced; the others are only kept."""

MERGED = frozenset({FactKind.ORDER_UNKNOWN, FactKind.ORDER_FOUND, FactKind.ORDER_ABSENT, FactKind.ORDER_ADOPTED})
"""Kinds that come in bursts when a venue is down: all that wait of one kind are one message."""


class Unreachable(Exception):
    """A message did not get through.

    Parameters
    ----------
    retry_after_s : float, optional
        When to try again; None for the sender's own rhythm.
    is_dead : bool
        The chat will never take messages again.
    """

    def __init__(self, text: str, retry_after_s: float | None = None, *, is_dead: bool = False) -> None:
        super().__init__(text)
        self.retry_after_s = retry_after_s
        self.is_dead = is_dead


class Notifier(Protocol):
    """A front end's way to push: words the notices as one message and returns its id, or raises Unreachable."""

    async def send(self, chat_id: int, notices: Sequence[Notice], *, silent: bool) -> int: ...


class Notifications:
    """See the module.

    Parameters
    ----------
    notifiers : dict of str to Notifier
        By front end; a front end that is not running is served when it runs again.
    """

    def __init__(self, journal: Journal, settings: AlertSettings, wall: WallClock) -> None:
        self._journal = journal
        self._settings = settings
        self._wall = wall
        self._notifiers: dict[str, Notifier] = {}
        self._news = asyncio.Event()
        self._queue_grew = asyncio.Event()
        self._not_before: dict[tuple[str, int], float] = {}
        self._after_trades: set[ChatKey] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self._unnoted: dict[int, int] = {}

    def add_notifier(self, front: str, notifier: Notifier) -> None:
        self._notifiers[front] = notifier
        self._queue_grew.set()

    def start(self) -> None:
        self._news.set()
        self._tasks = [asyncio.create_task(self._expand_forever()), asyncio.create_task(self._send_forever())]

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def drain(self, patience_s: float) -> None:
        """Wait until all that is to be told has been told, or so long."""
        for _ in range(int(patience_s / DRAIN_S)):
            if not await asyncio.wrap_future(self._journal.read(_is_waiting)):
                return
            await asyncio.sleep(DRAIN_S)

    def wake(self) -> None:
        """Facts have become durable."""
        self._news.set()

    # ---- facts -> queue --------------------------------------------------------------------------------------------
    async def _expand_forever(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            try:
                while await asyncio.wrap_future(self._journal.run(self._expand)):
                    self._queue_grew.set()
            except Exception:  # the door of a network task: alerts must survive whatever one fact holds
                log.exception("facts could not be turned into alerts")
                await asyncio.sleep(1)
                self._news.set()

    def _expand(self, connection: Connection) -> int:
        """Queue the notices of the next facts and move the cursor, in one transaction; returns how many facts there were."""
        after = cursor(connection, CURSOR)
        if after is None:
            move_cursor(connection, CURSOR, last_event_id(connection) if not chats(connection) else 0)
            after = cursor(connection, CURSOR) or 0
        facts = facts_after(connection, after)
        if not facts:
            return 0
        reachable = chats(connection)
        titles: dict[str, tuple[str, str]] = {}
        outgoing: list[OutgoingNotice] = []
        for fact in facts:
            payload = json.loads(fact["payload"])
            if not self._is_told(fact["kind"], payload):
                continue
            bot_id = fact["bot_id"]
            if bot_id not in titles:
                row = bot_by_id(connection, bot_id) if bot_id else None
                titles[bot_id] = (row.title, row.mode) if row is not None else (bot_id, "paper")
            title, mode = titles[bot_id]
            notice = Notice(fact["event_id"], fact["kind"], bot_id, title, fact["executor_id"], mode, fact["wall_ms"], payload)
            outgoing.extend(_for_chat(chat, notice) for chat in reachable)
        outbox.put(connection, outgoing, self._wall.wall_ms())
        move_cursor(connection, CURSOR, facts[-1]["event_id"])
        return len(facts)

    def _is_told(self, kind: str, payload: Mapping[str, Any]) -> bool:
        """Whether people want to hear of it."""
        if kind not in SEVERITY:
            return False
        if kind != FactKind.EXECUTOR_CLOSED:
            return True
        if not Decimal(payload.get("volume_quote") or 0):
            # a quote that was replaced is no news; one that was refused is
            return self._settings.unfilled or payload.get("close_type") in ("FAILED", "INSUFFICIENT_BALANCE")
        if payload.get("close_type") == "POSITION_HOLD" and payload.get("type") != "order_executor":
            # its own result is 0; that a position is there which nobody watches is what counts
            return True
        return is_worth_telling(payload, self._settings.min_pnl_quote)

    # ---- queue -> chats --------------------------------------------------------------------------------------------
    async def _send_forever(self) -> None:
        while True:
            try:
                wait_s = await self._send_round()
            except Exception:  # the door of a network task
                log.exception("alerts could not be sent")
                wait_s = RETRY_S[1]
            try:
                # not wait_for: before Python 3.12 it swallows a cancel that comes together with the event
                async with asyncio.timeout(wait_s):
                    await self._queue_grew.wait()
            except TimeoutError:
                continue
            self._queue_grew.clear()

    async def _send_round(self) -> float | None:
        """Send what may be sent now, one message a chat and second; returns when to look again (None: when something comes)."""
        waiting = await asyncio.wrap_future(self._journal.read(lambda connection: outbox.queued(connection, list(self._notifiers))))
        by_chat: dict[ChatKey, list[QueuedNotice]] = {}
        for item in waiting:
            by_chat.setdefault((item.outgoing.front, item.outgoing.chat_id), []).append(item)
        next_s: float | None = None
        for key, items in by_chat.items():
            if self._not_before.get(key, 0.0) <= asyncio.get_running_loop().time():
                batch = _next_batch(items, after_trades=key in self._after_trades)
                (self._after_trades.add if batch[0].outgoing.severity == "trade" else self._after_trades.discard)(key)
                await self._send(key, batch)
            # there may be more than was read, and what did not get through is tried again
            left_s = max(0.05, self._not_before[key] - asyncio.get_running_loop().time())
            next_s = left_s if next_s is None else min(next_s, left_s)
        return next_s

    async def _send(self, key: ChatKey, batch: list[QueuedNotice]) -> None:
        front, chat_id = key
        loop = asyncio.get_running_loop()
        self._not_before[key] = loop.time() + PER_CHAT_S
        unnoted = [item for item in batch if item.message_key in self._unnoted]
        if unnoted:
            await self._note(unnoted, self._unnoted[unnoted[0].message_key])
            return
        is_silent = all(item.outgoing.is_silent for item in batch)
        try:
            message_id = await self._notifiers[front].send(chat_id, [item.outgoing.notice for item in batch], silent=is_silent)
        except Unreachable as error:
            pause_s = error.retry_after_s if error.retry_after_s is not None else RETRY_S[min(batch[0].attempts, len(RETRY_S) - 1)]
            self._not_before[key] = loop.time() + pause_s
            log.warning("an alert for chat %s waits %.0f s: %s", chat_id, pause_s, error)
            is_dead = error.is_dead
            await asyncio.wrap_future(self._journal.run(lambda connection: _tried(connection, key, batch, is_dead=is_dead)))
            return
        self._unnoted.update((item.message_key, message_id) for item in batch)
        await self._note(batch, message_id)

    async def _note(self, batch: list[QueuedNotice], message_id: int) -> None:
        """Write down that they were sent. While the disk takes nothing that is kept in mind, so that nobody hears the same thing every second."""
        wall_ms = self._wall.wall_ms()
        await asyncio.wrap_future(self._journal.run(lambda connection: _sent(connection, batch, message_id, wall_ms)))
        for item in batch:
            self._unnoted.pop(item.message_key, None)


def _is_waiting(connection: Connection) -> bool:
    """Facts first: each statement sees another moment, and a fact that becomes an alert between the two must not be in neither."""
    return last_event_id(connection) > (cursor(connection, CURSOR) or 0) or outbox.waiting(connection) > 0


def _next_batch(items: list[QueuedNotice], *, after_trades: bool = False) -> list[QueuedNotice]:
    """What goes out next: something critical first, then trades, all that wait in one message, then the rest one by one or kind by kind.

    Where trades close every second the rest would never be told: after a message of trades it is the rest's turn.
    """
    for item in items:
        if item.outgoing.severity == "critical":
            return [item]
    trades = [item for item in items if item.outgoing.severity == "trade"]
    others = [item for item in items if item.outgoing.severity != "trade"]
    if trades and not (others and after_trades):
        return trades
    kind = others[0].outgoing.notice.kind
    return [item for item in others if item.outgoing.notice.kind == kind] if kind in MERGED else [others[0]]


def _sent(connection: Connection, batch: list[QueuedNotice], message_id: int, wall_ms: int) -> None:
    for item in batch:
        outbox.mark_sent(connection, item.message_key, message_id, wall_ms)


def _tried(connection: Connection, key: ChatKey, batch: list[QueuedNotice], *, is_dead: bool) -> None:
    front, chat_id = key
    for item in batch:
        outbox.mark_tried(connection, item.message_key)
    if is_dead:
        bury_chat(connection, chat_id, front)
        outbox.fail_chat(connection, front, chat_id)


def _for_chat(chat: ChatRow, notice: Notice) -> OutgoingNotice:
    severity = SEVERITY[notice.kind]
    return OutgoingNotice(chat.front, chat.chat_id, severity, severity == "info", notice)
