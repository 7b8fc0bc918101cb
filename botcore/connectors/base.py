"""What every connector does, whatever stands behind it: track before sending, turn a venue's messages into events, send only what is durable.

A request takes this way: `submit` tracks the order and announces it (the recorder writes the intent), the outbox holds it until the recorder says
that the intent is on disk, `send` lets it go. A message takes the other: venue update -> tracker -> "was it news?" -> event -> the one executor that owns
the order. Nothing here awaits; a connector to a real venue hands `send` to its network task.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final, Protocol

from mypy_extensions import mypyc_attr

from botcore.core.bus import EventBus
from botcore.core.clock import Clock
from botcore.model.enums import PositionMode
from botcore.model.events import OrderAccepted, OrderClosed, OrderEvent, OrderFilled, OrderSubmitted, PositionLost
from botcore.model.instrument import Instrument
from botcore.model.order import Fee, Fill, OrderRequest, OrderState
from botcore.model.venue_updates import CancelRefused, OrderEnded, OrderTaken, OrderTraded, PositionLiquidated, VenueUpdate
from botcore.orders.ids import IdSource
from botcore.orders.own import OwnBooks
from botcore.orders.shortages import Shortages
from botcore.orders.tracker import Order, OrderTracker

# members of enums as names of this module: compiled code reads them without a lookup
OPEN: Final = OrderState.OPEN
FAILED: Final = OrderState.FAILED
FILLED: Final = OrderState.FILLED
HEDGE: Final = PositionMode.HEDGE


class OrderOwner(Protocol):
    """Who sent an order and is told what becomes of it."""

    def on_order(self, event: OrderEvent) -> None: ...

    def on_fault(self, error: Exception) -> None: ...


@dataclass(slots=True, init=False)
class OutgoingRequest:
    """One request that waits for its intent to be durable."""

    order: Order
    is_cancel: bool
    asked_ns: int

    def __init__(self, order: Order, is_cancel: bool, asked_ns: int) -> None:
        self.order = order
        self.is_cancel = is_cancel
        self.asked_ns = asked_ns


@mypyc_attr(allow_interpreted_subclasses=True)
class ConnectorBase(ABC):
    """See the module.

    Parameters
    ----------
    name : str
        Connector name, the first half of a `Market`.
    clock, bus, ids
        Shared by the runtime.

    Attributes
    ----------
    outbox : list of OutgoingRequest
        Requests whose intents are not durable yet.
    """

    def __init__(self, name: str, clock: Clock, bus: EventBus, ids: IdSource) -> None:
        self.name = name
        self.tracker = OrderTracker()
        self._clock = clock
        self._bus = bus
        self._ids = ids
        self.outbox: list[OutgoingRequest] = []
        self.own = OwnBooks()
        self.shortages = Shortages()

    # ---- what executors reach through their desk --------------------------------------------------------------------
    def submit(self, request: OrderRequest, owner: OrderOwner, expected_ticks: int | None = None) -> Order:
        """Track an order and line it up; it leaves when its intent is durable.

        Parameters
        ----------
        expected_ticks : int, optional
            What a market order is expected to pay: what the caps count it at.

        Returns
        -------
        Order
            The tracked order, at once; what happens to it comes as events.
        """
        order = self._track(request, owner)
        ticks = request.price_ticks
        self.own.sent(order, (expected_ticks or 0) if ticks is None else ticks)
        self.outbox.append(OutgoingRequest(order, False, order.created_ns))
        if self._bus.has(OrderSubmitted):
            self._bus.publish(OrderSubmitted(order, order.created_ns))
        return order

    def refuse(self, request: OrderRequest, owner: OrderOwner, reason: str) -> Order:
        """Book an order that may not leave; it is returned in state FAILED, no event follows."""
        order = self._track(request, owner)
        self.tracker.apply_state(order.client_order_id, FAILED, order.created_ns, None, reason)
        self._bus.publish(OrderSubmitted(order, order.created_ns))
        self._bus.publish(OrderClosed(order, order.created_ns, FAILED, reason))
        return order

    def adopt(
        self,
        request: OrderRequest,
        client_order_id: str,
        owner: OrderOwner,
        created_ns: int,
        state: OrderState,
        exchange_id: str | None,
        fills: list[Fill],
        reason: str = "",
    ) -> Order:
        """Know an order of an earlier process as it was written down; nothing of it is announced.

        Its fills are in the account's positions already (`own.hold`), or will be (`own_fills`).
        """
        order = self.tracker.adopt(request, client_order_id, owner, created_ns, state, exchange_id, fills, reason)
        if order.is_open:
            self.own.sent(order, request.price_ticks or 0)
        return order

    def own_fills(self, order: Order, fills: list[Fill]) -> None:
        """Count fills of a living executor of an earlier process among the account's positions."""
        for fill in fills:
            self.own.held(order, fill, hedge=self._is_hedge(fill))

    def _is_hedge(self, fill: Fill) -> bool:
        return fill.instrument.is_perpetual and self.position_mode() is HEDGE

    def book_external(self, request: OrderRequest, owner: OrderOwner, ticks: int, known: Fill | None = None, *, is_part: bool = False) -> None:
        """Book what somebody else did to a position as an execution of an order that was never sent: from here on it is like any other fill.

        Parameters
        ----------
        known : Fill, optional
            The venue's own execution, where it told one: its id, price and fee are booked. Otherwise the price is `ticks`, and there is no fee.
        is_part : bool
            Others have a share in that execution: its id gets this order's behind it.
        """
        order = self._track(request, owner)
        now_ns = order.created_ns
        self._bus.publish(OrderSubmitted(order, now_ns))
        if known is not None:
            trade_id = f"{known.trade_id}.{order.client_order_id}" if is_part else known.trade_id
            self._apply_fill(replace(known, trade_id=trade_id, client_order_id=order.client_order_id))
            return
        trade_id = f"external-{order.client_order_id}"
        fee = Fee(Decimal(0), request.instrument.quote, Decimal(0))
        self._apply_fill(Fill(request.instrument, trade_id, order.client_order_id, request.trade_type, ticks, request.lots, fee, now_ns, False))

    def cancel(self, client_order_id: str) -> bool:
        """Ask the venue to cancel; False when the order is done, unknown or was asked already."""
        if not self.tracker.ask_cancel(client_order_id):
            return False
        order = self.tracker.get(client_order_id)
        assert order is not None
        self.outbox.append(OutgoingRequest(order, True, self._clock.now_ns))
        return True

    def _track(self, request: OrderRequest, owner: OrderOwner) -> Order:
        ids = self._ids
        return self.tracker.track(request, ids.client_order_id(ids.intent_id(), 1), owner, self._clock.now_ns)

    # ---- the way out ---------------------------------------------------------------------------------------------
    def take_outbox(self) -> list[OutgoingRequest]:
        """Requests since the last call; whoever takes them sends them once their intents are durable."""
        outbox, self.outbox = self.outbox, []
        return outbox

    @abstractmethod
    def send(self, requests: list[OutgoingRequest]) -> None:
        """Let requests go to the venue."""

    # ---- the way in ------------------------------------------------------------------------------------------------
    def apply(self, update: VenueUpdate) -> None:
        """Take one message of the venue; what is not news changes nothing."""
        if type(update) is OrderTraded:
            self._apply_fill(update.fill)
        elif type(update) is OrderTaken:
            order = self.tracker.get(update.client_order_id)
            if order is None:
                self.on_foreign_order(update.client_order_id, update.ts_ns)
            elif self.tracker.apply_state(update.client_order_id, OPEN, update.ts_ns, update.exchange_order_id):
                self._deliver(order, OrderAccepted(order, update.ts_ns))
        elif type(update) is OrderEnded:
            order = self.tracker.get(update.client_order_id)
            if order is not None and self.tracker.apply_state(update.client_order_id, update.state, update.ts_ns, None, update.reason):
                self.own.ended(order)
                self._deliver(order, OrderClosed(order, update.ts_ns, update.state, update.reason))
        elif type(update) is CancelRefused:
            self.tracker.cancel_refused(update.client_order_id)
        elif type(update) is PositionLiquidated:
            self._bus.publish(PositionLost(update.market, update.price_ticks, update.ts_ns))

    def _apply_fill(self, fill: Fill) -> None:
        tracker = self.tracker
        order = tracker.get(fill.client_order_id)
        if order is None:
            self.on_foreign_fill(fill)
            return
        was_open = order.is_open
        if tracker.apply_fill(fill.client_order_id, fill.trade_id, fill.price_ticks, fill.lots, fill.ts_ns) < 1:
            return
        self.own.filled(order, fill, hedge=self._is_hedge(fill))
        self._deliver(order, OrderFilled(order, fill.ts_ns, fill))
        if was_open and order.is_done:
            self.own.ended(order)
            self._deliver(order, OrderClosed(order, fill.ts_ns, FILLED))

    def on_foreign_fill(self, fill: Fill) -> None:
        """A fill of an order that the tracker does not know (forgotten, or of another process)."""

    def on_foreign_order(self, client_order_id: str, now_ns: int) -> None:
        """The venue has an order that the tracker does not know."""

    def _deliver(self, order: Order, event: OrderEvent) -> None:
        if self._bus.has(type(event)):
            self._bus.publish(event)
        self._clock.stepper.deliver(order.owner, event)

    def is_ours(self, client_order_id: str) -> bool:
        """Whether an id is one of this home's; one without a home may be too, which only the records can say."""
        return self._ids.is_ours(client_order_id)

    def see_other_home(self, client_order_id: str, trading_pair: str) -> None:
        """The records do not know this order of a Condor: another home's, which is left alone."""

    @abstractmethod
    def reconcile(self, now_ns: int) -> None:
        """Hold the tracker against the venue before trading begins or goes on."""

    # ---- the account ----------------------------------------------------------------------------------------------
    @abstractmethod
    def on_tick(self, now_ns: int) -> None: ...

    def next_ns(self) -> int:
        """When it wants to be stepped (see `Sleeper`)."""
        return 0

    @abstractmethod
    def balance(self, asset: str) -> tuple[Decimal, Decimal]:
        """Total and available."""

    @abstractmethod
    def can_pay(self, request: OrderRequest, ticks: int) -> bool:
        """Whether the account can pay for this order at this price; orders that are on their way count."""

    @abstractmethod
    def instrument(self, trading_pair: str) -> Instrument:
        """Raises ConfigError when the venue has no such pair."""

    def position_mode(self) -> PositionMode:
        """Mode of the account; spot behaves as ONEWAY."""
        return PositionMode.ONEWAY

    def balances_ns(self) -> int:
        """When the complete list of balances was asked for that is known; 0 while none is, or where they are ours by definition."""
        return 0

    def total(self, asset: str) -> Decimal:
        """What the account has of an asset, free and locked."""
        return self.balance(asset)[0]

    def venue_lots(self, instrument: Instrument, side: str) -> int | None:
        """Signed lots that the venue says the account holds on one side (`net`, `long`, `short`); None when it says nothing, or what is ours by definition."""
        return None

    def venue_lots_ns(self, instrument: Instrument, side: str) -> int:
        """Time of which that is true at the latest."""
        return 0

    def look_at_account(self) -> None:
        """Have positions and balances read again, soon."""

    def look_at_trades(self, instrument: Instrument, since_ns: int) -> None:
        """Have the account's executions on a market read again from a time on, soon."""

    def read_lag_ns(self) -> int:
        """How old the venue's answers to questions may be."""
        return 0

    def is_settled(self) -> bool:
        """Whether nothing is open between the venue and us: no answer, execution or reconciliation is waited for."""
        return True

    def is_netted(self, request: OrderRequest) -> bool:
        """Whether the position that this order works on is what our own fills make it: then whatever an exit exceeds it by is the doing of other executors of ours."""
        return True

    def reducible_lots(self, request: OrderRequest) -> int:
        """By how much an order of this kind could reduce the account's position; 0 on spot."""
        return 0

    def crowded_lots(self, request: OrderRequest) -> int:
        """How much of the position on a ONEWAY account orders that rest and only reduce may have taken, where the venue counts them; 0 where none is known."""
        return 0

    def fee_rate(self, trading_pair: str, is_maker: bool) -> Decimal | None:
        """Fee of an execution as a fraction of its notional; None while it is not known."""
        return None

    def keeps_stops(self) -> bool:
        """Whether reduce-only stop orders may rest at the venue."""
        return False

    def closed_reason(self) -> str | None:
        """Why no new exposure may be sent now, as one sentence; None while it may. Exits pass whatever it says."""
        return None

    def is_waiting(self) -> bool:
        """Whether that reason is one that passes by itself: the venue is away or wants quiet, or is being asked what happened meanwhile."""
        return False

    def configure_perpetual(self, trading_pair: str, leverage: int, mode: PositionMode) -> None:
        """Set leverage and position mode before a bot trades; a spot connector ignores it.

        Raises
        ------
        UserError
            If the account can't switch because it has open positions or orders.
        """

    def take_up_perpetual(self, trading_pair: str, leverage: int, mode: PositionMode) -> None:
        """The same for a bot that comes back. Nothing is refused: what it has there must be watched, whatever mode the account has come to be in."""
        self.configure_perpetual(trading_pair, leverage, mode)
