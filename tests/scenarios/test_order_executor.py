"""Numeric scenarios OE-* of the order executor, its retries and what it never does."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from botcore.executors.data_types import ExecutionStrategy, LimitChaserConfig, OrderExecutorConfig
from botcore.model.enums import CloseType, OrderType, PositionAction, PositionMode, RunnableStatus, TradeType
from botcore.model.order import OrderState, Purpose
from tests.support.bench import PERP, SPOT, D, instrument
from tests.support.venue_bench import VenueBench

BUY, SELL = TradeType.BUY, TradeType.SELL
MARKET, LIMIT, MAKER = ExecutionStrategy.MARKET, ExecutionStrategy.LIMIT, ExecutionStrategy.LIMIT_MAKER
TERMINATED = RunnableStatus.TERMINATED


def config(side: TradeType = BUY, strategy: ExecutionStrategy = MARKET, price: Any = None, **changes: Any) -> OrderExecutorConfig:
    values = {"trading_pair": "ETH-USDT", "connector_name": PERP, "side": side, "amount": D(1), "execution_strategy": strategy}
    return OrderExecutorConfig(**(values | ({} if price is None else {"price": D(price)}) | changes))


def test_oe_1_market_order_has_no_price() -> None:
    bench = VenueBench(price=120)
    bench.start(config())
    (order,) = bench.orders
    assert (order.request.order_type, order.request.price_ticks, order.lots) == (OrderType.MARKET, None, 1000)


def test_oe_1_balance_is_checked_at_the_market(monkeypatch: pytest.MonkeyPatch) -> None:
    bench, asked = VenueBench(price=120), []
    monkeypatch.setattr(bench.venue, "can_pay", lambda request, ticks: asked.append((request.lots, request.instrument.price(ticks))) or True)
    bench.start(config())
    assert asked and set(asked) == {(1000, D(120))}


@pytest.mark.parametrize(("side", "expected"), [(BUY, 100), (SELL, 120)])
def test_oe_3_limit_maker_at_100_with_the_touch_at_120(side: TradeType, expected: int) -> None:
    bench = VenueBench(price=120)
    bench.start(config(side, MAKER, 100))
    (order,) = bench.orders
    assert order.request.order_type is OrderType.LIMIT_MAKER
    assert bench.instrument.price(order.request.price_ticks) == expected


def test_oe_3_limit_keeps_its_price_also_through_the_market() -> None:
    bench = VenueBench(price=90)
    bench.start(config(BUY, LIMIT, 100))
    assert bench.instrument.price(bench.orders[0].request.price_ticks) == 100


def test_oe_5_fills_of_two_orders_add_up_and_only_the_rest_is_ordered() -> None:
    """0.3 and 0.2 in two orders are 0.5 executed; the third order asks for the other 0.5."""
    bench = VenueBench()
    executor = bench.start(config(BUY, LIMIT, 100))
    for amount in ("0.3", "0.2"):
        order = bench.orders[-1]
        bench.venue.trade(order, amount)
        bench.venue.end(order, OrderState.CANCELED, "the venue was tidying up")
        bench.tick(5)
    assert executor.custom_info()["exposure_base"] == D("0.5")
    assert [order.lots for order in bench.orders] == [1000, 700, 500]
    assert executor.filled_amount_quote() == 50


def test_oe_7_half_a_base_at_100_is_50_quote() -> None:
    bench = VenueBench()
    executor = bench.start(config(BUY, LIMIT, 100))
    bench.venue.trade(bench.orders[0], "0.5")
    assert (executor.filled_amount_quote(), executor.info.filled_amount_quote) == (50, 50)


def test_oe_8_complete_order_is_a_hold_without_pnl_of_its_own() -> None:
    bench = VenueBench()
    executor = bench.start(config())
    order = bench.orders[0]
    bench.venue.trade(order, price=100)
    assert (executor.status, executor.close_type) == (TERMINATED, CloseType.POSITION_HOLD)
    info = executor.info
    assert (info.net_pnl_quote, info.net_pnl_pct) == (0, 0)
    assert info.custom_info["held_position_orders"] == [order.client_order_id]


def test_order_last_update_stays_when_the_order_has_ended() -> None:
    bench = VenueBench()
    executor = bench.start(config(BUY, LIMIT, 100))
    bench.tick(5)
    bench.venue.trade(bench.orders[0], "0.4")
    assert executor.custom_info()["order_last_update"] == bench.clock.now_ns / 1e9
    bench.tick(5)
    bench.venue.trade(bench.orders[0], "0.6")
    assert executor.is_closed and executor.info.custom_info["order_last_update"] == bench.clock.now_ns / 1e9


def test_oe_9_forced_stop_holds_the_fills_of_every_order() -> None:
    bench = VenueBench()
    executor = bench.start(config(BUY, LIMIT, 100))
    first = bench.orders[0]
    bench.venue.trade(first, "0.3")
    bench.venue.end(first, OrderState.CANCELED, "the venue was tidying up")
    bench.tick(2)
    second = bench.orders[1]
    bench.venue.trade(second, "0.2")
    executor.abandon(bench.clock.now_ns, "shutdown took too long")
    bench.send()
    assert executor.close_type is CloseType.POSITION_HOLD
    assert executor.info.custom_info["held_position_orders"] == sorted([first.client_order_id, second.client_order_id])
    assert bench.venue.cancels == [second]
    assert bench.orchestrator.positions()[0].amount == D("0.5")


@pytest.mark.parametrize(("filled", "expected"), [("0", CloseType.EARLY_STOP), ("0.25", CloseType.POSITION_HOLD)])
def test_stop_cancels_waits_for_the_venue_and_holds_what_was_filled(filled: str, expected: CloseType) -> None:
    bench = VenueBench()
    executor = bench.start(config(BUY, LIMIT, 100))
    (order,) = bench.orders
    bench.venue.accept(order)
    if D(filled):
        bench.venue.trade(order, filled)
    bench.orchestrator.stop(executor.id)
    bench.send()
    assert bench.venue.cancels == [order] and executor.status is RunnableStatus.SHUTTING_DOWN
    bench.venue.end(order)
    assert (executor.status, executor.close_type) == (TERMINATED, expected)
    assert sum((hold.amount for hold in bench.orchestrator.positions()), D(0)) == D(filled)
    bench.orchestrator.stop(executor.id)
    bench.tick(10)
    assert bench.orders == [order]


def test_fill_that_wins_against_the_cancel_is_held() -> None:
    bench = VenueBench()
    executor = bench.start(config(BUY, LIMIT, 100))
    (order,) = bench.orders
    bench.orchestrator.stop(executor.id)
    bench.venue.trade(order)
    assert executor.close_type is CloseType.POSITION_HOLD
    assert bench.orchestrator.positions()[0].amount == 1


def test_fill_after_the_end_is_held_too() -> None:
    bench = VenueBench()
    executor = bench.start(config(BUY, LIMIT, 100))
    (order,) = bench.orders
    bench.orchestrator.stop(executor.id)
    bench.venue.end(order)
    bench.venue.trade(order, "0.4")
    assert executor.close_type is CloseType.EARLY_STOP
    assert bench.orchestrator.positions()[0].amount == D("0.4")


@pytest.mark.parametrize(("late", "sent"), [("0.3", [1000, 1000, 700]), ("1", [1000, 1000])])
def test_o9_late_fill_of_an_order_that_was_replaced_takes_the_surplus_off(late: str, sent: list[int]) -> None:
    bench = VenueBench()
    executor = bench.start(config(BUY, LIMIT, 100))
    bench.fill_replaced(OrderState.CANCELED, late, sent)
    assert executor.status is TERMINATED and bench.sum_of(BUY) == 1


def test_retries_are_limited_and_spaced() -> None:
    bench = VenueBench()
    executor = bench.start(config())
    for _ in range(400):
        for order in bench.live():
            bench.venue.reject(order)
        bench.tick()
    assert (executor.status, executor.close_type) == (TERMINATED, CloseType.FAILED)
    assert len(bench.orders) == 1 + executor.max_retries
    assert executor.info.reason == "the venue does not like it"


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        ({"min_amount": "2"}, CloseType.FAILED),
        ({"min_notional": "101"}, CloseType.FAILED),
        ({"pays": False}, CloseType.INSUFFICIENT_BALANCE),
        ({"price": None}, CloseType.FAILED),
    ],
)
def test_what_can_not_be_done_is_refused_before_any_order(spoil: dict[str, Any], expected: CloseType) -> None:
    pays, price = spoil.pop("pays", True), spoil.pop("price", 100)
    bench = VenueBench(instrument(**spoil), price=price)
    bench.venue.pays = pays
    executor = bench.start(config())
    assert (executor.status, executor.close_type) == (TERMINATED, expected)
    assert executor.info.reason and bench.records.submitted == []


@pytest.mark.parametrize(
    "changes",
    [
        {"strategy": LIMIT, "price": "0.004"},
        {"strategy": MAKER, "price": "0.004"},
        {"strategy": ExecutionStrategy.LIMIT_CHASER, "chaser_config": LimitChaserConfig(distance=D(1), refresh_threshold=D("0.1"))},
        {"strategy": ExecutionStrategy.LIMIT_CHASER, "chaser_config": LimitChaserConfig(distance=D("1.5"), refresh_threshold=D("0.1"))},
    ],
)
def test_price_of_no_tick_is_refused_and_not_taken_for_none(changes: dict[str, Any]) -> None:
    """A buy at 0.004 rounds down to 0 ticks of 0.01: that is a price below the smallest one, not an order at market."""
    bench = VenueBench()
    executor = bench.start(config(BUY, **changes))
    assert (executor.status, executor.close_type) == (TERMINATED, CloseType.FAILED)
    assert "below the tick size 0.01" in executor.info.reason and bench.records.submitted == []


@pytest.mark.parametrize(
    ("connector", "action", "expected", "purpose"),
    [
        (PERP, PositionAction.OPEN, PositionAction.OPEN, Purpose.OPEN),
        (PERP, PositionAction.CLOSE, PositionAction.CLOSE, Purpose.CLOSE),
        (SPOT, PositionAction.CLOSE, PositionAction.NIL, Purpose.OPEN),
    ],
)
def test_position_action(connector: str, action: PositionAction, expected: PositionAction, purpose: Purpose) -> None:
    bench = VenueBench(instrument(connector=connector))
    bench.start(config(connector_name=connector, position_action=action))
    (order,) = bench.orders
    assert (order.request.position_action, order.request.purpose) == (expected, purpose)


@pytest.mark.parametrize("strategy", [LIMIT, MAKER])
def test_limit_needs_a_price(strategy: ExecutionStrategy) -> None:
    with pytest.raises(ValidationError, match="needs a price"):
        config(BUY, strategy)


def test_o13_order_that_the_account_can_not_pay_is_tried_once() -> None:
    bench = VenueBench()
    executor = bench.start(config(BUY, LIMIT, 100))
    bench.venue.reject(bench.orders[0], "Margin is insufficient.")
    for _ in range(20):
        bench.tick(10)
    assert (executor.status, executor.close_type, executor.info.reason) == (TERMINATED, CloseType.INSUFFICIENT_BALANCE, "Margin is insufficient.")
    assert len(bench.orders) == 1


@pytest.mark.parametrize(("filled", "close_type"), [(None, CloseType.EXTERNAL), ("0.4", CloseType.POSITION_HOLD)])
def test_o18_order_that_somebody_canceled_is_not_sent_again(filled: str | None, close_type: CloseType) -> None:
    bench = VenueBench()
    executor = bench.start(config(BUY, LIMIT, 100))
    if filled is not None:
        bench.venue.trade(bench.orders[0], filled)
    bench.venue.end(bench.orders[0], OrderState.CANCELED)
    bench.tick(60)
    assert (executor.status, executor.close_type, len(bench.orders)) == (TERMINATED, close_type, 1)


@pytest.mark.parametrize("side", [BUY, SELL])
def test_in_hedge_mode_an_order_that_closes_reduces_the_position_on_the_other_side(side: TradeType) -> None:
    """Positions by side: the close of a long is a sell, and opens no short beside it."""
    bench = VenueBench()
    bench.venue.mode = PositionMode.HEDGE
    for action, of in ((PositionAction.OPEN, side), (PositionAction.CLOSE, side.opposite)):
        bench.start(OrderExecutorConfig(connector_name=PERP, trading_pair="ETH-USDT", side=of, amount=D(1), position_action=action))
        bench.venue.trade(bench.orders[-1], price=100)
    (hold,) = bench.orchestrator.positions()
    assert (hold.amount, hold.realized_pnl_quote) == (0, 0)
