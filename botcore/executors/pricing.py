"""At which prices a position's orders go out, and whether the market is near enough for them to be out at all."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor
from typing import Final

from botcore.executors.data_types import PositionExecutorConfig
from botcore.executors.exposure import Exposure
from botcore.executors.requests import SideRequests
from botcore.markets.market_state import MarketState
from botcore.model.enums import PriceType, TradeType
from botcore.model.order import OrderRequest

# members of enums as names of this module: compiled code reads them without a lookup
BUY: Final = TradeType.BUY


class PositionPricing(SideRequests):
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

    def __init__(self, config: PositionExecutorConfig, market: MarketState, whose: tuple[str, str, str]) -> None:
        super().__init__(market, config.side, whose)
        self._config = config
        self._entry_type = config.triple_barrier_config.open_order_type
        self.entry_price = config.entry_price
        if self.entry_price is None:
            touch = market.price(PriceType.BestBid if self._is_long else PriceType.BestAsk)
            self.entry_price = None if touch.is_nan() else touch

    def reconfigure(self, config: PositionExecutorConfig) -> None:
        """Price the take profit by another config; the entry stays what it is."""
        self._config = config

    # ---- prices ----------------------------------------------------------------------------------------------------
    def entry_ticks(self) -> int:
        """Price of the entry order; one that must rest is held back to the touch."""
        assert self.entry_price is not None
        ticks = self._market.instrument.price_ticks(self.entry_price, self._side)
        return self.resting(ticks, self._side, self._entry_type)

    def profit_ticks(self, exposure: Exposure) -> int:
        """Price of the resting take profit: entry times (1 +- take_profit). Exact: an average may have no last digit, and what it is rounded to could be a tick off."""
        ratio, instrument = self._config.triple_barrier_config.take_profit, self._market.instrument
        assert ratio is not None
        exact = Fraction(exposure.opened_cost, exposure.opened_lots) * (1 + self._side.sign * Fraction(ratio))
        ticks = instrument.price_ticks(instrument.price(ceil(exact) if self._is_long else floor(exact)), self._side.opposite)
        return max(1, self.resting(ticks, self._side.opposite, self._config.triple_barrier_config.take_profit_order_type))

    # ---- activation bounds -----------------------------------------------------------------------------------------
    def entry_allowed(self) -> bool:
        """Whether the mid is inside the activation bounds around the entry price."""
        bounds = self._config.activation_bounds
        if bounds is None:
            return True
        mid, price, near = self.mid(), self.entry_price, bounds[0]
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
        mid = self.mid()
        if mid is None:
            return False
        price = self._market.instrument.price(self.profit_ticks(exposure))
        return price <= mid * (1 + bounds[0]) if self._is_long else price >= mid * (1 - bounds[0])

    # ---- requests --------------------------------------------------------------------------------------------------
    def entry_request(self, lots: int, ticks: int) -> OrderRequest:
        """An entry at `ticks` (see `entry_ticks`); one at market takes what there is."""
        return self.open_request(self._entry_type, lots, ticks)

    def profit_request(self, lots: int, exposure: Exposure) -> OrderRequest:
        order_type = self._config.triple_barrier_config.take_profit_order_type
        return self.take_profit_request(order_type, lots, self.profit_ticks(exposure))
