"""Whatever prices, partial fills, refusals, cancels and restarts a grid meets, every lot of it is accounted for."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from botcore.executors.data_types import TrailingStop, TripleBarrierConfig
from botcore.executors.grid.config import GridExecutorConfig
from botcore.model.enums import OrderType, TradeType
from botcore.model.order import OrderState, Purpose
from botcore.strategies.recovery import restore_bot
from botcore.strategies.strategy_v2 import StrategyV2Base
from tests.support.bench import PERP, SPOT, D, VenueBench, instrument

LEVEL_LOTS = 120
"""A level's amount is at most this many lots whatever the mid: 10 USDT at 90 or more."""


def grid(side: TradeType, connector: str, barriers: TripleBarrierConfig, max_open: int, bounds: Decimal | None, keep: bool) -> GridExecutorConfig:
    return GridExecutorConfig(
        connector_name=connector,
        trading_pair="ETH-USDT",
        side=side,
        start_price=D(96),
        end_price=D(104),
        limit_price=D(90) if side is TradeType.BUY else D(110),
        total_amount_quote=D(50),
        min_spread_between_orders=D("0.01"),
        min_order_amount_quote=D(9),
        max_open_orders=max_open,
        activation_bounds=bounds,
        triple_barrier_config=barriers,
        keep_position=keep,
    )


barriers = st.builds(
    TripleBarrierConfig,
    stop_loss=st.sampled_from([None, D("0.02"), D("0.05")]),
    take_profit=st.sampled_from([D("0.005"), D("0.02")]),
    time_limit=st.sampled_from([None, 30]),
    trailing_stop=st.sampled_from([None, TrailingStop(activation_price=D("0.01"), trailing_delta=D("0.005"))]),
    open_order_type=st.sampled_from([OrderType.LIMIT, OrderType.MARKET, OrderType.LIMIT_MAKER]),
    take_profit_order_type=st.sampled_from([OrderType.MARKET, OrderType.LIMIT, OrderType.LIMIT_MAKER]),
)
configs = st.builds(
    grid,
    st.sampled_from([TradeType.BUY, TradeType.SELL]),
    st.sampled_from([PERP, SPOT]),
    barriers,
    st.integers(1, 5),
    st.sampled_from([None, D("0.03")]),
    st.booleans(),
)
steps = st.lists(
    st.tuples(
        st.sampled_from(["price", "price", "fill", "fill", "fill", "accept", "reject", "end", "late", "tick", "tick", "stop", "restart"]),
        st.integers(0, 5),
        st.integers(1, LEVEL_LOTS),
    ),
    max_size=60,
)


