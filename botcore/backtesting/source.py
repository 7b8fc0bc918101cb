"""Recorded candles as the markets of a backtest: a market without a file does not exist."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from botcore.connectors.paper.exchange import PaperRules
from botcore.data.candle_csv import CandleTable
from botcore.data.candle_feed import CandleFeed
from botcore.data.feed import MarketFeed
from botcore.data.joint_walk import JointWalk
from botcore.markets.funding import without_funding
from botcore.markets.market_state import MarketState
from botcore.model.errors import ConfigError
from botcore.model.instrument import Instrument, Market
from botcore.strategies.runtime import MarketPlan


@dataclass(frozen=True, slots=True)
class RecordedMarket:
    """One market of a backtest.

    Parameters
    ----------
    rules_from : str
        Where the trading rules come from, for the result.
    """

    instrument: Instrument
    table: CandleTable
    rules_from: str


class HistoricalSource:
    """Implements `MarketSource` over recorded candles.

    Parameters
    ----------
    markets : mapping of Market to RecordedMarket
    rules : mapping of str to PaperRules
        Per connector name.
    opening : mapping of str to Decimal
        Asset -> balance that every account opens with.
    """

    def __init__(self, markets: Mapping[Market, RecordedMarket], rules: Mapping[str, PaperRules], opening: Mapping[str, Decimal]) -> None:
        self._markets = markets
        self._rules = rules
        self._opening = opening
        self._walk = JointWalk() if len(markets) > 1 else None

    def rules(self, connector_name: str) -> PaperRules:
        return self._rules[connector_name]

    def balances(self, connector_name: str, instrument: Instrument) -> Mapping[str, Decimal]:
        return self._opening

    def plan(self, market: Market) -> MarketPlan:
        recorded = self._recorded(market)
        return MarketPlan(recorded.instrument, recorded.table.interval_s, walks=True)

    def feed(self, state: MarketState, bias: Callable[[], int], now_ns: int) -> CandleFeed:
        instrument = state.instrument
        if instrument.is_perpetual:
            state.funding = without_funding(instrument.market.trading_pair, now_ns)
        return CandleFeed(instrument, self._recorded(instrument.market).table, state.watch, bias, walk=self._walk)

    def history(self, market: Market, feed: MarketFeed) -> np.ndarray:
        return feed.history(self._recorded(market).table.interval_s, 0)

    def _recorded(self, market: Market) -> RecordedMarket:
        recorded = self._markets.get(market)
        if recorded is None:
            raise ConfigError(f"the config asks for {market}, for which no file was given; add --data {market}=FILE")
        return recorded
