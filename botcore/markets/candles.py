"""Candles of one market: closed bars only, equidistant, at every interval that somebody asked for.

One base series is written bar by bar, by a candle feed or from trades; longer intervals grow out of it bar by bar. A bar stands in a series only when it is closed,
so live and backtest see the same. Where a bar is missing, flat bars without volume take its place, counted and marked: indicators may rely on equal steps, and
whoever wants to know sees which bars stand for nothing (`missing`). What some sources tell beside a bar (`Extra`) is kept where there is any.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from botcore.markets.candle_series import LARGEST_GAP, Bar, CandleSeries, Extra
from botcore.markets.intervals import SECOND_NS, bucket_end_s, bucket_start_s, interval_name
from botcore.model.errors import ConfigError
from botcore.model.market_events import BarClosed

__all__ = ["LARGEST_GAP", "Bar", "CandleBook", "CandleSeries", "Extra"]

TRADE_BASE_S: Final = 60
FINEST_S: Final = 1


class _Growing:
    """A bar of a longer interval that is not closed yet."""

    __slots__ = ("bought", "bought_quote", "close", "end_s", "high", "low", "missing", "open", "quote", "start_s", "trades", "volume")

    def __init__(self, bar: Bar, interval_s: int, extra: Extra | None, missing: int) -> None:
        start, self.open, self.high, self.low, self.close, self.volume = bar
        self.quote, self.trades, self.bought, self.bought_quote = extra if extra is not None else (0.0, 0.0, 0.0, 0.0)
        self.missing = missing
        self.start_s = bucket_start_s(int(start), interval_s)
        self.end_s = bucket_end_s(self.start_s, interval_s)

    def add(self, bar: Bar, extra: Extra | None, missing: int) -> None:
        if bar[2] > self.high:
            self.high = bar[2]
        if bar[3] < self.low:
            self.low = bar[3]
        self.close = bar[4]
        self.volume += bar[5]
        self.missing += missing
        if extra is not None:
            self.quote += extra[0]
            self.trades += extra[1]
            self.bought += extra[2]
            self.bought_quote += extra[3]

    def extra(self) -> Extra | None:
        if self.trades or self.quote or self.bought:
            return (self.quote, self.trades, self.bought, self.bought_quote)
        return None

    def bar(self) -> Bar:
        return (float(self.start_s), self.open, self.high, self.low, self.close, self.volume)


class _Resampled:
    """A longer interval that grows out of the base's closed bars."""

    __slots__ = ("_base_s", "_growing", "series")

    def __init__(self, interval_s: int, base_s: int, keep: int) -> None:
        self.series = CandleSeries(interval_s, keep)
        self._base_s = base_s
        self._growing: _Growing | None = None

    def add(self, bar: Bar, extra: Extra | None, missing: int) -> None:
        start_s = int(bar[0])
        growing = self._growing
        if growing is not None and start_s >= growing.end_s:
            self._close()
            growing = None
        if growing is None:
            begins = bucket_start_s(start_s, self.series.interval_s) == start_s
            if not begins and not self.series.count:
                return  # the first bar would begin in the middle of its interval
            self._growing = growing = _Growing(bar, self.series.interval_s, extra, missing)
        else:
            growing.add(bar, extra, missing)
        if start_s + self._base_s >= growing.end_s:
            self._close()

    def _close(self) -> None:
        if self._growing is not None:
            self.series.append(self._growing.bar(), self._growing.extra(), self._growing.missing)
            self._growing = None


