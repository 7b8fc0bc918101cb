"""Pause and resume: entries off, what is held keeps its exits. Written down, so that it holds over restarts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from botcore.recorder.journal import Journal
from condor.errors import UserError
from condor.host import WallClock
from condor.manager import BotManager
from condor.services.bots import Claim
from condor.store import Connection
from condor.store.change_facts import ALL_BOTS
from condor.store.common import write_audit
from condor.store.pauses import EVERY_BOT, Pause, drop_pause, pauses, put_pause
from condor.users import Actor, Role, require
from condor.views import PauseView

EVERYTHING = (EVERY_BOT,)
"""Stands for all bots, those that are started later too."""


class PauseService:
    """See the module."""

    def __init__(self, manager: BotManager, journal: Journal, wall: WallClock) -> None:
        self._manager = manager
        self._journal = journal
        self._wall = wall

    def all(self, actor: Actor) -> list[PauseView]:
        """What is paused of what runs, by whom and since when; all bots first."""
        require(actor, Role.VIEWER, "looking at bots")
        running = self._manager.running
        titles = {EVERY_BOT: ""} | {bot_id: bot.row.title for bot_id, bot in running.items()}
        return [
            PauseView(pause.bot_id, titles[pause.bot_id], pause.set_by, pause.since_ms)
            for _, pause in sorted(self._manager.pauses.items())
            if pause.bot_id in titles
        ]

    async def pause(self, actor: Actor, bot_ids: Sequence[str], claim: Claim) -> int:
        """Turn entries of these bots off, or of all (`EVERYTHING`); returns how many were on.

        Raises
        ------
        UserError
            If one of them does not run, or all of them were paused already.
        """
        require(actor, Role.OPERATOR, "pausing bots")
        self._refuse_absent(bot_ids)
        now_ms, by = self._wall.wall_ms(), actor.name or str(actor.user_id)

        def write(connection: Connection) -> int:
            claim(connection)
            count = 0
            for bot_id in bot_ids:
                if put_pause(connection, Pause(bot_id, by, actor.user_id, now_ms)):
                    count += 1
                    write_audit(connection, now_ms, actor, "pause", bot_id or ALL_BOTS, before="on", after="paused")
            if not count:
                raise UserError("all bots are paused already" if EVERY_BOT in bot_ids else f"{', '.join(bot_ids)} is paused already")
            return count

        return await self._changed(write)

    async def resume(self, actor: Actor, bot_ids: Sequence[str], claim: Claim) -> int:
        """Allow entries again; `EVERYTHING` ends every pause, those of single bots too. Returns how many pauses ended."""
        require(actor, Role.OPERATOR, "resuming bots")
        now_ms = self._wall.wall_ms()

        def write(connection: Connection) -> int:
            claim(connection)
            present, count = pauses(connection), 0
            if EVERY_BOT in present and EVERY_BOT not in bot_ids:
                raise UserError(f"all bots are paused by {present[EVERY_BOT].set_by}: /resume all ends that")
            for bot_id in bot_ids:
                ended = list(present) if bot_id == EVERY_BOT else [bot_id] if bot_id in present else []
                for each in ended:
                    write_audit(connection, now_ms, actor, "resume", each or ALL_BOTS, before=f"paused by {present[each].set_by}", after="on")
                drop_pause(connection, bot_id)
                count += len(ended)
            if not count:
                raise UserError("nothing is paused" if EVERY_BOT in bot_ids else f"{', '.join(bot_ids)} is not paused")
            return count

        return await self._changed(write)

    def _refuse_absent(self, bot_ids: Sequence[str]) -> None:
        absent = [bot_id for bot_id in bot_ids if bot_id != EVERY_BOT and bot_id not in self._manager.running]
        if absent or not bot_ids:
            raise UserError(f"{', '.join(absent) or 'no bot'} does not run, so there is nothing to pause")

    async def _changed(self, write: Callable[[Connection], int]) -> int:
        """Write it down, then have it so."""
        manager = self._manager

        def both(connection: Connection) -> tuple[int, dict[str, Pause]]:
            count = write(connection)
            return count, pauses(connection)

        count, manager.pauses = await asyncio.wrap_future(self._journal.run(both))
        manager.take_pauses(list(manager.running))
        return count
