"""Numeric scenarios DC-* of the DCA executor and the exposure hazards HZ-12..14.

Base config of the scenarios: BUY, amounts 10, 20, 30 at prices 100, 80, 60.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from botcore.executors.data_types import TrailingStop
from botcore.executors.dca.config import DCAExecutorConfig, DCAMode
from botcore.executors.dca.executor import DCAExecutor
from botcore.model.enums import CloseType, OrderType, PositionAction, RunnableStatus, TradeType
from botcore.model.order import OrderState, Purpose
from tests.support.bench import PERP, SECOND_NS, SPOT, T0_NS, D, instrument
from tests.support.venue_bench import VenueBench

BUY, SELL = TradeType.BUY, TradeType.SELL
MAKER, TAKER = DCAMode.MAKER, DCAMode.TAKER
RUNNING, SHUTTING_DOWN, TERMINATED = RunnableStatus.RUNNING, RunnableStatus.SHUTTING_DOWN, RunnableStatus.TERMINATED


def config(side: TradeType = BUY, amounts: str = "10 20 30", prices: str = "100 80 60", **changes: Any) -> DCAExecutorConfig:
    values = {
        "trading_pair": "ETH-USDT",
        "connector_name": PERP,
        "side": side,
        "amounts_quote": [D(amount) for amount in amounts.split()],
        "prices": [D(price) for price in prices.split()],
    }
    return DCAExecutorConfig(**(values | changes))


def bounds(*values: str) -> list[Decimal]:
    return [D(value) for value in values]


def entries(bench: VenueBench, side: TradeType = BUY) -> list[Any]:
    return [order for order in bench.orders if order.request.purpose is Purpose.OPEN and order.request.trade_type is side]


def exits(bench: VenueBench) -> list[Any]:
    return [order for order in bench.orders if order.request.purpose is Purpose.CLOSE]


def prices_of(bench: VenueBench, orders: list[Any]) -> list[Decimal | None]:
    return [None if order.request.price_ticks is None else bench.instrument.price(order.request.price_ticks) for order in orders]


def first_filled(
    of: DCAExecutorConfig, fee: str = "0", ticks: int = 2, price: int = 100, amount: str | None = None
) -> tuple[VenueBench, DCAExecutor]:
    """A ladder of which the first level is filled at its price; `ticks` levels are out."""
    bench = VenueBench(price=price)
    executor = bench.start(of)
    for _ in range(ticks - 1):
        bench.tick()
    for order in bench.orders:
        bench.venue.accept(order)
    first = bench.orders[0]
    bench.venue.trade(first, amount, price=None if first.request.price_ticks else 100, fee=fee)
    return bench, executor


# ---- DC: levels ----------------------------------------------------------------------------------------------------
def test_dc_1_one_level_a_tick() -> None:
    bench = VenueBench(price=120)
    executor = bench.start(config())
    assert len(bench.live()) == 1
    bench.tick()
    assert len(bench.live()) == 2
    bench.tick()
    assert len(bench.live()) == 3
    bench.tick(5)
    assert prices_of(bench, bench.orders) == [100, 80, 60]
    # 10 / 100 = 0.1, 20 / 80 = 0.25, 30 / 60 = 0.5
    assert [bench.instrument.amount(order.lots) for order in bench.orders] == [D("0.1"), D("0.25"), D("0.5")]
    assert {order.request.order_type for order in bench.orders} == {OrderType.LIMIT}
    assert {order.request.position_action for order in bench.orders} == {PositionAction.OPEN}
    assert executor.status is RUNNING


def test_dc_2_numbers_of_the_ladder() -> None:
    bench = VenueBench(price=120)
    info = bench.start(config(stop_loss=D("0.1"))).custom_info()
    assert (info["min_price"], info["max_price"], info["max_amount_quote"]) == (60, 100, 60)
    assert info["max_loss_quote"] == 6
    # (100 * 10 + 80 * 20 + 60 * 30) / 60, weighted by quote
    assert info["target_position_average_price"] == D(4400) / 60
    assert (info["n_levels"], info["levels_by_state"]) == (3, {"WAITING": 2, "PLACED": 1, "DONE": 0})


@pytest.mark.parametrize(("bound", "price", "placed"), [("0.01", 120, 0), ("0.1", 101, 1)])
def test_dc_3_buy_levels_outside_their_bounds_are_not_sent(bound: str, price: int, placed: int) -> None:
    bench = VenueBench(price=price)
    bench.start(config(activation_bounds=bounds(bound)))
    for _ in range(3):
        bench.tick()
    assert prices_of(bench, bench.orders) == [100] * placed


@pytest.mark.parametrize(("bound", "placed"), [("0.1", 1), ("0.01", 0)])
def test_dc_4_sell_levels_outside_their_bounds_are_not_sent(bound: str, placed: int) -> None:
    bench = VenueBench(price=99)
    bench.start(config(SELL, prices="100 120 140", activation_bounds=bounds(bound)))
    for _ in range(3):
        bench.tick()
    assert prices_of(bench, bench.orders) == [100] * placed


@pytest.mark.parametrize(("side", "mid", "allowed"), [(BUY, 99, True), (BUY, 103, False), (SELL, 101, True), (SELL, 99, False)])
def test_dc_10_maker_bounds(side: TradeType, mid: int, allowed: bool) -> None:
    bench = VenueBench(price=mid)
    bench.start(config(side, "10", "100", activation_bounds=bounds("0.01")))
    assert len(bench.orders) == allowed


@pytest.mark.parametrize(
    ("side", "mid", "allowed"),
    [
        # BUY 100 (1 - 0.01) < mid < 100 (1 + 0.02), SELL 100 (1 - 0.02) < mid < 100 (1 + 0.01), all strict
        (BUY, "99", False),
        (BUY, "99.01", True),
        (BUY, "101.99", True),
        (BUY, "102", False),
        (SELL, "98", False),
        (SELL, "98.01", True),
        (SELL, "100.99", True),
        (SELL, "101", False),
    ],
)
def test_taker_bounds_are_strict(side: TradeType, mid: str, allowed: bool) -> None:
    bench = VenueBench(price=mid)
    bench.start(config(side, "10", "100", mode=TAKER, activation_bounds=bounds("0.01", "0.02")))
    assert [order.request.order_type for order in bench.orders] == [OrderType.MARKET] * allowed


@pytest.mark.parametrize(("mid", "allowed"), [("99.99", False), ("100", True), ("100.49", True), ("100.5", False)])
def test_taker_without_bounds_has_those_of_strategy_v2(mid: str, allowed: bool) -> None:
    bench = VenueBench(price=mid)
    bench.start(config(amounts="10", prices="100", mode=TAKER))
    assert len(bench.orders) == allowed


def test_levels_come_in_their_order() -> None:
    """80 is in reach, 100 is not: the second is not sent before the first."""
    bench = VenueBench(price=80)
    bench.start(config(mode=TAKER, activation_bounds=bounds("0.01", "0.01")))
    bench.tick()
    assert bench.orders == []


# ---- DC: barriers --------------------------------------------------------------------------------------------------
def test_dc_7_take_profit_is_strict_and_after_fees() -> None:
    """0.1 @ 100 with a fee of 0.2: at 105 net pct is (0.5 - 0.2) / 10 = .03, at 112 it is .10 (not more than TP), at 115 (1.5 - 0.2) / 10 = .13."""
    bench, executor = first_filled(config(take_profit=D("0.1")), fee="0.2")
    second = bench.orders[1]
    for price in (110, 100, 105):
        bench.price(price)
        assert executor.close_type is None
    assert executor.net_pnl_pct() == D("0.03")
    bench.price(112)
    assert (executor.net_pnl_pct(), executor.close_type) == (D("0.1"), None)
    bench.price(115)
    assert executor.net_pnl_pct() == D("0.13")
    assert (executor.status, executor.close_type) == (SHUTTING_DOWN, CloseType.TAKE_PROFIT)
    assert second in bench.venue.cancels
    (close,) = exits(bench)
    assert (close.request.order_type, close.request.trade_type, close.lots) == (OrderType.MARKET, SELL, 100)


def test_dc_12_one_close_and_stop_loss_wins() -> None:
    """The trailing stop is armed at 104 and the price falls through it and the stop loss at once: one close, for the first in the order."""
    trailing = TrailingStop(activation_price=D("0.02"), trailing_delta=D("0.01"))
    bench, executor = first_filled(config(stop_loss=D("0.05"), take_profit=D("0.1"), trailing_stop=trailing))
    bench.price(104)
    bench.price(90)
    assert executor.close_type is CloseType.STOP_LOSS
    for order in bench.live():
        if order.cancel_asked:
            bench.venue.end(order)
    bench.tick(5)
    assert len(exits(bench)) == 1
    bench.venue.trade(exits(bench)[0], price=90)
    assert (executor.status, executor.close_type, executor.info.net_pnl_quote) == (TERMINATED, CloseType.STOP_LOSS, -1)


def test_dc_13_forced_stop_holds_what_was_partly_filled() -> None:
    bench, executor = first_filled(config(), amount="0.05", ticks=1)
    executor.abandon(bench.clock.now_ns, "shutdown took too long")
    assert (executor.status, executor.close_type) == (TERMINATED, CloseType.POSITION_HOLD)
    assert executor.info.custom_info["held_position_orders"] == [bench.orders[0].client_order_id]
    assert [hold.amount for hold in bench.orchestrator.positions()] == [D("0.05")]
    bench.send()
    assert bench.venue.cancels == [bench.orders[0]]


@pytest.mark.parametrize("connector", [PERP, SPOT])
def test_hz_12_early_stop_that_keeps_holds_what_was_filled(connector: str) -> None:
    bench = VenueBench(instrument(connector=connector))
    executor = bench.start(config(connector_name=connector))
    bench.tick()
    bench.venue.trade(bench.orders[0])
    bench.orchestrator.stop(executor.id, keep_position=True)
    bench.send()
    assert executor.status is SHUTTING_DOWN, "the second level is still live"
    assert bench.venue.cancels == [bench.orders[1]]
    bench.venue.end(bench.orders[1])
    assert (executor.status, executor.close_type) == (TERMINATED, CloseType.POSITION_HOLD)
    assert [hold.amount for hold in bench.orchestrator.positions()] == [D("0.1")]
    assert executor.info.custom_info["held_position_orders"] == [bench.orders[0].client_order_id]
    assert exits(bench) == []


def test_hz_13_maker_stop_loss_acts_on_what_is_filled() -> None:
    """Level 1 is filled @ 100, level 2 rests @ 80: at 90 the loss is 10 %."""
    bench, executor = first_filled(config(stop_loss=D("0.1")))
    bench.price("90.01")
    assert executor.close_type is None
    bench.price(85)
    assert executor.close_type is CloseType.STOP_LOSS
    assert bench.venue.cancels == bench.orders[1:3]
    (close,) = exits(bench)
    assert bench.instrument.amount(close.lots) == D("0.1")


def test_hz_13_stop_loss_protects_from_the_first_partial_fill() -> None:
    bench, executor = first_filled(config(stop_loss=D("0.1")), amount="0.04", ticks=1)
    bench.price(90)
    assert executor.close_type is CloseType.STOP_LOSS
    assert [order.lots for order in exits(bench)] == [40]


def test_hz_14_never_ends_while_a_level_is_live() -> None:
    bench, executor = first_filled(config(take_profit=D("0.1")))
    second = bench.orders[1]
    bench.price(111)
    bench.venue.trade(exits(bench)[0], price=111)
    assert bench.venue.cancels == [second]
    bench.tick(30)
    assert executor.status is SHUTTING_DOWN, "level 2 is not confirmed to be gone"
    # it is filled although its cancel was asked: that is sold as well
    bench.venue.trade(second, "0.15")
    bench.send()
    bench.venue.end(second)
    bench.tick()
    late = exits(bench)[1]
    assert bench.instrument.amount(late.lots) == D("0.15")
    bench.venue.trade(late, price=81)
    assert (executor.status, executor.close_type) == (TERMINATED, CloseType.TAKE_PROFIT)
    # 0.1 * 11 + 0.15 * 1
    assert executor.info.net_pnl_quote == D("1.25")
    assert bench.orchestrator.positions() == []


def test_hz_14_fill_after_the_end_is_held() -> None:
    bench, executor = first_filled(config(take_profit=D("0.1")))
    bench.price(111)
    bench.venue.end(bench.orders[1])
    bench.venue.trade(exits(bench)[0], price=111)
    assert executor.status is TERMINATED
    bench.venue.trade(bench.orders[1], "0.2")
    assert [(hold.amount, hold.breakeven_price) for hold in bench.orchestrator.positions()] == [(D("0.2"), 80)]


def test_taker_stop_loss_is_a_part_of_the_whole_ladder() -> None:
    """60 * 0.05 = 3 may be lost; 0.1 @ 100 loses 3 at 70, which is 30 % of what is filled."""
    of = config(mode=TAKER, stop_loss=D("0.05"), activation_bounds=bounds("0.0001", "0.005"))
    bench, executor = first_filled(of, ticks=1)
    bench.price("70.01")
    assert executor.close_type is None
    bench.price(70)
    assert executor.close_type is CloseType.STOP_LOSS
    assert executor.net_pnl_quote() == -3


def test_taker_short_stop_loss() -> None:
    """A short of 0.1 @ 100 loses 3 at 130; a fee of 0.5 brings that to 125."""
    of = config(SELL, "10 20 30", "100 120 140", mode=TAKER, stop_loss=D("0.05"), activation_bounds=bounds("0.005", "0.005"))
    bench, executor = first_filled(of, ticks=1, fee="0.5")
    bench.price("124.99")
    assert executor.close_type is None
    bench.price(125)
    assert (executor.close_type, executor.net_pnl_quote()) == (CloseType.STOP_LOSS, -3)


def test_barriers_move_with_the_average() -> None:
    """0.1 @ 100 and 0.25 @ 80 cost 30 for 0.35: the average is 85.71, a loss of 10 % (3 of 30) stands at 27 / 0.35 = 77.14."""
    bench, executor = first_filled(config(stop_loss=D("0.1")), ticks=3)
    bench.price("90.5")
    bench.venue.trade(bench.orders[1])
    assert executor.custom_info()["current_position_average_price"] == D(30) / D("0.35")
    bench.price("77.15")
    assert executor.close_type is None
    bench.price("77.14")
    assert executor.close_type is CloseType.STOP_LOSS


def test_trailing_stop_never_loosens_when_the_next_level_fills() -> None:
    """Armed at +3 % (trigger +2 %): a fill that lowers the PnL fraction does not take the trigger back."""
    trailing = TrailingStop(activation_price=D("0.02"), trailing_delta=D("0.01"))
    bench, executor = first_filled(config(prices="100 101 60", trailing_stop=trailing), ticks=2)
    bench.price(103)
    assert executor.custom_info()["trailing_stop_trigger_pct"] == D("0.02")
    bench.venue.trade(bench.orders[1])
    assert executor.custom_info()["trailing_stop_trigger_pct"] == D("0.02")
    bench.price(104)
    info = executor.custom_info()
    assert info["trailing_stop_trigger_pct"] > D("0.02")
    bench.price(101)
    assert executor.close_type is CloseType.TRAILING_STOP


# ---- time, start, end ----------------------------------------------------------------------------------------------
def test_time_limit_cancels_the_ladder_and_closes() -> None:
    bench, executor = first_filled(config(time_limit=60))
    bench.tick(59)
    assert (executor.status, executor.close_type) == (SHUTTING_DOWN, CloseType.TIME_LIMIT)
    assert [order.lots for order in exits(bench)] == [100]


def test_time_limit_of_an_unfilled_ladder() -> None:
    bench = VenueBench(price=120)
    executor = bench.start(config(time_limit=60))
    for _ in range(60):
        bench.tick()
    assert (executor.status, executor.close_type) == (SHUTTING_DOWN, CloseType.TIME_LIMIT)
    assert bench.venue.cancels == bench.orders and len(bench.orders) == 3
    for order in bench.orders:
        bench.venue.end(order)
    assert (executor.status, executor.info.net_pnl_quote) == (TERMINATED, 0)


def test_started_after_its_time_it_is_expired() -> None:
    bench = VenueBench(now_ns=T0_NS + 61 * SECOND_NS)
    executor = DCAExecutor(config(time_limit=60), bench.orchestrator.around, "x", "main", T0_NS)
    bench.orchestrator.restore(executor)
    executor.start(bench.clock.now_ns)
    assert (executor.status, executor.close_type, bench.orders) == (TERMINATED, CloseType.EXPIRED, [])


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        ({"min_notional": "15"}, "level 1 of 3: notional 10.00000 is below the smallest order value 15 USDT of ETH-USDT"),
        ({"min_amount": "0.2"}, "level 1 of 3: amount 0.100 is below the smallest order 0.2 ETH of ETH-USDT"),
        ({"lot": "0.3"}, "level 1 of 3: the amount is below the lot size 0.3 ETH of ETH-USDT"),
    ],
)
def test_level_below_the_smallest_order_fails_the_ladder(rules: dict[str, str], reason: str) -> None:
    bench = VenueBench(instrument(**rules), price=120)
    executor = bench.start(config())
    assert (executor.status, executor.close_type, executor.info.reason) == (TERMINATED, CloseType.FAILED, reason)
    assert bench.records.submitted == []


def test_last_level_below_the_smallest_order_fails_the_ladder_too() -> None:
    bench = VenueBench(instrument(min_notional="8"), price=120)
    executor = bench.start(config(amounts="10 20 5"))
    assert executor.close_type is CloseType.FAILED and executor.info.reason.startswith("level 3 of 3: notional")
    assert bench.records.submitted == []


def test_ladder_that_the_account_can_not_pay_is_not_begun() -> None:
    bench = VenueBench(price=120)
    bench.venue.pays = False
    executor = bench.start(config())
    assert (executor.status, executor.close_type) == (TERMINATED, CloseType.INSUFFICIENT_BALANCE)
    assert "60 USDT" in executor.info.reason and bench.records.submitted == []


def test_lists_of_different_length_are_refused() -> None:
    with pytest.raises(ValidationError, match="as many amounts_quote as prices, found 2 and 3"):
        config(amounts="10 20")


@pytest.mark.parametrize(("keep", "expected"), [(False, CloseType.EARLY_STOP), (True, CloseType.EARLY_STOP)])
def test_early_stop_without_a_fill(keep: bool, expected: CloseType) -> None:
    bench = VenueBench(price=120)
    executor = bench.start(config())
    bench.orchestrator.stop(executor.id, keep_position=keep)
    bench.send()
    bench.venue.end(bench.orders[0])
    assert (executor.status, executor.close_type, bench.orchestrator.positions()) == (TERMINATED, expected, [])


def test_hz_5_early_stop_of_an_ended_ladder_is_a_no_op() -> None:
    bench, executor = first_filled(config(take_profit=D("0.1")), ticks=1)
    bench.price(111)
    bench.venue.trade(exits(bench)[0], price=111)
    executor.stop(bench.clock.now_ns)
    assert (executor.status, executor.close_type) == (TERMINATED, CloseType.TAKE_PROFIT)


# ---- refusals and cancels ------------------------------------------------------------------------------------------
def test_h5_level_that_the_venue_canceled_is_sent_again_as_far_as_it_is_not_filled() -> None:
    bench, executor = first_filled(config(), amount="0.03", ticks=1)
    bench.venue.end(bench.orders[0], OrderState.CANCELED, "the venue was tidying up")
    assert executor.custom_info()["exposure_base"] == D("0.03")
    bench.tick()
    bench.tick()
    assert [(price, order.lots) for price, order in zip(prices_of(bench, bench.orders), bench.orders, strict=True)] == [
        (100, 100),
        (100, 70),
        (80, 250),
    ]


def test_h4_close_that_is_only_partly_filled_is_topped_up() -> None:
    bench, executor = first_filled(config(stop_loss=D("0.1")), ticks=1)
    bench.price(85)
    close = exits(bench)[0]
    assert bench.orders == [bench.orders[0], close], "no level is sent with the tick that stops the ladder"
    bench.venue.trade(close, "0.06", price=85)
    bench.venue.end(close, OrderState.EXPIRED, "the book had no more depth")
    bench.tick(2)
    assert [order.lots for order in exits(bench)] == [100, 40]
    bench.venue.trade(exits(bench)[1], price=84)
    assert (executor.status, executor.close_type) == (TERMINATED, CloseType.STOP_LOSS)
    # 0.06 * -15 + 0.04 * -16
    assert executor.info.net_pnl_quote == D("-1.54")


def test_h6_fee_in_base_ends_as_dust_not_as_a_hang() -> None:
    bench = VenueBench(instrument(connector=SPOT))
    executor = bench.start(config(amounts="10", prices="100", connector_name=SPOT, take_profit=D("0.1")))
    bench.venue.trade(bench.orders[0], fee="0.0005", asset="ETH", rate=100)
    bench.price(115)
    (close,) = exits(bench)
    assert close.lots == 99
    bench.venue.trade(close, price=115)
    bench.tick()
    assert (executor.status, executor.close_type) == (TERMINATED, CloseType.TAKE_PROFIT)
    assert [hold.amount for hold in bench.orchestrator.positions()] == [D("0.0005")]


def test_every_rejection_is_spaced_and_counted() -> None:
    bench = VenueBench()
    executor = bench.start(config())
    sent_at = bench.reject_all(400)
    assert sent_at[:6] == [0, 1, 3, 7, 15, 31] and len(sent_at) == 11
    assert (executor.status, executor.close_type, executor.info.reason) == (TERMINATED, CloseType.FAILED, "the venue does not like it")


def test_refused_levels_do_not_give_up_what_is_filled() -> None:
    """Level 2 is refused for good: level 1 stays under its stop loss."""
    bench, executor = first_filled(config(stop_loss=D("0.1")), ticks=1)
    for _ in range(400):
        bench.tick()
        for order in bench.live():
            bench.venue.reject(order)
    assert executor.status is RUNNING and len(bench.orders) == 12
    bench.price(90)
    assert executor.close_type is CloseType.STOP_LOSS
    assert [order.lots for order in exits(bench)] == [100]


def test_exit_that_is_refused_for_good_is_handed_over_and_told() -> None:
    bench, executor = first_filled(config(stop_loss=D("0.1"), amounts="10", prices="100"), ticks=1)
    bench.price(85)
    for _ in range(400):
        for order in bench.live():
            bench.venue.reject(order)
        bench.tick()
    assert (executor.status, executor.close_type) == (TERMINATED, CloseType.POSITION_HOLD)
    assert [hold.amount for hold in bench.orchestrator.positions()] == [D("0.1")]
    assert "exit_failed" in bench.records.fact_kinds()


def test_o18_level_that_somebody_took_off_ends_the_ladder_but_not_the_position() -> None:
    bench, executor = first_filled(config(stop_loss=D("0.1")), ticks=2)
    bench.venue.end(bench.orders[1])
    bench.tick(10)
    assert len(bench.orders) == 2 and executor.status is RUNNING
    bench.price(90)
    assert executor.close_type is CloseType.STOP_LOSS


def test_late_fill_of_an_ended_order_is_not_bought_twice() -> None:
    """Order 1 of level 1 is gone with 0.03, 0.07 is sent again, then the venue finds 0.05 more: what is live is taken back and sent smaller."""
    bench, executor = first_filled(config(amounts="10", prices="100"), amount="0.03", ticks=1)
    first = bench.orders[0]
    bench.venue.end(first, OrderState.CANCELED, "the venue was tidying up")
    bench.tick()
    second = bench.orders[1]
    assert second.lots == 70
    bench.venue.trade(first, "0.05")
    bench.send()
    assert bench.venue.cancels == [second]
    bench.venue.end(second)
    bench.tick()
    assert [order.lots for order in bench.orders] == [100, 70, 20]
    bench.venue.trade(bench.orders[2])
    assert executor.custom_info()["exposure_base"] == D("0.1")
    assert executor.custom_info()["levels_by_state"] == {"WAITING": 0, "PLACED": 0, "DONE": 1}


def test_idle_ladder_asks_for_no_tick() -> None:
    bench = VenueBench(price=120)
    executor = bench.start(config(time_limit=3600))
    for _ in range(4):
        bench.tick()
    assert executor.wake_ns == T0_NS + 3600 * SECOND_NS
