"""Drafts in the records: put there, found again, changed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from botcore.model.errors import UserError
from botcore.recorder.journal import Journal
from condor.host import WallClock
from condor.services.bots import Claim
from condor.store import Connection
from condor.store import drafts as store
from condor.store.bots import limits_of
from condor.store.drafts import Draft
from condor.users import Actor

T = TypeVar("T")


class DraftShelf:
    """See the module."""

    def __init__(self, journal: Journal, wall: WallClock) -> None:
        self._journal = journal
        self._wall = wall

    def now_ms(self) -> int:
        return self._wall.wall_ms()

    async def add(self, draft: Draft, claim: Claim | None = None) -> Draft:
        """A new draft; `claim` makes what it came from count once."""

        def write(connection: Connection) -> None:
            if claim is not None:
                claim(connection)
            store.add_draft(connection, draft)

        await self._write(write)
        return draft

    async def save(self, draft: Draft, claim: Claim | None = None) -> Draft:
        """Answers, step and notes as they are now."""
        now_ms = self.now_ms()

        def write(connection: Connection) -> None:
            if claim is not None:
                claim(connection)
            store.save_draft(connection, draft.draft_id, now_ms, answers=draft.answers, step=draft.step, notes=draft.notes)

        await self._write(write)
        return await self.get(draft.draft_id)

    async def turn(self, draft_id: str, step: int) -> Draft:
        """Stand at another question."""
        await self._write(lambda connection: store.save_draft(connection, draft_id, self.now_ms(), step=step))
        return await self.get(draft_id)

    async def cancel(self, draft_id: str) -> None:
        await self._write(lambda connection: store.save_draft(connection, draft_id, self.now_ms(), state=store.CANCELLED))

    def started(self, draft_id: str, claim: Claim) -> Claim:
        """Makes a draft's bot start once, whatever it was started by."""

        def claimed(connection: Connection) -> None:
            claim(connection)
            found = store.draft_by_id(connection, draft_id)
            if found is None or found.state != store.OPEN:
                # another card of the same draft was faster: one draft is one bot
                raise UserError("already starting: this draft has its bot")
            store.save_draft(connection, draft_id, self.now_ms(), state=store.STARTED)

        return claimed

    async def get(self, draft_id: str) -> Draft:
        """UserError when there is no such draft."""
        found = await self._read(lambda connection: store.draft_by_id(connection, draft_id))
        if found is None:
            raise UserError("this draft is gone; begin a new one with /new")
        return found

    async def open(self, draft_id: str) -> Draft:
        """A draft that can still be changed; UserError when it can't."""
        draft = await self.get(draft_id)
        if draft.state != store.OPEN:
            raise UserError(f"this draft was {draft.state} already; begin a new one with /new")
        return draft

    async def unfinished(self, actor: Actor) -> list[Draft]:
        """Open drafts of a chat."""
        return await self._read(lambda connection: store.open_drafts(connection, actor.front, actor.chat_id))

    async def limits(self, bot_id: str) -> dict[str, Any]:
        """How much a bot may lose: a copy of it may not lose more."""
        return await self._read(lambda connection: limits_of(connection, bot_id))

    async def _read(self, work: Callable[[Connection], T]) -> T:
        return await asyncio.wrap_future(self._journal.read(work))

    async def _write(self, work: Callable[[Connection], T]) -> T:
        return await asyncio.wrap_future(self._journal.run(work))
