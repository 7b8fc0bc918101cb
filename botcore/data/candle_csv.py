"""Recorded candles as CSV: `ts_ms,open,high,low,close,volume`, plain or gzipped, checked row by row.

A file that is wrong anywhere is refused with its name, the row and what was expected: a backtest on damaged data is worse than none.
"""

from __future__ import annotations

import gzip
import re
import zlib
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import numpy as np

from botcore.model.errors import DataError

COLUMNS = ("ts_ms", "open", "high", "low", "close", "volume")
YEAR_2009_MS, YEAR_2200_MS = 1_230_768_000_000, 7_258_118_400_000
MAX_DECIMALS = 12
SPARSE = 0.01
NOISY_LENGTH = 16
RARE = 0.001
"""Share of the rows below which a number of decimals is taken for an accident."""


@dataclass(frozen=True, slots=True)
class CandleTable:
    """A recording.

    Parameters
    ----------
    open_ms : int64 [n]
        Time at which each bar opened, ms UTC, ascending.
    open, high, low, close, volume : float64 [n]
        Prices quote per base, volume as recorded.
    interval_s : int
        Length of a bar, the most common step.
    gaps : int
        Bars that are missing in between.
    tick_size, lot_size : Decimal
        Inferred from the decimals of the text; see `inferred_rules`.
    """

    open_ms: np.ndarray
    open: np.ndarray
    high: np.ndarray
    low: np.ndarray
    close: np.ndarray
    volume: np.ndarray
    interval_s: int
    gaps: int
    tick_size: Decimal
    lot_size: Decimal

    def __len__(self) -> int:
        return len(self.open_ms)


