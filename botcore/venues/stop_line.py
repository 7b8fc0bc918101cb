"""Requests about reduce-only stops that rest at a venue: kept by a service of its own until they trigger, an order like any other afterwards."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from botcore.model.enums import PositionMode
from botcore.model.order import OrderState
from botcore.orders.tracker import Order
from botcore.venues.caller import Answer, Caller
from botcore.venues.dialect import StopDialect, Unreadable
from botcore.venues.wire import Call, NoReply, OrderReport, Outcome, Verdict

Told = tuple[Outcome | NoReply, OrderReport | None, int]
"""(what the venue said, how the order stands, when it was asked)."""

WAITING = (OrderState.OPEN, OrderState.PARTIALLY_FILLED)


class StopLine:
    """See the module.

    Parameters
    ----------
    mode : callable
        Position mode of the account.
    as_order : callable
        Asks about the order that a stop has become, by the same client id.
    """

    def __init__(
        self,
        stops: StopDialect,
        caller: Caller,
        mode: Callable[[], PositionMode],
        as_order: Callable[[Order, bool], Awaitable[Told]],
    ) -> None:
        self._stops = stops
        self._caller = caller
        self._mode = mode
        self._as_order = as_order

    async def create(self, order: Order) -> Told:
        request = order.request
        trigger = request.price_ticks
        assert trigger is not None, "a stop has a trigger"
        side = "net"
        if self._mode() is PositionMode.HEDGE:
            side = "short" if request.trade_type.sign > 0 else "long"
        call = self._stops.create_call(request.instrument, request.trade_type, order.lots, trigger, order.client_order_id, side)
        return self._read(call, await self._caller.call(call))

    async def cancel(self, order: Order) -> Told:
        """Take it off; when its service does not know it (any more), it may have triggered: then the order that it became."""
        call = self._stops.cancel_call(order.client_order_id)
        told = self._read(call, await self._caller.call(call))
        if _is_unknown(told):
            return await self._as_order(order, True)
        said, report, asked_ns = told
        if report is None and isinstance(said, Outcome) and said.verdict is Verdict.ACCEPTED:
            # the answer says only that it was done: see how it stands
            return await self.query(order)
        return said, report, asked_ns

    async def query(self, order: Order) -> Told:
        call = self._stops.query_call(order.client_order_id)
        told = self._read(call, await self._caller.call(call))
        report = told[1]
        has_triggered = report is not None and report.state in WAITING and bool(report.reason)
        if _is_unknown(told) or has_triggered:
            became = await self._as_order(order, False)
            return told if has_triggered and became[1] is None else became
        return told

    async def open(self, trading_pair: str) -> tuple[Outcome | NoReply, list[OrderReport]]:
        """Complete list of those that wait in one pair, all pairs when ''."""
        call = self._stops.open_call(trading_pair)
        answer = await self._caller.call(call)
        if isinstance(answer.reply, NoReply) or not answer.is_accepted:
            return answer.said, []
        try:
            return answer.outcome, self._stops.reports(answer.reply)
        except Unreadable as error:
            return Outcome(Verdict.UNKNOWN, None, str(error)), []

    def _read(self, call: Call, answer: Answer) -> Told:
        if isinstance(answer.reply, NoReply) or not answer.is_accepted:
            return answer.said, None, answer.sent_ns
        try:
            return answer.outcome, self._stops.report(call, answer.reply), answer.sent_ns
        except Unreadable as error:
            return Outcome(Verdict.UNKNOWN, None, f"the venue's answer can't be read ({error})"), None, answer.sent_ns


def _is_unknown(told: Told) -> bool:
    said = told[0]
    return isinstance(said, Outcome) and said.verdict is Verdict.NOT_FOUND
