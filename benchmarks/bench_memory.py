"""A million orders, and reconnects without end: what the process has grown by when they are all done."""

from __future__ import annotations

from decimal import Decimal

from benchmarks.bench_tracker import PAIR, REQUEST
from benchmarks.bench_updates import BenchConnector, Owner
from botcore.connectors.live.account import Account
from botcore.connectors.live.doubts import BeliefRules
from botcore.connectors.live.exchange import ExchangeConnector
from botcore.connectors.live.venue_side import VenueSide
from botcore.core.bus import EventBus
from botcore.core.clock import Clock
from botcore.model.enums import ClockMode
from botcore.model.order import Fee, Fill, OrderState
from botcore.model.venue_updates import OrderTaken, OrderTraded
from botcore.orders.ids import IdSource
from botcore.orders.tracker import Order
from botcore.venues.line import Ask, Created, Reported, Traded, TradesRead
from botcore.venues.wire import OrderReport, Outcome, Verdict
from tests.support.live_rig import PERP, SPOT
from tests.support.reconnects import reconnect, resident_mb, told
from tests.support.sizes import growth, sizes

WARM_UP = 50_000
ORDERS = 1_000_000
A_TICK = 100
RECONNECTS = 300
MANY = 10_000
ACCEPTED = Outcome(Verdict.ACCEPTED)


def run(reconnects: int = RECONNECTS) -> dict[str, float]:
    """Growth between warm-up and the millionth order, in MB (aim 20 at most); each is taken, filled twice and done. Growth by reconnects, in tasks, sockets and
    objects of ours (aim 0)."""
    found = {"orders": float(ORDERS), **tracked(), **live()}
    return found | {f"reconnects.{name}": value for name, value in reconnects_of(PERP, reconnects).items()}


def run_reconnects(reconnects: int = MANY) -> dict[str, float]:
    """The ten thousand reconnects of a whole session that must leave nothing behind; minutes."""
    return reconnects_of(SPOT, reconnects)


def reconnects_of(name: str, reconnects: int) -> dict[str, float]:
    """Growth by reconnects of a live session whose lines the venue cuts again and again."""
    grown = reconnect(name, reconnects)
    found = {"count": float(reconnects), "containers_that_grew": float(len(grown.containers))}
    return found | {what: float(after - before) for what, (before, after) in told(grown).items()}


def tracked() -> dict[str, float]:
    """Through tracker and routing alone."""
    connector = BenchConnector("sim", Clock(ClockMode.REALTIME, start_ns=1), EventBus(), IdSource())
    owner, fee, before = Owner(), Fee(Decimal(0), "USDT", Decimal(0)), 0.0
    for number in range(ORDERS):
        if number == WARM_UP:
            before = resident_mb()
        name = connector.submit(REQUEST, owner).client_order_id
        connector.take_outbox()
        connector.apply(OrderTaken(name, name, 2))
        connector.apply(OrderTraded(Fill(PAIR, "t1", name, REQUEST.trade_type, 500, 4, fee, 3, True)))
        connector.apply(OrderTraded(Fill(PAIR, "t2", name, REQUEST.trade_type, 500, 6, fee, 4, True)))
    return {"known_at_the_end": float(len(connector.tracker)), "growth_mb": resident_mb() - before}


class AnsweringLine:
    """A venue that takes every order, fills it in two parts, and forgets it; implements `VenueLine`."""

    def __init__(self) -> None:
        self.connector: ExchangeConnector | None = None
        self._trade = 0
        self._fee = Fee(Decimal("0.01"), "USDT", Decimal("0.01"))

    def create(self, order: Order) -> None:
        assert self.connector is not None
        name, pair, lots = order.client_order_id, order.instrument.market.trading_pair, order.lots
        inbox, now_ns = self.connector.inbox, order.created_ns
        inbox.append(Created(name, ACCEPTED, OrderReport(name, name, pair, OrderState.OPEN, lots, 0, now_ns)))
        for part in (lots // 2, lots - lots // 2):
            self._trade += 1
            inbox.append(Traded(Fill(order.instrument, str(self._trade), name, order.request.trade_type, 500, part, self._fee, now_ns, True)))
        inbox.append(Reported(OrderReport(name, name, pair, OrderState.FILLED, lots, lots, now_ns)))

    def cancel(self, order: Order) -> None: ...

    def configure(self, trading_pair: str, leverage: int, hedge: bool | None) -> None: ...

    def ask(self, kind: Ask, order: Order) -> None: ...

    def look(self) -> None: ...

    def look_at_trades(self, trading_pair: str, since_ms: int) -> None: ...

    def booked(self, read: TradesRead) -> None: ...


def live() -> dict[str, float]:
    """Through the live connector: outbox, line, inbox, doubts, endings, audit, account."""
    clock, line, account, owner = Clock(ClockMode.REALTIME, start_ns=1), AnsweringLine(), Account(Decimal("0.0004")), Owner()
    account.set_balances({"USDT": (Decimal(10**12), Decimal(10**12)), "BTC": (Decimal(10**9), Decimal(10**9))}, complete=True)
    market = PAIR.market
    side = VenueSide(line, BeliefRules(), {market.trading_pair: PAIR}, account)
    connector = ExchangeConnector(market.connector_name, clock, EventBus(), IdSource(), side)
    line.connector = connector
    before, held = 0.0, {}
    for number in range(0, ORDERS, A_TICK):
        if number == WARM_UP:
            before, held = resident_mb(), sizes(connector=connector)
        for _ in range(A_TICK):
            connector.submit(REQUEST, owner)
        connector.send(connector.take_outbox())
        clock.skip_to(clock.now_ns + 250_000_000)
        connector.on_tick(clock.now_ns)
    grew = growth(held, sizes(connector=connector), by=A_TICK)
    if owner.told < 3 * ORDERS:
        raise AssertionError(f"{owner.told} events for {ORDERS} orders")
    return {"live.growth_mb": resident_mb() - before, "live.containers_that_grew": float(len(grew))}
