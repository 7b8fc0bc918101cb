"""bollinger_v2: its bands are those of TA-Lib and its decisions those of bollinger_v1."""

from __future__ import annotations

import pytest
import talib

from tests.support.candle_seat import CandleSeat, config_of, random_candles

WIDE = {"bb_long_threshold": 0.1, "bb_short_threshold": 0.9, "cooldown_time": 0, "max_executors_per_side": 1000, "interval": "1m"}


@pytest.mark.parametrize(("length", "width"), [(20, 2.0), (50, 1.5), (5, 1.0)])
def test_signal_on_every_candle_is_that_of_talib(length: int, width: float) -> None:
    candles = random_candles(300)
    closes = candles[:, 3].copy()
    upper, middle, lower = talib.BBANDS(closes, length, width, width)
    seat = CandleSeat(config_of("bollinger_v2", bb_length=length, bb_std=width, **WIDE))
    seen = set()
    for number, candle in enumerate(candles):
        actions = seat.bar(candle)
        if number < length - 1:
            assert actions == [] and seat.controller.processed_data == {"signal": 0}
            continue
        percent_b = (closes[number] - lower[number]) / (upper[number] - lower[number])
        assert seat.controller.processed_data["percent_b"] == pytest.approx(percent_b, abs=1e-6)
        assert seat.controller.processed_data["bandwidth"] == pytest.approx(100 * (upper[number] - lower[number]) / middle[number], abs=1e-6)
        wanted = 1 if percent_b < 0.1 else -1 if percent_b > 0.9 else 0
        assert seat.controller.processed_data["signal"] == wanted
        assert [action.executor_config.side.sign for action in actions] == ([wanted] if wanted else [])
        seen.add(wanted)
    assert seen == {-1, 0, 1}


def test_decisions_are_those_of_bollinger_v1() -> None:
    first, second = (CandleSeat(config_of(name, bb_length=20, **WIDE)) for name in ("bollinger_v1", "bollinger_v2"))
    for candle in random_candles(200, seed=11):
        assert first.bar(candle) == second.bar(candle)
        assert first.controller.processed_data["signal"] == second.controller.processed_data["signal"]


def test_defaults_are_those_of_strategy_v2() -> None:
    plain = type(config_of("bollinger_v2"))()
    assert (plain.interval, plain.bb_length, plain.bb_std, plain.bb_long_threshold, plain.bb_short_threshold) == ("3m", 100, 2.0, 0.0, 1.0)
