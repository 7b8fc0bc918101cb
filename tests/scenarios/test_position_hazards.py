"""HZ-1..6 (exposure hazards) of the position executor, its entry, its ways out and its resting take profit.

Base config of the scenarios: entry 100, amount 1, stop loss 5 %, take profit 10 %, time limit 60 s, created at t0.
"""

from __future__ import annotations

from typing import Any

import pytest

from botcore.executors.position import PositionExecutor
from botcore.model.enums import CloseType
from botcore.model.order import OrderState
from tests.support.bench import PERP, SPOT, D, instrument
from tests.support.position_scenarios import (
    LIMIT,
    MAKER,
    RUNNING,
    SELL,
    SHUTTING_DOWN,
    TERMINATED,
    bare,
    config,
    opened,
    sells,
)
from tests.support.venue_bench import VenueBench


# ---- HZ: exposure --------------------------------------------------------------------------------------------------
def test_hz_1_partial_fill_of_a_canceled_entry_is_kept_and_only_the_rest_is_ordered_again() -> None:
    bench = VenueBench()
    executor = bench.start(bare())
    (entry,) = bench.orders
    bench.venue.trade(entry, "0.6")
    bench.venue.end(entry, OrderState.CANCELED, "the venue was tidying up")
    bench.price(90)
    assert executor.custom_info()["exposure_base"] == D("0.6")
    assert executor.net_pnl_quote() == -6
    bench.tick(2)
    assert [order.lots for order in bench.orders] == [1000, 400]


def test_hz_1_barriers_are_active_after_the_cancel() -> None:
    bench = VenueBench()
    executor = bench.start(config())
    (entry,) = bench.orders
    bench.venue.trade(entry, "0.6")
    bench.venue.end(entry, OrderState.CANCELED, "the venue was tidying up")
    bench.quote(95)
    bench.tick(0.5)
    assert executor.close_type is CloseType.STOP_LOSS
    (close,) = sells(bench)
    assert close.lots == 600
    bench.venue.trade(close, price=95)
    bench.tick(10)
    assert executor.status is TERMINATED
    assert len(bench.orders) == 2, "after the stop the rest of the entry is not wanted any more"


def test_hz_2_partial_fill_is_protected_while_the_rest_of_the_entry_still_rests() -> None:
    bench = VenueBench()
    executor = bench.start(config())
    (entry,) = bench.orders
    bench.venue.trade(entry, "0.6")
    bench.price(50)
    assert executor.close_type is CloseType.STOP_LOSS
    assert bench.venue.cancels == [entry]
    assert [order.lots for order in sells(bench)] == [600]


def test_hz_2_fill_that_wins_the_race_against_the_cancel_is_closed_too() -> None:
    bench = VenueBench()
    executor = bench.start(config())
    (entry,) = bench.orders
    bench.venue.trade(entry, "0.6")
    bench.price(50)
    (close,) = sells(bench)
    bench.venue.trade(close, price=50)
    assert executor.status is SHUTTING_DOWN, "the entry's cancel is not confirmed yet"
    bench.venue.trade(entry, "0.4")
    bench.tick()
    assert [order.lots for order in sells(bench)] == [600, 400]
    bench.venue.trade(sells(bench)[1], price=49)
    assert executor.status is TERMINATED
    assert executor.info.net_pnl_quote == D("0.6") * -50 + D("0.4") * -51


def test_hz_3_stop_after_a_partial_take_profit_sells_only_what_is_left() -> None:
    """Take profit sold 0.7 of 1.0, then the stop: 0.3 is sold, once the rest of the take profit is confirmed canceled."""
    bench = VenueBench()
    executor = opened(bench, config(take_profit_order_type=LIMIT))
    bench.tick()
    (profit,) = sells(bench)
    bench.venue.trade(profit, "0.7")
    # net PnL as a fraction of what was opened: 0.07 realised, so the stop at -5 % stands at 0.3 * (x - 100) = -12
    bench.price(60)
    assert executor.close_type is CloseType.STOP_LOSS
    assert sells(bench) == [profit]
    bench.venue.end(profit)
    bench.send()
    assert [order.lots for order in sells(bench)] == [1000, 300]
    bench.venue.trade(sells(bench)[1], price=60)
    assert executor.status is TERMINATED
    assert bench.sum_of(SELL) == 1
    assert executor.info.net_pnl_quote == 7 - 12


