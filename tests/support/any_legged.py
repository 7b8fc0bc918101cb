"""One executor of two legs among random prices, fills, refusals, cancels, late fills and crashes at two venues, with the venues' own count of what happened.

`AnyLegged` is to executors of several markets what `AnyExecutor` is to those of one.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from botcore.model.enums import OrderType, RunnableStatus
from botcore.model.order import Purpose
from botcore.model.records import BotRecords
from botcore.orders.tracker import Order
from botcore.strategies.recovery import restore_bot
from botcore.strategies.strategy_v2 import StrategyV2Base
from tests.support.any_executor import plain_info, plain_record
from tests.support.any_order import befall, fill_late
from tests.support.bench import D
from tests.support.two_venues import HERE, THERE, TwoVenues

NAMES = (HERE, THERE)


def restarted(before: TwoVenues, fee: str = "0.001", records: BotRecords | None = None, **rule: Any) -> TwoVenues:
    """A new process: nothing of the old one but its records (those in memory, unless others are given) and the time and prices of the world."""
    books = [before.states[of.market].book for of in before.instruments]
    prices = [(of.price(book.best_bid), of.price(book.best_ask)) for of, book in zip(before.instruments, books, strict=True)]
    after = TwoVenues(*prices, fee=fee, **rule)
    after.clock.tick(before.clock.now_ns)
    after.prices(*prices)
    after.ids.serial = before.ids.serial
    for name, venue in after.venues.items():
        old = before.venues[name]
        venue._trades, venue._exchange_ids, venue.mode, venue.pays = old._trades, old._exchange_ids, old.mode, old.pays
    bot = StrategyV2Base("bot", [], after.orchestrator, after.market_data, after.clock, after.bus)
    restore_bot(bot, records or before.records.bot_records(), after.venues, after.market_data)
    after.records.carry_over(before.records, [venue.tracker for venue in after.venues.values()])
    for name, venue in after.venues.items():
        known = [venue.tracker.get(order.client_order_id) for order in before.venues[name].requests]
        venue.requests = [order for order in known if order is not None]
        venue.cancels = [order for order in venue.requests if order.cancel_asked]
    return after


class AnyLegged:
    """One executor under test.

    Attributes
    ----------
    late_lots : int
        Filled by orders that had ended: what nobody could have counted on.
    """

    def __init__(self, config: Any, min_amount: str = "0") -> None:
        self.rule = {"min_amount": min_amount}
        self.bench = TwoVenues(100, 104, fee="0.001", **self.rule)
        self.executor: Any = self.bench.start(config)
        self.late_lots = 0
        self.statuses = [self.executor.status]

    # ---- what happens ----------------------------------------------------------------------------------------------
    def apply(self, what: str, which: int, size: int) -> None:
        bench = self.bench
        if what == "price":
            price = D(9200 + size * 8 % 1600) / 100
            bench.quote(price, of=(bench.here, bench.there)[which % 2])
            bench.tick()
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
        self.statuses.append(self.executor.status)

    def _restart(self) -> None:
        if self.executor.is_closed:
            return
        before = self.executor
        record, info = plain_record(before), plain_info(before)
        self.bench = restarted(self.bench, **self.rule)
        (self.executor,) = self.bench.orchestrator.running
        assert plain_record(self.executor) == record, "it is what it was"
        assert str(plain_info(self.executor)) == str(info)

    def _requests(self) -> list[Order]:
        return [order for name in NAMES for order in self.bench.at(name)]

    def _late(self, which: int, size: int) -> None:
        """A venue tells of an execution of an order that it had said is canceled."""
        self.late_lots += fill_late(which, size, self._requests(), self.fill)

    def _on_order(self, what: str, which: int, size: int) -> None:
        live = [order for order in self._requests() if order.is_open]
        befall(what, which, size, live, lambda order: self.bench.venues[order.instrument.market.connector_name], self.fill)

    def fill(self, order: Order, lots: int) -> None:
        of = order.instrument
        price = of.price(self.bench.states[of.market].book.best_bid)
        self.bench.venues[of.market.connector_name].trade(order, D(lots) / 1000, price, fee="0.01")

    # ---- the venues' own count ---------------------------------------------------------------------------------------
    def traded(self, name: str) -> Decimal:
        """Signed base that a venue has filled."""
        fills = [fill for fill, _ in self.bench.records.fills if fill.instrument.market.connector_name == name]
        return sum((fill.trade_type.sign * fill.amount for fill in fills), Decimal(0))

    def check(self) -> None:
        live = [order for name in NAMES for order in self.bench.live_at(name)]
        executor = self.executor
        for name in NAMES:
            exposure = self.traded(name)
            if executor.is_closed:
                held = sum((hold.amount for hold in self.bench.orchestrator.positions() if hold.connector_name == name), Decimal(0))
                assert held == exposure, "flat, or every lot is in a hold"
            else:
                (base,) = [each.base for each in executor.exposures() if each.market.connector_name == name]
                assert base == exposure
                assert self.bench.orchestrator.positions() == []
        if executor.is_closed:
            assert live == [], "it ends only when no order of its own is live"
            left = any(self.traded(name) for name in NAMES)
            # fills that came after the end are held beside it
            assert executor.close_type is not None and (self.late_lots or not left or executor.close_type.name != "FAILED")
            if not left and not self.late_lots:
                assert self.pnl() == executor.info.net_pnl_quote
        self.check_live([order for order in live if order.request.purpose is Purpose.OPEN])

    def check_live(self, opening: list[Order]) -> None:
        """What its entries may never be."""

    def pnl(self) -> Decimal:
        """Cash in minus cash out minus fees, from the venues' fills."""
        return sum((-fill.trade_type.sign * fill.notional - fill.fee.amount for fill, _ in self.bench.records.fills), Decimal(0))

    # ---- the end -----------------------------------------------------------------------------------------------------
    def wind_up(self) -> None:
        """From here on the venues behave: cancels are confirmed, market orders fill."""
        self.bench.gate.release()
        self.bench.orchestrator.stop(self.executor.id)
        for _ in range(200):
            if self.executor.is_closed:
                break
            self.bench.send()
            for order in [order for name in NAMES for order in self.bench.live_at(name)]:
                if order.request.order_type is OrderType.MARKET:
                    self.fill(order, order.remaining_lots)
                elif order.cancel_asked:
                    self.bench.venues[order.instrument.market.connector_name].end(order)
            self.bench.tick()
            self.check()
        assert self.executor.status is RunnableStatus.TERMINATED, f"{self.executor!r} does not end"
        self.check()
        assert self.statuses == sorted(self.statuses), "its life only goes forward"
        assert self.bench.records.faults == []
