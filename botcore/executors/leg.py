"""`Leg`: one market of an executor: what it holds there, its live orders, and the way out.

What must stay true, whatever the kind of executor: exposure is the sum of the fills of every order that it ever sent; an exit is sized from exposure minus live
reducing orders, so nothing is ever sold twice; what two exits closed too much is traded back; what the venue would not let us close is dust.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from decimal import Decimal
from typing import Any, Final

from botcore.executors.desk import Surroundings
from botcore.executors.exposure import Exposure
from botcore.executors.requests import SideRequests
from botcore.executors.venue_stop import VenueStop
from botcore.markets.market_state import MarketState
from botcore.model.enums import TradeType
from botcore.model.events import FactKind
from botcore.model.order import Fill, OrderRequest, Purpose
from botcore.model.times import SECOND_NS
from botcore.orders.tracker import Order

# members of enums as names of this module: compiled code reads them without a lookup
TO_OPEN: Final = Purpose.OPEN
TO_CLOSE: Final = Purpose.CLOSE
TO_STOP: Final = Purpose.STOP

STOP_GRACE_NS: Final = 2 * SECOND_NS
"""So long an exit waits for the stop at the venue to be canceled."""

RESTORED_GRACE_NS: Final = 15 * SECOND_NS
"""So long after a restart an exit waits to hear of the stop that stood before: it may have fired meanwhile, and what is sent beside it would close too much. The
stop itself protects the position until then."""

KEPT_IDS: Final = 200
"""Orders that an executor can name: the latest. It may send many in its life, and its state is written again with each."""


class Leg:
    """See the module.

    Parameters
    ----------
    owner : ExecutorBase
        Whose it is: its orders are sent on its behalf.
    requests : SideRequests
        How its orders look.
    refused : callable
        (this, reason, now_ns, purpose): told of an order that came back refused at once.

    Attributes
    ----------
    exposure : Exposure
        Sum of all fills.
    fills : list of Fill
    live : dict of str to Order
        Orders that have not ended, by client order id.
    order_ids : list of str
        The latest orders, oldest first.
    retries, retry_at_ns : int
        Refusals in its budget and when it may try again, for an executor that counts them leg by leg.
    venue_stop : VenueStop, optional
        The stop order that rests at the venue.
    """

    def __init__(
        self,
        owner: Any,
        around: Surroundings,
        market: MarketState,
        side: TradeType,
        requests: SideRequests,
        refused: Callable[[Leg, str, int, Purpose], None],
    ) -> None:
        self.instrument = market.instrument
        self.requests = requests
        self.exposure = Exposure(market.instrument, side)
        self.fills: list[Fill] = []
        self.live: dict[str, Order] = {}
        self.order_ids: list[str] = []
        self.retries = 0
        self.retry_at_ns = 0
        self.entry_purpose = TO_OPEN
        """Purpose of the orders that get it in: an order executor's may be to close."""
        self.venue_stop: VenueStop | None = None
        self.grace_ns = 0
        self._owner = owner
        self._desk = around.desk
        self._listener = around.listener
        self._refused = refused

    # ---- orders ----------------------------------------------------------------------------------------------------
    def send(self, request: OrderRequest) -> Order:
        """Send an order; it may come back refused."""
        order = self._desk.submit(request, self._owner)
        self.order_ids.append(order.client_order_id)
        if len(self.order_ids) > KEPT_IDS:
            del self.order_ids[0]
        if order.is_open:
            self.live[order.client_order_id] = order
        self._listener.executor_changed(self._owner)
        return order

    def submit(self, request: OrderRequest, now_ns: int) -> Order | None:
        """Send an order; None when it was refused at once."""
        order = self.send(request)
        if order.is_open:
            return order
        self._refused(self, order.reason, now_ns, request.purpose)
        return None

    def book(self, fill: Fill) -> None:
        """Add a fill; each comes once."""
        self.fills.append(fill)
        self.exposure.apply(fill)

    def live_of(self, purpose: Purpose) -> Order | None:
        for order in self.live.values():
            if order.request.purpose is purpose:
                return order
        return None

    def opening_lots(self) -> int:
        """Lots that live orders may still open."""
        return sum(order.remaining_lots for order in self.live.values() if order.request.purpose is TO_OPEN)

    def reducing_lots(self, now_ns: int) -> int:
        """Lots that live orders may still close.

        A stop at the venue counts for a moment only: then it is gone or has done its work; a line that does not answer must not hold up the exit, and
        both only reduce.
        """
        lots = 0
        for order in self.live.values():
            purpose = order.request.purpose
            if purpose is not TO_OPEN and (purpose is not TO_STOP or now_ns < self.grace_ns):
                lots += order.remaining_lots
        return lots

    # ---- the way out -----------------------------------------------------------------------------------------------
    def cancel_resting(self) -> None:
        """Ask for what is still resting; asked orders are not asked again unless the venue refused.

        The stop at the venue goes before the exit is through. It would not hold the exit up (untriggered it takes no room at Binance, see `crowding`), but nor does
        it guard an exit that is refused because somebody else's order takes the room: once it fires it is checked as the exit was, and refused. Where
        it is taken, the exit may be taken too, and beside another executor's position they close too much (O20).
        """
        for order in list(self.live.values()):
            purpose = order.request.purpose
            if (purpose is not TO_CLOSE or purpose is self.entry_purpose) and order.is_open and not order.cancel_asked:
                self.cancel(order)

    def cancel(self, order: Order) -> None:
        """Ask the venue for an order; that it was asked is written down, so that its end is not taken for somebody else's doing after a restart."""
        if self._desk.cancel(order):
            self._listener.executor_changed(self._owner)

    def asked(self) -> list[str]:
        """Client order ids of live orders whose cancel was asked."""
        return [name for name, order in self.live.items() if order.cancel_asked]

    def cancel_all(self) -> None:
        """Ask for everything that is live."""
        for order in list(self.live.values()):
            if order.is_open and not (order.request.purpose is TO_STOP and order.cancel_asked):
                self._desk.cancel(order)

    def close_rest(self, now_ns: int) -> None:
        """Send one market order for what no live order of ours already reduces."""
        if self.live_of(TO_CLOSE) is not None:
            return
        if self.exposure.excess_lots:
            self._take_back(now_ns)
            return
        lots = self._at_most(self.exposure.lots - self.reducing_lots(now_ns))
        if lots < 1:
            return
        request = self.requests.close_request(lots)
        takeable = self._desk.takeable(request)
        if takeable < lots:
            # a thin book is not swept: a slice now, the rest when somebody stands there again
            request = self.requests.close_request(max(1, takeable))
        if not self.is_dust(request):
            self.submit(request, now_ns)

    def _take_back(self, now_ns: int) -> None:
        """Two exits have met and closed more than there was: trade the excess back."""
        if any(order.request.purpose is not TO_OPEN for order in self.live.values()):
            return
        request = self._excess_request()
        if not self.is_dust(request):
            self._listener.executor_told(self._owner, FactKind.OVER_CLOSED, amount=format(self.instrument.amount(request.lots), "f"))
            self.submit(request, now_ns)

    def _excess_request(self) -> OrderRequest:
        mode = self._desk.position_mode(self.instrument.market.connector_name)
        return self.requests.reopen_request(self.exposure.excess_lots, mode)

    def is_flat(self) -> bool:
        """True when nothing is left that the venue would let us close."""
        if not self.fills:
            return True
        if self.exposure.excess_lots:
            return self.is_dust(self._excess_request())
        return self.is_dust(self.requests.close_request(self._at_most(self.exposure.lots)))

    def _at_most(self, lots: int) -> int:
        """So much of it as the venue takes in one order: a ladder may hold more than that, and goes in slices."""
        largest = self.instrument.max_amount
        return lots if largest is None else min(lots, self.instrument.lots(largest))

    def is_small(self, lots: int) -> bool:
        """Whether the venue would refuse a market order of this size that adds to the position for being too small."""
        return lots < 1 or self.instrument.refusal(lots, self.requests.taker_ticks()) is not None

    def is_dust(self, request: OrderRequest) -> bool:
        """Whether an exit is too small for the venue."""
        if request.lots < 1:
            return True
        ticks = request.price_ticks if request.price_ticks is not None else self.requests.close_ticks()
        return self._desk.refusal(request, ticks) is not None

    # ---- numbers ---------------------------------------------------------------------------------------------------
    def net_pnl(self) -> Decimal | None:
        """Quote; None while the price that it needs is not known."""
        return self.exposure.net_pnl(self.requests.close_ticks()) if self.fills else Decimal(0)

    def held_fills(self) -> list[Fill]:
        """All fills when a position or a remainder below the venue's smallest order is left; else none."""
        return list(self.fills) if self.exposure.base else []

    def close_price(self) -> Decimal | None:
        """Average price of what was closed, else the price at which it would be."""
        if self.exposure.exit_price is not None:
            return self.exposure.exit_price
        ticks = self.requests.close_ticks()
        return None if ticks is None else self.instrument.price(ticks)

    # ---- restart ---------------------------------------------------------------------------------------------------
    def take_up(self, order: Order, now_ns: int, asked: Collection[str] = ()) -> bool:
        """Hold on to a live order of an earlier process; False when it has no place here any more and is canceled. A cancel that was asked is asked again."""
        if order.request.purpose is TO_STOP:
            if self.venue_stop is None:
                self._desk.cancel(order)
                return False
            self.venue_stop.order = order
            self.grace_ns = now_ns + RESTORED_GRACE_NS
        self.live[order.client_order_id] = order
        if order.client_order_id in asked:
            self._desk.cancel(order)
        return True
