"""Looking at bots: those that run, and from the records those that do not."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from decimal import Decimal

from botcore.model.instrument import Market
from botcore.model.records import BotRecords
from botcore.recorder.journal import Journal
from botcore.recorder.queries import load_all_sums
from botcore.strategies.seats import step_name
from condor.configs import Configs
from condor.errors import UserError, nearest
from condor.host import WallClock
from condor.hosts import Hosts, mid_of
from condor.manager import BotManager, waiting_words
from condor.services.bot_views import bare_view, executor_view, live_view, stopped_view
from condor.store import Connection
from condor.store.bots import RUNNING, STOPPED, STOPPING, BotRow, ConfigRow, bot_by_id, bots_in, configs_of, configs_of_all, versions_of
from condor.users import Actor, Role, require
from condor.views import BotView, ExecutorView

WAITING = "waiting for the venue"
"""State of a bot whose venue has never answered here."""


class BotLooks:
    """See the module."""

    def __init__(self, manager: BotManager, hosts: Hosts, configs: Configs, journal: Journal, wall: WallClock) -> None:
        self._manager = manager
        self._hosts = hosts
        self._configs = configs
        self._journal = journal
        self._wall = wall

    # ---- bots ------------------------------------------------------------------------------------------------------
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
        runtimes = [host.runtime for of, host in self._hosts.by_mode() if of == mode]
        mids = {market: mid_of(runtime, market) for runtime in runtimes for market in runtime.markets}
        return {market: mid for market, mid in mids.items() if mid is not None}

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

    async def versions(self, actor: Actor, bot_id: str, controller_id: str) -> list[ConfigRow]:
        """All versions of a controller's config, oldest first."""
        require(actor, Role.VIEWER, "looking at bots")
        return await asyncio.wrap_future(self._journal.read(lambda connection: versions_of(connection, bot_id, controller_id)))


def _present(row: BotRow | None) -> list[BotRow]:
    return [] if row is None else [row]


def _load(connection: Connection, rows: Sequence[BotRow]) -> list[tuple[BotRow, BotRecords, list[ConfigRow]]]:
    bot_ids = [row.bot_id for row in rows]
    sums, configs = load_all_sums(connection, bot_ids), configs_of_all(connection, bot_ids)
    return [(row, sums[row.bot_id], configs[row.bot_id]) for row in rows]
