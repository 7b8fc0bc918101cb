"""Who is who: users and roles, how the first owner comes in, and front ends that may only look for now."""

from __future__ import annotations

import asyncio
import hmac
import logging
import secrets
from dataclasses import dataclass

from botcore.recorder.journal import Journal
from condor.host import WallClock
from condor.store import Connection
from condor.store.common import has_owner, owner_chats, put_chat, put_user, role_of, write_audit
from condor.store.people import user_by_id
from condor.users import LOCAL_FRONT, Actor, Role

log = logging.getLogger(__name__)

MAX_TRIES = 5
MAX_TRIES_OF_ALL = 100
LOCK_MS = 15 * 60_000
MAX_REMEMBERED = 10_000


@dataclass(slots=True)
class _Tries:
    """Wrong codes of one person, or of all."""

    wrong: int = 0
    locked_until_ms: int = 0

    def miss(self, limit: int, now_ms: int) -> bool:
        """Count a wrong one; True when it was the last that is looked at for a while."""
        self.wrong += 1
        if self.wrong < limit:
            return False
        self.wrong, self.locked_until_ms = 0, now_ms + LOCK_MS
        return True


class AccessService:
    """Deny by default: a user without a row is nobody. The person at the local page is the owner.

    While a front end has no owner, only the claim code that the console shows is understood: whoever types it becomes the owner.
    """

    def __init__(self, journal: Journal, wall: WallClock) -> None:
        self._journal = journal
        self._wall = wall
        self._claim_code: str | None = None
        self._tries: dict[int, _Tries] = {}
        self._all = _Tries()
        self._frozen: dict[str, str] = {}

    # ---- who is who ------------------------------------------------------------------------------------------------
    async def actor(self, front: str, user_id: int, name: str, chat_id: int, topic_id: int = 0) -> Actor:
        """Who a user is, looked up at each request: what was taken away is gone at once."""
        frozen = self._frozen.get(front, "")
        if front == LOCAL_FRONT and user_id == chat_id:
            return Actor(user_id, name, Role.OWNER, front, chat_id, frozen, topic_id)
        role = await asyncio.wrap_future(self._journal.read(lambda connection: role_of(connection, user_id)))
        return Actor(user_id, name, role, front, chat_id, frozen, topic_id)

    async def name_of(self, user_id: int) -> str:
        """How a user is called; by number where they have no role any more."""
        row = await asyncio.wrap_future(self._journal.read(lambda connection: user_by_id(connection, user_id)))
        return row.name if row is not None and row.name else f"user {user_id}"

    async def owner_chats(self, front: str) -> list[int]:
        """Private chats in which an owner can be told something."""
        return await asyncio.wrap_future(self._journal.read(lambda connection: owner_chats(connection, front)))

    # ---- the first owner -------------------------------------------------------------------------------------------
    async def claim_code(self) -> str | None:
        """A code for the first owner, to be shown on the console; None when there is an owner."""
        if await asyncio.wrap_future(self._journal.read(has_owner)):
            self._claim_code = None
        elif self._claim_code is None:
            self._claim_code = f"{secrets.randbelow(1_000_000):06d}"
        return self._claim_code

    async def claim(self, actor: Actor, text: str) -> bool:
        """Try a claim code. Five wrong ones lock the door for that person for a quarter of an hour, a hundred of different people for everybody."""
        now_ms, code = self._wall.wall_ms(), self._claim_code
        digits = "".join(character for character in text if character.isdigit() and character.isascii())
        if code is None or len(digits) != 6:
            return False
        tries = self._tries_of(actor.user_id)
        if now_ms < max(tries.locked_until_ms, self._all.locked_until_ms):
            return False
        if not hmac.compare_digest(digits, code):
            if tries.miss(MAX_TRIES, now_ms):
                log.warning("user %s sent %d wrong claim codes: no further one of theirs is looked at for 15 minutes", actor.user_id, MAX_TRIES)
            if self._all.miss(MAX_TRIES_OF_ALL, now_ms):
                log.critical("%d wrong claim codes of several people: none is looked at for 15 minutes", MAX_TRIES_OF_ALL)
            return False
        # nobody else may use it, also while this is being written
        self._claim_code = None
        try:
            return await asyncio.wrap_future(self._journal.run(lambda connection: self._become_owner(connection, actor, now_ms)))
        except BaseException:
            self._claim_code = code
            raise

    def _tries_of(self, user_id: int) -> _Tries:
        if len(self._tries) >= MAX_REMEMBERED and user_id not in self._tries:
            self._tries.pop(next(iter(self._tries)))
        return self._tries.setdefault(user_id, _Tries())

    @staticmethod
    def _become_owner(connection: Connection, actor: Actor, now_ms: int) -> bool:
        if has_owner(connection):
            return False
        put_user(connection, actor.user_id, actor.name, Role.OWNER, now_ms)
        put_chat(connection, actor.chat_id, actor.front, actor.user_id)
        write_audit(connection, now_ms, actor, "claim", f"user {actor.user_id}", before=Role.NOBODY.name, after=Role.OWNER.name)
        return True

    # ---- front ends that may only look -----------------------------------------------------------------------------
    def freeze(self, front: str, reason: str) -> None:
        """From now on nothing is changed through this front end, whoever asks."""
        self._frozen[front] = reason

    def thaw(self, front: str) -> None:
        self._frozen.pop(front, None)

    def frozen(self, front: str) -> str:
        """Why a front end may only look; empty when it may act."""
        return self._frozen.get(front, "")