def test_hz_3_take_profit_that_fills_before_its_cancel_leaves_nothing_to_close() -> None:
    bench = VenueBench()
    executor = opened(bench, config(take_profit_order_type=LIMIT))
    bench.tick()
    (profit,) = sells(bench)
    bench.price(95)
    bench.venue.trade(profit)
    bench.tick(5)
    assert sells(bench) == [profit]
    assert (executor.status, executor.close_type) == (TERMINATED, CloseType.STOP_LOSS)
    assert bench.orchestrator.positions() == []


def test_hz_4_partially_filled_close_that_was_canceled_is_followed_by_the_rest_only() -> None:
    bench = VenueBench()
    executor = opened(bench, config())
    bench.price(90)
    (first,) = sells(bench)
    bench.venue.trade(first, "0.4", price=90)
    bench.venue.end(first, OrderState.EXPIRED, "the book had no more depth")
    bench.tick(2)
    assert [order.lots for order in sells(bench)] == [1000, 600]
    bench.venue.trade(sells(bench)[1], price=89)
    assert executor.status is TERMINATED
    assert executor.info.net_pnl_quote == D("0.4") * -10 + D("0.6") * -11


def test_hz_5_early_stop_of_a_terminated_executor_is_a_no_op() -> None:
    bench = VenueBench()
    executor = opened(bench, config())
    bench.price(120)
    bench.venue.trade(sells(bench)[0], price=120)
    executor.stop(bench.clock.now_ns)
    assert bench.orchestrator.stop(executor.id) is False
    assert (executor.status, executor.close_type) == (TERMINATED, CloseType.TAKE_PROFIT)
    bench.tick(5)
    assert len(bench.orders) == 2


def test_hz_5_early_stop_during_an_exit_does_not_change_its_reason() -> None:
    bench = VenueBench()
    executor = opened(bench, config())
    bench.price(90)
    bench.orchestrator.stop(executor.id, keep_position=True)
    assert executor.close_type is CloseType.STOP_LOSS
    bench.venue.trade(sells(bench)[0], price=90)
    assert executor.close_type is CloseType.STOP_LOSS
    assert bench.orchestrator.positions() == []


def test_hz_6_start_without_a_price_fails_with_a_reason() -> None:
    bench = VenueBench(price=None)
    executor = bench.start(config(entry_price=None))
    assert (executor.status, executor.close_type) == (TERMINATED, CloseType.FAILED)
    assert "price" in executor.info.reason and "not known" in executor.info.reason


class Unstartable(PositionExecutor):
    def refusal(self, now_ns: int) -> Any:
        raise ZeroDivisionError("of the test")


def test_hz_6_start_that_raises_is_failed_not_a_zombie() -> None:
    bench = VenueBench(factories={"position_executor": Unstartable})
    executor = bench.start(config())
    assert (executor.status, executor.close_type) == (TERMINATED, CloseType.FAILED)
    assert bench.records.faults[0].error == "ZeroDivisionError: of the test"
    assert bench.orchestrator.running == ()


# ---- entry: refusals and retries -----------------------------------------------------------------------------------
def test_refused_entry_is_tried_again_after_1_2_4_seconds_and_then_fails() -> None:
    bench = VenueBench()
    executor = bench.start(config(time_limit=None))
    sent_at = bench.reject_all(400)
    assert sent_at[:6] == [0, 1, 3, 7, 15, 31]
    assert len(sent_at) == 1 + executor.max_retries
    assert (executor.status, executor.close_type) == (TERMINATED, CloseType.FAILED)
    assert executor.info.reason == "the venue does not like it"


def test_executor_below_the_smallest_order_fails_at_once() -> None:
    bench = VenueBench(instrument(min_notional="150"))
    executor = bench.start(config())
    assert (executor.status, executor.close_type) == (TERMINATED, CloseType.FAILED)
    assert "below the smallest order value 150" in executor.info.reason
    assert bench.records.submitted == []


def test_entry_that_the_risk_gate_refuses_never_leaves() -> None:
    bench = VenueBench()
    bench.gate.halt("of the test")
    executor = bench.start(config())
    assert bench.orders == [] and executor.retries == 1
    assert executor.info.reason == "trading is halted: of the test"
    bench.gate.release()
    bench.tick(2)
    assert len(bench.orders) == 1


def test_exit_passes_a_halted_gate() -> None:
    bench = VenueBench()
    opened(bench, config())
    bench.gate.halt("of the test")
    bench.price(90)
    assert [order.lots for order in sells(bench)] == [1000]


