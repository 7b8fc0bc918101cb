"""Numeric scenarios GR-* and HZ-8, HZ-9, HZ-11 of the grid executor, and the hazards of its reference."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from botcore.executors.data_types import TrailingStop, TripleBarrierConfig
from botcore.executors.grid.config import GridExecutorConfig
from botcore.executors.grid.executor import GridExecutor
from botcore.executors.grid.levels import LevelState, lay_out
from botcore.model.enums import CloseType, OrderType, PositionAction, RunnableStatus, TradeType
from botcore.model.order import OrderState, Purpose
from tests.support.bench import PERP, SPOT, D, instrument
from tests.support.paper_bench import PaperBench
from tests.support.venue_bench import VenueBench

BUY, SELL = TradeType.BUY, TradeType.SELL
LIMIT, MARKET, MAKER = OrderType.LIMIT, OrderType.MARKET, OrderType.LIMIT_MAKER
RULE = {"tick": "0.01", "lot": "0.001", "min_notional": "1"}


def grid(side: TradeType = BUY, **changes: Any) -> GridExecutorConfig:
    """GR-1's config; barrier fields may be changed by name."""
    barriers = {"take_profit": D("0.01"), "take_profit_order_type": LIMIT}
    barriers |= {key: changes.pop(key) for key in list(changes) if key in TripleBarrierConfig.model_fields}
    values: dict[str, Any] = {
        "connector_name": PERP,
        "trading_pair": "ETH-USDT",
        "side": side,
        "start_price": D(100),
        "end_price": D(120),
        "limit_price": D(90) if side is BUY else D(130),
        "total_amount_quote": D(100),
        "min_spread_between_orders": D("0.01"),
        "min_order_amount_quote": D(9),
    }
    return GridExecutorConfig(triple_barrier_config=TripleBarrierConfig(**barriers), **(values | changes))


def bench_at(price: Any, connector: str = PERP) -> VenueBench:
    return VenueBench(instrument(connector=connector, **RULE), price=price)


def laid(config: GridExecutorConfig, mid: Any) -> list[tuple[Decimal, Decimal]]:
    ladder = lay_out(config, instrument(**RULE), D(mid))
    assert not isinstance(ladder, str)
    assert ladder.residual_quote == config.total_amount_quote - sum(level.amount_quote for level in ladder.levels) >= 0
    return [(level.price, level.amount_quote) for level in ladder.levels]


def entries(bench: VenueBench) -> list[Any]:
    return [order for order in bench.live() if order.request.purpose is Purpose.OPEN]


def profits(bench: VenueBench) -> list[Any]:
    return [order for order in bench.live() if order.request.purpose is Purpose.TAKE_PROFIT]


def states(executor: GridExecutor) -> list[str]:
    return [level.state.name for level in executor.levels]


def fill(bench: VenueBench, order: Any, amount: Any = None, price: Any = None, **fee: Any) -> None:
    if order.state is OrderState.PENDING_CREATE:
        bench.venue.accept(order)
    bench.venue.trade(order, amount, price, **fee)


# ---- levels --------------------------------------------------------------------------------------------------------
def test_gr_1_ten_levels_of_9_90_from_100_to_120() -> None:
    levels = laid(grid(), 110)
    assert [quote for _, quote in levels] == [D("9.90")] * 10
    assert [round(price, 6) for price, _ in levels[:3]] == [D(100), D("102.222222"), D("104.444444")]
    assert levels[-1][0] == 120


def test_gr_1_a_batch_of_two_sends_two() -> None:
    bench = bench_at(110)
    bench.start(grid(max_orders_per_batch=2))
    assert len(bench.orders) == 2
    bench.tick()
    assert len(bench.orders) == 4, "and two more in the next cycle"


def test_gr_4_one_level_in_the_middle() -> None:
    config = grid(start_price=D(90), end_price=D(110), limit_price=D(80), total_amount_quote=D(10), min_order_amount_quote=D(6))
    assert laid(config, 100) == [(D(100), D(10))]


def test_gr_6_sell_grid_of_ten_levels_of_10() -> None:
    levels = laid(grid(SELL, start_price=D(80), end_price=D(100), limit_price=D(110)), 100)
    assert [quote for _, quote in levels] == [D(10)] * 10
    assert (levels[0][0], levels[-1][0]) == (80, 100)


