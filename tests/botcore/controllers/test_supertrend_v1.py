"""supertrend_v1: the line against pandas-ta over the same window, entries near it only, and the same signal whenever the bot was started."""

from __future__ import annotations

import pandas as pd
import pandas_ta_classic
import pytest

from tests.support.candle_seat import CandleSeat, config_of, random_candles

OFTEN = {"interval": "1m", "cooldown_time": 0, "max_executors_per_side": 1000}


@pytest.mark.parametrize(("length", "multiplier"), [(20, 4.0), (7, 1.5)])
def test_trend_on_every_candle_is_that_of_pandas_ta(length: int, multiplier: float) -> None:
    config = config_of("supertrend_v1", length=length, multiplier=multiplier, percentage_threshold=0.02, **OFTEN)
    seat, candles = CandleSeat(config), random_candles(360, seed=8)
    seen = set()
    for number, candle in enumerate(candles):
        actions = seat.bar(candle)
        if number < config.records - 1:
            assert actions == []
            continue
        window = pd.DataFrame(candles[number + 1 - config.records : number + 1], columns=["open", "high", "low", "close"])
        expected = pandas_ta_classic.supertrend(window["high"], window["low"], window["close"], length, multiplier).iloc[-1]
        known = seat.controller.processed_data
        assert known["line"] == pytest.approx(expected.iloc[0], abs=1e-9)
        assert known["trend"] == expected.iloc[1]
        distance = abs(candle[3] - expected.iloc[0]) / candle[3]
        assert known["percentage_distance"] == pytest.approx(distance, abs=1e-12)
        signal = int(expected.iloc[1]) if distance < 0.02 else 0
        assert known["signal"] == signal
        seen.add(signal)
    assert {-1, 1} <= seen


def test_a_bot_that_was_started_later_sees_the_same_trend() -> None:
    config = config_of("supertrend_v1", **OFTEN)
    candles = random_candles(500, seed=2)
    early, late = CandleSeat(config), CandleSeat(config)
    early.bar_all(candles)
    late.bar_all(candles[-config.records :])
    assert early.controller.processed_data == late.controller.processed_data


def test_defaults_are_those_of_strategy_v2() -> None:
    plain = type(config_of("supertrend_v1"))()
    assert (plain.length, plain.multiplier, plain.percentage_threshold, plain.interval) == (20, 4.0, 0.01, "3m")
