"""Recorded candles: `/klines`, the same on spot and on USD-M futures."""

from __future__ import annotations

import numpy as np

from botcore.markets.intervals import interval_name
from botcore.venues.binance.names import symbol_of
from botcore.venues.dialect import Unreadable
from botcore.venues.reading import quick, short

LONGEST = 1_000
"""Most candles of one reply on spot; on futures more would cost more."""


def candle_params(trading_pair: str, interval_s: int, end_ms: int | None, limit: int) -> tuple[tuple[str, str], ...]:
    """Parameters of a question for the latest `limit` candles that opened before `end_ms`."""
    params = (("symbol", symbol_of(trading_pair)), ("interval", interval_name(interval_s)), ("limit", str(max(1, min(limit, LONGEST)))))
    return params if end_ms is None else (*params, ("endTime", str(end_ms - 1)))


def read_candles(body: bytes) -> np.ndarray:
    """float64 [n, 6]: open time (s), open, high, low, close, volume in base; oldest first.

    Raises
    ------
    Unreadable
        If a row is no candle; one that can't be read makes the whole reply unreadable.
    """
    rows = quick(body)
    if not isinstance(rows, list):
        raise Unreadable(f"klines: expected a list, found {short(rows)}")
    found = np.empty((len(rows), 6))
    for number, row in enumerate(rows):
        try:
            found[number] = (row[0] / 1000, *(float(value) for value in row[1:6]))
        except (TypeError, ValueError, LookupError, OverflowError):
            raise Unreadable(f"klines: row {number} is no candle: {short(row)}") from None
    if not (np.isfinite(found).all() and (found[:, 1:5] > 0).all() and (np.diff(found[:, 0]) > 0).all()):
        raise Unreadable("klines: a price is not positive, or the rows are not in order")
    return found
