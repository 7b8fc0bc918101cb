"""Invites: a link that gives a role to whoever opens it, so many times and so long. One that has ended is silence to who comes, and told to the owners."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from typing import TypeVar

from botcore.model.errors import UserError
from botcore.recorder.journal import Journal
from condor.host import WallClock
from condor.services.bots import Claim
from condor.services.members import MemberService
from condor.services.visitors import VisitorService
from condor.services.voices import Voices
from condor.store import Connection
from condor.store.common import put_chat, put_user, role_of, write_audit
from condor.store.people import (
    BLOCKED,
    InviteRow,
    add_invite,
    change_invite,
    forget_stranger,
    invite_by_id,
    invite_by_token,
    invites_in,
    stranger_by_id,
)
from condor.units import duration_text
from condor.users import TELEGRAM_FRONT, Actor, Role, require

T = TypeVar("T")

PREFIX = "inv_"
"""Before the token in a link's `start` parameter."""

LONGEST_S, SHORTEST_S = 30 * 86_400, 60
MOST_USES = 50
MAX_OPEN = 20


class InviteService:
    """See the module."""

    def __init__(self, journal: Journal, wall: WallClock, members: MemberService, visitors: VisitorService, voices: Voices) -> None:
        self._journal = journal
        self._wall = wall
        self._members = members
        self._visitors = visitors
        self._voices = voices

    # ---- the owner's side ------------------------------------------------------------------------------------------
    async def may_create(self, actor: Actor, role: Role, lasts_s: int, uses: int) -> None:
        """Raises as `create` does, and changes nothing."""
        self._refuse_wrong(actor, role, lasts_s, uses)
        now_ms = self._wall.wall_ms()
        await self._read(lambda connection: _refuse_more(connection, now_ms))

    def _refuse_wrong(self, actor: Actor, role: Role, lasts_s: int, uses: int) -> None:
        require(actor, Role.OWNER, "inviting somebody")
        if not Role.NOBODY < role < Role.OWNER:
            raise UserError("a link can't make owners: invite as something else and change the role in /users")
        if not SHORTEST_S <= lasts_s <= LONGEST_S:
            raise UserError(f"expected an invite to last between 1m and 30d, found {duration_text(lasts_s)}")
        if not 1 <= uses <= MOST_USES:
            raise UserError(f"expected an invite for 1 to {MOST_USES} people, found {uses}")
        if not self._voices.link(TELEGRAM_FRONT):
            raise UserError("there is no bot on Telegram to invite to: set CONDOR_TELEGRAM_TOKEN")

    async def create(self, actor: Actor, role: Role, lasts_s: int, uses: int, claim: Claim) -> InviteRow:
        """A new invite.

        Raises
        ------
        UserError
            If the role can't be given by a link, or a limit does not hold, or there is no bot on Telegram to open.
        """
        self._refuse_wrong(actor, role, lasts_s, uses)
        now_ms = self._wall.wall_ms()
        values = {
            "token": secrets.token_urlsafe(18),
            "role": role.name,
            "created_by": actor.user_id,
            "created_ms": now_ms,
            "expires_ms": now_ms + lasts_s * 1000,
            "uses": uses,
            "uses_left": uses,
        }

        def write(connection: Connection) -> InviteRow:
            claim(connection)
            _refuse_more(connection, now_ms)
            invite_id = add_invite(connection, values)
            # the token stays out of the audit: it is a key as long as it lasts
            what = f"{role.name}, {uses} uses, {duration_text(lasts_s)}"
            write_audit(connection, now_ms, actor, "new_invite", f"invite {invite_id}", after=what)
            found = invite_by_id(connection, invite_id)
            assert found is not None
            return found

        return await self._write(write)

    async def all(self, actor: Actor) -> list[InviteRow]:
        """The newest first, those that have ended too."""
        require(actor, Role.OWNER, "looking at invites", is_emergency=True)
        return await self._read(invites_in)

    async def one(self, actor: Actor, invite_id: int) -> InviteRow | None:
        require(actor, Role.OWNER, "looking at invites", is_emergency=True)
        return await self._read(lambda connection: invite_by_id(connection, invite_id))

    def link(self, row: InviteRow) -> str:
        """What is sent to who is invited."""
        return f"{self._voices.link(TELEGRAM_FRONT)}?start={PREFIX}{row.token}"

    def is_open(self, row: InviteRow) -> bool:
        return row.is_open(self._wall.wall_ms())

    async def revoke(self, actor: Actor, invite_id: int, claim: Claim) -> None:
        """End an invite; who has come in by it stays."""
        require(actor, Role.OWNER, "ending an invite")
        now_ms = self._wall.wall_ms()

        def write(connection: Connection) -> None:
            claim(connection)
            row = invite_by_id(connection, invite_id)
            if row is None or not row.is_open(now_ms):
                raise UserError("this invite has ended already")
            change_invite(connection, invite_id, uses_left=0)
            write_audit(connection, now_ms, actor, "end_invite", f"invite {invite_id}", before=f"{row.uses_left} of {row.uses} uses left", after="0")

        await self._write(write)

    # ---- the guest's side ------------------------------------------------------------------------------------------
    async def redeem(self, actor: Actor, token: str, claim: Claim) -> Role | None:
        """Use an invite; the role that it gave, None when it gives nothing (any more).

        A blocked person is not let in by a link, and nobody loses a role by one.
        """
        now_ms = self._wall.wall_ms()

        def write(connection: Connection) -> tuple[Role | None, bool]:
            claim(connection)
            row, before = invite_by_token(connection, token), role_of(connection, actor.user_id)
            stranger = stranger_by_id(connection, actor.user_id)
            if row is None or (stranger is not None and stranger.state == BLOCKED):
                return None, False
            if not row.is_open(now_ms):
                change_invite(connection, row.invite_id, missed=row.missed + 1, missed_name=f"{actor.name} ({actor.user_id})"[:200], missed_ms=now_ms)
                return None, True
            if before >= row.role:
                raise UserError(f"this invite is for {row.role.title}, and you are {before.title} already; it is still good for somebody else")
            change_invite(connection, row.invite_id, uses_left=row.uses_left - 1)
            put_user(connection, actor.user_id, actor.name, row.role, now_ms)
            put_chat(connection, actor.chat_id, actor.front, actor.user_id)
            forget_stranger(connection, actor.user_id)
            write_audit(connection, now_ms, actor, "use_invite", f"invite {row.invite_id}", before=before.name, after=row.role.name)
            return row.role, False

        role, is_missed = await self._write(write)
        if is_missed:
            self._visitors.news()
        if role is not None:
            await self._members.welcome(actor.user_id, role)
        return role

    async def _read(self, work: Callable[[Connection], T]) -> T:
        return await asyncio.wrap_future(self._journal.read(work))

    async def _write(self, work: Callable[[Connection], T]) -> T:
        return await asyncio.wrap_future(self._journal.run(work))


def _refuse_more(connection: Connection, now_ms: int) -> None:
    if sum(row.is_open(now_ms) for row in invites_in(connection)) >= MAX_OPEN:
        raise UserError(f"{MAX_OPEN} invites are open already: end some of them first")