def read_candles(path: Path) -> CandleTable:
    """Read a file.

    Raises
    ------
    DataError
        If anything in it can't be used; the text names the file, the row, what was expected and what was found.
    """
    name = path.name
    lines = _lines(path, name)
    block = _parse(lines, name)
    times = block[:, 0]
    _check_times(times, name)
    _check_prices(block, name)
    open_ms = times.astype(np.int64)
    interval_ms, gaps = _interval(open_ms, name)
    tick_size, lot_size = inferred_rules(lines, float(np.median(block[:, 4])))
    opens, highs, lows, closes, volumes = (np.ascontiguousarray(block[:, column]) for column in range(1, 6))
    return CandleTable(open_ms, opens, highs, lows, closes, volumes, interval_ms // 1000, gaps, tick_size, lot_size)


# ---- text ----------------------------------------------------------------------------------------------------------
def _lines(path: Path, name: str) -> list[str]:
    """Rows of the file without header and blank lines."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DataError(f"{name}: can't read the file: {error.strerror}") from None
    if raw[:2] == b"\x1f\x8b":
        try:
            raw = gzip.decompress(raw)
        except (OSError, EOFError, zlib.error):
            raise DataError(f"{name}: the gzip data is damaged or cut off; get the file again") from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DataError(f"{name}: expected CSV text with the columns {','.join(COLUMNS)}, found binary data") from None
    lines = [line for line in text.splitlines() if line.strip()]
    if lines and not _is_number(lines[0].split(",")[0]):
        _check_header(lines[0], name)
        lines = lines[1:]
    if len(lines) < 2:
        raise DataError(f"{name}: expected at least two candles, found {len(lines)}")
    return lines


def _check_header(line: str, name: str) -> None:
    found = tuple(part.strip().lower() for part in line.split(","))
    if found != COLUMNS:
        raise DataError(f"{name}: expected the columns {','.join(COLUMNS)}, found {','.join(found)[:120]}")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _parse(lines: list[str], name: str) -> np.ndarray:
    """float64 [n, 6]; on any defect the row is looked for and named."""
    try:
        block = np.loadtxt(lines, delimiter=",", dtype=np.float64, ndmin=2, comments=None)
    except ValueError:
        raise DataError(_broken_row(lines, name)) from None
    if block.shape[1] != len(COLUMNS):
        raise DataError(f"{name}: expected {len(COLUMNS)} columns ({','.join(COLUMNS)}), found {block.shape[1]}")
    bad = ~np.isfinite(block).all(axis=1)
    if bad.any():
        row = int(np.argmax(bad))
        raise DataError(f"{name}, candle {row + 1}: expected finite numbers, found {lines[row].strip()[:120]!r}")
    return block


def _broken_row(lines: list[str], name: str) -> str:
    for row, line in enumerate(lines, 1):
        parts = line.split(",")
        if len(parts) != len(COLUMNS):
            return f"{name}, candle {row}: expected {len(COLUMNS)} columns ({','.join(COLUMNS)}), found {len(parts)}"
        for column, part in zip(COLUMNS, parts, strict=True):
            if not _is_number(part):
                return f"{name}, candle {row}: expected a number for {column}, found {part.strip()[:40]!r}"
    return f"{name}: expected rows of {','.join(COLUMNS)}, found something else"


# ---- checks --------------------------------------------------------------------------------------------------------
def _check_times(times: np.ndarray, name: str) -> None:
    first = float(times[0])
    if not YEAR_2009_MS <= first <= YEAR_2200_MS:
        unit = next(
            (
                word
                for word, factor in (("seconds", 1e3), ("microseconds", 1e-3), ("nanoseconds", 1e-6))
                if YEAR_2009_MS <= first * factor <= YEAR_2200_MS
            ),
            None,
        )
        looks = f" (it looks like {unit})" if unit else ""
        raise DataError(f"{name}, candle 1: expected the time in milliseconds since 1970, found {first:.0f}{looks}")
    steps = np.diff(times)
    if (steps <= 0).any():
        row = int(np.argmax(steps <= 0)) + 2
        raise DataError(
            f"{name}, candle {row}: expected a time after {times[row - 2]:.0f}, found {times[row - 1]:.0f}; sort the file and remove doubles"
        )


def _check_prices(block: np.ndarray, name: str) -> None:
    opened, high, low, closed, volume = (block[:, column] for column in range(1, 6))
    slack = 1 + 1e-9
    checks = (
        ((block[:, 1:5] <= 0).any(axis=1), "prices above 0"),
        (volume < 0, "a volume of 0 or more"),
        (high * slack < np.maximum(opened, closed), "high to be the highest price"),
        (low > np.minimum(opened, closed) * slack, "low to be the lowest price"),
    )
    for bad, expected in checks:
        if bad.any():
            row = int(np.argmax(bad))
            values = ",".join(f"{value:g}" for value in block[row, 1:])
            raise DataError(f"{name}, candle {row + 1}: expected {expected}, found open,high,low,close,volume = {values}")


def _interval(open_ms: np.ndarray, name: str) -> tuple[int, int]:
    """(length of a bar in ms, number of missing bars).

    The length is the most common step. In a sparse recording (only bars with trades) that may be a multiple of it: then it is the largest step that divides all others,
    if it occurs itself.
    """
    steps = np.diff(open_ms)
    values, counts = np.unique(steps, return_counts=True)
    interval = int(values[np.argmax(counts)])
    if (steps % interval != 0).any():
        divisor = int(np.gcd.reduce(steps))
        if (steps == divisor).mean() >= SPARSE:
            interval = divisor
    odd = steps % interval != 0
    if odd.any():
        row = int(np.argmax(odd)) + 2
        raise DataError(f"{name}, candle {row}: expected a step of {interval / 1000:g} s or a multiple of it, found {int(steps[row - 2]) / 1000:g} s")
    if interval % 1000:
        raise DataError(f"{name}: expected candles of whole seconds, found a step of {interval} ms")
    return interval, int((steps // interval - 1).sum())


# ---- rules ---------------------------------------------------------------------------------------------------------
_FRACTION = re.compile(r"\.(\d*?)0*(?=\D|$)")


def inferred_rules(lines: list[str], price: float) -> tuple[Decimal, Decimal]:
    """Tick and lot size that the data suggest.

    The tick is one unit of the last decimal that the prices use; decimals that fewer than one row in a thousand uses are taken for accidents. Volumes are sums
    and say little, so the lot is the power of ten that is worth at most about a cent of the quote asset, between 1e-8 and 1.
    """
    counts = np.zeros(MAX_DECIMALS + 1, dtype=np.int64)
    for line in lines:
        prices = line.split(",", 5)[1:5]
        counts[min(MAX_DECIMALS, max(_decimals(text) for text in prices))] += 1
    enough = max(1, int(len(lines) * RARE))
    used = [places for places in range(MAX_DECIMALS + 1) if counts[places:].sum() >= enough]
    tick = Decimal(1).scaleb(-max(used, default=0))
    exponent = int(np.floor(np.log10(0.01 / price)))
    return tick, Decimal(1).scaleb(min(0, max(-8, exponent)))


def _decimals(text: str) -> int:
    """Decimals in use: "46319.50" has one, "46319.0" and "46319" none; of float noise such as 0.09946999000000001 eight are meant."""
    text = text.strip()
    if len(text) >= NOISY_LENGTH or "e" in text or "E" in text:
        exponent = Decimal(repr(round(float(text), MAX_DECIMALS))).normalize().as_tuple().exponent
        return max(0, -exponent) if isinstance(exponent, int) else 0
    found = _FRACTION.search(text)
    return len(found.group(1)) if found else 0
