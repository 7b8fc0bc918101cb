"""LIMIT_CHASER (OE-2, HZ-7): where it rests, when it moves, and that it never works more than is wanted."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from botcore.executors.chaser import Chaser
from botcore.executors.data_types import ExecutionStrategy, LimitChaserConfig, OrderExecutorConfig
from botcore.model.enums import CloseType, OrderType, PositionAction, RunnableStatus, TradeType
from botcore.model.order import OrderState
from botcore.orders.tracker import Order
from tests.support.any_executor import STEPS, AnyExecutor, restarted
from tests.support.bench import PERP, SPOT, D, instrument
from tests.support.one_executor import backtest_of, fills_of
from tests.support.venue_bench import VenueBench

BUY, SELL = TradeType.BUY, TradeType.SELL
TERMINATED = RunnableStatus.TERMINATED


def chasing(side: TradeType = BUY, distance: str = "0.01", threshold: str = "0.005", **changes: Any) -> OrderExecutorConfig:
    values = {
        "trading_pair": "ETH-USDT",
        "connector_name": PERP,
        "side": side,
        "amount": D(1),
        "execution_strategy": ExecutionStrategy.LIMIT_CHASER,
        "chaser_config": LimitChaserConfig(distance=D(distance), refresh_threshold=D(threshold)),
    }
    return OrderExecutorConfig(**(values | changes))


def price_of(bench: VenueBench, number: int = -1) -> Decimal:
    ticks = bench.orders[number].request.price_ticks
    assert ticks is not None
    return bench.instrument.price(ticks)


@pytest.mark.parametrize(("side", "expected"), [(BUY, "118.8"), (SELL, "121.2")])
def test_oe_2_chaser_rests_behind_the_touch_of_its_side(side: TradeType, expected: str) -> None:
    bench = VenueBench(price=120)
    bench.start(chasing(side))
    assert price_of(bench) == D(expected)
    assert bench.orders[0].request.order_type is OrderType.LIMIT_MAKER


@pytest.mark.parametrize(("side", "bid", "ask", "expected"), [(BUY, 100, 102, "99"), (SELL, 100, 102, "103.02")])
def test_touch_is_that_of_the_own_side(side: TradeType, bid: int, ask: int, expected: str) -> None:
    bench = VenueBench(price=None)
    bench.quote(bid, ask)
    bench.start(chasing(side))
    assert price_of(bench) == D(expected)


@pytest.mark.parametrize(
    ("side", "stays", "moves"),
    [
        # BUY: bid - 100 > 0.005 bid at 100.5025.. ; SELL: 100 - ask > 0.005 ask at 99.5024..
        (BUY, "100.50", "100.51"),
        (SELL, "99.51", "99.50"),
    ],
)
def test_it_moves_only_when_the_market_has_gone_away_by_more_than_the_threshold(side: TradeType, stays: str, moves: str) -> None:
    bench = VenueBench()
    bench.start(chasing(side))
    bench.price(stays)
    assert bench.venue.cancels == []
    bench.price(moves)
    assert bench.venue.cancels == bench.orders


@pytest.mark.parametrize(("side", "threshold", "edge", "beyond"), [(BUY, "0.2", "125", "125.01"), (SELL, "0.25", "80", "79.99")])
def test_comparison_is_strict(side: TradeType, threshold: str, edge: str, beyond: str) -> None:
    """125 - 100 = 0.2 * 125 and 100 - 80 = 0.25 * 80: not more than the threshold."""
    bench = VenueBench()
    bench.start(chasing(side, threshold=threshold))
    bench.price(edge)
    assert bench.venue.cancels == []
    bench.price(beyond)
    assert len(bench.venue.cancels) == 1


def test_it_stays_when_the_market_comes_nearer() -> None:
    bench = VenueBench()
    bench.start(chasing())
    bench.price("99.2")
    bench.price("99.01")
    assert bench.venue.cancels == [] and len(bench.orders) == 1


def test_distance_larger_than_the_threshold_does_not_churn() -> None:
    """It rests 5 % behind and moves at 0.1 %: the gap to its own order is no reason to move."""
    bench = VenueBench()
    bench.start(chasing(distance="0.05", threshold="0.001"))
    for _ in range(20):
        bench.tick()
    assert bench.venue.cancels == [] and len(bench.orders) == 1


def test_hz_7_replacement_waits_for_the_cancel_and_takes_only_what_is_left() -> None:
    """The reference has two live orders of 1 here: both filled, it bought 2 and reports 1."""
    bench = VenueBench()
    executor = bench.start(chasing())
    first = bench.orders[0]
    bench.venue.accept(first)
    bench.price(102)
    bench.price(103)
    assert (bench.venue.cancels, bench.orders) == ([first], [first])
    bench.venue.trade(first, "0.3")
    bench.tick()
    assert bench.orders == [first], "what is working and filled is 1 already"
    bench.venue.end(first)
    bench.tick()
    second = bench.orders[1]
    assert (second.lots, price_of(bench)) == (700, D("101.97"))
    bench.venue.trade(second)
    assert (executor.status, executor.close_type) == (TERMINATED, CloseType.POSITION_HOLD)
    assert bench.sum_of(BUY) == 1
    assert bench.orchestrator.positions()[0].amount == 1
    assert executor.info.custom_info["held_position_orders"] == sorted([first.client_order_id, second.client_order_id])


def test_hz_7_order_that_fills_while_its_cancel_is_under_way_is_all_there_is() -> None:
    bench = VenueBench()
    executor = bench.start(chasing())
    bench.price(102)
    bench.venue.trade(bench.orders[0])
    bench.tick(60)
    assert (executor.close_type, len(bench.orders), bench.sum_of(BUY)) == (CloseType.POSITION_HOLD, 1, 1)


def test_hz_7_late_fill_shrinks_what_is_live() -> None:
    bench = VenueBench()
    executor = bench.start(chasing())
    first = bench.orders[0]
    bench.price(102)
    bench.venue.end(first)
    bench.tick()
    second = bench.orders[1]
    bench.venue.trade(first, "0.4")
    bench.send()
    assert bench.venue.cancels == [first, second]
    bench.venue.end(second)
    bench.tick()
    assert [order.lots for order in bench.orders] == [1000, 1000, 600]
    bench.venue.trade(bench.orders[2])
    assert executor.close_type is CloseType.POSITION_HOLD and bench.sum_of(BUY) == 1


def test_refused_cancel_is_asked_again() -> None:
    bench = VenueBench()
    bench.start(chasing())
    order = bench.orders[0]
    bench.price(102)
    bench.venue.refuse_cancel(order)
    bench.tick()
    assert bench.venue.cancels == [order, order]


def test_it_anchors_anew_where_it_was_sent_again() -> None:
    bench = VenueBench()
    bench.start(chasing())
    bench.price(102)
    bench.venue.end(bench.orders[0])
    bench.tick()
    assert price_of(bench) == D("100.98")
    bench.price("102.51")
    assert len(bench.venue.cancels) == 1
    bench.price("102.52")
    assert len(bench.venue.cancels) == 2


def test_rejections_are_counted_in_a_row_and_a_move_is_none() -> None:
    bench = VenueBench()
    executor = bench.start(chasing())
    bench.venue.reject(bench.orders[0], "would take")
    assert executor.retries == 1
    bench.tick()
    bench.price(102)
    bench.venue.end(bench.orders[1])
    assert executor.retries == 0
    for _ in range(400):
        bench.tick()
        for order in bench.live():
            bench.venue.reject(order, "would take")
    assert (executor.close_type, executor.info.reason) == (CloseType.FAILED, "would take")
    assert len(bench.orders) == 2 + 1 + executor.max_retries


def test_used_up_budget_hands_over_what_is_filled_and_says_so() -> None:
    bench = VenueBench()
    executor = bench.start(chasing())
    bench.venue.trade(bench.orders[0], "0.3")
    for _ in range(400):
        for order in bench.live():
            bench.venue.end(order, OrderState.EXPIRED, "no")
        bench.tick()
    assert executor.close_type is CloseType.POSITION_HOLD
    assert bench.orchestrator.positions()[0].amount == D("0.3")
    assert "exit_failed" in bench.records.fact_kinds()


def test_early_stop_while_it_moves_waits_and_holds() -> None:
    bench = VenueBench()
    executor = bench.start(chasing())
    order = bench.orders[0]
    bench.venue.trade(order, "0.2")
    bench.price(102)
    bench.orchestrator.stop(executor.id)
    bench.send()
    assert (executor.status, bench.venue.cancels) == (RunnableStatus.SHUTTING_DOWN, [order])
    bench.venue.end(order)
    assert executor.close_type is CloseType.POSITION_HOLD
    assert bench.orchestrator.positions()[0].amount == D("0.2")


def test_remainder_below_the_smallest_order_ends_it() -> None:
    bench = VenueBench(instrument(min_amount="0.1"))
    executor = bench.start(chasing())
    bench.venue.trade(bench.orders[0], "0.95")
    bench.price(102)
    bench.venue.end(bench.orders[0])
    bench.tick()
    assert (executor.close_type, len(bench.orders)) == (CloseType.POSITION_HOLD, 1)


def test_empty_side_is_waited_for() -> None:
    bench = VenueBench()
    executor = bench.start(chasing())
    bench.price(102)
    bench.venue.end(bench.orders[0])
    bench.state.book.snapshot([], [], 1, 0)
    bench.tick(5)
    assert len(bench.orders) == 1 and executor.retries == 0
    bench.price(101)
    assert price_of(bench) == D("99.99")


def test_chaser_needs_its_config() -> None:
    with pytest.raises(ValidationError, match="chaser_config"):
        chasing(chaser_config=None)


# ---- other strategies: what is shared ------------------------------------------------------------------------------
def test_resting_order_asks_for_no_tick() -> None:
    bench = VenueBench()
    executor = bench.start(chasing(execution_strategy=ExecutionStrategy.LIMIT, price=D(90)))
    bench.tick()
    assert executor.wake_ns > bench.clock.now_ns + 10**17


def test_o18_reducing_order_that_somebody_canceled_is_not_sent_again() -> None:
    bench = VenueBench()
    executor = bench.start(chasing(position_action=PositionAction.CLOSE, execution_strategy=ExecutionStrategy.LIMIT, price=D(90)))
    bench.venue.end(bench.orders[0])
    bench.tick(60)
    assert (executor.close_type, len(bench.orders)) == (CloseType.EXTERNAL, 1)


def test_early_stop_cancels_a_reducing_order_too() -> None:
    bench = VenueBench()
    executor = bench.start(chasing(position_action=PositionAction.CLOSE, execution_strategy=ExecutionStrategy.LIMIT, price=D(90)))
    bench.orchestrator.stop(executor.id)
    bench.send()
    assert bench.venue.cancels == bench.orders
    bench.venue.end(bench.orders[0])
    assert executor.close_type is CloseType.EARLY_STOP


# ---- restart -------------------------------------------------------------------------------------------------------
def test_restart_while_it_rests_keeps_the_anchor() -> None:
    before = VenueBench()
    before.start(chasing())
    before.venue.accept(before.orders[0])
    after = restarted(before)
    (back,) = after.orchestrator.running
    after.price("100.50")
    assert after.venue.cancels == []
    after.price("100.51")
    assert after.venue.cancels == after.orders and back.status is RunnableStatus.RUNNING


def test_restart_while_it_moves_still_moves() -> None:
    """The venue's confirmation comes after the restart: it is ours, nobody took the order off."""
    before = VenueBench()
    before.start(chasing())
    before.venue.accept(before.orders[0])
    before.venue.trade(before.orders[0], "0.3")
    before.price(102)
    after = restarted(before)
    (back,) = after.orchestrator.running
    after.venue.end(after.orders[0])
    after.tick()
    assert [order.lots for order in after.orders] == [1000, 700]
    after.venue.trade(after.orders[1])
    assert back.close_type is CloseType.POSITION_HOLD and after.orchestrator.positions()[0].amount == 1


