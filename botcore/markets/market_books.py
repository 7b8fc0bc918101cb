"""`BookReader`: time, rules, prices and books of the open markets, under the names of Strategy V2; every one can say how old it is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from mypy_extensions import mypyc_attr

from botcore.core.clock import Clock
from botcore.markets.market_state import NAN, MarketState
from botcore.markets.order_book import NO_ASK, NO_BID, OrderBook
from botcore.model.enums import PriceType, TradeType
from botcore.model.errors import ConfigError, nearest
from botcore.model.instrument import Instrument, Market
from botcore.model.trading_rule import TradingRule

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class OrderBookQueryResult:
    """Answer of a book query.

    Parameters
    ----------
    query_price, query_volume : float
        What was asked; NaN for the one that was not.
    result_price : float
        NaN when the depth is not sufficient.
    result_volume : float
        Volume that is there, also when it is not sufficient.
    """

    query_price: float
    query_volume: float
    result_price: float
    result_volume: float


@dataclass(frozen=True, slots=True)
class Freshness:
    """How much what was read may be trusted.

    Parameters
    ----------
    as_of_ns : int
        Market time of the latest news; 0 while there was none.
    age_s : float
        Seconds since then; infinite while there was none.
    is_usable : bool
        Whether orders may be based on it: not stale, crossed, torn, incomplete or at the end of a recording.
    missing : int
        Bars within it that stand in for missing ones (candles).
    """

    as_of_ns: int
    age_s: float
    is_usable: bool
    missing: int = 0


@mypyc_attr(allow_interpreted_subclasses=True)
class BookReader:
    """See the module."""

    def __init__(self, clock: Clock, markets: Mapping[Market, MarketState]) -> None:
        self._clock = clock
        self._markets = markets

    # ---- time and markets ------------------------------------------------------------------------------------------
    def time(self) -> float:
        """Market time in seconds."""
        return self._clock.now_ns / 1e9

    @property
    def now_ns(self) -> int:
        return self._clock.now_ns

    def state(self, connector_name: str, trading_pair: str) -> MarketState:
        """The live state of a market.

        Raises
        ------
        ConfigError
            If nobody opened this market; the text names the closest one that is open.
        """
        state: MarketState | None = self._markets.get((connector_name, trading_pair))  # type: ignore[call-overload]
        if state is None:
            wanted = f"{connector_name}:{trading_pair}"
            raise ConfigError(f"market {wanted} is not open here{nearest(wanted, [str(market) for market in self._markets])}")
        return state

    def instrument(self, connector_name: str, trading_pair: str) -> Instrument:
        return self.state(connector_name, trading_pair).instrument

    def get_trading_pairs(self, connector_name: str) -> list[str]:
        return [market.trading_pair for market in self._markets if market.connector_name == connector_name]

    def get_trading_rules(self, connector_name: str, trading_pair: str) -> TradingRule:
        return self.instrument(connector_name, trading_pair).trading_rule()

    def quantize_order_price(self, connector_name: str, trading_pair: str, price: Decimal) -> Decimal:
        """Price on the tick grid, rounded down."""
        instrument = self.instrument(connector_name, trading_pair)
        return instrument.price(instrument.floor_ticks(price))

    def quantize_order_amount(self, connector_name: str, trading_pair: str, amount: Decimal) -> Decimal:
        """Amount in whole lots, rounded down."""
        instrument = self.instrument(connector_name, trading_pair)
        return instrument.amount(instrument.lots(amount))

    # ---- prices and books ------------------------------------------------------------------------------------------
    def get_price_by_type(
        self, connector_name: str, trading_pair: str, price_type: PriceType = PriceType.MidPrice, max_age_s: float | None = None
    ) -> Decimal:
        """NaN when it is not known, or older than `max_age_s`. LastOwnTrade, InventoryCost and Custom are known to nobody here."""
        state = self.state(connector_name, trading_pair)
        if max_age_s is not None and self._age_s(state.ts_ns) > max_age_s:
            return NAN
        return state.price(price_type)

    def freshness(self, connector_name: str, trading_pair: str) -> Freshness:
        """How old prices and book of a market are."""
        state, now_ns = self.state(connector_name, trading_pair), self._clock.now_ns
        return Freshness(state.ts_ns, self._age_s(state.ts_ns), state.is_usable(now_ns))

    def is_market_usable(self, connector_name: str, trading_pair: str) -> bool:
        """False while orders must not be based on its price."""
        return self.state(connector_name, trading_pair).is_usable(self._clock.now_ns)

    def _age_s(self, as_of_ns: int) -> float:
        return (self._clock.now_ns - as_of_ns) / 1e9 if as_of_ns else math.inf

    def get_order_book(self, connector_name: str, trading_pair: str) -> OrderBook:
        return self.state(connector_name, trading_pair).book

    def get_order_book_snapshot(self, connector_name: str, trading_pair: str) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Bids and asks, best first, as frames with `price`, `amount` (base) and `update_id`; copies."""
        instrument, book = self._book(connector_name, trading_pair)
        return _frame(book, instrument, True), _frame(book, instrument, False)

    def get_price_for_volume(self, connector_name: str, trading_pair: str, volume: float, is_buy: bool) -> OrderBookQueryResult:
        """Worst price that taking `volume` base reaches."""
        instrument, book = self._book(connector_name, trading_pair)
        wanted = _lots(volume, instrument)
        ticks, lots = book.price_for_lots(is_buy, wanted)
        price = math.nan if lots < wanted or wanted < 1 or ticks in (NO_ASK, NO_BID) else ticks * instrument.tick
        return OrderBookQueryResult(math.nan, volume, price, lots * instrument.lot)

    def get_vwap_for_volume(self, connector_name: str, trading_pair: str, volume: float, is_buy: bool) -> OrderBookQueryResult:
        """Average price of taking `volume` base."""
        instrument, book = self._book(connector_name, trading_pair)
        wanted = _lots(volume, instrument)
        cost, lots = book.cost_for_lots(is_buy, wanted)
        price = math.nan if lots < wanted or wanted < 1 else cost / lots * instrument.tick
        return OrderBookQueryResult(math.nan, volume, price, lots * instrument.lot)

    def get_price_for_quote_volume(self, connector_name: str, trading_pair: str, quote_volume: float, is_buy: bool) -> OrderBookQueryResult:
        """Worst price that taking base worth `quote_volume` reaches; the result's volume is the base found."""
        instrument, book = self._book(connector_name, trading_pair)
        cost = _cost(quote_volume, instrument)
        lots, used = book.lots_for_cost(is_buy, cost)
        ticks, found = book.price_for_lots(is_buy, lots) if lots else (NO_ASK, 0)
        touch = book.best_ask if is_buy else book.best_bid
        enough = lots > 0 and ticks not in (NO_ASK, NO_BID) and cost - used < max(ticks, touch)
        return OrderBookQueryResult(math.nan, quote_volume, ticks * instrument.tick if enough else math.nan, found * instrument.lot)

    def get_volume_for_price(self, connector_name: str, trading_pair: str, price: float, is_buy: bool) -> OrderBookQueryResult:
        """Base that stands at `price` or better."""
        instrument, book = self._book(connector_name, trading_pair)
        lots = book.lots_for_price(is_buy, _limit_ticks(price, is_buy, instrument))
        return OrderBookQueryResult(price, math.nan, price, lots * instrument.lot)

    def get_quote_volume_for_price(self, connector_name: str, trading_pair: str, price: float, is_buy: bool) -> OrderBookQueryResult:
        """Quote value of what stands at `price` or better."""
        instrument, book = self._book(connector_name, trading_pair)
        cost = book.cost_for_price(is_buy, _limit_ticks(price, is_buy, instrument))
        return OrderBookQueryResult(price, math.nan, price, cost * instrument.tick * instrument.lot)

    def _book(self, connector_name: str, trading_pair: str) -> tuple[Instrument, OrderBook]:
        state = self.state(connector_name, trading_pair)
        return state.instrument, state.book

    def touch(self, connector_name: str, trading_pair: str, side: TradeType) -> Decimal:
        """Best bid for BUY, best ask for SELL: where a resting order of that side would join."""
        kind = PriceType.BestBid if side is TradeType.BUY else PriceType.BestAsk
        return self.get_price_by_type(connector_name, trading_pair, kind)


