"""One executor of any kind among random prices, fills, refusals, cancels, late fills and crashes, with the venue's own count of what happened.

`STEPS` are what may happen; `AnyExecutor.apply` lets one happen and `check` holds the executor against the count. A kind of executor says in `check_live`
what its live orders may never be.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from botcore.model.enums import OrderType, RunnableStatus, TradeType
from botcore.model.instrument import Instrument
from botcore.model.order import Purpose
from botcore.orders.tracker import Order
from botcore.strategies.recovery import restore_bot
from botcore.strategies.strategy_v2 import StrategyV2Base
from tests.support.any_order import befall, fill_late
from tests.support.bench import D, instrument
from tests.support.venue_bench import VenueBench

WHAT = (
    ["price"] * 3
    + ["fill"] * 4
    + ["accept", "reject", "end", "end", "refuse_cancel", "late", "take_off"]
    + ["tick"] * 3
    + ["restart", "stop", "halt", "release"]
)

# what happens next: which thing, on which live order, how much
STEPS = st.lists(st.tuples(st.sampled_from(WHAT), st.integers(0, 3), st.integers(1, 1000)), min_size=10, max_size=60)


def restarted(before: VenueBench, of: Instrument | None = None) -> VenueBench:
    """A new process: nothing of the old one but its records and the time and price of the world; on a grid of its own when an instrument is given."""
    after = VenueBench(of or before.instrument, price=None, now_ns=before.clock.now_ns)
    after.quote(before.instrument.price(before.state.book.best_bid), before.instrument.price(before.state.book.best_ask))
    after.ids.serial = before.ids.serial
    after.venue._trades, after.venue._exchange_ids = before.venue._trades, before.venue._exchange_ids
    after.venue.mode, after.venue.pays = before.venue.mode, before.venue.pays
    bot = StrategyV2Base("bot", [], after.orchestrator, after.market_data, after.clock, after.bus)
    restore_bot(bot, before.records.bot_records(), after.venues, after.market_data)
    after.records.carry_over(before.records, [venue.tracker for venue in after.venues.values()])
    known = [after.venue.tracker.get(order.client_order_id) for order in before.venue.requests]
    after.venue.requests = [order for order in known if order is not None]
    after.venue.cancels = [order for order in after.venue.requests if order.cancel_asked]
    return after


def again(bench: VenueBench) -> tuple[VenueBench, Any]:
    """A new process and its one executor, which is what it was."""
    (before,) = bench.orchestrator.running
    after = restarted(bench)
    (back,) = after.orchestrator.running
    assert (back.id, back.record(), back.custom_info()) == (before.id, before.record(), before.custom_info())
    return after, back


def plain_record(executor: Any) -> Any:
    """Its record without the cancels that were asked: one that the venue refused is asked again after a restart."""
    record = executor.record()
    return replace(record, state={name: value for name, value in record.state.items() if name != "cancel_asked"})


def plain_info(executor: Any) -> dict[str, Any]:
    """What it shows, without the time of its order's last news, which is not written down."""
    return {name: value for name, value in executor.custom_info().items() if not name.endswith("last_update")}


