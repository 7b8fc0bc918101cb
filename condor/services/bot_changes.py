"""Changing bots, running or not: their configs, their limits, their names."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

from botcore.controllers.updates import changed_fields, updated
from botcore.executors.data_types import config_values
from botcore.recorder.journal import Journal
from botcore.strategies.bot_limits import BotLimits
from condor.configs import Configs
from condor.errors import UserError, nearest
from condor.host import WallClock
from condor.hosts import Hosts
from condor.manager import BotManager
from condor.services.bot_looks import BotLooks
from condor.store import Connection, KeyTaken
from condor.store.bots import OF_BOT, STOPPING, BotRow, ConfigRow, add_version, bot_by_id, configs_of, limits_of, set_title
from condor.store.common import write_audit
from condor.users import Actor, Role, require

T = TypeVar("T")
Claim = Callable[[Connection], None]
"""Runs inside the transaction of a request and raises when the request was carried out before."""

MAX_TITLE = 200


class BotChanges(BotLooks):
    """See the module."""

    def __init__(self, manager: BotManager, hosts: Hosts, configs: Configs, journal: Journal, wall: WallClock) -> None:
        super().__init__(manager, hosts, configs, journal, wall)
        self.changing = asyncio.Lock()
        """One change at a time: each is worked out from what the one before it has left."""
        self.within_limits: Callable[[Actor, Sequence[Any], str, Sequence[Any]], Awaitable[None]] = _unlimited
        """Asked before a bot gets configs: who gives them, which, in which mode, and what it had before; raises UserError when they are too large for him."""

    async def update_config(self, actor: Actor, bot_id: str, controller_id: str, changes: Mapping[str, Any], claim: Claim) -> ConfigRow:
        """Change updatable fields of a controller's config, running or not; a running one takes them over with its next tick, all at once.

        Parameters
        ----------
        changes : mapping
            Field -> value, typed or as text.

        Returns
        -------
        ConfigRow
            The new version; the old ones stay readable.

        Raises
        ------
        ConfigError, UserError
            If a field is fixed or unknown, a value does not hold, or there is no such bot or controller. Nothing has changed then.
        """
        require(actor, Role.TRADER, "changing a bot")
        async with self.changing:
            row = await self.config_row(bot_id, controller_id)
            before = self.present_config(bot_id, row)
            after = updated(before, changes)
            await self._refuse_larger(actor, bot_id, before, after)
            now_ms = self._wall.wall_ms()
            old, new = config_values(before), config_values(after)
            names = changed_fields(before, after)

            def write(connection: Connection) -> ConfigRow:
                claim(connection)
                bot = bot_by_id(connection, bot_id)
                if bot is None or bot.state == STOPPING:
                    raise UserError(f"{bot_id} is stopping" if bot is not None else f"there is no bot {bot_id}")
                told = [json.dumps({name: values[name] for name in names}, sort_keys=True) for values in (old, new)]
                write_audit(connection, now_ms, actor, "update_config", f"{bot_id}/{controller_id}", before=told[0], after=told[1])
                return add_version(connection, bot_id, controller_id, row.controller_name, new)

            written = await self._committed(write)
            # a limit may have turned the kill switch on while this was being written
            latest = updated(self.present_config(bot_id, row), changes)
            if latest != after:
                values = config_values(latest)
                written = await self._committed(lambda connection: add_version(connection, bot_id, controller_id, row.controller_name, values))
            self._manager.reconfigure(bot_id, written, latest)
            return written

    async def _refuse_larger(self, actor: Actor, bot_id: str, before: Any, after: Any) -> None:
        """UserError where a controller's new config would let its bot hold more than this person may; an owner mends also what can't be read beside it."""
        if actor.role >= Role.OWNER:
            return

        def read(connection: Connection) -> tuple[BotRow | None, list[ConfigRow]]:
            return bot_by_id(connection, bot_id), configs_of(connection, bot_id)

        bot, rows = await asyncio.wrap_future(self._journal.read(read))
        others = [self.present_config(bot_id, row) for row in rows if row.controller_id != str(before.id)]
        if bot is not None:
            await self.within_limits(actor, [*others, after], bot.mode, [*others, before])

    async def config_row(self, bot_id: str, controller_id: str) -> ConfigRow:
        """A controller of a bot with its newest config; UserError with the nearest name when there is none."""
        rows = await asyncio.wrap_future(self._journal.read(lambda connection: configs_of(connection, bot_id)))
        if not rows:
            raise UserError(f"there is no bot {bot_id}")
        for row in rows:
            if row.controller_id == controller_id:
                return row
        raise UserError(f"{bot_id} has no controller {controller_id}{nearest(controller_id, [row.controller_id for row in rows])}")

    def present_config(self, bot_id: str, row: ConfigRow) -> Any:
        """The config that a controller has, or will have with its next tick."""
        bot = self._manager.running.get(bot_id)
        if bot is not None:
            return bot.strategy.seat(row.controller_id).config
        return self._configs.spec(row.controller_name).config_class.model_validate(row.config)

    async def set_kill_switch(self, actor: Actor, bot_id: str, controller_id: str, is_on: bool, claim: Claim) -> ConfigRow:
        """Turn a controller's kill switch: on, its executors end and it decides nothing; off, it goes on."""
        return await self.update_config(actor, bot_id, controller_id, {"manual_kill_switch": is_on}, claim)

    async def set_limits(self, actor: Actor, bot_id: str, changes: Mapping[str, Any], claim: Claim) -> BotLimits:
        """Change how much a bot, and each of its controllers, may lose from a peak; ConfigError when a value does not hold."""
        require(actor, Role.TRADER, "changing a bot")
        async with self.changing:
            present = await asyncio.wrap_future(self._journal.read(lambda connection: limits_of(connection, bot_id)))
            before = BotLimits.model_validate(present)
            limits = updated(before, changes)
            now_ms = self._wall.wall_ms()

            def write(connection: Connection) -> None:
                claim(connection)
                if bot_by_id(connection, bot_id) is None:
                    raise UserError(f"there is no bot {bot_id}")
                old, new = (json.dumps(config_values(of), sort_keys=True) for of in (before, limits))
                write_audit(connection, now_ms, actor, "set_limits", bot_id, before=old, after=new)
                add_version(connection, bot_id, OF_BOT, "limits", config_values(limits))

            await self._committed(write)
            bot = self._manager.running.get(bot_id)
            if bot is not None:
                bot.strategy.limits = limits
            return limits

    async def rename(self, actor: Actor, bot_id: str, title: str, claim: Claim) -> str:
        """Give a bot another title; returns it as it was taken."""
        require(actor, Role.TRADER, "renaming a bot")
        taken = " ".join(title.split())[:MAX_TITLE]
        if not taken:
            raise UserError("expected a name, found nothing")
        now_ms = self._wall.wall_ms()

        def write(connection: Connection) -> None:
            claim(connection)
            row = bot_by_id(connection, bot_id)
            if row is None:
                raise UserError(f"there is no bot {bot_id}")
            set_title(connection, bot_id, taken)
            write_audit(connection, now_ms, actor, "rename", bot_id, before=row.title, after=taken)

        await asyncio.wrap_future(self._journal.run(write))
        self._manager.rename(bot_id, taken)
        return taken

    async def _committed(self, write: Callable[[Connection], T]) -> T:
        try:
            return await asyncio.wrap_future(self._journal.run(write))
        except KeyTaken:
            raise UserError("somebody else was faster with the same name; try again") from None


async def _unlimited(actor: Actor, configs: Sequence[Any], mode: str, before: Sequence[Any]) -> None:
    """Nobody has anything against it."""
