"""Matching of one market: what of an order trades now, and which resting orders the market has just reached.

Our orders are guests: they take the displayed depth without changing it and rest invisibly. A resting order trades at its own price, never at a better
one. Nothing here knows money; executions are returned and the exchange books them.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from decimal import ROUND_CEILING, Decimal

from botcore.connectors.paper.models import QueueModel
from botcore.connectors.paper.order import PaperOrder
from botcore.markets.market_state import MarketState
from botcore.markets.order_book import NO_ASK, NO_BID
from botcore.model.market_events import UNKNOWN_DEPTH, TradeTick

Execution = tuple[PaperOrder, int, int, bool]
"""(order, ticks, lots, is_maker)"""

_Resting = tuple[int, int, PaperOrder]
"""(signed price, minus serial, order): the last of the sorted list has the best price and, at that price, came first."""


class PaperMarket:
    """One market's matching.

    Parameters
    ----------
    state : MarketState
        The market as its feed writes it.
    queue : QueueModel
        How long a resting order waits.
    slippage : Decimal
        Fraction by which an order pays more than the quote where the source has no depth (candles).
    watches : bool
        Whether the feed is a path that stops at watched prices.
    """

    __slots__ = ("_asks", "_bids", "_queue", "_serial", "_slippage", "_watches", "state")

    def __init__(self, state: MarketState, queue: QueueModel, slippage: Decimal = Decimal(0), watches: bool = False) -> None:
        self.state = state
        self._queue = queue
        self._slippage = slippage
        self._watches = watches
        self._bids: list[_Resting] = []
        self._asks: list[_Resting] = []
        self._serial = 0

    # ---- what a taker gets -----------------------------------------------------------------------------------------
    def touch(self, is_buy: bool) -> int | None:
        """Best price in ticks that a taker meets; None when nobody is there."""
        book = self.state.book
        ticks = book.best_ask if is_buy else book.best_bid
        return None if ticks in (NO_ASK, NO_BID) else ticks

    def worst_touch(self, is_buy: bool) -> int | None:
        """Touch with slippage: what a market order must be able to pay."""
        ticks = self.touch(is_buy)
        return None if ticks is None else self._slipped(ticks, is_buy)

    def would_take(self, order: PaperOrder) -> bool:
        ticks = self.touch(order.is_buy)
        if ticks is None:
            return False
        return ticks <= order.price_ticks if order.is_buy else ticks >= order.price_ticks

    def take(self, order: PaperOrder, limit_ticks: int | None) -> list[Execution]:
        """Walk the opposite side as far as the order and its limit go."""
        executions: list[Execution] = []
        left = order.remaining
        book, is_buy = self.state.book, order.is_buy
        depth = 8
        while left:
            levels = book.levels(not is_buy, depth)
            executions.clear()
            left = order.remaining
            for ticks, lots in levels:
                if limit_ticks is not None and (ticks > limit_ticks if is_buy else ticks < limit_ticks):
                    return executions
                if lots >= UNKNOWN_DEPTH:
                    ticks = self._slipped(ticks, is_buy)
                    if limit_ticks is not None:
                        ticks = min(ticks, limit_ticks) if is_buy else max(ticks, limit_ticks)
                taken = min(left, lots)
                executions.append((order, ticks, taken, False))
                left -= taken
                if not left:
                    return executions
            if len(levels) < depth:
                return executions
            depth *= 4
        return executions

    def _slipped(self, ticks: int, is_buy: bool) -> int:
        if not self._slippage or self.state.book.lots_at(not is_buy, ticks) < UNKNOWN_DEPTH:
            return ticks
        slip = int((ticks * self._slippage).to_integral_value(ROUND_CEILING))
        return ticks + slip if is_buy else max(1, ticks - slip)

    # ---- resting orders --------------------------------------------------------------------------------------------
    def rest(self, order: PaperOrder) -> None:
        """Let what remains of the order stand."""
        order.ahead = self._queue.ahead(self.state.book, order.is_buy, order.price_ticks)
        self._place(order)

    def rest_again(self, order: PaperOrder) -> None:
        """Put back an order that stood before a restart; it keeps its place in the queue."""
        self._place(order)

    def _place(self, order: PaperOrder) -> None:
        self._serial += 1
        side, sign = (self._bids, 1) if order.is_buy else (self._asks, -1)
        insort(side, (sign * order.price_ticks, -self._serial, order))
        if self._watches:
            if order.is_buy:
                self.state.watch.set(order.client_order_id, low=order.price_ticks)
            else:
                self.state.watch.set(order.client_order_id, high=order.price_ticks)

    def remove(self, order: PaperOrder) -> None:
        """Take an order off; ignored when it does not rest here."""
        side, sign = (self._bids, 1) if order.is_buy else (self._asks, -1)
        position = bisect_left(side, (sign * order.price_ticks, -self._serial - 1))
        while position < len(side) and side[position][0] == sign * order.price_ticks:
            if side[position][2] is order:
                del side[position]
                self.state.watch.clear(order.client_order_id)
                return
            position += 1

    def resting(self) -> list[PaperOrder]:
        return [entry[2] for entry in (*self._bids, *self._asks)]

    def reached(self) -> list[Execution]:
        """Resting orders that the book's opposite side has reached; each trades in full at its own price."""
        book = self.state.book
        bids, asks = self._bids, self._asks
        if not (bids and book.best_ask <= bids[-1][0]) and not (asks and book.best_bid >= -asks[-1][0]):
            return []
        touch_fills = self._queue.touch_fills()
        executions: list[Execution] = []
        for side, opposite in ((bids, book.best_ask), (asks, -book.best_bid)):
            for signed_price, _, order in reversed(side):
                if opposite > signed_price:
                    break
                if opposite < signed_price or touch_fills:
                    executions.append((order, order.price_ticks, order.remaining, True))
        return executions

    def traded(self, trade: TradeTick) -> list[Execution]:
        """Resting orders that a public trade fills: beyond our price in full, at our price what exceeds the queue ahead."""
        side, sign = (self._bids, 1) if trade.buyer_is_maker else (self._asks, -1)
        signed_trade = sign * trade.price_ticks
        if not side or side[-1][0] < signed_trade:
            return []
        executions: list[Execution] = []
        lots = trade.lots
        for signed_price, _, order in reversed(side):
            if signed_price < signed_trade:
                break
            if signed_price > signed_trade:
                executions.append((order, order.price_ticks, order.remaining, True))
                continue
            standing = self.state.book.lots_at(order.is_buy, order.price_ticks)
            order.ahead = min(order.ahead, max(standing, lots)) - lots
            if order.ahead < 0:
                filled = min(order.remaining, -order.ahead)
                order.ahead = 0
                executions.append((order, order.price_ticks, filled, True))
                lots -= filled
                if lots < 1:
                    break
        return executions
