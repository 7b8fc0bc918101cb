"""`close_timestamp` and `close_type`: None while an executor runs, when it began to close and why while it does, and its end afterwards, also after a restart in between.

Files sort by the time what is not active, and one that is closing is not; and they let a level cool down by both.
"""

from __future__ import annotations

from typing import Any

import pytest

from botcore.controllers.filters import ExecutorFilter
from botcore.executors.dca.config import DCAExecutorConfig
from botcore.model.enums import CloseType, RunnableStatus
from condor.services.bot_views import executor_view
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
    assert (executor.info.close_timestamp, executor.info.close_type) == (None, None)
    bench.tick(7)
    bench.orchestrator.stop(executor.id)
    bench.tick(5)
    assert (executor.status, executor.info.is_active, executor.info.close_timestamp) == (RunnableStatus.SHUTTING_DOWN, False, T0_S + 7)
    bench = restarted(bench)
    (executor,) = bench.orchestrator.running
    assert executor.info.close_timestamp == executor.info.to_dict()["close_timestamp"] == T0_S + 7
    assert executor.info.close_type is CloseType.EARLY_STOP and executor_view(executor.info, "bot", "bot", bench.clock.now_ns).close_type is None
    assert ExecutorFilter(max_close_timestamp=T0_S + 7).holds(executor.info)
    bench.venue.trade(bench.live()[0], price=100)
    bench.tick()
    assert (executor.is_closed, executor.info.close_timestamp) == (True, T0_S + 12)


def test_a_level_that_is_being_stopped_out_is_not_free() -> None:
    """The question as files of Strategy V2 put it: active, or stopped out less than 15 seconds ago."""
    bench = VenueBench()
    executor = bench.start(bare(stop_loss=D("0.05")))
    bench.venue.accept(bench.orders[0])
    bench.venue.trade(bench.orders[0])

    def is_taken() -> bool:
        info = executor.info
        return info.is_active or (info.close_type == CloseType.STOP_LOSS and bench.market_data.time() - info.close_timestamp < 15)

    bench.price(95)
    assert (executor.status, is_taken()) == (RunnableStatus.SHUTTING_DOWN, True)
    bench.venue.trade(bench.live()[0], price=95)
    bench.tick(14)
    assert executor.is_closed and is_taken()
    bench.tick()
    assert not is_taken()
