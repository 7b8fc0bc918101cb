"""What comes of what was asked: the venue's answer to an order, to a cancel, to a question; and what a missing answer means.

A command has three outcomes. What is not a listed refusal is UNKNOWN: such an order keeps its funds and its executor, and is looked for until it is found or
its absence is proven.
"""

from __future__ import annotations

from botcore.connectors.live.copies import is_end_of_other
from botcore.connectors.live.evidence import BEFORE_LIVE, EvidenceConnector
from botcore.model.enums import TradeType
from botcore.model.events import FactKind, OrderUnknown
from botcore.model.order import OrderState
from botcore.model.refusals import CROWDED, NEVER_ARRIVED, NOT_SENT, WAITS, RefusalKind, kind_of
from botcore.model.times import SECOND_NS
from botcore.model.venue_updates import OrderEnded
from botcore.orders.tracker import Order
from botcore.venues.line import Ask, Canceled, Created, Told
from botcore.venues.wire import NoReply, Verdict

ANSWER_LIMIT_NS = 30 * SECOND_NS
"""A line must answer; when it did not for so long, the request counts as unanswered."""


class AnsweringConnector(EvidenceConnector):
    """See the module."""

    # ---- to an order -----------------------------------------------------------------------------------------------------
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

    def _miss_answers(self, now_ns: int) -> None:
        while self._unanswered:
            client_order_id, sent_ns = next(iter(self._unanswered.items()))
            if now_ns < sent_ns + ANSWER_LIMIT_NS:
                return
            self._created(Created(client_order_id, NoReply("no answer", left=True)), now_ns)

    # ---- to a cancel -----------------------------------------------------------------------------------------------------
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

    # ---- to a question ---------------------------------------------------------------------------------------------------
    def _ask(self, client_order_id: str, kind: Ask) -> None:
        order = self.tracker.get(client_order_id)
        if order is not None:
            self._line.ask(kind, order)

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

    # ---- the key ---------------------------------------------------------------------------------------------------------
    @property
    def denied(self) -> str:
        """Why the venue does not take our key for orders; empty while it does."""
        return self.permission.denied

    def deny(self, reason: str) -> None:
        self.permission.deny(reason)

    def allow(self) -> None:
        self.permission.allow()
