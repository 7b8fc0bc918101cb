"""`OrderBook` as files of Strategy V2 read it: rows in prices and amounts, best first, and the questions to its depth.

The runtime's own book counts in ticks and lots.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from botcore.markets.market_books import OrderBookQueryResult
from botcore.model.enums import PriceType


class OrderBookRow(NamedTuple):
    """One level; `amount` in base."""

    price: float
    amount: float
    update_id: int


class OrderBookView:
    """The book of one market, as it is when it is asked.

    Parameters
    ----------
    provider : MarketDataView
    """

    def __init__(self, provider: Any, connector_name: str, trading_pair: str) -> None:
        self._provider = provider
        self._market = (connector_name, trading_pair)

    def bid_entries(self) -> Iterator[OrderBookRow]:
        return self._rows(True)

    def ask_entries(self) -> Iterator[OrderBookRow]:
        return self._rows(False)

    def _rows(self, is_bid: bool) -> Iterator[OrderBookRow]:
        state = self._provider.state(*self._market)
        book, instrument = state.book, state.instrument
        number = book.last_update_id
        return iter([OrderBookRow(ticks * instrument.tick, lots * instrument.lot, number) for ticks, lots in book.levels(is_bid, book.depth(is_bid))])

    @property
    def snapshot(self) -> tuple[Any, Any]:
        """Bids and asks as frames."""
        return self._provider.get_order_book_snapshot(*self._market)  # type: ignore[no-any-return]

    @property
    def last_trade_price(self) -> float:
        """NaN while no trade is known."""
        return float(self._provider.get_price_by_type(*self._market, PriceType.LastTrade))

    @property
    def last_diff_uid(self) -> int:
        return int(self._provider.state(*self._market).book.last_update_id)

    snapshot_uid = last_diff_uid

    # ---- questions ---------------------------------------------------------------------------------------------------
    def get_price(self, is_buy: bool) -> float:
        """The touch that such an order would take."""
        return float(self._provider.get_price_by_type(*self._market, PriceType.BestAsk if is_buy else PriceType.BestBid))

    def get_price_for_volume(self, is_buy: bool, volume: Any) -> OrderBookQueryResult:
        return self._asked("get_price_for_volume", is_buy, volume)

    def get_vwap_for_volume(self, is_buy: bool, volume: Any) -> OrderBookQueryResult:
        return self._asked("get_vwap_for_volume", is_buy, volume)

    def get_price_for_quote_volume(self, is_buy: bool, quote_volume: Any) -> OrderBookQueryResult:
        return self._asked("get_price_for_quote_volume", is_buy, quote_volume)

    def get_volume_for_price(self, is_buy: bool, price: Any) -> OrderBookQueryResult:
        return self._asked("get_volume_for_price", is_buy, price)

    def get_quote_volume_for_price(self, is_buy: bool, price: Any) -> OrderBookQueryResult:
        return self._asked("get_quote_volume_for_price", is_buy, price)

    def _asked(self, question: str, is_buy: bool, value: Any) -> OrderBookQueryResult:
        found: OrderBookQueryResult = getattr(self._provider, question)(*self._market, float(value), is_buy)
        return found