def test_hz_9_a_grid_narrower_than_its_smallest_spread_has_one_level() -> None:
    assert laid(grid(end_price=D("100.4")), 100) == [(D("100.2"), D(100))]


def test_a_budget_below_the_smallest_order_is_refused_with_both_numbers() -> None:
    bench = bench_at(110)
    executor = bench.start(grid(total_amount_quote=D(5)))
    assert (executor.status, executor.close_type) == (RunnableStatus.TERMINATED, CloseType.FAILED)
    assert "5 USDT" in executor.info.reason and "9.46" in executor.info.reason
    assert bench.orders == []


def test_coerce_tp_to_step_widens_the_profit_of_each_level() -> None:
    ladder = lay_out(grid(coerce_tp_to_step=True), instrument(**RULE), D(110))
    assert not isinstance(ladder, str)
    assert ladder.step == D("0.2") / 9
    assert {level.take_profit for level in ladder.levels} == {ladder.step}


@pytest.mark.parametrize(
    ("side", "start", "end", "index", "expected"),
    [
        # two levels, a whole grid apart: 71.19 takes its profit at 86.92, 134.14 at 318.43
        (BUY, "71.19", "86.92", 0, "86.92"),
        (BUY, "134.14", "318.43", 0, "318.43"),
        # three levels, half of 96.12 apart: 122.86 less 48.06 is 74.80; half of 156.24: 172.69 less 78.12 is 94.57
        (SELL, "122.86", "218.98", 0, "74.80"),
        (SELL, "172.69", "328.93", 0, "94.57"),
    ],
)
def test_a_step_without_a_last_digit_puts_no_profit_a_tick_off(side: TradeType, start: str, end: str, index: int, expected: str) -> None:
    count = 2 if side is BUY else 3
    config = grid(
        side,
        start_price=D(start),
        end_price=D(end),
        limit_price=D(50) if side is BUY else D(400),
        total_amount_quote=D(10) * count,
        coerce_tp_to_step=True,
    )
    ladder = lay_out(config, instrument(tick="0.01", lot="0.00001"), D(start))
    assert not isinstance(ladder, str) and len(ladder.levels) == count
    assert ladder.levels[index].close_ticks * D("0.01") == D(expected)


def test_h13_what_the_levels_leave_of_the_budget_is_told() -> None:
    bench = bench_at(110)
    assert bench.start(grid()).custom_info()["residual_quote"] == D("1.00")


