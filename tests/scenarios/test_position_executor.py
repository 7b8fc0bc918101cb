"""Numeric scenarios PE-* (PnL and barriers) and PE-T* (trailing stop) of the position executor.

Base config of the scenarios: entry 100, amount 1, stop loss 5 %, take profit 10 %, time limit 60 s, created at t0.
"""

from __future__ import annotations

from decimal import Decimal

import pytest
from pydantic import ValidationError

from botcore.executors.data_types import TrailingStop, TripleBarrierConfig
from botcore.executors.position import PositionExecutor
from botcore.model.enums import CloseType, OrderType, PositionAction, PositionMode, TradeType
from botcore.model.order import OrderState, Purpose
from tests.support.bench import PERP, SECOND_NS, SPOT, T0_NS, D, instrument
from tests.support.position_scenarios import (
    BUY,
    LIMIT,
    MAKER,
    MARKET,
    RUNNING,
    SELL,
    SHUTTING_DOWN,
    TERMINATED,
    bare,
    config,
    opened,
    sells,
    trade_pnl_pct,
)
from tests.support.venue_bench import VenueBench


# ---- PE: price, time, start ----------------------------------------------------------------------------------------
def test_pe_1_short_take_profit_price_and_end_time() -> None:
    bench = VenueBench()
    opened(bench, config(SELL, take_profit_order_type=LIMIT))
    bench.tick()
    profit = bench.orders[-1]
    assert (profit.request.trade_type, profit.request.purpose) == (BUY, Purpose.TAKE_PROFIT)
    assert bench.instrument.price(profit.request.price_ticks) == 90
    bench.tick(58)
    executor = bench.orchestrator.running[0]
    assert executor.status is RUNNING, "59 s after t0 it still runs"
    bench.tick(1)
    assert (executor.status, executor.close_type) == (SHUTTING_DOWN, CloseType.TIME_LIMIT)


def test_pe_2_started_after_its_time_limit_is_expired_without_an_order() -> None:
    bench = VenueBench(now_ns=T0_NS + 61 * SECOND_NS)
    executor = PositionExecutor(config(), bench.orchestrator.around, "x", "main", T0_NS)
    bench.orchestrator.restore(executor)
    executor.start(bench.clock.now_ns)
    bench.send()
    assert (executor.status, executor.close_type) == (TERMINATED, CloseType.EXPIRED)
    assert executor.net_pnl_quote() == 0
    assert bench.orders == [] and bench.records.submitted == []


@pytest.mark.parametrize(("stated_s", "expected"), [(-60, CloseType.EXPIRED), (-59, None), (-0.5, None), (3600, None)])
def test_pe_2_time_begins_at_the_configs_timestamp_where_that_lies_before(stated_s: float, expected: CloseType | None) -> None:
    """timestamp + time_limit <= now is EXPIRED; one that is not in the past changes nothing."""
    bench = VenueBench()
    executor = bench.start(config(timestamp=T0_NS / SECOND_NS + stated_s))
    assert (executor.close_type, bool(bench.orders)) == (expected, expected is None)
    if expected is None:
        bench.tick(0.5)
        assert executor.status is RUNNING
        bench.tick(0.5)
        assert (executor.status is SHUTTING_DOWN) is (stated_s == -59)


def test_pe_3_unfilled_entry_is_canceled_at_the_time_limit() -> None:
    bench = VenueBench()
    executor = bench.start(config())
    (entry,) = bench.orders
    bench.venue.accept(entry)
    bench.tick(61)
    assert bench.venue.cancels == [entry]
    assert (executor.status, executor.net_pnl_quote()) == (SHUTTING_DOWN, 0)
    bench.venue.end(entry)
    assert (executor.status, executor.close_type) == (TERMINATED, CloseType.TIME_LIMIT)
    assert bench.orders == [entry]


