"""Closing what a bot holds and nobody watches: one market order for each hold that only reduces, sent by an executor of that bot, so that it is recorded like any other.

A bot that runs sends it itself; one that has stopped is put on the clock for it and nothing else, and taken off when it has ended. What an executor still watches is
closed by closing that executor. A restart in between takes the order back, and what is left stays held.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from botcore.executors.data_types import OrderExecutorConfig
from botcore.model.enums import PositionAction
from botcore.model.instrument import Market
from botcore.recorder.journal import Journal
from condor.errors import UserError
from condor.host import WallClock
from condor.hosts import PAPER, Hosts
from condor.manager import BotManager
from condor.panic.accounts import hold_problem
from condor.panic.closing import exit_of
from condor.running_bots import RunningBot
from condor.services.bots import BotService, Claim
from condor.services.exits import exit_line
from condor.store import Connection
from condor.store.bots import STOPPED
from condor.store.common import write_audit
from condor.units import plain
from condor.users import Actor, Role, require
from condor.views import BotView, ExitLine


@dataclass(frozen=True, slots=True)
class HoldExit:
    """What closing the holds of one bot on one market would meet now.

    Parameters
    ----------
    lines : tuple of ExitLine
        What is held there; none where that is gone.
    problem : str
        Why it can't be closed from here now, as one sentence; empty where it can.
    pace : float
        How much faster than real time its market goes.
    """

    bot: BotView
    market: str
    lines: tuple[ExitLine, ...]
    problem: str
    pace: float

    @property
    def version(self) -> str:
        """Changes when something else is held."""
        return " ".join([self.bot.state, self.market, *(f"{line.amount:f}" for line in self.lines)])


class HoldExits:
    """See the module."""

    def __init__(self, hosts: Hosts, manager: BotManager, bots: BotService, journal: Journal, wall: WallClock) -> None:
        self._hosts = hosts
        self._manager = manager
        self._bots = bots
        self._journal = journal
        self._wall = wall
        self._closing: dict[str, RunningBot] = {}

    # ---- looking ---------------------------------------------------------------------------------------------------
    async def view(self, actor: Actor, bot_id: str, market: str) -> HoldExit | None:
        """What this bot holds on this market (`binance:BTC-USDT`) and nobody watches; None where there is no such bot. The market is opened, for its price."""
        require(actor, Role.VIEWER, "looking at positions")
        bot = await self._bots.one(actor, bot_id)
        if bot is None:
            return None
        host, of = self._hosts.of(bot.mode), _market(market)
        held = [position.amount for position in bot.positions if (position.connector_name, position.trading_pair) == _pair(of) and position.amount]
        if held and of not in host.runtime.markets:
            host.instrument(of)
            host.runtime.open_market(of)
        lines = tuple(exit_line(host.runtime, bot_id, of, amount) for amount in held)
        problem = self._problem(bot, of) or next((text for amount in held if (text := hold_problem(host, host.instrument(of), amount))), "")
        pace = max(1.0, float(self._hosts.paper.settings.market.speed)) if bot.mode == PAPER else 1.0
        return HoldExit(bot, market, lines, problem, pace)

    def _problem(self, bot: BotView, market: Market) -> str:
        """Why its bot can't close it now."""
        running = self._manager.running.get(bot.bot_id)
        if running is None:
            return "" if bot.state == STOPPED else f"its bot {self._manager.absence(bot.bot_id)}"
        if _closers(running, market):
            return "it is being closed already"
        return "its bot is stopping: try again when it has stopped" if running.strategy.is_stopping or bot.bot_id in self._closing else ""

    # ---- doing -----------------------------------------------------------------------------------------------------
    async def close(self, actor: Actor, bot_id: str, market: str, claim: Claim) -> int:
        """Close it at market; returns how many orders that takes.

        Raises
        ------
        UserError
            If the actor may not, nothing is held there any more, or it can't be closed from here. Nothing was sent then.
        """
        require(actor, Role.OPERATOR, "closing a position")
        # nobody may start the bot again meanwhile: it would stand on the clock twice
        async with self._bots.changing:
            found = await self.view(actor, bot_id, market)
            if found is None or not found.lines:
                raise UserError(f"nothing was sent: {bot_id} holds nothing on {market} any more")
            if found.problem:
                raise UserError(f"nothing was sent: {found.problem}")
            now_ms, held = self._wall.wall_ms(), " and ".join(plain(line.amount) for line in found.lines)

            def write(connection: Connection) -> None:
                claim(connection)
                write_audit(connection, now_ms, actor, "close_hold", f"{bot_id} {market}", before=f"held {held}", after="close at market")

            await asyncio.wrap_future(self._journal.run(write))
            bot = self._manager.running.get(bot_id)
            if bot is None:
                bot = self._closing[bot_id] = await self._manager.watch_holds(bot_id, "what it holds is being closed")
            return self._send(bot, _market(market))

    def _send(self, bot: RunningBot, market: Market) -> int:
        orchestrator = bot.strategy.orchestrator
        connector = self._hosts.of(bot.row.mode).runtime.connectors.get(market.connector_name)
        if _closers(bot, market):
            raise UserError("nothing was sent: it is being closed already")
        sent = 0
        for hold in orchestrator.holds.of():
            config = exit_of(hold, connector) if hold.instrument.market == market else None
            sent += config is not None and orchestrator.create(config, hold.controller_id) is not None
        if not sent:
            raise UserError("nothing was sent: the account has nothing left there that an order could close")
        return sent

    async def round(self) -> None:
        """Take stopped bots off the clock again whose orders have ended; the scheduler calls this every second."""
        for bot_id, bot in list(self._closing.items()):
            if self._manager.running.get(bot_id) is not bot:
                del self._closing[bot_id]
            elif not bot.strategy.orchestrator.running:
                del self._closing[bot_id]
                self._manager.stop(bot_id, keep_position=True)


def _closers(bot: RunningBot, market: Market) -> list[str]:
    """Executors that close something held there."""
    return [
        executor.id
        for executor in bot.strategy.orchestrator.running
        if isinstance(executor.config, OrderExecutorConfig)
        and executor.config.position_action is PositionAction.CLOSE
        and (executor.config.connector_name, executor.config.trading_pair) == _pair(market)
    ]


def _market(text: str) -> Market:
    name, _, pair = text.partition(":")
    return Market(name, pair)


def _pair(market: Market) -> tuple[str, str]:
    return market.connector_name, market.trading_pair
