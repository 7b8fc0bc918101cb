"""`RingBuffer`: the newest samples, their mean and variance right to the last digit, without drift."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import botcore.markets.rolling as rolling
from botcore.markets.rolling import LARGEST, RingBuffer

SAMPLES = st.lists(st.floats(-1e12, 1e12, allow_subnormal=False), min_size=1, max_size=80)


def filled(length: int, samples: list[float]) -> RingBuffer:
    made = RingBuffer(length)
    for sample in samples:
        made.add_value(sample)
    return made


def exact_variance(window: list[float], ddof: int = 0) -> Fraction:
    values = [Fraction(value) for value in window]
    mean = sum(values, Fraction(0)) / len(values)
    return sum(((value - mean) ** 2 for value in values), Fraction(0)) / (len(values) - ddof)


def test_the_buffer_is_compiled() -> None:
    assert not str(rolling.__file__).endswith((".py", ".pyc"))


def test_it_keeps_the_newest_in_order() -> None:
    made = RingBuffer(3)
    assert made.is_empty and not made.is_full and len(made) == 0 and made.get_as_numpy_array().tolist() == []
    for count, sample in enumerate([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], start=1):
        assert made.add_value(sample)
        assert made.get_as_numpy_array().tolist() == [float(value) for value in range(max(1, count - 2), count + 1)]
        assert made.get_last_value() == sample and len(made) == min(count, 3)
    assert made.is_full and not made.is_empty and made.length == 3


def test_an_empty_one_knows_nothing() -> None:
    made = RingBuffer(2)
    assert math.isnan(made.mean_value) and math.isnan(made.variance) and math.isnan(made.std_dev) and math.isnan(made.get_last_value())
    made.add_value(1)
    assert made.variance == 0 and math.isnan(made.variance_with(1))
    made.clear()
    assert made.is_empty and math.isnan(made.mean_value)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, 2 * LARGEST])
def test_a_bad_sample_is_not_taken(bad: float) -> None:
    made = filled(3, [1, 2])
    assert not made.add_value(bad)
    assert made.refused == 1 and made.get_as_numpy_array().tolist() == [1, 2] and made.mean_value == 1.5


@pytest.mark.parametrize("length", [0, -1, 10**9])
def test_a_window_has_a_sensible_length(length: int) -> None:
    with pytest.raises(ValueError, match="length"):
        RingBuffer(length)
    with pytest.raises(ValueError, match="length"):
        RingBuffer(3).length = length
    with pytest.raises(ValueError, match="ddof"):
        RingBuffer(3).variance_with(-1)


def test_nobody_writes_through_a_copy() -> None:
    made = filled(3, [1, 2, 3])
    made.get_as_numpy_array()[0] = 99
    assert made.get_as_numpy_array().tolist() == [1, 2, 3]


@given(st.integers(1, 20), st.integers(1, 20), SAMPLES)
def test_another_length_keeps_the_newest(before: int, after: int, samples: list[float]) -> None:
    made = filled(before, samples)
    made.length = after
    kept = samples[-min(before, after) :]
    assert made.get_as_numpy_array().tolist() == kept and made.length == after
    for sample in samples:
        made.add_value(sample)
    assert made.get_as_numpy_array().tolist() == (kept + samples)[-after:]


@given(st.integers(1, 25), SAMPLES)
def test_mean_and_variance_are_those_of_the_window(length: int, samples: list[float]) -> None:
    made = RingBuffer(length)
    for at, sample in enumerate(samples, start=1):
        made.add_value(sample)
        window = samples[max(0, at - length) : at]
        mean = float(sum(map(Fraction, window)) / len(window))
        assert made.mean_value == pytest.approx(mean, rel=1e-15, abs=0)
        assert made.get_as_numpy_array().tolist() == window
        scale = max(abs(value) for value in window) ** 2
        assert made.variance == pytest.approx(float(exact_variance(window)), rel=1e-12, abs=scale * 1e-29)
        assert made.std_dev == math.sqrt(made.variance)


@given(st.integers(2, 15), st.lists(st.integers(-1000, 1000), min_size=2, max_size=60), st.sampled_from([1e3, 1e6, 1e9]))
def test_variance_of_tiny_moves_on_a_high_price(length: int, moves: list[int], base: float) -> None:
    # the textbook difference of float sums loses every digit here: mean / deviation up to 1e9
    samples = [base + move / 1024 for move in moves]
    window = samples[-length:]
    made = filled(length, samples)
    assert made.variance == pytest.approx(float(exact_variance(window)), rel=1e-12, abs=0)
    if len(window) > 1:
        assert made.variance_with(1) == pytest.approx(float(exact_variance(window, 1)), rel=1e-12, abs=0)


@given(st.integers(1, 10), st.lists(st.floats(-100, 100), min_size=25, max_size=60), st.floats(1e10, 1e140))
def test_an_outlier_leaves_no_trace(length: int, samples: list[float], outlier: float) -> None:
    made = filled(length, [*samples[:12], outlier, *samples[12:]])
    untouched = filled(length, samples)
    assert made.mean_value == pytest.approx(untouched.mean_value, rel=1e-15, abs=1e-25)
    assert made.variance == pytest.approx(untouched.variance, rel=1e-12, abs=1e-25)


@pytest.mark.parametrize("value", [0.1, 1e-9, 60_000.37, 1e140])
def test_what_does_not_move_has_no_variance(value: float) -> None:
    made = filled(7, [value] * 30)
    assert made.variance == 0.0 and made.mean_value == pytest.approx(value, rel=1e-16)


def test_no_drift_over_millions_of_samples() -> None:
    generator = np.random.default_rng(4)
    # a walk that crosses scales: 1 to 100,000 and back, 3,000,000 samples
    samples = np.exp(np.linspace(0, 11.5, 1_500_000)) + generator.standard_normal(1_500_000)
    samples = np.concatenate([samples, samples[::-1]])
    made = RingBuffer(977)
    for sample in samples.tolist():
        made.add_value(sample)
    window = samples[-977:].tolist()
    assert made.mean_value == float(sum(map(Fraction, window)) / 977)
    assert made.variance == pytest.approx(float(exact_variance(window)), rel=1e-14)
    # to the bit what a buffer says that only ever saw a little of it
    young = filled(977, samples[-977 * 3 :].tolist())
    assert young.mean_value == made.mean_value and young.variance == pytest.approx(made.variance, rel=1e-15)


def test_it_is_not_pickled() -> None:
    import pickle

    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(RingBuffer(3))