def _lots(volume: float, instrument: Instrument) -> int:
    """Lots that cover `volume`: a query for 0.15 at a lot of 0.1 asks for 2 lots."""
    scaled = volume / instrument.lot
    return math.ceil(scaled - _slack(scaled))


def _cost(quote_volume: float, instrument: Instrument) -> int:
    """Quote value in ticks times lots."""
    scaled = quote_volume / (instrument.tick * instrument.lot)
    return math.floor(scaled + _slack(scaled))


def _limit_ticks(price: float, is_buy: bool, instrument: Instrument) -> int:
    scaled = price / instrument.tick
    return math.floor(scaled + _slack(scaled)) if is_buy else math.ceil(scaled - _slack(scaled))


def _slack(scaled: float) -> float:
    """What the rounding of floats may have added or taken: a whole number must not lose or gain one by it."""
    return abs(scaled) * 1e-15 + 1e-9


def _frame(book: OrderBook, instrument: Instrument, is_bid: bool) -> pd.DataFrame:
    import pandas as pd  # 0.3 s and 120 MB: only a process whose controllers ask for frames pays

    rows = [(ticks * instrument.tick, lots * instrument.lot, book.last_update_id) for ticks, lots in book.levels(is_bid, book.depth(is_bid))]
    return pd.DataFrame(rows, columns=["price", "amount", "update_id"])
