"""Sums over open executors: the same as asking each, at a cost of what has changed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from botcore.executors.data_types import OrderExecutorConfig, PositionExecutorConfig, TripleBarrierConfig
from botcore.executors.position import PositionExecutor
from botcore.model.enums import TradeType
from botcore.model.instrument import quote_of
from botcore.orchestrator.drawdown import Drawdown
from botcore.orchestrator.standing import OpenSums
from tests.support.bench import PERP, SPOT, D, instrument
from tests.support.venue_bench import VenueBench

BUY, SELL = TradeType.BUY, TradeType.SELL
BTC = instrument("BTC-USDT", PERP)
ETH = instrument("ETH-USDT", SPOT)
EUR = instrument("ETH-EUR", PERP)


def open_one(bench: VenueBench, pair: str, connector: str, side: TradeType) -> Any:
    config = PositionExecutorConfig(
        trading_pair=pair,
        connector_name=connector,
        side=side,
        entry_price=D(100),
        amount=D(4),
        triple_barrier_config=TripleBarrierConfig(stop_loss=D("0.9")),
    )
    return bench.start(config)


def sums_of(infos: list[Any]) -> dict[str, OpenSums]:
    """The same from executors' windows, asked one by one."""
    found: dict[str, OpenSums] = {}
    for info in infos:
        if not info.filled_amount_quote:
            continue
        asset = quote_of(info.trading_pair)
        before = found.get(asset, OpenSums())
        pnl = None if before.pnl is None or info.net_pnl_quote.is_nan() else before.pnl + info.net_pnl_quote
        unpriced = before.unpriced or bool(info.custom_info.get("unpriced_fees"))
        found[asset] = OpenSums(before.volume + info.filled_amount_quote, before.fees + info.cum_fees_quote, pnl, unpriced)
    return found


def agree(bench: VenueBench) -> None:
    """The quick sums are those of every executor asked by itself."""
    shelf = bench.orchestrator.shelf("main")
    quick = shelf.standing.sums(bench.orchestrator.results.closing_price)
    assert quick == sums_of(shelf.active())
    assert bench.orchestrator.results.pnl("main") == bench.orchestrator.report("main").global_pnl_quote


steps = st.lists(
    st.tuples(st.sampled_from(["open", "fill", "stop", "quote", "cancel", "blind"]), st.integers(0, 30), st.integers(1, 400)), min_size=5, max_size=40
)


@settings(deadline=None, max_examples=60)
@given(steps)
def test_sums_are_those_of_every_executor_whatever_happens(happenings: list[tuple[str, int, int]]) -> None:
    bench = VenueBench(BTC, ETH, EUR)
    for what, which, size in happenings:
        live = [order for venue in bench.venues.values() for order in venue.tracker.open_orders()]
        running = bench.orchestrator.running
        if what == "open":
            pair, connector = (("ETH-USDT", SPOT), ("BTC-USDT", PERP), ("ETH-EUR", PERP))[which % 3]
            open_one(bench, pair, connector, BUY if which % 2 or connector == SPOT else SELL)
        elif what in ("fill", "cancel") and live:
            order = live[which % len(live)]
            venue = bench.venues[order.instrument.market.connector_name]
            if what == "fill":
                amount = order.instrument.amount(min(order.remaining_lots, size * 10))
                fee_in_base = which % 5 == 0 and order.request.trade_type is BUY
                venue.trade(
                    order,
                    amount=amount,
                    price=D(80) + size % 40,
                    fee=D(size) / 1000 if not fee_in_base else amount / 1000,
                    asset=order.instrument.base if fee_in_base else None,
                    rate=None if which % 7 == 0 and not fee_in_base else D(1),
                )
            else:
                venue.end(order)
        elif what == "stop" and running:
            bench.orchestrator.stop(running[which % len(running)].id, keep_position=bool(size % 2))
        elif what == "quote":
            bench.quote(D(80) + size % 40, of=(BTC, ETH, EUR)[which % 3])
        elif what == "blind":
            bench.states[(BTC, ETH, EUR)[which % 3].market].book.clear()
        bench.send()
        agree(bench)


def test_only_what_changed_is_asked() -> None:
    asked: list[str] = []

    class Counting(PositionExecutor):
        def pnl_lines(self) -> Any:
            asked.append(self.id)
            return super().pnl_lines()

    bench = VenueBench(factories={"position_executor": Counting})
    executors = [open_one(bench, "ETH-USDT", PERP, BUY) for _ in range(20)]
    for order in list(bench.orders):
        bench.venue.trade(order, price=100)
    bench.orchestrator.drawdowns.observe()
    assert len(asked) == 20
    asked.clear()
    bench.quote(101)
    bench.orchestrator.drawdowns.observe()
    assert asked == [] and bench.orchestrator.results.pnl("main") == 80
    bench.orchestrator.stop(executors[3].id)
    bench.send()
    bench.venue.trade(bench.orders[-1], amount=1, price=101)
    bench.orchestrator.drawdowns.observe()
    assert set(asked) == {executors[3].id}
    assert bench.orchestrator.results.pnl("main") == 80


def test_order_executors_own_pnl_stays_zero_while_it_works() -> None:
    bench = VenueBench()
    bench.start(OrderExecutorConfig(trading_pair="ETH-USDT", connector_name=PERP, side=BUY, amount=D(4)))
    bench.venue.trade(bench.orders[0], amount=1, price=100, fee="0.1")
    report = bench.orchestrator.report("main")
    assert (report.unrealized_pnl_quote, report.volume_traded, report.fees_quote) == (0, 100, D("0.1"))


def test_ph_12_terms_of_the_report_at_the_price_of_each_side() -> None:
    """Long 4 @ 100 is valued at the bid, short 4 @ 100 at the ask."""
    bench = VenueBench()
    for side in (BUY, SELL):
        open_one(bench, "ETH-USDT", PERP, side)
        bench.venue.trade(bench.orders[-1], price=100)
    bench.quote(98, 101)
    assert bench.orchestrator.report("main").unrealized_pnl_quote == 4 * (98 - 100) + 4 * (100 - 101)


# ---- drawdown ------------------------------------------------------------------------------------------------------
@given(st.lists(st.one_of(st.none(), st.integers(-100, 100)), max_size=30))
def test_drawdown_is_the_largest_drop_from_a_peak_and_the_unknown_is_skipped(curve: list[int | None]) -> None:
    watch = Drawdown()
    for value in curve:
        watch.see(None if value is None else Decimal(value))
    known = [0, *(value for value in curve if value is not None)]
    drops = [max(known[: index + 1]) - value for index, value in enumerate(known)]
    assert (watch.worst, watch.drop, watch.peak) == (max(drops), drops[-1], max(known))


def test_drawdown_does_not_look_at_nan() -> None:
    watch = Drawdown()
    watch.see(Decimal("NaN"))
    assert (watch.peak, watch.drop) == (0, 0)
