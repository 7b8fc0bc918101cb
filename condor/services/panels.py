"""Cards and buttons as a front end needs them: what a button means, what a card shows, which line answers what."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from botcore.recorder.journal import Journal
from condor.host import WallClock
from condor.services.bots import Claim
from condor.store import Connection
from condor.store import panels as store
from condor.store.panels import ButtonSpec, Expectation, Panel, Token
from condor.users import Actor

T = TypeVar("T")


class PanelService:
    """See the module."""

    def __init__(self, journal: Journal, wall: WallClock) -> None:
        self._journal = journal
        self._wall = wall

    # ---- cards -----------------------------------------------------------------------------------------------------
    def fresh(self, actor: Actor, screen: str, args: dict[str, Any]) -> Panel:
        """A card that is not in the chat yet (message id 0)."""
        return Panel(store.new_id(), actor.front, actor.chat_id, 0, screen, args, "")

    async def by_id(self, panel_id: str) -> Panel | None:
        return await self._read(lambda connection: store.panel_by_id(connection, panel_id))

    async def at(self, actor: Actor, message_id: int) -> Panel | None:
        """The card that a message of this chat shows."""
        return await self._read(lambda connection: store.panel_at(connection, actor.front, actor.chat_id, message_id))

    async def owner(self, panel: Panel) -> int:
        """Whose card it is; 0 for everybody's."""
        return await self._read(lambda connection: store.panel_owner(connection, panel.panel_id))

    async def recent(self, front: str, within_ms: int) -> list[Panel]:
        """Cards of private chats that were drawn lately, oldest first."""
        since_ms = self._wall.wall_ms() - within_ms
        return await self._read(lambda connection: store.recent_panels(connection, front, since_ms))

    async def showing(self, actor: Actor, screen: str, within_ms: int) -> list[Panel]:
        """Cards of this chat that show a screen and were drawn lately, newest first."""
        since_ms = self._wall.wall_ms() - within_ms
        return await self._read(lambda connection: store.panels_showing(connection, actor.front, actor.chat_id, screen, since_ms))

    async def shown(self, panel: Panel, message_id: int, content: str) -> Panel:
        """Remember where a card is and what it showed."""
        updated = replace(panel, message_id=message_id, digest=digest_of(content))
        await self._write(lambda connection: store.put_panel(connection, updated, self._wall.wall_ms()))
        return updated

    async def removed(self, panel: Panel) -> None:
        """A card is out of the chat."""
        await self._write(lambda connection: store.put_panel(connection, replace(panel, message_id=0, digest=""), self._wall.wall_ms()))

    # ---- buttons ---------------------------------------------------------------------------------------------------
    async def tokens(self, panel: Panel, actor: Actor, specs: Sequence[ButtonSpec]) -> list[str]:
        """A token for each button of a card, in order. A card that is about to be sent is known from then on: a process may end before it hears where it went."""
        if not specs:
            return []
        wall_ms = self._wall.wall_ms()

        def write(connection: Connection) -> list[str]:
            if not panel.message_id:
                store.put_panel(connection, panel, wall_ms)
            return store.tokens_for(connection, panel.panel_id, actor.user_id, specs, wall_ms)

        return await self._write(write)

    async def resolve(self, token: str) -> Token | None:
        """What a tapped button means; None when it is unknown or too old."""
        found = await self._read(lambda connection: store.token_row(connection, token))
        return found if found is not None and found.expires_ms > self._wall.wall_ms() else None

    def claim_of_token(self, token: str) -> Claim:
        """Makes the request of this button happen once."""
        wall_ms = self._wall.wall_ms()
        return lambda connection: store.claim_token(connection, token, wall_ms)

    def claim_of_update(self, front: str, update_id: int) -> Claim:
        """Makes the request of this message happen once."""
        wall_ms = self._wall.wall_ms()
        return lambda connection: store.claim_update(connection, front, update_id, wall_ms)

    async def was_used(self, token: str) -> bool:
        """Whether the request of this button was committed."""
        found = await self._read(lambda connection: store.token_row(connection, token))
        return found is not None and found.used_ms is not None

    async def was_handled(self, front: str, update_id: int) -> bool:
        """Whether the request of this message was committed."""
        return await self._read(lambda connection: store.has_update(connection, front, update_id))

    # ---- typed lines -----------------------------------------------------------------------------------------------
    async def expect(self, actor: Actor, expectation: Expectation | None) -> None:
        """What the next typed line of this chat answers."""
        await self._write(lambda connection: store.expect_text(connection, actor.front, actor.chat_id, expectation, self._wall.wall_ms()))

    async def expected(self, actor: Actor) -> Expectation | None:
        return await self._read(lambda connection: store.expected_text(connection, actor.front, actor.chat_id, self._wall.wall_ms()))

    async def has_lapsed(self, actor: Actor) -> bool:
        """Whether the last card of this chat that asked has stopped waiting."""
        return await self._read(lambda connection: store.has_lapsed(connection, actor.front, actor.chat_id, self._wall.wall_ms()))

    async def prune(self) -> None:
        await self._write(lambda connection: store.prune(connection, self._wall.wall_ms()))

    async def _read(self, work: Callable[[Connection], T]) -> T:
        return await asyncio.wrap_future(self._journal.read(work))

    async def _write(self, work: Callable[[Connection], T]) -> T:
        return await asyncio.wrap_future(self._journal.run(work))


def digest_of(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()
