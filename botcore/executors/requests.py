"""Orders of an executor on one market: what an exit, a stop and a way back look like, and at which price the position would close."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from mypy_extensions import mypyc_attr

from botcore.markets.market_state import MarketState
from botcore.markets.order_book import NO_ASK, NO_BID
from botcore.model.enums import OrderType, PositionAction, PositionMode, TradeType
from botcore.model.order import OrderRequest, Purpose

# members of enums as names of this module: compiled code reads them without a lookup
MARKET: Final = OrderType.MARKET
LIMIT_MAKER: Final = OrderType.LIMIT_MAKER
STOP_MARKET: Final = OrderType.STOP_MARKET
BUY: Final = TradeType.BUY
OPEN: Final = PositionAction.OPEN
CLOSE: Final = PositionAction.CLOSE
NIL: Final = PositionAction.NIL
HEDGE: Final = PositionMode.HEDGE
TO_OPEN: Final = Purpose.OPEN
TO_TAKE_PROFIT: Final = Purpose.TAKE_PROFIT
TO_CLOSE: Final = Purpose.CLOSE
TO_STOP: Final = Purpose.STOP


@mypyc_attr(allow_interpreted_subclasses=True)
class SideRequests:
    """Requests of one executor that holds a position on one side of one market.

    Parameters
    ----------
    side : TradeType
        Side of the position: BUY is long.
    whose : tuple of str
        Bot, controller and executor id that its requests carry.
    """

    def __init__(self, market: MarketState, side: TradeType, whose: tuple[str, str, str]) -> None:
        self._market = market
        self._side = side
        self._is_long = side is BUY
        self._whose = whose

    # ---- prices ----------------------------------------------------------------------------------------------------
    def close_ticks(self) -> int | None:
        """Price at which a market order would close the position; None while nobody stands there, or the book is torn."""
        book = self._market.book
        if self._market.is_torn:
            return None
        ticks = book.best_bid if self._is_long else book.best_ask
        return None if ticks in (NO_BID, NO_ASK) else ticks

    def taker_ticks(self) -> int | None:
        """Price at which a market order would add to the position; None while nobody stands there, or the book is torn."""
        book = self._market.book
        if self._market.is_torn:
            return None
        ticks = book.best_ask if self._is_long else book.best_bid
        return None if ticks in (NO_BID, NO_ASK) else ticks

    def stop_ticks(self, ticks: int) -> int:
        """A trigger that the venue takes, at this price or a little before it."""
        instrument = self._market.instrument
        return instrument.price_ticks(instrument.price(ticks), self._side.opposite)

    def resting(self, ticks: int, side: TradeType, order_type: OrderType) -> int:
        """A limit price as it may go out: one that must rest is held back to the touch."""
        if order_type is not LIMIT_MAKER:
            return ticks
        book = self._market.book
        if side is BUY:
            return ticks if book.best_bid == NO_BID else min(ticks, book.best_bid)
        return ticks if book.best_ask == NO_ASK else max(ticks, book.best_ask)

    def mid(self) -> Decimal | None:
        """Middle of the book in quote per base; None while a side is empty, or the book is torn."""
        half = self._market.mid_half_ticks()
        return None if half is None else half * self._market.instrument.tick_size / 2

    # ---- requests --------------------------------------------------------------------------------------------------
    def open_request(self, order_type: OrderType, lots: int, ticks: int | None) -> OrderRequest:
        """An order that adds to the position; one at market takes what there is."""
        return self._request(self._side, order_type, lots, None if order_type is MARKET else ticks, OPEN, TO_OPEN)

    def take_profit_request(self, order_type: OrderType, lots: int, ticks: int | None) -> OrderRequest:
        return self._request(self._side.opposite, order_type, lots, None if order_type is MARKET else ticks, CLOSE, TO_TAKE_PROFIT)

    def close_request(self, lots: int) -> OrderRequest:
        return self._request(self._side.opposite, MARKET, lots, None, CLOSE, TO_CLOSE)

    def stop_request(self, lots: int, trigger_ticks: int) -> OrderRequest:
        return self._request(self._side.opposite, STOP_MARKET, lots, trigger_ticks, CLOSE, TO_STOP)

    def reopen_request(self, lots: int, mode: PositionMode) -> OrderRequest:
        """Take back what was closed beyond the position.

        On a one-way account that reduces the position on the other side. In hedge mode the excess came out of what others hold on this side: it is opened there again.
        """
        return self._request(self._side, MARKET, lots, None, OPEN if mode is HEDGE else CLOSE, TO_CLOSE)

    def _request(
        self, side: TradeType, order_type: OrderType, lots: int, ticks: int | None, action: PositionAction, purpose: Purpose
    ) -> OrderRequest:
        instrument = self._market.instrument
        if not instrument.is_perpetual:
            action = NIL
        bot_id, controller_id, executor_id = self._whose
        return OrderRequest(instrument, side, order_type, lots, ticks, action, purpose, bot_id, controller_id, executor_id)
