"""Starting, stopping and looking at bots."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeVar

from pydantic import ValidationError

from botcore.executors.data_types import config_values
from botcore.executors.info import ExecutorInfo
from botcore.model.enums import PriceType
from botcore.model.errors import ConfigError, UserError, nearest
from botcore.model.instrument import Market, split_pair
from botcore.model.records import BotRecords, HoldRecord
from botcore.orchestrator.holds import PositionSummary
from botcore.recorder.journal import Journal
from botcore.recorder.queries import load_bot
from condor.configs import Configs
from condor.host import TradingHost, WallClock
from condor.manager import BotManager, RunningBot
from condor.store import Connection, KeyTaken
from condor.store.bots import RUNNING, STOPPED, STOPPING, BotRow, ConfigRow, add_bot, bot_by_id, bots_in, configs_of, free_bot_id, set_state
from condor.store.common import write_audit
from condor.users import Actor, Role, require
from condor.views import BotView, ExecutorView, PositionView
from condor.yaml_file import config_errors

T = TypeVar("T")
Claim = Callable[[Connection], None]
"""Runs inside the transaction of a request and raises when the request was carried out before."""

BOT_ID = re.compile(r"^[a-z0-9_-]{1,64}$")
MAX_TITLE = 200


class BotService:
    """Bots of this instance."""

    def __init__(self, manager: BotManager, host: TradingHost, configs: Configs, journal: Journal, wall: WallClock) -> None:
        self._manager = manager
        self._host = host
        self._configs = configs
        self._journal = journal
        self._wall = wall

    # ---- start -----------------------------------------------------------------------------------------------------
    async def start(self, actor: Actor, controller_name: str, values: Mapping[str, Any], claim: Claim, title: str = "") -> BotView:
        """Start a bot with one controller on paper.

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
        require(actor, Role.TRADER, "starting a bot")
        config = self.check(controller_name, values)
        stem = _stem(controller_name, getattr(config, "trading_pair", ""))
        configs = [ConfigRow(str(config.id), 1, controller_name, config_values(config))]
        now_ms = self._wall.wall_ms()
        bot_id = await asyncio.wrap_future(self._journal.read(lambda connection: free_bot_id(connection, stem)))
        # built before anything is written: what can't be built is refused and leaves no row
        strategy = self._manager.build(bot_id, configs)
        row = BotRow(bot_id, title.strip()[:MAX_TITLE] or bot_id, "paper", "paper", RUNNING, False, actor.chat_id, now_ms, None)

        def write(connection: Connection) -> None:
            claim(connection)
            add_bot(connection, row, configs)
            write_audit(connection, now_ms, actor, "start_bot", bot_id, after=controller_name)

        await self._committed(write)
        self._manager.launch(row, configs, strategy)
        return self._view(self._manager.running[bot_id])

    async def _committed(self, write: Callable[[Connection], T]) -> T:
        try:
            return await asyncio.wrap_future(self._journal.run(write))
        except KeyTaken:
            raise UserError("somebody else was faster with the same name; try again") from None

    def check(self, controller_name: str, values: Mapping[str, Any]) -> Any:
        """Values as a controller's config; ConfigError with the first fault when they don't hold."""
        spec = self._configs.spec(controller_name)
        try:
            config = spec.config_class.model_validate(dict(values))
        except ValidationError as error:
            raise config_errors(spec.config_class, error)[0] from None
        self._configs.check_connectors(config)
        for market in sorted(config.markets()):
            self._host.source.plan(market)
        return config

    async def start_again(self, actor: Actor, bot_id: str, claim: Claim) -> BotView:
        """Start a stopped bot again with the configs that it had."""
        require(actor, Role.TRADER, "starting a bot")
        now_ms = self._wall.wall_ms()

        def write(connection: Connection) -> BotRow:
            claim(connection)
            row = bot_by_id(connection, bot_id)
            if row is None or row.state != STOPPED:
                raise UserError(f"{bot_id} is not stopped")
            set_state(connection, bot_id, RUNNING)
            write_audit(connection, now_ms, actor, "start_again", bot_id, before=STOPPED, after=RUNNING)
            return row

        configs = await asyncio.wrap_future(self._journal.read(lambda connection: configs_of(connection, bot_id)))
        strategy = await self._manager.build_again(bot_id, configs)
        row = await self._committed(write)
        self._manager.launch(row, configs, strategy)
        return self._view(self._manager.running[bot_id])

    # ---- stop ------------------------------------------------------------------------------------------------------
    async def stop(self, actor: Actor, bot_id: str, claim: Claim, *, keep_position: bool) -> BotView | None:
        """Stop a bot: no more entries, orders cancelled, positions closed at market or kept as holds.

        Returns
        -------
        BotView, optional
            The bot while it is stopping; None when it had nothing to end and is gone from the runtime already.
        """
        require(actor, Role.OPERATOR, "stopping a bot")
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
        return self._view(bot) if bot is not None and bot_id in self._manager.running else None

    # ---- look ------------------------------------------------------------------------------------------------------
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
        live = [self._view(bot) for bot in self._manager.running.values()]
        loaded = await asyncio.wrap_future(self._journal.read(lambda connection: _load(connection, list(reversed(bots_in(connection, [STOPPED]))))))
        stopped = [_stopped_view(*item, self._mids()) for item in loaded]
        broken = await asyncio.wrap_future(self._journal.read(lambda connection: bots_in(connection, [RUNNING, STOPPING])))
        lost = [_bare_view(row, (self._manager.broken[row.bot_id],)) for row in broken if row.bot_id in self._manager.broken]
        return [*live, *lost, *(view for view in stopped if view.bot_id not in self._manager.running)]

    def running(self) -> list[BotView]:
        return [self._view(bot) for bot in self._manager.running.values()]

    async def one(self, actor: Actor, bot_id: str) -> BotView | None:
        """One bot, running or not; None when there is no such bot."""
        require(actor, Role.VIEWER, "looking at bots")
        bot = self._manager.running.get(bot_id)
        if bot is not None:
            return self._view(bot)
        loaded = await asyncio.wrap_future(self._journal.read(lambda connection: _load(connection, _present(bot_by_id(connection, bot_id)))))
        return _stopped_view(*loaded[0], self._mids()) if loaded else None

    def _mids(self) -> dict[Market, Decimal]:
        """Mid of every open market that has one."""
        mids = {market: state.price(PriceType.MidPrice) for market, state in self._host.runtime.markets.items()}
        return {market: mid for market, mid in mids.items() if not mid.is_nan()}

    async def configs(self, actor: Actor, bot_id: str) -> list[ConfigRow]:
        require(actor, Role.VIEWER, "looking at bots")
        return await asyncio.wrap_future(self._journal.read(lambda connection: configs_of(connection, bot_id)))

    def executors(self, actor: Actor, bot_id: str | None = None) -> list[ExecutorView]:
        """Executors that have not ended, those with a position first."""
        require(actor, Role.VIEWER, "looking at executors")
        now_ns = self._host.clock.now_ns
        views = [
            executor_view(executor.info, bot.row.title, bot.row.bot_id, now_ns)
            for bot in self._manager.running.values()
            if bot_id is None or bot.row.bot_id == bot_id
            for executor in bot.strategy.orchestrator.running
        ]
        return sorted(views, key=lambda view: (not view.is_trading, view.bot_id, view.executor_id))

    def _view(self, bot: RunningBot) -> BotView:
        strategy, row = bot.strategy, bot.row
        orchestrator = strategy.orchestrator
        report = orchestrator.report()
        running = orchestrator.running
        markets = sorted({str(market) for controller in strategy.controllers for market in controller.config.markets()})
        return BotView(
            row.bot_id,
            row.title,
            row.mode,
            STOPPING if strategy.is_stopping else row.state,
            _quote_of(markets),
            tuple(config.controller_name for config in bot.configs),
            tuple(markets),
            row.created_ms,
            report.global_pnl_quote,
            report.realized_pnl_quote,
            report.unrealized_pnl_quote,
            report.fees_quote,
            report.volume_traded,
            len(running),
            sum(executor.has_fills for executor in running),
            report.closed_executors,
            report.winning_executors,
            tuple((close_type.name, count) for close_type, count in sorted(report.close_type_counts.items())),
            tuple(_position_view(row.bot_id, position) for position in report.positions_summary if position.amount),
            tuple(f"{seat.controller.id}: {seat.fault}" for seat in strategy.seats if seat.fault),
            _signals(strategy.controllers),
        )


