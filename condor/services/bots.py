"""Starting and stopping bots; what else there is to do with them is `bot_changes`, and `bot_looks` shows them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from botcore.controllers.by_hand import BY_HAND, markets_of
from botcore.executors.data_types import config_values
from botcore.model.enums import PositionMode
from botcore.model.errors import ConfigError
from botcore.recorder.journal import Journal
from botcore.strategies.bot_limits import BotLimits
from condor.configs import Configs
from condor.errors import UserError
from condor.host import WallClock
from condor.hosts import ACCOUNT_OF, LIVE, PAPER, Hosts
from condor.manager import BotManager, waiting_words
from condor.services.bot_changes import MAX_TITLE, BotChanges
from condor.services.bot_changes import Claim as Claim
from condor.services.bot_views import live_view
from condor.store import Connection
from condor.store.bots import (
    OF_BOT,
    RUNNING,
    STOPPED,
    STOPPING,
    BotRow,
    ConfigRow,
    add_bot,
    add_version,
    bot_by_id,
    configs_of,
    free_bot_id,
    set_state,
)
from condor.store.common import write_audit
from condor.store.pauses import drop_pause
from condor.users import Actor, Role, require
from condor.views import BotView
from condor.yaml_file import config_errors

BOT_ID = re.compile(r"^[a-z0-9_-]{1,64}$")


class BotService(BotChanges):
    """Bots of this instance."""

    def __init__(self, manager: BotManager, hosts: Hosts, configs: Configs, journal: Journal, wall: WallClock) -> None:
        super().__init__(manager, hosts, configs, journal, wall)
        self.before_live: Callable[[Actor, set[str]], Awaitable[None]] = _nothing
        """Asked before a bot trades with real money: who wants it, on which accounts; raises UserError when it may not."""

    # ---- start -----------------------------------------------------------------------------------------------------
    async def start(self, actor: Actor, controller_name: str, values: Mapping[str, Any], claim: Claim, title: str = "", mode: str = PAPER) -> BotView:
        """Start a bot with one controller, on paper or with real money.

        Parameters
        ----------
        values : mapping
            The controller's config as typed values or texts.
        claim : Claim
            Makes sure that one tap starts one bot.

        Raises
        ------
        UserError
            If the actor may not, the config does not hold, or the request was carried out before.
        """
        return await self.start_all(actor, [(controller_name, values)], claim, title, mode)

    async def start_all(
        self,
        actor: Actor,
        controllers: Sequence[tuple[str, Mapping[str, Any]]],
        claim: Claim,
        title: str = "",
        mode: str = PAPER,
        limits: BotLimits | None = None,
    ) -> BotView:
        """Start a bot with several controllers, (name, config) each, and limits of its own; raises as `start`."""
        require(actor, Role.TRADER, "starting a bot")
        self._refuse_new()
        checked = [(name, self.check(name, values, mode)) for name, values in controllers]
        await self.within_limits(actor, [config for _, config in checked], mode, ())
        ids = [str(config.id) for _, config in checked]
        if not checked or len(set(ids)) < len(ids):
            raise UserError(f"expected controllers with different ids, found {', '.join(ids) or 'none'}")
        accounts = {market.connector_name for _, config in checked for market in config.markets()} if mode == LIVE else set[str]()
        with self._manager.start_of(title.strip() or ids[0], accounts):
            return await self._start(actor, checked, claim, title, mode, limits)

    async def _start(
        self, actor: Actor, checked: Sequence[tuple[str, Any]], claim: Claim, title: str, mode: str, limits: BotLimits | None
    ) -> BotView:
        for _, config in checked:
            if mode == LIVE:
                await self.before_live(actor, {market.connector_name for market in config.markets()})
                await self._settle(config)
        names = ", ".join(name for name, _ in checked)
        stem = _stem(*_named_by(*checked[0]))
        configs = [ConfigRow(str(config.id), 1, name, config_values(config)) for name, config in checked]
        now_ms = self._wall.wall_ms()
        bot_id = await asyncio.wrap_future(self._journal.read(lambda connection: free_bot_id(connection, stem)))
        # built before anything is written: what can't be built is refused and leaves no row
        limited = None if limits is None else config_values(limits)
        strategy = self._manager.build(bot_id, configs, mode, limits=limited)
        row = BotRow(bot_id, title.strip()[:MAX_TITLE] or bot_id, mode, ACCOUNT_OF[mode], RUNNING, False, actor.chat_id, now_ms, None)

        def write(connection: Connection) -> None:
            claim(connection)
            add_bot(connection, row, configs)
            if limited is not None:
                add_version(connection, bot_id, OF_BOT, "limits", limited)
            # everything may have been stopped since the first look: a venue was asked for its settings in between
            self._refuse_new()
            write_audit(connection, now_ms, actor, "start_bot", bot_id, after=f"{names} ({mode})")

        await self._committed(write)
        self._manager.launch(row, configs, strategy)
        return live_view(self._manager.running[bot_id])

    def _refuse_new(self) -> None:
        """UserError while this process can take no more bots."""
        if self._manager.stopped_all is not None:
            raise UserError(f"{self._manager.stopped_all}: no bot starts until the owner releases it with a reason (/panic)")
        if self._manager.no_new_bots is not None:
            raise UserError(self._manager.no_new_bots)

    async def _settle(self, config: Any) -> None:
        """Set leverage and mode at the venue before a bot trades there; UserError when the venue does not take them."""
        live = self._hosts.live
        assert live is not None, "checked before"
        for market, (leverage, mode) in config.perpetual_settings().items():
            account = live.accounts[market.connector_name]
            problem = account.connector.mode_problem(mode)
            if problem is None:
                problem = await account.session.line.settle(market.trading_pair, leverage, mode is PositionMode.HEDGE)
            if problem is not None:
                raise UserError(problem)

    def check(self, controller_name: str, values: Mapping[str, Any], mode: str = PAPER) -> Any:
        """Values as a controller's config; ConfigError with the first fault when they don't hold."""
        spec = self._configs.spec(controller_name)
        try:
            config = spec.config_class.model_validate(dict(values))
        except ValidationError as error:
            raise config_errors(spec.config_class, error)[0] from None
        self._configs.check_connectors(config)
        if mode == LIVE and getattr(config, "is_paper_only", False):
            raise ConfigError(f"{controller_name} names connectors that are for paper only (..._paper_trade), so it can't trade with real money")
        host = self._hosts.of(mode)
        for market in sorted(config.markets()):
            host.instrument(market)
        return config

    async def start_again(self, actor: Actor, bot_id: str, claim: Claim) -> BotView:
        """Start a stopped bot again with the configs that it had."""
        require(actor, Role.TRADER, "starting a bot")
        self._refuse_new()
        now_ms = self._wall.wall_ms()

        def write(connection: Connection) -> BotRow:
            claim(connection)
            row = bot_by_id(connection, bot_id)
            if row is None or row.state != STOPPED:
                raise UserError(f"{bot_id} is not stopped")
            self._refuse_new()
            set_state(connection, bot_id, RUNNING)
            # who starts it again wants it to trade; a pause of all bots stays
            drop_pause(connection, bot_id)
            write_audit(connection, now_ms, actor, "start_again", bot_id, before=STOPPED, after=RUNNING)
            # as it is from now on: whoever looks at the bot sees this row
            return replace(row, state=RUNNING, keep_position=False, stopped_ms=None)

        # one at a time: a second tap must find what the first one has done before it takes up orders and fills of the bot
        async with self.changing:
            found = await asyncio.wrap_future(self._journal.read(lambda connection: bot_by_id(connection, bot_id)))
            if found is None or found.state != STOPPED or bot_id in self._manager.running:
                raise UserError(f"{bot_id} is not stopped")
            configs = await asyncio.wrap_future(self._journal.read(lambda connection: configs_of(connection, bot_id)))
            checked = [self.check(config.controller_name, config.config, LIVE) for config in configs] if found.mode == LIVE else []
            await self.within_limits(actor, [self.present_config(bot_id, config) for config in configs], found.mode, ())
            with self._manager.start_of(found.title, {market.connector_name for config in checked for market in config.markets()}):
                for config in checked:
                    await self.before_live(actor, {market.connector_name for market in config.markets()})
                    await self._settle(config)
                strategy = await self._manager.build_again(bot_id, configs, found.mode)
                row = await self._committed(write)
                self._manager.pauses.pop(bot_id, None)
                self._manager.launch(row, configs, strategy)
        return live_view(self._manager.running[bot_id])

    # ---- stop ------------------------------------------------------------------------------------------------------
    async def stop(self, actor: Actor, bot_id: str, claim: Claim, *, keep_position: bool) -> BotView | None:
        """Stop a bot: no more entries, orders cancelled, positions closed at market or kept as holds.

        Returns
        -------
        BotView, optional
            The bot while it is stopping; None when it had nothing to end and is gone from the runtime already.
        """
        require(actor, Role.OPERATOR, "stopping a bot")
        if bot_id in self._manager.broken:
            raise UserError(f"{bot_id} can't be stopped, for it could not be put together: {self._manager.broken[bot_id]}")
        if bot_id in self._manager.waiting:
            raise UserError(
                f"{bot_id} waits for its venue ({waiting_words(self._manager.waiting[bot_id])}): nothing can be closed there before it answers; stop it then"
            )
        now_ms = self._wall.wall_ms()

        def write(connection: Connection) -> None:
            claim(connection)
            row = bot_by_id(connection, bot_id)
            if row is None:
                raise UserError(f"there is no bot {bot_id}")
            if row.state != RUNNING:
                raise UserError(f"{bot_id} is {row.state} already")
            set_state(connection, bot_id, STOPPING, keep_position=keep_position)
            write_audit(connection, now_ms, actor, "stop_bot", bot_id, before=RUNNING, after="stop and keep" if keep_position else "stop and close")

        await asyncio.wrap_future(self._journal.run(write))
        bot = self._manager.running.get(bot_id)
        self._manager.stop(bot_id, keep_position=keep_position)
        return live_view(bot) if bot is not None and bot_id in self._manager.running else None


async def _nothing(actor: Actor, accounts: set[str]) -> None:
    """Nobody has anything against it."""


def _named_by(controller_name: str, config: Any) -> tuple[str, str]:
    """What a bot is called after: its controller, or its executor where a person set that up, and the pair."""
    executor = getattr(config, "executor", None)
    if controller_name != BY_HAND.name or executor is None:
        return controller_name, getattr(config, "trading_pair", "")
    return executor.type, next((market.trading_pair for market, _ in markets_of(executor)), "")


def _stem(controller_name: str, trading_pair: str) -> str:
    """Beginning of a bot's id: the controller's first word and the base asset, such as `pmm-btc`."""
    word = controller_name.rpartition(".")[2].partition("_")[0]
    base = trading_pair.partition("-")[0]
    stem = re.sub(r"[^a-z0-9_-]", "", f"{word}-{base}".lower()).strip("-")
    if not BOT_ID.match(stem):
        raise ConfigError(f"can't make an id from {controller_name!r} and {trading_pair!r}")
    return stem[:56]
