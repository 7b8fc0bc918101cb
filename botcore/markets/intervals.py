"""Candle intervals: their names, their lengths, and where a bar begins."""

from __future__ import annotations

from datetime import UTC, datetime

from botcore.model.errors import ConfigError, nearest

SECOND_NS = 1_000_000_000
DAY_S = 86_400
MONTH_S = 30 * DAY_S

INTERVALS = {
    "1s": 1,
    "1m": 60,
    "3m": 180,
    "5m": 300,
    "15m": 900,
    "30m": 1_800,
    "1h": 3_600,
    "2h": 7_200,
    "4h": 14_400,
    "6h": 21_600,
    "8h": 28_800,
    "12h": 43_200,
    "1d": DAY_S,
    "3d": 3 * DAY_S,
    "1w": 7 * DAY_S,
    "1M": MONTH_S,
}
"""Name -> seconds. A month is a calendar month; its number of seconds only names it."""

MONDAY_S = 4 * DAY_S
"""The epoch was a Thursday: weeks begin four days later."""


def interval_seconds(name: str) -> int:
    """Seconds of an interval.

    Raises
    ------
    ConfigError
        If there is no such interval; the text names the nearest one.
    """
    seconds = INTERVALS.get(name)
    if seconds is None:
        hint = nearest(name, INTERVALS) or f" (there are {', '.join(INTERVALS)})"
        raise ConfigError(f"unknown candle interval {name!r}{hint}", field="interval")
    return seconds


def interval_name(seconds: int) -> str:
    """Name of an interval, or its seconds when it has none."""
    return next((name for name, length in INTERVALS.items() if length == seconds), f"{seconds}s")


def bucket_start_s(ts_s: int, interval_s: int) -> int:
    """Beginning, in seconds UTC, of the bar that a time falls into; weeks begin on Monday, months on the first."""
    if interval_s == MONTH_S:
        day = datetime.fromtimestamp(ts_s, UTC)
        return int(datetime(day.year, day.month, 1, tzinfo=UTC).timestamp())
    if interval_s == 7 * DAY_S:
        return (ts_s - MONDAY_S) // interval_s * interval_s + MONDAY_S
    return ts_s // interval_s * interval_s


def bucket_end_s(start_s: int, interval_s: int) -> int:
    """First second after a bar that begins at `start_s`."""
    if interval_s == MONTH_S:
        day = datetime.fromtimestamp(start_s, UTC)
        year, month = (day.year + 1, 1) if day.month == 12 else (day.year, day.month + 1)
        return int(datetime(year, month, 1, tzinfo=UTC).timestamp())
    return start_s + interval_s
