"""Bots that run: built from their frozen configs, put on the clock, paused, changed and stopped.

A bot's row says what it should be; the runtime follows. Whoever asks for a change writes the row first (in the transaction of the request), then calls here.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from pydantic import ValidationError

from botcore.controllers.base import ControllerBase, ControllerConfigBase
from botcore.controllers.catalog import ControllerSpec
from botcore.executors.data_types import config_values
from botcore.model.errors import UserError
from botcore.model.events import Fact, FactKind, PartFault
from botcore.model.records import BotRecords
from botcore.recorder.journal import Journal
from botcore.recorder.queries import load_bot
from botcore.strategies.bot_limits import BotLimits, Breach
from botcore.strategies.recovery import restore_bot
from botcore.strategies.strategy_v2 import StrategyV2Base
from condor.configs import Configs
from condor.host import WallClock
from condor.hosts import PAPER, Host, Hosts
from condor.stand_in import stand_in
from condor.store.bots import RUNNING, STOPPED, STOPPING, BotRow, ConfigRow, add_version, bot_by_id, configs_of, limits_of, set_state
from condor.store.pauses import EVERY_BOT, Pause

log = logging.getLogger(__name__)

Benched = dict[str, str]
"""Controller id -> why it is not asked."""


@dataclass(slots=True)
class RunningBot:
    """A bot in this process."""

    row: BotRow
    configs: list[ConfigRow]
    strategy: StrategyV2Base
    pause: Pause | None = None
    """Who has turned its entries off."""


class RunningBots:
    """See the module.

    Attributes
    ----------
    starting : list of (str, frozenset of str)
        (title, accounts) of bots that are being built and written down.
    stopped_all : str, optional
        Who has stopped everything (`/panic`); no bot starts while that stands.
    pauses : dict of str to Pause
        By bot; the empty id stands for all, those that are started later too.
    """

    def __init__(self, hosts: Hosts, configs: Configs, journal: Journal, wall: WallClock) -> None:
        self._hosts = hosts
        self._configs = configs
        self._journal = journal
        self._wall = wall
        self.running: dict[str, RunningBot] = {}
        self.starting: list[tuple[str, frozenset[str]]] = []
        self.no_new_bots: str | None = None
        self.stopped_all: str | None = None
        self.pauses: dict[str, Pause] = {}

    # ---- start -----------------------------------------------------------------------------------------------------
    def build(
        self,
        bot_id: str,
        configs: Sequence[ConfigRow],
        mode: str,
        benched: Benched | None = None,
        limits: Mapping[str, Any] | None = None,
        *,
        comes_back: bool = False,
    ) -> StrategyV2Base:
        """A bot that is not on the clock yet, on the host of its mode; no code runs of controllers that are benched. One that `comes_back` may have positions.

        Raises
        ------
        ConfigError, UserError
            If a config does not hold any more, a market is not to be had, or an account can't take its settings.
        """
        pairs: list[tuple[ControllerSpec, ControllerConfigBase]] = []
        for row in configs:
            spec, config = self._pair(row, is_benched=bool(benched and row.controller_id in benched))
            pairs.append((replace(spec, controller_class=ControllerBase) if benched and config.id in benched else spec, config))
        strategy = self._hosts.of(mode).runtime.build_bot(
            bot_id, pairs, self._on_idle, limits=BotLimits.model_validate(dict(limits or {})), on_breach=self._on_breach, comes_back=comes_back
        )
        for controller_id, reason in (benched or {}).items():
            strategy.bench(controller_id, reason)
        return strategy

    def _pair(self, row: ConfigRow, *, is_benched: bool) -> tuple[ControllerSpec, ControllerConfigBase]:
        """A stored config with its controller; for one that is not asked anyway something that stands for it, where its code is not to be had."""
        try:
            spec = self._configs.spec(row.controller_name)
            return spec, spec.config_class.model_validate(row.config)
        except (UserError, ValidationError):
            if not is_benched:
                raise
            spec = stand_in(row.controller_name)
            return spec, spec.config_class.model_validate(row.config)

    @contextmanager
    def start_of(self, title: str, accounts: Collection[str]) -> Iterator[None]:
        """Until a bot that is being started runs, it counts as one that uses its accounts."""
        entry = (title, frozenset(accounts))
        self.starting.append(entry)
        try:
            yield
        finally:
            self.starting.remove(entry)

    def launch(self, row: BotRow, configs: list[ConfigRow], strategy: StrategyV2Base) -> None:
        """Put a bot whose row is written on the clock."""
        self.running[row.bot_id] = RunningBot(row, configs, strategy)
        host = self._hosts.of(row.mode)
        host.runtime.add_bot(strategy)
        self.take_pauses([row.bot_id])
        payload = {"title": row.title, "mode": row.mode, "controllers": [config.controller_name for config in configs]}
        host.bus.publish(Fact(FactKind.BOT_STARTED, host.clock.now_ns, row.bot_id, payload=payload))

    async def build_again(self, bot_id: str, configs: list[ConfigRow], mode: str) -> StrategyV2Base:
        """Build a stopped bot again with its sums, holds and past executors."""
        limits = await asyncio.wrap_future(self._journal.read(lambda connection: limits_of(connection, bot_id)))
        strategy = self.build(bot_id, configs, mode, limits=limits)
        # behind all that is on its way to the disk: a fill that went to one of its holds a moment ago must be in them
        self._hosts.of(mode).recorder.flush(None)
        records = await asyncio.wrap_future(self._journal.run(lambda connection: load_bot(connection, bot_id)))
        self._give_back(strategy, records, self._hosts.of(mode))
        strategy.orchestrator.drawdowns.begin_with_next()
        return strategy

    async def watch_holds(self, bot_id: str, reason: str) -> RunningBot:
        """Put a stopped bot back on the clock for what it holds and nothing else: its controllers are not asked. It counts as stopping.

        Whoever asks holds `BotChanges.changing`, or has stopped everything so that nothing starts: a start of this bot that is under way must not meet it here.
        """
        load = self._journal.run(lambda connection: (bot_by_id(connection, bot_id), configs_of(connection, bot_id)))
        row, configs = await asyncio.wrap_future(load)
        if row is None or bot_id in self.running:
            raise UserError(f"there is no stopped bot {bot_id}")
        host = self._hosts.of(row.mode)
        ids = [str(config.config.get("id")) for config in configs]
        strategy = self.build(bot_id, configs, row.mode, dict.fromkeys(ids, reason), comes_back=True)
        # behind all that is on its way to the disk: a fill that went to one of its holds a moment ago must be in them
        host.recorder.flush(None)
        records = await asyncio.wrap_future(self._journal.run(lambda connection: load_bot(connection, bot_id)))
        if bot_id in self.running:
            raise UserError(f"{bot_id} runs already")
        self._give_back(strategy, records, host)
        bot = self.running[bot_id] = RunningBot(replace(row, state=STOPPING, keep_position=True), configs, strategy)
        host.runtime.add_bot(strategy)
        # ahead of every order of it in the same queue
        self._journal.run(lambda connection: set_state(connection, bot_id, STOPPING, keep_position=True))
        return bot

    @staticmethod
    def _give_back(strategy: StrategyV2Base, records: BotRecords, host: Host) -> None:
        restore_bot(strategy, records, host.runtime.connectors, host.runtime.market_data)

    # ---- pause -----------------------------------------------------------------------------------------------------
    def take_pauses(self, bot_ids: Iterable[str]) -> None:
        """Have running bots make entries or not, as it is written down; those that are stopping make none anyway."""
        for bot_id in bot_ids:
            bot = self.running.get(bot_id)
            if bot is None or bot.strategy.is_stopping:
                continue
            before, bot.pause = bot.pause, self.pauses.get(bot_id) or self.pauses.get(EVERY_BOT)
            orchestrator, stepper = bot.strategy.orchestrator, self._hosts.of(bot.row.mode).clock.stepper
            if bot.pause is not None and bot.pause != before:
                stepper.guard(bot.strategy, self._not_stopped, partial(orchestrator.pause, bot.pause.words))
            elif bot.pause is None and before is not None:
                orchestrator.resume()

    # ---- change ----------------------------------------------------------------------------------------------------
    def rename(self, bot_id: str, title: str) -> None:
        """A running bot has another title; its row says so already."""
        bot = self.running.get(bot_id)
        if bot is not None:
            bot.row = replace(bot.row, title=title)

    def reconfigure(self, bot_id: str, row: ConfigRow, config: ControllerConfigBase) -> None:
        """Have a running bot take over a config whose row is written; it does so with its next tick."""
        bot = self.running.get(bot_id)
        if bot is None:
            return
        bot.strategy.reconfigure(row.controller_id, config)
        self._know(bot, row)
        host = self._hosts.of(bot.row.mode)
        payload = {"title": bot.row.title, "controller_name": row.controller_name, "version": row.version}
        host.bus.publish(Fact(FactKind.CONFIG_CHANGED, host.clock.now_ns, bot_id, row.controller_id, payload=payload))

    @staticmethod
    def _know(bot: RunningBot, row: ConfigRow) -> None:
        bot.configs = [row if old.controller_id == row.controller_id else old for old in bot.configs]

    def _on_breach(self, strategy: StrategyV2Base, breach: Breach) -> None:
        """A bot, or a controller of it, has reached a limit and is ending: the next start must find it so."""
        bot = self.running.get(strategy.bot_id)
        if bot is None:
            return
        if not breach.controller_id:
            bot.row = replace(bot.row, state=STOPPING, keep_position=False)
            self._journal.run(lambda connection: set_state(connection, strategy.bot_id, STOPPING))
            return
        values = config_values(strategy.seat(breach.controller_id).config)
        known = next(row for row in bot.configs if row.controller_id == breach.controller_id)
        self._know(bot, replace(known, version=known.version + 1, config=values))
        self._journal.run(lambda connection: add_version(connection, strategy.bot_id, known.controller_id, known.controller_name, values))

    # ---- stop ------------------------------------------------------------------------------------------------------
    def end_finished(self) -> None:
        """End the bots whose controllers have nothing left to do, such as one executor by hand that has ended; what they hold stays held."""
        for bot in list(self.running.values()):
            controllers = bot.strategy.controllers
            if bot.row.state == RUNNING and controllers and all(getattr(controller, "is_finished", False) is True for controller in controllers):
                bot.row = replace(bot.row, state=STOPPING, keep_position=True)
                self._journal.run(partial(set_state, bot_id=bot.row.bot_id, state=STOPPING, keep_position=True))
                bot.strategy.stop(keep_position=True)

    def stop(self, bot_id: str, *, keep_position: bool) -> None:
        """Stop a running bot; its row says "stopping" already. A no-op when it is not running here."""
        bot = self.running.get(bot_id)
        if bot is not None:
            bot.strategy.stop(keep_position=keep_position)

    def stop_all(self, *, close: bool, but: Iterable[str] = ()) -> list[str]:
        """Have every bot end that is not ending yet; their rows say so already. Returns which."""
        ended = [bot for bot_id, bot in self.running.items() if bot_id not in but and not bot.strategy.is_stopping]
        for bot in ended:
            bot.row = replace(bot.row, state=STOPPING, keep_position=not close)
            # whatever breaks in one of them, the others stop
            stop = partial(bot.strategy.stop, keep_position=not close)
            self._hosts.of(bot.row.mode).clock.stepper.guard(bot.strategy, self._not_stopped, stop)
        return [bot.row.bot_id for bot in ended]

    def _not_stopped(self, strategy: StrategyV2Base, error: Exception) -> None:
        log.error("bot %s could not be stopped: %s", strategy.bot_id, error, exc_info=error)
        self._hosts.paper.bus.publish(
            PartFault(FactKind.PART_FAULT, self._hosts.paper.clock.now_ns, f"{type(error).__name__}: {error}", strategy.bot_id)
        )

    def _on_idle(self, strategy: StrategyV2Base) -> None:
        """A stopping bot has ended its last executor."""
        bot = self.running.pop(strategy.bot_id, None)
        host = self._hosts.of(bot.row.mode if bot else PAPER)
        host.runtime.remove_bot(strategy)
        report = strategy.orchestrator.report()
        net = report.global_pnl_quote
        held = [position for position in report.positions_summary if position.amount]
        payload: dict[str, Any] = {
            "title": bot.row.title if bot else strategy.bot_id,
            "net_pnl_quote": None if net is None else format(net, "f"),
            "quote": report.asset,
            "unpriced": list(report.unpriced_assets),
            "held": [{"trading_pair": position.trading_pair, "amount": format(position.amount, "f")} for position in held],
            "forced": list(strategy.shutdown.forced) if strategy.shutdown is not None else [],
        }
        host.bus.publish(Fact(FactKind.BOT_STOPPED, host.clock.now_ns, strategy.bot_id, payload=payload))
        stopped_ms = self._wall.wall_ms()
        # how its last executors ended first: a bot that is written down as stopped is not looked at by the next start
        host.recorder.flush(None)
        self._journal.run(lambda connection: set_state(connection, strategy.bot_id, STOPPED, stopped_ms=stopped_ms))
