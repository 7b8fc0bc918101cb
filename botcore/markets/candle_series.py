"""Closed bars of one interval: a block of rows that grows at its end, and beside it what only some sources tell."""

from __future__ import annotations

from typing import Final

import numpy as np

from botcore.markets.intervals import bucket_end_s

Bar = tuple[float, float, float, float, float, float]
"""open time (s), open, high, low, close, volume"""
Extra = tuple[float, float, float, float]
"""quote volume, number of trades, base and quote volume that takers bought; None instead where the source does not tell"""

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

    __slots__ = ("_block", "_end", "_extra", "_missing_marks", "count", "gaps", "interval_s", "keep", "version")

    def __init__(self, interval_s: int, keep: int = 2_000) -> None:
        self.interval_s = interval_s
        self.keep = keep
        self.count = 0
        self.version = 0
        self.gaps = 0
        self._end = 0
        self._block = np.empty((2 * keep, 6))
        # made when the first bar has something to put there; zeros wherever nothing was written
        self._extra: np.ndarray | None = None
        self._missing_marks: np.ndarray | None = None

    @property
    def last_open_s(self) -> int | None:
        """Open time of the newest bar; None before the first."""
        return int(self._block[self._end - 1, 0]) if self.count else None

    @property
    def last_close(self) -> float:
        """NaN before the first bar."""
        return float(self._block[self._end - 1, 4]) if self.count else float("nan")

    def append(self, bar: Bar, extra: Extra | None = None, missing: int = 0) -> list[Bar]:
        """Add a closed bar; returns it, behind the flat bars that fill a gap before it. A bar that is not newer is ignored.

        Parameters
        ----------
        missing : int
            Bars of the source that are missing within this one.
        """
        last = self.last_open_s
        if last is None or bar[0] == last + self.interval_s:
            self._put(bar, extra, missing)
            return [bar]
        if bar[0] <= last:
            return []
        filling = self._missing(last, int(bar[0]))
        for flat in filling:
            self._put(flat, None, 1)
        self.gaps += len(filling)
        self._put(bar, extra, missing if filling else missing + self._steps_over(last, int(bar[0])))
        return [*filling, bar]

    def _missing(self, last_s: int, next_s: int) -> list[Bar]:
        """Flat bars between two bars; none where the hole is out of all proportion."""
        if (next_s - last_s) // self.interval_s > LARGEST_GAP:
            return []
        close = self.last_close
        starts = []
        start = bucket_end_s(last_s, self.interval_s)
        while start < next_s:
            starts.append(start)
            start = bucket_end_s(start, self.interval_s)
        return [(float(start), close, close, close, close, 0.0) for start in starts]

    def _steps_over(self, last_s: int, next_s: int) -> int:
        """Bars that are missing in a hole that was not filled; 0 between neighbours whose step is not fixed (months)."""
        return (next_s - last_s) // self.interval_s - 1 if (next_s - last_s) // self.interval_s > LARGEST_GAP else 0

    def _put(self, bar: Bar, extra: Extra | None, missing: int) -> None:
        if self._end == len(self._block):
            self._forget_oldest()
        block, end = self._block, self._end
        block[end] = bar
        if extra is not None:
            if self._extra is None:
                self._extra = np.zeros((len(block), 4))
            self._extra[end] = extra
        if missing:
            if self._missing_marks is None:
                self._missing_marks = np.zeros(len(block), dtype=np.int64)
            self._missing_marks[end] = missing
        self._end = end + 1
        self.count += 1
        self.version += 1

    def _forget_oldest(self) -> None:
        """Go on in a new block with the bars that must be kept."""
        # the reader of an older tail keeps the old block: it is never moved under it
        end, block = self._end, np.empty_like(self._block)
        block[: self.keep] = self._block[end - self.keep : end]
        self._block = block
        self._extra = self._moved(self._extra, end)
        self._missing_marks = self._moved(self._missing_marks, end)
        self._end = self.count = self.keep

    def shed(self) -> int:
        """Forget the bars beyond those that must be kept; returns the bytes that they took."""
        spare = self._end - self.keep
        if spare <= 0:
            return 0
        row = sum(block.itemsize * (block.size // len(block)) for block in (self._block, self._extra, self._missing_marks) if block is not None)
        self._forget_oldest()
        return spare * row

    def _moved(self, beside: np.ndarray | None, end: int) -> np.ndarray | None:
        """What stands beside the bars, moved with them."""
        if beside is None:
            return None
        moved = np.zeros_like(beside)
        moved[: self.keep] = beside[end - self.keep : end]
        return moved

    def load(self, rows: np.ndarray) -> None:
        """Begin with the last `keep` of these closed bars (float64 [n, 6], oldest first); holes between them are filled and marked."""
        rows = rows[-self.keep :]
        if (np.diff(rows[:, 0]) != self.interval_s).any():
            self._load_each(rows)
            return
        self._block[: len(rows)] = rows
        self._end = self.count = len(rows)
        self._extra = self._missing_marks = None
        self.version += 1

    def _load_each(self, rows: np.ndarray) -> None:
        self.count = self._end = 0
        self._extra = self._missing_marks = None
        for row in rows.tolist():
            self.append((row[0], row[1], row[2], row[3], row[4], row[5]))

    def tail_extra(self, count: int) -> np.ndarray:
        """What is known beside the newest bars, float64 [n <= count, 4] as in `Extra`, zeros where the source did not tell; a copy."""
        found = min(count, self.count)
        return np.zeros((found, 4)) if self._extra is None else self._extra[self._end - found : self._end].copy()

    def tail_missing(self, count: int) -> np.ndarray:
        """How many bars of the source are missing within each of the newest bars, int64 [n <= count]; a copy."""
        found = min(count, self.count)
        return np.zeros(found, dtype=np.int64) if self._missing_marks is None else self._missing_marks[self._end - found : self._end].copy()

    def tail(self, count: int) -> np.ndarray:
        """The newest bars, float64 [n <= count, 6], oldest first; a read-only window that later bars don't change."""
        window = self._block[self._end - min(count, self.count) : self._end]
        window.flags.writeable = False
        return window