def test_exit_passes_a_market_that_can_not_be_trusted() -> None:
    bench = VenueBench()
    executor = opened(bench, config())
    bench.state.ended = True
    bench.price(90)
    assert executor.close_type is CloseType.STOP_LOSS
    assert len(sells(bench)) == 1


# ---- exit: retries, dust, hold -------------------------------------------------------------------------------------
def test_exit_that_keeps_failing_hands_the_position_over() -> None:
    bench = VenueBench()
    executor = opened(bench, config())
    bench.price(90)
    for _ in range(400):
        if executor.is_closed:
            break
        if bench.live():
            bench.venue.reject(bench.live()[-1])
        bench.tick()
    assert executor.close_type is CloseType.POSITION_HOLD
    assert len(sells(bench)) == 1 + executor.max_retries
    (hold,) = bench.orchestrator.positions("main")
    assert (hold.amount, hold.breakeven_price) == (1, 100)


@pytest.mark.parametrize("connector", [PERP, SPOT])
def test_remainder_below_the_smallest_order_is_handed_over(connector: str) -> None:
    """0.005 is left after the close, the smallest order is 0.01: it can't be sold, so somebody must know of it."""
    bench = VenueBench(instrument(connector=connector, min_amount="0.01"))
    executor = opened(bench, config(connector_name=connector))
    bench.price(90)
    (close,) = sells(bench)
    bench.venue.trade(close, "0.995", price=90)
    bench.venue.end(close, OrderState.EXPIRED, "the book had no more depth")
    bench.tick(2)
    assert executor.status is TERMINATED
    assert executor.close_type is CloseType.STOP_LOSS
    (hold,) = bench.orchestrator.positions("main")
    assert hold.amount == D("0.005")
    assert len(sells(bench)) == 1


def test_fee_in_base_is_missing_from_what_can_be_sold() -> None:
    """A spot buy of 1 ETH that cost 0.0015 ETH: 0.998 can be sold, 0.0005 remains as dust in a hold."""
    bench = VenueBench(instrument(connector=SPOT))
    executor = bench.start(config(connector_name=SPOT))
    bench.venue.trade(bench.orders[0], fee="0.0015", asset="ETH", rate=100)
    assert executor.custom_info()["exposure_base"] == D("0.9985")
    assert executor.cum_fees_quote() == D("0.15")
    assert executor.net_pnl_quote() == D("-0.15")
    bench.price(90)
    (close,) = sells(bench)
    assert close.lots == 998
    bench.venue.trade(close, price=90)
    bench.tick()
    assert executor.status is TERMINATED
    (hold,) = bench.orchestrator.positions("main")
    assert hold.amount == D("0.0005")


def test_fee_without_a_rate_is_marked_unpriced_not_zero() -> None:
    bench = VenueBench()
    executor = bench.start(config())
    bench.venue.trade(bench.orders[0], fee="0.01", asset="BNB", rate=None)
    assert executor.custom_info()["unpriced_fees"] is True


@pytest.mark.parametrize(("keep", "expected"), [(False, CloseType.EARLY_STOP), (True, CloseType.POSITION_HOLD)])
def test_early_stop_closes_or_keeps(keep: bool, expected: CloseType) -> None:
    bench = VenueBench()
    executor = opened(bench, config())
    bench.orchestrator.stop(executor.id, keep_position=keep)
    bench.send()
    if not keep:
        (close,) = sells(bench)
        bench.venue.trade(close, price=101)
    assert (executor.status, executor.close_type) == (TERMINATED, expected)
    assert [hold.amount for hold in bench.orchestrator.positions()] == ([1] if keep else [])
    assert len(sells(bench)) == (0 if keep else 1)


def test_keep_position_without_a_fill_is_an_early_stop() -> None:
    bench = VenueBench()
    executor = bench.start(config())
    bench.orchestrator.stop(executor.id, keep_position=True)
    bench.send()
    assert executor.status is SHUTTING_DOWN, "the cancel is not confirmed yet"
    bench.venue.end(bench.orders[0])
    assert (executor.status, executor.close_type) == (TERMINATED, CloseType.EARLY_STOP)
    assert bench.orchestrator.positions() == []


