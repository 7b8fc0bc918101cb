"""`SingleOrderExecutor`: whatever happens to it, it has sent one order."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from pydantic import ValidationError

from botcore.executors.single.config import SingleOrderConfig
from botcore.executors.single.executor import NEVER_SENT
from botcore.model.enums import CloseType, OrderType, PositionAction, RunnableStatus, TradeType
from botcore.model.order import OrderState, Purpose
from botcore.model.refusals import NEVER_ARRIVED
from botcore.orders.tracker import Order
from tests.support.any_executor import STEPS, AnyExecutor, restarted
from tests.support.bench import PERP, SPOT, D, instrument
from tests.support.venue_bench import VenueBench

BUY, SELL = TradeType.BUY, TradeType.SELL


def config(connector: str = SPOT, **changes: Any) -> SingleOrderConfig:
    values: dict[str, Any] = {"connector_name": connector, "trading_pair": "ETH-USDT", "side": BUY, "amount": D(1), **changes}
    return SingleOrderConfig(**values)


def bench(connector: str = SPOT, **options: Any) -> VenueBench:
    return VenueBench(instrument(connector=connector, min_notional="5"), **options)


def test_it_is_sent_filled_and_held() -> None:
    found = bench()
    executor = found.start(config(expected_price=D(100), mid=D(100)))
    (order,) = found.orders
    assert (order.request.order_type, order.request.purpose, order.request.position_action) == (OrderType.MARKET, Purpose.OPEN, PositionAction.NIL)
    found.venue.accept(order)
    found.venue.trade(order, "0.4", 100)
    assert executor.status is RunnableStatus.RUNNING
    found.venue.trade(order, "0.6", 101)
    assert (executor.status, executor.close_type) == (RunnableStatus.TERMINATED, CloseType.POSITION_HOLD)
    assert [hold.amount for hold in found.orchestrator.positions()] == [D(1)]
    assert executor.custom_info()["average_executed_price"] == D("100.6")


@pytest.mark.parametrize("reason", ["the venue does not like it", f"{NEVER_ARRIVED}", "waits for the venue: it is away", "insufficient balance"])
def test_a_refusal_is_the_end_of_it(reason: str) -> None:
    found = bench()
    executor = found.start(config(order_type=OrderType.LIMIT, price=D(99)))
    found.venue.reject(found.orders[0], reason)
    assert executor.is_closed and executor.info.reason == reason
    assert executor.close_type is (CloseType.INSUFFICIENT_BALANCE if "balance" in reason else CloseType.FAILED)
    for _ in range(120):
        found.tick()
    assert len(found.orders) == 1, "nothing is sent in its place"


def test_what_the_gate_refuses_is_not_tried_again() -> None:
    found = bench()
    found.gate.halt("of the test")
    executor = found.start(config())
    assert executor.is_closed and "of the test" in executor.info.reason
    found.gate.release()
    for _ in range(60):
        found.tick()
    assert found.orders == []


def test_a_part_is_held_when_the_venue_ends_the_rest() -> None:
    found = bench()
    executor = found.start(config())
    found.venue.trade(found.orders[0], "0.3", 100)
    found.venue.end(found.orders[0], OrderState.EXPIRED, "no more offers")
    assert (executor.close_type, executor.info.reason) == (CloseType.POSITION_HOLD, "no more offers")
    assert [hold.amount for hold in found.orchestrator.positions()] == [D("0.3")]
    assert len(found.orders) == 1


def test_stopping_cancels_the_rest_and_holds_what_came_meanwhile() -> None:
    found = bench()
    executor = found.start(config(order_type=OrderType.LIMIT, price=D(99)))
    found.venue.accept(found.orders[0])
    found.orchestrator.stop(executor.id)
    found.send()
    assert executor.status is RunnableStatus.SHUTTING_DOWN and found.venue.cancels == found.orders
    found.venue.trade(found.orders[0], "0.2", 99)
    found.venue.end(found.orders[0])
    assert (executor.is_closed, executor.close_type) == (True, CloseType.POSITION_HOLD)
    untouched = found.start(config(order_type=OrderType.LIMIT, price=D(98)))
    found.orchestrator.stop(untouched.id)
    found.send()
    found.venue.end(found.orders[1])
    assert untouched.close_type is CloseType.EARLY_STOP


def test_taken_off_at_the_venue_is_not_put_back() -> None:
    found = bench()
    executor = found.start(config(order_type=OrderType.LIMIT, price=D(99)))
    found.venue.accept(found.orders[0])
    found.venue.end(found.orders[0])
    found.tick()
    assert executor.close_type is CloseType.EXTERNAL and len(found.orders) == 1


def test_that_nobody_knew_is_remembered_over_a_restart() -> None:
    found = bench()
    executor = found.start(config(order_type=OrderType.LIMIT, price=D(99)))
    found.venue.tracker.apply_state(found.orders[0].client_order_id, OrderState.UNKNOWN, found.clock.now_ns)
    found.tick()
    assert executor.custom_info()["was_unknown"] is True
    after = restarted(found, found.instrument)
    (again,) = after.orchestrator.running
    assert again.custom_info()["was_unknown"] is True
    for _ in range(60):
        after.tick()
    assert len(after.orders) == 1 and again.status is RunnableStatus.RUNNING, "silence is waited out"
    after.venue.end(after.orders[0], OrderState.FAILED, NEVER_ARRIVED)
    assert (again.close_type, again.info.reason) == (CloseType.FAILED, NEVER_ARRIVED)
    assert len(after.orders) == 1


@pytest.mark.parametrize(
    ("state", "reason", "close_type"),
    [
        (OrderState.FAILED, "the venue does not like it", CloseType.FAILED),
        (OrderState.FAILED, "insufficient balance", CloseType.INSUFFICIENT_BALANCE),
        (OrderState.EXPIRED, "no more offers", CloseType.FAILED),
        (OrderState.CANCELED, "", CloseType.EXTERNAL),
    ],
)
def test_how_its_order_ended_is_taken_up_by_the_next_process_where_the_last_one_could_not_say_so(
    state: OrderState, reason: str, close_type: CloseType
) -> None:
    found = bench()
    executor = found.start(config(order_type=OrderType.LIMIT, price=D(99)))
    (order,), record = found.orders, executor.record()
    # the process ends between the row of the order's end and that of the executor's
    fresh = bench()
    lost = type(executor)(executor.config, fresh.orchestrator.around, "x-0-9", "main", record.created_ns)
    ended = fresh.venue.adopt(order.request, order.client_order_id, lost, record.created_ns, state, None, [], reason)
    lost.restore(record.state, [ended], [])
    fresh.orchestrator.restore(lost)
    fresh.tick()
    assert (lost.is_closed, lost.close_type) == (True, close_type)
    assert lost.info.reason == (reason or "the entry was canceled at the venue")
    assert fresh.orders == []


def test_one_that_was_written_down_and_never_sent_is_not_sent_by_the_next_process() -> None:
    found = bench()
    executor = found.start(config())
    record = executor.record()
    # as the records would be if the process had ended between the executor's row and its order
    fresh = bench()
    lost = type(executor)(config(), fresh.orchestrator.around, "x-0-9", "main", record.created_ns)
    lost.restore({**record.state, "order_ids": []}, [], [])
    fresh.orchestrator.restore(lost)
    fresh.tick()
    assert (lost.is_closed, lost.close_type, lost.info.reason) == (True, CloseType.FAILED, NEVER_SENT)
    assert fresh.orders == []


@pytest.mark.parametrize(
    ("connector", "side", "purpose", "action"),
    [
        (SPOT, SELL, Purpose.CLOSE, PositionAction.NIL),
        (SPOT, BUY, Purpose.OPEN, PositionAction.NIL),
        (PERP, SELL, Purpose.CLOSE, PositionAction.CLOSE),
    ],
)
def test_what_only_gives_back_passes_a_halted_gate(connector: str, side: TradeType, purpose: Purpose, action: PositionAction) -> None:
    found = bench(connector)
    found.gate.halt("of the test")
    found.start(config(connector, side=side, position_action=PositionAction.CLOSE))
    sent = found.orders
    assert bool(sent) is (purpose is Purpose.CLOSE)
    assert all((order.request.purpose, order.request.position_action) == (purpose, action) for order in sent)


@pytest.mark.parametrize(
    "changes",
    [{"order_type": "LIMIT"}, {"price": "5"}, {"order_type": "STOP_MARKET", "price": "5"}, {"side": "RANGE"}, {"amount": 0}, {"amount": "NaN"}],
)
def test_configs_that_do_not_hold(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        config(**changes)


class One(AnyExecutor):
    """One order among everything that may happen."""

    def check_live(self, opening: list[Order], opened: int) -> None:
        assert len(self.bench.venue.requests) <= 1, "one order, whatever happens"
        assert opened + sum(order.remaining_lots for order in opening) <= 1000 + self.late_lots


@settings(max_examples=60, deadline=None, derandomize=True)
@given(STEPS)
def test_whatever_happens_one_order_was_sent_and_all_of_it_is_accounted_for(steps: list[tuple[str, int, int]]) -> None:
    one = One(config(PERP, order_type=OrderType.LIMIT, price=D(99)))
    for step in steps:
        one.apply(*step)
        one.check()
    one.wind_up()
