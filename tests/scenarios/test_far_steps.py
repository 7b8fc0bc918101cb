"""Ladders and grids that reach beyond the price band (50 % of the mid): the far step waits for the market, and nothing becomes of the others for that.

Strategy V2 knows no band: there every step is sent. A step that far from the market is not needed yet; when it is, it is there.
"""

from __future__ import annotations

from decimal import Decimal

import pytest

from botcore.executors.data_types import PositionExecutorConfig, TripleBarrierConfig
from botcore.executors.dca.config import DCAExecutorConfig
from botcore.executors.grid.config import GridExecutorConfig
from botcore.model.enums import CloseType, OrderType, RunnableStatus, TradeType
from botcore.model.refusals import RefusalKind, kind_of
from tests.support.bench import PERP, D
from tests.support.venue_bench import VenueBench

BUY, SELL = TradeType.BUY, TradeType.SELL
RUNNING = RunnableStatus.RUNNING
PAIR = {"connector_name": PERP, "trading_pair": "ETH-USDT"}


def prices(bench: VenueBench) -> list[Decimal]:
    return [bench.instrument.price(order.request.price_ticks) for order in bench.live() if order.request.price_ticks is not None]


def rest(bench: VenueBench, minutes: int) -> None:
    """The venue has taken everything, and time goes by."""
    for _ in range(minutes * 12):
        take(bench)
        bench.tick(5)


def take(bench: VenueBench) -> None:
    """The venue takes what has arrived."""
    for order in bench.live():
        if not order.exchange_order_id:
            bench.venue.accept(order)


def test_a_ladders_last_step_goes_out_when_the_market_has_come_nearer() -> None:
    """SELL at 100, 120 and 140 with the market at 90: 140 is 55.6 % away; at 100 it is 40 %."""
    bench = VenueBench(price=90)
    config = DCAExecutorConfig(side=SELL, amounts_quote=[D(10), D(20), D(30)], prices=[D(100), D(120), D(140)], **PAIR)
    ladder = bench.start(config)
    rest(bench, 30)
    assert (ladder.status, ladder.retries, prices(bench)) == (RUNNING, 0, [D(100), D(120)])
    assert kind_of(ladder.info.reason) is RefusalKind.FAR
    bench.quote(100)
    rest(bench, 1)
    assert prices(bench) == [D(100), D(120), D(140)]


def test_a_ladder_whose_first_step_is_far_is_refused_as_before() -> None:
    bench = VenueBench(price=250)
    ladder = bench.start(DCAExecutorConfig(side=BUY, amounts_quote=[D(10)], prices=[D(100)], **PAIR))
    rest(bench, 30)
    assert (ladder.close_type, bench.live()) == (CloseType.FAILED, [])
    assert "further than 50" in ladder.info.reason


def test_a_wide_grid_keeps_its_near_levels_and_opens_the_far_one_in_its_turn() -> None:
    """Levels at 20, 70 and 120: with the mid at 100, 20 is 80 % away. At 38 it is 47 %, and the others are held back behind the touch."""
    barriers = TripleBarrierConfig(take_profit=D("0.5"), take_profit_order_type=OrderType.LIMIT)
    config = GridExecutorConfig(
        start_price=D(20),
        end_price=D(120),
        limit_price=D(10),
        total_amount_quote=D(30),
        min_order_amount_quote=D(9),
        triple_barrier_config=barriers,
        **PAIR,
    )
    bench = VenueBench(price=100)
    grid = bench.start(config)
    for second in range(3600):
        bench.quote(100, D(100) + D(second % 3) / 100)
        take(bench)
        bench.tick()
    assert (grid.status, grid.retries, prices(bench)) == (RUNNING, 0, [D("99.99"), D(70)])
    # what is held is closed at its profit as if no level were far
    bench.venue.trade(bench.live()[1])
    bench.quote(70)
    bench.tick()
    assert D(105) in prices(bench)
    assert len(grid.custom_info()["order_ids"]) <= 2 + 61 + 3, "a far level is looked at once a minute, not with every price"
    bench.quote(38)
    rest(bench, 1)
    assert D(20) in prices(bench)


@pytest.mark.parametrize(("price", "is_sent"), [("50", True), ("49.99", False)])
def test_an_entry_that_is_far_fails_with_the_reason(price: str, is_sent: bool) -> None:
    bench = VenueBench(price=100)
    executor = bench.start(PositionExecutorConfig(side=BUY, entry_price=D(price), amount=D(1), **PAIR))
    rest(bench, 30)
    assert (executor.close_type is None) is is_sent
    assert is_sent or "further than 50" in executor.info.reason


def test_the_rest_of_an_entry_that_has_become_far_waits_and_what_is_filled_is_watched() -> None:
    """0.4 of 1 bought at 100, the order ends at the venue; at 210 the rest is 52 % away, at 190 47 %."""
    bench = VenueBench(price=100)
    barriers = TripleBarrierConfig(stop_loss=D("0.05"))
    executor = bench.start(PositionExecutorConfig(side=BUY, entry_price=D(100), amount=D(1), triple_barrier_config=barriers, **PAIR))
    (entry,) = bench.orders
    bench.venue.accept(entry)
    bench.venue.trade(entry, "0.4")
    bench.quote(210)
    bench.venue.end(entry, reason="of the venue")
    rest(bench, 30)
    assert (executor.status, bench.live()) == (RUNNING, [])
    bench.quote(190)
    rest(bench, 1)
    (again,) = bench.live()
    assert (again.request.price_ticks, again.lots) == (10_000, 600)
    bench.price(95)
    assert executor.close_type is CloseType.STOP_LOSS
