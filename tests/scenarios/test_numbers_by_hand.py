"""More numbers worked out by hand from sections 1 to 3 of the specification, on odd inputs: coarse lots, prices off the grid, mirrored sides, plans whose market moves."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from botcore.executors.data_types import ExecutionStrategy, LimitChaserConfig, OrderExecutorConfig, TrailingStop, TripleBarrierConfig
from botcore.executors.dca.config import DCAExecutorConfig
from botcore.executors.grid.config import GridExecutorConfig
from botcore.executors.grid.levels import lay_out
from botcore.executors.twap.config import TWAPExecutorConfig
from botcore.model.enums import CloseType, OrderType, RunnableStatus, TradeType
from tests.support.bench import PERP, D, instrument
from tests.support.position_scenarios import LIMIT, MAKER, bare, config, opened
from tests.support.venue_bench import VenueBench

BUY, SELL = TradeType.BUY, TradeType.SELL
TERMINATED = RunnableStatus.TERMINATED
PAIR = {"connector_name": PERP, "trading_pair": "ETH-USDT"}


def priced(bench: VenueBench) -> list[tuple[Decimal | None, Decimal]]:
    """Limit price (None at market) and amount of every order that left."""
    of = bench.instrument
    return [(None if order.request.price_ticks is None else of.price(order.request.price_ticks), of.amount(order.lots)) for order in bench.orders]


# ---- position ------------------------------------------------------------------------------------------------------
def test_trailing_stop_of_a_short_is_the_long_ones_mirror() -> None:
    """PE-T1 the other way round: armed above 2 % (98 is 2 % and arms nothing), 0.5 % behind the best; 96.5 is the trigger itself and closes nothing."""
    bench = VenueBench()
    executor = opened(bench, bare(SELL, trailing_stop=TrailingStop(activation_price=D("0.02"), trailing_delta=D("0.005"))))
    triggers = []
    for price in ("99", "98", "97.5", "97", "96", "96.4", "96.5"):
        bench.price(price)
        triggers.append(executor.custom_info()["trailing_stop_trigger_pct"])
    assert triggers == [None, None, D("0.020"), D("0.025"), D("0.035"), D("0.035"), D("0.035")]
    assert executor.close_type is None
    bench.price("96.51")
    assert executor.close_type is CloseType.TRAILING_STOP


def test_take_profit_counts_from_what_was_paid_and_not_from_what_was_asked() -> None:
    """A buy at 100 that was filled at 99.50: 10 % more is 109.45."""
    bench = VenueBench()
    bench.start(config(take_profit_order_type=LIMIT, time_limit=None))
    bench.venue.accept(bench.orders[0])
    bench.venue.trade(bench.orders[0], price="99.5")
    bench.tick()
    assert priced(bench)[1:] == [(D("109.45"), D(1))]


def test_resting_take_profit_of_a_short_is_held_back_to_the_bid() -> None:
    """90 would take where the bid is 89.50: a maker stands at 89.50."""
    bench = VenueBench()
    opened(bench, config(SELL, take_profit_order_type=MAKER, time_limit=None, stop_loss=None))
    bench.price("89.5", "89.6")
    assert priced(bench)[1:] == [(D("89.50"), D(1))]


def test_time_limit_of_a_quarter_filled_entry_closes_the_quarter() -> None:
    """0.25 bought at 100 and sold at 101: 0.25 quote, 1 % of 25; 25 + 25.25 traded."""
    bench = VenueBench()
    executor = bench.start(config())
    (entry,) = bench.orders
    bench.venue.accept(entry)
    bench.venue.trade(entry, "0.25")
    bench.tick(61)
    assert entry.cancel_asked and priced(bench)[1:] == [(None, D("0.25"))]
    bench.venue.end(entry)
    bench.venue.trade(bench.orders[1], price=101)
    bench.tick()
    assert (executor.status, executor.close_type) == (TERMINATED, CloseType.TIME_LIMIT)
    assert (executor.net_pnl_quote(), executor.net_pnl_pct(), executor.filled_amount_quote()) == (D("0.25"), D("0.01"), D("50.25"))


@pytest.mark.parametrize(("side", "entry"), [(BUY, "99.90"), (SELL, "100.10")])
def test_without_an_entry_price_each_side_stands_at_its_own_touch(side: TradeType, entry: str) -> None:
    bench = VenueBench()
    bench.quote("99.9", "100.1")
    bench.start(bare(side, entry_price=None))
    bench.price("95", "95.2")
    assert priced(bench) == [(D(entry), D(1))], "frozen when it was made"


# ---- order ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("side", "price", "sent"), [(BUY, "119.999", "119.99"), (SELL, "119.991", "120.00")])
def test_nobody_pays_more_than_he_said(side: TradeType, price: str, sent: str) -> None:
    bench = VenueBench(price=120)
    bench.start(OrderExecutorConfig(side=side, amount=D("1.2345"), execution_strategy=ExecutionStrategy.LIMIT, price=D(price), **PAIR))
    assert priced(bench) == [(D(sent), D("1.234"))]


def test_chaser_moves_when_the_bid_has_gone_by_more_than_the_threshold_of_its_price() -> None:
    """Quoted 1 % behind 120; at 122.44 the way is 2.44 of 2.4488, at 122.45 it is 2.45 of 2.449. 0.3 were filled: 0.7 go 1 % behind 122.45."""
    bench = VenueBench(price=120)
    chaser = LimitChaserConfig(distance=D("0.01"), refresh_threshold=D("0.02"))
    executor = bench.start(
        OrderExecutorConfig(side=BUY, amount=D(1), execution_strategy=ExecutionStrategy.LIMIT_CHASER, chaser_config=chaser, **PAIR)
    )
    (first,) = bench.orders
    bench.venue.accept(first)
    bench.price("122.44")
    assert not first.cancel_asked
    bench.price("122.45")
    assert first.cancel_asked and len(bench.orders) == 1
    bench.venue.trade(first, "0.3")
    bench.venue.end(first)
    bench.tick()
    assert priced(bench) == [(D("118.80"), D(1)), (D("121.22"), D("0.7"))]
    bench.venue.trade(bench.orders[1])
    assert executor.custom_info()["average_executed_price"] == (D("118.80") * 3 + D("121.22") * 7) / 10
    assert executor.filled_amount_quote() == D("35.64") + D("84.854")


# ---- grid ----------------------------------------------------------------------------------------------------------
def grid(**changes: Any) -> GridExecutorConfig:
    """Bought from 100 to 120 with 100 quote."""
    values: dict[str, Any] = {
        "start_price": D(100),
        "end_price": D(120),
        "limit_price": D(90),
        "total_amount_quote": D(100),
        "min_spread_between_orders": D("0.01"),
        "min_order_amount_quote": D(9),
        "triple_barrier_config": TripleBarrierConfig(take_profit=D("0.01"), take_profit_order_type=OrderType.LIMIT),
    }
    return GridExecutorConfig(**PAIR, **(values | changes))


@pytest.mark.parametrize(
    ("rule", "changes", "mid", "count", "each", "left"),
    [
        # 9.45 / 110 is 0.0859, a lot of 0.05 makes it 0.1: 11 quote, nine times
        ({"lot": "0.05"}, {}, 110, 9, "11.00", "1.00"),
        # 20 * 1.05 / 110 is 0.191 (rounded up): four times 21.01; 100 / 440 is 0.227: 24.97
        ({"min_notional": "20"}, {}, 110, 4, "24.97", "0.12"),
        # half a base is 55 quote: one level, and it takes the whole 0.909
        ({"min_amount": "0.5"}, {}, 110, 1, "99.99", "0.01"),
        # 20 % wide, not closer than 5 %: four levels
        ({}, {"min_spread_between_orders": D("0.05")}, 110, 4, "24.97", "0.12"),
        # a tick of 10 is 9.09 % of the mid: two levels, however close they might be
        ({"tick": "10"}, {"min_spread_between_orders": D("0.0001")}, 110, 2, "49.94", "0.12"),
        # the price is half of where the grid begins: 0.2 base are 10 quote
        ({}, {}, 50, 10, "10.00", "0"),
    ],
)
def test_levels_under_odd_rules(rule: dict[str, str], changes: dict[str, Any], mid: int, count: int, each: str, left: str) -> None:
    ladder = lay_out(grid(**changes), instrument(**rule), D(mid))
    assert not isinstance(ladder, str)
    assert [level.amount_quote for level in ladder.levels] == [D(each)] * count
    assert ladder.residual_quote == D(left)
    step = D(20) / (count - 1) if count > 1 else D(0)
    expected = [D(100) + step * index for index in range(count)] if count > 1 else [D(110)]
    assert [level.price for level in ladder.levels] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("side", "end", "beyond", "limit", "before"),
    [(BUY, "120", "120.01", "90", "90.01"), (SELL, "100", "99.99", "140", "139.99")],
)
def test_a_grid_ends_beyond_its_end_and_at_its_limit(side: TradeType, end: str, beyond: str, limit: str, before: str) -> None:
    of = grid(side=side, limit_price=D(limit))
    for prices, close_type in (((end, beyond), CloseType.TAKE_PROFIT), ((before, limit), CloseType.STOP_LOSS)):
        bench = VenueBench(price=110)
        executor = bench.start(of)
        bench.price(prices[0])
        assert executor.close_type is None
        bench.price(prices[1])
        assert executor.close_type is close_type


# ---- ladders and plans ---------------------------------------------------------------------------------------------
def test_ladder_average_and_result_of_two_fills() -> None:
    """10 at 100 and 20 at 80 are 0.35 for 30: 85.714...; at 90 they are worth 31.5. Strategy V2's target average weighs by quote: (1000 + 1600 + 1800) / 60."""
    bench = VenueBench(price=120)
    executor = bench.start(DCAExecutorConfig(side=BUY, amounts_quote=[D(10), D(20), D(30)], prices=[D(100), D(80), D(60)], **PAIR))
    for _ in range(3):
        bench.tick()
    assert priced(bench) == [(D(100), D("0.1")), (D(80), D("0.25")), (D(60), D("0.5"))]
    for order in bench.orders[:2]:
        bench.venue.trade(order)
    bench.price(90)
    info = executor.custom_info()
    assert info["current_position_average_price"] == D(30) / D("0.35") and info["target_position_average_price"] == D(4400) / 60
    assert (executor.net_pnl_quote(), executor.net_pnl_pct(), info["filled_amount"]) == (D("1.5"), D("0.05"), D("0.35"))


