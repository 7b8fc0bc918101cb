"""bollingrid: grids in widths of the bands, mirrored for sells, resting orders, and no grid where there is no width."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import talib
from pydantic import ValidationError

from botcore.executors.grid.config import GridExecutorConfig
from botcore.model.enums import OrderType, TradeType
from tests.support.bench import D
from tests.support.candle_seat import CandleSeat, config_of, random_candles

SHORT: dict[str, Any] = {"interval": "1m", "bb_length": 20, "bb_long_threshold": 0.1, "bb_short_threshold": 0.9, "cooldown_time": 0}


def grid(side: int, width: float = 0.04, **changes: Any) -> GridExecutorConfig:
    (action,) = CandleSeat(config_of("bollingrid", **(SHORT | changes))).signal(signal=side, width=width)
    assert isinstance(action.executor_config, GridExecutorConfig)
    return action.executor_config


def test_buy_grid_is_measured_in_widths_of_the_bands() -> None:
    """Width 4 % at 100: from 1 % below to 3 % above, given up 1.4 % below; half of the budget with two a side."""
    wanted = grid(1, take_profit="0.003", stop_loss="0.02")
    assert (wanted.start_price, wanted.end_price) == (99, 103)
    assert float(wanted.limit_price) == pytest.approx(98.6)
    assert (wanted.side, wanted.total_amount_quote) == (TradeType.BUY, 500)
    assert (wanted.triple_barrier_config.take_profit, wanted.triple_barrier_config.stop_loss) == (D("0.003"), D("0.02"))


def test_sell_grid_is_its_mirror() -> None:
    wanted = grid(-1)
    assert (wanted.start_price, wanted.end_price) == (97, 101)
    assert float(wanted.limit_price) == pytest.approx(101.4)
    assert wanted.side is TradeType.SELL


def test_levels_rest_instead_of_being_bought_at_market_all_at_once() -> None:
    assert grid(1).triple_barrier_config.open_order_type is OrderType.LIMIT


def test_signal_and_width_on_every_candle_are_those_of_talib() -> None:
    candles = random_candles(200, seed=9)
    closes = candles[:, 3].copy()
    upper, middle, lower = talib.BBANDS(closes, 20, 2.0, 2.0)
    seat = CandleSeat(config_of("bollingrid", max_executors_per_side=1000, **SHORT))
    for number, candle in enumerate(candles):
        actions = seat.bar(candle)
        if number >= 19:
            percent_b = (closes[number] - lower[number]) / (upper[number] - lower[number])
            wanted = 1 if percent_b < 0.1 else -1 if percent_b > 0.9 else 0
            assert seat.controller.processed_data["signal"] == wanted and len(actions) == abs(wanted)
            assert seat.controller.processed_data["width"] == pytest.approx((upper[number] - lower[number]) / middle[number], abs=1e-9)


def test_bands_without_width_give_no_signal() -> None:
    assert CandleSeat(config_of("bollingrid", **(SHORT | {"bb_long_threshold": 0.6}))).bar_all(np.full((30, 4), 100.0)) == []


def test_limit_before_the_start_is_refused_and_defaults_are_those_of_strategy_v2() -> None:
    with pytest.raises(ValidationError, match="given up beyond its start"):
        config_of("bollingrid", grid_limit_price_coefficient=0.2)
    plain = type(config_of("bollingrid"))()
    assert (plain.grid_start_price_coefficient, plain.grid_end_price_coefficient, plain.grid_limit_price_coefficient) == (0.25, 0.75, 0.35)
    assert (plain.min_spread_between_orders, plain.order_frequency, plain.max_orders_per_batch) == (D("0.005"), 2, 1)
    assert (plain.min_order_amount_quote, plain.max_open_orders, plain.bb_length, plain.interval) == (6, 5, 100, "3m")
