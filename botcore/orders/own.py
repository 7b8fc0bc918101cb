"""`OwnBooks`: what all bots of one account have out and hold, kept up to date with every order and fill.

It answers in O(1) or O(log n) what is asked with every order: would this one meet an order of ours, how much is open with everything that is working, in doubt
or on its way counted, and what do our own fills say that the account holds. Passive: a connector writes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from heapq import heapify, heappop, heappush
from typing import Final

from botcore.model.enums import PositionAction, TradeType
from botcore.model.instrument import Instrument
from botcore.model.order import Fill
from botcore.orders.tracker import Order

BUY: Final = TradeType.BUY
CLOSE: Final = PositionAction.CLOSE
ZERO: Final = Decimal(0)
SPARE: Final = 64


class OwnBook:
    """One market of `OwnBooks`.

    Attributes
    ----------
    long, short : int
        Lots by the side that each order opens or closes; spot has one side only. Where the account nets them (`nets`) only `net` means something.
    nets : bool
        Whether the account is ONEWAY, or spot. The mode may become known after the first positions: both sides are kept until then, and always.
    pending : int
        Ticks times lots that entries may still open.
    """

    __slots__ = ("_heaps", "_limits", "_serial", "instrument", "last_ticks", "long", "nets", "pending", "short", "value")

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self.long = 0
        self.short = 0
        self.nets = True
        self.pending = 0
        self.last_ticks = 0
        self.value = ZERO
        # (price times sign, serial, order) of resting buys and sells: the best price is the smallest
        self._heaps: tuple[list[tuple[int, int, Order]], list[tuple[int, int, Order]]] = ([], [])
        self._limits = [SPARE, SPARE]
        self._serial = 0

    @property
    def net(self) -> int:
        return self.long - self.short

    def lots(self, side: str) -> int:
        """Signed lots of `net`, `long` or `short`. A side of a hedge account can't be below nothing, whatever late exits made of it."""
        if side == "net":
            return self.net
        return max(0, self.long) if side == "long" else -max(0, self.short)

    @property
    def open_value(self) -> Decimal:
        """Quote value of what is held and of what entries may still open."""
        lots = abs(self.net) if self.nets else max(self.long, 0) + max(self.short, 0)
        return (lots * self.last_ticks + self.pending) * self.instrument.unit

    # ---- positions -------------------------------------------------------------------------------------------------
    def move(self, signed_lots: int, is_long: bool | None) -> None:
        """A position changes: the long or the short one, or the net one."""
        if is_long is None:
            net = self.long - self.short + signed_lots
            self.long, self.short = max(net, 0), max(-net, 0)
        elif is_long:
            self.long += signed_lots
        else:
            self.short -= signed_lots

    # ---- resting orders --------------------------------------------------------------------------------------------
    def rest(self, order: Order, ticks: int) -> None:
        is_sell = order.request.trade_type is not BUY
        heap = self._heaps[is_sell]
        self._serial += 1
        heappush(heap, (ticks if is_sell else -ticks, self._serial, order))
        if len(heap) > self._limits[is_sell]:
            # orders that ended behind the best price are swept out now and then
            heap[:] = [entry for entry in heap if entry[2].is_open]
            heapify(heap)
            self._limits[is_sell] = 2 * len(heap) + SPARE

    def best(self, *, sells: bool) -> int | None:
        """Best price of our resting orders of one side in ticks; None when there is none."""
        heap = self._heaps[sells]
        while heap and heap[0][2].is_done:
            heappop(heap)
        if not heap:
            return None
        return heap[0][0] if sells else -heap[0][0]

    def resting(self, *, sells: bool) -> list[Order]:
        """Our resting orders of one side, in no order."""
        return [entry[2] for entry in self._heaps[sells] if entry[2].is_open]

    def reached(self, side: TradeType, ticks: int) -> Iterator[Order]:
        """Our resting orders that an order of `side` would meet at this price, best first."""
        sells = side is BUY
        heap = self._heaps[sells]
        bound = ticks if sells else -ticks
        taken = []
        while heap and heap[0][0] <= bound:
            entry = heappop(heap)
            if entry[2].is_open:
                taken.append(entry)
        for entry in taken:
            heappush(heap, entry)
        return iter([entry[2] for entry in taken])


