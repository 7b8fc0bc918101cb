"""Orders of a grid's levels: at which prices they go out, and whether the market is near enough for them to be out at all."""

from __future__ import annotations

from decimal import Decimal

from botcore.executors.grid.config import GridExecutorConfig
from botcore.executors.grid.levels import GridLevel
from botcore.executors.requests import BUY, MARKET, SideRequests
from botcore.markets.market_state import MarketState
from botcore.model.enums import TradeType
from botcore.model.order import OrderRequest


class GridRequests(SideRequests):
    """See the module; a level that would take is held back from the touch by `safe_extra_spread`."""

    def __init__(self, market: MarketState, config: GridExecutorConfig, whose: tuple[str, str, str]) -> None:
        super().__init__(market, config.side, whose)
        self._config = config

    def reconfigure(self, config: GridExecutorConfig) -> None:
        """Other barriers: their order types are those of the next orders."""
        self._config = config

    def is_far(self, ticks: int, mid_half: int, side: TradeType) -> bool:
        """Whether the mid would have to come farther than the activation bounds to meet an order of this side at this price; one that it has passed is never far."""
        bounds = self._config.activation_bounds
        return bounds is not None and side.sign * (mid_half - 2 * ticks) > bounds * mid_half

    def is_past(self, ticks: int) -> bool:
        """Whether the position could be closed at this price now."""
        close_ticks = self.close_ticks()
        return close_ticks is not None and (close_ticks >= ticks if self._is_long else close_ticks <= ticks)

    def level_close(self, level: GridLevel, lots: int) -> OrderRequest | None:
        """The take profit of a level; None while it must wait for its price."""
        order_type = self._config.triple_barrier_config.take_profit_order_type
        if order_type is MARKET:
            # at market there is nothing to rest: it goes out when the price is there
            return self.take_profit_request(MARKET, lots, None) if self.is_past(level.close_ticks) else None
        side = self._side.opposite
        return self.take_profit_request(order_type, lots, self.resting(self._aside(level.close_ticks, side), side, order_type))

    def level_open(self, level: GridLevel, mid: Decimal) -> OrderRequest | str | None:
        """The open order of a level, less what it holds; None while it must wait for its price, a sentence when the venue would not take it."""
        instrument, order_type = self._market.instrument, self._config.triple_barrier_config.open_order_type
        lots = instrument.lots(level.amount_quote / mid - max(Decimal(0), level.base))
        if order_type is MARKET:
            if not self._would_take(level.open_ticks):
                return None
            ticks = level.open_ticks
        else:
            ticks = self.resting(self._aside(level.open_ticks, self._side), self._side, order_type)
        refusal = instrument.refusal(lots, ticks)
        return f"level {level.id}: {refusal}" if refusal is not None else self.open_request(order_type, lots, ticks)

    def _would_take(self, ticks: int) -> bool:
        """Whether an order at this price would be filled now."""
        book = self._market.book
        return book.best_ask <= ticks if self._is_long else book.best_bid >= ticks

    def _aside(self, ticks: int, side: TradeType) -> int:
        """A price that is at or beyond our own side's touch, held back from it by `safe_extra_spread`."""
        instrument, book, safe = self._market.instrument, self._market.book, self._config.safe_extra_spread
        if side is BUY and ticks >= book.best_bid:
            return max(1, instrument.floor_ticks(instrument.price(book.best_bid) * (1 - safe)))
        if side is not BUY and ticks <= book.best_ask:
            return instrument.ceil_ticks(instrument.price(book.best_ask) * (1 + safe))
        return ticks
