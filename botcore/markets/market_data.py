"""`MarketDataProvider`: everything that deciders may know of the markets, under the names of Strategy V2.

It only reads. Prices that are not known come back as NaN, rates as None, never as 0. Books are asked in base amounts and prices here; ticks and lots stay inside.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from mypy_extensions import mypyc_attr

from botcore.core.clock import Clock
from botcore.markets.connector_view import ConnectorView
from botcore.markets.funding import FundingInfo
from botcore.markets.market_books import Freshness, OrderBookQueryResult
from botcore.markets.market_candles import CANDLE_COLUMNS, CandleReader, CandlesFeed
from botcore.markets.market_state import NAN, MarketState
from botcore.markets.price_watch import BETWEEN
from botcore.markets.rates import Rate, RateOracle
from botcore.model.errors import ConfigError, UserError, nearest
from botcore.model.instrument import Market, split_pair

__all__ = ["CANDLE_COLUMNS", "CandlesFeed", "ConnectorView", "Freshness", "MarketDataProvider", "OrderBookQueryResult"]

RATE_AGE_NS: Final = 600 * 1_000_000_000


@mypyc_attr(allow_interpreted_subclasses=True)
class MarketDataProvider(CandleReader):
    """Read access to the markets of one runtime.

    Parameters
    ----------
    clock : Clock
        Market time.
    markets : mapping of Market to MarketState
        Live mapping: markets that are opened later appear in it.
    balance : callable, optional
        (connector name, asset) -> (total, available) as Decimal.
    open_market : callable, optional
        Opens a market that is not open yet; without it only open ones can be read.
    fee_rate : callable, optional
        (connector name, pair, is_maker) -> fee as a fraction of what is traded; None while it is not known.

    Attributes
    ----------
    rates : RateOracle
        What assets are worth in each other, out of the open markets and what was put in.
    rate_troubles : dict
        `connector:pair` -> why this source of a rate is not to be had.
    """

    def __init__(
        self,
        clock: Clock,
        markets: Mapping[Market, MarketState],
        balance: Callable[[str, str], tuple[Decimal, Decimal]] | None = None,
        open_market: Callable[[Market], MarketState] | None = None,
        fee_rate: Callable[[str, str, bool], Decimal | None] | None = None,
    ) -> None:
        super().__init__(clock, markets, open_market)
        self._balance = balance
        self._fee_rate = fee_rate
        self.rates = RateOracle(lambda: clock.now_ns, markets, RATE_AGE_NS)
        self.rate_troubles: dict[str, str] = {}

    @property
    def ready(self) -> bool:
        """Whether every open market can be traded on and every candle feed that was asked for is full.

        One dead feed makes this False for everybody: a controller better asks for what it reads itself (`freshness`, `has_candles`).
        """
        now_ns = self._clock.now_ns
        return all(state.is_usable(now_ns) for state in self._markets.values()) and all(feed.ready for feed in self._feeds.values())

    def is_one_moment(self, markets: Iterable[Market]) -> bool:
        """Whether the present prices of these markets belong together, so that their difference is one that somebody could have traded.

        True for live and traded prices, whose age is known otherwise (`freshness`). Candles say it of their opens and closes only: what lies between is a path that was
        drawn through each market's candle.
        """
        moment_ns = 0
        for market in markets:
            found_ns = self._markets[market].watch.moment_ns
            if found_ns == BETWEEN or (moment_ns and found_ns and found_ns != moment_ns):
                return False
            moment_ns = found_ns or moment_ns
        return True

    # ---- books at run time -------------------------------------------------------------------------------------------
    async def initialize_order_book(self, connector_name: str, trading_pair: str) -> bool:
        """Open a market; False when it is not to be had. Async for Strategy V2's sake: it does not wait."""
        try:
            self._opened(connector_name, trading_pair)
        except UserError:
            return False
        return True

    async def initialize_order_books(self, connector_name: str, trading_pairs: list[str]) -> dict[str, bool]:
        return {pair: await self.initialize_order_book(connector_name, pair) for pair in trading_pairs}

    async def remove_order_book(self, connector_name: str, trading_pair: str) -> bool:
        """Nobody here needs this book any more; False when it is not open. Its market stays open: others may read it, and a position there must be watched."""
        return Market(connector_name, trading_pair) in self._markets

    async def remove_order_books(self, connector_name: str, trading_pairs: list[str]) -> dict[str, bool]:
        return {pair: await self.remove_order_book(connector_name, pair) for pair in trading_pairs}

    # ---- connectors --------------------------------------------------------------------------------------------------
    def get_balance(self, connector_name: str, asset: str) -> Decimal:
        return self._balances(connector_name, asset)[0]

    def get_available_balance(self, connector_name: str, asset: str) -> Decimal:
        return self._balances(connector_name, asset)[1]

    def _balances(self, connector_name: str, asset: str) -> tuple[Decimal, Decimal]:
        if self._balance is None:
            return NAN, NAN
        return self._balance(connector_name, asset)

    def get_fee_rate(self, connector_name: str, trading_pair: str, is_maker: bool = False) -> Decimal | None:
        """What the account pays there, as a fraction of what is traded; None while it is not known."""
        return None if self._fee_rate is None else self._fee_rate(connector_name, trading_pair, is_maker)

    @property
    def connectors(self) -> dict[str, ConnectorView]:
        """Connectors with an open market, by name."""
        return {name: ConnectorView(self, name) for name in sorted({market.connector_name for market in self._markets})}

    def get_connector(self, connector_name: str) -> ConnectorView:
        """What may be read of a connector; orders go through executors.

        Raises
        ------
        ConfigError
            If no market of it is open.
        """
        names = {market.connector_name for market in self._markets}
        if connector_name not in names:
            raise ConfigError(f"connector {connector_name} is not open here{nearest(connector_name, names)}")
        return ConnectorView(self, connector_name)

    def get_non_trading_connector(self, connector_name: str) -> ConnectorView:
        """A connector for its prices and rules only: balances are NaN, and its markets are opened when they are asked for."""
        return ConnectorView(self, connector_name, False)

    def get_connector_with_fallback(self, connector_name: str) -> ConnectorView:
        """The connector that is open, or else the one for prices only."""
        is_open = any(market.connector_name == connector_name for market in self._markets)
        return ConnectorView(self, connector_name, is_open)

    # ---- rates and funding -------------------------------------------------------------------------------------------
    def initialize_rate_sources(self, connector_pairs: Iterable[Any]) -> None:
        """Open the markets (`connector_name`, `trading_pair`) that rates shall come from; those that are not to be had stand in `rate_troubles`."""
        for pair in connector_pairs:
            name = f"{pair.connector_name}:{pair.trading_pair}"
            self.rate_troubles.pop(name, None)
            try:
                self._opened(pair.connector_name, pair.trading_pair)
            except UserError as error:
                self.rate_troubles[name] = str(error)

    def remove_rate_sources(self, connector_pairs: Iterable[Any]) -> None:
        """Nobody needs these any more. Their markets stay open: others may read them."""
        for pair in connector_pairs:
            self.rate_troubles.pop(f"{pair.connector_name}:{pair.trading_pair}", None)

    def get_rate(self, pair: str, avoided: Collection[str] = ()) -> Decimal | None:
        """Quote for one of base, over as many markets as it takes; None when no chain of fresh prices leads there.

        Parameters
        ----------
        avoided : collection of str
            Assets that no chain may go through: what is traded itself says nothing of the rate between the assets that it is traded for.
        """
        found = self.rate_reading(pair, avoided)
        return None if found is None else found.value

    def rate_reading(self, pair: str, avoided: Collection[str] = ()) -> Rate | None:
        """A rate with the age of its oldest part. USD counts as USDT where no market has USD itself."""
        base, quote = split_pair(pair)
        found = self.rates.reading(base, quote, avoided)
        if found is None and "USD" in (base, quote):
            found = self.rates.reading(_dollar(base), _dollar(quote), avoided)
        return found

    def get_funding_info(self, connector_name: str, trading_pair: str) -> FundingInfo | None:
        """What the venue last told of a perpetual's funding; None while it told nothing."""
        return self.state(connector_name, trading_pair).funding


def _dollar(asset: str) -> str:
    return "USDT" if asset == "USD" else asset
