"""`ExchangeConnector`: orders at a real venue, believed only as far as there is evidence.

Three rules stand behind every line here (design section 6). A command has three outcomes, and what is not a listed refusal is UNKNOWN: such an order keeps its
funds and its executor, and is looked for until it is found or its absence is proven. A cancel is a question: it is repeated until the order has ended,
whatever ended it. Only executions move a position: an end that the venue reports is held back until the executions that it counts have arrived.

All news, answers and streams alike, wait in an inbox for the next tick; so the same news give the same decisions, in a simulation and live.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace

from botcore.connectors.base import OutgoingRequest
from botcore.connectors.live.account import Account
from botcore.connectors.live.account_connector import AccountConnector
from botcore.connectors.live.audit import AuditBook
from botcore.connectors.live.cancels import CancelBook
from botcore.connectors.live.doubts import BeliefRules, DoubtBook
from botcore.connectors.live.endings import EndingBook
from botcore.connectors.live.fees import Rate, no_rate, with_priced_fee
from botcore.connectors.live.other_homes import OtherHomes
from botcore.connectors.live.permission import Permission
from botcore.connectors.live.reconciling import ReconcileBook
from botcore.core.bus import EventBus
from botcore.core.clock import Clock
from botcore.model.enums import OrderType, TradeType
from botcore.model.events import Fact, FactKind, ForcedFill, OrderUnknown, PartFault, StrayFill, StrayOrder
from botcore.model.instrument import Instrument
from botcore.model.order import Fill, OrderRequest, OrderState
from botcore.model.refusals import CROWDED, NEVER_ARRIVED, NOT_SENT, WAITS, RefusalKind, kind_of
from botcore.model.times import NEVER, SECOND_NS
from botcore.model.venue_updates import OrderEnded, OrderTaken, OrderTraded, VenueUpdate
from botcore.orders.ids import IdSource, is_condors
from botcore.orders.tracker import Order
from botcore.venues.line import Ask, Canceled, Created, News, Reported, Told, Traded, TradesRead, VenueLine
from botcore.venues.off_grid import counted_in, on_grid
from botcore.venues.wire import NoReply, OrderReport, Verdict

ANSWER_LIMIT_NS = 30 * SECOND_NS
"""A line must answer; when it did not for so long, the request counts as unanswered."""

STALE_NS = 5 * SECOND_NS
"""Age beyond which an order that opens is not sent any more."""

FORCED_KEPT = 256
"""So many orders of the venue itself are remembered, so that each is told once."""

BEFORE_LIVE = (OrderState.PENDING_CREATE, OrderState.UNKNOWN)
LIVE = (OrderState.OPEN, OrderState.PARTIALLY_FILLED)
ENDS = (OrderState.CANCELED, OrderState.EXPIRED, OrderState.FAILED)


class ExchangeConnector(AccountConnector):
    """See the module.

    Parameters
    ----------
    line : VenueLine
    rules : BeliefRules
        Of this venue.
    instruments : mapping of str to Instrument
        Live mapping, by pair.
    account : Account
    closed : callable, optional
        Why no new exposure may be sent now, as one sentence; None while it may. The session knows about streams, clock and bans.
    stops : bool
        Whether reduce-only stop orders may rest there (`LiveSpec.lists_stop_orders`, unless the account's settings say no).
    rate : callable, optional
        What fees in a third asset are worth (`RateOracle.rate`).
    """

    def __init__(
        self,
        name: str,
        clock: Clock,
        bus: EventBus,
        ids: IdSource,
        line: VenueLine,
        rules: BeliefRules,
        instruments: Mapping[str, Instrument],
        account: Account,
        closed: Callable[[], str | None] = lambda: None,
        *,
        stops: bool = False,
        rate: Rate | None = None,
    ) -> None:
        super().__init__(name, clock, bus, ids, line, rules.lag_ns, instruments, account, stops=stops)
        self.doubts = DoubtBook(rules)
        self.cancels = CancelBook()
        self.endings = EndingBook(rules.deadline_ns, rules.lag_ns)
        self.audit = AuditBook()
        self._others = OtherHomes(ids, self._tell_other_home)
        self.permission = Permission(self._tell_account)
        self._forced_told: deque[tuple[str, str]] = deque(maxlen=FORCED_KEPT)
        self._seconds_told: deque[str] = deque(maxlen=FORCED_KEPT)
        self._copies: deque[str | None] = deque(maxlen=FORCED_KEPT)
        self.broken = ""
        self.inbox: list[News] = []
        self._closed = closed
        self._rate = rate or no_rate
        self._unanswered: dict[str, int] = {}
        self._reconciling = ReconcileBook()

    # ---- the way out ---------------------------------------------------------------------------------------------
    def send(self, requests: list[OutgoingRequest]) -> None:
        now_ns = self._clock.now_ns
        for request in requests:
            order = request.order
            if request.is_cancel:
                self.cancels.want(order.client_order_id, now_ns)
            elif order.request.purpose.adds_risk and now_ns - request.asked_ns > STALE_NS:
                # decided on a market of then: a slow disk must not send it into the market of now. An exit goes whatever its age.
                waited = f"{NOT_SENT}: writing it down took {(now_ns - request.asked_ns) / SECOND_NS:.0f} s"
                self.apply(OrderEnded(order.client_order_id, OrderState.FAILED, waited, now_ns))
            else:
                self._unanswered[order.client_order_id] = now_ns
                self._hear(order, now_ns)
                self._line.create(order)
        self._send_cancels(now_ns)

    def _send_cancels(self, now_ns: int) -> None:
        for client_order_id in self.cancels.due(now_ns):
            order = self.tracker.get(client_order_id)
            if order is None or order.is_done:
                self.cancels.done(client_order_id)
            else:
                self._line.cancel(order)

    # ---- time ------------------------------------------------------------------------------------------------------
    def wish(self) -> tuple[int, bool]:
        books = (self.doubts, self.cancels, self.endings, self.audit, self._reconciling)
        times = [when for book in books if (when := book.next_ns()) is not None]
        if self._unanswered:
            times.append(next(iter(self._unanswered.values())) + ANSWER_LIMIT_NS)
        return min(times, default=NEVER), bool(self.inbox)

    def on_tick(self, now_ns: int) -> None:
        """Take the news, then ask and insist."""
        inbox, self.inbox = self.inbox, []
        for news in inbox:
            self._clock.stepper.guard(news, self._not_taken, self._take, news, now_ns)
        self._settings.set_wanted(now_ns)
        self._miss_answers(now_ns)
        self._send_cancels(now_ns)
        for client_order_id, kind in self.doubts.due(now_ns):
            self._ask(client_order_id, kind)
        self._ask_unreconciled(now_ns)
        for client_order_id in self.endings.due(now_ns):
            self._ask(client_order_id, Ask.TRADES)
        for client_order_id in self.audit.due(now_ns):
            self._ask(client_order_id, Ask.QUERY)
        for report in self.endings.overdue(now_ns):
            self._tell_missing(report, now_ns)
        for report in self.endings.hopeless():
            self._end_without_fills(report)

    def _ask(self, client_order_id: str, kind: Ask) -> None:
        order = self.tracker.get(client_order_id)
        if order is not None:
            self._line.ask(kind, order)

    def _hear(self, order: Order, now_ns: int) -> None:
        self.audit.heard(order.client_order_id, now_ns, rests=order.request.order_type is not OrderType.MARKET)

    def _miss_answers(self, now_ns: int) -> None:
        while self._unanswered:
            client_order_id, sent_ns = next(iter(self._unanswered.items()))
            if now_ns < sent_ns + ANSWER_LIMIT_NS:
                return
            self._created(Created(client_order_id, NoReply("no answer", left=True)), now_ns)

    # ---- the way in ------------------------------------------------------------------------------------------------
    def _take(self, news: News, now_ns: int) -> None:
        if type(news) is Created:
            self._created(news, now_ns)
        elif type(news) is Canceled:
            self._canceled(news, now_ns)
        elif type(news) is Told:
            self._told(news, now_ns)
        elif type(news) is Reported:
            self._report(news.report, now_ns)
        elif type(news) is Traded:
            if news.forced:
                self._bus.publish(ForcedFill(with_priced_fee(news.fill, self._rate), news.forced))
            else:
                self._trade(news.fill)
        elif type(news) is TradesRead and not self.broken:
            self._line.booked(news)

    def _not_taken(self, news: News, error: Exception) -> None:
        """A message broke whoever took it. The others are taken all the same, and every order is asked after; but something may be missing now. So nothing new is
        opened any more, and no list of executions counts as read: the next process reads them again."""
        text = f"{type(error).__name__}: {error}"
        if text != self.broken:
            self.broken = text
            self._bus.publish(PartFault(FactKind.PART_FAULT, self._clock.now_ns, f"{self.name}: {type(news).__name__} can't be taken: {text}"))
            self.reconcile(self._clock.now_ns)

    def _created(self, news: Created, now_ns: int) -> None:
        sent_ns = self._unanswered.pop(news.client_order_id, now_ns)
        order = self.tracker.get(news.client_order_id)
        if order is None:
            return
        said = news.said
        if isinstance(said, NoReply):
            if said.left:
                self._doubt(order, sent_ns, said.reason, now_ns)
            else:
                waits = order.request.purpose.adds_risk and self.is_waiting()
                self.apply(
                    OrderEnded(
                        order.client_order_id, OrderState.FAILED, f"{WAITS if waits else NOT_SENT}: {said.reason.removeprefix('not sent: ')}", now_ns
                    )
                )
        elif said.verdict is Verdict.ACCEPTED and news.report is not None:
            self.permission.proved()
            self._report(news.report, now_ns)
        elif said.verdict in (Verdict.REFUSED, Verdict.DENIED, Verdict.LIMITED, Verdict.STALE_TIME):
            if said.verdict is Verdict.DENIED:
                self.deny(said.text)
            if not order.request.purpose.adds_risk:
                self._exit_refused(order, said.text, now_ns)
            self.apply(OrderEnded(order.client_order_id, OrderState.FAILED, said.text, now_ns))
        else:
            self._doubt(order, sent_ns, said.text or "the venue's answer can't be trusted", now_ns)

    def _exit_refused(self, order: Order, reason: str, now_ns: int) -> None:
        """What we know of the account and what the venue has may differ: the next attempt must know better."""
        instrument = order.instrument
        if instrument.is_perpetual:
            self.look_at_account()
            if CROWDED in reason:
                self._crowding.refused(order.request, now_ns)
        elif order.request.trade_type is TradeType.SELL and kind_of(reason) is RefusalKind.BALANCE:
            self.shortages.refused[instrument.base] = now_ns
            self.look_at_account()

    def _canceled(self, news: Canceled, now_ns: int) -> None:
        order = self.tracker.get(news.client_order_id)
        if order is None or order.is_done:
            self.cancels.done(news.client_order_id)
            return
        self.cancels.answered(news.client_order_id, now_ns)
        said = news.said
        if isinstance(said, NoReply):
            return
        if said.verdict is Verdict.ACCEPTED and news.report is not None:
            self._report(news.report, now_ns)
        elif said.verdict is Verdict.NOT_FOUND and order.state not in BEFORE_LIVE:
            # filled, canceled by somebody else, or a replica that lags: a question, not an answer
            self.doubts.open(news.client_order_id, now_ns, now_ns, was_live=True)

    def _told(self, news: Told, now_ns: int) -> None:
        order = self.tracker.get(news.client_order_id)
        if order is None:
            return
        before = order.filled_lots
        for fill in news.fills:
            self._trade(fill)
        if news.kind is Ask.TRADES and not isinstance(news.said, NoReply) and news.said.verdict is Verdict.ACCEPTED:
            self.endings.answered(news.client_order_id, news.asked_ns)
        if news.report is not None and order.is_open and is_end_of_other(order, news.report):
            self._other_ended(order, news.report, now_ns)
            self._missing(order, news, now_ns)
        elif news.report is not None:
            self._report(news.report, now_ns)
        elif news.fills and (order.filled_lots > before or not self._was_live(order)):
            self._found_by_trades(order, now_ns)
        elif news.fills and not isinstance(news.said, NoReply) and news.said.verdict is Verdict.ACCEPTED:
            # a list that was read to its end shows what is booked already: of the rest it says nothing
            self._missing(order, news, now_ns)
        elif news.is_negative:
            self._missing(order, news, now_ns)
        if news.report is not None or (news.is_negative and news.kind is Ask.QUERY):
            self._reconciling.answered(news.client_order_id)
        elif news.is_negative and news.kind is Ask.OPEN and news.client_order_id in self._reconciling:
            # one list answers for all orders of a pair that still stand; the others are asked for one by one
            self._ask(news.client_order_id, Ask.QUERY)

    def _was_live(self, order: Order) -> bool:
        """Whether the venue is known to have had an order that is looked for: its old executions are no news then."""
        doubt = self.doubts.get(order.client_order_id)
        return doubt is not None and doubt.was_live

    def _found_by_trades(self, order: Order, now_ns: int) -> None:
        """Executions prove that it arrived; whether its rest still stands is asked next."""
        if order.client_order_id in self.doubts:
            self.doubts.close(order.client_order_id)
            if not order.is_done:
                self.doubts.open(order.client_order_id, now_ns, now_ns, was_live=True)

    def _missing(self, order: Order, news: Told, now_ns: int) -> None:
        """A place of the venue does not show the order."""
        if order.is_done:
            self.doubts.close(order.client_order_id)
        elif order.client_order_id in self.doubts:
            if self.doubts.silent(order.client_order_id, news.kind, news.asked_ns):
                self._bury(order, now_ns)
        elif news.kind is not Ask.TRADES:
            was_live = order.state not in BEFORE_LIVE
            self.doubts.open(order.client_order_id, now_ns if was_live else order.created_ns, now_ns, was_live=was_live)

    # ---- doubt -----------------------------------------------------------------------------------------------------
    def _doubt(self, order: Order, sent_ns: int, reason: str, now_ns: int) -> None:
        """Nobody knows whether the venue has it."""
        if self.tracker.apply_state(order.client_order_id, OrderState.UNKNOWN, now_ns, None, reason):
            self.doubts.open(order.client_order_id, sent_ns, now_ns, was_live=False)
            self._bus.publish(OrderUnknown(order, now_ns))
            self._tell(FactKind.ORDER_UNKNOWN, order, now_ns, reason=reason)

    def _bury(self, order: Order, now_ns: int) -> None:
        """Its absence is proven."""
        doubt = self.doubts.get(order.client_order_id)
        was_live = doubt is not None and doubt.was_live
        state = OrderState.CANCELED if was_live else OrderState.FAILED
        reason = "the venue no longer knows the order" if was_live else NEVER_ARRIVED
        self._tell(FactKind.ORDER_ABSENT, order, now_ns, reason=reason)
        self.apply(OrderEnded(order.client_order_id, state, reason, now_ns))

    @property
    def denied(self) -> str:
        """Why the venue does not take our key for orders; empty while it does."""
        return self.permission.denied

    def deny(self, reason: str) -> None:
        self.permission.deny(reason)

    def allow(self) -> None:
        self.permission.allow()

    def _tell_account(self, kind: str, **values: str) -> None:
        self._bus.publish(Fact(kind, self._clock.now_ns, payload={"connector_name": self.name, **values}))

    # ---- evidence --------------------------------------------------------------------------------------------------
    def _report(self, report: OrderReport, now_ns: int) -> None:
        """The venue shows an order: executions first, then where it stands."""
        if report.forced:
            self._forced(report)
            return
        order = self.tracker.get(report.client_order_id)
        if order is None:
            order = self._stray(report)
        if order is None:
            return
        report = counted_in(report, order.instrument)
        if self._is_second(order, report):
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

    def _is_second(self, order: Order, report: OrderReport) -> bool:
        """Something on the way sent our request twice, and the venue, where the first had ended already, took the second as another order under the same id (R13)."""
        is_copy = is_other(order, report) or report.exchange_order_id in self._copies
        return is_copy and order.is_done and report.state in LIVE

    def _take_off_second(self, order: Order, report: OrderReport) -> None:
        """Cancel it, again with every list that still shows it; what it traded comes as executions under our id, and counts."""
        self._line.cancel(order)
        self._trades(report)
        if report.exchange_order_id not in self._seconds_told:
            self._seconds_told.append(report.exchange_order_id)
            self._tell(
                FactKind.ORDER_ADOPTED, order, self._clock.now_ns, amount=format(order.instrument.amount(report.lots - report.filled_lots), "f")
            )

    def _other_ended(self, order: Order, report: OrderReport, now_ns: int) -> None:
        """Count what it traded, and ask after the one that we know. Where that was all that we wanted, the one that we know is one too many."""
        self._trades(report)
        if order.is_open:
            self.doubts.open(order.client_order_id, now_ns, now_ns, was_live=True)
        elif order.request.order_type.is_limit and order.exchange_order_id not in self._copies and report.exchange_order_id not in self._seconds_told:
            self._copies.append(order.exchange_order_id)
            self._line.cancel(order)

    def _trades(self, report: OrderReport) -> None:
        for fill in report.fills:
            self._trade(fill)

    def _forced(self, report: OrderReport) -> None:
        """The venue itself closed (part of) a position: told once it is done, booked when positions confirm it (`PositionKeeper`)."""
        for fill in report.fills:
            self._bus.publish(ForcedFill(with_priced_fee(fill, self._rate), report.forced))
        key = (report.trading_pair, report.exchange_order_id)
        if report.filled_lots < report.lots or key in self._forced_told:
            return
        self._forced_told.append(key)
        of = report.instrument or self.instrument(report.trading_pair)
        side = {"side": report.fills[0].trade_type.name} if report.fills else {}
        amount = format(of.amount(report.filled_lots), "f")
        self._tell_account(FactKind.FORCED_ORDER, trading_pair=report.trading_pair, cause=report.forced, amount=amount, **side)
        self.look_at_account()

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

    # ---- reconciliation --------------------------------------------------------------------------------------------
    def reconcile(self, now_ns: int) -> None:
        """Hold every open order against the venue; no new exposure leaves before all have been answered for."""
        orders = self.tracker.open_orders()
        self._reconciling.begin((order.client_order_id for order in orders), now_ns)
        for order in orders:
            self._hear(order, now_ns)
        self._ask_unreconciled(now_ns)

    def _ask_unreconciled(self, now_ns: int) -> None:
        """Ask, and ask again where no answer came."""
        for client_order_id in self._reconciling.due(now_ns):
            self._ask(client_order_id, Ask.TRADES)
            self._ask(client_order_id, Ask.OPEN)

    def closed_reason(self) -> str | None:
        """Why no new exposure may be sent now, as one sentence; None while it may."""
        if self.broken:
            return f"a message of {self.name} can't be taken ({self.broken}): start the program again, then it is read once more"
        if self.denied:
            return f"{self.name} denies the key: {self.denied}"
        reason = self._closed()
        if reason is None and self._reconciling:
            reason = f"{self.name} is being reconciled: {len(self._reconciling)} orders to go"
        if reason is None and not self.account.is_known:
            reason = f"the balances at {self.name} are not known"
        if reason is None and self._settings.is_settling():
            reason = f"the position mode at {self.name} is being set"
        return reason

    def is_waiting(self) -> bool:
        return not self.broken and not self.denied and self.closed_reason() is not None

    def doing_about(self, client_order_id: str, now_ns: int) -> str:
        """What is being done about an order that nobody knows, for people."""
        doubt = self.doubts.get(client_order_id)
        if doubt is None:
            return "waiting for the venue's answer"
        left_s = (doubt.since_ns + self.doubts.deadline_ns - now_ns) / SECOND_NS
        asked = f"asked {doubt.asked} times" if doubt.asked else "about to be asked for"
        return f"{asked}; its absence would be believed {f'in {left_s:.0f} s' if left_s > 0 else 'as soon as every list is silent'}"

    def is_settled(self) -> bool:
        return not (self._unanswered or self._reconciling or len(self.doubts) or len(self.endings))

    def is_netted(self, request: OrderRequest) -> bool:
        side = self.account.side(request)
        return not self._reconciling and self.own.of(request.instrument).lots(side) == self.account.lots(request.instrument, side)

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


def is_other(order: Order, report: OrderReport) -> bool:
    """Whether the venue speaks of another order than the one that we know under this id. Stops are left out: they get another id when they trigger."""
    is_known = bool(report.exchange_order_id and order.exchange_order_id)
    return is_known and report.exchange_order_id != order.exchange_order_id and order.request.order_type is not OrderType.STOP_MARKET


def is_end_of_other(order: Order, report: OrderReport) -> bool:
    """Of two orders under our id (R13) we know one, and this is how the other one ended: ours may still stand."""
    return report.state in (*ENDS, OrderState.FILLED) and is_other(order, report)
