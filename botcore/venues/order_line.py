"""`OrderLine`: requests about orders, carried over the network and answered for, each by a task of its own.

What comes back goes through the connector's inbox. A reply that can't be read says nothing: the create or cancel is UNKNOWN, the question unanswered.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from botcore.model.enums import OrderType, PositionMode
from botcore.orders.ids import is_condors
from botcore.orders.tracker import Order
from botcore.venues.account_news import SettingsTold
from botcore.venues.caller import Caller
from botcore.venues.dialect import Dialect, Unreadable
from botcore.venues.line import Ask, Canceled, Created, News, Reported, Told, TradesRead
from botcore.venues.stop_line import StopLine
from botcore.venues.tasks import Tasks
from botcore.venues.trade_reader import TradeReader
from botcore.venues.wire import Call, NoReply, OrderReport, Outcome, Verdict


class OrderLine:
    """Implements `VenueLine`.

    Parameters
    ----------
    deliver : callable
        Takes news to the connector.
    mode : callable
        Position mode of the account.
    on_settings : callable
        Told of leverage and mode that the venue has confirmed.
    on_trouble : callable
        Told, in one sentence, of a setting that the venue refused.
    look : callable
        Has the account read again.
    create_s : float, optional
        How long an order that opens something may wait for its turn, tries included (`TimeoutSpec.create_s`); by its call's priority if not given.
    """

    def __init__(
        self,
        dialect: Dialect,
        caller: Caller,
        tasks: Tasks,
        trades: TradeReader,
        deliver: Callable[[News], None],
        mode: Callable[[], PositionMode],
        on_settings: Callable[[SettingsTold], None],
        on_trouble: Callable[[str], None],
        look: Callable[[], None],
        create_s: float | None = None,
    ) -> None:
        self._dialect = dialect
        self._caller = caller
        self._tasks = tasks
        self._trades = trades
        self._deliver = deliver
        self._mode = mode
        self._on_settings = on_settings
        self._on_trouble = on_trouble
        self._look = look
        self._create_s = create_s
        stops = dialect.stops
        self._stops = StopLine(stops, caller, mode, self._as_order) if stops is not None else None
        self._listed_stops: set[str] = set()
        """Client ids that the latest lists showed among the stops: what this process does not know (any more) tells by nothing else that it is one."""
        self._open_waiting: defaultdict[str, list[str]] = defaultdict(list)
        self._open_reading: set[str] = set()
        self.looked_ns = 0
        """When the account's whole list of open orders was asked for that was read last."""

    # ---- VenueLine -------------------------------------------------------------------------------------------------
    def create(self, order: Order) -> None:
        self._trades.touch(order.instrument.market.trading_pair)
        self._tasks.once(f"create {order.client_order_id}", lambda: self._create(order))

    def cancel(self, order: Order) -> None:
        self._trades.touch(order.instrument.market.trading_pair)
        self._tasks.once(f"cancel {order.client_order_id}", lambda: self._cancel(order))

    def ask(self, kind: Ask, order: Order) -> None:
        pair = order.instrument.market.trading_pair
        if kind is Ask.QUERY:
            self._tasks.once(f"query {order.client_order_id}", lambda: self._query(order))
        elif kind is Ask.TRADES:
            self._trades.ask(pair, order.client_order_id, order.created_ns // 1_000_000)
        else:
            self._open_waiting[pair].append(order.client_order_id)
            if pair not in self._open_reading:
                self._open_reading.add(pair)
                self._tasks.once(f"open orders {pair}", lambda: self._answer_open(pair))

    def configure(self, trading_pair: str, leverage: int, hedge: bool | None) -> None:
        self._tasks.once(f"settings {trading_pair}", lambda: self._configure(trading_pair, leverage, hedge))

    def look(self) -> None:
        self._look()

    def look_at_trades(self, trading_pair: str, since_ms: int) -> None:
        self._tasks.once(f"trades again {trading_pair}", lambda: self._trades.read_since(trading_pair, since_ms))

    def booked(self, read: TradesRead) -> None:
        self._trades.booked(read)

    # ---- one request each ------------------------------------------------------------------------------------------
    async def _create(self, order: Order) -> None:
        if (stops := self._stops_for(order)) is not None:
            said, report, _ = await stops.create(order)
        else:
            hedge = self._mode() is PositionMode.HEDGE
            patience_s = self._create_s if order.request.purpose.adds_risk else None
            said, report, _ = await self._about(self._dialect.create_call(order, hedge), patience_s)
        self._deliver(Created(order.client_order_id, said, report))

    async def _cancel(self, order: Order) -> None:
        stops = self._stops_for(order)
        said, report, _ = await (stops.cancel(order) if stops is not None else self._as_order(order, True))
        self._deliver(Canceled(order.client_order_id, said, report))

    async def _query(self, order: Order) -> None:
        stops = self._stops_for(order)
        said, report, asked_ns = await (stops.query(order) if stops is not None else self._as_order(order, False))
        self._deliver(Told(order.client_order_id, Ask.QUERY, said, asked_ns, report))

    def _stops_for(self, order: Order) -> StopLine | None:
        return self._stops if order.request.order_type is OrderType.STOP_MARKET or order.client_order_id in self._listed_stops else None

    async def _as_order(self, order: Order, is_cancel: bool) -> tuple[Outcome | NoReply, OrderReport | None, int]:
        """Cancel or ask after an order by its client id."""
        return await self._about(self._dialect.cancel_call(order) if is_cancel else self._dialect.query_call(order))

    async def _about(self, call: Call, patience_s: float | None = None) -> tuple[Outcome | NoReply, OrderReport | None, int]:
        answer = await self._caller.call(call, patience_s)
        if isinstance(answer.reply, NoReply) or not answer.is_accepted:
            return answer.said, None, answer.sent_ns
        try:
            return answer.outcome, self._dialect.order_report(call, answer.reply), answer.sent_ns
        except Unreadable as error:
            return Outcome(Verdict.UNKNOWN, None, f"the venue's answer can't be read ({error})"), None, answer.sent_ns

    # ---- open orders ---------------------------------------------------------------------------------------------------
    async def _answer_open(self, trading_pair: str) -> None:
        try:
            while self._open_waiting[trading_pair]:
                # asked twice, answered once: a second answer without the report would deny it
                asked = dict.fromkeys(self._open_waiting.pop(trading_pair))
                said, asked_ns, reports = await self.open_orders(trading_pair)
                for client_order_id in asked:
                    self._deliver(Told(client_order_id, Ask.OPEN, said, asked_ns, reports.pop(client_order_id, None)))
                self._hand_on(reports)
        finally:
            self._open_reading.discard(trading_pair)

    async def open_orders(self, trading_pair: str) -> tuple[Outcome | NoReply, int, dict[str, OrderReport]]:
        """(what the venue said, when the question left, the complete list by client order id); the list is empty when it could not be read."""
        answer = await self._caller.call(self._dialect.open_orders_call(trading_pair))
        if isinstance(answer.reply, NoReply) or not answer.is_accepted:
            return answer.said, answer.sent_ns, {}
        try:
            reports = self._dialect.order_reports(answer.reply)
        except Unreadable as error:
            return Outcome(Verdict.UNKNOWN, None, str(error)), answer.sent_ns, {}
        if self._stops is not None:
            said, waiting = await self._stops.open(trading_pair)
            if isinstance(said, NoReply) or said.verdict is not Verdict.ACCEPTED:
                return said, answer.sent_ns, {}
            listed = {report.client_order_id for report in waiting}
            self._listed_stops = self._listed_stops | listed if trading_pair else listed
            # a stop that has just triggered stands in both lists: the order that it became says more
            reports = [*waiting, *reports]
        return answer.outcome, answer.sent_ns, {report.client_order_id: report for report in reports}

    async def look_through(self) -> bool:
        """Read the account's whole list of open orders, and hand on what Condors have sent; False when it could not be read."""
        said, asked_ns, reports = await self.open_orders("")
        self._hand_on(reports)
        is_read = isinstance(said, Outcome) and said.verdict is Verdict.ACCEPTED
        if is_read:
            self.looked_ns = asked_ns
        return is_read

    def _hand_on(self, reports: dict[str, OrderReport]) -> None:
        for report in reports.values():
            if is_condors(report.client_order_id):
                self._deliver(Reported(report))

    # ---- settings ------------------------------------------------------------------------------------------------------
    async def _configure(self, trading_pair: str, leverage: int, hedge: bool | None) -> None:
        problem = await self.settle(trading_pair, leverage, hedge)
        if problem is not None:
            self._on_trouble(problem)

    async def settle(self, trading_pair: str, leverage: int, hedge: bool | None) -> str | None:
        """Set leverage and mode, and wait for it; why it could not be done, as one sentence, or None."""
        for call in self._dialect.settings_calls(trading_pair, leverage, hedge):
            answer = await self._caller.call(call)
            if not answer.is_accepted:
                mode = "" if hedge is None else f" and {'hedge' if hedge else 'one-way'} mode"
                return f"leverage {leverage}{mode} could not be set for {trading_pair}: {answer.outcome.text or 'no answer'}"
        self._on_settings(SettingsTold(trading_pair, leverage, hedge))
        return None
