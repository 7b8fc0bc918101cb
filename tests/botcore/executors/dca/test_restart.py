"""A ladder that dies in any of its states goes on from what was written: levels, barriers, exit."""

from __future__ import annotations

from typing import Any

from botcore.executors.data_types import TrailingStop
from botcore.executors.dca.config import DCAExecutorConfig
from botcore.model.enums import CloseType, RunnableStatus, TradeType
from botcore.model.order import OrderState, Purpose
from tests.support.any_executor import again, restarted
from tests.support.bench import PERP, D, instrument
from tests.support.venue_bench import VenueBench


def ladder(**changes: Any) -> DCAExecutorConfig:
    values = {
        "trading_pair": "ETH-USDT",
        "connector_name": PERP,
        "side": TradeType.BUY,
        "amounts_quote": [D(10), D(20), D(30)],
        "prices": [D(100), D(80), D(60)],
    }
    return DCAExecutorConfig(**(values | changes))


def sent(bench: VenueBench) -> list[tuple[str, int]]:
    return [(order.request.purpose.name, order.lots) for order in bench.orders]


def test_ladder_with_levels_out_goes_on_with_the_next() -> None:
    before = VenueBench(price=120)
    before.start(ladder())
    before.venue.accept(before.orders[0])
    after, _ = again(before)
    after.tick()
    assert sent(after) == [("OPEN", 100), ("OPEN", 250)], "the first is live and is not sent again"
    after.tick()
    assert sent(after)[2:] == [("OPEN", 500)]


def test_half_filled_level_is_topped_up_only_by_what_is_missing() -> None:
    before = VenueBench(price=120)
    before.start(ladder())
    before.venue.trade(before.orders[0], "0.04")
    before.venue.end(before.orders[0], OrderState.EXPIRED, "of the test")
    after, back = again(before)
    assert back.retries == 1
    after.tick(2)
    after.tick()
    assert sent(after) == [("OPEN", 100), ("OPEN", 60), ("OPEN", 250)]


def test_barriers_and_the_armed_trailing_stop_come_back() -> None:
    before = VenueBench()
    before.start(ladder(stop_loss=D("0.1"), trailing_stop=TrailingStop(activation_price=D("0.02"), trailing_delta=D("0.005"))))
    before.venue.trade(before.orders[0])
    before.price(104)
    after, back = again(before)
    assert back.custom_info()["trailing_stop_trigger_pct"] == D("0.035")
    after.price("103.5")
    assert back.close_type is None
    after.price("103.4")
    assert back.close_type is CloseType.TRAILING_STOP


def test_fill_that_came_while_it_was_dead_counts_for_its_level() -> None:
    before = VenueBench(price=120)
    before.start(ladder(stop_loss=D("0.1")))
    before.venue.accept(before.orders[0])
    after, back = again(before)
    order = after.orders[0]
    after.venue.trade(order)
    assert back.custom_info()["levels_by_state"] == {"WAITING": 2, "PLACED": 0, "DONE": 1}
    after.price(90)
    assert back.close_type is CloseType.STOP_LOSS


def test_exit_goes_on_and_waits_for_the_level_that_is_live() -> None:
    before = VenueBench()
    before.start(ladder(take_profit=D("0.1")))
    before.tick()
    before.venue.trade(before.orders[0])
    before.price(111)
    assert sent(before) == [("OPEN", 100), ("OPEN", 250), ("CLOSE", 100)]
    after, back = again(before)
    assert back.status is RunnableStatus.SHUTTING_DOWN
    after.tick()
    assert sent(after) == sent(before), "the close is live"
    after.venue.trade(after.orders[2], price=111)
    assert back.status is RunnableStatus.SHUTTING_DOWN
    after.venue.end(after.orders[1])
    assert (back.status, back.close_type) == (RunnableStatus.TERMINATED, CloseType.TAKE_PROFIT)
    assert after.orchestrator.positions() == []


def test_exit_that_keeps_goes_on_keeping() -> None:
    before = VenueBench()
    executor = before.start(ladder())
    before.tick()
    before.venue.trade(before.orders[0])
    before.orchestrator.stop(executor.id, keep_position=True)
    before.send()
    after, back = again(before)
    after.venue.end(after.orders[1])
    assert back.close_type is CloseType.POSITION_HOLD
    assert [hold.amount for hold in after.orchestrator.positions()] == [D("0.1")]
    assert all(order.request.purpose is Purpose.OPEN for order in after.orders)


def test_o18_level_that_somebody_took_off_is_not_sent_by_the_next_process_either() -> None:
    before = VenueBench()
    before.start(ladder())
    before.tick()
    before.venue.trade(before.orders[0])
    before.send()
    before.venue.end(before.orders[1])
    after, back = again(before)
    after.tick(5)
    assert sent(after) == [("OPEN", 100), ("OPEN", 250)] and back.status is RunnableStatus.RUNNING


def test_restart_on_another_grid_goes_on_with_what_is_missing() -> None:
    """Lots of 0.001 become lots of 0.01, ticks of 0.01 ticks of 0.1: 0.04 of 0.1 is filled, 0.06 is sent; the stop at 90 fires at 90."""
    before = VenueBench()
    before.start(ladder(stop_loss=D("0.1")))
    before.venue.trade(before.orders[0], "0.04")
    before.venue.end(before.orders[0], OrderState.EXPIRED, "of the test")
    after = restarted(before, instrument(tick="0.1", lot="0.01"))
    (back,) = after.orchestrator.running
    after.tick(2)
    assert [(order.request.price_ticks, order.lots) for order in after.orders[1:]] == [(1000, 6)]
    after.price("90.1")
    assert back.close_type is None
    after.price("90")
    assert back.close_type is CloseType.STOP_LOSS
