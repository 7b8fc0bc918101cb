"""What a controller of Strategy V2 reads the markets through: the runtime's provider, which notes what `update_processed_data` looked at.

From these notes follows when it has to be called again: once per closed candle while it looks at candles only, on every tick when it looks at books. A price beside
candles counts as a candle in a backtest, whose prices are those of its candles; live and on paper it is news in every tick.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from decimal import Decimal
from typing import Any

from botcore.compat.books import OrderBookView
from botcore.compat.connectors import TradingConnectorView
from botcore.compat.stepping import NotKnownYet, is_stepped
from botcore.markets.connector_view import ConnectorView
from botcore.markets.funding import FundingInfo
from botcore.markets.intervals import interval_seconds
from botcore.markets.market_books import OrderBookQueryResult
from botcore.markets.market_candles import CandlesFeed
from botcore.markets.market_data import MarketDataProvider
from botcore.model.enums import ClockMode, PriceType, TradeType
from botcore.model.instrument import Market

Series = tuple[str, str, str]
"""(connector, pair, interval)"""


class Reads:
    """What was looked at while `is_noting`.

    Attributes
    ----------
    series : set of (connector, pair, interval)
    books : bool
        Whether a book, a rate or a balance was looked at, or a price that counts as one: things that may change with every event.
    """

    def __init__(self, is_backtest: bool = False) -> None:
        self._is_backtest = is_backtest
        self.is_noting = False
        self.series: set[Series] = set()
        self.books = False
        self.prices = False

    def note_series(self, connector_name: str, trading_pair: str, interval: str) -> None:
        if self.is_noting:
            self.series.add((connector_name, trading_pair, interval))

    def note_books(self) -> None:
        if self.is_noting:
            self.books = True

    def note_price(self) -> None:
        if self.is_noting:
            self.prices = True

    @property
    def is_live(self) -> bool:
        """Whether what was looked at may change with every event."""
        return self.books or not self.series or (self.prices and not self._is_backtest)

    def shortest(self) -> list[Series]:
        """The series of the shortest interval."""
        if not self.series:
            return []
        least = min(interval_seconds(interval) for _, _, interval in self.series)
        return sorted(item for item in self.series if interval_seconds(item[2]) == least)


class MarketDataView(MarketDataProvider):
    """The provider of one controller; it shares markets, feeds and rates with the runtime's."""

    def __init__(self, source: MarketDataProvider) -> None:
        super().__init__(source._clock, source._markets, source._balance, source._open_market, source._fee_rate)
        self._feeds = source._feeds
        self.rates = source.rates
        self.rate_troubles = source.rate_troubles
        self.clock = source._clock
        self.reads = Reads(source._clock.mode is ClockMode.BACKTEST)
        self._awaited: set[Market] = set()
        self.perpetual: Callable[[Any, str], TradingConnectorView] | None = None

    # ---- candles ---------------------------------------------------------------------------------------------------
    def get_candles_df(self, connector_name: str, trading_pair: str, interval: str, max_records: int = 500) -> Any:
        self.reads.note_series(connector_name, trading_pair, interval)
        return super().get_candles_df(connector_name, trading_pair, interval, int(max_records))

    def candles(self, connector_name: str, trading_pair: str, interval: str, count: int) -> Any:
        self.reads.note_series(connector_name, trading_pair, interval)
        return super().candles(connector_name, trading_pair, interval, count)

    async def get_historical_candles_df(self, connector_name: str, trading_pair: str, interval: str, *args: Any, **kwargs: Any) -> Any:
        self.reads.note_series(connector_name, trading_pair, interval)
        return await super().get_historical_candles_df(connector_name, trading_pair, interval, *args, **kwargs)

    def get_candles_feed(self, config: Any) -> CandlesFeed:
        """A feed that reads through this view."""
        self.initialize_candles_feed(config)
        return CandlesFeed(self, config)

    def stamps(self, series: Iterable[Series]) -> tuple[int | None, ...]:
        """Open times of the latest closed candles; they change when a candle closes."""
        return tuple(self._series(*item).last_open_s for item in series)

    # ---- books and prices ------------------------------------------------------------------------------------------
    def get_price_by_type(
        self, connector_name: str, trading_pair: str, price_type: PriceType = PriceType.MidPrice, max_age_s: float | None = None
    ) -> Decimal:
        self.reads.note_price()
        return super().get_price_by_type(connector_name, trading_pair, price_type, max_age_s)

    def get_order_book(self, connector_name: str, trading_pair: str) -> Any:
        self.reads.note_books()
        self.state(connector_name, trading_pair)
        return OrderBookView(self, connector_name, trading_pair)

    def get_order_book_snapshot(self, connector_name: str, trading_pair: str) -> Any:
        self.reads.note_books()
        return super().get_order_book_snapshot(connector_name, trading_pair)

    def get_price_for_volume(self, connector_name: str, trading_pair: str, volume: float, is_buy: bool) -> OrderBookQueryResult:
        self.reads.note_books()
        return super().get_price_for_volume(connector_name, trading_pair, float(volume), is_buy)

    def get_vwap_for_volume(self, connector_name: str, trading_pair: str, volume: float, is_buy: bool) -> OrderBookQueryResult:
        self.reads.note_books()
        return super().get_vwap_for_volume(connector_name, trading_pair, float(volume), is_buy)

    def get_price_for_quote_volume(self, connector_name: str, trading_pair: str, quote_volume: float, is_buy: bool) -> OrderBookQueryResult:
        self.reads.note_books()
        return super().get_price_for_quote_volume(connector_name, trading_pair, float(quote_volume), is_buy)

    def get_volume_for_price(self, connector_name: str, trading_pair: str, price: float, is_buy: bool) -> OrderBookQueryResult:
        self.reads.note_books()
        return super().get_volume_for_price(connector_name, trading_pair, float(price), is_buy)

    def get_quote_volume_for_price(self, connector_name: str, trading_pair: str, price: float, is_buy: bool) -> OrderBookQueryResult:
        self.reads.note_books()
        return super().get_quote_volume_for_price(connector_name, trading_pair, float(price), is_buy)

    def touch(self, connector_name: str, trading_pair: str, side: TradeType) -> Decimal:
        self.reads.note_books()
        return super().touch(connector_name, trading_pair, side)

    def get_rate(self, pair: str, avoided: Collection[str] = ()) -> Decimal | None:
        self.reads.note_books()
        return super().get_rate(pair, avoided)

    def get_funding_info(self, connector_name: str, trading_pair: str) -> FundingInfo | None:
        """Funding of a perpetual; None for other markets, and outside a step while it is not known.

        Raises
        ------
        NotKnownYet
            Within a step, while the venue has not told it, or not for too long.
        """
        self.reads.note_books()
        found = super().get_funding_info(connector_name, trading_pair)
        if found is None and is_stepped() and self.state(connector_name, trading_pair).instrument.is_perpetual:
            self._awaited.add(Market(connector_name, trading_pair))
            raise NotKnownYet(f"the funding rate of {trading_pair} at {connector_name} is not known now")
        return found

    def has_awaited(self) -> bool:
        """Whether everything is known by now that was asked for in vain."""
        self._awaited = {market for market in self._awaited if super(MarketDataView, self).get_funding_info(*market) is None}
        return not self._awaited

    # ---- accounts --------------------------------------------------------------------------------------------------
    def get_balance(self, connector_name: str, asset: str) -> Decimal:
        self.reads.note_books()
        return super().get_balance(connector_name, asset)

    def get_available_balance(self, connector_name: str, asset: str) -> Decimal:
        self.reads.note_books()
        return super().get_available_balance(connector_name, asset)

    @property
    def connectors(self) -> dict[str, ConnectorView]:
        return {name: self._view(name) for name in super().connectors}

    def get_connector(self, connector_name: str) -> ConnectorView:
        return self._view(super().get_connector(connector_name).name)

    def _view(self, name: str) -> TradingConnectorView:
        if self.perpetual is not None and name.endswith("_perpetual"):
            self.reads.note_books()
            return self.perpetual(self, name)
        return TradingConnectorView(self, name)

    def get_connector_with_fallback(self, connector_name: str) -> ConnectorView:
        known = super().get_connector_with_fallback(connector_name)
        return TradingConnectorView(self, known.name, known.is_trading_required)