def _present(row: BotRow | None) -> list[BotRow]:
    return [] if row is None else [row]


# ---- views ---------------------------------------------------------------------------------------------------------
def executor_view(info: ExecutorInfo, bot_title: str, bot_id: str, now_ns: int) -> ExecutorView:
    """A live or ended executor as people see it."""
    custom = info.custom_info
    pnl, pct = info.net_pnl_quote, info.net_pnl_pct
    end_ns = info.close_ns or now_ns
    return ExecutorView(
        info.id,
        bot_id,
        bot_title,
        info.controller_id,
        info.type,
        info.status.name,
        info.side.name if info.side is not None else "",
        info.connector_name or "",
        info.trading_pair or "",
        info.level_id,
        getattr(info.config, "amount", None),
        custom.get("current_position_average_price"),
        custom.get("close_price"),
        None if pnl.is_nan() else pnl,
        None if pct.is_nan() else pct,
        info.cum_fees_quote,
        info.filled_amount_quote,
        max(0, end_ns - info.created_ns) / 1e9,
        info.close_type.name if info.close_type is not None else None,
        info.reason,
        info.is_trading,
    )


def _position_view(bot_id: str, position: PositionSummary) -> PositionView:
    return PositionView(
        bot_id, position.connector_name, position.trading_pair, position.amount, position.breakeven_price, position.unrealized_pnl_quote
    )


