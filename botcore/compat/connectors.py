"""A connector as files of Strategy V2 use it: prices, books and balances under the names and argument orders of `ConnectorBase`, amounts and prices exact."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from botcore.compat.candidates import BudgetChecker
from botcore.compat.events import TradeFee
from botcore.controllers.distributions import exact
from botcore.markets.connector_view import ConnectorView
from botcore.model.enums import OrderType, PositionMode
from botcore.model.instrument import split_pair


@dataclass(frozen=True, slots=True)
class BookAnswer:
    """Answer of a book query in exact numbers; NaN for what was not asked, and for a price that the depth does not reach."""

    query_price: Decimal
    query_volume: Decimal
    result_price: Decimal
    result_volume: Decimal


class TradingConnectorView(ConnectorView):
    """See the module. Leverage and position mode come from the config's fields `leverage` and `position_mode`, set before it trades."""

    def set_leverage(self, *_unused: Any, **_ignored: Any) -> None:
        """Nothing to do: the runtime has set what the config says."""

    def set_position_mode(self, mode: PositionMode | None = None, **_ignored: Any) -> None:
        """Nothing to do: the runtime has set what the config says."""

    async def update_balances(self) -> None:
        """Nothing to do: balances are kept up to date."""

    shown_as: str = ""
    """Its name for people, where a script calls it otherwise."""

    @property
    def display_name(self) -> str:
        return self.shown_as or self.name

    @property
    def current_timestamp(self) -> float:
        """Market time in seconds."""
        reader: Any = self._provider
        return float(reader.time())

    # ---- accounts --------------------------------------------------------------------------------------------------
    @property
    def budget_checker(self) -> BudgetChecker:
        return BudgetChecker(self)

    def get_all_balances(self) -> dict[str, Decimal]:
        """Totals of the assets of its pairs."""
        return {asset: self.get_balance(asset) for pair in self.trading_pairs for asset in split_pair(pair)}

    @property
    def available_balances(self) -> dict[str, Decimal]:
        return {asset: self.get_available_balance(asset) for pair in self.trading_pairs for asset in split_pair(pair)}

    def get_fee(
        self,
        base_currency: str,
        quote_currency: str,
        order_type: OrderType = OrderType.MARKET,
        order_side: Any = None,
        amount: Any = None,
        price: Any = None,
        is_maker: bool | None = None,
        position_action: Any = None,
    ) -> TradeFee:
        """What an order would cost; ValueError while the account's rate is not known."""
        maker = order_type is OrderType.LIMIT_MAKER if is_maker is None else is_maker
        pair = f"{base_currency}-{quote_currency}"
        reader: Any = self._provider
        rate: Decimal | None = reader.get_fee_rate(self.name, pair, maker)
        if rate is None:
            raise ValueError(f"the fee of {pair} at {self.name} is not known yet")
        return TradeFee(rate)

    # ---- rules -----------------------------------------------------------------------------------------------------
    def get_order_price_quantum(self, trading_pair: str, price: Any = None) -> Decimal:
        return self._provider.get_trading_rules(self.name, trading_pair).min_price_increment

    def get_order_size_quantum(self, trading_pair: str, order_size: Any = None) -> Decimal:
        return self._provider.get_trading_rules(self.name, trading_pair).min_base_amount_increment

    # ---- books -----------------------------------------------------------------------------------------------------
    def get_price_for_volume(self, trading_pair: str, is_buy: bool, volume: Any) -> BookAnswer:
        """The last price that an order of `volume` base would get."""
        return self._asked("get_price_for_volume", trading_pair, volume, is_buy)

    def get_vwap_for_volume(self, trading_pair: str, is_buy: bool, volume: Any) -> BookAnswer:
        """The average price that an order of `volume` base would get."""
        return self._asked("get_vwap_for_volume", trading_pair, volume, is_buy)

    def get_price_for_quote_volume(self, trading_pair: str, is_buy: bool, volume: Any) -> BookAnswer:
        return self._asked("get_price_for_quote_volume", trading_pair, volume, is_buy)

    def get_volume_for_price(self, trading_pair: str, is_buy: bool, price: Any) -> BookAnswer:
        """Base that stands up to a price."""
        return self._asked("get_volume_for_price", trading_pair, price, is_buy)

    def get_quote_volume_for_price(self, trading_pair: str, is_buy: bool, price: Any) -> BookAnswer:
        return self._asked("get_quote_volume_for_price", trading_pair, price, is_buy)

    def get_quote_volume_for_base_amount(self, trading_pair: str, is_buy: bool, base_amount: Any) -> BookAnswer:
        """Quote that an order of `base_amount` would cost."""
        found = self.get_vwap_for_volume(trading_pair, is_buy, base_amount)
        return replace(found, result_volume=found.result_price * exact(base_amount))

    def get_quote_price(self, trading_pair: str, is_buy: bool, amount: Any) -> Decimal:
        return self.get_price_for_volume(trading_pair, is_buy, amount).result_price

    get_order_price = get_quote_price

    def _asked(self, method: str, trading_pair: str, value: Any, is_buy: bool) -> BookAnswer:
        found = getattr(self._provider, method)(self.name, trading_pair, float(value), is_buy)
        parts = (found.query_price, found.query_volume, found.result_price, found.result_volume)
        return BookAnswer(*(Decimal(str(part)) for part in parts))

    def get_funding_info(self, trading_pair: str) -> Any:
        """Funding of a perpetual; None while it is not known."""
        reader: Any = self._provider
        return reader.get_funding_info(self.name, trading_pair)
