"""dman_v3: the signal of bollinger_v1, ladders that are as wide as the bands, and exits that are measured with them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pytest
import talib
from pydantic import ValidationError

from botcore.executors.data_types import TrailingStop
from botcore.executors.dca.config import DCAExecutorConfig, DCAMode
from botcore.model.enums import TradeType
from tests.support.bench import D
from tests.support.candle_seat import CandleSeat, config_of, random_candles

SHORT: dict[str, Any] = {"interval": "1m", "bb_length": 20, "bb_long_threshold": 0.1, "bb_short_threshold": 0.9, "cooldown_time": 0}


def test_signal_and_half_width_on_every_candle_are_those_of_talib() -> None:
    candles = random_candles(200, seed=6)
    closes = candles[:, 3].copy()
    upper, middle, lower = talib.BBANDS(closes, 20, 2.0, 2.0)
    seat = CandleSeat(config_of("dman_v3", max_executors_per_side=1000, **SHORT))
    for number, candle in enumerate(candles):
        actions = seat.bar(candle)
        if number < 19:
            continue
        percent_b = (closes[number] - lower[number]) / (upper[number] - lower[number])
        wanted = 1 if percent_b < 0.1 else -1 if percent_b > 0.9 else 0
        known = seat.controller.processed_data
        assert known["signal"] == wanted and len(actions) == abs(wanted)
        assert known["half_width"] == pytest.approx((upper[number] - middle[number]) / middle[number], abs=1e-9)


def ladder(side: int, half_width: float = 0.02, **changes: Any) -> DCAExecutorConfig:
    values = {"dca_spreads": "0.1,0.5", "dca_amounts_pct": "1,3", "max_executors_per_side": 2, "trailing_stop": "0.5,0.25", "stop_loss": "0.75"}
    seat = CandleSeat(config_of("dman_v3", **(SHORT | values | changes)))
    (action,) = seat.signal(signal=side, half_width=half_width)
    assert isinstance(action.executor_config, DCAExecutorConfig)
    return action.executor_config


def test_plain_spreads_are_fractions_of_the_mid() -> None:
    """1000 quote over two a side: 500 a ladder, a quarter and three quarters of it."""
    wanted = ladder(1)
    assert (wanted.prices, wanted.amounts_quote) == ([90, 50], [125, 375])
    assert (wanted.side, wanted.mode, wanted.stop_loss, wanted.take_profit) == (TradeType.BUY, DCAMode.MAKER, D("0.75"), None)
    assert ladder(-1).prices == [110, 150]


def test_thirds_of_a_round_budget_are_round() -> None:
    """180 quote over two a side are 90 a ladder, and a third of it is 30, not 29.99...: no order loses a lot to rounding."""
    assert ladder(1, total_amount_quote=180, dca_spreads="0.1,0.2,0.3", dca_amounts_pct="").amounts_quote == [30, 30, 30]
    assert ladder(1, total_amount_quote=180, dca_spreads="0.1,0.2,0.3", dca_amounts_pct="1,2,4").amounts_quote == pytest.approx(
        [D(90) / 7, D(180) / 7, D(360) / 7], rel=D("1e-20")
    )


def test_dynamic_spreads_count_in_half_widths_of_the_bands() -> None:
    """Half width 2 %: spreads of 0.1 and 0.5 half widths are 0.2 % and 1 %."""
    assert ladder(1, dynamic_order_spread=True).prices == [D("99.800"), 99]
    assert ladder(1, dynamic_order_spread=True, dca_spreads="1.5,2").prices == [97, 96], "beyond the band"
    assert ladder(-1, dynamic_order_spread="yes").prices == [D("100.200"), 101]


def test_dynamic_targets_count_in_half_widths_of_the_bands() -> None:
    wanted = ladder(1, dynamic_target=True, take_profit="0.5")
    assert (wanted.stop_loss, wanted.take_profit) == (D("0.0150"), D("0.010"))
    assert wanted.trailing_stop == TrailingStop(activation_price=D("0.010"), trailing_delta=D("0.0050"))
    assert ladder(1, dynamic_target=True, stop_loss=None, trailing_stop=None).stop_loss is None


def test_take_profit_that_a_file_says_is_done() -> None:
    """Strategy V2 has the field and never uses it here."""
    assert ladder(1, take_profit="0.02").take_profit == D("0.02")


def test_bands_without_width_and_ladders_below_zero_give_no_signal() -> None:
    seat = CandleSeat(config_of("dman_v3", **(SHORT | {"bb_long_threshold": 0.6})))
    assert seat.bar_all(np.full((30, 4), 100.0)) == []
    wild = random_candles(60, step=8.0)
    for dynamic, signals in ((False, {-1, 0, 1}), (True, {0})):
        seat = CandleSeat(
            config_of(
                "dman_v3",
                dca_spreads="0.1,0.99",
                dynamic_order_spread=dynamic,
                bb_std=20,
                **(SHORT | {"bb_long_threshold": 0.5, "bb_short_threshold": 0.501}),
            )
        )
        seen = set()
        for candle in np.abs(wild) + 1:
            seat.bar(candle)
            if seat.controller.processed_data.get("half_width", 0) * 0.99 >= 1:
                seen.add(seat.controller.processed_data["signal"])
        assert seen and seen <= signals


@pytest.mark.parametrize("wrong", [{"dca_amounts_pct": "1"}, {"dca_spreads": "1.5,2"}, {"activation_bounds": "0.1,0.2,0.3"}, {"bb_length": 1}])
def test_configs_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        config_of("dman_v3", **wrong)


def test_defaults_are_those_of_strategy_v2() -> None:
    plain = type(config_of("dman_v3"))()
    assert plain.dca_spreads == [D("0.001"), D("0.018"), D("0.15"), D("0.25")]
    assert plain.trailing_stop == TrailingStop(activation_price=Decimal("0.015"), trailing_delta=Decimal("0.005"))
    assert (plain.dynamic_order_spread, plain.dynamic_target, plain.interval, plain.weights()) == (False, False, "3m", [D("0.25")] * 4)
    assert type(plain)(dca_amounts_pct=None, dynamic_target=None, dynamic_order_spread="").dynamic_target is False
