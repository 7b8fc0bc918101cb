"""A venue behind a bad line, on the loop: `LossyVenue` speaks answers instead of bytes, so it tries the order core alone, and fast."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from botcore.connectors.live.account import Account
from botcore.connectors.live.doubts import BeliefRules
from botcore.connectors.live.exchange import ExchangeConnector
from botcore.connectors.live.venue_side import VenueSide
from botcore.model.instrument import Instrument
from botcore.model.order import Fill, OrderRequest, OrderState
from botcore.orders.tracker import Order
from botcore.venues.line import Ask, News
from tests.simulation.ledger import VenueFunding, VenueOrder, VenueTrade
from tests.simulation.log import EventLog
from tests.simulation.loop import SimLoop
from tests.support.lossy_venue import Line, LossyVenue
from tests.support.lossy_venue import VenueOrder as BookedOrder

SECOND_NS = 1_000_000_000
OPEN_STATES = (OrderState.OPEN, OrderState.PARTIALLY_FILLED)


class LoopVenue(LossyVenue):
    """The venue, whose time is the loop's.

    Parameters
    ----------
    arrived : callable
        Told (connector name, client order id) of each create that the venue takes, before it is executed.
    """

    def __init__(self, loop: SimLoop, log: EventLog, instrument: Instrument, seed: int, line: Line, arrived: Callable[[str, str], None]) -> None:
        super().__init__(lambda: loop.now_ns, self._arrive, seed, line)
        self.name = instrument.market.connector_name
        self.instrument = instrument
        self.reach: Callable[[str], None] = lambda label: None
        self._loop = loop
        self._log = log
        self._arrived = arrived
        self._connector: Any = None

    # ---- time ------------------------------------------------------------------------------------------------------
    def _later(self, at_ns: int, what: Callable[[], None]) -> None:
        self._loop.call_at_ns(at_ns, self._due, what, context=self._loop.world)

    def _due(self, what: Callable[[], None]) -> None:
        self._time_ns = self._loop.now_ns
        what()

    def quote(self, ticks: int) -> None:
        self._time_ns = self._loop.now_ns
        super().quote(ticks)
        self._loop.call_at_ns(self._time_ns + self._travel_ns(), self._tell_position, self._process, self._net, context=self._loop.world)

    @property
    def _net(self) -> int:
        """Lots that the account holds."""
        return self.position(self.instrument.market)

    def _tell_position(self, process: int, lots: int) -> None:
        """A poll of the position is answered, to the process that asked."""
        if self._connector is not None and process == self._process:
            self._connector.account.set_position(self.instrument.market.trading_pair, "net", lots, self._loop.now_ns)

    # ---- a process and its connector -----------------------------------------------------------------------------------
    def connect(self, clock: Any, bus: Any, ids: Any, reach: Callable[[str], None]) -> ExchangeConnector:
        """A connector of a new process."""
        self.reach = reach
        account = Account(Decimal("0.0004"))
        rich = {asset: (Decimal(1_000_000), Decimal(1_000_000)) for asset in (self.instrument.base, self.instrument.quote)}
        account.set_balances(rich, complete=True)
        pairs = {self.instrument.market.trading_pair: self.instrument}
        side = VenueSide(self, BeliefRules(), pairs, account, stops=self.instrument.is_perpetual)
        self._connector = ExchangeConnector(self.name, clock, bus, ids, side)
        self._tell_position(self._process, self._net)
        return self._connector

    def process_died(self) -> None:
        super().process_died()
        self._connector = None

    def _arrive(self, news: News) -> None:
        self._log.add("news", self.name, type(news).__name__, _about(news))
        if self._connector is not None:
            self._connector.inbox.append(news)

    # ---- the line ----------------------------------------------------------------------------------------------------
    def create(self, order: Order) -> None:
        self.reach("line.before_create")
        self._log.add("create", self.name, order.client_order_id, order.lots, order.request.price_ticks)
        super().create(order)
        self.reach("line.after_create")

    def cancel(self, order: Order) -> None:
        self.reach("line.before_cancel")
        self._log.add("cancel", self.name, order.client_order_id)
        super().cancel(order)
        self.reach("line.after_cancel")

    def ask(self, kind: Ask, order: Order) -> None:
        self._log.add("ask", self.name, kind.value, order.client_order_id)
        super().ask(kind, order)

    def _on_create(self, request: OrderRequest, client_order_id: str) -> Any:
        self._arrived(self.name, client_order_id)
        return super()._on_create(request, client_order_id)

    def trade(self, order: BookedOrder, ticks: int, lots: int) -> Fill:
        fill = super().trade(order, ticks, lots)
        self._log.add("trade", self.name, fill.trade_id, fill.client_order_id, ticks, lots)
        return fill

    def end(self, order: BookedOrder, state: OrderState, reason: str = "") -> None:
        self._log.add("end", self.name, order.client_order_id, state.name)
        super().end(order, state, reason)

    def heal(self) -> None:
        """No more faults."""
        self.line = Line()
        self.partial = 0.0


class LineLedger:
    """Reads a `LoopVenue`; implements `Ledger`."""

    def __init__(self, venue: LoopVenue) -> None:
        self.name = venue.name
        self.is_perpetual = venue.instrument.is_perpetual
        self._venue = venue

    def orders(self) -> Iterable[VenueOrder]:
        amount = self._venue.instrument.amount
        for order in self._venue.orders:
            pair, side = order.request.instrument.market.trading_pair, order.request.trade_type.name
            is_open = order.state in OPEN_STATES
            yield VenueOrder(order.client_order_id, pair, side, amount(order.lots), amount(order.filled), is_open, order.history[0][0])

    def trades(self) -> Iterable[VenueTrade]:
        for fill in self._venue.trades:
            pair = fill.instrument.market.trading_pair
            yield VenueTrade(
                fill.trade_id, fill.client_order_id, pair, fill.trade_type.name, fill.price, fill.amount, fill.fee.amount, fill.fee.asset
            )

    def positions(self) -> Mapping[str, Decimal]:
        net = sum((trade.signed for trade in self.trades()), Decimal(0))
        return {self._venue.instrument.market.trading_pair: net}

    def excess(self) -> Mapping[str, Decimal]:
        return {}

    def balances(self) -> None:
        return None

    def funding(self) -> Iterable[VenueFunding]:
        return ()

    def open_cost(self) -> Mapping[str, Decimal]:
        return {}


def _about(news: News) -> str:
    report = getattr(news, "report", None)
    if report is not None:
        return f"{report.client_order_id} {report.state.name} {report.filled_lots}"
    fill = getattr(news, "fill", None)
    return f"{fill.client_order_id} {fill.trade_id}" if fill is not None else str(getattr(news, "client_order_id", ""))
