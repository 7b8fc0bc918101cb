# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, autotestdict=False
"""Every order that this process sent, passive: no bus, no clock, no connector.

It answers one question: was this news? A repeated or overtaken message changes nothing and returns False (0 for a fill). Lookups are one
dictionary hit whatever is open or recently closed. Closed orders are kept for late messages until `keep_closed` newer ones have
closed, so memory stays bounded over a million orders.
"""

cimport cython
from collections import deque
from decimal import Decimal

from libc.stdint cimport INT64_MAX, int64_t, int8_t

from botcore.model.errors import ScaleOverflow
from botcore.model.order import TERMINAL as _TERMINAL_STATES
from botcore.model.order import OrderState
from botcore.orders.moves import MOVES as _MOVES

cdef enum:
    STATES = 16
    PENDING_CREATE = 0
    OPEN = 1
    PARTIALLY_FILLED = 4
    FILLED = 5

cdef bint _LEGAL[STATES][STATES]
cdef bint _TERMINAL[STATES]

UNKNOWN_ORDER = -1


cdef void _load_table() except *:
    cdef int source, target
    for source in range(STATES):
        _TERMINAL[source] = False
        for target in range(STATES):
            _LEGAL[source][target] = False
    for state, targets in _MOVES.items():
        _TERMINAL[<int>int(state)] = state in _TERMINAL_STATES
        for target in targets:
            _LEGAL[<int>int(state)][target] = True


_load_table()


@cython.auto_pickle(False)
cdef class Order:
    """One order as we know it; read only outside of this module."""

    def __init__(self, object request, str client_order_id, object owner, int64_t now_ns):
        if request.lots < 1:
            raise ValueError(f"expected at least one lot, found {request.lots}")
        self.request = request
        self.instrument = request.instrument
        self.client_order_id = client_order_id
        self.exchange_order_id = None
        self.owner = owner
        self.lots = request.lots
        self.filled_lots = 0
        self.cost = 0
        self.created_ns = now_ns
        self.updated_ns = now_ns
        self.reason = ""
        self.cancel_asked = False
        self._state = PENDING_CREATE
        self._trade_ids = None

    @property
    def state(self):
        return OrderState(self._state)

    @property
    def is_open(self):
        """True until a terminal state: the order may still be filled without being late."""
        return not _TERMINAL[self._state]

    @property
    def is_done(self):
        return _TERMINAL[self._state]

    @property
    def is_working(self):
        """True once the venue is known to have it and until it ends."""
        return self._state == OPEN or self._state == PARTIALLY_FILLED

    @property
    def fills_pending(self):
        """True when the venue says FILLED and not all of its fills have arrived."""
        return self._state == FILLED and self.filled_lots < self.lots

    @property
    def is_overfilled(self):
        return self.filled_lots > self.lots

    @property
    def remaining_lots(self):
        """Lots that may still be filled; 0 once the order is done."""
        if _TERMINAL[self._state] or self.filled_lots >= self.lots:
            return 0
        return self.lots - self.filled_lots

    @property
    def average_price(self):
        """Average fill price as Decimal quote per base; None before the first fill."""
        if self.filled_lots == 0:
            return None
        return Decimal(self.cost) / self.filled_lots * self.instrument.tick_size

    def __repr__(self):
        return f"<Order {self.client_order_id} {OrderState(self._state).name} {self.filled_lots}/{self.lots}>"


