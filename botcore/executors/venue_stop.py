"""The stop order of a position that rests at the venue, for the time when we are not there.

It is a net below the executor's own stop loss, which fires as before and takes it off. It is reduce-only and never larger than what is held: when the position
changes, the old order must have ended before a new one is sent, so that the two can never close more than there is. For that moment the position is
watched by this process alone.
"""

from __future__ import annotations

from collections.abc import Callable

from botcore.executors.desk import OrderDesk
from botcore.model.events import OrderClosed
from botcore.model.order import OrderRequest, OrderState
from botcore.model.times import SECOND_NS
from botcore.orders.tracker import Order

PAUSE_NS = SECOND_NS
"""A position that grows fill by fill gets its stop replaced no faster than this."""

LONGEST_PAUSE_NS = 30 * SECOND_NS
TOLD_AFTER = 3
"""Refusals in a row after which a person is told."""


class VenueStop:
    """See the module.

    Parameters
    ----------
    make_request : callable
        (lots, trigger in ticks) -> the stop order's request.
    send : callable
        Sends a request on behalf of the executor; the order may come back refused.
    tell : callable
        Told the reason when the venue takes no stop.

    Attributes
    ----------
    order : Order, optional
        What stands at the venue, or is on its way there.
    """

    def __init__(
        self, desk: OrderDesk, make_request: Callable[[int, int], OrderRequest], send: Callable[[OrderRequest], Order], tell: Callable[[str], None]
    ) -> None:
        self.order: Order | None = None
        self._desk = desk
        self._make_request = make_request
        self._send = send
        self._tell = tell
        self._not_before_ns = 0
        self._refusals = 0

    @property
    def lots(self) -> int:
        """By how much it may still reduce the position."""
        return 0 if self.order is None else self.order.remaining_lots

    def keep(self, lots: int, trigger_ticks: int | None, now_ns: int) -> None:
        """Have a stop of this size at this trigger: one step towards it."""
        order = self.order
        if order is not None:
            if order.is_working:
                self._refusals = 0
            if (order.remaining_lots, order.request.price_ticks) != (lots, trigger_ticks) and now_ns >= self._not_before_ns:
                self._desk.cancel(order)
            return
        if lots < 1 or trigger_ticks is None or trigger_ticks < 1 or now_ns < self._not_before_ns:
            return
        request = self._make_request(lots, trigger_ticks)
        if self._desk.refusal(request, trigger_ticks) is not None:
            return
        self._not_before_ns = now_ns + PAUSE_NS
        order = self._send(request)
        if order.is_open:
            self.order = order
        else:
            self._refused(order.reason, now_ns)

    def take_off(self) -> None:
        """Have it canceled."""
        if self.order is not None and self.order.is_open and not self.order.cancel_asked:
            self._desk.cancel(self.order)

    def ended(self, event: OrderClosed, now_ns: int) -> None:
        """The order that stood has ended."""
        order = self.order
        if order is None or event.order is not order:
            return
        self.order = None
        if event.state is not OrderState.FILLED and not (event.state is OrderState.CANCELED and order.cancel_asked):
            self._refused(event.reason or f"the venue ended the order ({event.state.name})", now_ns)

    def _refused(self, reason: str, now_ns: int) -> None:
        """Try again in 1, 2, 4 ... 30 s; our own stop loss does not depend on it."""
        self._not_before_ns = now_ns + min(SECOND_NS << min(self._refusals, 5), LONGEST_PAUSE_NS)
        self._refusals += 1
        if self._refusals == TOLD_AFTER:
            self._tell(reason)