def test_restart_on_another_grid_keeps_the_anchor_as_a_price() -> None:
    """Ticks of 0.01 become ticks of 0.1: it still moves at 100 / 0.995 = 100.5025.., which is 100.6 now."""
    before = VenueBench()
    before.start(chasing())
    before.venue.accept(before.orders[0])
    after = restarted(before, instrument(tick="0.1"))
    after.price("100.5")
    assert after.venue.cancels == []
    after.price("100.6")
    assert after.venue.cancels == after.orders


def test_restart_while_it_waits_for_its_next_try() -> None:
    before = VenueBench()
    before.start(chasing())
    before.venue.reject(before.orders[0], "would take")
    after = restarted(before)
    after.tick(0.5)
    assert len(after.orders) == 1
    after.tick(0.5)
    assert len(after.orders) == 2


# ---- property ------------------------------------------------------------------------------------------------------
CONFIGS = st.builds(
    chasing,
    side=st.sampled_from([BUY, SELL]),
    distance=st.sampled_from(["0.001", "0.01"]),
    threshold=st.sampled_from(["0.002", "0.02"]),
    connector_name=st.sampled_from([PERP, SPOT]),
    execution_strategy=st.sampled_from(
        [ExecutionStrategy.LIMIT_CHASER] * 3 + [ExecutionStrategy.LIMIT, ExecutionStrategy.LIMIT_MAKER, ExecutionStrategy.MARKET]
    ),
    price=st.just(D(100)),
)


