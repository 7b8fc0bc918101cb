"""The venue changed ticks or lots while an order was on its way: what it reports is booked on the order's own grid (R18)."""

from __future__ import annotations

from dataclasses import replace

from botcore.model.enums import TradeType
from botcore.model.order import Fee, Fill, OrderState
from botcore.venues.line import Reported
from botcore.venues.wire import OrderReport
from tests.support.live_bench import D, LiveBench


def filled(bench: LiveBench, client_order_id: str, price: str, state: OrderState = OrderState.FILLED) -> OrderReport:
    """The venue counts in finer ticks and in finer lots than the order does."""
    fine = replace(bench.instrument, tick_size=D("0.0001"), lot_size=bench.instrument.lot_size / 10, version=2)
    lots = fine.lots(D(1))
    fill = Fill(
        fine, "t7", client_order_id, TradeType.BUY, fine.floor_ticks(D(price)), lots, Fee(D("0.04"), "USDT", D("0.04")), bench.clock.now_ns, True
    )
    return OrderReport(client_order_id, "v1", fine.market.trading_pair, state, lots, lots, bench.clock.now_ns, fills=(fill,), instrument=fine)


def test_r18_finer_lots_are_counted_in_the_orders_own() -> None:
    bench = LiveBench()
    order = bench.submit()
    bench.run(1)
    bench.connector.inbox.append(Reported(filled(bench, order.client_order_id, "99.00")))
    bench.run(1)
    assert (order.state, order.filled_lots, order.average_price) == (OrderState.FILLED, 1000, D(99))
    assert len(bench.connector.endings) == 0, "nothing seems to be missing"


def test_r18_a_price_between_ticks_keeps_the_money_exact() -> None:
    bench = LiveBench()
    order = bench.submit()
    bench.run(1)
    bench.connector.inbox.append(Reported(filled(bench, order.client_order_id, "98.9937")))
    bench.run(1)
    (fill, _), *_ = bench.records.fills
    assert order.average_price == D("99.00"), "the next tick against us"
    assert fill.notional + fill.fee.amount == D("98.9937") + D("0.04")
