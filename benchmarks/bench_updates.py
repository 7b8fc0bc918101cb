"""From a venue's message to the executor that owns the order: ours beside a peer's way, and flat whatever else is open or closed."""

from __future__ import annotations

from decimal import Decimal
from statistics import median
from time import perf_counter
from typing import Any

from benchmarks.bench_tracker import PAIR, REQUEST
from benchmarks.peer_tracker import PeerEvent, PeerOrder, PeerTracker, TradeUpdate
from botcore.connectors.base import ConnectorBase, OutgoingRequest
from botcore.core.bus import EventBus
from botcore.core.clock import Clock
from botcore.model.enums import ClockMode
from botcore.model.events import OrderFilled
from botcore.model.instrument import Instrument
from botcore.model.order import Fee, Fill, OrderRequest
from botcore.model.venue_updates import OrderTaken, OrderTraded
from botcore.orders.ids import IdSource

LIVES = 2_000
UPDATES_A_LIFE = 3
ROUNDS = 7


class BenchConnector(ConnectorBase):
    """A connector to nowhere: what comes in is what is measured."""

    def send(self, requests: list[OutgoingRequest]) -> None: ...

    def on_tick(self, now_ns: int) -> None: ...

    def reconcile(self, now_ns: int) -> None: ...

    def balance(self, asset: str) -> tuple[Decimal, Decimal]:
        return Decimal(0), Decimal(0)

    def can_pay(self, request: OrderRequest, ticks: int) -> bool:
        return True

    def instrument(self, trading_pair: str) -> Instrument:
        return PAIR


class Owner:
    """An executor's place: it counts what it is told."""

    def __init__(self) -> None:
        self.told = 0

    def on_order(self, event: Any) -> None:
        self.told += 1

    def on_fault(self, error: Exception) -> None:
        raise error


def ours(open_orders: int, closed_orders: int, owners: int) -> float:
    """Seconds for one message (taken, half filled, filled in turn), with a subscriber on the bus and the order's owner told."""
    bus = EventBus()
    connector = BenchConnector("sim", Clock(ClockMode.REALTIME, start_ns=1), bus, IdSource())
    seen: list[Any] = []
    bus.subscribe(OrderFilled, seen.append)
    everybody = [Owner() for _ in range(owners)]
    fee = Fee(Decimal(0), "USDT", Decimal(0))
    for number in range(open_orders):
        connector.submit(REQUEST, everybody[number % owners])
    for _ in range(closed_orders):
        order = connector.submit(REQUEST, everybody[0])
        connector.apply(OrderTraded(Fill(PAIR, "t", order.client_order_id, REQUEST.trade_type, 500, 10, fee, 1, True)))
    messages: list[Any] = []
    for number in range(LIVES):
        name = connector.submit(REQUEST, everybody[number % owners]).client_order_id
        messages.append(OrderTaken(name, name, 2))
        messages.append(OrderTraded(Fill(PAIR, "t1", name, REQUEST.trade_type, 500, 4, fee, 3, True)))
        messages.append(OrderTraded(Fill(PAIR, "t2", name, REQUEST.trade_type, 500, 6, fee, 4, True)))
    begin = perf_counter()
    for message in messages:
        connector.apply(message)
    took = perf_counter() - begin
    assert sum(owner.told for owner in everybody) >= UPDATES_A_LIFE * LIVES
    return took / len(messages)


def peers(open_orders: int, closed_orders: int, lives: int = 60) -> float:
    """The same messages in the peer's way, with one listener."""
    tracker = PeerTracker()
    seen: list[PeerEvent] = []
    tracker.listeners.append(seen.append)
    amount, price = Decimal("0.010"), Decimal("50.0")
    for number in range(open_orders):
        tracker.track(PeerOrder(f"o{number}", amount, price))
    for number in range(closed_orders):
        tracker.track(PeerOrder(f"c{number}", amount, price))
        tracker.apply_fill(TradeUpdate("t", f"c{number}", price, amount, Decimal(0), 1.0))
    for number in range(lives):
        tracker.track(PeerOrder(f"m{number}", amount, price))
    half, rest = Decimal("0.004"), Decimal("0.006")
    begin = perf_counter()
    for number in range(lives):
        name = f"m{number}"
        tracker.apply_state(name, "OPEN", name)
        tracker.apply_fill(TradeUpdate("t1", name, price, half, Decimal(0), 3.0))
        tracker.apply_fill(TradeUpdate("t2", name, price, rest, Decimal(0), 4.0))
    return (perf_counter() - begin) / (UPDATES_A_LIFE * lives)


def run(rounds: int = ROUNDS) -> dict[str, float]:
    """Medians of interleaved rounds.

    `message.ratio` is the peer's time by ours with 100 open and 1,000 recently closed orders (aim 10); `few_open.ratio` the same with nothing else known;
    `flat_open` is ours with 10,000 open by ours with 10 open, `flat_closed` ours with 1,000 closed by none, `flat_owners` 1,000 executors by one (aim 1.3 at most).
    """
    figures: dict[str, list[float]] = {}

    def note(name: str, value: float) -> None:
        figures.setdefault(name, []).append(value)

    for _ in range(rounds):
        quiet, busy = ours(10, 0, 1), ours(100, 1_000, 1)
        note("message.us", busy * 1e6)
        note("message.peer_us", (peer := peers(100, 1_000)) * 1e6)
        note("message.ratio", peer / busy)
        note("few_open.ratio", peers(1, 0, lives=400) / ours(1, 0, 1))
        note("flat_open", ours(10_000, 0, 1) / quiet)
        note("flat_closed", ours(10, 1_000, 1) / quiet)
        note("flat_owners", ours(1_000, 0, 1_000) / quiet)
    return {name: median(values) for name, values in figures.items()}
