"""`CandleReader`: closed candles at every interval, as arrays and as frames with the columns of Strategy V2."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from mypy_extensions import mypyc_attr

from botcore.core.clock import Clock
from botcore.markets.candle_series import CandleSeries
from botcore.markets.candles_config import CandlesConfig
from botcore.markets.intervals import bucket_end_s, interval_seconds
from botcore.markets.market_books import BookReader, Freshness
from botcore.markets.market_state import MarketState
from botcore.model.instrument import Market

if TYPE_CHECKING:
    import pandas as pd

CANDLE_COLUMNS: Final = [
    "timestamp",
    "open",
    "high",
    "low",
    "close",
    "volume",
    "quote_asset_volume",
    "n_trades",
    "taker_buy_base_volume",
    "taker_buy_quote_volume",
]
"""The last four are 0 where the source of the candles does not tell them; no column is ever NaN."""

SECOND_NS: Final = 1_000_000_000


@mypyc_attr(allow_interpreted_subclasses=True)
class CandleReader(BookReader):
    """See the module.

    Parameters
    ----------
    open_market : callable, optional
        Opens a market that is not open yet.
    """

    def __init__(self, clock: Clock, markets: Mapping[Market, MarketState], open_market: Callable[[Market], MarketState] | None = None) -> None:
        super().__init__(clock, markets)
        self._open_market = open_market
        self._feeds: dict[str, CandlesFeed] = {}

    def _opened(self, connector_name: str, trading_pair: str) -> MarketState:
        """The state of a market, opened if that can be done here; ConfigError otherwise."""
        market = Market(connector_name, trading_pair)
        if self._open_market is not None and market not in self._markets:
            return self._open_market(market)
        return self.state(connector_name, trading_pair)

    def _series(self, connector_name: str, trading_pair: str, interval: str) -> CandleSeries:
        return self.state(connector_name, trading_pair).candles.series(interval_seconds(interval))

    # ---- feeds -----------------------------------------------------------------------------------------------------
    def initialize_candles_feed(self, config: CandlesConfig) -> None:
        """Make sure that this interval is kept; raises ConfigError when the market's data can't give it."""
        self._opened(config.connector, config.trading_pair).candles.series(interval_seconds(config.interval))
        key = feed_key(config)
        known = self._feeds.get(key)
        if known is None or known.max_records < config.max_records:
            self._feeds[key] = CandlesFeed(self, config)

    def initialize_candles_feed_list(self, config_list: list[CandlesConfig]) -> None:
        for config in config_list:
            self.initialize_candles_feed(config)

    def get_candles_feed(self, config: CandlesConfig) -> CandlesFeed:
        """The feed of an interval; one that was asked for with at least as many records serves."""
        self.initialize_candles_feed(config)
        return self._feeds[feed_key(config)]

    def stop_candle_feed(self, config: CandlesConfig) -> None:
        """Nobody waits for this feed any more. Its bars are kept: others may read them."""
        self._feeds.pop(feed_key(config), None)

    @property
    def candles_feeds(self) -> dict[str, CandlesFeed]:
        """Feeds that were asked for, by `connector_pair_interval`."""
        return dict(self._feeds)

    # ---- reading -----------------------------------------------------------------------------------------------------
    def has_candles(self, config: CandlesConfig) -> bool:
        """True once the asked number of closed candles is there."""
        return self._series(config.connector, config.trading_pair, config.interval).count >= config.max_records

    def candles(self, connector_name: str, trading_pair: str, interval: str, count: int) -> np.ndarray:
        """Closed candles, float64 [n <= count, 6]: open time (s), open, high, low, close, volume; oldest first."""
        return self._series(connector_name, trading_pair, interval).tail(count)

    def candle_gaps(self, connector_name: str, trading_pair: str, interval: str, count: int) -> np.ndarray:
        """How many bars of the source are missing within each of the latest candles, int64 [n <= count]; such a bar is flat where all of it is missing."""
        return self._series(connector_name, trading_pair, interval).tail_missing(count)

    def candles_freshness(self, connector_name: str, trading_pair: str, interval: str, count: int = 500) -> Freshness:
        """Age of the latest closed candle, from its end; usable while no later one should have closed long ago and none of `count` is missing."""
        series = self._series(connector_name, trading_pair, interval)
        missing = int(series.tail_missing(count).sum())
        last_s = series.last_open_s
        if last_s is None:
            return Freshness(0, self._age_s(0), False, missing)
        end_s = bucket_end_s(last_s, series.interval_s)
        age_s = self._age_s(end_s * SECOND_NS)
        return Freshness(end_s * SECOND_NS, age_s, age_s < 2 * series.interval_s and not missing, missing)

    def get_candles_df(self, connector_name: str, trading_pair: str, interval: str, max_records: int = 500) -> pd.DataFrame:
        """Closed candles as a frame with the columns of Strategy V2; a copy that the caller may change. A market that is not open is opened.

        `frame.attrs` says what the columns can't: `missing` (bars that stand in for missing ones) and `as_of_ns` (end of the latest candle).
        """
        series = self._opened(connector_name, trading_pair).candles.series(interval_seconds(interval))
        return self._frame(series, series.tail(max_records), series.tail_extra(max_records), series.tail_missing(max_records))

    async def get_historical_candles_df(
        self,
        connector_name: str,
        trading_pair: str,
        interval: str,
        start_time: float | None = None,
        end_time: float | None = None,
        max_records: int | None = None,
        max_cache_records: int = 10_000,
    ) -> pd.DataFrame:
        """Closed candles that open from `start_time` to `end_time` (seconds UTC, both included), the latest `max_records` of them.

        What is kept here is all there is; nothing later than market time is ever shown. Async for Strategy V2's sake: it does not wait.
        """
        series = self._opened(connector_name, trading_pair).candles.series(interval_seconds(interval))
        kept = min(series.count, max_cache_records)
        rows = series.tail(kept)
        since = 0 if start_time is None else int(np.searchsorted(rows[:, 0], start_time, side="left"))
        until = len(rows) if end_time is None else int(np.searchsorted(rows[:, 0], end_time, side="right"))
        if max_records is not None:
            since = max(since, until - max_records)
        chosen = slice(since, max(since, until))
        return self._frame(series, rows[chosen], series.tail_extra(kept)[chosen], series.tail_missing(kept)[chosen])

    def _frame(self, series: CandleSeries, rows: np.ndarray, extra: np.ndarray, missing: np.ndarray) -> pd.DataFrame:
        import pandas as pd  # 0.3 s and 120 MB: only a process whose controllers ask for frames pays

        both: Any = np.hstack((rows, extra))
        frame = pd.DataFrame(both, columns=CANDLE_COLUMNS, copy=True)
        frame.attrs["missing"] = int(missing.sum())
        frame.attrs["as_of_ns"] = bucket_end_s(int(rows[-1, 0]), series.interval_s) * SECOND_NS if len(rows) else 0
        return frame


class CandlesFeed:
    """One interval of one market, as Strategy V2 hands it out."""

    def __init__(self, reader: CandleReader, config: CandlesConfig) -> None:
        self._reader = reader
        self._config = config
        self.max_records: int = config.max_records

    @property
    def name(self) -> str:
        return str(self._config.connector)

    @property
    def trading_pair(self) -> str:
        return str(self._config.trading_pair)

    @property
    def interval(self) -> str:
        return str(self._config.interval)

    @property
    def interval_in_seconds(self) -> int:
        return interval_seconds(self.interval)

    @property
    def ready(self) -> bool:
        """Whether all the records that were asked for are there."""
        return self._reader.has_candles(self._config)

    @property
    def candles_df(self) -> pd.DataFrame:
        return self._reader.get_candles_df(self.name, self.trading_pair, self.interval, self.max_records)

    @property
    def freshness(self) -> Freshness:
        return self._reader.candles_freshness(self.name, self.trading_pair, self.interval, self.max_records)

    def start(self) -> None:
        """Candles come as long as their market is open."""

    def stop(self) -> None:
        self._reader.stop_candle_feed(self._config)


def feed_key(config: CandlesConfig) -> str:
    return f"{config.connector}_{config.trading_pair}_{config.interval}"
