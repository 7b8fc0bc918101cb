"""Live reconfiguration of barriers: every kind of executor that has some follows at once, as a whole or not at all, and finds it so after a restart."""

from __future__ import annotations

from typing import Any

import pytest

from botcore.controllers.barrier_changes import barrier_changes
from botcore.executors.data_types import ExecutionStrategy, OrderExecutorConfig, PositionExecutorConfig, TrailingStop, TripleBarrierConfig
from botcore.executors.dca.config import DCAMode
from botcore.model.enums import CloseType, OrderType, RunnableStatus, TradeType
from tests.scenarios.test_dca_executor import config as dca
from tests.scenarios.test_dca_executor import first_filled
from tests.scenarios.test_grid_executor import bench_at, fill, one_level, profits, states
from tests.scenarios.test_pair_executor import opened
from tests.support.any_executor import restarted
from tests.support.any_legged import restarted as legged_restarted
from tests.support.bench import PERP, D
from tests.support.two_venues import TwoVenues
from tests.support.venue_bench import VenueBench

BUY, RUNNING = TradeType.BUY, RunnableStatus.RUNNING


def set_barriers(bench: Any, executor: Any, **values: Any) -> bool:
    found: bool = executor.set_barriers(TripleBarrierConfig(**values), bench.clock.now_ns)
    return found


# ---- ladders -------------------------------------------------------------------------------------------------------
def test_ladder_stops_at_its_new_loss_and_not_at_the_old_one() -> None:
    bench, executor = first_filled(dca(stop_loss=D("0.02")))
    assert set_barriers(bench, executor, stop_loss=D("0.05"))
    bench.price("95.01")
    assert executor.status is RUNNING
    bench.price(95)
    assert executor.close_type is CloseType.STOP_LOSS


def test_taker_ladder_may_lose_another_part_of_the_whole() -> None:
    """10 of 60 USDT are in: 10 % of the whole is 6 USDT, which is 60 % of what is in."""
    bench, executor = first_filled(dca(stop_loss=D("0.5"), mode=DCAMode.TAKER), ticks=1)
    assert set_barriers(bench, executor, stop_loss=D("0.1"))
    assert executor.custom_info()["max_loss_quote"] == 6
    bench.price("40.01")
    assert executor.status is RUNNING
    bench.price(40)
    assert executor.close_type is CloseType.STOP_LOSS


def test_ladder_that_slept_without_barriers_wakes_for_its_new_ones() -> None:
    bench, executor = first_filled(dca(prices="100", amounts="10"), ticks=1)
    bench.tick()
    assert executor.wake_ns > bench.clock.now_ns, "nothing to look at"
    assert set_barriers(bench, executor, take_profit=D("0.03"), time_limit=3600)
    assert executor.wake_ns == 0
    bench.price("103.01")
    assert executor.close_type is CloseType.TAKE_PROFIT


def test_armed_trail_of_a_ladder_never_loosens() -> None:
    trail = TrailingStop(activation_price=D("0.05"), trailing_delta=D("0.01"))
    bench, executor = first_filled(dca(trailing_stop=trail))
    bench.price(110)
    trigger = executor.custom_info()["trailing_stop_trigger_pct"]
    assert set_barriers(bench, executor, trailing_stop=TrailingStop(activation_price=D("0.05"), trailing_delta=D("0.08")))
    assert executor.custom_info()["trailing_stop_trigger_pct"] == trigger == D("0.09")


def test_ladder_keeps_its_levels_and_finds_its_barriers_after_a_restart() -> None:
    bench, executor = first_filled(dca(stop_loss=D("0.5")))
    assert set_barriers(bench, executor, stop_loss=D("0.05"), time_limit=600)
    after = restarted(bench)
    (back,) = after.orchestrator.running
    assert (back.config.stop_loss, back.config.time_limit, back.config.prices) == (D("0.05"), 600, executor.config.prices)
    after.price(95)
    assert back.close_type is CloseType.STOP_LOSS


# ---- grids ---------------------------------------------------------------------------------------------------------
def held(**barriers: Any) -> tuple[VenueBench, Any]:
    """A grid of one level that is filled at 100 and offers its profit."""
    bench = bench_at(102)
    executor = bench.start(one_level(**barriers))
    fill(bench, bench.orders[0])
    bench.quote(100)
    bench.tick()
    assert states(executor) == ["CLOSE_ORDER_PLACED"]
    return bench, executor


def test_profit_of_a_level_moves_to_its_new_price() -> None:
    bench, executor = held()
    (offered,) = profits(bench)
    bench.venue.accept(offered)
    assert bench.instrument.price(offered.request.price_ticks) == 101
    assert set_barriers(bench, executor, take_profit=D("0.03"), take_profit_order_type=OrderType.LIMIT)
    bench.send()
    assert offered.cancel_asked
    bench.venue.end(offered)
    bench.tick()
    (moved,) = profits(bench)
    assert bench.instrument.price(moved.request.price_ticks) == 103 and moved.request.lots == offered.request.lots


