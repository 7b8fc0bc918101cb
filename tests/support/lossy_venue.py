"""A venue behind a bad line: the ledger is exact, everything that is said of it may be late, lost, doubled or old.

It is an oracle: what traded is what `trades` holds, whatever the connector was told. It knows no connector code; it is scheduled in market time and draws from
one seeded random source, so a seed plays the same faults again.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from botcore.model.enums import OrderType, PositionAction, TradeType
from botcore.model.instrument import Instrument, Market
from botcore.model.order import Fee, Fill, OrderRequest, OrderState, Purpose
from botcore.orders.ids import serial_of
from botcore.orders.tracker import Order
from botcore.venues.line import Ask, Canceled, Created, News, Reported, Told, Traded
from botcore.venues.wire import NoReply, OrderReport, Outcome, Verdict

SECOND_NS = 1_000_000_000
MS = 1_000_000
WINDOW_NS = 5 * SECOND_NS
TIMEOUT_NS = 10 * SECOND_NS
ACCEPTED = Outcome(Verdict.ACCEPTED)
NOT_FOUND = Outcome(Verdict.NOT_FOUND, -2013, "Order does not exist.")


FAULTS = {
    "drop_before": 0.15,
    "drop_after": 0.15,
    "error_before": 0.15,
    "error_after": 0.15,
    "late": 0.2,
    "twice": 0.2,
    "unsent": 0.1,
    "refuse": 0.3,
    "expire": 0.5,
    "stream_drop": 0.4,
    "stream_twice": 0.3,
    "stream_late": 0.3,
}
"""Knobs of a line and how strong they are when a seed has them."""


@dataclass
class Line:
    """How bad the line is: probabilities, and delays in seconds.

    Parameters
    ----------
    drop_before, drop_after : float
        A request never arrives; it is processed and its answer is lost.
    error_before, error_after : float
        A 503 without and with the request having been processed.
    late : float
        A request arrives up to `late_s` after it was sent; beyond its validity window the venue does not take it any more.
    twice : float
        A proxy sends a create again: the second is refused while the first is open, and its refusal may be the answer that we get.
    unsent : float
        No byte leaves.
    refuse : float
        The venue refuses a create for good.
    expire : float
        A resting order is ended by the venue when it has traded a part.
    lag_s : float
        Age of what questions are answered from, up to.
    stream_drop, stream_twice, stream_late : float
        Messages that nobody asked for: lost, doubled, and up to 20 s behind.
    """

    drop_before: float = 0
    drop_after: float = 0
    error_before: float = 0
    error_after: float = 0
    late: float = 0
    late_s: float = 20
    twice: float = 0
    unsent: float = 0
    refuse: float = 0
    expire: float = 0
    lag_s: float = 0
    stream_drop: float = 0
    stream_twice: float = 0
    stream_late: float = 0


@dataclass
class VenueOrder:
    """One order in the venue's own books."""

    order_id: str
    client_order_id: str
    request: OrderRequest
    lots: int
    state: OrderState = OrderState.OPEN
    filled: int = 0
    reason: str = ""
    trades: list[tuple[int, Fill]] = field(default_factory=list)
    history: list[tuple[int, OrderReport]] = field(default_factory=list)


