"""Whatever prices, partial fills, refusals, cancels and restarts a position executor meets, every lot of it is accounted for."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from botcore.executors.data_types import PositionExecutorConfig, TrailingStop, TripleBarrierConfig
from botcore.model.enums import CloseType, OrderType, RunnableStatus, TradeType
from botcore.model.order import Purpose
from botcore.orders.tracker import Order
from tests.support.any_executor import STEPS, AnyExecutor
from tests.support.any_order import befall
from tests.support.bench import PERP, SPOT, D, instrument
from tests.support.venue_bench import VenueBench

AMOUNT = 1000

barriers = st.builds(
    TripleBarrierConfig,
    stop_loss=st.sampled_from([None, D("0.02"), D("0.05")]),
    take_profit=st.sampled_from([None, D("0.01"), D("0.04")]),
    time_limit=st.sampled_from([None, 20]),
    trailing_stop=st.sampled_from([None, TrailingStop(activation_price=D("0.01"), trailing_delta=D("0.005"))]),
    open_order_type=st.sampled_from([OrderType.LIMIT, OrderType.MARKET, OrderType.LIMIT_MAKER]),
    take_profit_order_type=st.sampled_from([OrderType.MARKET, OrderType.LIMIT, OrderType.LIMIT_MAKER]),
)
configs = st.builds(
    PositionExecutorConfig,
    trading_pair=st.just("ETH-USDT"),
    connector_name=st.sampled_from([PERP, SPOT]),
    side=st.sampled_from([TradeType.BUY, TradeType.SELL]),
    entry_price=st.just(D(100)),
    amount=st.just(D(AMOUNT) / 1000),
    triple_barrier_config=barriers,
    activation_bounds=st.sampled_from([None, [D("0.02"), D("0.02")]]),
)
# what happens next: which thing, on which live order, how much
steps = st.lists(
    st.tuples(
        st.sampled_from(
            ["price", "price", "fill", "fill", "fill", "accept", "reject", "end", "refuse_cancel", "tick", "tick", "stop", "halt", "release"]
        ),
        st.integers(0, 3),
        st.integers(1, AMOUNT),
    ),
    max_size=60,
)


class Watched:
    """One executor under test and the venue's own count of what happened."""

    def __init__(self, config: PositionExecutorConfig, min_amount: str) -> None:
        self.bench = VenueBench(instrument(connector=config.connector_name, min_amount=min_amount))
        self.config = config
        self.executor = self.bench.start(config)

    def apply(self, what: str, which: int, size: int) -> None:
        bench, venue = self.bench, self.bench.venue
        if what == "price":
            bench.price(D(9200 + size % 1600) / 100)
        elif what == "tick":
            bench.tick(which + 0.5)
        elif what == "stop":
            bench.orchestrator.stop(self.executor.id, keep_position=bool(which % 2))
        elif what == "halt":
            bench.gate.halt("of the test")
        elif what == "release":
            bench.gate.release()
        else:
            self._on_order(what, which, size)
        bench.send()
        assert venue.outbox == []

    def _on_order(self, what: str, which: int, size: int) -> None:
        venue = self.bench.venue
        befall(what, which, size, [order for order in venue.tracker.open_orders() if order in venue.requests], lambda order: venue, self._fill)

    def _fill(self, order: Any, lots: int) -> None:
        price = self.bench.instrument.price(self.bench.state.book.best_bid)
        self.bench.venue.trade(order, D(lots) / 1000, price, fee="0.01")

    # ---- the venue's own count
    def lots(self, side: TradeType) -> int:
        return sum(fill.lots for fill, _ in self.bench.records.fills if fill.trade_type is side)

    def check(self) -> None:
        own, against = self.config.side, self.config.side.opposite
        opened, closed = self.lots(own), self.lots(against)
        live = self.bench.live()
        opening = sum(order.remaining_lots for order in live if order.request.purpose is Purpose.OPEN)
        reducing = sum(order.remaining_lots for order in live if order.request.purpose is not Purpose.OPEN)
        assert opened + opening <= AMOUNT, "never opens more than its amount"
        assert closed + reducing <= opened, "never closes more than it holds"
        assert sum(order.request.purpose is Purpose.OPEN for order in live) <= 1
        exposure = own.sign * D(opened - closed) / 1000
        executor = self.executor
        if executor.is_closed:
            assert live == [], "it ends only when no order of its own is live"
            held = sum((hold.amount for hold in self.bench.orchestrator.positions()), Decimal(0))
            assert held == exposure, "flat, or every lot is in a hold"
            if exposure == 0:
                assert self._pnl() == executor.info.net_pnl_quote
        else:
            assert executor.custom_info()["exposure_base"] == exposure
            assert self.bench.orchestrator.positions() == []

    def _pnl(self) -> Decimal:
        """Cash in minus cash out minus fees, from the venue's fills."""
        return sum((-fill.trade_type.sign * fill.notional - fill.fee.amount for fill, _ in self.bench.records.fills), Decimal(0))

    def wind_up(self) -> None:
        """From here on the venue behaves: cancels are confirmed, market orders fill."""
        bench, venue = self.bench, self.bench.venue
        bench.gate.release()
        bench.orchestrator.stop(self.executor.id)
        for _ in range(200):
            if self.executor.is_closed:
                return
            bench.send()
            for order in bench.live():
                if order.request.order_type is OrderType.MARKET:
                    self._fill(order, order.remaining_lots)
                elif order.cancel_asked:
                    venue.end(order)
            bench.tick()
            self.check()
        raise AssertionError(f"{self.executor!r} does not end")


