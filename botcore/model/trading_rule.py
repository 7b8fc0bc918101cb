"""`TradingRule`: an instrument's rules under the names that Strategy V2 controllers read."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class TradingRule:
    """Sizes in base, prices and notionals in quote; see `Instrument` for what rounds where."""

    trading_pair: str
    min_order_size: Decimal
    max_order_size: Decimal
    min_price_increment: Decimal
    min_base_amount_increment: Decimal
    min_quote_amount_increment: Decimal
    min_notional_size: Decimal
    max_price_significant_digits: int | None
    collateral_token: str
    supports_limit_orders: bool = True
    supports_market_orders: bool = True

    @property
    def min_order_value(self) -> Decimal:
        return self.min_notional_size

    @property
    def buy_order_collateral_token(self) -> str:
        return self.collateral_token

    @property
    def sell_order_collateral_token(self) -> str:
        return self.collateral_token
