"""Who owns orders by hand: one bot for each market, on paper and with real money; what they buy and sell is netted there. It is started with the first order."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from botcore.controllers.manual import NAME as MANUAL
from botcore.controllers.manual import ManualConfig
from botcore.executors.single.config import SingleOrderConfig
from botcore.executors.single.executor import SingleOrderExecutor
from botcore.model.enums import PositionAction, PositionMode, TradeType
from botcore.model.instrument import Instrument, Market
from botcore.recorder.journal import Journal
from botcore.recorder.queries import load_sums
from condor.errors import UserError
from condor.hosts import Hosts
from condor.manager import BotManager
from condor.running_bots import RunningBot
from condor.services.bots import BotService, Claim
from condor.store import Connection
from condor.store.bots import RUNNING, STOPPED, BotRow, ConfigRow, add_version, bots_with, configs_of
from condor.store.common import write_audit
from condor.store.pauses import EVERY_BOT
from condor.tickets import Ticket
from condor.users import Actor

CONTROLLER = "main"
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Keeper:
    """The bot that would own an order.

    Parameters
    ----------
    bot_id : str
        Empty while there is none.
    is_running : bool
        Whether it can be given an order as it is.
    leverage : int
        Of the account in this market, as far as that is known.
    held : tuple of Decimal
        What its orders have bought (or, negative, sold) and still hold; what is on its way to reduce that is taken off.
    holds : tuple of Decimal
        The same, and nothing taken off.
    buying, selling : Decimal
        What its orders that are at work may add to that.
    kept : int
        Leverage that its config says: it is set whenever it is started.
    shares_with : str
        Title of another bot that trades there on the same account.
    problem : str
        Why no order can be given now, as one sentence; empty where one can.
    paused : str
        Who has turned its entries off.
    """

    bot_id: str = ""
    is_running: bool = False
    leverage: int = 1
    position_mode: PositionMode = PositionMode.ONEWAY
    held: tuple[Decimal, ...] = ()
    problem: str = ""
    paused: str = ""
    holds: tuple[Decimal, ...] = ()
    buying: Decimal = ZERO
    selling: Decimal = ZERO
    kept: int = 1
    shares_with: str = ""

    def size_with(self, side: TradeType, amount: Decimal, instrument: Instrument) -> Decimal:
        """How much base would be held on one side once this order and all that works on that side is filled; a sale on spot holds nothing."""
        if not instrument.is_perpetual and side is TradeType.SELL:
            return ZERO
        signed = [held * side.sign for held in self.holds]
        there = sum(signed, ZERO) if self.position_mode is PositionMode.ONEWAY else sum((held for held in signed if held > 0), ZERO)
        return max(ZERO, there + (self.buying if side is TradeType.BUY else self.selling) + amount)

    def reduces(self, side: TradeType, amount: Decimal, instrument: Instrument) -> bool:
        """Whether an order gives back what is held, and no more. On spot nobody can sell what he does not have: only a sale is known to."""
        if not instrument.is_perpetual and side is TradeType.BUY:
            return False
        return any(held * side.sign < 0 and amount <= abs(held) for held in self.held)


class ManualBots:
    """See the module."""

    def __init__(self, hosts: Hosts, manager: BotManager, bots: BotService, journal: Journal) -> None:
        self._hosts = hosts
        self._manager = manager
        self._bots = bots
        self._journal = journal

    # ---- looking ---------------------------------------------------------------------------------------------------
    async def keeper(self, ticket: Ticket) -> Keeper:
        """The bot of a ticket's market, as it is now."""
        found = await self._found(ticket)
        halted = self._halted()
        if halted:
            return replace(found, problem=halted)
        if not found.is_running and not found.problem and self._manager.no_new_bots is not None:
            return replace(found, problem=self._manager.no_new_bots)
        return found

    async def _found(self, ticket: Ticket) -> Keeper:
        market = Market(ticket.venue, ticket.pair)
        bot = self._running(ticket.mode, market)
        if bot is not None:
            return self._of_running(bot)
        pause = self._manager.pauses.get(EVERY_BOT)
        paused = "" if pause is None else pause.words

        def read(connection: Connection) -> tuple[BotRow, ConfigRow, tuple[Decimal, ...]] | None:
            rows = [(row, config) for row, config in bots_with(connection, MANUAL) if row.mode == ticket.mode and _market_of(config) == market]
            if not rows:
                return None
            holds = load_sums(connection, rows[0][0].bot_id).holds
            return (*rows[0], tuple(hold.net_amount_base for hold in holds))

        found = await asyncio.wrap_future(self._journal.read(read))
        leverage, mode, shares_with = self._settings(ticket.mode, market)
        if found is None:
            return Keeper(leverage=leverage, position_mode=mode, paused=paused, shares_with=shares_with)
        row, config, held = found
        kept, mode = int(config.config.get("leverage", 1)), PositionMode[config.config.get("position_mode", "ONEWAY")]
        keeper = Keeper(
            row.bot_id, False, leverage if shares_with else kept, mode, held, paused=paused, holds=held, kept=kept, shares_with=shares_with
        )
        return (
            keeper if row.state == STOPPED else replace(keeper, problem=f"the bot of these orders, {row.bot_id}, {self._manager.absence(row.bot_id)}")
        )

    def _of_running(self, bot: RunningBot) -> Keeper:
        config = bot.configs[0].config
        orchestrator = bot.strategy.orchestrator
        on_its_way, adding = {TradeType.BUY: ZERO, TradeType.SELL: ZERO}, {TradeType.BUY: ZERO, TradeType.SELL: ZERO}
        for executor in orchestrator.running:
            if isinstance(executor, SingleOrderExecutor):
                sums = on_its_way if executor.config.position_action is PositionAction.CLOSE else adding
                sums[executor.config.side] += executor.config.amount
        holds = tuple(hold.net_amount_base for hold in orchestrator.holds.of(CONTROLLER))
        held = tuple(
            max(ZERO, amount - on_its_way[TradeType.SELL]) if amount > 0 else min(ZERO, amount + on_its_way[TradeType.BUY]) for amount in holds
        )
        mode = PositionMode[config.get("position_mode", "ONEWAY")]
        problem = self._stopping(bot)
        pause = "" if bot.pause is None else bot.pause.words
        market = _market_of(bot.configs[0])
        kept = int(config.get("leverage", 1))
        leverage = self._hosts.of(bot.row.mode).leverage(*market) or kept
        shares_with = self._settings(bot.row.mode, market)[2]
        added = adding[TradeType.BUY], adding[TradeType.SELL]
        return Keeper(bot.row.bot_id, not problem, leverage, mode, held, problem, pause, holds, *added, kept, shares_with)

    def refuse(self, bot: RunningBot, config: SingleOrderConfig) -> None:
        """UserError where its bot would not take this order at this moment."""
        orchestrator = bot.strategy.orchestrator
        refusals = orchestrator.shelf(CONTROLLER).refusals
        problem = self._halted() or self._stopping(bot)
        if not problem and (refusal := refusals.waiting(config, self._hosts.of(bot.row.mode).clock.now_ns)) is not None:
            problem = f"the same was refused just now ({refusal.reason}); try again in half a minute"
        if not problem and (refusal := refusals.paused(config, orchestrator.pause_reason)) is not None:
            problem = refusal.reason
        if problem:
            raise UserError(f"nothing was placed: {problem}")

    def _halted(self) -> str:
        stopped = self._manager.stopped_all
        return "" if stopped is None else f"{stopped}: no order is taken until the owner releases it with a reason (/panic)"

    def _stopping(self, bot: RunningBot) -> str:
        is_on = self._manager.running.get(bot.row.bot_id) is bot and bot.row.state == RUNNING and not bot.strategy.is_stopping
        return "" if is_on else f"the bot of these orders, {bot.row.title}, is stopping: try again when it has stopped"

    def _settings(self, mode: str, market: Market) -> tuple[int, PositionMode, str]:
        """Leverage and mode that other bots have given this market, and the title of one of them: the account has one of each. Without any leverage is 1."""
        for bot in self._manager.running.values():
            if bot.row.mode != mode or _is_manual(bot):
                continue
            for controller in bot.strategy.controllers:
                settings: dict[Market, tuple[int, PositionMode]] = controller.config.perpetual_settings()
                found = settings.get(market)
                if found is not None:
                    return (*found, bot.row.title)
        connector = self._hosts.of(mode).runtime.connectors.get(market.connector_name)
        return 1, PositionMode.ONEWAY if connector is None else connector.position_mode(), ""

    def _running(self, mode: str, market: Market) -> RunningBot | None:
        return next((bot for bot in self.running() if bot.row.mode == mode and _market_of(bot.configs[0]) == market), None)

    def running(self) -> Iterator[RunningBot]:
        """Those that are on the clock."""
        return (bot for bot in self._manager.running.values() if _is_manual(bot))

    # ---- doing -----------------------------------------------------------------------------------------------------
    async def set_leverage(self, actor: Actor, ticket: Ticket, keeper: Keeper, leverage: int, now_ms: int) -> None:
        """Have the account's leverage in a market be this, and kept with the bot there, running or not; one that is started first sets it itself.

        Raises
        ------
        UserError
            If the venue does not take it.
        """
        if keeper.is_running and leverage != keeper.leverage:
            await self._settle(ticket, keeper, leverage)
        if not keeper.bot_id or leverage == keeper.kept:
            return

        def write(connection: Connection) -> ConfigRow:
            row = next(row for row in configs_of(connection, keeper.bot_id) if row.controller_id == CONTROLLER)
            write_audit(
                connection, now_ms, actor, "set_leverage", f"{keeper.bot_id} {ticket.venue} {ticket.pair}", str(keeper.leverage), str(leverage)
            )
            return add_version(connection, keeper.bot_id, CONTROLLER, MANUAL, row.config | {"leverage": leverage})

        written = await asyncio.wrap_future(self._journal.run(write))
        self._manager.reconfigure(keeper.bot_id, written, ManualConfig.model_validate(written.config))

    async def _settle(self, ticket: Ticket, keeper: Keeper, leverage: int) -> None:
        if not ticket.is_live:
            connector = self._hosts.paper.runtime.connectors[ticket.venue]
            connector.configure_perpetual(ticket.pair, leverage, keeper.position_mode)
            return
        live = self._hosts.live
        problem = (
            "its account is not connected" if live is None else await live.accounts[ticket.venue].session.line.settle(ticket.pair, leverage, None)
        )
        if problem is not None:
            raise UserError(f"nothing was placed: {problem}")

    async def ready(self, actor: Actor, ticket: Ticket, keeper: Keeper, leverage: int, claim: Claim) -> tuple[RunningBot, bool]:
        """(the bot of a ticket, which runs now; whether the claim was taken for that)."""
        if keeper.is_running:
            return self._manager.running[keeper.bot_id], False
        if keeper.bot_id:
            view = await self._bots.start_again(actor, keeper.bot_id, claim)
        else:
            config = {
                "id": CONTROLLER,
                "controller_name": MANUAL,
                "connector_name": ticket.venue,
                "trading_pair": ticket.pair,
                "leverage": leverage,
                "position_mode": keeper.position_mode.name,
            }
            view = await self._bots.start(actor, MANUAL, config, claim, f"By hand {ticket.pair} {ticket.venue}", ticket.mode)
        bot = self._manager.running.get(view.bot_id)
        if bot is None:
            raise UserError(f"{view.bot_id} has ended again before the order was sent: nothing was placed, try again")
        return bot, True


def _is_manual(bot: RunningBot) -> bool:
    return any(config.controller_name == MANUAL for config in bot.configs)


def _market_of(config: ConfigRow) -> Market:
    return Market(str(config.config.get("connector_name")), str(config.config.get("trading_pair")))