def test_pe_4_short_rests_its_take_profit_and_stays_running() -> None:
    bench = VenueBench()
    executor = opened(bench, config(SELL, take_profit_order_type=LIMIT), fee="0.2")
    bench.price(101)
    profit = bench.orders[-1]
    request = profit.request
    assert (request.trade_type, request.order_type, request.lots) == (BUY, LIMIT, 1000)
    assert bench.instrument.price(request.price_ticks) == 90
    assert trade_pnl_pct(executor) == D("-0.01")
    assert executor.status is RUNNING


def test_pe_5_market_take_profit() -> None:
    bench = VenueBench()
    executor = opened(bench, config())
    bench.price(120)
    assert (executor.status, executor.close_type) == (SHUTTING_DOWN, CloseType.TAKE_PROFIT)
    assert trade_pnl_pct(executor) == D("0.20")
    (close,) = sells(bench)
    assert (close.request.order_type, close.lots) == (MARKET, 1000)
    bench.venue.trade(close, price=120)
    assert (executor.status, executor.close_type) == (TERMINATED, CloseType.TAKE_PROFIT)
    assert executor.info.net_pnl_quote == 20


def test_pe_6_stop_loss() -> None:
    bench = VenueBench()
    executor = opened(bench, config())
    bench.price(70)
    assert (executor.status, executor.close_type) == (SHUTTING_DOWN, CloseType.STOP_LOSS)
    assert trade_pnl_pct(executor) == D("-0.30")
    (close,) = sells(bench)
    assert (close.request.order_type, close.lots) == (MARKET, 1000)


@pytest.mark.parametrize("profit_type", [MARKET, LIMIT])
def test_pe_7_time_limit_sends_exactly_one_sell(profit_type: OrderType) -> None:
    """The fill and the end of time fall into one tick: no take profit is put out only to be taken back."""
    bench = VenueBench()
    executor = opened(bench, config(take_profit_order_type=profit_type))
    bench.tick(61)
    assert (executor.status, executor.close_type) == (SHUTTING_DOWN, CloseType.TIME_LIMIT)
    assert trade_pnl_pct(executor) == 0
    (close,) = sells(bench)
    assert (close.request.order_type, close.lots) == (MARKET, 1000)


def test_pe_8_rejected_close_is_sent_again_under_the_same_close_type() -> None:
    bench = VenueBench()
    executor = opened(bench, config())
    bench.price(70)
    bench.venue.reject(sells(bench)[0])
    assert executor.close_type is CloseType.STOP_LOSS
    bench.tick(2)
    assert executor.close_type is CloseType.STOP_LOSS
    assert [order.lots for order in sells(bench)] == [1000, 1000]
    bench.venue.trade(sells(bench)[1], price=70)
    assert (executor.status, executor.close_type) == (TERMINATED, CloseType.STOP_LOSS)
    assert executor.info.net_pnl_quote == -30


def test_pe_9_net_pnl_is_after_fees() -> None:
    bench = VenueBench()
    executor = opened(bench, config(), fee="0.2")
    bench.price(101)
    assert executor.net_pnl_quote() == D("0.80")
    assert executor.net_pnl_pct() == D("0.008")


def test_pe_10_entry_price_defaults_to_the_market() -> None:
    bench = VenueBench(price=101)
    executor = bench.start(config(entry_price=None))
    assert executor.custom_info()["current_position_average_price"] == 101
    assert bench.instrument.price(bench.orders[0].request.price_ticks) == 101


@pytest.mark.parametrize(("side", "expected"), [(BUY, 101), (SELL, 102)])
def test_pe_10_missing_entry_price_is_the_touch_of_the_own_side_and_stays(side: TradeType, expected: int) -> None:
    bench = VenueBench(price=None)
    bench.quote(101, 102)
    executor = bench.start(config(side, entry_price=None))
    bench.venue.reject(bench.orders[0])
    bench.quote(90, 91)
    bench.tick(2)
    assert [bench.instrument.price(order.request.price_ticks) for order in bench.orders] == [expected, expected]
    assert executor.custom_info()["current_position_average_price"] == expected


