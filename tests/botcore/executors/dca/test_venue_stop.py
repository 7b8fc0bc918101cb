"""The stop of a ladder at the venue: over exactly what is held after every fill, at the stop loss of what is held then."""

from __future__ import annotations

from typing import Any

from botcore.executors.dca.config import DCAExecutorConfig, DCAMode
from botcore.model.enums import CloseType, TradeType
from botcore.model.order import Purpose
from tests.support.bench import D
from tests.support.live_bench import LiveBench


def started(**changes: Any) -> tuple[LiveBench, Any]:
    """Two levels, 0.2 @ 99 and 0.4 @ 98, in a market at 100."""
    bench = LiveBench(stops=True)
    bench.venue.partial = 0
    values: dict[str, Any] = {
        "trading_pair": bench.instrument.market.trading_pair,
        "connector_name": bench.name,
        "side": TradeType.BUY,
        "amounts_quote": [D("19.8"), D("39.2")],
        "prices": [D(99), D(98)],
        "stop_loss": D("0.02"),
    }
    executor = bench.orchestrator.create(DCAExecutorConfig(**(values | changes)), "main")
    bench.send()
    bench.run(1)
    return bench, executor


def fill(bench: LiveBench, level: int, lots: int) -> None:
    order = bench.venue.orders[level]
    bench.venue.trade(order, order.request.price_ticks, lots)


def standing(bench: LiveBench) -> list[tuple[int, int | None]]:
    """(lots, trigger) of the stops that stand at the venue."""
    return [(order.lots - order.filled, order.request.price_ticks) for order in bench.venue.open_orders() if order.request.purpose is Purpose.STOP]


def test_stop_follows_every_fill_in_size_and_price() -> None:
    bench, _ = started()
    assert standing(bench) == []
    fill(bench, 0, 100)
    bench.run(2)
    # 99 * 0.98 = 97.02
    assert standing(bench) == [(100, 9_702)]
    fill(bench, 0, 100)
    bench.run(3)
    assert standing(bench) == [(200, 9_702)]
    fill(bench, 1, 400)
    bench.run(3)
    # 0.2 @ 99 and 0.4 @ 98: the average is 98.3333, 2 % below it 96.3666
    assert standing(bench) == [(600, 9_636)]


def test_venue_stop_that_fires_takes_the_other_levels_off() -> None:
    bench, executor = started()
    fill(bench, 0, 200)
    bench.run(2)
    (stop,) = [order for order in bench.venue.orders if order.request.purpose is Purpose.STOP]
    bench.venue._trade(stop, 9_700, 200)
    bench.run(3)
    assert (executor.is_closed, executor.close_type) == (True, CloseType.STOP_LOSS)
    assert bench.venue.open_orders() == []


def test_stop_of_a_taker_ladder_stands_where_the_whole_ladder_loses_its_part() -> None:
    """59 * 0.02 = 1.18 may be lost: by 0.2 @ 99 at 99 - 5.90."""
    bench, _ = started(mode=DCAMode.TAKER, activation_bounds=[D("0.02"), D("0.02")])
    (order,) = [order for order in bench.venue.orders if order.request.purpose is Purpose.OPEN][:1]
    assert order.request.price_ticks is None
    bench.run(2)
    held, average = bench.orchestrator.running[0].custom_info()["exposure_base"], D(100)
    assert held == D("0.2")
    # filled at 100, fee 0.0004 of 20
    fees = bench.orchestrator.running[0].cum_fees_quote()
    trigger = average - (D("1.18") - fees) / held
    assert standing(bench) == [(200, int(trigger * 100))]


def test_no_stop_at_the_venue_where_the_config_has_none() -> None:
    bench, _ = started(stop_on_venue=False)
    fill(bench, 0, 200)
    bench.run(2)
    assert standing(bench) == []
