"""What the venue shows of orders, and what is believed by it: reports, executions, and orders that are not in our books.

Only executions move a position: an end that the venue reports is held back until the executions that it counts have arrived. What is asked for, and when, is
decided above (`answers`, `exchange`).
"""

from __future__ import annotations

from dataclasses import replace

from botcore.connectors.live.account_connector import AccountConnector
from botcore.connectors.live.audit import AuditBook
from botcore.connectors.live.cancels import CancelBook
from botcore.connectors.live.copies import ENDS, CopyBook, is_end_of_other
from botcore.connectors.live.doubts import DoubtBook
from botcore.connectors.live.endings import EndingBook
from botcore.connectors.live.fees import with_priced_fee
from botcore.connectors.live.forced import ForcedOrders
from botcore.connectors.live.other_homes import OtherHomes
from botcore.connectors.live.permission import Permission
from botcore.connectors.live.reconciling import ReconcileBook
from botcore.connectors.live.venue_side import VenueSide
from botcore.core.bus import EventBus
from botcore.core.clock import Clock
from botcore.model.enums import OrderType
from botcore.model.events import Fact, FactKind, StrayFill, StrayOrder
from botcore.model.order import Fill, OrderState
from botcore.model.venue_updates import OrderEnded, OrderTaken, OrderTraded, VenueUpdate
from botcore.orders.ids import IdSource, is_condors
from botcore.orders.tracker import Order
from botcore.venues.off_grid import counted_in, on_grid
from botcore.venues.wire import OrderReport

BEFORE_LIVE = (OrderState.PENDING_CREATE, OrderState.UNKNOWN)