@settings(max_examples=250, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(config=configs, min_amount=st.sampled_from(["0", "0.05"]), happenings=steps)
def test_exposure_is_accounted_for_to_the_lot(config: PositionExecutorConfig, min_amount: str, happenings: list[tuple[str, int, int]]) -> None:
    watched = Watched(config, min_amount)
    watched.check()
    moves = [watched.executor.status]
    for happening in happenings:
        watched.apply(*happening)
        watched.check()
        moves.append(watched.executor.status)
    watched.wind_up()
    watched.check()
    assert moves == sorted(moves), "its life only goes forward"
    assert watched.executor.status is RunnableStatus.TERMINATED
    assert watched.executor.close_type in set(CloseType)
    assert watched.bench.records.faults == []


class AnyPosition(AnyExecutor):
    """The same among restarts, late fills and people who take orders off."""

    def check_live(self, opening: list[Order], opened: int) -> None:
        assert len(opening) <= 1
        assert opened + sum(order.remaining_lots for order in opening) <= AMOUNT + self.late_lots, "never opens more than its amount"


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(config=configs, min_amount=st.sampled_from(["0", "0.05"]), happenings=STEPS)
def test_ps_4_position_is_accounted_for_to_the_lot_over_restarts(
    config: PositionExecutorConfig, min_amount: str, happenings: list[tuple[str, int, int]]
) -> None:
    position = AnyPosition(config, min_amount)
    position.check()
    for happening in happenings:
        position.apply(*happening)
        position.check()
    position.wind_up()


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    side=st.sampled_from([TradeType.BUY, TradeType.SELL]),
    prices=st.lists(st.integers(9000, 11500), min_size=2, max_size=60),
    refill=st.integers(0, 59),
    distance=st.sampled_from([("0.01", "0.02"), ("0.02", "0.005"), ("0.015", "0.00333")]),
)
def test_trailing_stop_never_loosens_and_closes_exactly_below_its_trigger(
    side: TradeType, prices: list[int], refill: int, distance: tuple[str, str]
) -> None:
    """Held against a plain reading of the rule in Decimal: arm at pct > activation, close at pct < best - delta."""
    activation, delta = D(distance[0]), D(distance[1])
    bench = VenueBench()
    executor = bench.start(
        PositionExecutorConfig(
            trading_pair="ETH-USDT",
            connector_name=PERP,
            side=side,
            entry_price=D(100),
            amount=D(1),
            triple_barrier_config=TripleBarrierConfig(trailing_stop=TrailingStop(activation_price=activation, trailing_delta=delta)),
        )
    )
    (entry,) = bench.orders
    bench.venue.trade(entry, "0.5", price=100)
    average, trigger = D(100), None
    for number, price in enumerate(prices):
        if number == refill and entry.is_open:
            # the other half fills right where the market stands: from here on the line is another
            bench.venue.trade(entry, price=bench.instrument.price(bench.state.book.best_bid))
            average = executor.custom_info()["current_position_average_price"]
        bench.price(D(price) / 100)
        pct = side.sign * (D(price) / 100 - average) / average
        if trigger is not None and pct < trigger:
            assert executor.close_type is CloseType.TRAILING_STOP, f"pct {pct} is below the trigger {trigger}"
            return
        if trigger is not None or pct > activation:
            trigger = pct - delta if trigger is None else max(trigger, pct - delta)
        assert executor.close_type is None, f"pct {pct}, trigger {trigger}"
        shown = executor.custom_info()["trailing_stop_trigger_pct"]
        assert (shown is None) == (trigger is None)
        assert trigger is None or abs(shown - trigger) < D("1e-12")
