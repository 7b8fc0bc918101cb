"""`close_timestamp`: None while an executor runs, when it began to close while it does, and its end afterwards, also after a restart in between.

Files sort by it what is not active, and one that is closing is not.
"""

from __future__ import annotations

from typing import Any

import pytest

from botcore.controllers.filters import ExecutorFilter
from botcore.executors.dca.config import DCAExecutorConfig
from botcore.model.enums import RunnableStatus
from tests.support.any_executor import restarted
from tests.support.bench import PERP, T0_S, D
from tests.support.position_scenarios import BUY, bare
from tests.support.venue_bench import VenueBench

LADDER = DCAExecutorConfig(connector_name=PERP, trading_pair="ETH-USDT", side=BUY, amounts_quote=[D(100)], prices=[D(100)])


@pytest.mark.parametrize("config", [bare(), LADDER], ids=lambda config: str(config.type))
def test_closing_and_closed(config: Any) -> None:
    bench = VenueBench()
    executor = bench.start(config)
    bench.venue.accept(bench.orders[0])
    bench.venue.trade(bench.orders[0])
    assert executor.info.close_timestamp is None
    bench.tick(7)
    bench.orchestrator.stop(executor.id)
    bench.tick(5)
    assert (executor.status, executor.info.is_active, executor.info.close_timestamp) == (RunnableStatus.SHUTTING_DOWN, False, T0_S + 7)
    bench = restarted(bench)
    (executor,) = bench.orchestrator.running
    assert executor.info.close_timestamp == executor.info.to_dict()["close_timestamp"] == T0_S + 7
    assert ExecutorFilter(max_close_timestamp=T0_S + 7).holds(executor.info)
    bench.venue.trade(bench.live()[0], price=100)
    bench.tick()
    assert (executor.is_closed, executor.info.close_timestamp) == (True, T0_S + 12)
