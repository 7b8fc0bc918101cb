"""Who stands at the door: strangers, groups that the bot was added to, people with an invite that has ended. They get silence; owners get one card.

A card is a message that is edited while it is young; only what comes an hour later is told with a new one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from botcore.recorder.journal import Journal
from condor.host import WallClock
from condor.store import Connection
from condor.store.common import has_owner, owner_chats, write_audit
from condor.store.people import (
    BLOCKED,
    MUTED,
    REFUSED,
    WAITING,
    GroupRow,
    InviteRow,
    StrangerRow,
    VisitorCard,
    forget_old_invites,
    forget_old_strangers,
    groups_in,
    invites_in,
    last_news,
    put_stranger,
    put_visitor_card,
    stranger_by_id,
    strangers_in,
    strangers_waiting,
    visitor_card,
)
from condor.users import Actor, Role, require

T = TypeVar("T")

MAX_WAITING = 500
"""Strangers that are remembered; more than that are no people."""

QUIET_MS = 60_000
"""So long nothing is written of a stranger who was noted."""

MAX_REMEMBERED = 10_000
NEW_CARD_MS = 60 * 60_000
FORGET_MS = 30 * 86_400_000
SHOWN_MS = 7 * 86_400_000
"""Groups and missed invites stand on the card so long."""


@dataclass(frozen=True, slots=True)
class Visitors:
    """Everybody at the door."""

    strangers: tuple[StrangerRow, ...]
    groups: tuple[GroupRow, ...]
    missed: tuple[InviteRow, ...]


@dataclass(frozen=True, slots=True)
class Telling:
    """A chat of an owner that is to be told: by editing a card, or by a new one where `panel_id` is empty."""

    chat_id: int
    panel_id: str
    latest_ms: int


class VisitorService:
    """See the module."""

    def __init__(self, journal: Journal, wall: WallClock) -> None:
        self._journal = journal
        self._wall = wall
        self._noted: dict[int, int] = {}
        self._news = 0
        # by front end: up to which news its cards tell; one that is not in here is held against the records
        self._told: dict[str, int] = {}

    async def met(self, user_id: int, name: str) -> None:
        """A stranger spoke in private. Blocked ones, and more than can be people, leave no trace; before there is an owner nobody is to be told."""
        now_ms = self._wall.wall_ms()
        if now_ms - self._noted.get(user_id, -QUIET_MS) < QUIET_MS:
            return
        if len(self._noted) >= MAX_REMEMBERED:
            self._noted.pop(next(iter(self._noted)))
        self._noted[user_id] = now_ms

        def write(connection: Connection) -> bool:
            if not _is_noted(connection, user_id):
                return False
            is_new = stranger_by_id(connection, user_id) is None
            put_stranger(connection, user_id, name[:200], WAITING, now_ms)
            return is_new

        # a crowd that leaves no trace costs no write either
        if await self._read(lambda connection: _is_noted(connection, user_id)) and await self._write(write):
            self.news()

    def news(self) -> None:
        """Somebody new is at the door."""
        self._news += 1

    async def look(self, actor: Actor) -> Visitors:
        """Everybody at the door, the first first."""
        require(actor, Role.OWNER, "looking who is at the door", is_emergency=True)
        since_ms = self._wall.wall_ms() - SHOWN_MS

        def read(connection: Connection) -> Visitors:
            groups = [row for row in groups_in(connection) if row.state in (MUTED, REFUSED) and row.changed_ms > since_ms]
            missed = [row for row in invites_in(connection) if row.missed and row.missed_ms > since_ms]
            return Visitors(tuple(strangers_in(connection, WAITING)), tuple(groups), tuple(missed))

        return await self._read(read)

    # ---- the card --------------------------------------------------------------------------------------------------
    async def to_tell(self, front: str) -> list[Telling]:
        """The owners' chats of a front end that do not know the latest; each news is given out once, see `failed`."""
        news = self._news
        if self._told.get(front) == news:
            return []
        is_first, now_ms = front not in self._told, self._wall.wall_ms()
        self._told[front] = news

        def read(connection: Connection) -> list[Telling]:
            latest, found = last_news(connection), []
            for chat_id in owner_chats(connection, front) if latest else ():
                card = visitor_card(connection, front, chat_id)
                # what an earlier process has told is not told again
                if card is None or not is_first or card.told_ms < latest:
                    is_young = card is not None and now_ms - card.sent_ms < NEW_CARD_MS
                    found.append(Telling(chat_id, card.panel_id if card is not None and is_young else "", latest))
            return found

        return await self._read(read)

    def failed(self, front: str) -> None:
        """A card did not get through: look again."""
        self._told.pop(front, None)

    async def told(self, front: str, telling: Telling, panel_id: str, *, is_new: bool) -> None:
        """A chat knows of everybody up to this telling."""
        now_ms = self._wall.wall_ms()

        def write(connection: Connection) -> None:
            before = visitor_card(connection, front, telling.chat_id)
            sent_ms = now_ms if is_new or before is None else before.sent_ms
            put_visitor_card(connection, VisitorCard(front, telling.chat_id, panel_id, sent_ms, telling.latest_ms))
            if is_new:
                door = Actor(0, "the door", Role.NOBODY, front, telling.chat_id)
                write_audit(connection, now_ms, door, "strangers", f"{strangers_waiting(connection)} waiting")

        await self._write(write)

    async def prune(self) -> None:
        """Forget who has waited for a month, and invites that ended so long ago."""
        before_ms = self._wall.wall_ms() - FORGET_MS

        def write(connection: Connection) -> None:
            forget_old_strangers(connection, before_ms)
            forget_old_invites(connection, before_ms)

        await self._write(write)

    async def _read(self, work: Callable[[Connection], T]) -> T:
        return await asyncio.wrap_future(self._journal.read(work))

    async def _write(self, work: Callable[[Connection], T]) -> T:
        return await asyncio.wrap_future(self._journal.run(work))


def _is_noted(connection: Connection, user_id: int) -> bool:
    """Whether a stranger's word is kept: there is an owner, and they are not blocked, nor one too many."""
    row = stranger_by_id(connection, user_id)
    if row is not None:
        return row.state != BLOCKED
    return has_owner(connection) and strangers_waiting(connection) < MAX_WAITING