@pytest.mark.parametrize(("side", "entry", "expected"), [(BUY, 102, 101), (BUY, 100, 100), (SELL, 100, 103), (SELL, 104, 104)])
def test_pe_11_limit_maker_entry_is_held_back_to_the_touch(side: TradeType, entry: int, expected: int) -> None:
    bench = VenueBench(price=None)
    bench.quote(101, 103)
    bench.start(config(side, entry_price=D(entry), open_order_type=MAKER))
    (order,) = bench.orders
    assert order.request.order_type is MAKER
    assert bench.instrument.price(order.request.price_ticks) == expected


BOUNDS = [D("0.001"), D("0.01")]


@pytest.mark.parametrize(
    ("side", "entry", "allowed"),
    [(BUY, "100", True), (BUY, "101", False), (BUY, "99.01", True), (BUY, "99", False), (SELL, "99", False), (SELL, "101", True)],
)
def test_pe_12_activation_bounds_of_a_market_entry(side: TradeType, entry: str, allowed: bool) -> None:
    bench = VenueBench()
    bench.start(config(side, entry_price=D(entry), open_order_type=MARKET, activation_bounds=BOUNDS))
    bench.tick()
    assert bool(bench.orders) is allowed


@pytest.mark.parametrize(("side", "entry", "allowed"), [(BUY, "99.9", True), (BUY, "99.7", False), (SELL, "100.1", True), (SELL, "100.3", False)])
def test_pe_13_activation_bounds_of_a_limit_entry(side: TradeType, entry: str, allowed: bool) -> None:
    bench = VenueBench()
    bench.start(config(side, entry_price=D(entry), activation_bounds=BOUNDS))
    bench.tick()
    assert bool(bench.orders) is allowed


def test_pe_13_entry_outside_its_bounds_is_canceled_and_comes_back_inside() -> None:
    bench = VenueBench()
    executor = bench.start(config(entry_price=D("99.9"), activation_bounds=BOUNDS))
    (first,) = bench.orders
    bench.venue.accept(first)
    bench.price("100.5")
    assert bench.venue.cancels == [first]
    bench.venue.end(first)
    bench.tick(5)
    assert bench.orders == [first] and executor.status is RUNNING
    bench.price("99.95")
    assert len(bench.orders) == 2 and bench.orders[1].lots == 1000
    assert executor.retries == 0, "a cancel that it asked for is no rejection"


@pytest.mark.parametrize(("late", "sent"), [("0.3", [1000, 1000, 700]), ("1", [1000, 1000])])
def test_o9_late_fill_of_an_entry_that_was_replaced_takes_the_surplus_off(late: str, sent: list[int]) -> None:
    """The venue said that the first entry was over, and executes it all the same while its successor rests: no more than the amount is opened."""
    bench = VenueBench()
    executor = bench.start(bare())
    bench.fill_replaced(OrderState.EXPIRED, late, sent)
    assert executor.status is RUNNING and bench.sum_of(BUY) == 1 and not bench.live()


def test_open_order_last_update_stays_when_the_entry_has_ended() -> None:
    """Files count from it how long a position has been filled (pmm_mister, stat_arb)."""
    bench = VenueBench()
    executor = bench.start(config(time_limit=None))
    bench.tick(5)
    bench.venue.trade(bench.orders[0])
    filled_s = bench.clock.now_ns / SECOND_NS
    bench.price(101)
    assert executor.custom_info()["open_order_last_update"] == filled_s
    again = PositionExecutor(executor.config, bench.orchestrator.around, executor.id, "main", executor.created_ns)
    again.restore(executor.record().state, list(bench.orders), list(executor._fills))
    assert again.custom_info()["open_order_last_update"] == filled_s
    bench.price(120)
    bench.venue.trade(sells(bench)[0], price=120)
    assert executor.info.custom_info["open_order_last_update"] == filled_s


def test_one_that_ended_without_a_fill_has_the_keys_that_files_look_for() -> None:
    bench = VenueBench()
    executor = bench.start(config())
    bench.venue.accept(bench.orders[0])
    before = executor.info.custom_info
    bench.orchestrator.stop(executor.id)
    bench.venue.end(bench.orders[0])
    ended = executor.info.custom_info
    assert set(before) - set(ended) == {"unpriced_fees", "trailing_stop_trigger_pct"}
    assert ended["open_order_last_update"] == bench.orders[0].updated_ns / 1e9
    assert (ended["held_position_orders"], ended["exposure_base"]) == ([], 0)


