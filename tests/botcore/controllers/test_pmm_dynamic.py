"""pmm_dynamic: shift and spreads against pandas-ta over the same window, levels around the present mid, and no quotes without a spread."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pandas_ta_classic
import pytest

from botcore.model.enums import TradeType
from tests.botcore.controllers.test_macd_bb_v1 import ema
from tests.support.candle_seat import CandleSeat, config_of, random_candles

SHORT: dict[str, Any] = {"interval": "1m", "macd_fast": 5, "macd_slow": 13, "macd_signal": 4, "natr_length": 7}


def reference(candles: np.ndarray, config: Any) -> tuple[float, float]:
    """(shift, NATR) behind the last candle of a window."""
    frame = pd.DataFrame(candles, columns=["open", "high", "low", "close"])
    natr = pandas_ta_classic.natr(frame["high"], frame["low"], frame["close"], length=config.natr_length).iloc[-1] / 100
    macd = ema(frame["close"], config.macd_fast) - ema(frame["close"], config.macd_slow)
    z = (macd.iloc[-1] - macd.mean()) / macd.std()
    pace = 1 if macd.iloc[-1] > ema(macd, config.macd_signal).iloc[-1] else -1
    return (-0.5 * z + 0.5 * pace) * natr / 2, natr


def test_shift_and_spreads_on_every_candle_are_those_of_pandas() -> None:
    config = config_of("pmm_dynamic", **SHORT)
    assert config.records == 113
    seat, candles = CandleSeat(config), random_candles(220, seed=4)
    for number, candle in enumerate(candles):
        actions = seat.bar(candle)
        if number < config.records - 1:
            assert actions == []
            continue
        shift, natr = reference(candles[number + 1 - config.records : number + 1], config)
        known = seat.controller.processed_data
        assert (known["price_shift"], float(known["spread_multiplier"])) == pytest.approx((shift, natr), abs=1e-12)
        assert float(known["reference_price"]) == pytest.approx(100 * (1 + shift), abs=1e-9)


def test_levels_stand_true_ranges_away_from_the_moved_mid() -> None:
    seat = CandleSeat(config_of("pmm_dynamic", buy_spreads="1,2", sell_spreads="1", **SHORT))
    seat.bar_all(random_candles(113))
    seat.bench.price(110)
    known_before = dict(seat.controller.processed_data)
    created = {wanted.level_id: wanted for wanted in seat.created()}
    known = seat.controller.processed_data
    assert known["reference_price"] == 110 * (1 + Decimal(repr(known_before["price_shift"]))), "the present mid, the last closed candle's shift"
    unit, middle = known["spread_multiplier"], known["reference_price"]
    expected = {"buy_0": middle * (1 - unit), "buy_1": middle * (1 - 2 * unit), "sell_0": middle * (1 + unit)}
    assert {level: wanted.entry_price for level, wanted in created.items()} == expected
    assert created["sell_0"].side is TradeType.SELL
    assert all(wanted.amount == Decimal(1000) / 3 / wanted.entry_price for wanted in created.values())


def test_market_that_does_not_move_is_not_quoted() -> None:
    seat = CandleSeat(config_of("pmm_dynamic", **SHORT))
    assert seat.bar_all(np.full((130, 4), 100.0)) == []
    assert seat.controller.processed_data["reference_price"].is_nan()


def test_levels_below_zero_are_not_quoted() -> None:
    seat = CandleSeat(config_of("pmm_dynamic", buy_spreads="90", **SHORT))
    assert seat.bar_all(random_candles(120, step=2.0)) == []


def test_no_price_no_quotes() -> None:
    seat = CandleSeat(config_of("pmm_dynamic", **SHORT), price=None)
    assert seat.bar_all(random_candles(120)) == []


def test_defaults_are_those_of_strategy_v2() -> None:
    plain = type(config_of("pmm_dynamic"))()
    assert plain.buy_spreads == plain.sell_spreads == [1, 2, 4]
    assert (plain.macd_fast, plain.macd_slow, plain.macd_signal, plain.natr_length, plain.interval, plain.records) == (21, 42, 9, 14, "3m", 142)