def test_slots_share_what_is_left_at_the_price_of_their_time() -> None:
    """33.33 at 120 are 0.277 (33.24); half of the 66.76 that are left at 125 is 0.267 (33.375); the last 33.385 there 0.267 again."""
    bench = VenueBench(price=120)
    plan = TWAPExecutorConfig(side=BUY, total_amount_quote=D(100), total_duration=10, order_interval=5, mode="TAKER", **PAIR)
    executor = bench.start(plan)
    bench.venue.trade(bench.orders[0], price=120)
    bench.tick(4)
    assert len(bench.orders) == 1
    bench.quote(125)
    bench.tick()
    bench.venue.trade(bench.orders[1], price=125)
    bench.tick(5)
    bench.venue.trade(bench.orders[2], price=125)
    bench.tick()
    assert priced(bench) == [(None, D("0.277")), (None, D("0.267")), (None, D("0.267"))]
    assert (executor.status, executor.close_type, executor.filled_amount_quote()) == (TERMINATED, CloseType.COMPLETED, D("99.99"))
    # 0.811 for 99.99, the mid is 125
    assert executor.net_pnl_quote() == D("0.811") * 125 - D("99.99")


def test_a_makers_slot_that_is_taken_back_goes_out_for_what_it_lacks_at_the_new_price() -> None:
    """33.33 to be sold 1 % above 120: 0.277 at 121.20. 0.1 of it (12.12) is sold; at 119 the 21.2133 that are missing are 0.178 at 120.19."""
    bench = VenueBench(price=120)
    plan = TWAPExecutorConfig(
        side=SELL,
        total_amount_quote=D(100),
        total_duration=10,
        order_interval=5,
        mode="MAKER",
        limit_order_buffer=D("0.01"),
        order_resubmission_time=3,
        **PAIR,
    )
    bench.start(plan)
    (first,) = bench.orders
    bench.venue.accept(first)
    bench.tick(2)
    assert not first.cancel_asked
    bench.tick()
    assert first.cancel_asked
    bench.venue.trade(first, "0.1")
    bench.venue.end(first)
    bench.quote(119)
    bench.tick()
    assert priced(bench) == [(D("121.20"), D("0.277")), (D("120.19"), D("0.178"))]
