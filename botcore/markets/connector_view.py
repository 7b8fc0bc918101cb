"""`ConnectorView`: what controllers may read of a connector, under the names that a connector has in Strategy V2."""

from __future__ import annotations

from decimal import Decimal
from typing import Protocol

from botcore.markets.market_state import NAN
from botcore.markets.order_book import OrderBook
from botcore.model.enums import PriceType
from botcore.model.trading_rule import TradingRule


class Provider(Protocol):
    """What the view reads from."""

    def get_trading_pairs(self, connector_name: str) -> list[str]: ...
    def get_trading_rules(self, connector_name: str, trading_pair: str) -> TradingRule: ...
    def get_order_book(self, connector_name: str, trading_pair: str) -> OrderBook: ...
    def get_price_by_type(self, connector_name: str, trading_pair: str, price_type: PriceType = ..., max_age_s: float | None = ...) -> Decimal: ...
    def quantize_order_price(self, connector_name: str, trading_pair: str, price: Decimal) -> Decimal: ...
    def quantize_order_amount(self, connector_name: str, trading_pair: str, amount: Decimal) -> Decimal: ...
    def get_balance(self, connector_name: str, asset: str) -> Decimal: ...
    def get_available_balance(self, connector_name: str, asset: str) -> Decimal: ...
    def is_market_usable(self, connector_name: str, trading_pair: str) -> bool: ...


class ConnectorView:
    """A connector to be read; orders go through executors.

    Parameters
    ----------
    is_trading : bool
        Whether there is an account: without one balances are NaN.
    """

    def __init__(self, provider: Provider, name: str, is_trading: bool = True) -> None:
        self._provider = provider
        self.name = name
        self.is_trading_required = is_trading

    @property
    def trading_pairs(self) -> list[str]:
        return self._provider.get_trading_pairs(self.name)

    @property
    def trading_rules(self) -> dict[str, TradingRule]:
        return {pair: self._provider.get_trading_rules(self.name, pair) for pair in self.trading_pairs}

    @property
    def order_books(self) -> dict[str, OrderBook]:
        return {pair: self._provider.get_order_book(self.name, pair) for pair in self.trading_pairs}

    @property
    def ready(self) -> bool:
        """Whether all its open markets can be traded on; False while there is none."""
        pairs = self.trading_pairs
        return bool(pairs) and all(self._provider.is_market_usable(self.name, pair) for pair in pairs)

    @property
    def is_perpetual(self) -> bool:
        return self.name.endswith("_perpetual")

    def get_order_book(self, trading_pair: str) -> OrderBook:
        return self._provider.get_order_book(self.name, trading_pair)

    def get_price_by_type(self, trading_pair: str, price_type: PriceType) -> Decimal:
        return self._provider.get_price_by_type(self.name, trading_pair, price_type)

    def get_mid_price(self, trading_pair: str) -> Decimal:
        return self._provider.get_price_by_type(self.name, trading_pair, PriceType.MidPrice)

    def get_price(self, trading_pair: str, is_buy: bool) -> Decimal:
        """Price of the touch that such an order would take."""
        return self._provider.get_price_by_type(self.name, trading_pair, PriceType.BestAsk if is_buy else PriceType.BestBid)

    def quantize_order_price(self, trading_pair: str, price: Decimal) -> Decimal:
        return self._provider.quantize_order_price(self.name, trading_pair, price)

    def quantize_order_amount(self, trading_pair: str, amount: Decimal) -> Decimal:
        return self._provider.quantize_order_amount(self.name, trading_pair, amount)

    def get_balance(self, asset: str) -> Decimal:
        return self._provider.get_balance(self.name, asset) if self.is_trading_required else NAN

    def get_available_balance(self, asset: str) -> Decimal:
        return self._provider.get_available_balance(self.name, asset) if self.is_trading_required else NAN
