"""At which prices a position's orders go out, and whether the market is near enough for them to be out at all."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from botcore.executors.data_types import PositionExecutorConfig
from botcore.executors.exposure import Exposure
from botcore.markets.market_state import MarketState
from botcore.markets.order_book import NO_ASK, NO_BID
from botcore.model.enums import OrderType, PositionAction, PositionMode, PriceType, TradeType
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


class PositionPricing:
    """Prices and requests of one position executor.

    Parameters
    ----------
    whose : tuple of str
        Bot, controller and executor id that its requests carry.

    Attributes
    ----------
    entry_price : Decimal, optional
        Configured, or the touch on our side at construction (best bid for BUY), frozen; None while the market had no price.
    """

    __slots__ = ("_config", "_entry_type", "_is_long", "_market", "_side", "_whose", "entry_price")

    def __init__(self, config: PositionExecutorConfig, market: MarketState, whose: tuple[str, str, str]) -> None:
        self._config = config
        self._market = market
        self._whose = whose
        self._side = config.side
        self._is_long = self._side is BUY
        self._entry_type = config.triple_barrier_config.open_order_type
        self.entry_price = config.entry_price
        if self.entry_price is None:
            touch = market.price(PriceType.BestBid if self._is_long else PriceType.BestAsk)
            self.entry_price = None if touch.is_nan() else touch

    # ---- prices ----------------------------------------------------------------------------------------------------
    def entry_ticks(self) -> int:
        """Price of the entry order; one that must rest is held back to the touch."""
        assert self.entry_price is not None
        ticks = self._market.instrument.price_ticks(self.entry_price, self._side)
        return self._resting(ticks, self._side, self._entry_type)

    def profit_ticks(self, exposure: Exposure) -> int:
        """Price of the resting take profit: entry times (1 +- take_profit)."""
        entry, ratio = exposure.entry_price, self._config.triple_barrier_config.take_profit
        assert entry is not None and ratio is not None
        price = entry * (1 + ratio) if self._is_long else entry * (1 - ratio)
        ticks = self._market.instrument.price_ticks(price, self._side.opposite)
        return max(1, self._resting(ticks, self._side.opposite, self._config.triple_barrier_config.take_profit_order_type))

    def close_ticks(self) -> int | None:
        """Price at which a market order would close the position; None while nobody stands there, or the book is torn."""
        book = self._market.book
        if self._market.is_torn:
            return None
        ticks = book.best_bid if self._is_long else book.best_ask
        return None if ticks in (NO_BID, NO_ASK) else ticks

    def _resting(self, ticks: int, side: TradeType, order_type: OrderType) -> int:
        if order_type is not LIMIT_MAKER:
            return ticks
        book = self._market.book
        if side is BUY:
            return ticks if book.best_bid == NO_BID else min(ticks, book.best_bid)
        return ticks if book.best_ask == NO_ASK else max(ticks, book.best_ask)

    # ---- activation bounds -----------------------------------------------------------------------------------------
    def entry_allowed(self) -> bool:
        """Whether the mid is inside the activation bounds around the entry price."""
        bounds = self._config.activation_bounds
        if bounds is None:
            return True
        mid, price, near = self._mid(), self.entry_price, bounds[0]
        if mid is None or price is None:
            return False
        if self._config.triple_barrier_config.open_order_type.is_limit:
            return price >= mid * (1 - near) if self._is_long else price <= mid * (1 + near)
        far = bounds[1]
        if self._is_long:
            return price * (1 - near) <= mid <= price * (1 + far)
        return price * (1 - far) <= mid <= price * (1 + near)

    def profit_allowed(self, exposure: Exposure) -> bool:
        """Whether the resting take profit is near enough to the mid to be out."""
        bounds = self._config.activation_bounds
        if bounds is None:
            return True
        mid = self._mid()
        if mid is None:
            return False
        price = self._market.instrument.price(self.profit_ticks(exposure))
        return price <= mid * (1 + bounds[0]) if self._is_long else price >= mid * (1 - bounds[0])

    def _mid(self) -> Decimal | None:
        half = self._market.mid_half_ticks()
        return None if half is None else half * self._market.instrument.tick_size / 2

    # ---- requests --------------------------------------------------------------------------------------------------
    def entry_request(self, lots: int, ticks: int) -> OrderRequest:
        """An entry at `ticks` (see `entry_ticks`); one at market takes what there is."""
        order_type = self._entry_type
        return self._request(self._side, order_type, lots, None if order_type is MARKET else ticks, OPEN, TO_OPEN)

    def profit_request(self, lots: int, exposure: Exposure) -> OrderRequest:
        order_type = self._config.triple_barrier_config.take_profit_order_type
        return self._request(self._side.opposite, order_type, lots, self.profit_ticks(exposure), CLOSE, TO_TAKE_PROFIT)

    def close_request(self, lots: int) -> OrderRequest:
        return self._request(self._side.opposite, MARKET, lots, None, CLOSE, TO_CLOSE)

    def stop_request(self, lots: int, trigger_ticks: int) -> OrderRequest:
        return self._request(self._side.opposite, STOP_MARKET, lots, trigger_ticks, CLOSE, TO_STOP)

    def stop_ticks(self, ticks: int) -> int:
        """A trigger that the venue takes, at this price or a little before it."""
        instrument = self._market.instrument
        return instrument.price_ticks(instrument.price(ticks), self._side.opposite)

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
