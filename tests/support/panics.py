"""A program on paper whose `/panic` is tried: how it is started, a bot of it that holds something, and what stands afterwards."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from decimal import Decimal
from pathlib import Path
from typing import Any

from botcore.executors.data_types import OrderExecutorConfig
from botcore.model.enums import TradeType
from condor.users import Actor, Role
from condor.wiring import Program
from tests.support import programs
from tests.support.programs import FAST, OWNER, no_claim
from tests.support.waiting import until

D = Decimal
OPERATOR = Actor(2, "Op", Role.OPERATOR, "telegram", 2)
VENUE, PAIR = "binance_perpetual", "BTC-USDT"


def settings_of(connector_name: str = VENUE) -> dict[str, Any]:
    """A fast market of one pair."""
    return {"market": {**FAST["market"], "connector": connector_name, "pairs": [PAIR]}, "clock": FAST["clock"]}


def running(folder: Path, connector_name: str = VENUE) -> AbstractAsyncContextManager[Program]:
    """A started program, closed in the end."""
    return programs.running(folder, settings_of(connector_name))


async def bot_with_position(program: Program) -> str:
    """A market maker with quotes that rest, and an executor of it that holds something."""
    draft = await program.services.drafts.begin(OWNER, "pmm_simple")
    wide = {"buy_spreads": "0.05", "sell_spreads": "0.05", "stop_loss": "0.5", "take_profit": "0.5", "time_limit": 86400}
    view = await program.services.bots.start(OWNER, "pmm_simple", {**draft.answers, **wide}, no_claim)
    orchestrator = program._manager.running[view.bot_id].strategy.orchestrator
    await until(lambda: open_orders(program), "quotes")
    bought = orchestrator.create(order(), "by_hand")
    await until(lambda: bought.is_closed, "a purchase")
    assert orchestrator.holds.of("by_hand")[0].net_amount_base == D("0.01")
    return view.bot_id


def order(side: TradeType = TradeType.BUY, amount: str = "0.01", connector_name: str = VENUE) -> OrderExecutorConfig:
    return OrderExecutorConfig(connector_name=connector_name, trading_pair=PAIR, side=side, amount=D(amount))


def open_orders(program: Program) -> list[Any]:
    return [order for connector in program._host.runtime.connectors.values() for order in connector.tracker.open_orders()]


def position(program: Program) -> int:
    ledger: Any = program._host.runtime.exchanges[VENUE].ledger
    return sum(held.lots for held in ledger.positions.values())


def read(program: Program, work: Callable[[Any], Any]) -> Any:
    return program._journal.read(work).result()


def audited(program: Program) -> list[str]:
    return [row[0] for row in read(program, lambda connection: connection.exec_driver_sql("SELECT action FROM audit ORDER BY audit_id").all())]