def test_barriers_of_the_whole_leave_the_profits_where_they_rest() -> None:
    bench, executor = held()
    (offered,) = profits(bench)
    assert set_barriers(bench, executor, take_profit=D("0.01"), take_profit_order_type=OrderType.LIMIT, stop_loss=D("0.02"))
    assert not offered.cancel_asked
    bench.price("98.01")
    assert executor.status is RUNNING
    bench.price(98)
    assert executor.close_type is CloseType.STOP_LOSS


def test_grid_without_a_profit_is_refused_as_a_whole() -> None:
    bench, executor = held()
    before = executor.config
    assert not set_barriers(bench, executor, stop_loss=D("0.02"))
    assert executor.config is before and "take_profit" in executor.info.reason
    bench.price(95)
    assert executor.status is RUNNING, "nothing of it was taken over"


def test_grid_finds_profit_and_barriers_after_a_restart() -> None:
    bench, executor = held()
    assert set_barriers(bench, executor, take_profit=D("0.03"), take_profit_order_type=OrderType.LIMIT, stop_loss=D("0.02"))
    after = restarted(bench)
    (back,) = after.orchestrator.running
    assert back.config.triple_barrier_config == executor.config.triple_barrier_config
    assert [after.instrument.price(level.close_ticks) for level in back.levels] == [103]
    after.price(98)
    assert back.close_type is CloseType.STOP_LOSS


# ---- pairs ---------------------------------------------------------------------------------------------------------
def test_pair_is_judged_by_its_new_barriers() -> None:
    """Long 1 against short 2 at 100: 300 USDT; 1 % of it are 3 USDT."""
    bench = TwoVenues(100, 100, fee="0")
    executor = opened(bench, take_profit=D("0.5"), stop_loss=D("0.5"))
    assert set_barriers(bench, executor, take_profit=D("0.01"), stop_loss=D("0.5"))
    bench.move("102.99", 100)
    assert executor.status is RUNNING
    bench.move(103, 100)
    assert executor.close_type is CloseType.TAKE_PROFIT


def test_sleeping_pair_gets_a_time_limit_and_keeps_it_over_a_restart() -> None:
    bench = TwoVenues(100, 100)
    executor = opened(bench, stop_loss=None, take_profit=None)
    assert set_barriers(bench, executor, time_limit=60)
    after = legged_restarted(bench)
    (back,) = after.orchestrator.running
    assert back.config.time_limit == 60
    after.tick(60)
    assert back.close_type is CloseType.TIME_LIMIT


def test_pair_can_not_trail() -> None:
    bench = TwoVenues(100, 100)
    executor = opened(bench)
    before = executor.config
    assert not set_barriers(bench, executor, trailing_stop=TrailingStop(activation_price=D("0.05"), trailing_delta=D("0.01")))
    assert executor.config is before


# ---- positions, and those that have none ---------------------------------------------------------------------------
def test_position_finds_its_barriers_after_a_restart() -> None:
    bench = VenueBench()
    executor = bench.start(PositionExecutorConfig(trading_pair="ETH-USDT", connector_name=PERP, side=BUY, entry_price=D(100), amount=D(1)))
    bench.venue.trade(bench.orders[0], price=100)
    assert set_barriers(bench, executor, stop_loss=D("0.05"))
    after = restarted(bench)
    (back,) = after.orchestrator.running
    after.price(95)
    assert back.close_type is CloseType.STOP_LOSS


def test_order_has_no_barriers_and_says_so() -> None:
    bench = VenueBench()
    order = OrderExecutorConfig(
        trading_pair="ETH-USDT", connector_name=PERP, side=BUY, amount=D(1), price=D(90), execution_strategy=ExecutionStrategy.LIMIT
    )
    assert not set_barriers(bench, bench.start(order), stop_loss=D("0.05"))


@pytest.mark.parametrize("kind", ["dca", "grid", "pair"])
def test_what_is_ending_is_left_alone(kind: str) -> None:
    bench: Any
    if kind == "pair":
        bench = TwoVenues(100, 100)
        executor: Any = opened(bench)
    else:
        bench, executor = first_filled(dca(stop_loss=D("0.5"))) if kind == "dca" else held()
    bench.orchestrator.stop(executor.id)
    before = executor.config
    assert not set_barriers(bench, executor, take_profit=D("0.01"), stop_loss=D("0.01"))
    assert executor.config is before


# ---- which executors of a controller follow ------------------------------------------------------------------------
def test_ladders_and_grids_with_the_configs_barriers_follow_and_scaled_ones_do_not() -> None:
    was = TripleBarrierConfig(stop_loss=D("0.05"), take_profit=D("0.01"), take_profit_order_type=OrderType.LIMIT)
    now = was.model_copy(update={"stop_loss": D("0.02")})
    bench, ladder = first_filled(dca(stop_loss=D("0.05"), take_profit=D("0.01")))
    _, scaled = first_filled(dca(stop_loss=D("0.1"), take_profit=D("0.02")))
    _, whole = held(stop_loss=D("0.05"))
    infos = [ladder.info, scaled.info, whole.info]
    assert barrier_changes(was, now, infos) == [(ladder.id, now), (whole.id, now)]
    assert barrier_changes(was, was, infos) == []
    bench.orchestrator.stop(ladder.id)
    assert barrier_changes(was, now, [ladder.info]) == []
