"""macd_bb_v1: bands and MACD against pandas over the same window, and the four conditions one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from tests.support.candle_seat import CandleSeat, config_of, random_candles

SHORT: dict[str, Any] = {
    "interval": "1m",
    "bb_length": 20,
    "macd_fast": 5,
    "macd_slow": 13,
    "macd_signal": 4,
    "bb_long_threshold": 0.4,
    "bb_short_threshold": 0.6,
    "cooldown_time": 0,
    "max_executors_per_side": 1000,
}


def ema(values: pd.Series, length: int) -> pd.Series:
    """Exponential average of charts: begins as the mean of its first `length` values."""
    known = values.dropna()
    start = known.iloc[:length].mean()
    seeded = pd.concat([pd.Series([start], index=[known.index[length - 1]]), known.iloc[length:]])
    return seeded.ewm(span=length, adjust=False).mean().reindex(values.index)


def reference(closes: np.ndarray, config: Any) -> tuple[float, float, float, int]:
    """(%B, MACD, histogram, signal) behind the last close of a window."""
    series = pd.Series(closes)
    mean, deviation = series.rolling(config.bb_length).mean(), series.rolling(config.bb_length).std(ddof=0)
    percent_b = ((series - mean + config.bb_std * deviation) / (2 * config.bb_std * deviation)).iloc[-1]
    macd = ema(series, config.macd_fast) - ema(series, config.macd_slow)
    histogram = (macd - ema(macd, config.macd_signal)).iloc[-1]
    level = macd.iloc[-1]
    is_long = percent_b < config.bb_long_threshold and histogram > 0 and level < 0
    is_short = percent_b > config.bb_short_threshold and histogram < 0 and level > 0
    return percent_b, level, histogram, int(is_long) - int(is_short)


def test_signal_on_every_candle_is_that_of_pandas() -> None:
    config = config_of("macd_bb_v1", **SHORT)
    assert config.records == 40
    seat, candles = CandleSeat(config), random_candles(600, seed=3)
    seen = []
    for number, candle in enumerate(candles):
        actions = seat.bar(candle)
        if number < config.records - 1:
            assert actions == []
            continue
        percent_b, macd, histogram, signal = reference(candles[number + 1 - config.records : number + 1, 3], config)
        known = seat.controller.processed_data
        assert (known["percent_b"], known["macd"], known["macd_histogram"]) == pytest.approx((percent_b, macd, histogram), abs=1e-9)
        assert known["signal"] == signal
        assert [action.executor_config.side.sign for action in actions] == ([signal] if signal else [])
        seen.append(signal)
    assert {-1, 0, 1} == set(seen)


def test_defaults_are_those_of_strategy_v2_and_lengths_must_be_in_order() -> None:
    plain = type(config_of("macd_bb_v1"))()
    assert (plain.macd_fast, plain.macd_slow, plain.macd_signal, plain.bb_length, plain.records) == (21, 42, 9, 100, 120)
    with pytest.raises(ValidationError, match="macd_fast below macd_slow"):
        config_of("macd_bb_v1", macd_fast=42)


def test_window_is_long_enough_for_a_long_signal_line() -> None:
    assert config_of("macd_bb_v1", macd_slow=300, macd_signal=300).records == 599