def test_pe_15_fees_of_entry_and_partial_take_profit_add_up() -> None:
    bench = VenueBench()
    executor = opened(bench, config(take_profit_order_type=LIMIT), fee="0.1")
    bench.tick()
    bench.venue.trade(bench.orders[-1], "0.5", fee="0.05")
    assert executor.cum_fees_quote() == D("0.15")
    assert executor.filled_amount_quote() == D(100) + D("0.5") * 110


def test_pe_17_stop_loss_wins_over_take_profit_and_one_order_closes() -> None:
    """The resting take profit is live while the price is through the stop: it is canceled first, then one order closes."""
    bench = VenueBench()
    executor = opened(bench, config(take_profit_order_type=LIMIT))
    bench.tick()
    (profit,) = sells(bench)
    bench.price(94)
    assert executor.close_type is CloseType.STOP_LOSS
    assert bench.venue.cancels == [profit]
    assert sells(bench) == [profit], "nothing is sold twice while the cancel is under way"
    bench.venue.end(profit)
    bench.send()
    assert [(order.request.order_type, order.lots) for order in sells(bench)[1:]] == [(MARKET, 1000)]
    bench.tick(10)
    assert len(sells(bench)) == 2


def test_pe_17_stop_loss_wins_over_trailing_stop() -> None:
    bench = VenueBench()
    executor = opened(bench, bare(stop_loss=D("0.05"), trailing_stop=TrailingStop(activation_price=D("0.02"), trailing_delta=D("0.01"))))
    bench.price(104)
    bench.price(90)
    assert executor.close_type is CloseType.STOP_LOSS
    assert len(sells(bench)) == 1


@pytest.mark.parametrize(
    ("connector", "mode", "reducible", "expected"),
    [
        (PERP, PositionMode.ONEWAY, None, PositionAction.CLOSE),
        # another bot nets this one on the account: the venue's position is smaller than what is held here
        (PERP, PositionMode.ONEWAY, 400, PositionAction.OPEN),
        (PERP, PositionMode.HEDGE, None, PositionAction.CLOSE),
        # a late exit of another executor has closed a part of this side: no more than is left may be asked for
        (PERP, PositionMode.HEDGE, 400, PositionAction.CLOSE),
        (SPOT, PositionMode.ONEWAY, None, PositionAction.NIL),
    ],
)
def test_pe_18_position_action_of_the_exit(connector: str, mode: PositionMode, reducible: int | None, expected: PositionAction) -> None:
    bench = VenueBench(instrument(connector=connector))
    bench.venue.mode, bench.venue.reducible = mode, reducible
    opened(bench, config(connector_name=connector))
    assert bench.orders[0].request.position_action is (PositionAction.NIL if connector == SPOT else PositionAction.OPEN)
    bench.price(90)
    assert sells(bench)[0].request.position_action is expected
    assert sells(bench)[0].lots == (400 if mode is PositionMode.HEDGE and reducible else 1000)


def test_pe_19_forced_stop_after_the_entry_fill_is_a_position_hold_with_that_order() -> None:
    bench = VenueBench()
    executor = opened(bench, config())
    executor.abandon(bench.clock.now_ns, "shutdown took too long")
    info = executor.info
    assert (executor.status, executor.close_type) == (TERMINATED, CloseType.POSITION_HOLD)
    assert info.custom_info["held_position_orders"] == [bench.orders[0].client_order_id]
    (hold,) = bench.orchestrator.positions("main")
    assert (hold.amount, hold.breakeven_price) == (1, 100)


