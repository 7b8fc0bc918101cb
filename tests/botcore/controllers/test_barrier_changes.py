"""Shipped controllers whose executors are grids and ladders: a change of the config's barriers reaches what runs."""

from __future__ import annotations

from typing import Any

import pytest

from botcore.controllers.catalog import shipped_controllers
from botcore.model.enums import RunnableStatus
from tests.botcore.strategies.test_changes import change
from tests.support.bench import D
from tests.support.candle_seat import config_of
from tests.support.paper_bench import PaperBench

BAND: dict[str, Any] = {"start_price": 95, "end_price": 105, "limit_price": 90, "take_profit": "0.01", "stop_loss": "0.5"}
LADDER: dict[str, Any] = {
    "buy_spreads": "0.01",
    "sell_spreads": "0.01",
    "dca_spreads": "0,0.02",
    "dca_amounts": "1,1",
    "stop_loss": "0.5",
    "take_profit": "0.2",
}
CASES: dict[str, dict[str, Any]] = {
    "grid_strike": BAND,
    "multi_grid_strike": {"grids": "low BUY 95 105 90 1", "take_profit": "0.01", "stop_loss": "0.5"},
    "dman_maker_v2": LADDER,
}


@pytest.mark.parametrize("name", CASES)
def test_barriers_of_the_config_reach_running_grids_and_ladders(name: str) -> None:
    bench = PaperBench()
    config = config_of(name, **(CASES[name] | {"total_amount_quote": 1000, "leverage": 1, "time_limit": None}))
    bot = bench.bot((shipped_controllers()[name], config))
    bench.settle()
    running = bot.orchestrator.running
    assert running and all(executor.status is RunnableStatus.RUNNING for executor in running)
    change(bot, stop_loss="0.03", take_profit="0.05")
    bench.tick()
    for executor in running:
        barriers = getattr(executor.config, "triple_barrier_config", executor.config)
        assert (barriers.stop_loss, barriers.take_profit) == (D("0.03"), D("0.05"))
        assert executor.info.config is executor.config
    assert bot.orchestrator.running == running, "the same executors, nothing was opened anew"
    assert bench.records.faults == []
