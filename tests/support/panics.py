"""A program on paper whose `/panic` is tried: how it is started, a bot of it that holds something, and what stands afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from botcore.executors.data_types import OrderExecutorConfig
from botcore.model.enums import TradeType
from condor.home import find_home
from condor.settings import Environment, Settings
from condor.users import Actor, Role
from condor.wiring import Program, wall_clock

D = Decimal
OWNER = Actor(1, "You", Role.OWNER, "local", 1)
OPERATOR = Actor(2, "Op", Role.OPERATOR, "telegram", 2)
VENUE, PAIR = "binance_perpetual", "BTC-USDT"


def no_claim(connection: Any) -> None:
    """A tap that is always the first."""


def made(folder: Path, connector_name: str = VENUE) -> Program:
    """A program that is not started, with a fast market of one pair."""
    market = {"speed": 20, "connector": connector_name, "pairs": [PAIR]}
    settings = Settings.model_validate({"market": market, "clock": {"tick_size": 0.25}})
    return Program(find_home(folder), settings, Environment(http="127.0.0.1:0"), wall_clock())


@asynccontextmanager
async def running(folder: Path, connector_name: str = VENUE) -> AsyncIterator[Program]:
    """A started one, closed in the end."""
    program = made(folder, connector_name)
    try:
        await program.start()
        yield program
    finally:
        await program.close()


async def until(holds: Callable[[], Any], what: str, patience_s: float = 60.0) -> None:
    deadline = asyncio.get_running_loop().time() + patience_s
    while not holds():
        assert asyncio.get_running_loop().time() < deadline, f"waited {patience_s:g} s for {what}"
        await asyncio.sleep(0.05)


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