class AnyOrder(AnyExecutor):
    def check_live(self, opening: list[Order], opened: int) -> None:
        assert len(opening) <= 1
        staying = sum(order.remaining_lots for order in opening if not order.cancel_asked)
        assert opened + staying <= 1000 + self.late_lots, "never more than the target, working and filled"
        if not self.late_lots:
            assert opened + sum(order.remaining_lots for order in opening) <= 1000

    def pnl(self) -> Decimal:
        """Of its own it has none."""
        return Decimal(0)


@settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(config=CONFIGS, min_amount=st.sampled_from(["0", "0.05"]), happenings=STEPS)
def test_order_is_accounted_for_to_the_lot(config: OrderExecutorConfig, min_amount: str, happenings: list[tuple[str, int, int]]) -> None:
    order = AnyOrder(config, min_amount)
    order.check()
    for happening in happenings:
        order.apply(*happening)
        order.check()
    order.wind_up()


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    side=st.sampled_from([BUY, SELL]),
    anchor=st.integers(1, 10**7),
    touch=st.integers(1, 10**7),
    threshold=st.decimals("0.0001", "0.9999", places=4),
)
def test_trigger_is_the_rule_in_whole_ticks(side: TradeType, anchor: int, touch: int, threshold: Decimal) -> None:
    """Held against a plain reading: away from where it was quoted by more than threshold times the present price."""
    chaser = Chaser(LimitChaserConfig(distance=D("0.01"), refresh_threshold=threshold), instrument(), side)
    chaser.anchor(anchor)
    away = (touch - anchor) * side.sign
    assert chaser.has_to_move(touch) == (away > threshold * touch)


# ---- backtest ------------------------------------------------------------------------------------------------------
def test_backtest_chaser_follows_a_rise_and_is_filled_by_the_fall() -> None:
    """Quoted at 99 behind 100; moves at 101.02 (100 / 0.99 = 101.0101) and so on every percent; what stands at the top is met on the way down."""
    of = chasing(threshold="0.01")
    bars = [(0, 100, 100, 100, 100), (60, 100, 110, 100, 110), (120, 110, 110, 100, 100), (180, 100, 100, 100, 100)]
    result = backtest_of(of, bars)
    (info,) = result.executors
    touches = [10_000]
    while (following := int(touches[-1] / D("0.99")) + 1) <= 11_000:
        touches.append(following)
    last = int(touches[-1] * D("0.99"))
    assert fills_of(result) == [(BUY, D(last) / 100, 1)]
    assert (info.close_type, len(info.custom_info["order_ids"])) == (CloseType.POSITION_HOLD, len(touches))
    assert [fill.is_maker for fill, _ in result.fills] == [True]
