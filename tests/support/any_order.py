"""What may happen to a live order of a random test, as the venue does it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from botcore.model.order import OrderState
from botcore.orders.tracker import Order

Fill = Callable[[Order, int], None]


def befall(what: str, which: int, size: int, live: Sequence[Order], venue_of: Callable[[Order], Any], fill: Fill) -> None:
    """Let it happen to one of these orders, unless it can't."""
    if not live:
        return
    order = live[which % len(live)]
    venue = venue_of(order)
    if what == "fill":
        fill(order, min(size, order.remaining_lots))
    elif what == "accept":
        venue.accept(order)
    elif what == "refuse_cancel" and order.cancel_asked:
        venue.refuse_cancel(order)
    elif what == "reject" and order.state is OrderState.PENDING_CREATE:
        venue.reject(order)
    elif what == "take_off" and order.state is not OrderState.PENDING_CREATE and size % 4 == 0:
        # somebody cancels it at the venue
        venue.end(order)
    elif what == "end" and order.state is not OrderState.PENDING_CREATE:
        asked = order.cancel_asked
        venue.end(order, OrderState.CANCELED if asked or which % 2 else OrderState.EXPIRED, "" if asked else "of the test")


def fill_late(which: int, size: int, orders: Sequence[Order], fill: Fill) -> int:
    """The venue tells of an execution of an order that it had said is canceled; how much that is."""
    ended = [order for order in orders if order.state is OrderState.CANCELED and order.remaining_lots]
    if not ended:
        return 0
    order = ended[which % len(ended)]
    lots = min(size, order.remaining_lots)
    fill(order, lots)
    return lots