def test_keep_position_waits_for_the_cancel_and_holds_the_fill_that_came_first() -> None:
    bench = VenueBench()
    executor = bench.start(config())
    (entry,) = bench.orders
    bench.venue.trade(entry, "0.25")
    bench.orchestrator.stop(executor.id, keep_position=True)
    bench.send()
    assert executor.status is SHUTTING_DOWN
    bench.venue.trade(entry, "0.25")
    bench.venue.end(entry)
    assert executor.close_type is CloseType.POSITION_HOLD
    assert bench.orchestrator.positions()[0].amount == D("0.5")
    assert sells(bench) == []


def test_refused_cancel_is_asked_again() -> None:
    bench = VenueBench()
    executor = bench.start(config())
    (entry,) = bench.orders
    bench.venue.accept(entry)
    bench.orchestrator.stop(executor.id)
    bench.send()
    bench.venue.refuse_cancel(entry)
    bench.tick()
    assert bench.venue.cancels == [entry, entry]
    assert executor.status is SHUTTING_DOWN


def test_fill_after_the_end_goes_to_a_hold() -> None:
    bench = VenueBench()
    executor = bench.start(config())
    (entry,) = bench.orders
    bench.orchestrator.stop(executor.id)
    bench.venue.end(entry)
    assert executor.status is TERMINATED
    bench.venue.trade(entry, "0.3")
    (hold,) = bench.orchestrator.positions("main")
    assert (hold.amount, hold.breakeven_price) == (D("0.3"), 100)
    assert "position_held" in bench.records.fact_kinds()


def test_fill_that_the_venue_reports_twice_counts_once() -> None:
    bench = VenueBench()
    executor = bench.start(config())
    (entry,) = bench.orders
    fill = bench.venue.trade(entry, "0.4")
    bench.venue._apply_fill(fill)
    assert executor.custom_info()["exposure_base"] == D("0.4")


# ---- resting take profit -------------------------------------------------------------------------------------------
def test_take_profit_follows_a_growing_position_and_never_covers_more_than_is_held() -> None:
    bench = VenueBench()
    executor = bench.start(config(take_profit_order_type=LIMIT))
    (entry,) = bench.orders
    bench.venue.trade(entry, "0.4")
    bench.tick()
    (first,) = sells(bench)
    assert first.lots == 400
    bench.venue.trade(entry, "0.6")
    bench.tick()
    assert bench.venue.cancels == [first] and sells(bench) == [first]
    bench.venue.end(first)
    bench.tick()
    assert [order.lots for order in sells(bench)] == [400, 1000]
    assert executor.status is RUNNING


def test_filled_take_profit_ends_it_as_maker() -> None:
    bench = VenueBench()
    executor = opened(bench, config(take_profit_order_type=LIMIT))
    bench.tick()
    bench.venue.trade(sells(bench)[0])
    assert (executor.status, executor.close_type) == (TERMINATED, CloseType.TAKE_PROFIT)
    assert executor.info.net_pnl_quote == 10
    assert len(bench.orders) == 2


def test_take_profit_of_a_partial_entry_ends_the_entry_too() -> None:
    bench = VenueBench()
    executor = bench.start(config(take_profit_order_type=LIMIT))
    (entry,) = bench.orders
    bench.venue.trade(entry, "0.4")
    bench.tick()
    bench.venue.trade(sells(bench)[0])
    bench.send()
    assert bench.venue.cancels == [entry]
    assert executor.status is SHUTTING_DOWN
    bench.venue.end(entry)
    assert (executor.status, executor.close_type) == (TERMINATED, CloseType.TAKE_PROFIT)


def test_rejected_take_profit_is_not_sent_every_tick() -> None:
    bench = VenueBench()
    executor = opened(bench, config(take_profit_order_type=LIMIT, time_limit=None))
    for _ in range(20):
        bench.tick()
        for order in bench.live():
            bench.venue.reject(order)
    assert 4 <= len(sells(bench)) <= 6, "after 0, 1, 3, 7 and 15 s"
    assert executor.status is RUNNING, "barriers go on"
    bench.price(94)
    assert executor.close_type is CloseType.STOP_LOSS


def test_limit_maker_take_profit_is_held_back_to_the_touch() -> None:
    bench = VenueBench()
    opened(bench, config(take_profit_order_type=MAKER))
    bench.quote(111, 112)
    bench.tick()
    profit = sells(bench)[0]
    assert profit.request.order_type is MAKER
    assert bench.instrument.price(profit.request.price_ticks) == 112
