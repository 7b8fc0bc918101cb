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
from condor.hosts import ACCOUNT_OF, LIVE, PAPER, Hosts
from condor.manager import BotManager, RunningBot
from condor.panic.accounts import closable_lots
from condor.store.panic import HeldRow

log = logging.getLogger(__name__)

FIRST_PAUSE_S = 2.0
LONGEST_PAUSE_S = 60.0

Account = tuple[str, str]
"""Mode and connector."""


class HoldCloser:
    """See the module."""

    def __init__(self, hosts: Hosts, manager: BotManager) -> None:
        self._hosts = hosts
        self._manager = manager
        self._closing: dict[str, RunningBot] = {}
        self._pauses: dict[str, tuple[float, float]] = {}
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
        for bot_id in self._closing:
            self._manager.stop(bot_id, keep_position=True)
        self._closing, self._pauses, self.problems = {}, {}, {}

    async def close(self, rows: Iterable[HeldRow], accounts: set[Account], now_s: float) -> None:
        """Send exits for what stands in these rows at these accounts; tried again in 2, 4, ... 60 s for as long as something is there."""
        modes = {ACCOUNT_OF[mode]: mode for mode in (PAPER, LIVE)}
        wanted = {row.bot_id for row in rows if row.bot_id and (modes.get(row.account, ""), row.connector_name) in accounts}
        for bot_id in sorted(wanted):
            due_s, pause_s = self._pauses.get(bot_id, (0.0, FIRST_PAUSE_S))
            if bot_id in self._manager.running or now_s < due_s:
                continue
            self._pauses[bot_id] = now_s + pause_s, min(2 * pause_s, LONGEST_PAUSE_S)
            try:
                await self._close(bot_id, accounts)
            except Exception as error:
                # whatever is wrong with one bot, what the others hold is closed
                is_told = isinstance(error, CondorError)
                self.problems[bot_id] = str(error) if is_told else f"{type(error).__name__}: {error}"
                log.error("what %s holds can't be closed now: %s", bot_id, error, exc_info=None if is_told else error)

    async def _close(self, bot_id: str, accounts: set[Account]) -> None:
        bot = await self._manager.watch_holds(bot_id, "everything was stopped")
        self.problems.pop(bot_id, None)
        self._closing[bot_id] = bot
        connectors = self._hosts.of(bot.row.mode).runtime.connectors
        for hold in bot.strategy.orchestrator.holds.of():
            if (bot.row.mode, hold.instrument.market.connector_name) in accounts and (
                config := exit_of(hold, connectors.get(hold.instrument.market.connector_name))
            ) is not None:
                bot.strategy.orchestrator.create(config, hold.controller_id)


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
