"""Two orders at the venue under one id of ours (R13): something on the way sent a request twice, and the venue, where the first had ended, took both.

Which of them we know, which one a report speaks of, and what was told of it already.
"""

from __future__ import annotations

from collections import deque

from botcore.model.enums import OrderType
from botcore.model.order import OrderState
from botcore.orders.tracker import Order
from botcore.venues.wire import OrderReport

KEPT = 256
"""So many ids of the venue are remembered."""

LIVE = (OrderState.OPEN, OrderState.PARTIALLY_FILLED)
ENDS = (OrderState.CANCELED, OrderState.EXPIRED, OrderState.FAILED)
"""Ends whose size was not wholly traded."""


class CopyBook:
    """Passive; ids are the venue's."""

    def __init__(self) -> None:
        self._told: deque[str] = deque(maxlen=KEPT)
        self._needless: deque[str | None] = deque(maxlen=KEPT)

    def is_second(self, order: Order, report: OrderReport) -> bool:
        """Whether the venue shows another order that lives, after the one that we know has ended."""
        is_copy = is_other(order, report) or report.exchange_order_id in self._needless
        return is_copy and order.is_done and report.state in LIVE

    def tell_once(self, report: OrderReport) -> bool:
        """Whether the second order of a report is told now: each is told once."""
        if report.exchange_order_id in self._told:
            return False
        self._told.append(report.exchange_order_id)
        return True

    def make_needless(self, order: Order, report: OrderReport) -> bool:
        """The other order, of this report, has ended; whether that makes the one that we know one too many, and is known only now."""
        if not order.request.order_type.is_limit or order.exchange_order_id in self._needless or report.exchange_order_id in self._told:
            return False
        self._needless.append(order.exchange_order_id)
        return True


def is_other(order: Order, report: OrderReport) -> bool:
    """Whether the venue speaks of another order than the one that we know under this id. Stops are left out: they get another id when they trigger."""
    is_known = bool(report.exchange_order_id and order.exchange_order_id)
    return is_known and report.exchange_order_id != order.exchange_order_id and order.request.order_type is not OrderType.STOP_MARKET


def is_end_of_other(order: Order, report: OrderReport) -> bool:
    """Of two orders under our id we know one, and this is how the other one ended: ours may still stand."""
    return report.state in (*ENDS, OrderState.FILLED) and is_other(order, report)