class EvidenceConnector(AccountConnector):
    """See the module.

    Attributes
    ----------
    doubts, cancels, endings, audit
        What is not known yet of orders, each book for one question: is it there, has it ended, where are its executions, is all as we think.
    permission : Permission
        Whether our key is taken.
    """

    def __init__(self, name: str, clock: Clock, bus: EventBus, ids: IdSource, venue: VenueSide) -> None:
        super().__init__(name, clock, bus, ids, venue)
        rules, rate = venue.rules, venue.rate
        self.doubts = DoubtBook(rules)
        self.cancels = CancelBook()
        self.endings = EndingBook(rules.deadline_ns, rules.lag_ns)
        self.audit = AuditBook()
        self._reconciling = ReconcileBook()
        self._unanswered: dict[str, int] = {}
        self.permission = Permission(self._tell_account)
        self._others = OtherHomes(ids, self._tell_other_home)
        self._copies = CopyBook()
        self._forced = ForcedOrders(bus, rate, self.instrument, self._tell_account)
        self._rate = rate

    # ---- reports -------------------------------------------------------------------------------------------------------
    def _report(self, report: OrderReport, now_ns: int) -> None:
        """The venue shows an order: executions first, then where it stands."""
        if report.forced:
            if self._forced.reported(report):
                self.look_at_account()
            return
        order = self.tracker.get(report.client_order_id)
        if order is None:
            order = self._stray(report)
        if order is None:
            return
        report = counted_in(report, order.instrument)
        if self._copies.is_second(order, report):
            self._take_off_second(order, report)
            return
        if is_end_of_other(order, report):
            was_open = order.is_open
            self._other_ended(order, report, now_ns)
            if was_open:
                return
        if report.state is OrderState.FAILED and order.state not in BEFORE_LIVE:
            # refused after it stood there (a stop that could not become an order): ended by the venue
            report = replace(report, state=OrderState.EXPIRED)
        self._reconciling.answered(report.client_order_id)
        if order.is_open:
            self._hear(order, now_ns)
        if order.state is OrderState.UNKNOWN:
            self._tell(FactKind.ORDER_FOUND, order, now_ns, state=report.state.name)
        if report.state not in ENDS:
            # also before a fill: the state that a fill leaves is the venue's "partly filled", and the id must be known
            self.apply(OrderTaken(report.client_order_id, report.exchange_order_id, report.ts_ns))
        elif report.exchange_order_id:
            # no news, but executions in lists may carry nothing but the venue's id
            self.tracker.apply_state(order.client_order_id, order.state, report.ts_ns, report.exchange_order_id)
        self._trades(report)
        self.doubts.close(report.client_order_id)
        if report.filled_lots > order.filled_lots:
            self.endings.wait(report, now_ns)
        elif report.state in ENDS:
            self.apply(OrderEnded(report.client_order_id, report.state, report.reason, report.ts_ns))

    def _take_off_second(self, order: Order, report: OrderReport) -> None:
        """Cancel it, again with every list that still shows it; what it traded comes as executions under our id, and counts."""
        self._line.cancel(order)
        self._trades(report)
        if self._copies.tell_once(report):
            amount = format(order.instrument.amount(report.lots - report.filled_lots), "f")
            self._tell(FactKind.ORDER_ADOPTED, order, self._clock.now_ns, amount=amount)

    def _other_ended(self, order: Order, report: OrderReport, now_ns: int) -> None:
        """Count what it traded, and ask after the one that we know. Where that was all that we wanted, the one that we know is one too many."""
        self._trades(report)
        if order.is_open:
            self.doubts.open(order.client_order_id, now_ns, now_ns, was_live=True)
        elif self._copies.make_needless(order, report):
            self._line.cancel(order)

    def _hear(self, order: Order, now_ns: int) -> None:
        self.audit.heard(order.client_order_id, now_ns, rests=order.request.order_type is not OrderType.MARKET)

    def apply(self, update: VenueUpdate) -> None:
        super().apply(update)
        client_order_id = update.fill.client_order_id if type(update) is OrderTraded else getattr(update, "client_order_id", "")
        order = self.tracker.get(client_order_id)
        if order is not None and order.is_done:
            self.doubts.close(client_order_id)
            self.cancels.done(client_order_id)
            # a count that is still ahead of what is booked is asked after, also when the order has ended
            self.endings.booked(client_order_id, order.filled_lots)
            self.audit.forget(client_order_id)
            self._reconciling.answered(client_order_id)

    # ---- executions ----------------------------------------------------------------------------------------------------
    def _trades(self, report: OrderReport) -> None:
        for fill in report.fills:
            self._trade(fill)

    def _trade(self, fill: Fill) -> None:
        fill = with_priced_fee(fill, self._rate)
        order = self.tracker.get(fill.client_order_id)
        if order is not None:
            # the venue may have changed its ticks and lots since the order was sent
            fill = on_grid(fill, order.instrument)
            if order.state is OrderState.UNKNOWN:
                self._tell(FactKind.ORDER_FOUND, order, fill.ts_ns, state="filled")
        late_state = order.state if order is not None and order.is_done else None
        before = 0 if order is None else order.filled_lots
        self.apply(OrderTraded(fill))
        if order is not None and order.filled_lots > before:
            self.account.filled(order.request, fill, self._clock.now_ns)
        if order is not None and late_state is not None and order.filled_lots > before:
            self._tell_late(order, fill, late_state)
        held_back = self.endings.booked(fill.client_order_id, order.filled_lots if order is not None else 0)
        if held_back is not None and held_back.state in ENDS:
            self.apply(OrderEnded(held_back.client_order_id, held_back.state, held_back.reason, held_back.ts_ns))

    def _tell_late(self, order: Order, fill: Fill, state: OrderState) -> None:
        """An execution came after the order's end, or beyond its size."""
        amount, price = format(fill.amount, "f"), format(fill.price, "f")
        self._tell(FactKind.LATE_FILL, order, fill.ts_ns, state=state.name, amount=amount, price=price)

    def _tell_missing(self, report: OrderReport, now_ns: int) -> None:
        """The venue counts executions that have not come for long."""
        order = self.tracker.get(report.client_order_id)
        if order is not None:
            amount = order.instrument.amount
            told = {"venue_amount": format(amount(report.filled_lots), "f"), "booked_amount": format(amount(order.filled_lots), "f")}
            self._tell(FactKind.FILLS_MISSING, order, now_ns, **told)

    def _end_without_fills(self, report: OrderReport) -> None:
        """No list shows what the venue counts. A canceled order then ends with what is booked; one that the venue calls filled stays open, for its
        position is there and we have not seen it."""
        if report.state in ENDS:
            self.apply(OrderEnded(report.client_order_id, report.state, report.reason, report.ts_ns))
            self.endings.forget(report.client_order_id)
        elif (order := self.tracker.get(report.client_order_id)) is None or order.is_done:
            self.endings.forget(report.client_order_id)

    # ---- orders that are not in our books ------------------------------------------------------------------------
    def _stray(self, report: OrderReport) -> Order | None:
        """An order that the tracker does not know: ours by its id, or somebody else's or another home's, which is never touched.

        Returns
        -------
        Order, optional
            When somebody who keeps strays has adopted it.
        """
        if not is_condors(report.client_order_id) or self._others.has(report.client_order_id, report.trading_pair):
            return None
        is_open = report.state not in (*ENDS, OrderState.FILLED)
        stray = StrayOrder(self.name, report.trading_pair, report.client_order_id, is_open, report.exchange_order_id, report.lots, report.filled_lots)
        self._bus.publish(stray)
        order = self.tracker.get(report.client_order_id)
        if order is None:
            for fill in report.fills:
                self.on_foreign_fill(with_priced_fee(fill, self._rate))
        return order

    @property
    def other_homes(self) -> tuple[str, ...]:
        """Homes whose orders were seen at this account; they are left alone."""
        return self._others.seen

    def see_other_home(self, client_order_id: str, trading_pair: str) -> None:
        self._others.add(client_order_id, trading_pair)

    def _tell_other_home(self, home: str, client_order_id: str, trading_pair: str) -> None:
        self._tell_account(FactKind.OTHER_HOME, home=home, client_order_id=client_order_id, trading_pair=trading_pair)

    def on_foreign_fill(self, fill: Fill) -> None:
        if is_condors(fill.client_order_id) and not self._others.has(fill.client_order_id, fill.instrument.market.trading_pair):
            known = self.tracker.duplicate_fills
            self._bus.publish(StrayFill(fill))
            order = self.tracker.get(fill.client_order_id)
            if order is not None and order.is_done and self.tracker.duplicate_fills == known:
                self._tell_late(order, fill, order.state)

    # ---- telling ---------------------------------------------------------------------------------------------------
    def _tell(self, kind: str, order: Order, now_ns: int, **values: object) -> None:
        request = order.request
        payload = {
            "connector_name": self.name,
            "trading_pair": request.instrument.market.trading_pair,
            "client_order_id": order.client_order_id,
            "side": request.trade_type.name,
            "amount": format(request.instrument.amount(order.lots), "f"),
            **values,
        }
        self._bus.publish(Fact(kind, now_ns, request.bot_id, request.controller_id, request.executor_id, payload))

    def _tell_account(self, kind: str, **values: str) -> None:
        self._bus.publish(Fact(kind, self._clock.now_ns, payload={"connector_name": self.name, **values}))
