"""Candles of one market: closed bars only, equidistant, at every interval that somebody asked for.

One base series is written bar by bar, by a candle feed or from trades; longer intervals grow out of it bar by bar. A bar stands in a series only when it is closed,
so live and backtest see the same. Where a bar is missing, flat bars without volume take its place and are counted: indicators may rely on equal steps.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from botcore.markets.intervals import SECOND_NS, bucket_end_s, bucket_start_s, interval_name
from botcore.model.errors import ConfigError
from botcore.model.market_events import BarClosed

Bar = tuple[float, float, float, float, float, float]
"""open time (s), open, high, low, close, volume"""

TRADE_BASE_S: Final = 60
LARGEST_GAP: Final = 20_000


class CandleSeries:
    """Closed bars of one interval, oldest first.

    Parameters
    ----------
    keep : int
        Bars that are kept at least.

    Attributes
    ----------
    version : int
        Grows with every closed bar.
    gaps : int
        Flat bars that stand in for missing ones.
    """

    __slots__ = ("_block", "_end", "count", "gaps", "interval_s", "keep", "version")

    def __init__(self, interval_s: int, keep: int = 2_000) -> None:
        self.interval_s = interval_s
        self.keep = keep
        self.count = 0
        self.version = 0
        self.gaps = 0
        self._end = 0
        self._block = np.empty((2 * keep, 6))

    @property
    def last_open_s(self) -> int | None:
        """Open time of the newest bar; None before the first."""
        return int(self._block[self._end - 1, 0]) if self.count else None

    @property
    def last_close(self) -> float:
        """NaN before the first bar."""
        return float(self._block[self._end - 1, 4]) if self.count else float("nan")

    def append(self, bar: Bar) -> list[Bar]:
        """Add a closed bar; returns it, behind the flat bars that fill a gap before it. A bar that is not newer is ignored."""
        last = self.last_open_s
        if last is None or bar[0] == last + self.interval_s:
            self._put(bar)
            return [bar]
        if bar[0] <= last:
            return []
        added = [*self._missing(last, int(bar[0])), bar]
        for item in added:
            self._put(item)
        self.gaps += len(added) - 1
        return added

    def _missing(self, last_s: int, next_s: int) -> list[Bar]:
        """Flat bars between two bars; none where the step is not fixed (months) or the hole is out of all proportion."""
        if (next_s - last_s) // self.interval_s > LARGEST_GAP:
            return []
        close = self.last_close
        starts = []
        start = bucket_end_s(last_s, self.interval_s)
        while start < next_s:
            starts.append(start)
            start = bucket_end_s(start, self.interval_s)
        return [(float(start), close, close, close, close, 0.0) for start in starts]

    def _put(self, bar: Bar) -> None:
        block, end = self._block, self._end
        if end == len(block):
            # the reader of an older tail keeps the old block: it is never moved under it
            block = np.empty_like(block)
            block[: self.keep] = self._block[end - self.keep :]
            self._block, end = block, self.keep
            self.count = self.keep
        block[end] = bar
        self._end = end + 1
        self.count += 1
        self.version += 1

    def load(self, rows: np.ndarray) -> None:
        """Begin with the last `keep` of these closed bars (float64 [n, 6], oldest first, equidistant)."""
        rows = rows[-self.keep :]
        self._block[: len(rows)] = rows
        self._end = self.count = len(rows)
        self.version += 1

    def tail(self, count: int) -> np.ndarray:
        """The newest bars, float64 [n <= count, 6], oldest first; a read-only window that later bars don't change."""
        window = self._block[self._end - min(count, self.count) : self._end]
        window.flags.writeable = False
        return window


class _Growing:
    """A bar of a longer interval that is not closed yet."""

    __slots__ = ("close", "end_s", "high", "low", "open", "start_s", "volume")

    def __init__(self, bar: Bar, interval_s: int) -> None:
        start, self.open, self.high, self.low, self.close, self.volume = bar
        self.start_s = bucket_start_s(int(start), interval_s)
        self.end_s = bucket_end_s(self.start_s, interval_s)

    def add(self, bar: Bar) -> None:
        if bar[2] > self.high:
            self.high = bar[2]
        if bar[3] < self.low:
            self.low = bar[3]
        self.close = bar[4]
        self.volume += bar[5]

    def bar(self) -> Bar:
        return (float(self.start_s), self.open, self.high, self.low, self.close, self.volume)


class _Resampled:
    """A longer interval that grows out of the base's closed bars."""

    __slots__ = ("_base_s", "_growing", "series")

    def __init__(self, interval_s: int, base_s: int, keep: int) -> None:
        self.series = CandleSeries(interval_s, keep)
        self._base_s = base_s
        self._growing: _Growing | None = None

    def add(self, bar: Bar) -> None:
        start_s = int(bar[0])
        growing = self._growing
        if growing is not None and start_s >= growing.end_s:
            self._close()
            growing = None
        if growing is None:
            begins = bucket_start_s(start_s, self.series.interval_s) == start_s
            if not begins and not self.series.count:
                return  # the first bar would begin in the middle of its interval
            self._growing = growing = _Growing(bar, self.series.interval_s)
        else:
            growing.add(bar)
        if start_s + self._base_s >= growing.end_s:
            self._close()

    def _close(self) -> None:
        if self._growing is not None:
            self.series.append(self._growing.bar())
            self._growing = None


