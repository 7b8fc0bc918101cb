"""Numeric scenarios TW-* of the TWAP executor and the hazards of its specification.

Base config of the scenarios: BUY, total 100, duration 10 s, interval 5 s: three slots at t0, t0 + 5 and t0 + 10.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from botcore.executors.twap.config import TWAPExecutorConfig, TWAPMode
from botcore.executors.twap.executor import TWAPExecutor
from botcore.model.enums import CloseType, OrderType, RunnableStatus, TradeType
from botcore.model.order import OrderState, Purpose
from tests.support.bench import PERP, SECOND_NS, SPOT, T0_NS, D, instrument
from tests.support.venue_bench import VenueBench

BUY, SELL = TradeType.BUY, TradeType.SELL
RUNNING, SHUTTING_DOWN, TERMINATED = RunnableStatus.RUNNING, RunnableStatus.SHUTTING_DOWN, RunnableStatus.TERMINATED


def config(side: TradeType = BUY, **changes: Any) -> TWAPExecutorConfig:
    values = {
        "trading_pair": "ETH-USDT",
        "connector_name": PERP,
        "side": side,
        "total_amount_quote": D(100),
        "total_duration": 10,
        "order_interval": 5,
    }
    return TWAPExecutorConfig(**(values | changes))


def maker(side: TradeType = BUY, **changes: Any) -> TWAPExecutorConfig:
    return config(side, **({"mode": TWAPMode.MAKER, "limit_order_buffer": D("0.01"), "order_resubmission_time": 3} | changes))


def amounts(bench: VenueBench) -> list[Decimal]:
    return [bench.instrument.amount(order.lots) for order in bench.orders]


def filled(bench: VenueBench, number: int, price: Any = 100, **more: Any) -> None:
    """The order with this number is filled completely."""
    order = bench.orders[number]
    bench.venue.trade(order, price=None if order.request.price_ticks else price, **more)


def seconds(bench: VenueBench) -> list[float]:
    """When each order was sent, after t0."""
    return [(order.created_ns - T0_NS) / SECOND_NS for order in bench.orders]


def run(bench: VenueBench, count: int, price: Any = 100, *, fills: bool = True) -> None:
    """Some seconds in which every order at market is filled."""
    for _ in range(count):
        for order in bench.live():
            if fills and order.request.order_type is OrderType.MARKET:
                bench.venue.trade(order, price=price)
        bench.tick()


# ---- TW ------------------------------------------------------------------------------------------------------------
def test_tw_1_three_slots_of_a_third_each() -> None:
    of = config()
    assert (of.number_of_orders, of.order_amount_quote) == (3, D(100) / 3)
    bench = VenueBench(price=100)
    executor = bench.start(of)
    assert executor.custom_info()["slots_by_state"] == {"PENDING": 2, "PLACED": 1, "DONE": 0}
    run(bench, 12)
    assert seconds(bench) == [0, 5, 10]
    # 33.333 / 100 rounded down to lots of 0.001; what the rounding left is made up for by the last
    assert amounts(bench) == [D("0.333"), D("0.333"), D("0.334")]


def test_tw_2_taker_order_is_its_part_at_the_mid() -> None:
    bench = VenueBench(instrument(lot="0.00001"), price=120)
    bench.start(config())
    (order,) = bench.orders
    assert (order.request.order_type, order.request.price_ticks, amounts(bench)) == (OrderType.MARKET, None, [D("0.27777")])


@pytest.mark.parametrize(("side", "price", "pct"), [(BUY, 144, "0.2"), (SELL, 96, "0.2"), (SELL, 144, "-0.2")])
def test_tw_4_pnl_is_measured_from_the_average_to_the_mid(side: TradeType, price: int, pct: str) -> None:
    bench = VenueBench(price=120)
    executor = bench.start(config(side, total_amount_quote=D(120), total_duration=1))
    filled(bench, 0, 120, fee="0.6")
    # the book stands a little apart: the mid counts
    bench.quote(price - 1, price + 1)
    info = executor.custom_info()
    assert info["executed_amount_quote"] == 120
    assert (executor.net_pnl_quote() + executor.cum_fees_quote()) / info["executed_amount_quote"] == D(pct)
    assert executor.net_pnl_pct() == D(pct) - D("0.005")
    assert executor.filled_amount_quote() == 120


@pytest.mark.parametrize(("keep", "close_type"), [(True, CloseType.POSITION_HOLD), (False, CloseType.EARLY_STOP)])
def test_tw_5_early_stop(keep: bool, close_type: CloseType) -> None:
    bench = VenueBench(price=100)
    executor = bench.start(maker())
    (order,) = bench.orders
    bench.venue.trade(order, "0.1")
    bench.orchestrator.stop(executor.id, keep_position=keep)
    bench.send()
    assert (executor.status, executor.close_type) == (SHUTTING_DOWN, close_type)
    assert bench.venue.cancels == [order]
    bench.venue.end(order)
    bench.send()
    if not keep:
        close = bench.orders[-1]
        assert (close.request.trade_type, close.request.order_type, close.lots) == (SELL, OrderType.MARKET, 100)
        bench.venue.trade(close, price=98)
        assert executor.info.net_pnl_quote == D("-0.1")
    assert (executor.status, executor.close_type) == (TERMINATED, close_type)
    assert [hold.amount for hold in bench.orchestrator.positions()] == ([D("0.1")] if keep else [])
    bench.tick(60)
    assert len(bench.orders) == (1 if keep else 2)


def test_tw_6_forced_stop_holds_what_was_filled() -> None:
    bench = VenueBench(price=100)
    executor = bench.start(config(total_amount_quote=D(120)))
    bench.venue.trade(bench.orders[0], "0.4", price=100)
    executor.abandon(bench.clock.now_ns, "shutdown took too long")
    assert (executor.status, executor.close_type) == (TERMINATED, CloseType.POSITION_HOLD)
    assert executor.info.custom_info["held_position_orders"] == [bench.orders[0].client_order_id]
    assert [hold.amount for hold in bench.orchestrator.positions()] == [D("0.4")]


# ---- the natural end -----------------------------------------------------------------------------------------------
def test_natural_end_is_completed_and_the_fills_are_held() -> None:
    bench = VenueBench(price=100)
    executor = bench.start(config())
    run(bench, 12)
    assert (executor.status, executor.close_type) == (TERMINATED, CloseType.COMPLETED)
    assert executor.info.filled_amount_quote == 100
    (hold,) = bench.orchestrator.positions()
    assert (hold.amount, hold.breakeven_price) == (1, 100)
    assert executor.info.custom_info["held_position_orders"] == sorted(order.client_order_id for order in bench.orders)
    report = bench.orchestrator.report("main")
    assert report.volume_traded == 100, "counted once: with the hold"


def test_h5_not_completed_before_the_last_order_is_filled() -> None:
    bench = VenueBench(price=100)
    executor = bench.start(config())
    run(bench, 11)
    assert len(bench.orders) == 3 and bench.orders[2].is_done
    fresh = VenueBench(price=100)
    other = fresh.start(config())
    for _ in range(60):
        fresh.tick()
    assert len(fresh.orders) == 3 and other.status is RUNNING
    for number in range(3):
        filled(fresh, number)
    fresh.tick()
    assert other.close_type is CloseType.COMPLETED
    assert executor.close_type is CloseType.COMPLETED


# ---- refusals ------------------------------------------------------------------------------------------------------
def test_h1_refused_slot_is_sent_again_and_the_plan_is_kept() -> None:
    """The reference loses the other slots and its accounting."""
    bench = VenueBench(price=100)
    executor = bench.start(config())
    filled(bench, 0)
    bench.tick(5)
    bench.venue.reject(bench.orders[1])
    assert executor.filled_amount_quote() == D("33.3")
    assert executor.custom_info()["slots_by_state"] == {"PENDING": 2, "PLACED": 0, "DONE": 1}
    run(bench, 7)
    assert seconds(bench) == [0, 5, 6, 10]
    assert amounts(bench) == [D("0.333"), D("0.333"), D("0.333"), D("0.334")]
    assert (executor.close_type, executor.info.filled_amount_quote) == (CloseType.COMPLETED, 100)


def test_slot_that_ends_half_filled_is_sent_again_for_the_rest_of_its_part() -> None:
    bench = VenueBench(price=100)
    bench.start(config())
    bench.venue.trade(bench.orders[0], "0.2", price=100)
    bench.venue.end(bench.orders[0], OrderState.EXPIRED, "the book had no more depth")
    run(bench, 12)
    assert seconds(bench) == [0, 1, 5, 10]
    assert amounts(bench) == [D("0.333"), D("0.133"), D("0.333"), D("0.334")]


def test_every_rejection_counts_and_a_used_up_budget_hands_over_what_was_filled() -> None:
    bench = VenueBench(price=100)
    executor = bench.start(config())
    filled(bench, 0)
    for _ in range(400):
        for order in bench.live():
            bench.venue.reject(order)
        bench.tick()
    assert (executor.status, executor.close_type) == (TERMINATED, CloseType.POSITION_HOLD)
    assert len(bench.orders) == 1 + 1 + executor.max_retries
    assert [hold.amount for hold in bench.orchestrator.positions()] == [D("0.333")]
    (fact,) = [fact for fact in bench.records.facts if fact.kind == "exit_failed"]
    assert (fact.payload["exposure_base"], fact.payload["is_entry"]) == ("0.333", True)


def test_used_up_budget_without_a_fill_is_failed() -> None:
    bench = VenueBench(price=100)
    executor = bench.start(config())
    for _ in range(400):
        for order in bench.live():
            bench.venue.reject(order)
        bench.tick()
    assert (executor.status, executor.close_type, executor.info.reason) == (TERMINATED, CloseType.FAILED, "the venue does not like it")
    assert "exit_failed" not in bench.records.fact_kinds()


def test_rejections_are_counted_in_a_row() -> None:
    bench = VenueBench(price=100)
    executor = bench.start(config(total_duration=200, order_interval=10, total_amount_quote=D(2100)))
    for _ in range(300):
        for order in bench.live():
            if len(bench.orders) % 2:
                bench.venue.reject(order)
            else:
                bench.venue.trade(order, price=100)
        bench.tick()
    assert executor.close_type is CloseType.COMPLETED, "21 slots, each refused once"
    assert executor.info.filled_amount_quote == 2100


@pytest.mark.parametrize(("before", "close_type"), [(0, CloseType.INSUFFICIENT_BALANCE), (1, CloseType.POSITION_HOLD)])
def test_o13_money_that_is_gone_ends_the_plan(before: int, close_type: CloseType) -> None:
    bench = VenueBench(price=100)
    executor = bench.start(config())
    if before:
        filled(bench, 0)
        bench.tick(5)
    bench.venue.reject(bench.orders[-1], "Margin is insufficient.")
    bench.tick(60)
    assert (executor.status, executor.close_type, executor.info.reason) == (TERMINATED, close_type, "Margin is insufficient.")
    assert len(bench.orders) == 1 + before
    assert len(bench.orchestrator.positions()) == before


@pytest.mark.parametrize(("before", "close_type"), [(0, CloseType.EXTERNAL), (1, CloseType.POSITION_HOLD)])
def test_o18_order_that_somebody_took_off_ends_the_plan(before: int, close_type: CloseType) -> None:
    bench = VenueBench(price=100)
    executor = bench.start(maker())
    if before:
        filled(bench, 0)
        bench.tick(5)
    bench.venue.end(bench.orders[-1])
    bench.tick(60)
    assert (executor.status, executor.close_type, len(bench.orders)) == (TERMINATED, close_type, 1 + before)


def test_plan_that_was_held_up_does_not_catch_up_all_at_once() -> None:
    """The second slot is due at 5 s and leaves at 23.5 s, three whole intervals late: the third moves by these."""
    bench = VenueBench(price=100)
    executor = bench.start(config(total_duration=20, total_amount_quote=D(50)))
    filled(bench, 0)
    bench.tick(3)
    bench.tick(20.5)
    run(bench, 30)
    assert seconds(bench)[:2] == [0, 23.5]
    assert [round(later - earlier, 1) for earlier, later in zip(seconds(bench)[1:], seconds(bench)[2:], strict=False)] == [2.0, 5.0, 5.0]
    assert executor.info.custom_info["delay_s"] == 15
    assert executor.close_type is CloseType.COMPLETED


# ---- maker ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("side", "price"), [(BUY, 99), (SELL, 101)])
def test_maker_rests_behind_the_mid(side: TradeType, price: int) -> None:
    bench = VenueBench(price=100)
    bench.start(maker(side))
    (order,) = bench.orders
    assert (order.request.order_type, bench.instrument.price(order.request.price_ticks)) == (OrderType.LIMIT, price)
    assert amounts(bench) == [D("0.333")], "its part over the mid"


def test_unfilled_maker_order_is_taken_back_and_sent_again_when_that_is_confirmed() -> None:
    bench = VenueBench(price=100)
    executor = bench.start(maker())
    (first,) = bench.orders
    bench.venue.accept(first)
    bench.tick(2)
    assert bench.venue.cancels == []
    bench.tick(1)
    assert bench.venue.cancels == [first]
    bench.quote(110)
    bench.tick(1)
    assert bench.orders == [first], "the cancel is not confirmed"
    bench.venue.trade(first, "0.1")
    bench.venue.end(first)
    bench.tick(0.5)
    second = bench.orders[1]
    # (33.333 - 9.9) / 110 = 0.21303
    assert (bench.instrument.price(second.request.price_ticks), amounts(bench)[1]) == (D("108.9"), D("0.213"))
    assert executor.retries == 0, "taking it back is no rejection"


def test_h3_resubmission_after_the_last_slot_goes_on_until_all_is_filled() -> None:
    """The reference divides by zero here."""
    bench = VenueBench(price=100)
    executor = bench.start(maker())
    for second in range(1, 30):
        bench.tick()
        for order in bench.live():
            if order.cancel_asked:
                bench.venue.end(order)
        if second == 20:
            assert executor.custom_info()["slots_by_state"]["DONE"] == 0
    for _ in range(10):
        for order in bench.live():
            bench.venue.trade(order)
        bench.tick()
    assert executor.close_type is CloseType.COMPLETED
    # 0.333, 0.335 and 0.338 @ 99 as in the next test
    assert bench.orchestrator.positions()[0].amount == D("1.006")


def test_open_order_counts_against_what_later_slots_take() -> None:
    """The first rests with 0.333 @ 99 = 32.967; the second takes (100 - 32.967) / 2 = 33.5165, the third the rest."""
    bench = VenueBench(price=100)
    bench.start(maker(order_resubmission_time=None))
    for _ in range(11):
        bench.tick()
    # 100 - 32.967 - 0.335 * 99 = 33.868
    assert amounts(bench) == [D("0.333"), D("0.335"), D("0.338")]


def test_late_fill_of_an_ended_order_is_not_bought_twice() -> None:
    bench = VenueBench(price=100)
    executor = bench.start(maker(total_duration=1))
    (first,) = bench.orders
    bench.tick(3)
    bench.venue.end(first)
    bench.tick()
    second = bench.orders[1]
    assert amounts(bench) == [1, 1]
    bench.venue.trade(first, "0.4")
    bench.send()
    assert bench.venue.cancels == [first, second]
    bench.venue.end(second)
    bench.tick()
    # (100 - 39.6) / 100
    assert amounts(bench)[2] == D("0.604")
    filled(bench, 2)
    bench.tick()
    assert executor.close_type is CloseType.COMPLETED and bench.orchestrator.positions()[0].amount == D("1.004")


# ---- start ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        ({"min_notional": "34"}, "one of 3 orders: notional 33.30000 is below the smallest order value 34 USDT of ETH-USDT"),
        ({"min_amount": "0.4"}, "one of 3 orders: amount 0.333 is below the smallest order 0.4 ETH of ETH-USDT"),
    ],
)
def test_h4_slot_below_the_smallest_order_fails_before_any_order(rules: dict[str, str], reason: str) -> None:
    bench = VenueBench(instrument(**rules), price=100)
    executor = bench.start(config())
    assert (executor.status, executor.close_type, executor.info.reason) == (TERMINATED, CloseType.FAILED, reason)
    assert bench.records.submitted == []


def test_hz_6_start_without_a_price_fails_with_a_reason() -> None:
    bench = VenueBench(price=None)
    executor = bench.start(config())
    assert executor.close_type is CloseType.FAILED and "not known" in executor.info.reason


def test_plan_that_the_account_can_not_pay_is_not_begun() -> None:
    bench = VenueBench(price=100)
    bench.venue.pays = False
    executor = bench.start(config())
    assert executor.close_type is CloseType.INSUFFICIENT_BALANCE and bench.records.submitted == []


def test_slot_that_has_become_too_small_leaves_its_part_to_the_next() -> None:
    """At 200 a slot of 33.3 is 0.166 and the venue takes no less than 0.2: the last slot takes all that is left."""
    bench = VenueBench(instrument(min_amount="0.2"), price=100)
    executor = bench.start(config())
    filled(bench, 0)
    bench.quote(200)
    run(bench, 12, price=200)
    assert (seconds(bench), amounts(bench)) == ([0, 10], [D("0.333"), D("0.333")])
    assert executor.close_type is CloseType.COMPLETED


def test_unknown_price_is_waited_for() -> None:
    bench = VenueBench(price=100)
    executor = bench.start(config())
    filled(bench, 0)
    bench.state.book.snapshot([], [], 1, 0)
    assert executor.net_pnl_quote().is_nan()
    bench.tick(6)
    assert len(bench.orders) == 1
    bench.quote(100)
    bench.tick()
    assert len(bench.orders) == 2


def test_fee_in_base_is_no_reason_to_trade_more() -> None:
    bench = VenueBench(instrument(connector=SPOT), price=100)
    executor = bench.start(config(connector_name=SPOT))
    for _ in range(12):
        for order in bench.live():
            bench.venue.trade(order, price=100, fee="0.0003", asset="ETH", rate=100)
        bench.tick()
    assert executor.close_type is CloseType.COMPLETED
    assert bench.orchestrator.positions()[0].amount == D("1") - D("0.0009")
    assert len(bench.orders) == 3 and all(order.request.purpose is Purpose.OPEN for order in bench.orders)


def test_waiting_plan_asks_for_no_tick_before_it_is_due() -> None:
    bench = VenueBench(price=100)
    executor = bench.start(config())
    filled(bench, 0)
    bench.tick()
    assert executor.wake_ns == T0_NS + 5 * SECOND_NS
    assert executor.custom_info()["next_order_timestamp"] == (T0_NS + 5 * SECOND_NS) / 1e9


def test_hz_5_early_stop_of_an_ended_plan_is_a_no_op() -> None:
    bench = VenueBench(price=100)
    executor: TWAPExecutor = bench.start(config())
    run(bench, 12)
    executor.stop(bench.clock.now_ns)
    assert (executor.status, executor.close_type) == (TERMINATED, CloseType.COMPLETED)


@pytest.mark.parametrize("missing", [{"limit_order_buffer": None}, {"limit_order_buffer": D(1)}])
def test_maker_needs_a_buffer(missing: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="limit_order_buffer"):
        maker(**missing)


def test_what_fills_while_a_plan_that_can_not_be_paid_ends_is_held_not_sold() -> None:
    """The first slot rests, the second is refused for want of money; the first fills before its cancel arrives."""
    bench = VenueBench(price=100)
    executor = bench.start(maker(order_resubmission_time=None))
    bench.tick(5)
    bench.venue.reject(bench.orders[1], "Margin is insufficient.")
    bench.send()
    assert (executor.status, bench.venue.cancels) == (SHUTTING_DOWN, [bench.orders[0]])
    filled(bench, 0)
    bench.tick()
    assert (executor.status, executor.close_type) == (TERMINATED, CloseType.POSITION_HOLD)
    assert [hold.amount for hold in bench.orchestrator.positions()] == [D("0.333")]
    assert len(bench.orders) == 2