class Watched:
    """One grid under test and the venue's own count of what happened."""

    def __init__(self, config: GridExecutorConfig, fee_asset: str) -> None:
        self.bench = VenueBench(instrument(connector=config.connector_name, min_notional="1"))
        self.config = config
        self.executor = self.bench.start(config)
        self._fee_asset = fee_asset
        self._ended: list[Any] = []
        self.late = 0

    def apply(self, what: str, which: int, size: int) -> None:
        bench = self.bench
        if what == "price":
            bench.price(D(9300 + size * 12) / 100)
        elif what == "tick":
            bench.tick(which + 0.5)
        elif what == "stop":
            if which == 0:
                bench.orchestrator.stop(self.executor.id, keep_position=bool(size % 2))
        elif what == "restart":
            self._restart()
        elif what == "late":
            self._late_fill(which, size)
        else:
            self._on_order(what, which, size)
        bench.send()

    def _restart(self) -> None:
        """A new process: nothing of the old one but its records, and the time and price of the world."""
        old, before = self.bench, self.executor
        if before.is_closed:
            return
        info = before.custom_info()
        new = VenueBench(old.instrument, price=None, now_ns=old.clock.now_ns)
        new.quote(*(old.instrument.price(ticks) for ticks in (old.state.book.best_bid, old.state.book.best_ask)))
        new.ids.serial = old.ids.serial
        new.venue._trades, new.venue._exchange_ids = old.venue._trades, old.venue._exchange_ids
        bot = StrategyV2Base("bot", [], new.orchestrator, new.market_data, new.clock, new.bus)
        restore_bot(bot, old.records.bot_records(), new.venues, new.market_data)
        new.records.carry_over(old.records, [new.venue.tracker])
        new.venue.requests = [order for order in new.records.submitted if order.is_open]
        self._ended.clear()
        (self.executor,) = new.orchestrator.running
        self.bench = new
        assert self.executor.custom_info() == info

    def _late_fill(self, which: int, size: int) -> None:
        """A trade of an order that the venue had ended."""
        if self._ended and not self.executor.is_closed:
            order = self._ended[which % len(self._ended)]
            if order.request.purpose is Purpose.OPEN and order.filled_lots < order.lots:
                lots = min(size, order.lots - order.filled_lots)
                self.late += lots
                self._fill(order, lots)

    def _on_order(self, what: str, which: int, size: int) -> None:
        venue = self.bench.venue
        live = [order for order in venue.tracker.open_orders() if order in venue.requests]
        if not live:
            return
        order = live[which % len(live)]
        if what == "fill":
            self._fill(order, min(size, order.remaining_lots))
        elif what == "accept":
            venue.accept(order)
        elif what == "reject" and order.state is OrderState.PENDING_CREATE:
            venue.reject(order)
        elif what == "end" and order.state is not OrderState.PENDING_CREATE:
            self._ended.append(order)
            venue.end(order, OrderState.CANCELED if order.cancel_asked or which % 2 else OrderState.EXPIRED, "of the test")

    def _fill(self, order: Any, lots: int) -> None:
        price = self.bench.instrument.price(self.bench.state.book.best_bid)
        fee = D(lots) / 1000 / 1000 if self._fee_asset == "ETH" else D("0.01")
        self.bench.venue.trade(order, D(lots) / 1000, price, fee=fee, asset=self._fee_asset, rate=price if self._fee_asset == "ETH" else 1)

    # ---- the venue's own count
    def lots(self, side: TradeType) -> int:
        return sum(fill.lots for fill, _ in self.bench.records.fills if fill.trade_type is side)

    def check(self) -> None:
        own, against = self.config.side, self.config.side.opposite
        opened, closed = self.lots(own), self.lots(against)
        live = self.bench.live()
        opening = [order for order in live if order.request.purpose is Purpose.OPEN]
        reducing = sum(order.remaining_lots for order in live if order.request.purpose is not Purpose.OPEN)
        executor = self.executor
        assert len(opening) <= self.config.max_open_orders
        assert closed + reducing <= opened, "never closes more than it holds"
        fees = sum((fill.fee.amount for fill, _ in self.bench.records.fills if fill.fee.asset == "ETH"), D(0))
        exposure = own.sign * D(opened - closed) / 1000 - fees
        if executor.is_closed:
            assert live == [], "it ends only when no order of its own is live"
            held = sum((hold.amount for hold in self.bench.orchestrator.positions()), Decimal(0))
            assert held == exposure, "flat, or every lot is in a hold"
            return
        info = executor.custom_info()
        assert info["exposure_base"] == exposure
        if executor.status.name == "RUNNING":
            budget = len(executor.levels) * LEVEL_LOTS + self.late
            assert opened - closed + sum(order.remaining_lots for order in opening) <= budget, "never more than its budget"
            assert sum(level.base for level in executor.levels) == abs(exposure) or fees, "levels hold what the grid holds"
        assert self.bench.orchestrator.positions() == []
        for level in executor.levels:
            assert (level.open_order is not None) == (level.state.name == "OPEN_ORDER_PLACED")
            assert (level.close_order is not None) == (level.state.name == "CLOSE_ORDER_PLACED")

    def wind_up(self) -> None:
        """From here on the venue behaves: cancels are confirmed, market orders fill."""
        bench, venue = self.bench, self.bench.venue
        bench.orchestrator.stop(self.executor.id)
        for _ in range(300):
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
        raise AssertionError(f"it never ends: {self.executor!r} {self.bench.live()}")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(configs, st.sampled_from(["USDT", "ETH"]), steps)
def test_every_lot_of_a_grid_is_accounted_for(config: GridExecutorConfig, fee_asset: str, happenings: list[tuple[str, int, int]]) -> None:
    watched = Watched(config, fee_asset if config.connector_name == SPOT else "USDT")
    watched.check()
    for happening in happenings:
        watched.apply(*happening)
        watched.check()
    watched.wind_up()
    watched.check()