class LossyVenue:
    """The venue and its line in one; implements `VenueLine`.

    Parameters
    ----------
    now_ns : callable
        Market time.
    inbox : callable
        Takes what arrives at the bot.

    Attributes
    ----------
    base_fee : Decimal
        Fraction of a spot buy that the venue keeps, in base.
    met : list of tuple
        Limit entries that arrived at a price at which an older order of the same account stood (client order ids).
    uncovered : list of str
        Spot sells beyond what the account had.
    """

    def __init__(self, now_ns: Callable[[], int], inbox: Callable[[News], None], seed: int, line: Line | None = None) -> None:
        self.line = line or Line()
        self.orders: list[VenueOrder] = []
        self.trades: list[Fill] = []
        self.requests: list[tuple[str, str]] = []
        self.best_bid = self.best_ask = 0
        self.partial = 0.3
        self.base_fee = Decimal(0)
        self.stock = Decimal(0)
        self.met: list[tuple[str, str]] = []
        self.uncovered: list[str] = []
        self.script: list[Callable[[VenueOrder], None]] = []
        self._now_ns = now_ns
        self._inbox = inbox
        self._chance = random.Random(seed)
        self._events: list[tuple[int, int, Callable[[], None]]] = []
        self._serial = itertools.count(1)
        self._time_ns = 0
        self._process = 0

    # ---- time ------------------------------------------------------------------------------------------------------
    def _later(self, at_ns: int, what: Callable[[], None]) -> None:
        heapq.heappush(self._events, (at_ns, next(self._serial), what))

    def run(self, now_ns: int) -> None:
        """Let everything happen that is due."""
        while self._events and self._events[0][0] <= now_ns:
            self._time_ns, _, what = heapq.heappop(self._events)
            what()
        self._time_ns = now_ns

    def _happens(self, probability: float) -> bool:
        return probability > 0 and self._chance.random() < probability

    def _travel_ns(self) -> int:
        return self._chance.randint(5, 120) * MS

    def _send(self, at_ns: int, news: News) -> None:
        """Let news reach the bot, unless its process is another one by then: its connections died with it."""
        process = self._process

        def arrive() -> None:
            if process == self._process:
                self._inbox(news)

        self._later(at_ns, arrive)

    def process_died(self) -> None:
        """Nothing that is under way to the bot arrives; requests that have left go on."""
        self._process += 1

    def backfill(self, since_ns: int) -> None:
        """The account's executions since then, as a list that is read at a start."""
        for fill in self.trades:
            if fill.ts_ns >= since_ns:
                self._send(self._time_ns + 200 * MS, Traded(fill))

    # ---- VenueLine -------------------------------------------------------------------------------------------------
    def create(self, order: Order) -> None:
        request, client_order_id = order.request, order.client_order_id
        self.requests.append(("create", client_order_id))
        self._request(lambda: self._on_create(request, client_order_id), lambda said, report: Created(client_order_id, said, report), True)

    def cancel(self, order: Order) -> None:
        client_order_id = order.client_order_id
        self.requests.append(("cancel", client_order_id))
        self._request(lambda: self._on_cancel(client_order_id), lambda said, report: Canceled(client_order_id, said, report), False)

    def configure(self, trading_pair: str, leverage: int, hedge: bool | None) -> None:
        self.requests.append(("configure", trading_pair))

    def look(self) -> None:
        self.requests.append(("look", ""))

    def look_at_trades(self, trading_pair: str, since_ms: int) -> None:
        self.requests.append(("look at trades", trading_pair))

    def booked(self, read: object) -> None:
        """It never sends a whole list."""

    def ask(self, kind: Ask, order: Order) -> None:
        client_order_id, asked_ns = order.client_order_id, self._now_ns()
        self.requests.append((kind.value, client_order_id))
        if self._happens(self.line.drop_before + self.line.drop_after):
            self._send(asked_ns + TIMEOUT_NS, Told(client_order_id, kind, NoReply("timeout", True), asked_ns))
            return
        at_ns = asked_ns + self._travel_ns()
        self._later(at_ns, lambda: self._answer(kind, client_order_id, asked_ns))

    def forget(self, order: VenueOrder) -> None:
        """Remove an order from all that is told of orders, as venues do after some days; its executions stay in their list."""
        order.history.clear()

    def _answer(self, kind: Ask, client_order_id: str, asked_ns: int) -> None:
        seen_ns = self._time_ns - int(self._chance.uniform(0, self.line.lag_s) * SECOND_NS)
        report = None
        for order in self.orders:
            if order.client_order_id == client_order_id:
                report = next((report for at_ns, report in reversed(order.history) if at_ns <= seen_ns), report)
        fills = tuple(fill for order in self.orders if order.client_order_id == client_order_id for at_ns, fill in order.trades if at_ns <= seen_ns)
        if kind is Ask.QUERY:
            told = Told(client_order_id, kind, ACCEPTED if report else NOT_FOUND, asked_ns, report)
        elif kind is Ask.OPEN:
            is_open = report is not None and report.state in (OrderState.OPEN, OrderState.PARTIALLY_FILLED)
            told = Told(client_order_id, kind, ACCEPTED, asked_ns, report if is_open else None)
        else:
            told = Told(client_order_id, kind, ACCEPTED, asked_ns, None, fills)
        self._send(self._time_ns + self._travel_ns(), told)

    def _request(
        self,
        process: Callable[[], tuple[Outcome, OrderReport | None]],
        answer: Callable[[Outcome | NoReply, OrderReport | None], News],
        is_create: bool,
    ) -> None:
        """Send one request over the line."""
        line, sent_ns = self.line, self._now_ns()
        if self._happens(line.unsent):
            self._send(sent_ns + MS, answer(NoReply("no route", False), None))
            return
        timeout_ns = sent_ns + TIMEOUT_NS
        if self._happens(line.drop_before):
            self._send(timeout_ns, answer(NoReply("timeout", True), None))
            return
        if self._happens(line.error_before):
            self._send(sent_ns + self._travel_ns(), answer(Outcome(Verdict.UNKNOWN, 503, "Service unavailable"), None))
            return
        at_ns = sent_ns + self._travel_ns()
        if self._happens(line.late):
            at_ns = sent_ns + int(self._chance.uniform(0.5, line.late_s) * SECOND_NS)
        lost, failed = self._happens(line.drop_after), self._happens(line.error_after)
        twice = is_create and self._happens(line.twice)
        caller = self._process

        def arrive() -> None:
            if at_ns > sent_ns + WINDOW_NS:
                said, report = Outcome(Verdict.STALE_TIME, -1021, "Timestamp for this request is outside of the recvWindow."), None
            else:
                said, report = process()
            if twice and said.verdict is Verdict.ACCEPTED and report is not None and report.state is OrderState.OPEN:
                # the proxy's copy is refused while the first is open; a careful dialect calls that unknown, for it proves that something is there
                said, report = Outcome(Verdict.UNKNOWN, -2010, "Duplicate order sent."), None
            if caller != self._process:
                return
            back_ns = at_ns + self._travel_ns()
            if lost or back_ns > timeout_ns:
                self._send(max(timeout_ns, at_ns), answer(NoReply("timeout", True), None))
            elif failed:
                self._send(back_ns, answer(Outcome(Verdict.UNKNOWN, -1007, "Timeout waiting for the backend."), None))
            else:
                self._send(back_ns, answer(said, report))

        self._later(at_ns, arrive)

    # ---- the venue's engine ------------------------------------------------------------------------------------------
    def _on_create(self, request: OrderRequest, client_order_id: str) -> tuple[Outcome, OrderReport | None]:
        if self._happens(self.line.refuse):
            return Outcome(Verdict.REFUSED, -2010, "the venue does not like it"), None
        if not request.instrument.is_perpetual and request.trade_type is TradeType.SELL and not self._is_covered(request):
            self.uncovered.append(client_order_id)
            return Outcome(Verdict.REFUSED, -2010, "Account has insufficient balance for requested action."), None
        self._note_meetings(request, client_order_id)
        order = VenueOrder(f"v{len(self.orders) + 1}", client_order_id, request, request.lots)
        self.orders.append(order)
        self._note(order)
        for play in self.script:
            play(order)
        if request.order_type is OrderType.STOP_MARKET:
            if self._is_triggered(order):
                self.end(order, OrderState.EXPIRED, "Order would immediately trigger.")
        elif request.order_type is OrderType.MARKET:
            self._trade(order, self.best_ask if request.trade_type is TradeType.BUY else self.best_bid, order.lots)
        elif self._crosses(order):
            self._trade(order, request.price_ticks or 0, order.lots)
        return ACCEPTED, self._report(order)

    def _is_covered(self, request: OrderRequest) -> bool:
        bound = sum(order.lots - order.filled for order in self.open_orders() if order.request.trade_type is TradeType.SELL)
        return request.instrument.amount(request.lots + bound) <= self.stock + self.base(request.instrument.market)

    def _note_meetings(self, request: OrderRequest, client_order_id: str) -> None:
        if request.purpose is not Purpose.OPEN or not request.order_type.is_limit:
            return
        sign, serial = request.trade_type.sign, serial_of(client_order_id)
        for other in self.open_orders():
            theirs = other.request
            is_older = theirs.trade_type is request.trade_type.opposite and theirs.order_type.is_limit and serial_of(other.client_order_id) < serial
            if is_older and sign * ((request.price_ticks or 0) - (theirs.price_ticks or 0)) >= 0:
                self.met.append((client_order_id, other.client_order_id))

    def somebody_trades(self, of: Instrument, side: TradeType, lots: int) -> None:
        """An execution on the account that is not of an order of ours: by hand, by the liquidation engine, by a correction."""
        request = OrderRequest(of, side, OrderType.MARKET, lots, None, PositionAction.NIL)
        order = VenueOrder(f"v{len(self.orders) + 1}", f"web_{len(self.orders)}", request, lots)
        self.orders.append(order)
        self.trade(order, self.best_bid, lots)

    def _on_cancel(self, client_order_id: str) -> tuple[Outcome, OrderReport | None]:
        for order in self.orders:
            if order.client_order_id == client_order_id and order.state in (OrderState.OPEN, OrderState.PARTIALLY_FILLED):
                self.end(order, OrderState.CANCELED)
                return ACCEPTED, self._report(order)
        return Outcome(Verdict.NOT_FOUND, -2011, "Unknown order sent."), None

    def _crosses(self, order: VenueOrder) -> bool:
        price = order.request.price_ticks or 0
        return self.best_ask <= price if order.request.trade_type is TradeType.BUY else self.best_bid >= price

    def _is_triggered(self, order: VenueOrder) -> bool:
        """Whether the market has touched a stop's trigger; one that has traded a part was triggered before."""
        trigger = order.request.price_ticks or 0
        touched = self.best_ask >= trigger if order.request.trade_type is TradeType.BUY else self.best_bid <= trigger
        return touched or order.filled > 0

    def quote(self, ticks: int) -> None:
        """The market moves; resting orders that it reaches trade, sometimes in parts."""
        self.best_bid = self.best_ask = ticks
        for order in self.orders:
            is_stop = order.request.order_type is OrderType.STOP_MARKET
            is_reached = self._is_triggered(order) if is_stop else self._crosses(order)
            if order.state in (OrderState.OPEN, OrderState.PARTIALLY_FILLED) and is_reached:
                lots = order.lots - order.filled
                if lots > 1 and self._happens(self.partial):
                    lots = self._chance.randint(1, lots - 1)
                self._trade(order, ticks if is_stop else order.request.price_ticks or ticks, lots)
                if order.state is OrderState.PARTIALLY_FILLED and self._happens(self.line.expire):
                    self.end(order, OrderState.EXPIRED, "the venue ended it")

    def _trade(self, order: VenueOrder, ticks: int, lots: int) -> None:
        if order.request.position_action is PositionAction.CLOSE:
            held = self.position(order.request.instrument.market)
            left = abs(held) if held and (held > 0) != (order.request.trade_type is TradeType.BUY) else 0
            if lots > left:
                if left:
                    self.trade(order, ticks, left)
                self.end(order, OrderState.EXPIRED, "reduce-only")
                return
        self.trade(order, ticks, lots)

    def trade(self, order: VenueOrder, ticks: int, lots: int) -> Fill:
        """Book an execution, also beyond the order's size or after its end when a test wants that."""
        of = order.request.instrument
        fee = Fee(Decimal(0), of.quote, Decimal(0))
        if self.base_fee and order.request.trade_type is TradeType.BUY and not of.is_perpetual:
            fee = Fee(of.amount(lots) * self.base_fee, of.base, None)
        fill = Fill(
            of,
            f"t{len(self.trades) + 1}",
            order.client_order_id,
            order.request.trade_type,
            ticks,
            lots,
            fee,
            self._time_ns,
            order.request.order_type.is_limit,
        )
        self.trades.append(fill)
        order.trades.append((self._time_ns, fill))
        order.filled += lots
        if order.state in (OrderState.OPEN, OrderState.PARTIALLY_FILLED):
            order.state = OrderState.FILLED if order.filled >= order.lots else OrderState.PARTIALLY_FILLED
        self._note(order, fill)
        return fill

    def end(self, order: VenueOrder, state: OrderState, reason: str = "") -> None:
        order.state, order.reason = state, reason
        self._note(order)

    def _report(self, order: VenueOrder, fills: tuple[Fill, ...] = ()) -> OrderReport:
        pair = order.request.instrument.market.trading_pair
        return OrderReport(order.client_order_id, order.order_id, pair, order.state, order.lots, order.filled, self._time_ns, order.reason, fills)

    def _note(self, order: VenueOrder, fill: Fill | None = None) -> None:
        """Write down how the order stands, and tell the stream."""
        order.history.append((self._time_ns, self._report(order)))
        news: News = Reported(self._report(order, (fill,))) if fill is not None else Reported(self._report(order))
        if fill is not None and self._happens(0.3):
            news = Traded(fill)
        if self._happens(self.line.stream_drop):
            return
        for _ in range(2 if self._happens(self.line.stream_twice) else 1):
            delay_ns = self._travel_ns()
            if self._happens(self.line.stream_late):
                delay_ns = int(self._chance.uniform(0.2, 20) * SECOND_NS)
            self._send(self._time_ns + delay_ns, news)

    # ---- the oracle ------------------------------------------------------------------------------------------------
    def position(self, pair: Market) -> int:
        """Net lots of the pair."""
        return sum(fill.trade_type.sign * fill.lots for fill in self.trades if fill.instrument.market == pair)

    def base(self, pair: Market) -> Decimal:
        """Base of a spot pair that the account has gained, fees taken off."""
        fills = [fill for fill in self.trades if fill.instrument.market == pair]
        return sum(
            (fill.trade_type.sign * fill.amount - (fill.fee.amount if fill.fee.asset == fill.instrument.base else 0) for fill in fills), Decimal(0)
        )

    def open_orders(self) -> list[VenueOrder]:
        return [order for order in self.orders if order.state in (OrderState.OPEN, OrderState.PARTIALLY_FILLED)]

    def of(self, client_order_id: str) -> list[VenueOrder]:
        return [order for order in self.orders if order.client_order_id == client_order_id]
