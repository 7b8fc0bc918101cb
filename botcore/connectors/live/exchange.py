"""`ExchangeConnector`: orders at a real venue, believed only as far as there is evidence.

Three rules stand behind every line here (design section 6). A command has three outcomes, and what is not a listed refusal is UNKNOWN: such an order keeps its
funds and its executor, and is looked for until it is found or its absence is proven. A cancel is a question: it is repeated until the order has ended,
whatever ended it. Only executions move a position: an end that the venue reports is held back until the executions that it counts have arrived.

Each rule has its floor: `evidence` (what the venue shows of orders), above it `answers` (what comes of what was asked), and here what is sent and asked, and when.

All news, answers and streams alike, wait in an inbox for the next tick; so the same news give the same decisions, in a simulation and live.
"""

from __future__ import annotations

from collections.abc import Callable

from botcore.connectors.base import OutgoingRequest
from botcore.connectors.live.answers import ANSWER_LIMIT_NS, AnsweringConnector
from botcore.connectors.live.venue_side import VenueSide
from botcore.core.bus import EventBus
from botcore.core.clock import Clock
from botcore.model.events import FactKind, PartFault
from botcore.model.order import OrderRequest, OrderState
from botcore.model.refusals import NOT_SENT
from botcore.model.times import NEVER, SECOND_NS
from botcore.model.venue_updates import OrderEnded
from botcore.orders.ids import IdSource
from botcore.venues.line import Ask, Canceled, Created, News, Reported, Told, Traded, TradesRead

STALE_NS = 5 * SECOND_NS
"""Age beyond which an order that opens is not sent any more."""


class ExchangeConnector(AnsweringConnector):
    """See the module.

    Parameters
    ----------
    venue : VenueSide
    closed : callable, optional
        Why no new exposure may be sent now, as one sentence; None while it may. The session knows about streams, clock and bans.
    """

    def __init__(
        self,
        name: str,
        clock: Clock,
        bus: EventBus,
        ids: IdSource,
        venue: VenueSide,
        closed: Callable[[], str | None] = lambda: None,
    ) -> None:
        super().__init__(name, clock, bus, ids, venue)
        self.broken = ""
        self.inbox: list[News] = []
        self._closed = closed

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
                self._forced.traded(news.fill, news.forced)
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
