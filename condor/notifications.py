"""From facts to messages: who is told what, and that it gets there.

Facts commit with the change that they tell of. This module reads them behind a cursor, decides for every chat, and queues notices in one transaction with the
cursor: a crash in between repeats and loses nothing. A sender empties the queue chat by chat in order; a chat that is slow, blocked or told to wait holds up no
other. Trading never waits for any of this.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

from botcore.model.events import FactKind
from botcore.recorder.journal import Journal
from botcore.recorder.queries import last_event_id
from condor.alerts.after import failed, sent, topic_gone
from condor.alerts.batches import Batch, next_batch
from condor.alerts.events import MERGED as MERGED
from condor.alerts.events import SEVERITY as SEVERITY
from condor.alerts.expand import CURSOR, expand, subject_of
from condor.alerts.lanes import RETRY_S, Lane
from condor.alerts.posting import Notifier as Notifier
from condor.alerts.posting import Post
from condor.alerts.posting import Unreachable as Unreachable
from condor.alerts.rules import topic_of
from condor.host import WallClock
from condor.settings import AlertSettings
from condor.store import Connection, outbox
from condor.store.alert_threads import Thread, clean_thread, dirty_threads, thread_of
from condor.store.alerts import Chat, topics_of
from condor.store.common import cursor
from condor.store.outbox import QueuedNotice

log = logging.getLogger(__name__)

DRAIN_S = 0.1

LATE_MS = 120_000
"""What is told so long after it happened says when that was."""

Topics = dict[Chat, dict[tuple[str, str], int]]


@dataclass(frozen=True, slots=True)
class _Waiting:
    """What is to be sent, as one read of the tables has found it."""

    items: list[QueuedNotice]
    topics: Topics
    threads: list[Thread]


class Notifications:
    """See the module.

    Parameters
    ----------
    now_s : callable, optional
        The sender's clock, which never goes back; the event loop's unless it is given.
    """

    def __init__(self, journal: Journal, settings: AlertSettings, wall: WallClock, now_s: Callable[[], float] | None = None) -> None:
        self._journal = journal
        self._settings = settings
        self._wall = wall
        self._now_s = now_s or (lambda: asyncio.get_running_loop().time())
        self._notifiers: dict[str, Notifier] = {}
        self._news = asyncio.Event()
        self._queue_grew = asyncio.Event()
        self._lanes: dict[Chat, Lane] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._sending: set[asyncio.Task[None]] = set()
        self._unnoted: dict[int, int] = {}
        self._at_work = 0

    def add_notifier(self, front: str, notifier: Notifier) -> None:
        """A front end that is not running is served when it runs again."""
        self._notifiers[front] = notifier
        self._queue_grew.set()

    def remove_notifier(self, front: str) -> None:
        """Nothing is sent through this front end any more."""
        self._notifiers.pop(front, None)

    def start(self) -> None:
        self._news.set()
        self._tasks = [asyncio.create_task(self._expand_forever()), asyncio.create_task(self._send_forever())]

    async def close(self) -> None:
        tasks = [*self._tasks, *self._sending]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def drain(self, patience_s: float) -> None:
        """Wait until all that is to be told has been told, or so long."""
        for _ in range(int(patience_s / DRAIN_S)):
            if not await asyncio.wrap_future(self._journal.read(_is_waiting)):
                return
            await asyncio.sleep(DRAIN_S)

    def wake(self) -> None:
        """Facts have become durable."""
        self._news.set()

    def look(self) -> None:
        """Something was put into the queue by somebody else, or a chat has come back."""
        self._queue_grew.set()

    @property
    def is_busy(self) -> bool:
        """Whether something is being looked at, sent or written down, or is to be looked at: at rest it waits for time, or for news."""
        return bool(self._sending) or self._news.is_set() or self._queue_grew.is_set() or self._at_work > 0

    # ---- facts -> queue --------------------------------------------------------------------------------------------
    async def _expand_forever(self) -> None:
        while True:
            await self._news.wait()
            self._at_work += 1
            self._news.clear()
            try:
                while await asyncio.wrap_future(self._journal.run(self._expand)):
                    self._queue_grew.set()
            except Exception:  # the door of a network task: alerts must survive whatever one fact holds
                log.exception("facts could not be turned into alerts")
                await asyncio.sleep(1)
                self._news.set()
            finally:
                self._at_work -= 1

    def _expand(self, connection: Connection) -> int:
        return expand(connection, self._settings, self._wall.wall_ms())

    # ---- queue -> chats --------------------------------------------------------------------------------------------
    async def _send_forever(self) -> None:
        while True:
            self._at_work += 1
            try:
                wait_s = await self._send_round()
            except Exception:  # the door of a network task
                log.exception("alerts could not be sent")
                wait_s = RETRY_S[1]
            finally:
                self._at_work -= 1
            try:
                # not wait_for: before Python 3.12 it swallows a cancel that comes together with the event
                async with asyncio.timeout(wait_s):
                    await self._queue_grew.wait()
            except TimeoutError:
                continue
            self._queue_grew.clear()

    async def _send_round(self) -> float | None:
        """Let what may leave now leave, one message a chat; returns when to look again (None: when something comes)."""
        fronts = list(self._notifiers)
        # what was on its way when the tables were read may have arrived since: it must not leave again because of an old reading
        under_way = {key for key, lane in self._lanes.items() if lane.is_busy}
        waiting = await asyncio.wrap_future(self._journal.read(lambda connection: _waiting(connection, fronts)))
        by_chat: dict[Chat, list[QueuedNotice]] = {}
        for item in waiting.items:
            by_chat.setdefault((item.outgoing.front, item.outgoing.chat_id), []).append(item)
        threads: dict[Chat, Thread] = {}
        for thread in waiting.threads:
            threads.setdefault((thread.front, thread.chat_id), thread)
        next_s: float | None = None
        for key in {**by_chat, **threads}:
            lane = self._lanes.setdefault(key, Lane(is_group=key[1] < 0))
            if key in under_way:
                continue
            wait_s = lane.wait_s(self._now_s())
            if not wait_s:
                self._begin(key, lane, by_chat.get(key, []), threads.get(key), waiting.topics.get(key, {}))
                wait_s = max(0.05, lane.wait_s(self._now_s()))
            next_s = wait_s if next_s is None else min(next_s, wait_s)
        return next_s

    def _begin(self, key: Chat, lane: Lane, items: list[QueuedNotice], thread: Thread | None, topics: dict[tuple[str, str], int]) -> None:
        """Begin to send a chat's next message, if there is one now; an opening message is changed when nothing else is to be said."""
        unnoted = [item for item in items if item.message_key in self._unnoted]
        if unnoted:
            self._spawn(lane, partial(self._note, key, Batch(tuple(unnoted)), self._unnoted[unnoted[0].message_key]))
            return
        trades = [item for item in items if item.outgoing.severity == "trade" and not item.is_unsure]
        is_gathering = lane.gathering.look(trades, self._now_s())
        batch = next_batch(
            _same_topic(items, topics), self._wall.wall_ms(), after_trades=lane.after_trades, is_gathering=is_gathering, apart=lane.apart
        )
        if batch is not None:
            lane.after_trades = bool(batch.items) and batch.items[0].outgoing.severity == "trade"
            self._spawn(lane, partial(self._send, key, lane, batch, topics))
        elif thread is not None and not items:
            self._spawn(lane, partial(self._edit, key, lane, thread))
        else:
            lane.not_before_s = self._now_s() + RETRY_S[0] / 2

    def _spawn(self, lane: Lane, work: Callable[[], Awaitable[None]]) -> None:
        async def run() -> None:
            try:
                await work()
            except Exception:  # the door of a network task
                log.exception("an alert could not be sent")
                lane.failed(self._now_s(), None)
            finally:
                lane.is_busy = False
                self._queue_grew.set()

        lane.is_busy = True
        lane.leaves(self._now_s())
        task = asyncio.create_task(run())
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _send(self, key: Chat, lane: Lane, batch: Batch, topics: dict[tuple[str, str], int]) -> None:
        front, chat_id = key
        first = batch.all[0]
        thread_id = (topic_of(subject_of(first.outgoing.notice), topics) or 0) if topics else 0
        if thread_id < 0:
            # its topic is gone: the owner hears it instead
            await asyncio.wrap_future(self._journal.run(lambda connection: topic_gone(connection, key, batch, 0, self._wall.wall_ms())))
            return
        post = Post(
            chat_id,
            first.message_key,
            [item.outgoing.notice for item in batch.items],
            batch.shape,
            all(item.outgoing.is_silent for item in batch.items or batch.doubtful),
            [item.outgoing.notice for item in (*batch.items, *batch.doubtful) if item.is_unsure],
            await self._reply_to(key, batch),
            thread_id,
            is_again=bool(batch.items) and batch.items[0].attempts > 0 and batch.items[0].outgoing.severity == "critical",
            is_late=bool(batch.items) and self._wall.wall_ms() - batch.items[0].outgoing.notice.wall_ms > LATE_MS,
        )
        try:
            message_id = await self._notifiers[front].send(post)
        except Unreachable as error:
            await self._not_sent(key, lane, batch, post, error)
            return
        lane.arrived()
        lane.apart.difference_update(item.message_key for item in batch.all)
        self._unnoted.update((item.message_key, message_id) for item in batch.all)
        await self._note(key, batch, message_id)

    async def _not_sent(self, key: Chat, lane: Lane, batch: Batch, post: Post, error: Unreachable) -> None:
        """Wait with the chat, or go another way at once."""
        pause_s = lane.failed(self._now_s(), error.retry_after_s)
        note = partial(failed, chat=key, batch=batch, post=post, error=error, wall_ms=self._wall.wall_ms())
        await asyncio.wrap_future(self._journal.run(note))
        if error.is_refused and not (error.is_topic_gone and post.thread_id):
            log.error(
                "chat %s refuses a message (alerts in it: %d, the first of kind %s): %s",
                key[1],
                len(batch.all),
                batch.all[0].outgoing.notice.kind,
                error,
            )
            keys = {item.message_key for item in batch.all}
            # one of several: each goes by itself, until it is known which one it was; those of another topic still do
            lane.apart = lane.apart | keys if len(keys) > 1 else lane.apart - keys
        else:
            log.warning("an alert for chat %s waits %.0f s: %s", key[1], pause_s, error)
        if error.is_dead or error.is_moved or error.is_topic_gone:
            lane.not_before_s = self._now_s()

    async def _reply_to(self, key: Chat, batch: Batch) -> int:
        """The message of its opening, where one executor's end is told."""
        if len(batch.items) != 1 or batch.items[0].outgoing.notice.kind != FactKind.EXECUTOR_CLOSED:
            return 0
        executor_id = batch.items[0].outgoing.notice.executor_id
        found = await asyncio.wrap_future(self._journal.read(lambda connection: thread_of(connection, key, executor_id)))
        return 0 if found is None else found.message_id

    async def _note(self, key: Chat, batch: Batch, message_id: int) -> None:
        """Write down that they were sent. While the disk takes nothing that is kept in mind, so that nobody hears the same thing every second."""
        wall_ms = self._wall.wall_ms()
        await asyncio.wrap_future(self._journal.run(lambda connection: sent(connection, key, batch, message_id, wall_ms)))
        for item in batch.all:
            self._unnoted.pop(item.message_key, None)

    async def _edit(self, key: Chat, lane: Lane, thread: Thread) -> None:
        """Have an opening message say what has become of it. An edit may be repeated, so that nothing is to be asked when it fails."""
        try:
            await self._notifiers[key[0]].edit(key[1], thread.message_id, thread.notice)
        except Unreachable as error:
            if not (error.is_dead or error.is_moved or error.is_refused):
                lane.failed(self._now_s(), error.retry_after_s)
                return
            # it stays as it is: alerts must not wait for a change that never succeeds
        else:
            lane.arrived()
        await asyncio.wrap_future(self._journal.run(lambda connection: clean_thread(connection, thread)))


def _waiting(connection: Connection, fronts: Sequence[str]) -> _Waiting:
    items = outbox.queued(connection, fronts)
    return _Waiting(items, topics_of(connection), dirty_threads(connection, fronts))


def _same_topic(items: Sequence[QueuedNotice], topics: dict[tuple[str, str], int]) -> Sequence[QueuedNotice]:
    """Those that go where the first of them goes; all, where a chat has no topics. What is critical comes first in every topic."""
    if not topics or not items:
        return items
    first = next((item for item in items if item.outgoing.severity == "critical" and not item.is_unsure), items[0])
    wanted = topic_of(subject_of(first.outgoing.notice), topics)
    return [item for item in items if topic_of(subject_of(item.outgoing.notice), topics) == wanted]


def _is_waiting(connection: Connection) -> bool:
    """Facts first: each statement sees another moment, and a fact that becomes an alert between the two must not be in neither."""
    return last_event_id(connection) > (cursor(connection, CURSOR) or 0) or outbox.waiting(connection) > 0
