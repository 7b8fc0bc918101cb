"""What stopping would meet: orders to cancel, what is held, what closing it costs; and ending one executor."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable, Sequence
from decimal import Decimal

from botcore.executors.base import ExecutorBase
from botcore.model.instrument import Market, quote_of
from botcore.model.records import ExecutorRecord
from botcore.recorder.journal import Journal
from botcore.recorder.queries import executor_by_id
from botcore.strategies.runtime import TradingRuntime
from condor.errors import UserError, nearest
from condor.host import WallClock
from condor.hosts import PAPER, Hosts, mid_of
from condor.manager import BotManager
from condor.running_bots import RunningBot
from condor.services.bot_views import executor_view, live_view
from condor.services.bots import BotService, Claim
from condor.store import Connection
from condor.store.bots import RUNNING, bot_by_id
from condor.store.ends import ask_close
from condor.store.panels import AlreadyDone
from condor.users import Actor, Role, require
from condor.views import BotView, ExecutorView, ExitLine, ExitView


class ExitService:
    """See the module."""

    def __init__(self, hosts: Hosts, manager: BotManager, bots: BotService, journal: Journal, wall: WallClock) -> None:
        self._hosts = hosts
        self._manager = manager
        self._bots = bots
        self._journal = journal
        self._wall = wall

    # ---- looking ---------------------------------------------------------------------------------------------------
    def view(self, actor: Actor, bot_ids: Sequence[str]) -> ExitView:
        """What stopping these bots would meet now; bots that do not run are left out."""
        require(actor, Role.VIEWER, "looking at bots")
        bots = [bot for bot_id in bot_ids if (bot := self._manager.running.get(bot_id)) is not None and bot.row.state == RUNNING]
        lines: list[ExitLine] = []
        held: list[ExitLine] = []
        entries = exits = 0
        for bot in bots:
            runtime = self._runtime(bot)
            executors = bot.strategy.orchestrator.running
            for_bot = _orders(runtime, executors)
            entries += sum(is_entry for is_entry in for_bot)
            exits += sum(not is_entry for is_entry in for_bot)
            lines += self._of_executors(bot, executors)
            held += [
                exit_line(runtime, bot.row.bot_id, Market(position.connector_name, position.trading_pair), position.amount)
                for position in bot.strategy.orchestrator.positions()
                if position.amount
            ]
        views = tuple(live_view(bot) for bot in bots)
        prices = {line.market: line.price for line in (*lines, *held)}
        for bot, view in zip(bots, views, strict=True):
            # those that hold nothing now as well: something may be bought until the answer comes
            prices |= {market: self._mid(bot, market) for market in view.markets if market not in prices}
        return ExitView(views, entries, exits, tuple(lines), tuple(held), prices, _version(bots, views), self._pace(bots))

    def executor(self, actor: Actor, executor_id: str) -> tuple[ExecutorView, ExitView] | None:
        """One executor that has not ended, and what ending it would meet; None when there is none of this id."""
        require(actor, Role.VIEWER, "looking at executors")
        for bot in self._manager.running.values():
            executor = bot.strategy.orchestrator.executor(executor_id)
            if executor is None:
                continue
            runtime = self._runtime(bot)
            lines = tuple(self._of_executors(bot, [executor]))
            orders = _orders(runtime, [executor])
            view = executor_view(executor.info, bot.row.title, bot.row.bot_id, self._hosts.of(bot.row.mode).clock.now_ns)
            prices = {line.market: line.price for line in lines}
            sizes = " ".join(f"{line.market} {line.amount:f}" for line in lines)
            version, pace = f"{executor_id} {view.status} {sizes}", self._pace([bot])
            whole = ExitView((live_view(bot),), sum(orders), len(orders) - sum(orders), lines, (), prices, version, pace)
            return view, whole
        return None

    def find(self, text: str) -> str:
        """Id of the executor that is meant, by its id or the end of it; UserError when none or several are."""
        ids = [executor.id for bot in self._manager.running.values() for executor in bot.strategy.orchestrator.running]
        wanted = text.strip()
        if wanted in ids:
            return wanted
        close = [each for each in ids if each.lower().endswith(wanted.lower())]
        if len(close) == 1:
            return close[0]
        if close:
            raise UserError(f"{len(close)} executors end with {wanted!r}; type more of it")
        raise UserError(f"no executor {wanted[:64]!r} is at work{nearest(wanted, ids)}; /executors lists them")

    async def ended(self, actor: Actor, executor_id: str) -> tuple[str, Decimal | None, str, float] | None:
        """(close type, net PnL, its asset, seconds since) of an executor that has ended; None when there is no such one. The seconds are market time."""
        require(actor, Role.VIEWER, "looking at executors")

        def read(connection: Connection) -> tuple[ExecutorRecord, str] | None:
            found = executor_by_id(connection, executor_id)
            if found is None or not found[1].close_ns:
                return None
            row = bot_by_id(connection, found[0])
            return found[1], row.mode if row is not None else PAPER

        found = await asyncio.wrap_future(self._journal.read(read))
        if found is None:
            return None
        record, mode = found
        pair = record.trading_pair or next((leg.trading_pair for leg in record.legs), "")
        since_s = max(0, self._hosts.of(mode).clock.now_ns - record.close_ns) / 1e9
        return record.close_type or "?", record.net_pnl_quote, quote_of(pair), since_s

    def _runtime(self, bot: RunningBot) -> TradingRuntime:
        return self._hosts.of(bot.row.mode).runtime

    def _pace(self, bots: Sequence[RunningBot]) -> float:
        """Real money knows one pace only; a paper market may run faster."""
        return 1.0 if any(bot.row.mode != PAPER for bot in bots) else max(1.0, float(self._hosts.paper.settings.market.speed))

    def _mid(self, bot: RunningBot, market: str) -> Decimal | None:
        name, _, pair = market.partition(":")
        return mid_of(self._runtime(bot), Market(name, pair))

    def _of_executors(self, bot: RunningBot, executors: Iterable[ExecutorBase]) -> list[ExitLine]:  # type: ignore[type-arg]
        runtime = self._runtime(bot)
        return [
            exit_line(runtime, bot.row.bot_id, exposure.market, exposure.base)
            for executor in executors
            for exposure in executor.exposures()
            if exposure.base
        ]

    # ---- doing -----------------------------------------------------------------------------------------------------
    async def stop(self, actor: Actor, bot_ids: Sequence[str], claim: Claim, *, keep_position: bool) -> tuple[int, list[str]]:
        """Stop several bots, in one request; returns how many are stopping now, and why others are not. UserError when none is."""
        require(actor, Role.OPERATOR, "stopping a bot")
        problems: list[str] = []
        count = 0
        for bot_id in bot_ids:
            try:
                await self._bots.stop(actor, bot_id, _claimed if count else claim, keep_position=keep_position)
            except AlreadyDone:
                raise
            except UserError as error:
                problems.append(str(error))
            else:
                count += 1
        if not count:
            raise UserError("; ".join(problems) or "no bot was named")
        return count, problems

    async def close(self, actor: Actor, executor_id: str, claim: Claim, *, keep_position: bool) -> None:
        """End one executor: its orders are cancelled, what it holds is closed at market or kept as a hold. A restart goes on with it."""
        require(actor, Role.OPERATOR, "closing an executor")
        now_ms = self._wall.wall_ms()
        bot_id = self._owner(executor_id)

        def write(connection: Connection) -> None:
            claim(connection)
            ask_close(connection, now_ms, actor, bot_id, executor_id, keep_position=keep_position)

        await asyncio.wrap_future(self._journal.run(write))
        bot = self._manager.running.get(bot_id)
        if bot is not None:
            bot.strategy.orchestrator.stop(executor_id, keep_position=keep_position)

    def _owner(self, executor_id: str) -> str:
        for bot_id, bot in self._manager.running.items():
            if bot.strategy.orchestrator.executor(executor_id) is not None:
                return bot_id
        raise UserError(f"no executor {executor_id} is at work")


def _claimed(connection: Connection) -> None:
    """The claim of what belongs to a request that was claimed already."""


def _version(bots: Sequence[RunningBot], views: Sequence[BotView]) -> str:
    parts = []
    for bot, view in zip(bots, views, strict=True):
        configs = " ".join(f"{config.controller_id}:{config.version}" for config in bot.configs)
        parts.append(f"{view.bot_id} {view.state} {configs} {'paused' if view.paused_by else ''}".strip())
    return "; ".join(parts)


def _orders(runtime: TradingRuntime, executors: Iterable[ExecutorBase]) -> list[bool]:  # type: ignore[type-arg]
    """For each open order of these executors whether it would add to a position."""
    owners = {id(executor) for executor in executors}
    return [
        order.request.purpose.adds_risk
        for connector in runtime.connectors.values()
        for order in connector.tracker.open_orders()
        if id(order.owner) in owners
    ]


def exit_line(runtime: TradingRuntime, bot_id: str, market: Market, amount: Decimal) -> ExitLine:
    """What is held on a market, with what closing it at market would cost against the mid: half the spread, the depth of the book, and the taker's fee."""
    state = runtime.markets.get(market)
    if state is None:
        return ExitLine(bot_id, str(market), amount, None, None, quote_of(market.trading_pair))
    mid = mid_of(runtime, market)
    rate = runtime.market_data.get_fee_rate(market.connector_name, market.trading_pair)
    average = runtime.market_data.get_vwap_for_volume(market.connector_name, market.trading_pair, float(abs(amount)), amount < 0).result_price
    cost = None
    if mid is not None and rate is not None and not math.isnan(average):
        reached = Decimal(repr(average))
        cost = abs(mid - reached) * abs(amount) + reached * abs(amount) * rate
    return ExitLine(bot_id, str(market), amount, mid, cost, state.instrument.quote)
