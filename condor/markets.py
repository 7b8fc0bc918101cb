"""The markets of paper trading: synthetic or replayed, as `conf/condor.yml` says."""

from __future__ import annotations

import gzip
import lzma
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from botcore.connectors.paper.exchange import PaperRules
from botcore.connectors.paper.models import QUEUES, ConstantLatency, FeeModel
from botcore.data.candle_csv import CandleTable, read_candles
from botcore.data.candle_feed import CandleFeed
from botcore.data.capture_feed import CaptureFeed, inspect_capture
from botcore.data.feed import MarketFeed
from botcore.data.synthetic import SyntheticFeed
from botcore.data.synthetic_model import SyntheticParams
from botcore.markets.funding import without_funding
from botcore.markets.market_state import MarketState
from botcore.model.errors import ConfigError, nearest
from botcore.model.instrument import Instrument, Market
from botcore.strategies.runtime import MarketPlan
from botcore.venues.spec import VenueSpec
from condor.configs import Configs
from condor.home import Home
from condor.settings import ReplayEntry, Settings

SECOND_NS = 1_000_000_000
STALE_NS = 30 * SECOND_NS
HISTORY_BARS = 64_800


class PaperMarkets:
    """Implements `MarketSource` for paper trading.

    Parameters
    ----------
    feed_states : mapping of str to dict
        Positions of feeds from an earlier process, by market.
    stored_candles : callable
        Market -> closed base candles that were written down, float64 [n, 6].
    """

    def __init__(
        self,
        home: Home,
        configs: Configs,
        settings: Settings,
        feed_states: Mapping[str, dict[str, Any]],
        stored_candles: Callable[[Market], np.ndarray],
    ) -> None:
        self._home = home
        self._configs = configs
        self._settings = settings
        self._feed_states = feed_states
        self._stored_candles = stored_candles
        self._entries = {Market(entry.connector, entry.pair): entry for entry in settings.market.replay}
        self._tables: dict[Market, CandleTable] = {}

    @property
    def is_synthetic(self) -> bool:
        return self._settings.market.source == "synthetic"

    @property
    def fingerprint(self) -> str:
        """What these markets are made from; books that belong to other markets must not go on here."""
        market = self._settings.market
        if self.is_synthetic:
            return f"synthetic seed {market.seed}"
        return "replay " + ", ".join(f"{entry.connector}:{entry.pair}={'+'.join(Path(name).name for name in entry.files)}" for entry in market.replay)

    def describe(self) -> str:
        """One phrase for people."""
        speed = self._settings.market.speed
        what = "synthetic market" if self.is_synthetic else "replay of recorded data"
        return f"{what}, seed {self._settings.market.seed}, x{speed:g}" if self.is_synthetic else f"{what}, x{speed:g}"

    # ---- MarketSource ----------------------------------------------------------------------------------------------
    def rules(self, connector_name: str) -> PaperRules:
        venue, paper = self._configs.venue(connector_name), self._settings.paper
        return PaperRules(
            venue.instrument_kind,
            FeeModel(venue.fees.maker, venue.fees.taker, venue.fees.from_received),
            ConstantLatency(int(paper.latency_ms * 1_000_000)),
            QUEUES[paper.queue],
            paper.slippage,
            venue.maintenance,
        )

    def balances(self, connector_name: str, instrument: Instrument) -> Mapping[str, Decimal]:
        return self._settings.paper.balances

    def plan(self, market: Market) -> MarketPlan:
        venue = self._configs.venue(market.connector_name)
        if self.is_synthetic:
            self._start_price(venue, market.trading_pair)
            return MarketPlan(venue.instrument(market.trading_pair), 60, max_age_ns=STALE_NS)
        entry = self._entry(market)
        paths = self._paths(entry)
        if is_capture(paths[0]):
            return MarketPlan(self._captured_instrument(market, venue, paths), 60, max_age_ns=STALE_NS)
        table = self._table(market, paths)
        return MarketPlan(self._recorded_instrument(market, venue, table), table.interval_s, walks=True)

    def feed(self, state: MarketState, bias: Callable[[], int], now_ns: int) -> MarketFeed:
        instrument = state.instrument
        market = instrument.market
        if instrument.is_perpetual:
            state.funding = without_funding(market.trading_pair, now_ns)
        feed: MarketFeed
        if self.is_synthetic:
            price = self._start_price(self._configs.venue(market.connector_name), market.trading_pair)
            feed = SyntheticFeed(instrument, price, SyntheticParams(), self._settings.market.seed, now_ns)
        else:
            entry = self._entry(market)
            paths = self._paths(entry)
            if is_capture(paths[0]):
                feed = CaptureFeed(instrument, paths)
            else:
                table = self._table(market, paths)
                feed = CandleFeed(instrument, table, state.watch, bias, min(entry.warmup, max(0, len(table) - 2)))
        stored = self._feed_states.get(str(market))
        if stored is not None:
            feed.restore(stored)
        return feed

    def history(self, market: Market, feed: MarketFeed) -> np.ndarray:
        interval_s = self.plan(market).base_interval_s
        before = feed.history(interval_s, HISTORY_BARS)
        stored = self._stored_candles(market)
        if not len(stored) or (not self.is_synthetic and len(before)):
            return before
        return np.concatenate((before[before[:, 0] < stored[0, 0]], stored)) if len(before) else stored

    # ---- synthetic -------------------------------------------------------------------------------------------------
    @staticmethod
    def _start_price(venue: VenueSpec, trading_pair: str) -> Decimal:
        venue.instrument(trading_pair)
        price = venue.instruments[trading_pair].paper_price
        if price is None:
            raise ConfigError(f"{venue.name} has no paper_price for {trading_pair}; add one to its file in conf/connectors", field="trading_pair")
        return price

    # ---- replay ----------------------------------------------------------------------------------------------------
    def begin_ns(self) -> int:
        """Market time at which a replay begins: the earliest first event of all recordings."""
        begins = []
        for market, entry in self._entries.items():
            paths = self._paths(entry)
            if is_capture(paths[0]):
                begins.append(inspect_capture(paths, market.trading_pair.replace("-", "")).first_ns)
            else:
                table = self._table(market, paths)
                begins.append(int(table.open_ms[min(entry.warmup, max(0, len(table) - 2))]) * 1_000_000)
        return min(begins)

    def _entry(self, market: Market) -> ReplayEntry:
        entry = self._entries.get(market)
        if entry is None:
            known = [str(other) for other in self._entries]
            raise ConfigError(
                f"the replay has no recording of {market}{nearest(str(market), known)}; it has {', '.join(known)}", field="trading_pair"
            )
        return entry

    def _paths(self, entry: ReplayEntry) -> list[Path]:
        paths = [path if (path := Path(name)).is_absolute() else self._home.root / path for name in entry.files]
        for path in paths:
            if not path.is_file():
                raise ConfigError(f"can't find the recording {path.name} of {entry.connector}:{entry.pair}", file="condor.yml", field="market.replay")
        return paths

    def _table(self, market: Market, paths: list[Path]) -> CandleTable:
        table = self._tables.get(market)
        if table is None:
            if len(paths) > 1:
                raise ConfigError(f"candles of {market} take one file, found {len(paths)}", file="condor.yml", field="market.replay")
            table = self._tables[market] = read_candles(paths[0])
        return table

    @staticmethod
    def _recorded_instrument(market: Market, venue: VenueSpec, table: CandleTable) -> Instrument:
        if market.trading_pair in venue.instruments:
            return venue.instrument(market.trading_pair)
        return Instrument(market, venue.instrument_kind, table.tick_size, table.lot_size)

    @staticmethod
    def _captured_instrument(market: Market, venue: VenueSpec, paths: list[Path]) -> Instrument:
        if market.trading_pair in venue.instruments:
            return venue.instrument(market.trading_pair)
        info = inspect_capture(paths, market.trading_pair.replace("-", ""))
        return Instrument(market, venue.instrument_kind, info.tick_size, info.lot_size)


def is_capture(path: Path) -> bool:
    """Whether a recording is a log of JSON messages rather than a table of candles."""
    opener: Any = lzma.open if path.name.endswith(".xz") else gzip.open if path.name.endswith(".gz") else open
    try:
        with opener(path, "rb") as file:
            return b"{" in file.read(4096)
    except (OSError, EOFError, lzma.LZMAError):
        return False
