"""Who is who: users and roles, and how the first owner comes in."""

from __future__ import annotations

import asyncio
import hmac
import secrets

from botcore.recorder.journal import Journal
from condor.host import WallClock
from condor.store import Connection
from condor.store.common import has_owner, put_user, role_of, write_audit
from condor.store.owners import owner_chats
from condor.users import Actor, Role

LOCAL_FRONT = "local"
MAX_TRIES = 5
LOCK_MS = 15 * 60_000


class AccessService:
    """Deny by default: a user without a row is nobody. The person at the local page is the owner.

    While a front end has no owner, only the claim code that the console shows is understood: whoever types it becomes the owner.
    """

    def __init__(self, journal: Journal, wall: WallClock) -> None:
        self._journal = journal
        self._wall = wall
        self._claim_code: str | None = None
        self._wrong_tries = 0
        self._locked_until_ms = 0

    async def actor(self, front: str, user_id: int, name: str, chat_id: int) -> Actor:
        """Who a user is."""
        if front == LOCAL_FRONT:
            return Actor(user_id, name, Role.OWNER, front, chat_id)
        role = await asyncio.wrap_future(self._journal.read(lambda connection: role_of(connection, user_id)))
        return Actor(user_id, name, role, front, chat_id)

    async def owner_chats(self, front: str) -> list[int]:
        """Private chats in which an owner can be told something."""
        return await asyncio.wrap_future(self._journal.read(lambda connection: owner_chats(connection, front, everybody_owns=front == LOCAL_FRONT)))

    async def claim_code(self) -> str | None:
        """A code for the first owner, to be shown on the console; None when there is an owner."""
        if await asyncio.wrap_future(self._journal.read(has_owner)):
            self._claim_code = None
        elif self._claim_code is None:
            self._claim_code = f"{secrets.randbelow(1_000_000):06d}"
        return self._claim_code

    async def claim(self, actor: Actor, text: str) -> bool:
        """Try a claim code; five wrong ones lock the door for a quarter of an hour."""
        now_ms = self._wall.wall_ms()
        digits = "".join(character for character in text if character.isdigit())
        if self._claim_code is None or len(digits) != 6 or now_ms < self._locked_until_ms:
            return False
        if not hmac.compare_digest(digits, self._claim_code):
            self._wrong_tries += 1
            if self._wrong_tries >= MAX_TRIES:
                self._wrong_tries, self._locked_until_ms = 0, now_ms + LOCK_MS
            return False
        self._claim_code = None

        def write(connection: Connection) -> None:
            put_user(connection, actor.user_id, actor.name, Role.OWNER, now_ms)
            write_audit(connection, now_ms, actor, "claim", str(actor.user_id), after=Role.OWNER.name)

        await asyncio.wrap_future(self._journal.run(write))
        return True