@pytest.mark.parametrize("forced", [True, False])
def test_what_is_handed_over_is_earned_in_the_hold_and_the_executors_own_result_is_0(forced: bool) -> None:
    """Strategy V2: PnL 0 on POSITION_HOLD. What it traded stays its volume (there 0): the venue's volume is what it is."""
    bench = VenueBench()
    executor = opened(bench, config(stop_loss=None, take_profit=None), fee="0.2")
    bench.price(107)
    assert executor.net_pnl_quote() == D("6.8")
    if forced:
        executor.abandon(bench.clock.now_ns, "shutdown took too long")
    else:
        bench.orchestrator.stop(executor.id, keep_position=True)
    info = executor.info
    assert (executor.close_type, info.net_pnl_quote, info.net_pnl_pct) == (CloseType.POSITION_HOLD, 0, 0)
    assert (info.filled_amount_quote, executor.record().net_pnl_quote) == (100, 0)
    (hold,) = bench.orchestrator.positions()
    assert (hold.unrealized_pnl_quote, hold.realized_pnl_quote, hold.global_pnl_quote) == (7, D("-0.2"), D("6.8"))
    assert bench.orchestrator.report().global_pnl_quote == D("6.8"), "once, and not twice"


def test_pe_19_forced_stop_without_a_fill_failed() -> None:
    bench = VenueBench()
    executor = bench.start(config())
    executor.abandon(bench.clock.now_ns, "shutdown took too long")
    bench.send()
    assert (executor.status, executor.close_type) == (TERMINATED, CloseType.FAILED)
    assert bench.venue.cancels == bench.orders
    assert bench.orchestrator.positions("main") == []


def test_pe_20_no_balance_ends_it_before_any_order() -> None:
    bench = VenueBench()
    bench.venue.pays = False
    executor = bench.start(config())
    assert (executor.status, executor.close_type) == (TERMINATED, CloseType.INSUFFICIENT_BALANCE)
    assert bench.records.submitted == []


def test_pe_20_balance_that_is_gone_when_the_entry_arrives() -> None:
    bench = VenueBench()
    executor = bench.start(config())
    bench.venue.reject(bench.orders[0], "insufficient balance: needs 100 USDT, available 3")
    assert (executor.status, executor.close_type) == (TERMINATED, CloseType.INSUFFICIENT_BALANCE)
    bench.tick(30)
    assert len(bench.orders) == 1


def test_pe_23_adjusted_volatility_scales_all_but_the_time_limit() -> None:
    trailing = TrailingStop(activation_price=D("0.1"), trailing_delta=D("0.1"))
    scaled = TripleBarrierConfig(
        stop_loss=D("0.1"), take_profit=D("0.2"), trailing_stop=trailing, time_limit=100
    ).new_instance_with_adjusted_volatility(1.5)
    assert (scaled.stop_loss, scaled.take_profit, scaled.time_limit) == (D("0.15"), D("0.3"), 100)
    assert scaled.trailing_stop == TrailingStop(activation_price=D("0.15"), trailing_delta=D("0.15"))


@pytest.mark.parametrize("field", ["stop_loss_order_type", "time_limit_order_type"])
def test_exits_that_must_happen_can_not_be_limit_orders(field: str) -> None:
    with pytest.raises(ValidationError, match="expected MARKET"):
        TripleBarrierConfig(**{field: LIMIT})


# ---- barriers: equality and direction ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("side", "price", "expected"),
    [
        (BUY, "95.01", None),
        (BUY, "95.00", CloseType.STOP_LOSS),
        (BUY, "109.99", None),
        (BUY, "110.00", CloseType.TAKE_PROFIT),
        (SELL, "104.99", None),
        (SELL, "105.00", CloseType.STOP_LOSS),
        (SELL, "90.01", None),
        (SELL, "90.00", CloseType.TAKE_PROFIT),
    ],
)
def test_barriers_hit_at_equality_and_not_one_tick_before(side: TradeType, price: str, expected: CloseType | None) -> None:
    bench = VenueBench()
    executor = opened(bench, config(side))
    bench.price(price)
    assert executor.close_type is expected


@pytest.mark.parametrize(
    ("price", "expected"), [("95.21", None), ("95.20", CloseType.STOP_LOSS), ("110.19", None), ("110.20", CloseType.TAKE_PROFIT)]
)
def test_barriers_look_at_net_pnl_fees_included(price: str, expected: CloseType | None) -> None:
    """With a fee of 0.2 the net PnL is -5 % at 95.20 and +10 % at 110.20."""
    bench = VenueBench()
    executor = opened(bench, config(), fee="0.2")
    bench.price(price)
    assert executor.close_type is expected


