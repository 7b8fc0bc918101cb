"""Groups: the bot speaks in those that an owner has allowed, and nowhere else. What somebody may do there is their own role, never the group's."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

from botcore.model.errors import UserError
from botcore.recorder.journal import Journal
from condor.host import WallClock
from condor.services.bots import Claim
from condor.services.visitors import VisitorService
from condor.services.voices import Voices
from condor.settings import AccessSettings
from condor.store import Connection
from condor.store.common import bury_chat, put_chat, write_audit
from condor.store.moved_chat import move_chat
from condor.store.people import ALLOWED, LEFT, MUTED, REFUSED, GroupRow, Manners, group_by_id, groups_in, put_group
from condor.users import Actor, Role, require

T = TypeVar("T")
Moved = Callable[[str, int, int], Awaitable[None]]


class GroupService:
    """See the module."""

    def __init__(self, journal: Journal, settings: AccessSettings, wall: WallClock, visitors: VisitorService, voices: Voices, moved: Moved) -> None:
        self._journal = journal
        self._settings = settings
        self._wall = wall
        self._visitors = visitors
        self._voices = voices
        self._moved = moved

    async def state(self, front: str, chat_id: int) -> str:
        """How the bot stands there: `allowed`, `muted`, `left`, `refused`; empty where it does not know the group."""
        row = await self._read(lambda connection: group_by_id(connection, front, chat_id))
        return row.state if row is not None else ""

    async def manners(self, front: str, chat_id: int) -> Manners:
        """How the bot speaks in a chat; a group that it does not know is protected."""
        if chat_id > 0:
            return Manners()
        row = await self._read(lambda connection: group_by_id(connection, front, chat_id))
        return row.manners if row is not None else Manners(is_protected=True)

    async def all(self, actor: Actor) -> list[GroupRow]:
        """Every group that the bot was added to, the last one first."""
        require(actor, Role.OWNER, "looking at groups", is_emergency=True)
        return await self._read(groups_in)

    # ---- what happens to the bot -----------------------------------------------------------------------------------
    async def added(self, actor: Actor, title: str) -> None:
        """Somebody added the bot to a group (`actor.chat_id`), or it was spoken to in one that it does not know.

        An owner's own doing allows the group. In others it stays mute or leaves, as the settings say, and owners are told; one that is known stays as it is.
        """
        now_ms = self._wall.wall_ms()
        is_owner = actor.role >= Role.OWNER
        state = ALLOWED if is_owner else REFUSED if self._settings.unknown_groups == "leave" else MUTED

        def write(connection: Connection) -> str:
            before = group_by_id(connection, actor.front, actor.chat_id)
            if before is not None and before.state == ALLOWED:
                return ALLOWED
            if before is not None and before.state == state:
                return "" if state == MUTED else state
            put_group(connection, _changed(before, actor, title, state, now_ms))
            if state == ALLOWED:
                put_chat(connection, actor.chat_id, actor.front, actor.user_id)
            was = "" if before is None else before.state
            write_audit(connection, now_ms, actor, "bot_added", f"group {actor.chat_id} {title[:200]}", before=was, after=state)
            return state

        found = await self._write(write)
        if found == REFUSED:
            await self._voices.leave(actor.front, actor.chat_id)
        if found in (REFUSED, MUTED):
            self._visitors.news()

    async def gone(self, actor: Actor, title: str) -> None:
        """The bot was taken out of a chat, or blocked in a private one: nothing is sent there."""
        now_ms = self._wall.wall_ms()

        def write(connection: Connection) -> None:
            before = group_by_id(connection, actor.front, actor.chat_id)
            bury_chat(connection, actor.chat_id, actor.front)
            if before is not None and before.state not in (LEFT, REFUSED):
                put_group(connection, _changed(before, actor, title, LEFT, now_ms))
                write_audit(connection, now_ms, actor, "bot_removed", f"group {actor.chat_id} {title[:200]}", before=before.state, after=LEFT)

        await self._write(write)

    async def back(self, actor: Actor) -> None:
        """Somebody with a role unblocked the bot in their private chat."""
        await self._write(lambda connection: put_chat(connection, actor.chat_id, actor.front, actor.user_id))

    async def moved(self, front: str, old: int, new: int) -> None:
        """A group has another number: all that belongs to it goes along, and alerts go on."""
        now_ms = self._wall.wall_ms()

        def write(connection: Connection) -> None:
            group = group_by_id(connection, front, old)
            move_chat(connection, front, old, new)
            if group is not None:
                door = Actor(0, "Telegram", Role.NOBODY, front, new)
                write_audit(connection, now_ms, door, "chat_moved", f"group {group.title}", before=str(old), after=str(new))

        # Telegram says it in both chats, and in an error: what was moved is not there to be moved again
        await self._write(write)
        await self._moved(front, old, new)

    # ---- what an owner decides -------------------------------------------------------------------------------------
    async def allow(self, actor: Actor, front: str, chat_id: int, claim: Claim) -> GroupRow:
        """Speak in a group that the bot is still in."""
        require(actor, Role.OWNER, "allowing a group")
        return await self._decide(actor, front, chat_id, claim, ALLOWED, "allow_group")

    async def leave(self, actor: Actor, front: str, chat_id: int, claim: Claim) -> GroupRow:
        """Take the bot out of a group."""
        require(actor, Role.OWNER, "leaving a group")
        row = await self._decide(actor, front, chat_id, claim, LEFT, "leave_group")
        await self._voices.leave(front, chat_id)
        return row

    async def set_manners(
        self, actor: Actor, front: str, chat_id: int, claim: Claim, *, hides_sums: bool | None = None, is_protected: bool | None = None
    ) -> GroupRow:
        """Speak in a group in this way from now on; what is None stays as it is there, and so does what was sent before.

        Raises
        ------
        UserError
            If the actor may not, or the bot does not know the group.
        """
        require(actor, Role.OWNER, "changing how the bot speaks in a group")
        now_ms = self._wall.wall_ms()

        def write(connection: Connection) -> GroupRow:
            claim(connection)
            row = group_by_id(connection, front, chat_id)
            if row is None:
                raise UserError("the bot does not know this group any more; add it again")
            # what another owner has changed meanwhile is theirs
            changed = replace(
                row,
                hides_sums=row.hides_sums if hides_sums is None else hides_sums,
                is_protected=row.is_protected if is_protected is None else is_protected,
            )
            put_group(connection, changed)
            write_audit(connection, now_ms, actor, "group_manners", f"group {chat_id} {row.title}", before=_said(row), after=_said(changed))
            return changed

        return await self._write(write)

    async def _decide(self, actor: Actor, front: str, chat_id: int, claim: Claim, state: str, action: str) -> GroupRow:
        now_ms = self._wall.wall_ms()

        def write(connection: Connection) -> GroupRow:
            claim(connection)
            row = group_by_id(connection, front, chat_id)
            if row is None or row.state in (LEFT, REFUSED):
                raise UserError("the bot is not in this group any more; add it again")
            changed = replace(row, state=state, changed_ms=now_ms)
            put_group(connection, changed)
            if state == ALLOWED:
                put_chat(connection, chat_id, front, actor.user_id)
            else:
                bury_chat(connection, chat_id, front)
            write_audit(connection, now_ms, actor, action, f"group {chat_id} {row.title}", before=row.state, after=state)
            return changed

        return await self._write(write)

    async def _read(self, work: Callable[[Connection], T]) -> T:
        return await asyncio.wrap_future(self._journal.read(work))

    async def _write(self, work: Callable[[Connection], T]) -> T:
        return await asyncio.wrap_future(self._journal.run(work))


def _changed(before: GroupRow | None, actor: Actor, title: str, state: str, now_ms: int) -> GroupRow:
    """A group after somebody did something to it; how the bot speaks there stays."""
    row = GroupRow(actor.front, actor.chat_id, title[:200], state, actor.user_id, actor.name[:200], now_ms)
    return row if before is None else replace(row, hides_sums=before.hides_sums, is_protected=before.is_protected)


def _said(row: GroupRow) -> str:
    return f"sums {'hidden' if row.hides_sums else 'shown'}, {'protected' if row.is_protected else 'not protected'}"