def _signals(controllers: list[Any]) -> tuple[tuple[str, str], ...]:
    """Plain numbers that controllers worked out."""
    found: list[tuple[str, str]] = []
    for controller in controllers:
        for name, value in controller.processed_data.items():
            if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
                found.append((name.replace("_", " "), f"{float(value):.6g}"))
    return tuple(found[:6])


def _quote_of(markets: list[str]) -> str:
    return split_pair(markets[0].partition(":")[2])[1] if markets else ""


def _stopped_view(row: BotRow, records: BotRecords, configs: Sequence[ConfigRow], mids: Mapping[Market, Decimal]) -> BotView:
    """A bot that does not run, from its records; what it holds is valued where its market is open."""
    counts: dict[str, int] = {}
    for tally in records.tallies:
        for name, count in tally.close_types.items():
            counts[name] = counts.get(name, 0) + count
    zero = Decimal(0)
    realized = sum((tally.realized_quote for tally in records.tallies), zero)
    realized += sum((hold.realized_gross - hold.fees_in_pnl for hold in records.holds), zero)
    positions = tuple(_held_view(row.bot_id, hold, mids) for hold in records.holds if hold.net_amount_base)
    open_results = [position.unrealized for position in positions]
    unrealized = None if None in open_results else sum((value for value in open_results if value is not None), zero)
    markets = sorted({f"{config.config.get('connector_name')}:{config.config.get('trading_pair')}" for config in configs})
    return BotView(
        row.bot_id,
        row.title,
        row.mode,
        row.state,
        _quote_of([market for market in markets if "-" in market]),
        tuple(config.controller_name for config in configs),
        tuple(markets),
        row.created_ms,
        None if unrealized is None else realized + unrealized,
        realized,
        unrealized,
        sum((tally.fees_quote for tally in records.tallies), zero),
        sum((tally.volume_quote for tally in records.tallies), zero),
        0,
        0,
        sum(tally.closed for tally in records.tallies),
        sum(tally.winning for tally in records.tallies),
        tuple(sorted(counts.items())),
        positions,
        (),
    )


def _held_view(bot_id: str, hold: HoldRecord, mids: Mapping[Market, Decimal]) -> PositionView:
    mid = mids.get(Market(hold.connector_name, hold.trading_pair))
    unrealized = None if mid is None else (mid - hold.breakeven_price) * hold.net_amount_base
    return PositionView(bot_id, hold.connector_name, hold.trading_pair, hold.net_amount_base, hold.breakeven_price, unrealized)


def _load(connection: Connection, rows: Sequence[BotRow]) -> list[tuple[BotRow, BotRecords, list[ConfigRow]]]:
    return [(row, load_bot(connection, row.bot_id), configs_of(connection, row.bot_id)) for row in rows]


def _bare_view(row: BotRow, faults: tuple[str, ...]) -> BotView:
    """A bot that can't be built any more."""
    zero = Decimal(0)
    return BotView(row.bot_id, row.title, row.mode, "broken", "", (), (), row.created_ms, None, zero, None, zero, zero, 0, 0, 0, 0, (), (), faults)


def _stem(controller_name: str, trading_pair: str) -> str:
    """Beginning of a bot's id: the controller's first word and the base asset, such as `pmm-btc`."""
    word = controller_name.rpartition(".")[2].partition("_")[0]
    base = trading_pair.partition("-")[0]
    stem = re.sub(r"[^a-z0-9_-]", "", f"{word}-{base}".lower()).strip("-")
    if not BOT_ID.match(stem):
        raise ConfigError(f"can't make an id from {controller_name!r} and {trading_pair!r}")
    return stem[:56]