class OwnBooks:
    """See the module."""

    __slots__ = ("_books", "_counts", "_open", "_pending")

    def __init__(self) -> None:
        self._books: dict[str, OwnBook] = {}
        self._pending: dict[str, tuple[int, int]] = {}
        self._open: dict[str, Decimal] = {}
        self._counts = False

    def of(self, instrument: Instrument) -> OwnBook:
        pair = instrument.market.trading_pair
        book = self._books.get(pair)
        if book is None:
            book = self._books[pair] = OwnBook(instrument)
        return book

    def books(self) -> list[OwnBook]:
        return list(self._books.values())

    def open_quote(self, quote: str) -> Decimal:
        """Quote value of all that is open on the account in markets of this quote asset; summed up from the first call on."""
        if not self._counts:
            self._counts = True
            for book in self._books.values():
                self._revalue(book)
        return self._open.get(quote, ZERO)

    # ---- written by the connector ----------------------------------------------------------------------------------
    def sent(self, order: Order, ticks: int) -> None:
        """An order is tracked; `ticks` is its limit, or what a market order expects (0 when nobody knows)."""
        request = order.request
        book = self.of(request.instrument)
        if request.order_type.is_limit:
            book.rest(order, ticks)
        if request.purpose.adds_risk:
            left = order.lots - order.filled_lots
            if left > 0:
                self._pending[order.client_order_id] = ticks, left
                book.pending += ticks * left
                self._revalue(book)

    def filled(self, order: Order, fill: Fill, *, hedge: bool) -> None:
        """A fill that was news."""
        book = self._move(order, fill, hedge)
        pending = self._pending.get(order.client_order_id)
        if pending is not None:
            ticks, left = pending
            taken = min(left, fill.lots)
            book.pending -= ticks * taken
            self._pending[order.client_order_id] = ticks, left - taken
        self._revalue(book)

    def held(self, order: Order, fill: Fill, *, hedge: bool) -> None:
        """A fill of before this process; what its order may still open was counted without it."""
        self._revalue(self._move(order, fill, hedge))

    def _move(self, order: Order, fill: Fill, hedge: bool) -> OwnBook:
        book = self.of(fill.instrument)
        book.last_ticks = fill.price_ticks
        is_buy = fill.trade_type is BUY
        book.nets = not hedge
        is_long: bool | None = None
        if fill.position_side:
            is_long = fill.position_side == "long"
        elif fill.instrument.is_perpetual:
            # what an order is for does not tell its side: an excess that is taken back opens
            is_long = is_buy == (order.request.position_action is not CLOSE)
        book.move(fill.lots if is_buy else -fill.lots, is_long)
        return book

    def ended(self, order: Order) -> None:
        """The order is done: what it did not fill is not pending any more."""
        pending = self._pending.pop(order.client_order_id, None)
        if pending is not None:
            book = self.of(order.instrument)
            book.pending -= pending[0] * pending[1]
            self._revalue(book)

    def hold(self, instrument: Instrument, bucket: str, lots: int, ticks: int) -> None:
        """A position of before this process: signed lots, and their break-even price in ticks."""
        book = self.of(instrument)
        book.move(lots, None if bucket == "net" else bucket == "long")
        book.last_ticks = book.last_ticks or ticks
        self._revalue(book)

    def _revalue(self, book: OwnBook) -> None:
        if self._counts:
            value, quote = book.open_value, book.instrument.quote
            self._open[quote] = self._open.get(quote, ZERO) + value - book.value
            book.value = value
