"""Streaming indicators equal the same indicator over the whole series, and no bad sample gets through them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import botcore.markets.indicators as indicators
from botcore.markets.indicators import (
    AverageTrueRange,
    AverageVolatilityIndicator,
    BaseTrailingIndicator,
    BollingerBands,
    ExponentialMovingAverageIndicator,
    HistoricalVolatilityIndicator,
    InstantVolatilityIndicator,
    Macd,
    RelativeStrengthIndex,
    RollingVariance,
    SimpleMovingAverage,
    Smoothed,
    TradingIntensityIndicator,
)

PRICES = st.lists(st.floats(0.01, 1e6, allow_subnormal=False), min_size=1, max_size=70)
LENGTH = st.integers(1, 20)
BAD = (math.nan, math.inf, -math.inf, 1e300)

MAKERS: dict[str, Callable[[], Any]] = {
    "instant": lambda: InstantVolatilityIndicator(5, 3),
    "average": lambda: AverageVolatilityIndicator(5, 3),
    "historical": lambda: HistoricalVolatilityIndicator(5, 3),
    "ewm": lambda: ExponentialMovingAverageIndicator(5),
    "ema": lambda: Smoothed(5),
    "sma": lambda: SimpleMovingAverage(5),
    "variance": lambda: RollingVariance(5),
    "bands": lambda: BollingerBands(5),
    "rsi": lambda: RelativeStrengthIndex(5),
    "macd": lambda: Macd(3, 5, 2),
}


def close_to(expected: float, scale: float = 0.0) -> Any:
    """1e-12 of the value; `scale` is the size of what cancels in it, of which rounding of the batch formula leaves 1e-14."""
    return pytest.approx(expected, rel=1e-12, abs=1e-14 * scale)


# ---- batch formulas --------------------------------------------------------------------------------------------------
def batch_of_two_windows(samples: list[float], length: int, processing: int, inner: Callable[[np.ndarray], float]) -> np.ndarray:
    values = [inner(np.array(samples[max(0, at - length) : at])) for at in range(1, len(samples) + 1)]
    return np.array(values[-processing:])


def batch_smoothed(samples: list[float], length: int, pace: float) -> list[float]:
    if len(samples) < length:
        return [math.nan] * len(samples)
    seeded = [*([math.nan] * (length - 1)), float(np.mean(samples[:length])), *samples[length:]]
    return pd.Series(seeded).ewm(alpha=pace, adjust=False).mean().tolist()


# ---- the names of Hummingbot -----------------------------------------------------------------------------------------
@given(PRICES, LENGTH, LENGTH)
def test_instant_volatility_is_its_formula(samples: list[float], length: int, processing: int) -> None:
    made = InstantVolatilityIndicator(length, processing)
    for sample in samples:
        made.add_sample(sample)
    expected = batch_of_two_windows(samples, length, 1, lambda window: float(np.sqrt(np.sum(np.diff(window) ** 2) / window.size)))
    assert made.current_value == close_to(expected[-1])


@given(PRICES, LENGTH, LENGTH)
def test_average_volatility_is_its_formula(samples: list[float], length: int, processing: int) -> None:
    made = AverageVolatilityIndicator(length, processing)
    for sample in samples:
        made.add_sample(sample)
    expected = batch_of_two_windows(samples, length, processing, lambda window: float(np.var(window)))
    assert made.current_value == close_to(float(np.sqrt(np.mean(expected))), max(samples))
    assert made.is_sampling_buffer_full == (len(samples) >= length) and made.is_processing_buffer_full == (len(samples) >= processing)


@given(PRICES, LENGTH, LENGTH)
def test_historical_volatility_is_its_formula(samples: list[float], length: int, processing: int) -> None:
    made = HistoricalVolatilityIndicator(length, processing)
    for sample in samples:
        made.add_sample(sample)
    expected = batch_of_two_windows(samples, length, processing, lambda window: float(np.var(np.diff(np.log(window)))) if window.size > 1 else 0.0)
    assert made.current_value == close_to(float(np.sqrt(np.mean(expected))), 20)


@given(PRICES, LENGTH)
def test_exponential_moving_average_is_its_formula(samples: list[float], length: int) -> None:
    made = ExponentialMovingAverageIndicator(length)
    for at, sample in enumerate(samples, start=1):
        made.add_sample(sample)
        window = pd.Series(samples[max(0, at - length) : at])
        assert made.current_value == close_to(float(window.ewm(span=length, adjust=True).mean().iloc[-1]))


def test_the_average_is_not_averaged_again() -> None:
    with pytest.raises(ValueError, match="processing_length 1"):
        ExponentialMovingAverageIndicator(10, 2)


@pytest.mark.parametrize("name", ["instant", "average", "historical", "ewm"])
@given(samples=PRICES, more=PRICES, after=LENGTH)
@settings(max_examples=40)
def test_another_sampling_length_goes_on_with_the_newest(name: str, samples: list[float], more: list[float], after: int) -> None:
    made = MAKERS[name]()
    for sample in samples:
        made.add_sample(sample)
    made.sampling_length = after
    fresh = type(made)(after, made.processing_length)
    for sample in samples[-min(5, after) :]:
        fresh.add_sample(sample)
    for sample in (more * 3)[: 3 + len(more)]:
        made.add_sample(sample)
        fresh.add_sample(sample)
    assert made.sampling_length == after
    assert made.current_value == close_to(fresh.current_value, 1e-2)


def test_a_window_that_grew_says_so_once() -> None:
    made = InstantVolatilityIndicator(2)
    assert not made.is_sampling_buffer_changed
    made.add_sample(1)
    assert made.is_sampling_buffer_changed and not made.is_sampling_buffer_changed
    assert (made.sampling_length, made.processing_length, made.is_sampling_buffer_full) == (2, 15, False)
    made.processing_length = 4
    assert made.processing_length == 4


class Range(BaseTrailingIndicator):
    """An indicator as users write them."""

    def _indicator_calculation(self) -> float:
        window = self._sampling_buffer.get_as_numpy_array()
        return float(window.max() - window.min())


class Latest(Range):
    def _accepts(self, value: float) -> bool:
        return value >= 0

    def _processing_calculation(self) -> float:
        return self._processing_buffer.get_last_value()


def test_people_write_their_own() -> None:
    mean, latest = Range(3, 2), Latest(3, 2)
    for sample in (1, 4, -9, 2, 8):
        mean.add_sample(sample)
        latest.add_sample(sample)
    assert mean.current_value == (13 + 17) / 2
    assert latest.current_value == 6
    assert mean._sampling_buffer.refused == 0 and latest._sampling_buffer.refused == 1


def test_one_that_says_nothing_is_refused() -> None:
    with pytest.raises(NotImplementedError, match="_indicator_calculation"):
        BaseTrailingIndicator().add_sample(1)


# ---- one value a candle ----------------------------------------------------------------------------------------------
@given(PRICES, LENGTH, st.integers(0, 2))
def test_mean_variance_and_bands_are_those_of_pandas(samples: list[float], length: int, ddof: int) -> None:
    length += ddof
    mean, variance, bands = SimpleMovingAverage(length), RollingVariance(length, ddof), BollingerBands(length, 1.5)
    for sample in samples:
        mean.add_sample(sample)
        variance.add_sample(sample)
        bands.add_sample(sample)
    if len(samples) < length:
        assert math.isnan(mean.current_value) and math.isnan(variance.current_value) and math.isnan(bands.percent_b) and math.isnan(bands.bandwidth)
        assert all(map(math.isnan, bands.current_value)) and not (mean.is_ready or variance.is_ready or bands.is_ready)
        return
    window = np.array(samples[-length:])
    top = float(window.max())
    assert mean.current_value == close_to(float(window.mean()))
    assert variance.current_value == close_to(float(window.var(ddof=ddof)), top * top * 1e-14)
    reach = 1.5 * float(window.std())
    assert bands.current_value == (
        close_to(float(window.mean()) - reach, top),
        close_to(float(window.mean())),
        close_to(float(window.mean()) + reach),
    )
    assert bands.bandwidth == close_to(200 * reach / float(window.mean()), 100)
    if reach > 1e-6 * top:
        assert bands.percent_b == pytest.approx((samples[-1] - float(window.mean()) + reach) / (2 * reach), rel=1e-8, abs=1e-8)
    assert math.isfinite(bands.percent_b)


@given(PRICES, LENGTH)
def test_the_chart_averages_are_seeded_with_a_plain_mean(samples: list[float], length: int) -> None:
    for made, pace in ((Smoothed(length), 2 / (length + 1)), (Smoothed(length, 1 / length), 1 / length)):
        for sample in samples:
            made.add_sample(sample)
        expected = batch_smoothed(samples, length, pace)[-1]
        assert made.is_ready == (len(samples) >= length)
        assert made.current_value == (close_to(expected) if made.is_ready else pytest.approx(math.nan, nan_ok=True))


@given(PRICES, st.integers(1, 14))
def test_rsi_is_wilders(samples: list[float], length: int) -> None:
    made = RelativeStrengthIndex(length)
    for sample in samples:
        made.add_sample(sample)
    steps = np.diff(samples)
    gains = batch_smoothed(np.maximum(steps, 0).tolist(), length, 1 / length)
    losses = batch_smoothed(np.maximum(-steps, 0).tolist(), length, 1 / length)
    if len(steps) < length:
        assert math.isnan(made.current_value) and not made.is_ready
    elif gains[-1] + losses[-1] > 0:
        assert made.current_value == close_to(100 * gains[-1] / (gains[-1] + losses[-1]), 1)
    else:
        assert made.current_value == 50


def test_rsi_of_what_does_not_move_is_neutral() -> None:
    made = RelativeStrengthIndex(3)
    for _ in range(9):
        made.add_sample(7)
    assert made.current_value == 50
    made.add_sample(8)
    assert made.current_value == 100


@given(PRICES, st.integers(1, 6), st.integers(1, 6), st.integers(1, 6))
def test_macd_is_the_difference_of_two_averages(samples: list[float], fast: int, longer: int, signal: int) -> None:
    made, slow = Macd(fast, fast + longer, signal), fast + longer
    for sample in samples:
        made.add_sample(sample)
    quick, late = batch_smoothed(samples, fast, 2 / (fast + 1)), batch_smoothed(samples, slow, 2 / (slow + 1))
    macd = [one - other for one, other in zip(quick, late, strict=True)][slow - 1 :]
    if len(macd) < signal:
        assert all(map(math.isnan, made.current_value)) and not made.is_ready
        return
    line = batch_smoothed(macd, signal, 2 / (signal + 1))[-1]
    top = max(samples)
    assert made.current_value == (close_to(macd[-1], top), close_to(macd[-1] - line, top), close_to(line, top))


@given(st.lists(st.tuples(st.floats(0.01, 1e6), st.floats(0.01, 1e6), st.floats(0, 1)), min_size=1, max_size=60), st.integers(1, 14))
def test_atr_and_natr_are_wilders(bars: list[tuple[float, float, float]], length: int) -> None:
    made = AverageTrueRange(length)
    frame = pd.DataFrame([(max(a, b), min(a, b), min(a, b) + part * (max(a, b) - min(a, b))) for a, b, part in bars], columns=["h", "l", "c"])
    for high, low, close in frame.itertuples(index=False):
        made.add_candle(high, low, close)
    before = frame["c"].shift()
    ranges = pd.concat([frame["h"] - frame["l"], (frame["h"] - before).abs(), (frame["l"] - before).abs()], axis=1).max(axis=1)[1:].tolist()
    if len(ranges) < length:
        assert math.isnan(made.current_value) and math.isnan(made.normalized) and not made.is_ready
        return
    expected = batch_smoothed(ranges, length, 1 / length)[-1]
    assert made.current_value == close_to(expected, 1e-2)
    assert made.normalized == close_to(100 * expected / frame["c"].iloc[-1], 1)


# ---- what gets through -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", MAKERS)
@given(samples=PRICES, bad=st.lists(st.tuples(st.integers(0, 70), st.sampled_from(BAD)), max_size=6))
@settings(max_examples=40)
def test_a_bad_sample_changes_nothing(name: str, samples: list[float], bad: list[tuple[int, float]]) -> None:
    made, clean = MAKERS[name](), MAKERS[name]()
    for at, sample in enumerate(samples):
        for when, value in bad:
            if when == at:
                made.add_sample(value)
        made.add_sample(sample)
        clean.add_sample(sample)
        values = np.atleast_1d(made.current_value)
        assert np.array_equal(values, np.atleast_1d(clean.current_value), equal_nan=True)
        if getattr(made, "is_ready", True):
            assert np.isfinite(values).all()


def test_bad_candles_change_nothing() -> None:
    made = AverageTrueRange(2)
    for candle in [(2, 1, 1.5), (3, 2, 2.5), (math.nan, 1, 1), (2, 1, math.inf), (1, 2, 1.5), (4, 3, 3.5)]:
        made.add_candle(*candle)
    assert made.current_value == (1.5 + 1.5) / 2 and made.normalized == pytest.approx(100 * 1.5 / 3.5)


def test_a_range_over_no_price_has_no_percentage() -> None:
    made = AverageTrueRange(1)
    made.add_candle(1, 0, 0)
    made.add_candle(1, 0, 0)
    assert made.current_value == 1 and math.isnan(made.normalized)


def test_historical_volatility_takes_prices_above_zero_only() -> None:
    made = HistoricalVolatilityIndicator(3, 1)
    for sample in (100, 0, -5, 110, 121):
        made.add_sample(sample)
    assert made.current_value == pytest.approx(0, abs=1e-9) and made._sampling_buffer.refused == 2


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Smoothed(0), lambda: Smoothed(3, 0.0), lambda: Smoothed(3, 1.5), lambda: SimpleMovingAverage(0), lambda: RollingVariance(1, 1),
        lambda: RollingVariance(3, -1), lambda: BollingerBands(0), lambda: BollingerBands(3, math.nan), lambda: RelativeStrengthIndex(0),
        lambda: Macd(5, 5, 2), lambda: Macd(0, 5, 2), lambda: Macd(3, 5, 0), lambda: AverageTrueRange(0), lambda: InstantVolatilityIndicator(0),
    ],
)  # fmt: skip
def test_lengths_that_make_no_sense_are_refused(wrong: Callable[[], Any]) -> None:
    with pytest.raises(ValueError, match="expected"):
        wrong()


def test_the_indicators_are_compiled() -> None:
    assert not str(indicators.__file__).endswith((".py", ".pyc"))


# ---- long series -----------------------------------------------------------------------------------------------------
def test_no_drift_over_millions_of_samples() -> None:
    generator = np.random.default_rng(11)
    samples = 60_000 + np.cumsum(generator.standard_normal(2_000_000))
    samples[1_000_000] = 1e12  # a wrong print; everything must forget it
    names = ["instant", "average", "historical", "ewm", "ema", "sma", "variance", "bands", "rsi", "macd"]
    old, young = [MAKERS[name]() for name in names], [MAKERS[name]() for name in names]
    for sample in samples.tolist():
        for made in old:
            made.add_sample(sample)
    for sample in samples[-5_000:].tolist():
        for made in young:
            made.add_sample(sample)
    for name, one, other in zip(names, old, young, strict=True):
        assert np.atleast_1d(one.current_value) == pytest.approx(np.atleast_1d(other.current_value), rel=1e-12, abs=1e-10), name


# ---- how deep trades reach -------------------------------------------------------------------------------------------
def test_intensity_finds_the_parameters_of_simulated_trades() -> None:
    generator = np.random.default_rng(7)
    alpha, kappa = 12.0, 1.7
    made = TradingIntensityIndicator(2_000)
    for _ in range(2_000):
        for depth in generator.exponential(1 / kappa, generator.poisson(alpha)):
            made.add_trade(100.0, 100.0 + depth * generator.choice((-1, 1)))
        made.add_sample(1.0)
    found = made.current_value
    # three standard errors: 1 / sqrt(trades)
    assert found == pytest.approx((alpha, kappa), rel=3 / math.sqrt(alpha * 2_000)) and made.is_sampling_buffer_full


@given(st.lists(st.tuples(st.floats(0.01, 50), st.floats(0.1, 10)), min_size=1, max_size=30), st.floats(0.1, 60))
def test_intensity_is_the_likeliest(trades: list[tuple[float, float]], seconds: float) -> None:
    made = TradingIntensityIndicator(1)
    for depth, weight in trades:
        made.add_trade(1000, 1000 - depth, weight)
    made.add_sample(seconds)
    alpha, kappa = made.current_value

    def likelihood(rate: float, decay: float) -> float:
        # a marked Poisson process: density rate * decay * exp(-decay * depth) for each trade, exp(-rate * seconds) for the silence between
        return sum(weight * (math.log(rate * decay) - decay * depth) for depth, weight in trades) - rate * seconds

    best = likelihood(alpha, kappa)
    for factor in (0.9, 0.99, 1.01, 1.1):
        assert likelihood(alpha * factor, kappa) < best and likelihood(alpha, kappa * factor) < best


def test_intensity_looks_back_so_many_intervals() -> None:
    made = TradingIntensityIndicator(2)
    assert not made.is_ready and all(map(math.isnan, made.current_value)) and made.sampling_length == 2
    made.add_trade(100, 104)
    made.add_sample()
    made.add_trade(100, 101)
    made.add_sample(3)
    assert made.current_value == (0.5, 0.4)
    made.add_sample(2)
    assert made.current_value == (0.2, 1.0)
    made.add_sample(2)
    assert not made.is_ready and all(map(math.isnan, made.current_value))


def test_intensity_of_trades_at_the_touch_is_half_the_spread() -> None:
    made = TradingIntensityIndicator(5)
    for _ in range(5):
        made.add_trade(100.0, 100.5)
        made.add_trade(100.0, 99.5)
        made.add_sample()
    assert made.current_value == (2.0, 2.0)


def test_intensity_takes_no_bad_trade() -> None:
    made = TradingIntensityIndicator(2)
    for mid, price, weight in [(math.nan, 1, 1), (1, math.inf, 1), (math.inf, math.inf, 1), (1, 2, 0), (1, 2, -1), (1, 2, math.nan), (1, 1e300, 1)]:
        made.add_trade(mid, price, weight)
    made.add_sample(0)
    made.add_sample(math.nan)
    assert made.refused == 9
    made.add_trade(1, 1)
    made.add_sample()
    assert not made.is_ready, "a trade at the mid says nothing of depth"