@cython.auto_pickle(False)
cdef class OrderTracker:
    """See the module; all methods are O(1)."""

    def __init__(self, int64_t keep_closed=2000):
        if keep_closed < 1:
            raise ValueError(f"expected keep_closed >= 1, found {keep_closed}")
        self._orders = {}
        self._open = {}
        self._by_exchange_id = {}
        self._closed = deque()
        self._keep_closed = keep_closed
        self.stale_updates = 0
        self.duplicate_fills = 0

    def __len__(self):
        return len(self._orders)

    @property
    def open_count(self):
        return len(self._open)

    def track(self, object request, str client_order_id, object owner, int64_t now_ns):
        """Know an order before its request leaves.

        Raises
        ------
        ValueError
            If the id is in use, or the request has no lots.
        """
        if client_order_id in self._orders:
            raise ValueError(f"order {client_order_id} is tracked already")
        cdef Order order = Order(request, client_order_id, owner, now_ns)
        self._orders[client_order_id] = order
        self._open[client_order_id] = order
        return order

    def adopt(self, object request, str client_order_id, object owner, int64_t created_ns, int state, str exchange_order_id, list fills, str reason=""):
        """Know an order of an earlier process as it was written down; nothing about it is news.

        Parameters
        ----------
        fills : list of Fill
            Its fills so far: a venue that reports them again finds them booked.
        """
        cdef Order order = self.track(request, client_order_id, owner, created_ns)
        for fill in fills:
            self.apply_fill(client_order_id, fill.trade_id, fill.price_ticks, fill.lots, fill.ts_ns)
        self.apply_state(client_order_id, state, created_ns, exchange_order_id, reason)
        return order

    def get(self, str client_order_id):
        """The order, or None when it is not (or no longer) known."""
        return self._orders.get(client_order_id)

    def by_exchange_id(self, str exchange_order_id):
        return self._by_exchange_id.get(exchange_order_id)

    def open_orders(self):
        """Orders that are not done, oldest first."""
        return list(self._open.values())

    def ask_cancel(self, str client_order_id):
        """Remember that a cancel was sent; False when the order is done, unknown or already asked."""
        cdef Order order = self._orders.get(client_order_id)
        if order is None or _TERMINAL[order._state] or order.cancel_asked:
            return False
        order.cancel_asked = True
        return True

    def cancel_refused(self, str client_order_id):
        """The venue refused to cancel; the order may be asked again."""
        cdef Order order = self._orders.get(client_order_id)
        if order is not None:
            order.cancel_asked = False

    def apply_state(self, str client_order_id, int state, int64_t ts_ns, str exchange_order_id=None, str reason=""):
        """Take a venue's word on where an order stands.

        Returns
        -------
        bool
            True when this was news; False when the order is unknown, the state is the same, or the move is not in the table.
        """
        cdef Order order = self._orders.get(client_order_id)
        if order is None:
            return False
        if exchange_order_id is not None and order.exchange_order_id is None:
            order.exchange_order_id = exchange_order_id
            self._by_exchange_id[exchange_order_id] = order
        if state == order._state:
            return False
        if state < 0 or state >= STATES or not _LEGAL[order._state][state]:
            self.stale_updates += 1
            return False
        order._state = <int8_t>state
        if ts_ns > order.updated_ns:
            order.updated_ns = ts_ns
        if reason:
            order.reason = reason
        if _TERMINAL[state]:
            self._settle(order)
        return True

    def apply_fill(self, str client_order_id, str trade_id, int64_t price_ticks, int64_t lots, int64_t ts_ns):
        """Book an execution, in any state, once.

        Returns
        -------
        int
            Lots that were news: 0 for a repeated trade id, UNKNOWN_ORDER (-1) for an order that is not known here.

        Raises
        ------
        ValueError
            If price or lots are not positive.
        ScaleOverflow
            If the filled lots would not fit int64; nothing is booked then.
        """
        cdef Order order = self._orders.get(client_order_id)
        if order is None:
            return UNKNOWN_ORDER
        if lots < 1 or price_ticks < 1:
            raise ValueError(f"fill {trade_id} of {client_order_id}: expected positive price and lots, found {price_ticks} and {lots}")
        if order._trade_ids is not None and trade_id in order._trade_ids:
            self.duplicate_fills += 1
            return 0
        if lots > INT64_MAX - order.filled_lots:
            raise ScaleOverflow(f"fill {trade_id} of {client_order_id}: {lots} lots on top of {order.filled_lots} do not fit int64")
        if order._trade_ids is None:
            order._trade_ids = {trade_id}
        else:
            order._trade_ids.add(trade_id)
        order.filled_lots += lots
        order.cost = order.cost + <object>price_ticks * lots
        if ts_ns > order.updated_ns:
            order.updated_ns = ts_ns
        if not _TERMINAL[order._state]:
            if order.filled_lots >= order.lots:
                order._state = FILLED
                self._settle(order)
            else:
                order._state = PARTIALLY_FILLED
        return lots

    cdef void _settle(self, Order order):
        cdef Order oldest
        self._open.pop(order.client_order_id, None)
        self._closed.append(order)
        if len(self._closed) > self._keep_closed:
            oldest = self._closed.popleft()
            del self._orders[oldest.client_order_id]
            # venues that count ids per pair give them again: a younger namesake stays
            if oldest.exchange_order_id is not None and self._by_exchange_id.get(oldest.exchange_order_id) is oldest:
                self._by_exchange_id.pop(oldest.exchange_order_id, None)