class CandleBook:
    """All candle series of one market.

    It is fed either by `on_bar` (recorded candles; the first bar fixes the base interval) or by `on_trade` and `on_time` (base: one minute; a series of seconds
    begins when it is asked for).

    Attributes
    ----------
    is_from_trades : bool
        Whether its bars are made here.
    loaded_version : int
        `version` right after the history was loaded.
    """

    __slots__ = ("_base", "_bucket", "_bucket_end_ns", "_derived", "_fine", "_keep", "_trade_base_s", "is_from_trades", "loaded_version")

    def __init__(self, keep: int = 2_000, trade_base_s: int = TRADE_BASE_S) -> None:
        self._keep = keep
        self._trade_base_s = trade_base_s
        self._fine: CandleBook | None = None
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
            self.set_base(self._trade_base_s)
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
        self._add((event.open_ns / SECOND_NS, event.open, event.high, event.low, event.close, event.volume), event.extra)

    def on_trade(self, ts_ns: int, price: float, amount: float, taker_bought: bool = False) -> None:
        """Take a public trade."""
        if self._fine is not None:
            self._fine.on_trade(ts_ns, price, amount, taker_bought)
        if ts_ns >= self._bucket_end_ns:
            self._begin_bucket(ts_ns)
        bar = (ts_ns / SECOND_NS, price, price, price, price, amount)
        value = price * amount
        extra = (value, 1.0, amount, value) if taker_bought else (value, 1.0, 0.0, 0.0)
        if self._bucket is None:
            self._bucket = _Growing(bar, self._trade_base_s, extra, 0)
        else:
            self._bucket.add(bar, extra, 0)

    def on_time(self, now_ns: int) -> None:
        """Let market time pass for a market that trades feed: bars close also when nobody trades."""
        if self._fine is not None:
            self._fine.on_time(now_ns)
        if self.is_from_trades and now_ns >= self._bucket_end_ns:
            self._begin_bucket(now_ns)

    def _begin_bucket(self, ts_ns: int) -> None:
        self.is_from_trades = True
        self.set_base(self._trade_base_s)
        base = self._base
        assert base is not None
        start_s = bucket_start_s(ts_ns // SECOND_NS, self._trade_base_s)
        if self._bucket is not None:
            self._add(self._bucket.bar(), self._bucket.extra())
            self._bucket = None
        last, close = base.last_open_s, base.last_close
        if last is not None and start_s - self._trade_base_s > last:
            self._add((float(start_s - self._trade_base_s), close, close, close, close, 0.0), None)
        self._bucket_end_ns = (start_s + self._trade_base_s) * SECOND_NS

    def load_history(self, interval_s: int, rows: np.ndarray) -> None:
        """Begin with closed bars from before the feed, float64 [n, 6]."""
        self.set_base(interval_s)
        assert self._base is not None
        if self._base.interval_s != interval_s:
            raise ConfigError(f"history of {interval_name(interval_s)} does not fit a base of {interval_name(self._base.interval_s)}")
        self._base = CandleSeries(interval_s, max(self._keep, len(rows)))
        self._base.load(rows)
        self.loaded_version = self._base.version

    def _add(self, bar: Bar, extra: Extra | None) -> None:
        base = self._base
        assert base is not None
        if not self._derived:
            base.append(bar, extra)
            return
        added = base.append(bar, extra)
        # flat bars that fill a gap come first; the bar itself is the last one
        for at, one in enumerate(added, start=1):
            is_bar = at == len(added)
            for derived in self._derived.values():
                derived.add(one, extra if is_bar else None, 0 if is_bar else 1)

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
        if interval_s == FINEST_S and self.is_from_trades:
            if self._fine is None:
                self._fine = CandleBook(self._keep, FINEST_S)
            return self._fine.base
        derived = self._derived.get(interval_s)
        if derived is None:
            if interval_s < base.interval_s or interval_s % base.interval_s:
                raise ConfigError(
                    f"candles of {interval_name(interval_s)} can't be made from data of {interval_name(base.interval_s)}", field="interval"
                )
            derived = self._derived[interval_s] = _Resampled(interval_s, base.interval_s, self._keep)
            extras, marks = base.tail_extra(base.count).tolist(), base.tail_missing(base.count).tolist()
            for row, extra, missing in zip(base.tail(base.count).tolist(), extras, marks, strict=True):
                derived.add(tuple(row), tuple(extra), missing)
        return derived.series

    def shed(self) -> int:
        """Forget the bars beyond those that must be kept, at every interval; returns the bytes that they took."""
        found = sum(derived.series.shed() for derived in self._derived.values())
        if self._base is not None:
            found += self._base.shed()
        return found + (self._fine.shed() if self._fine is not None else 0)
