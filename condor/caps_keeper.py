"""Keeps the caps of the accounts of a host, live or paper: brings back what was written down, hears of orders and executions, and writes down days and latches."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from decimal import Decimal
from functools import partial
from typing import Any, Protocol

from botcore.markets.depth import depth_within
from botcore.model.enums import PriceType
from botcore.model.events import Fact, FactKind, FundingBooked, OrderClosed, OrderFilled, OrderSubmitted
from botcore.model.instrument import Market, quote_of
from botcore.model.times import DAY_NS
from botcore.recorder.day_records import day_fills, day_funding, day_orders
from botcore.recorder.journal import Journal
from botcore.risk.cap_gate import AccountSides, Caps
from botcore.risk.cap_ledger import DayLedger, Working
from botcore.risk.caps import DEPTH_WITHIN, AccountCaps
from condor.hosts import ACCOUNT_OF, LIVE, Host
from condor.store import Connection
from condor.store.caps import CapDayRow, cap_days, caps_of, put_cap_day

log = logging.getLogger(__name__)


class CappedHost(Host, Protocol):
    """A host as the caps see it."""

    def account_names(self) -> list[str]: ...

    def title(self, name: str) -> str: ...

    def leverage(self, name: str, trading_pair: str) -> int | None:
        """None while nobody knows."""


class CapsKeeper:
    """See the module. `open` before bots come back: what their orders do from then on is heard.

    Parameters
    ----------
    mode : str
        LIVE or PAPER: that of the host's bots.
    """

    def __init__(self, host: CappedHost, journal: Journal, mode: str = LIVE) -> None:
        self._host = host
        self._journal = journal
        self.mode = mode
        self._account = ACCOUNT_OF[mode]
        self.caps = Caps(host.runtime.market_data.rates.rate)
        self._ledgers: dict[str, DayLedger] = {}

    def open(self) -> None:
        """Take up what earlier processes have left, and stand at the gate."""
        self.look()
        self.caps.on_day = self._write_day
        self.caps.on_latch = self._tell_latch
        # a paper account is opened with its first market, whenever that is
        self.caps.on_unknown = lambda name: self.look()
        bus = self._host.bus
        bus.subscribe(OrderSubmitted, self._on_submitted)
        bus.subscribe(OrderFilled, self._on_filled)
        bus.subscribe(OrderClosed, self._on_closed)
        bus.subscribe(FundingBooked, self._on_funding)
        self._host.runtime.gate.caps = self.caps
        self._host.clock.add(self.caps, before=self._host.runtime.dispatch)

    def look(self) -> None:
        """Watch the accounts that have come since the last look, with what was written down of them."""
        new = [name for name in self._host.account_names() if name not in self._ledgers]
        if not new:
            return
        allowed = self._journal.read(lambda connection: caps_of(connection, self.mode)).result()
        days = self._journal.read(lambda connection: cap_days(connection, self.mode)).result()
        for name in new:
            ledger = self._journal.read(partial(self._restored, name, days.get(name))).result()
            self._ledgers[name] = self.caps.watch(name, self._sides(name), ledger)
            if name in allowed:
                self.caps.set(name, AccountCaps.model_validate(allowed[name]))

    def forget(self, name: str) -> None:
        """This account is closed; should it come back, its day is read back from the records."""
        self._ledgers.pop(name, None)
        self.caps.forget(name)

    def set(self, name: str, caps: AccountCaps) -> None:
        """These caps from now on. An account that was closed meanwhile takes up what is written down when it comes back."""
        if name in self._ledgers:
            self.caps.set(name, caps)

    def released_day(self, name: str) -> CapDayRow:
        """The day of an account as a release leaves it."""
        day, begun_with = self.caps.fresh_day(name, self.now_ns)
        return CapDayRow(day, begun_with, "")

    def release(self, name: str) -> None:
        """Take entries again, if the account was not closed meanwhile."""
        if name in self._ledgers:
            self.caps.release(name, self.now_ns)

    def emptied(self) -> None:
        """The accounts have their opening balances again: what was lost before does not count any more."""
        for name in self._ledgers:
            self.caps.begin_anew(name, self._host.clock.now_ns, is_emptied=True)

    @property
    def now_ns(self) -> int:
        """Time of the host: the day of its accounts is a day of it."""
        return self._host.clock.now_ns

    def title(self, name: str) -> str:
        return self._host.title(name)

    def _restored(self, name: str, row: CapDayRow | None, connection: Connection) -> DayLedger:
        """The day of an account as the records know it."""
        day = self._host.clock.now_ns // DAY_NS
        since_ns = day * DAY_NS
        ledger = DayLedger(day=day, since_ns=since_ns)
        if row is not None:
            ledger.latched = row.latched
            if row.day == day:
                ledger.based_on(day, row.begun_with)
        for order in day_orders(connection, self._account, name, since_ns):
            if order.price is None:
                # at market, and nothing of it is known to have traded: its executions count when they come
                continue
            quote, price = quote_of(order.trading_pair), order.price
            if order.is_open:
                counted = order.amount if order.is_of_today else order.amount - order.filled
                ledger.restored(order.client_order_id, Working(quote, counted * price, counted, order.filled if order.is_of_today else Decimal(0)))
            else:
                ledger.spent(quote, order.filled * price)
        for fill in day_fills(connection, self._account, name, min(since_ns, ledger.since_ns)):
            # what its order has filled is known from the order already
            ledger.traded(fill.trading_pair, fill.trade_id, "", fill.amount, fill.base, fill.quote, fill.ts_ns)
        for pair, amount, ts_ns in day_funding(connection, self._account, name, ledger.since_ns):
            ledger.moved(pair, Decimal(0), amount, ts_ns)
        return ledger

    def _sides(self, name: str) -> AccountSides:
        connectors = self._host.runtime.connectors

        def held() -> Iterable[tuple[str, Decimal]]:
            # nothing is known to be held while a venue has never answered
            for book in connectors[name].own.books() if name in connectors else ():
                yield book.instrument.market.trading_pair, book.instrument.amount(book.net)

        def price(pair: str) -> Decimal | None:
            state = self._host.runtime.markets.get(Market(name, pair))
            found = None if state is None else state.price(PriceType.MidPrice)
            return None if found is None or found.is_nan() else found

        def depth(pair: str) -> Decimal | None:
            state = self._host.runtime.markets.get(Market(name, pair))
            return None if state is None else depth_within(state, DEPTH_WITHIN)

        return AccountSides(held, price, lambda pair: self._host.leverage(name, pair), depth)

    # ---- what happens ----------------------------------------------------------------------------------------------
    def _ledger(self, connector_name: str) -> DayLedger | None:
        return self._ledgers.get(connector_name)

    def _on_submitted(self, event: OrderSubmitted) -> None:
        ledger = self._ledger(event.order.instrument.market.connector_name)
        if ledger is not None:
            ledger.submitted(event.order)

    def _on_filled(self, event: OrderFilled) -> None:
        ledger = self._ledger(event.fill.instrument.market.connector_name)
        if ledger is not None:
            ledger.filled(event.fill, is_entry=event.order.request.purpose.adds_risk)

    def _on_closed(self, event: OrderClosed) -> None:
        ledger = self._ledger(event.order.instrument.market.connector_name)
        if ledger is not None:
            ledger.closed(event.order.client_order_id)

    def _on_funding(self, event: FundingBooked) -> None:
        record = event.record
        ledger = self._ledger(record.connector_name)
        if ledger is not None and record.amount_quote is not None:
            ledger.moved(record.trading_pair, Decimal(0), record.amount_quote, record.ts_ns)

    # ---- what is written and told ----------------------------------------------------------------------------------
    def _write_day(self, name: str, day: int, base: dict[str, Any], latched: str) -> None:
        row = CapDayRow(day, base, latched)
        self._journal.run(lambda connection: put_cap_day(connection, self.mode, name, row)).add_done_callback(_written)

    def _tell_latch(self, name: str, reason: str) -> None:
        payload = {"connector_name": name, "title": self._host.title(name), "text": f"cap of its day: {reason}"}
        self._host.bus.publish(Fact(FactKind.DAY_LOSS_REACHED, self._host.clock.now_ns, payload=payload))


def _written(future: Any) -> None:
    """Nobody waits for this write; the journal's own trouble halts trading."""
    if not future.cancelled() and future.exception() is not None:
        log.error("a day of the caps could not be written down", exc_info=future.exception())
