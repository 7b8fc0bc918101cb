"""`VenueBench`: a venue that says what the test says (accept, fill, refuse ...), for one executor or orchestrator at a time. Time is kept by hand, records in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from botcore.connectors.base import ConnectorBase, OutgoingRequest
from botcore.core.bus import EventBus
from botcore.core.clock import Clock
from botcore.core.steps import Stepper
from botcore.executors.catalog import executor_factories
from botcore.markets.market_data import MarketDataProvider
from botcore.markets.market_state import MarketState
from botcore.model.enums import ClockMode, PositionMode, TradeType
from botcore.model.instrument import Instrument
from botcore.model.order import Fee, Fill, OrderRequest, OrderState
from botcore.model.venue_updates import CancelRefused, OrderEnded, OrderTaken, OrderTraded
from botcore.orchestrator.orchestrator import ExecutorOrchestrator
from botcore.orchestrator.reporting import reporting_asset
from botcore.orders.ids import IdSource
from botcore.orders.tracker import Order
from botcore.risk.gate import RiskGate
from botcore.risk.limits import RiskLimits
from botcore.strategies.desk import Desk
from tests.support.bench import SECOND_NS, T0_NS, D, Money, instrument, lots_of, quote_event, ticks_of
from tests.support.memory_records import MemoryRecords


class ScriptedVenue(ConnectorBase):
    """A connector to a venue that does nothing by itself: the test says what it answers.

    Attributes
    ----------
    requests, cancels : list
        Orders that left, and orders whose cancel was asked.
    """

    def __init__(self, of: Sequence[Instrument], clock: Clock, bus: EventBus, ids: IdSource) -> None:
        super().__init__(of[0].market.connector_name, clock, bus, ids)
        self.instruments = {item.market.trading_pair: item for item in of}
        self.requests: list[Order] = []
        self.cancels: list[Order] = []
        self.pays = True
        self.mode = PositionMode.ONEWAY
        self.reducible: int | None = None
        """What an exit may reduce; None: whatever it asks for."""
        self.answers: dict[str, list[Any]] = {}
        """What `reconcile` hears of an order, by client order id."""
        self._trades = 0
        self._exchange_ids = 0

    # ---- ConnectorBase
    def send(self, requests: list[OutgoingRequest]) -> None:
        for request in requests:
            (self.cancels if request.is_cancel else self.requests).append(request.order)

    def on_tick(self, now_ns: int) -> None: ...

    def reconcile(self, now_ns: int) -> None:
        for order in self.tracker.open_orders():
            for update in self.answers.get(order.client_order_id, []):
                self.apply(update)

    def balance(self, asset: str) -> tuple[Decimal, Decimal]:
        return D(1_000_000), D(1_000_000)

    def can_pay(self, request: OrderRequest, ticks: int) -> bool:
        return self.pays

    def instrument(self, trading_pair: str) -> Instrument:
        return self.instruments[trading_pair]

    def position_mode(self) -> PositionMode:
        return self.mode

    def reducible_lots(self, request: OrderRequest) -> int:
        if not request.instrument.is_perpetual:
            return 0
        return request.lots if self.reducible is None else self.reducible

    # ---- what the venue says
    def accept(self, order: Order) -> None:
        self._exchange_ids += 1
        self.apply(OrderTaken(order.client_order_id, f"ex-{self._exchange_ids}", self._clock.now_ns))

    def trade(
        self,
        order: Order,
        amount: Money | None = None,
        price: Money | None = None,
        *,
        fee: Money = 0,
        asset: str | None = None,
        rate: Money | None = 1,
    ) -> Fill:
        """A fill of an order: all that remains unless an amount is given, at its limit unless a price is given.

        Parameters
        ----------
        rate : optional
            Quote per unit of the fee's asset; None leaves the fee unpriced.
        """
        of = order.instrument
        self._trades += 1
        ticks = order.request.price_ticks if price is None else ticks_of(of, price)
        assert ticks is not None, "a market order's fill needs a price"
        lots = order.remaining_lots if amount is None else lots_of(of, amount)
        paid = Fee(D(fee), asset or of.quote, None if rate is None else D(fee) * D(rate))
        fill = Fill(of, f"t-{self._trades}", order.client_order_id, order.request.trade_type, ticks, lots, paid, self._clock.now_ns, False)
        self.apply(OrderTraded(fill))
        return fill

    def end(self, order: Order, state: OrderState = OrderState.CANCELED, reason: str = "") -> None:
        self.apply(OrderEnded(order.client_order_id, state, reason, self._clock.now_ns))

    def reject(self, order: Order, reason: str = "the venue does not like it") -> None:
        self.end(order, OrderState.FAILED, reason)

    def refuse_cancel(self, order: Order) -> None:
        self.apply(CancelRefused(order.client_order_id, "too late", self._clock.now_ns))


class VenueBench:
    """Clock, bus, gate, desk and orchestrator of one bot in front of a `ScriptedVenue`; quoted 100 / 100 at the start.

    Parameters
    ----------
    price : optional
        First quote; None leaves the book empty.
    """

    def __init__(
        self,
        *instruments: Instrument,
        price: Money | None = 100,
        limits: RiskLimits | None = None,
        factories: Mapping[str, Any] | None = None,
        keep_closed: int = 100,
        now_ns: int = T0_NS,
    ) -> None:
        self.instruments = instruments or (instrument(),)
        self.instrument = self.instruments[0]
        self.bus = EventBus()
        self.records = MemoryRecords(self.bus)
        self.clock = Clock(ClockMode.REALTIME, start_ns=now_ns, stepper=Stepper())
        self.states = {of.market: MarketState(of) for of in self.instruments}
        self.state = self.states[self.instrument.market]
        self.ids = IdSource()
        by_connector: dict[str, list[Instrument]] = {}
        for of in self.instruments:
            by_connector.setdefault(of.market.connector_name, []).append(of)
        self.venues = {name: ScriptedVenue(items, self.clock, self.bus, self.ids) for name, items in by_connector.items()}
        self.venue = self.venues[self.instrument.market.connector_name]
        self.market_data = MarketDataProvider(self.clock, self.states)
        self.gate = RiskGate(limits or RiskLimits(), self.market_data)
        self.desk = Desk("bot", self.venues, self.gate, self.clock)
        self.orchestrator = ExecutorOrchestrator(
            self.desk,
            self.market_data,
            self.clock,
            self.bus,
            dict(factories or executor_factories()),
            self.ids.executor_id,
            self.desk.position_mode,
            reporting_asset(self.states),
            keep_closed,
        )
        if price is not None:
            for of in self.instruments:
                self.quote(price, of=of)

    # ---- the market and time
    def quote(self, bid: Money, ask: Money | None = None, *, of: Instrument | None = None) -> None:
        """The market moves; nobody is stepped."""
        of = of or self.instrument
        self.states[of.market].apply(quote_event(of, self.clock.now_ns, bid, ask))

    def tick(self, seconds: float = 1) -> None:
        """Time goes on and everybody is stepped; requests leave."""
        self.clock.tick(self.clock.now_ns + int(seconds * SECOND_NS))
        self.orchestrator.on_tick(self.clock.now_ns)
        self.send()

    def price(self, bid: Money, ask: Money | None = None) -> None:
        """Quote, then one second later a tick."""
        self.quote(bid, ask)
        self.tick()

    def send(self) -> None:
        """Records are written, then requests leave."""
        self.records.flush(None)
        for venue in self.venues.values():
            venue.send(venue.take_outbox())

    # ---- executors
    def start(self, config: Any, controller_id: str = "main") -> Any:
        executor = self.orchestrator.create(config, controller_id)
        assert executor is not None, "the same was refused again and again"
        self.send()
        return executor

    @property
    def orders(self) -> list[Order]:
        """All orders that left, oldest first."""
        return self.venue.requests

    def live(self) -> list[Order]:
        return self.venue.tracker.open_orders()

    def sum_of(self, side: TradeType) -> Decimal:
        """Base that the venue has filled on one side."""
        return sum((fill.amount for fill, _ in self.records.fills if fill.trade_type is side), D(0))

    def reject_all(self, seconds: int) -> list[int]:
        """The venue refuses whatever is sent in so many seconds; in which of them something was."""
        sent_at = [0]
        self.venue.reject(self.orders[-1])
        for second in range(1, seconds):
            before = len(self.orders)
            self.tick()
            if len(self.orders) > before:
                sent_at.append(second)
                self.venue.reject(self.orders[-1])
        return sent_at

    def fill_replaced(self, state: OrderState, late: str, then: Sequence[int]) -> None:
        """The venue says that the first order is over, and executes a part of it while its successor rests (O9): the successor is taken off, and what is sent after it
        are these lots, which trade."""
        first = self.orders[0]
        self.venue.accept(first)
        self.venue.end(first, state, "the venue was tidying up")
        self.tick(5)
        second = self.orders[1]
        self.venue.accept(second)
        self.venue.trade(first, late)
        self.send()
        assert self.venue.cancels == [second]
        self.venue.end(second)
        self.tick(5)
        assert [order.lots for order in self.orders] == list(then)
        for order in self.live():
            self.venue.trade(order)
        self.tick(5)