@pytest.mark.parametrize(
    ("side", "changes", "said"),
    [
        (BUY, {"limit_price": D(100)}, "limit_price below start_price"),
        (BUY, {"start_price": D(120)}, "start_price below end_price"),
        (SELL, {"limit_price": D(120)}, "limit_price above end_price"),
        (BUY, {"take_profit": None}, "take_profit"),
    ],
)
def test_a_config_that_can_not_be_is_refused(side: TradeType, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        grid(side, **changes)


def test_gr_10_a_stop_loss_that_rests_is_refused() -> None:
    with pytest.raises(ValidationError, match="MARKET"):
        grid(stop_loss=D("0.1"), stop_loss_order_type=LIMIT)


# ---- opening -------------------------------------------------------------------------------------------------------
def test_hz_8_max_open_orders_holds_without_a_batch_size() -> None:
    bench = bench_at(125 - 10)
    bench.start(grid(max_open_orders=5))
    for _ in range(10):
        bench.tick()
    assert len(entries(bench)) == len(bench.orders) == 5


@pytest.mark.parametrize(("mid", "prices"), [(100, ["99.99"] * 10), (120, ["115.55", "117.77", "119.98"])])
def test_gr_12_activation_bounds_let_all_levels_out_at_100_and_three_at_120(mid: int, prices: list[str]) -> None:
    """Bounds of 5 %: at 120 a buy may stand at 114 or above; at 100 the mid is through all levels, and none of them is far."""
    bench = bench_at(mid)
    bench.start(grid(activation_bounds=D("0.05"), max_open_orders=10))
    assert sorted(bench.instrument.price(order.request.price_ticks) for order in bench.orders) == [D(price) for price in prices]
    capped = bench_at(mid)
    capped.start(grid(activation_bounds=D("0.05")))
    assert len(capped.orders) == min(5, len(prices)), "max_open_orders holds beside the bounds"


def test_gr_12_bounds_of_a_sell_grid_are_the_mirror() -> None:
    """At 100 a sell may stand at 105 or below: levels at 100, 102.22 and 104.44 of ten."""
    bench = bench_at(100)
    bench.start(grid(SELL, activation_bounds=D("0.05"), max_open_orders=10))
    assert sorted(bench.instrument.price(order.request.price_ticks) for order in bench.orders) == [D("100.01"), D("102.23"), D("104.45")]
    above = bench_at(120)
    above.start(grid(SELL, activation_bounds=D("0.05"), max_open_orders=10))
    assert len(above.orders) == 10


@pytest.mark.parametrize(("price", "sent"), [("90", False), ("96.2", True), ("120", True)])
def test_bounds_hold_a_take_profit_back_that_the_mid_is_far_below_only(price: str, sent: bool) -> None:
    """Bought at 100, to be sold at 101: 5 % below that is 95.95 (101 / 1.05 = 96.19)."""
    bench = bench_at(102)
    bench.start(one_level(activation_bounds=D("0.05"), end_price=D(110), limit_price=D(50)))
    order = bench.orders[0]
    bench.venue.accept(order)
    bench.quote(D(price) if D(price) < 110 else D("109.9"))
    bench.venue.trade(order)
    bench.tick()
    assert bool(profits(bench)) is sent


def test_open_orders_that_leave_the_bounds_are_taken_back() -> None:
    bench = bench_at(110)
    bench.start(grid(activation_bounds=D("0.05"), max_open_orders=10))
    for order in bench.orders:
        bench.venue.accept(order)
    bench.price(119)
    asked = {bench.instrument.price(order.request.price_ticks) for order in bench.venue.cancels}
    assert asked and max(asked) < 119 * D("0.95")


def test_the_nearest_levels_come_first_and_those_above_the_market_do_not_take() -> None:
    bench = bench_at(110)
    bench.start(grid(max_open_orders=3))
    prices = [bench.instrument.price(order.request.price_ticks) for order in bench.orders]
    # levels 111.11 and 108.89 are nearest, then 113.33 or 106.67: what stands at or above the bid rests 0.01 % below it
    assert prices[:2] == [D("108.88"), D("109.98")] or prices[:2] == [D("109.98"), D("108.88")]
    assert all(price < 110 for price in prices)
    assert {order.request.lots for order in bench.orders} == {90}, "9.90 USDT at the mid of 110"


def test_order_frequency_spaces_the_batches() -> None:
    bench = bench_at(110)
    bench.start(grid(max_orders_per_batch=1, order_frequency=10))
    bench.tick(5)
    assert len(bench.orders) == 1
    bench.tick(5)
    assert len(bench.orders) == 2


# ---- a level's life ------------------------------------------------------------------------------------------------
def one_level(side: TradeType = BUY, **changes: Any) -> GridExecutorConfig:
    """One level of 0.1 at 100, take profit 1 %."""
    values = {"start_price": D(90), "end_price": D(110), "limit_price": D(80), "total_amount_quote": D(10), "min_order_amount_quote": D(6)}
    return grid(side, **(values | changes))


def test_a_level_opens_closes_and_opens_again() -> None:
    bench = bench_at(102)
    executor = bench.start(one_level())
    (order,) = bench.orders
    assert (order.request.lots, bench.instrument.price(order.request.price_ticks)) == (98, 100), "10 USDT at 102"
    fill(bench, order)
    bench.tick()
    (profit,) = profits(bench)
    assert bench.instrument.price(profit.request.price_ticks) == D("102.02") and profit.request.position_action is PositionAction.CLOSE, (
        "held above the ask"
    )
    fill(bench, profit)
    assert states(executor) == ["COMPLETE"]
    bench.tick()
    assert states(executor) == ["OPEN_ORDER_PLACED"] and executor.custom_info()["level_cycles"] == 1
    info = executor.custom_info()
    assert info["realized_pnl_quote"] == executor.net_pnl_quote() == D("0.098") * D("2.02")
    assert (info["realized_buy_size_quote"], info["position_size_base"], info["break_even_price"]) == (D("9.8"), 0, None)


def test_a_sell_grids_numbers_by_hand() -> None:
    """0.102 sold at 100 for a fee of 0.05, bought back at 98.99 for 0.04: 10.2 - 10.09698 - 0.09, as a part of what was bought (Strategy V2)."""
    bench = bench_at(98)
    executor = bench.start(one_level(SELL, limit_price=D(120)))
    fill(bench, bench.orders[0], fee="0.05")
    bench.price(99)
    info = executor.custom_info()
    assert (info["position_size_base"], info["position_size_quote"], info["position_pnl_quote"]) == (D("0.102"), D("10.2"), D("0.052"))
    assert info["break_even_price"] == (D("10.2") - D("0.05")) / D("0.102")
    fill(bench, profits(bench)[0], fee="0.04")
    info = executor.custom_info()
    assert (info["realized_sell_size_quote"], info["realized_buy_size_quote"]) == (D("10.2"), D("10.09698"))
    assert (info["realized_imbalance_quote"], info["realized_fees_quote"]) == (D("-0.10302"), D("0.09"))
    assert (info["realized_pnl_quote"], executor.net_pnl_quote()) == (D("0.01302"), D("0.01302"))
    assert info["realized_pnl_pct"] == D("0.01302") / D("10.09698")


@pytest.mark.parametrize(("first", "second"), [("0.001", "0.002"), ("0.002", "0.001")])
def test_a_part_of_an_inventory_costs_what_it_cost(first: str, second: str) -> None:
    """3 lots at 100 in a market of whole quotes: a third of their cost is 0.1 each, to the last digit, whichever part is closed first."""
    of = instrument(tick="1", lot="0.001", min_notional="0.05")
    bench = VenueBench(of, price=102)
    executor = bench.start(one_level(total_amount_quote=D("0.31"), min_order_amount_quote=D("0.1")))
    fill(bench, bench.orders[0], "0.003")
    bench.orchestrator.stop(executor.id)
    bench.send()
    for order in bench.live():
        if order.request.purpose is Purpose.OPEN:
            bench.venue.end(order)
    bench.tick()
    (close,) = [order for order in bench.live() if order.request.purpose is Purpose.CLOSE]
    bench.venue.trade(close, first, price=102)
    info = executor.custom_info()
    assert info["realized_pnl_quote"] == D(first) * 2
    assert (info["position_size_quote"], info["break_even_price"]) == (D(second) * 100, 100)
    bench.venue.trade(close, second, price=102)
    assert executor.info.net_pnl_quote == D("0.006")


def test_a_grid_names_its_orders_that_failed_and_that_were_canceled() -> None:
    bench = bench_at(110)
    executor = bench.start(grid(activation_bounds=D("0.05"), max_open_orders=10))
    failed, *others = bench.orders
    bench.venue.reject(failed)
    for order in others:
        bench.venue.accept(order)
    bench.price(119)
    canceled = list(bench.venue.cancels)
    for order in canceled:
        bench.venue.end(order)
    info = executor.custom_info()
    assert info["failed_orders"] == [failed.client_order_id]
    assert canceled and info["canceled_orders"] == [order.client_order_id for order in canceled]


def test_a_grid_that_is_closing_is_active_and_none_is_opened_beside_it() -> None:
    """As in Strategy V2: files ask for active executors before they open the next grid."""
    bench = bench_at(102)
    executor = bench.start(one_level())
    bench.venue.accept(bench.orders[0])
    bench.orchestrator.stop(executor.id)
    assert (executor.status, executor.info.is_active) == (RunnableStatus.SHUTTING_DOWN, True)
    bench.venue.end(bench.orders[0])
    assert (executor.status, executor.info.is_active) == (RunnableStatus.TERMINATED, False)


def test_h3_a_partly_filled_open_order_that_ends_is_held_and_closed_and_only_the_rest_is_opened_again() -> None:
    bench = bench_at(102)
    executor = bench.start(one_level())
    (order,) = bench.orders
    fill(bench, order, "0.045")
    bench.venue.end(order, OrderState.EXPIRED, "expired")
    assert executor.custom_info()["exposure_base"] == D("0.045")
    bench.tick(2)
    (profit,) = profits(bench)
    assert profit.request.lots == 45 and states(executor) == ["CLOSE_ORDER_PLACED"]
    fill(bench, profit, "0.02")
    bench.venue.end(profit, OrderState.EXPIRED, "expired")
    bench.tick(5)
    (again,) = profits(bench)
    assert again.request.lots == 25, "what is left, not the whole level"


def test_h3_dust_of_a_level_is_topped_up_and_closed_with_it() -> None:
    bench = VenueBench(instrument(tick="0.01", lot="0.001", min_amount="0.01"), price=102)
    executor = bench.start(one_level())
    fill(bench, bench.orders[0], "0.005")
    bench.venue.end(bench.orders[0], OrderState.EXPIRED, "expired")
    bench.venue.reducible = None
    for _ in range(4):
        bench.tick()
    (order,) = entries(bench)
    assert order.request.lots == 93 and profits(bench) == [], "98 less the 5 that are held"
    fill(bench, order)
    bench.tick()
    assert profits(bench)[0].request.lots == 98
    assert executor.custom_info()["exposure_base"] == D("0.098")


def test_spot_fees_in_base_are_not_sold() -> None:
    bench = bench_at(102, SPOT)
    executor = bench.start(one_level(connector_name=SPOT))
    fill(bench, bench.orders[0], fee="0.000098", asset="ETH", rate=100)
    bench.tick()
    (profit,) = profits(bench)
    assert profit.request.lots == 97, "0.098 less 0.1 %, in whole lots"
    fill(bench, profit)
    assert executor.custom_info()["position_size_base"] == 0
    bench.tick()
    assert entries(bench), "the rest of a lot keeps nothing from going round"


def test_a_late_fill_of_an_ended_order_belongs_to_its_level() -> None:
    bench = bench_at(102)
    executor = bench.start(one_level())
    (order,) = bench.orders
    bench.venue.accept(order)
    bench.venue.end(order, OrderState.EXPIRED, "expired")
    bench.venue.trade(order, "0.098")
    assert states(executor) == ["OPEN_ORDER_FILLED"]
    bench.tick(2)
    assert profits(bench)[0].request.lots == 98 and entries(bench) == []


# ---- barriers of the whole -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(("price", "is_hit"), [(100, False), (125, True)])
def test_gr_8_beyond_the_end(price: int, is_hit: bool) -> None:
    bench = bench_at(110)
    executor = bench.start(grid(limit_price=D(50)))
    bench.price(price)
    assert (executor.close_type is CloseType.TAKE_PROFIT) is is_hit


@pytest.mark.parametrize(
    ("price", "seconds", "close_type"), [(80, 0, CloseType.STOP_LOSS), (125, 0, CloseType.TAKE_PROFIT), (110, 61, CloseType.TIME_LIMIT)]
)
def test_gr_9_a_grid_that_starts_beyond_its_bounds_ends_at_once(price: int, seconds: int, close_type: CloseType) -> None:
    bench = bench_at(price)
    executor = GridExecutor(grid(time_limit=60), bench.orchestrator.around, "x", "main", bench.clock.now_ns - seconds * 10**9)
    bench.orchestrator.restore(executor)
    executor.start(bench.clock.now_ns)
    bench.send()
    assert (executor.status, executor.close_type, bench.orders) == (RunnableStatus.TERMINATED, close_type, [])


def test_stop_loss_on_what_is_open_closes_all_of_it_once() -> None:
    bench = bench_at(102)
    executor = bench.start(one_level(stop_loss=D("0.05")))
    fill(bench, bench.orders[0], "0.06")
    bench.price(D("95.01"))
    assert executor.status is RunnableStatus.RUNNING
    bench.price(95)
    assert (executor.status, executor.close_type) == (RunnableStatus.SHUTTING_DOWN, CloseType.STOP_LOSS)
    (close,) = [order for order in bench.live() if order.request.purpose is Purpose.CLOSE]
    assert (close.request.order_type, close.request.lots) == (MARKET, 60), "from the first partial fill"
    # the rest of the entry fills while its cancel is on its way
    bench.venue.trade(bench.orders[0], "0.038")
    fill(bench, close, price=95)
    bench.tick()
    last = bench.orders[-1]
    assert (last.request.purpose, last.request.lots) == (Purpose.CLOSE, 38)
    fill(bench, last, price=95)
    assert executor.is_closed and bench.orchestrator.positions() == []


def test_h5_limit_price_with_keep_position_hands_over_what_was_bought() -> None:
    bench = bench_at(102)
    executor = bench.start(one_level(keep_position=True))
    fill(bench, bench.orders[0])
    bench.tick()
    (profit,) = profits(bench)
    bench.venue.accept(profit)
    bench.price(80)
    assert executor.status is RunnableStatus.SHUTTING_DOWN and profit.cancel_asked
    bench.venue.end(profit)
    assert (executor.is_closed, executor.close_type) == (True, CloseType.POSITION_HOLD)
    (hold,) = bench.orchestrator.positions()
    assert (hold.amount, hold.breakeven_price) == (D("0.098"), D(100)), "long, at what it cost"


@pytest.mark.parametrize("of_config", [True, False])
@pytest.mark.parametrize("asked", [True, False])
def test_a_stop_says_itself_what_becomes_of_the_position(asked: bool, of_config: bool) -> None:
    """ "Stop and close at market" closes, also a grid that would keep its position beyond its limit price."""
    bench = bench_at(102)
    executor = bench.start(one_level(keep_position=of_config))
    fill(bench, bench.orders[0])
    bench.orchestrator.stop(executor.id, keep_position=asked)
    bench.send()
    for order in bench.live():
        if order.request.purpose is Purpose.CLOSE:
            fill(bench, order, price=102)
    bench.tick()
    assert (executor.is_closed, executor.close_type) == (True, CloseType.POSITION_HOLD if asked else CloseType.EARLY_STOP)
    assert [hold.amount for hold in bench.orchestrator.positions()] == ([D("0.098")] if asked else [])


def test_h11_trailing_stop_never_loosens() -> None:
    bench = bench_at(102)
    executor = bench.start(one_level(take_profit=D("0.05"), trailing_stop=TrailingStop(activation_price=D("0.01"), trailing_delta=D("0.02"))))
    fill(bench, bench.orders[0])
    bench.price(102)
    assert executor.custom_info()["trailing_stop_trigger_pct"] == 0
    bench.price(D("101.5"))
    assert executor.custom_info()["trailing_stop_trigger_pct"] == 0
    bench.price(D("99.99"))
    assert executor.close_type is CloseType.TRAILING_STOP


def test_barriers_while_the_close_is_filling_do_not_change_its_reason() -> None:
    bench = bench_at(102)
    executor = bench.start(one_level(stop_loss=D("0.05")))
    fill(bench, bench.orders[0])
    bench.price(95)
    bench.orchestrator.stop(executor.id)
    assert executor.close_type is CloseType.STOP_LOSS


# ---- refusals ------------------------------------------------------------------------------------------------------
def test_hz_11_gr_11_refused_open_orders_back_off_and_end_in_failed() -> None:
    bench = bench_at(102)
    executor = bench.start(one_level())
    for _ in range(40):
        for order in bench.live():
            bench.venue.reject(order)
        bench.tick()
    assert len(bench.orders) < 12 and executor.retries > 0
    for _ in range(400):
        for order in bench.live():
            bench.venue.reject(order)
        bench.tick()
    assert (executor.status, executor.close_type) == (RunnableStatus.TERMINATED, CloseType.FAILED)
    assert len(bench.orders) == 11


def test_a_refused_order_is_tried_again_also_where_ticks_are_seconds_apart_and_the_price_stands() -> None:
    bench = bench_at(102)
    bench.start(one_level())
    bench.venue.reject(bench.orders[0])
    for seconds in (0.5, 5, 5):
        bench.tick(seconds)
    assert len(bench.orders) == 2


def test_h12_refused_closes_end_in_a_hold_and_an_alert() -> None:
    bench = bench_at(102)
    executor = bench.start(one_level())
    fill(bench, bench.orders[0])
    bench.tick()
    fill_or_refuse = profits(bench)[0]
    bench.venue.accept(fill_or_refuse)
    bench.orchestrator.stop(executor.id)
    bench.venue.end(fill_or_refuse)
    for _ in range(600):
        for order in bench.live():
            bench.venue.reject(order)
        bench.tick()
    assert (executor.status, executor.close_type) == (RunnableStatus.TERMINATED, CloseType.POSITION_HOLD)
    assert [hold.amount for hold in bench.orchestrator.positions()] == [D("0.098")]
    assert "exit_failed" in bench.records.fact_kinds()


def test_h7_an_account_that_can_not_pay_for_the_grid_sends_nothing() -> None:
    bench = bench_at(110)
    bench.venue.pays = False
    executor = bench.start(grid())
    assert (executor.close_type, bench.orders) == (CloseType.INSUFFICIENT_BALANCE, [])


def test_o18_an_order_that_a_person_takes_off_is_not_sent_again() -> None:
    bench = bench_at(102)
    executor = bench.start(one_level())
    bench.venue.accept(bench.orders[0])
    bench.venue.end(bench.orders[0])
    bench.tick(5)
    assert (executor.close_type, len(bench.orders)) == (CloseType.EXTERNAL, 1)


# ---- restart -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", [LevelState.OPEN_ORDER_PLACED, LevelState.OPEN_ORDER_FILLED, LevelState.CLOSE_ORDER_PLACED, LevelState.COMPLETE])
def test_ps_4_a_grid_goes_on_after_a_restart_in_every_state_of_a_level(stage: LevelState) -> None:
    bench = bench_at(102)
    executor = bench.start(one_level(stop_loss=D("0.05")))
    if stage is LevelState.OPEN_ORDER_PLACED:
        fill(bench, bench.orders[0], "0.04")
    else:
        fill(bench, bench.orders[0])
    if stage in (LevelState.CLOSE_ORDER_PLACED, LevelState.COMPLETE):
        bench.tick()
    if stage is LevelState.COMPLETE:
        fill(bench, profits(bench)[0])
    assert states(executor) == [stage.name]
    state, orders, fills = executor.record().state, list(executor._live.values()), list(executor._fills)
    again = GridExecutor(executor.config, bench.orchestrator.around, executor.id, "main", executor.created_ns)
    again.restore(state, orders, fills)
    assert states(again) == [stage.name]
    assert again.custom_info() | {"order_ids": 0} == executor.custom_info() | {"order_ids": 0}
    assert again.record().state == state
    bench.quote(95)
    again.on_tick(bench.clock.now_ns + 10**9)
    held = stage is not LevelState.COMPLETE
    assert again.status is (RunnableStatus.SHUTTING_DOWN if held else RunnableStatus.RUNNING), "its stop loss protects what it holds"


# ---- on a paper exchange -------------------------------------------------------------------------------------------
def test_a_grid_earns_its_step_again_and_again_on_paper() -> None:
    """One level at 101 (the middle of 98 and 104). The first order is 19.992 USDT at a mid of 102, so 0.196; later ones are sent at 103.5, so 0.193.

    Each closes 1 % higher, at 102.01: 1.01 a unit.
    """
    bench = PaperBench(instrument(**RULE), price=102)
    bot = bench.runtime.build_bot("bot", [])
    bench.runtime.add_bot(bot)
    config = grid(start_price=D(98), end_price=D(104), limit_price=D(80), total_amount_quote=D(20), min_spread_between_orders=D("0.05"))
    executor = bot.orchestrator.create(config, "main")
    bench.tick()
    (level,) = executor.levels
    assert (level.price, level.amount_quote) == (D(101), D("19.992"))
    for _ in range(3):
        for price in (99, "103.5", 102):
            bench.quote(price)
            bench.tick()
            bench.tick()
    info = executor.custom_info()
    assert info["level_cycles"] == 3
    assert info["realized_pnl_quote"] == executor.net_pnl_quote() == D("1.01") * (D("0.196") + 2 * D("0.193"))
