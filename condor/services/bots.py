"""Starting, stopping and looking at bots."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, TypeVar

from pydantic import ValidationError

from botcore.controllers.by_hand import BY_HAND, markets_of
from botcore.controllers.updates import changed_fields, updated
from botcore.executors.data_types import config_values
from botcore.model.enums import PositionMode, PriceType
from botcore.model.errors import ConfigError, UserError, nearest
from botcore.model.instrument import Market
from botcore.model.records import BotRecords
from botcore.recorder.journal import Journal
from botcore.recorder.queries import load_all_sums
from botcore.strategies.bot_limits import BotLimits
from botcore.strategies.seats import step_name
from condor.configs import Configs
from condor.host import WallClock
from condor.hosts import ACCOUNT_OF, LIVE, PAPER, Hosts
from condor.manager import BotManager, waiting_words
from condor.services.bot_views import bare_view, executor_view, live_view, stopped_view
from condor.store import Connection, KeyTaken
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
    bots_in,
    configs_of,
    configs_of_all,
    free_bot_id,
    limits_of,
    set_state,
    versions_of,
)
from condor.store.common import write_audit
from condor.store.pauses import drop_pause
from condor.users import Actor, Role, require
from condor.views import BotView, ExecutorView
from condor.yaml_file import config_errors

T = TypeVar("T")
Claim = Callable[[Connection], None]
"""Runs inside the transaction of a request and raises when the request was carried out before."""

BOT_ID = re.compile(r"^[a-z0-9_-]{1,64}$")
MAX_TITLE = 200


WAITING = "waiting for the venue"
"""State of a bot whose venue has never answered here."""


class BotService:
    """Bots of this instance."""

    def __init__(self, manager: BotManager, hosts: Hosts, configs: Configs, journal: Journal, wall: WallClock) -> None:
        self._manager = manager
        self._hosts = hosts
        self._configs = configs
        self._journal = journal
        self._wall = wall
        self._starting = asyncio.Lock()
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
        ids = [str(config.id) for _, config in checked]
        if not checked or len(set(ids)) < len(ids):
            raise UserError(f"expected controllers with different ids, found {', '.join(ids) or 'none'}")
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

    async def _committed(self, write: Callable[[Connection], T]) -> T:
        try:
            return await asyncio.wrap_future(self._journal.run(write))
        except KeyTaken:
            raise UserError("somebody else was faster with the same name; try again") from None

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
        async with self._starting:
            found = await asyncio.wrap_future(self._journal.read(lambda connection: bot_by_id(connection, bot_id)))
            if found is None or found.state != STOPPED or bot_id in self._manager.running:
                raise UserError(f"{bot_id} is not stopped")
            configs = await asyncio.wrap_future(self._journal.read(lambda connection: configs_of(connection, bot_id)))
            if found.mode == LIVE:
                for config in configs:
                    checked = self.check(config.controller_name, config.config, found.mode)
                    await self.before_live(actor, {market.connector_name for market in checked.markets()})
                    await self._settle(checked)
            strategy = await self._manager.build_again(bot_id, configs, found.mode)
            row = await self._committed(write)
            self._manager.pauses.pop(bot_id, None)
            self._manager.launch(row, configs, strategy)
        return live_view(self._manager.running[bot_id])

    # ---- change while it runs --------------------------------------------------------------------------------------
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
        async with self._starting:
            row = await self._config_row(bot_id, controller_id)
            before = self._present_config(bot_id, row)
            after = updated(before, changes)
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
            latest = updated(self._present_config(bot_id, row), changes)
            if latest != after:
                values = config_values(latest)
                written = await self._committed(lambda connection: add_version(connection, bot_id, controller_id, row.controller_name, values))
            self._manager.reconfigure(bot_id, written, latest)
            return written

    async def _config_row(self, bot_id: str, controller_id: str) -> ConfigRow:
        rows = await asyncio.wrap_future(self._journal.read(lambda connection: configs_of(connection, bot_id)))
        if not rows:
            raise UserError(f"there is no bot {bot_id}")
        for row in rows:
            if row.controller_id == controller_id:
                return row
        raise UserError(f"{bot_id} has no controller {controller_id}{nearest(controller_id, [row.controller_id for row in rows])}")

    def _present_config(self, bot_id: str, row: ConfigRow) -> Any:
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
        async with self._starting:
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

    async def versions(self, actor: Actor, bot_id: str, controller_id: str) -> list[ConfigRow]:
        """All versions of a controller's config, oldest first."""
        require(actor, Role.VIEWER, "looking at bots")
        return await asyncio.wrap_future(self._journal.read(lambda connection: versions_of(connection, bot_id, controller_id)))

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

    # ---- look ------------------------------------------------------------------------------------------------------
    def says(self, actor: Actor, bot_id: str) -> list[tuple[str, str]]:
        """(controller id, what it says of itself) for each controller of a running bot; its own code, limited as its steps are."""
        require(actor, Role.VIEWER, "looking at bots")
        bot = self._manager.running.get(bot_id)
        if bot is None:
            return []
        stepper = self._hosts.of(bot.row.mode).clock.stepper
        found = []
        for controller in bot.strategy.controllers:
            lines: list[str] = []
            told = lambda to=lines, by=controller: to.extend(str(line) for line in by.to_format_status())  # noqa: E731
            failed = lambda _, error, to=lines: to.append(f"{type(error).__name__}: {error}")  # noqa: E731
            stepper.guard_limited(step_name(bot_id, controller.id), failed, told)
            found.append((controller.id, "\n".join(lines)))
        return found

    def find(self, text: str) -> str:
        """Id of the running bot that is meant; UserError with the nearest one when none is."""
        wanted = text.strip().lower()
        if wanted in self._manager.running:
            return wanted
        by_title = [bot_id for bot_id, bot in self._manager.running.items() if bot.row.title.lower() == wanted]
        if len(by_title) == 1:
            return by_title[0]
        raise UserError(f"no running bot is called {text.strip()!r}{nearest(wanted, self._manager.running)}")

    async def all(self, actor: Actor) -> list[BotView]:
        """Running and stopping bots first, then the stopped ones, newest first."""
        require(actor, Role.VIEWER, "looking at bots")
        live = [live_view(bot) for bot in self._manager.running.values()]
        loaded = await asyncio.wrap_future(self._journal.read(lambda connection: _load(connection, list(reversed(bots_in(connection, [STOPPED]))))))
        stopped = [self._stopped_view(*item) for item in loaded]
        broken = await asyncio.wrap_future(self._journal.read(lambda connection: bots_in(connection, [RUNNING, STOPPING])))
        lost = [view for row in broken if (view := self._absent_view(row)) is not None]
        return [*live, *lost, *(view for view in stopped if view.bot_id not in self._manager.running)]

    def running(self) -> list[BotView]:
        return [live_view(bot) for bot in self._manager.running.values()]

    async def one(self, actor: Actor, bot_id: str) -> BotView | None:
        """One bot, running or not; None when there is no such bot."""
        require(actor, Role.VIEWER, "looking at bots")
        bot = self._manager.running.get(bot_id)
        if bot is not None:
            return live_view(bot)
        loaded = await asyncio.wrap_future(self._journal.read(lambda connection: _load(connection, _present(bot_by_id(connection, bot_id)))))
        if loaded and (view := self._absent_view(loaded[0][0])) is not None:
            return view
        return self._stopped_view(*loaded[0]) if loaded else None

    def _absent_view(self, row: BotRow) -> BotView | None:
        """A bot that should run and could not be put together, or not yet."""
        if row.bot_id in self._manager.broken:
            return bare_view(row, (self._manager.broken[row.bot_id],))
        names = self._manager.waiting.get(row.bot_id)
        return None if names is None else bare_view(row, (waiting_words(names),), WAITING)

    def _stopped_view(self, row: BotRow, records: BotRecords, configs: list[ConfigRow]) -> BotView:
        return stopped_view(row, records, configs, self._mids(row.mode), self._hosts.of(row.mode).runtime.market_data.rates.rate)

    def _mids(self, mode: str) -> dict[Market, Decimal]:
        """Mid of every open market that has one, on paper or with real money."""
        mids = {
            market: state.price(PriceType.MidPrice)
            for of, host in self._hosts.by_mode()
            if of == mode
            for market, state in host.runtime.markets.items()
        }
        return {market: mid for market, mid in mids.items() if not mid.is_nan()}

    async def configs(self, actor: Actor, bot_id: str) -> list[ConfigRow]:
        require(actor, Role.VIEWER, "looking at bots")
        return await asyncio.wrap_future(self._journal.read(lambda connection: configs_of(connection, bot_id)))

    def executors(self, actor: Actor, bot_id: str | None = None) -> list[ExecutorView]:
        """Executors that have not ended, those with a position first."""
        require(actor, Role.VIEWER, "looking at executors")
        views = [
            executor_view(executor.info, bot.row.title, bot.row.bot_id, self._hosts.of(bot.row.mode).clock.now_ns)
            for bot in self._manager.running.values()
            if bot_id is None or bot.row.bot_id == bot_id
            for executor in bot.strategy.orchestrator.running
        ]
        return sorted(views, key=lambda view: (not view.is_trading, view.bot_id, view.executor_id))


def _present(row: BotRow | None) -> list[BotRow]:
    return [] if row is None else [row]


def _load(connection: Connection, rows: Sequence[BotRow]) -> list[tuple[BotRow, BotRecords, list[ConfigRow]]]:
    bot_ids = [row.bot_id for row in rows]
    sums, configs = load_all_sums(connection, bot_ids), configs_of_all(connection, bot_ids)
    return [(row, sums[row.bot_id], configs[row.bot_id]) for row in rows]


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
