"""Users: who has which role, and changing that. At least one owner stays."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from botcore.model.errors import UserError
from botcore.recorder.journal import Journal
from condor.host import WallClock
from condor.services.bots import Claim
from condor.services.voices import Voices
from condor.store import Connection
from condor.store.common import put_chat, put_user, write_audit
from condor.store.people import (
    BLOCKED,
    StrangerRow,
    UserRow,
    drop_user,
    forget_stranger,
    owners,
    put_stranger,
    stranger_by_id,
    strangers_in,
    user_by_id,
    users_in,
)
from condor.store.report_plans import drop_plans_by
from condor.users import TELEGRAM_FRONT, Actor, Role, require

T = TypeVar("T")

WELCOME = {
    Role.ALERT_ONLY: "You get this bot's alerts now.",
    Role.VIEWER: "You may look now: /start shows everything.",
    Role.OPERATOR: "You may look, pause and stop now: /start shows everything.",
    Role.TRADER: "You may trade now: /start shows everything.",
    Role.OWNER: "You are an owner now: /start shows everything.",
}


class MemberService:
    """See the module."""

    def __init__(self, journal: Journal, wall: WallClock, voices: Voices) -> None:
        self._journal = journal
        self._wall = wall
        self._voices = voices

    # ---- looking ---------------------------------------------------------------------------------------------------
    async def all(self, actor: Actor) -> list[UserRow]:
        """Everybody with a role, owners first."""
        require(actor, Role.OWNER, "looking at the users", is_emergency=True)
        return await self._read(users_in)

    async def one(self, actor: Actor, user_id: int) -> UserRow | None:
        require(actor, Role.OWNER, "looking at the users", is_emergency=True)
        return await self._read(lambda connection: user_by_id(connection, user_id))

    async def blocked(self, actor: Actor) -> list[StrangerRow]:
        """Those whose messages are never told of."""
        require(actor, Role.OWNER, "looking at the users", is_emergency=True)
        return await self._read(lambda connection: strangers_in(connection, BLOCKED))

    async def roles(self) -> list[tuple[int, Role]]:
        """Everybody's number and role, for a front end's menus."""
        return [(row.user_id, row.role) for row in await self._read(users_in)]

    # ---- changing --------------------------------------------------------------------------------------------------
    async def set_role(self, actor: Actor, user_id: int, role: Role, claim: Claim) -> UserRow:
        """Give a user another role; the last owner stays one."""
        require(actor, Role.OWNER, "changing a role")
        now_ms = self._wall.wall_ms()

        def write(connection: Connection) -> UserRow:
            claim(connection)
            row = _known(connection, user_id)
            if row.role is role:
                raise UserError(f"{row.name} is {role.title} already")
            _keep_an_owner(connection, row)
            put_user(connection, user_id, row.name, role, now_ms)
            if role < Role.VIEWER:
                # what they may not look at any more is not planned for them either
                drop_plans_by(connection, TELEGRAM_FRONT, user_id)
            write_audit(connection, now_ms, actor, "set_role", f"user {user_id}", before=row.role.name, after=role.name)
            return row

        row = await self._write(write)
        await self._voices.set_menu(TELEGRAM_FRONT, user_id, role)
        await self._voices.say(TELEGRAM_FRONT, user_id, f"Your role is {role.title} now.")
        return row

    async def remove(self, actor: Actor, user_id: int, claim: Claim, *, block: bool) -> UserRow:
        """Take a user's role: they are a stranger again, or one whose messages are never told of; cards that they have open do nothing more."""
        require(actor, Role.OWNER, "removing a user")
        now_ms = self._wall.wall_ms()

        def write(connection: Connection) -> UserRow:
            claim(connection)
            row = _known(connection, user_id)
            _keep_an_owner(connection, row)
            drop_user(connection, user_id, TELEGRAM_FRONT)
            drop_plans_by(connection, TELEGRAM_FRONT, user_id)
            if block:
                put_stranger(connection, user_id, row.name, BLOCKED, now_ms)
            after = "BLOCKED" if block else Role.NOBODY.name
            write_audit(connection, now_ms, actor, "block_user" if block else "remove_user", f"user {user_id}", before=row.role.name, after=after)
            return row

        row = await self._write(write)
        await self._voices.set_menu(TELEGRAM_FRONT, user_id, Role.NOBODY)
        return row

    async def allow(self, actor: Actor, user_id: int, claim: Claim) -> StrangerRow:
        """Make a stranger who waits a viewer."""
        require(actor, Role.OWNER, "letting somebody in")
        now_ms = self._wall.wall_ms()

        def write(connection: Connection) -> StrangerRow:
            claim(connection)
            row = stranger_by_id(connection, user_id)
            if row is None or row.state == BLOCKED or user_by_id(connection, user_id) is not None:
                raise UserError("they do not wait any more")
            put_user(connection, user_id, row.name, Role.VIEWER, now_ms)
            # a private chat has its user's number
            put_chat(connection, user_id, TELEGRAM_FRONT, user_id)
            forget_stranger(connection, user_id)
            write_audit(connection, now_ms, actor, "allow_user", f"user {user_id}", before=Role.NOBODY.name, after=Role.VIEWER.name)
            return row

        row = await self._write(write)
        await self.welcome(user_id, Role.VIEWER)
        return row

    async def block(self, actor: Actor, user_ids: list[int], claim: Claim) -> int:
        """Never hear of these strangers again; returns how many there were."""
        require(actor, Role.OWNER, "blocking somebody")
        now_ms = self._wall.wall_ms()

        def write(connection: Connection) -> int:
            claim(connection)
            rows = [row for user_id in user_ids if (row := stranger_by_id(connection, user_id)) is not None and row.state != BLOCKED]
            for row in rows:
                put_stranger(connection, row.user_id, row.name, BLOCKED, now_ms)
                write_audit(connection, now_ms, actor, "block_user", f"user {row.user_id}", before=Role.NOBODY.name, after="BLOCKED")
            return len(rows)

        return await self._write(write)

    async def unblock(self, actor: Actor, user_id: int, claim: Claim) -> None:
        """Forget that somebody is blocked: they are a stranger like any other."""
        require(actor, Role.OWNER, "unblocking somebody")
        now_ms = self._wall.wall_ms()

        def write(connection: Connection) -> None:
            claim(connection)
            row = stranger_by_id(connection, user_id)
            if row is None or row.state != BLOCKED:
                raise UserError("they are not blocked")
            forget_stranger(connection, user_id)
            write_audit(connection, now_ms, actor, "unblock_user", f"user {user_id}", before="BLOCKED", after=Role.NOBODY.name)

        await self._write(write)

    async def welcome(self, user_id: int, role: Role) -> None:
        """Say to somebody new what they may do."""
        await self._voices.set_menu(TELEGRAM_FRONT, user_id, role)
        await self._voices.say(TELEGRAM_FRONT, user_id, WELCOME[role])

    async def _read(self, work: Callable[[Connection], T]) -> T:
        return await asyncio.wrap_future(self._journal.read(work))

    async def _write(self, work: Callable[[Connection], T]) -> T:
        return await asyncio.wrap_future(self._journal.run(work))


def _known(connection: Connection, user_id: int) -> UserRow:
    row = user_by_id(connection, user_id)
    if row is None:
        raise UserError("they have no role any more")
    return row


def _keep_an_owner(connection: Connection, row: UserRow) -> None:
    if row.role is Role.OWNER and owners(connection) < 2:
        raise UserError("the last owner stays: make somebody else an owner first")
