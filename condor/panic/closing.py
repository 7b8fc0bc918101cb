"""Closing what stopped bots hold: each hold by one market order that only reduces, sent by an executor of its own bot, so that it is recorded like any other.

What a living executor holds is none of this module's business: its own exit closes that, and a second one beside it could open a position on the other side.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from botcore.connectors.base import ConnectorBase
from botcore.executors.data_types import ExecutionStrategy, OrderExecutorConfig
from botcore.model.enums import PositionAction, TradeType
from botcore.model.errors import CondorError
from botcore.orchestrator.holds import PositionHold
from botcore.strategies.desk import Desk
from condor.hosts import ACCOUNT_OF, LIVE, PAPER, Hosts
from condor.manager import BotManager
from condor.panic.accounts import closable_lots
from condor.running_bots import RunningBot
from condor.store.panic import HeldRow

log = logging.getLogger(__name__)

FIRST_PAUSE_S = 2.0
LONGEST_PAUSE_S = 60.0

MODES = {ACCOUNT_OF[mode]: mode for mode in (PAPER, LIVE)}

Account = tuple[str, str]
"""Mode and connector."""


class HoldCloser:
    """See the module."""

    def __init__(self, hosts: Hosts, manager: BotManager) -> None:
        self._hosts = hosts
        self._manager = manager
        self._closing: dict[str, RunningBot] = {}
        self._pauses: dict[str, tuple[float, float]] = {}
        self._let_go = 0
        self.problems: dict[str, str] = {}

    @property
    def bots(self) -> frozenset[str]:
        """Bots that are on the clock for what they hold only."""
        return frozenset(self._closing)

    def look(self) -> None:
        """Let those go whose orders have all ended."""
        for bot_id, bot in list(self._closing.items()):
            if self._manager.running.get(bot_id) is not bot:
                del self._closing[bot_id]
            elif not bot.strategy.orchestrator.running:
                del self._closing[bot_id]
                self._manager.stop(bot_id, keep_position=True)

    def let_go(self) -> None:
        """Close nothing any more; what is on its way is taken back."""
        self._let_go += 1
        for bot_id in self._closing:
            self._manager.stop(bot_id, keep_position=True)
        self._closing, self._pauses, self.problems = {}, {}, {}

    async def close(self, rows: Iterable[HeldRow], accounts: set[Account], now_s: float) -> None:
        """Send exits for what stands in these rows at these accounts; tried again in 2, 4, ... 60 s for as long as something is there."""
        rows = [row for row in rows if (MODES.get(row.account, ""), row.connector_name) in accounts]
        nobodys = {row.connector_name for row in rows if not row.bot_id and MODES[row.account] == LIVE}
        wanted, let_go = {row.bot_id for row in rows if row.bot_id}, self._let_go
        # what was in the way of closing something that is not there any more is in nobody's way
        whose = wanted | {nobody_at(name) for name in nobodys}
        self.problems = {who: text for who, text in self.problems.items() if who in whose}
        for name in sorted(nobodys):
            self._close_nobodys(name, now_s)
        for bot_id in sorted(wanted):
            if self._let_go != let_go:
                # released meanwhile
                return
            if bot_id in self._manager.running or not self._is_due(bot_id, now_s):
                continue
            try:
                await self._close(bot_id, accounts)
            except Exception as error:
                # whatever is wrong with one bot, what the others hold is closed
                self.problems[bot_id] = words_of(error)
                log.error("what %s holds can't be closed now: %s", bot_id, error, exc_info=None if isinstance(error, CondorError) else error)

    def _is_due(self, whose: str, now_s: float) -> bool:
        """Whether to try now; then the next time is later."""
        due_s, pause_s = self._pauses.get(whose, (0.0, FIRST_PAUSE_S))
        if now_s < due_s:
            return False
        self._pauses[whose] = now_s + pause_s, min(2 * pause_s, LONGEST_PAUSE_S)
        return True

    def _close_nobodys(self, name: str, now_s: float) -> None:
        """What orders of this home have left at a live account that no bot is known to have sent."""
        host, whose = self._hosts.live, nobody_at(name)
        if host is None or host.runtime.strays is None or not self._is_due(whose, now_s):
            return
        runtime, problems = host.runtime, []
        desk = Desk("", runtime.connectors, runtime.gate, runtime.clock)
        for market, bucket in host.runtime.strays.nobodys(name):
            try:
                for owner, request in host.runtime.strays.exits(market, bucket):
                    runtime.open_market(market)
                    desk.submit(request, owner)
            except Exception as error:
                # whatever is wrong with one pair, the others are closed
                problems.append(f"{market.trading_pair}: {words_of(error)}")
                log.error(
                    "what %s holds of %s can't be closed now: %s", whose, market, error, exc_info=None if isinstance(error, CondorError) else error
                )
        self.problems.pop(whose, None)
        if problems:
            self.problems[whose] = "; ".join(problems)

    async def _close(self, bot_id: str, accounts: set[Account]) -> None:
        let_go = self._let_go
        bot = await self._manager.watch_holds(bot_id, "everything was stopped")
        if self._let_go != let_go:
            # released while its records were read: it closes nothing any more, and must not stay on the clock
            self._manager.stop(bot_id, keep_position=True)
            return
        self.problems.pop(bot_id, None)
        self._closing[bot_id] = bot
        connectors = self._hosts.of(bot.row.mode).runtime.connectors
        for hold in bot.strategy.orchestrator.holds.of():
            if (bot.row.mode, hold.instrument.market.connector_name) in accounts and (
                config := exit_of(hold, connectors.get(hold.instrument.market.connector_name))
            ) is not None:
                bot.strategy.orchestrator.create(config, hold.controller_id)


def nobody_at(connector_name: str) -> str:
    """Who holds what no bot holds, for people."""
    return f"nobody at {connector_name}"


def words_of(error: Exception) -> str:
    """An error for people: its own words where they are meant for them."""
    return str(error) if isinstance(error, CondorError) else f"{type(error).__name__}: {error}"


def exit_of(hold: PositionHold, connector: ConnectorBase | None) -> OrderExecutorConfig | None:
    """The order that closes a hold; None when there is nothing, or nothing that can be closed."""
    instrument, amount = hold.instrument, hold.net_amount_base
    lots = closable_lots(instrument, amount, connector)
    if not lots:
        return None
    return OrderExecutorConfig(
        connector_name=instrument.market.connector_name,
        trading_pair=instrument.market.trading_pair,
        side=TradeType.SELL if amount > 0 else TradeType.BUY,
        amount=instrument.amount(lots),
        position_action=PositionAction.CLOSE,
        execution_strategy=ExecutionStrategy.MARKET,
    )
