"""A TWAP that dies in the middle of its plan goes on with what is missing of it, at the pace of the plan."""

from __future__ import annotations

from typing import Any

from botcore.executors.twap.config import TWAPExecutorConfig, TWAPMode
from botcore.model.enums import CloseType, RunnableStatus, TradeType
from botcore.model.order import OrderState
from tests.support.any_executor import again, restarted
from tests.support.bench import PERP, SECOND_NS, T0_NS, D, instrument
from tests.support.venue_bench import VenueBench


def plan(**changes: Any) -> TWAPExecutorConfig:
    values = {
        "trading_pair": "ETH-USDT",
        "connector_name": PERP,
        "side": TradeType.BUY,
        "total_amount_quote": D(500),
        "total_duration": 40,
        "order_interval": 10,
    }
    return TWAPExecutorConfig(**(values | changes))


def sent(bench: VenueBench) -> list[tuple[float, int]]:
    return [((order.created_ns - T0_NS) / SECOND_NS, order.lots) for order in bench.orders]


def finish(bench: VenueBench) -> None:
    for _ in range(60):
        for order in bench.live():
            bench.venue.trade(order, price=100)
        bench.tick()


def test_plan_goes_on_between_two_slots() -> None:
    before = VenueBench()
    before.start(plan())
    before.venue.trade(before.orders[0], price=100)
    before.tick(3)
    after, back = again(before)
    finish(after)
    assert sent(after) == [(0, 1000), (10, 1000), (20, 1000), (30, 1000), (40, 1000)]
    assert back.close_type is CloseType.COMPLETED
    assert after.orchestrator.positions()[0].amount == 5


def test_order_on_its_way_is_not_sent_again() -> None:
    before = VenueBench()
    before.start(plan())
    after, back = again(before)
    after.tick(5)
    assert sent(after) == [(0, 1000)]
    after.venue.trade(after.orders[0], price=100)
    assert back.custom_info()["slots_by_state"] == {"PENDING": 4, "PLACED": 0, "DONE": 1}


def test_refused_slot_keeps_its_pause_and_its_part() -> None:
    before = VenueBench()
    before.start(plan())
    before.venue.trade(before.orders[0], "0.4", price=100)
    before.venue.end(before.orders[0], OrderState.EXPIRED, "of the test")
    after, back = again(before)
    assert back.retries == 1
    after.tick(0.5)
    assert sent(after) == [(0, 1000)]
    after.tick(0.5)
    assert sent(after) == [(0, 1000), (1, 600)]


def test_slots_that_were_missed_are_made_up_for_at_the_pace_of_the_plan() -> None:
    """Dead from 5 s to 47 s: the slots of 10, 20, 30 and 40 s leave at 48, 50, 60 and 70 s."""
    before = VenueBench()
    before.start(plan())
    before.venue.trade(before.orders[0], price=100)
    before.tick(5)
    before.clock.tick(before.clock.now_ns + 42 * SECOND_NS)
    after, back = again(before)
    finish(after)
    assert sent(after) == [(0, 1000), (48, 1000), (50, 1000), (60, 1000), (70, 1000)]
    assert back.close_type is CloseType.COMPLETED


def test_maker_order_that_rests_is_taken_up_and_taken_back_in_its_time() -> None:
    before = VenueBench()
    before.start(plan(mode=TWAPMode.MAKER, limit_order_buffer=D("0.01"), order_resubmission_time=7))
    before.venue.accept(before.orders[0])
    before.tick(4)
    after, _ = again(before)
    after.tick(2)
    assert after.venue.cancels == []
    after.tick(1)
    assert after.venue.cancels == [after.orders[0]]
    dead_again, back = again(after)
    dead_again.venue.end(dead_again.orders[0])
    dead_again.tick()
    assert sent(dead_again) == [(0, 1000), (8, 1000)] and back.retries == 0


def test_exit_goes_on_closing() -> None:
    before = VenueBench()
    executor = before.start(plan())
    before.venue.trade(before.orders[0], price=100)
    before.orchestrator.stop(executor.id)
    before.send()
    after, back = again(before)
    assert back.status is RunnableStatus.SHUTTING_DOWN
    after.tick()
    assert len(after.orders) == 2, "the close is live"
    after.venue.trade(after.orders[1], price=101)
    assert (back.close_type, back.info.net_pnl_quote) == (CloseType.EARLY_STOP, 1)


def test_restart_on_another_grid_goes_on_with_what_is_missing() -> None:
    before = VenueBench()
    before.start(plan())
    before.venue.trade(before.orders[0], "0.4", price=100)
    before.venue.end(before.orders[0], OrderState.EXPIRED, "of the test")
    after = restarted(before, instrument(tick="0.1", lot="0.01"))
    finish(after)
    assert [order.lots for order in after.orders[1:]] == [60, 100, 100, 100, 100]
    assert after.orchestrator.positions()[0].amount == 5