class CandleBook:
    """All candle series of one market.

    It is fed either by `on_bar` (recorded candles; the first bar fixes the base interval) or by `on_trade` and `on_time` (base: one minute).

    Attributes
    ----------
    is_from_trades : bool
        Whether its bars are made here.
    loaded_version : int
        `version` right after the history was loaded.
    """

    __slots__ = ("_base", "_bucket", "_bucket_end_ns", "_derived", "_keep", "is_from_trades", "loaded_version")

    def __init__(self, keep: int = 2_000) -> None:
        self._keep = keep
        self._base: CandleSeries | None = None
        self._derived: dict[int, _Resampled] = {}
        self._bucket: _Growing | None = None
        self._bucket_end_ns = 0
        self.is_from_trades = False
        self.loaded_version = 0

    @property
    def version(self) -> int:
        """Grows with every closed base bar; -1 before there is a base."""
        return self._base.version if self._base is not None else -1

    @property
    def base(self) -> CandleSeries:
        """The series that the others grow out of; one minute when nothing has fixed it yet."""
        if self._base is None:
            self.set_base(TRADE_BASE_S)
        assert self._base is not None
        return self._base

    # ---- feeding ---------------------------------------------------------------------------------------------------
    def set_base(self, interval_s: int) -> None:
        """Fix the base interval before the first bar."""
        if self._base is None:
            self._base = CandleSeries(interval_s, self._keep)

    def on_bar(self, event: BarClosed) -> None:
        """Take a recorded bar."""
        if self._base is None:
            self.set_base(event.interval_ns // SECOND_NS)
        self._add((event.open_ns / SECOND_NS, event.open, event.high, event.low, event.close, event.volume))

    def on_trade(self, ts_ns: int, price: float, amount: float) -> None:
        """Take a public trade."""
        if ts_ns >= self._bucket_end_ns:
            self._begin_bucket(ts_ns)
        bar = (ts_ns / SECOND_NS, price, price, price, price, amount)
        if self._bucket is None:
            self._bucket = _Growing(bar, TRADE_BASE_S)
        else:
            self._bucket.add(bar)

    def on_time(self, now_ns: int) -> None:
        """Let market time pass for a market that trades feed: bars close also when nobody trades."""
        if self.is_from_trades and now_ns >= self._bucket_end_ns:
            self._begin_bucket(now_ns)

    def _begin_bucket(self, ts_ns: int) -> None:
        self.is_from_trades = True
        self.set_base(TRADE_BASE_S)
        base = self._base
        assert base is not None
        start_s = bucket_start_s(ts_ns // SECOND_NS, TRADE_BASE_S)
        if self._bucket is not None:
            self._add(self._bucket.bar())
            self._bucket = None
        last, close = base.last_open_s, base.last_close
        if last is not None and start_s - TRADE_BASE_S > last:
            self._add((float(start_s - TRADE_BASE_S), close, close, close, close, 0.0))
        self._bucket_end_ns = (start_s + TRADE_BASE_S) * SECOND_NS

    def load_history(self, interval_s: int, rows: np.ndarray) -> None:
        """Begin with closed bars from before the feed, float64 [n, 6]."""
        self.set_base(interval_s)
        assert self._base is not None
        if self._base.interval_s != interval_s:
            raise ConfigError(f"history of {interval_name(interval_s)} does not fit a base of {interval_name(self._base.interval_s)}")
        self._base = CandleSeries(interval_s, max(self._keep, len(rows)))
        self._base.load(rows)
        self.loaded_version = self._base.version

    def _add(self, bar: Bar) -> None:
        base = self._base
        assert base is not None
        if not self._derived:
            base.append(bar)
            return
        for added in base.append(bar):
            for derived in self._derived.values():
                derived.add(added)

    # ---- reading ---------------------------------------------------------------------------------------------------
    def series(self, interval_s: int) -> CandleSeries:
        """The series of an interval, kept from now on.

        Raises
        ------
        ConfigError
            If the base can't give it: the interval is shorter than the base or no multiple of it.
        """
        base = self.base
        if interval_s == base.interval_s:
            return base
        derived = self._derived.get(interval_s)
        if derived is None:
            if interval_s < base.interval_s or interval_s % base.interval_s:
                raise ConfigError(
                    f"candles of {interval_name(interval_s)} can't be made from data of {interval_name(base.interval_s)}", field="interval"
                )
            derived = self._derived[interval_s] = _Resampled(interval_s, base.interval_s, self._keep)
            for row in base.tail(base.count).tolist():
                derived.add(tuple(row))
        return derived.series