def test_long_closes_against_the_bid_and_short_against_the_ask() -> None:
    bench = VenueBench()
    long = opened(bench, config())
    bench.price("95.01", "120")
    assert long.close_type is None, "the ask is of no use to a long"
    bench.price("95.00", "120")
    assert long.close_type is CloseType.STOP_LOSS


# ---- PE-T: trailing stop -------------------------------------------------------------------------------------------
def trailing(activation: str, delta: str) -> dict[str, TrailingStop]:
    return {"trailing_stop": TrailingStop(activation_price=D(activation), trailing_delta=D(delta))}


def trigger(executor: PositionExecutor) -> Decimal | None:
    return executor.custom_info()["trailing_stop_trigger_pct"]


def walk(bench: VenueBench, executor: PositionExecutor, prices: list[str]) -> list[Decimal | None]:
    found = []
    for price in prices:
        bench.price(price)
        found.append(trigger(executor))
        if executor.close_type is not None:
            break
    return found


def test_pe_t1_trailing_stop_arms_and_closes_strictly() -> None:
    bench = VenueBench()
    executor = opened(bench, bare(**trailing("0.02", "0.005")))
    found = walk(bench, executor, ["101", "102", "102.5", "103", "104", "103.6", "103.5"])
    assert found == [None, None, D("0.020"), D("0.025"), D("0.035"), D("0.035"), D("0.035")]
    assert executor.close_type is None, "103.5 is the trigger itself"
    bench.price("103.4")
    assert executor.close_type is CloseType.TRAILING_STOP
    assert len(sells(bench)) == 1


def test_pe_t2_trailing_stop_of_a_short_mirrors_it() -> None:
    bench = VenueBench()
    executor = opened(bench, bare(SELL, **trailing("0.02", "0.005")))
    found = walk(bench, executor, ["99", "98", "97.5", "97", "96", "96.4", "96.5"])
    assert found == [None, None, D("0.020"), D("0.025"), D("0.035"), D("0.035"), D("0.035")]
    assert executor.close_type is None
    bench.price("96.6")
    assert executor.close_type is CloseType.TRAILING_STOP


def test_pe_t3_trigger_of_zero_is_armed_and_never_loosens() -> None:
    bench = VenueBench()
    executor = opened(bench, bare(**trailing("0.01", "0.02")))
    assert walk(bench, executor, ["102", "101.5"]) == [0, 0]
    assert executor.close_type is None
    bench.price("99.8")
    assert executor.close_type is CloseType.TRAILING_STOP


def test_pe_t_later_fill_at_a_worse_price_does_not_loosen_the_trigger() -> None:
    """0.5 filled at 100 has armed at +3 %; the other 0.5 fills at 102: the line changes, the trigger of +1 % stays."""
    bench = VenueBench()
    executor = bench.start(bare(entry_price=D(102), **trailing("0.02", "0.02")))
    (entry,) = bench.orders
    bench.venue.trade(entry, "0.5", price=100)
    bench.price(103)
    assert trigger(executor) == D("0.01")
    bench.venue.trade(entry, "0.5", price=102)
    assert trigger(executor) == D("0.01")
    bench.price("102.02")
    assert executor.close_type is None, "+1.00...% of an average entry of 101 is 102.01"
    bench.price("102.00")
    assert executor.close_type is CloseType.TRAILING_STOP


def test_pe_t_trailing_distance_that_is_off_the_tick_grid() -> None:
    """Entry 100, peak 103.33, delta 0.555 %: trigger +2.775 % stands between 102.77 (closes) and 102.78 (does not)."""
    bench = VenueBench()
    executor = opened(bench, bare(**trailing("0.02", "0.00555")))
    walk(bench, executor, ["103.33", "102.78"])
    assert executor.close_type is None
    bench.price("102.77")
    assert executor.close_type is CloseType.TRAILING_STOP
