"""Status pushes: a chat asks to be told every so often; the wish is a row, the timer is rebuilt from it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from botcore.model.errors import UserError
from botcore.recorder.journal import Journal
from condor.host import WallClock
from condor.scheduler import Scheduler
from condor.services.bots import Claim
from condor.store import Connection
from condor.store.common import ChatRow, all_chats, chat, put_chat, put_status_told, set_status_push, status_told, write_audit
from condor.store.outbox import revive_chat
from condor.units import duration_text
from condor.users import Actor, Role, refuse_frozen, require

SHORTEST_S, LONGEST_S = 60, 7 * 86_400

Push = Callable[[ChatRow], Awaitable[None]]


class SubscriptionService:
    """Who wants to be told how things stand, and how often.

    Parameters
    ----------
    push : callable
        Sends a chat its status; set by the front ends through `on_push`.
    """

    def __init__(self, journal: Journal, scheduler: Scheduler, wall: WallClock) -> None:
        self._journal = journal
        self._scheduler = scheduler
        self._wall = wall
        self._pushes: dict[str, Push] = {}
        self.standing: Callable[[], str] = lambda: ""
        """How things stand, without prices: a push that waits for a change is sent when this is another text."""
        self.on_return: Callable[[], None] = lambda: None
        """Called when a chat that could not be reached is there again: what it has missed waits for it."""

    def on_push(self, front: str, push: Push) -> None:
        """How a front end sends a status."""
        self._pushes[front] = push

    async def rebuild(self) -> None:
        """Set the timers of all chats from their rows."""
        # also of those that can't be reached now: they may come back
        for row in await asyncio.wrap_future(self._journal.read(all_chats)):
            if row.status_every_s:
                self._schedule(row)

    async def known_chat(self, actor: Actor) -> None:
        """Remember where an actor can be reached. A chat that was dead is told what it has missed, whoever has seen first that it is back."""

        def write(connection: Connection) -> int:
            put_chat(connection, actor.chat_id, actor.front, actor.user_id)
            return revive_chat(connection, actor.front, actor.chat_id, self._wall.wall_ms())

        if await asyncio.wrap_future(self._journal.run(write)):
            self.on_return()

    async def set(self, actor: Actor, every_s: int, claim: Claim, *, only_changes: bool = False) -> None:
        """Ask for a status every `every_s` seconds, or then only if something has changed but prices; 0 ends it.

        Raises
        ------
        UserError
            If the interval is not between a minute and a week.
        """
        require(actor, Role.VIEWER, "status pushes")
        refuse_frozen(actor, Role.VIEWER)
        if every_s and not SHORTEST_S <= every_s <= LONGEST_S:
            raise UserError(f"expected an interval between 1m and 7d, found {duration_text(every_s)}")
        next_ms = self._wall.wall_ms() + every_s * 1000 if every_s else 0

        def write(connection: Connection) -> ChatRow | None:
            claim(connection)
            before = chat(connection, actor.chat_id, actor.front)
            was_s = before.status_every_s if before is not None else 0
            set_status_push(connection, actor.chat_id, actor.front, every_s, next_ms)
            if was_s != every_s:
                told = [duration_text(seconds) if seconds else "off" for seconds in (was_s, every_s)]
                write_audit(connection, self._wall.wall_ms(), actor, "status_push", f"chat {actor.chat_id}", before=told[0], after=told[1])
            put_status_told(connection, actor.chat_id, actor.front, "" if only_changes and every_s else None)
            return chat(connection, actor.chat_id, actor.front)

        row = await asyncio.wrap_future(self._journal.run(write))
        if every_s and row is not None:
            self._schedule(row)
        else:
            self._scheduler.forget(_name(actor.front, actor.chat_id))

    async def moved(self, front: str, old: int, new: int) -> None:
        """A chat has another number: its pushes go there."""
        self._scheduler.forget(_name(front, old))
        row = await asyncio.wrap_future(self._journal.read(lambda connection: chat(connection, new, front)))
        if row is not None and row.status_every_s:
            self._schedule(row)

    async def interval(self, actor: Actor) -> int:
        """Seconds between this chat's pushes; 0 when it wants none."""
        row = await asyncio.wrap_future(self._journal.read(lambda connection: chat(connection, actor.chat_id, actor.front)))
        return row.status_every_s if row is not None else 0

    async def only_changes(self, actor: Actor) -> bool:
        """Whether this chat is pushed only what has changed."""
        return await asyncio.wrap_future(self._journal.read(lambda connection: status_told(connection, actor.chat_id, actor.front))) is not None

    async def _push(self, row: ChatRow) -> None:
        """One push, unless the chat can't be reached, or wants changes only and there are none."""
        push = self._pushes.get(row.front)
        if push is None:
            return

        def read(connection: Connection) -> tuple[bool, str | None]:
            there = chat(connection, row.chat_id, row.front)
            return there is not None and not there.is_dead, status_told(connection, row.chat_id, row.front)

        is_there, told = await asyncio.wrap_future(self._journal.read(read))
        now = self.standing()
        if not is_there or (told is not None and told == now):
            return
        await push(row)
        if told is not None:
            await asyncio.wrap_future(self._journal.run(lambda connection: put_status_told(connection, row.chat_id, row.front, now)))

    def _schedule(self, row: ChatRow) -> None:
        async def run() -> None:
            await self._push(row)
            next_ms = self._wall.wall_ms() + row.status_every_s * 1000
            await asyncio.wrap_future(
                self._journal.run(lambda connection: set_status_push(connection, row.chat_id, row.front, row.status_every_s, next_ms))
            )

        self._scheduler.every_from(_name(row.front, row.chat_id), row.status_next_ms, row.status_every_s, run)


def _name(front: str, chat_id: int) -> str:
    return f"status {front} {chat_id}"
