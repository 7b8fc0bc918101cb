"""Recorded candles as a walk of quotes.

A bar becomes four quotes: open, one extreme, the other extreme, close. Which extreme comes first is chosen against the account: long positions meet
the low first, short ones the high, so within one bar a stop is always met before a profit; without a position the nearer extreme comes first.
Between the quotes of a bar the price moves in a straight line and stops at every watched price on its way (resting orders, barriers), so
that each is met exactly where it stands. Between two bars it jumps: a gap stays a gap.

The close stands one millisecond before the bar ends, and the bar is closed with it: a decision there sees the bar that it decides on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from botcore.data.candle_csv import CandleTable
from botcore.data.joint_walk import JointWalk
from botcore.markets.price_watch import BETWEEN, PriceWatch
from botcore.model.instrument import Instrument
from botcore.model.market_events import BarClosed, FeedEnded, MarketEvent, QuoteTick
from botcore.model.times import MILLISECOND_NS, NEVER

OPEN: Final = 0
CLOSE: Final = 3
ENDED: Final = 9


class CandleFeed:
    """One market's recorded candles.

    Parameters
    ----------
    table : CandleTable
        The recording; prices are rounded to the nearest tick.
    watch : PriceWatch
        Prices at which the walk stops.
    bias : callable
        +1 while the account is long in this market, -1 while short, else 0.
    start_row : int
        First bar that is walked; those before it are history.
    walk : JointWalk, optional
        Shared by the feeds of several markets, so that they are walked together.
    """

    def __init__(
        self,
        instrument: Instrument,
        table: CandleTable,
        watch: PriceWatch,
        bias: Callable[[], int],
        start_row: int = 0,
        walk: JointWalk | None = None,
    ) -> None:
        self.instrument = instrument
        self._table = table
        self._watch = watch
        self._bias = bias
        self._walk = walk
        if walk is not None:
            walk.join(bias)
        self._rows = len(table.open_ms)
        self._interval_ns = table.interval_s * 1_000_000_000
        self._prices = _in_ticks(table, instrument)
        # Python numbers from the start: taking them one by one out of arrays is most of a bar's cost
        self._open_ns: list[int] = (table.open_ms.astype(np.int64) * MILLISECOND_NS).tolist()
        self._bars = list(zip(*(column.tolist() for column in (table.open, table.high, table.low, table.close, table.volume)), strict=True))
        self._row = start_row
        self._stage = OPEN
        # the bar's four quotes; lists, because compiled code makes a new tuple whenever one is indexed by a variable
        self._path: list[int] = [0, 0, 0, 0]
        self._times: list[int] = [0, 0, 0, 0]
        self._ticks = 0
        self._ts_ns = 0
        self._bar_due = False
        self._standing: QuoteTick | None = None
        self._knows_stop = False
        self._stop_ns = 0
        self._stop_ticks = 0
        self._stop_arrives = False
        self._seen_version = -1
        self._begin_bar()

    # ---- the walk --------------------------------------------------------------------------------------------------
    def next_ns(self) -> int:
        if self._bar_due or self._standing is not None:
            return self._ts_ns
        if self._stage == ENDED:
            return NEVER
        if not self._knows_stop or self._seen_version != self._watch.version or (self._walk is not None and self._is_behind(self._walk)):
            self._look_ahead()
        return self._stop_ns

    def pop(self) -> MarketEvent:
        if self._standing is not None:
            standing, self._standing = self._standing, None
            return standing
        if self._bar_due:
            return self._close_bar()
        if self._row >= self._rows:
            self._stage = ENDED
            return FeedEnded(self.instrument.market, self._ts_ns)
        if not self._knows_stop or self._seen_version != self._watch.version or (self._walk is not None and self._is_behind(self._walk)):
            self._look_ahead()
        self._knows_stop = False
        ts_ns, ticks = self._stop_ns, self._stop_ticks
        if self._stop_arrives:
            self._watch.moment_ns = ts_ns if self._stage == OPEN or self._stage == CLOSE else BETWEEN
            self._arrive()
        else:
            self._watch.moment_ns = BETWEEN
        if self._walk is not None:
            self._walk.last_ns = ts_ns
        self._ts_ns, self._ticks = ts_ns, ticks
        return QuoteTick(self.instrument.market, ts_ns, ticks, ticks)

    def _look_ahead(self) -> None:
        self._seen_version = self._watch.version
        self._knows_stop = True
        self._stop_ns, self._stop_ticks, self._stop_arrives = self._next_stop()
        if self._walk is not None and self._is_behind(self._walk) and self._walk.last_ns < self._stop_ns:
            self._stop_ns, self._stop_ticks, self._stop_arrives = self._walk.last_ns, self._price_at(self._walk.last_ns, self._stop_ticks), False

    def _is_behind(self, walk: JointWalk) -> bool:
        """Whether another market has been quoted since, within the candle that is walked here."""
        return OPEN < self._stage <= CLOSE and self._ts_ns < walk.last_ns < self._times[self._stage]

    def _price_at(self, now_ns: int, stop: int) -> int:
        """Where the straight line to the next quote of the bar stands; never beyond `stop`, where somebody waits."""
        here, target = self._ticks, self._path[self._stage]
        gone = abs(target - here) * (now_ns - self._ts_ns) // (self._times[self._stage] - self._ts_ns)
        return min(here + gone, stop) if target > here else max(here - gone, stop)

    def _next_stop(self) -> tuple[int, int, bool]:
        """(time, price, whether this is the end of the leg) of the next quote."""
        stage = self._stage
        if self._row >= self._rows:
            return self._ts_ns, self._ticks, True
        target, due_ns = self._path[stage], self._times[stage]
        if stage == OPEN:
            return due_ns, target, True
        here = self._ticks
        if target < here:
            stop = self._watch.next_below(here)
            if stop > target:
                return self._on_the_way(stop, here, target, due_ns), stop, False
        elif target > here:
            stop = self._watch.next_above(here)
            if stop < target:
                return self._on_the_way(stop, here, target, due_ns), stop, False
        return (due_ns if due_ns > self._ts_ns else self._ts_ns + 2), target, True

    def _on_the_way(self, stop: int, here: int, target: int, due_ns: int) -> int:
        """When a straight line reaches `stop`; at least 2 ns after the quote before, so that what was sent there arrives first."""
        left = due_ns - self._ts_ns
        return max(self._ts_ns + max(2, left * (stop - here) // (target - here)), self._watch.now_ns + 2)

    def _arrive(self) -> None:
        if self._stage == OPEN:
            self._choose_path()
        if self._stage == CLOSE:
            self._bar_due = True
        else:
            self._stage += 1

    def _begin_bar(self) -> None:
        if self._row >= self._rows:
            return
        begin = self._open_ns[self._row]
        third = self._interval_ns // 3
        self._times = [begin, begin + third, begin + 2 * third, begin + self._interval_ns - MILLISECOND_NS]
        opened, high, low, closed = self._prices[self._row]
        self._path = [opened, high, low, closed]
        self._stage = OPEN

    def _choose_path(self) -> None:
        opened, high, low, closed = self._prices[self._row]
        low_is_nearer = opened - low <= high - opened
        if self._walk is not None:
            low_first = self._walk.low_first(self._open_ns[self._row], low_is_nearer)
        else:
            bias = self._bias()
            low_first = bias > 0 or (bias == 0 and low_is_nearer)
        self._path = [opened, low, high, closed] if low_first else [opened, high, low, closed]

    def _close_bar(self) -> BarClosed:
        row = self._row
        self._bar_due = False
        self._row += 1
        self._begin_bar()
        opened, high, low, closed, volume = self._bars[row]
        return BarClosed(self.instrument.market, self._ts_ns, self._open_ns[row], self._interval_ns, opened, high, low, closed, volume)

    # ---- history and position --------------------------------------------------------------------------------------
    def history(self, interval_s: int, count: int) -> np.ndarray:
        """Closed bars before the one that is being walked, at the recording's own interval; empty for another interval."""
        table, last = self._table, self._row
        if interval_s != table.interval_s or last == 0:
            return np.empty((0, 6))
        rows = slice(max(0, last - count), last)
        columns = (table.open_ms[rows] / 1000.0, table.open[rows], table.high[rows], table.low[rows], table.close[rows], table.volume[rows])
        return np.column_stack(columns)

    def state(self) -> dict[str, Any]:
        return {
            "row": self._row,
            "stage": self._stage,
            "path": list(self._path),
            "ticks": self._ticks,
            "ts_ns": self._ts_ns,
            "bar_due": self._bar_due,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on where `state` was taken; the standing quote comes first."""
        self._row = int(state["row"])
        self._knows_stop = False
        self._begin_bar()
        self._stage = int(state["stage"])
        self._ticks, self._ts_ns = int(state["ticks"]), int(state["ts_ns"])
        self._bar_due = bool(state["bar_due"])
        opened, second, third, closed = (int(ticks) for ticks in state["path"])
        self._path = [opened, second, third, closed]
        if self._ts_ns:
            self._standing = QuoteTick(self.instrument.market, self._ts_ns, self._ticks, self._ticks)
            is_edge = self._stage == OPEN or self._bar_due or self._ts_ns == self._times[0]
            self._watch.moment_ns = self._ts_ns if is_edge else BETWEEN


def _in_ticks(table: CandleTable, instrument: Instrument) -> list[tuple[int, int, int, int]]:
    """(open, high, low, close) of every bar in ticks, at least 1."""
    block = np.column_stack((table.open, table.high, table.low, table.close))
    ticks = np.maximum(np.rint(block / instrument.tick), 1).astype(np.int64)
    return [tuple(row) for row in ticks.tolist()]
