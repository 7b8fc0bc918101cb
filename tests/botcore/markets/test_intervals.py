"""Where a bar begins and ends."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from botcore.markets.intervals import INTERVALS, bucket_end_s, bucket_start_s, interval_name, interval_seconds
from botcore.model.errors import ConfigError


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def test_names_and_seconds_go_there_and_back() -> None:
    for name, seconds in INTERVALS.items():
        assert interval_seconds(name) == seconds and interval_name(seconds) == name
    assert interval_name(7) == "7s"


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [("1min", "did you mean 1m?"), ("1Min", "did you mean 1M?"), ("1H", "did you mean 1h?"), ("60", "1s, 1m, 3m"), ("", "1s, 1m, 3m")],
)
def test_an_unknown_interval_names_what_there_is(wrong: str, hint: str) -> None:
    with pytest.raises(ConfigError, match="unknown candle interval") as found:
        interval_seconds(wrong)
    assert hint in str(found.value)


def test_a_month_is_not_a_minute() -> None:
    assert interval_seconds("1M") != interval_seconds("1m")


@pytest.mark.parametrize(
    ("name", "time", "start", "end"),
    [
        ("1m", "2024-08-08T12:34:56", "2024-08-08T12:34:00", "2024-08-08T12:35:00"),
        ("5m", "2024-08-08T12:35:00", "2024-08-08T12:35:00", "2024-08-08T12:40:00"),
        ("4h", "2024-08-08T03:59:59", "2024-08-08T00:00:00", "2024-08-08T04:00:00"),
        ("1d", "2024-08-08T23:59:59", "2024-08-08T00:00:00", "2024-08-09T00:00:00"),
        ("1w", "2024-08-08T12:00:00", "2024-08-05T00:00:00", "2024-08-12T00:00:00"),
        ("1w", "2024-08-05T00:00:00", "2024-08-05T00:00:00", "2024-08-12T00:00:00"),
        ("1w", "2024-08-04T23:59:59", "2024-07-29T00:00:00", "2024-08-05T00:00:00"),
        ("1M", "2024-02-29T12:00:00", "2024-02-01T00:00:00", "2024-03-01T00:00:00"),
        ("1M", "2023-12-31T23:59:59", "2023-12-01T00:00:00", "2024-01-01T00:00:00"),
    ],
)
def test_bounds_of_a_bar(name: str, time: str, start: str, end: str) -> None:
    begins = bucket_start_s(at(time), interval_seconds(name))
    assert begins == at(start) and bucket_end_s(begins, interval_seconds(name)) == at(end)


@pytest.mark.parametrize("name", sorted(INTERVALS))
def test_bars_touch_without_overlap(name: str) -> None:
    seconds = interval_seconds(name)
    start = bucket_start_s(at("2023-12-30T01:02:03"), seconds)
    for _ in range(20):
        end = bucket_end_s(start, seconds)
        assert bucket_start_s(start, seconds) == bucket_start_s(end - 1, seconds) == start
        assert bucket_start_s(end, seconds) == end
        start = end