class AnyExecutor:
    """One executor under test.

    Attributes
    ----------
    late_lots : int
        Filled by orders that had ended: what nobody could have counted on.
    """

    def __init__(self, config: Any, min_amount: str = "0", min_notional: str = "0") -> None:
        self.config = config
        self.bench = VenueBench(instrument(connector=config.connector_name, min_amount=min_amount, min_notional=min_notional))
        self.executor: Any = self.bench.start(config)
        self.late_lots = 0
        self.statuses = [self.executor.status]

    # ---- what happens ----------------------------------------------------------------------------------------------
    def apply(self, what: str, which: int, size: int) -> None:
        bench = self.bench
        if what == "price":
            bench.price(D(9200 + size * 8 % 1600) / 100)
        elif what == "tick":
            bench.tick(which * 2 + 0.5)
        elif what == "stop":
            bench.orchestrator.stop(self.executor.id, keep_position=bool(which % 2))
        elif what == "halt":
            bench.gate.halt("of the test")
        elif what == "release":
            bench.gate.release()
        elif what == "restart":
            self._restart()
        elif what == "late":
            self._late(which, size)
        else:
            self._on_order(what, which, size)
        self.bench.send()
        assert self.bench.venue.outbox == []
        self.statuses.append(self.executor.status)

    def _restart(self) -> None:
        if self.executor.is_closed:
            return
        before = self.executor
        record = plain_record(before)
        self.bench = restarted(self.bench)
        (self.executor,) = self.bench.orchestrator.running
        assert plain_record(self.executor) == record, "it is what it was"
        assert plain_info(self.executor) == plain_info(before)

    def _late(self, which: int, size: int) -> None:
        self.late_lots += fill_late(which, size, self.bench.venue.requests, self.fill)

    def _on_order(self, what: str, which: int, size: int) -> None:
        venue = self.bench.venue
        befall(what, which, size, [order for order in venue.tracker.open_orders() if order in venue.requests], lambda order: venue, self.fill)

    def fill(self, order: Order, lots: int) -> None:
        price = self.bench.instrument.price(self.bench.state.book.best_bid)
        self.bench.venue.trade(order, D(lots) / 1000, price, fee="0.01")

    # ---- the venue's own count ---------------------------------------------------------------------------------------
    def lots(self, side: TradeType) -> int:
        return sum(fill.lots for fill, _ in self.bench.records.fills if fill.trade_type is side)

    def check(self) -> None:
        own, against = self.config.side, self.config.side.opposite
        opened, closed = self.lots(own), self.lots(against)
        live = self.bench.live()
        reducing = sum(order.remaining_lots for order in live if order.request.purpose is not Purpose.OPEN)
        assert closed + reducing <= opened, "never closes more than it holds"
        self.check_live([order for order in live if order.request.purpose is Purpose.OPEN], opened)
        exposure = own.sign * D(opened - closed) / 1000 - self.base_fees()
        executor = self.executor
        if executor.is_closed:
            assert live == [], "it ends only when no order of its own is live"
            held = sum((hold.amount for hold in self.bench.orchestrator.positions()), Decimal(0))
            assert held == exposure, "flat, or every lot is in a hold"
            if exposure == 0 and not self.late_lots and not self.base_fees():
                assert self.pnl() == executor.info.net_pnl_quote
        else:
            assert executor.custom_info()["exposure_base"] == exposure
            assert self.bench.orchestrator.positions() == []

    def check_live(self, opening: list[Order], opened: int) -> None:
        """What its entries may never be."""

    def base_fees(self) -> Decimal:
        """What the venue took in base: it is missing from what is held."""
        base = self.bench.instrument.base
        return sum((fill.fee.amount for fill, _ in self.bench.records.fills if fill.fee.asset == base), D(0))

    def pnl(self) -> Decimal:
        """Cash in minus cash out minus fees, from the venue's fills."""
        return sum((-fill.trade_type.sign * fill.notional - fill.fee.amount for fill, _ in self.bench.records.fills), Decimal(0))

    # ---- the end -----------------------------------------------------------------------------------------------------
    def wind_up(self) -> None:
        """From here on the venue behaves: cancels are confirmed, market orders fill."""
        self.bench.gate.release()
        self.bench.orchestrator.stop(self.executor.id)
        for _ in range(200):
            if self.executor.is_closed:
                break
            self.bench.send()
            for order in self.bench.live():
                if order.request.order_type is OrderType.MARKET:
                    self.fill(order, order.remaining_lots)
                elif order.cancel_asked:
                    self.bench.venue.end(order)
            self.bench.tick()
            self.check()
        assert self.executor.status is RunnableStatus.TERMINATED, f"{self.executor!r} does not end"
        self.check()
        assert self.statuses == sorted(self.statuses), "its life only goes forward"
        assert self.bench.records.faults == []
