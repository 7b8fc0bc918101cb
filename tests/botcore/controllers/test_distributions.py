"""Numbers of ladders: the rows DI-* of the scenarios, and what must hold for any of them."""

from __future__ import annotations

import itertools
import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botcore.controllers.distributions import Distributions, exact
from botcore.controllers.order_levels import METHODS, OrderLevel, OrderLevelBuilder
from botcore.executors.data_types import TripleBarrierConfig
from botcore.model.enums import TradeType

D = Decimal
COUNT = st.integers(1, 40)
START = st.decimals(min_value="0.0001", max_value=1000, places=4)


def texts(values: list[Decimal]) -> list[str]:
    return [str(value) for value in values]


# ---- the rows --------------------------------------------------------------------------------------------------------
def test_di_1_linear_includes_both_ends() -> None:
    assert texts(Distributions.linear(5, 0, 10)) == ["0", "2.5", "5", "7.5", "10"]


def test_di_2_linear_of_one_level_is_its_start() -> None:
    assert Distributions.linear(1, 0.5, 1) == [D("0.5")]


def test_di_4_di_5_fibonacci_without_binary_noise() -> None:
    assert texts(Distributions.fibonacci(5, 0.01)) == ["0.01", "0.02", "0.03", "0.05", "0.08"]
    assert texts(Distributions.fibonacci(6, 0.01)) == ["0.01", "0.02", "0.03", "0.05", "0.08", "0.13"]


def test_di_6_fibonacci_of_one_level() -> None:
    assert texts(Distributions.fibonacci(1, 0.01)) == ["0.01"] == texts(Distributions.fibonacci(1))


def test_di_7_logarithmic_of_four() -> None:
    assert [float(value) for value in Distributions.logarithmic(4)] == pytest.approx([0.4, 0.805, 1.093, 1.316], abs=5e-4)


def test_di_8_logarithmic_of_five() -> None:
    expected = [0.4, 0.805465108, 1.093147181, 1.316290732, 1.498612289]
    assert [float(value) for value in Distributions.logarithmic(5)] == pytest.approx(expected, abs=5e-10)


def test_di_10_arithmetic() -> None:
    assert texts(Distributions.arithmetic(5, 1, 2)) == ["1", "3", "5", "7", "9"]
    assert texts(Distributions.arithmetic(4, 0.5, 0.25)) == ["0.5", "0.75", "1", "1.25"]


def test_di_11_geometric() -> None:
    assert texts(Distributions.geometric(5, 1, 2)) == ["1", "2", "4", "8", "16"]
    assert texts(Distributions.geometric(4, 0.5, 3)) == ["0.5", "1.5", "4.5", "13.5"]


@pytest.mark.parametrize("ratio", [0.5, 1, 0, -2])
def test_di_12_a_ratio_must_exceed_one(ratio: float) -> None:
    with pytest.raises(ValueError, match="ratio above 1"):
        Distributions.geometric(3, 1, ratio)


def test_di_13_builder_with_linear_spreads_over_both_sides() -> None:
    builder = OrderLevelBuilder(3)
    spreads = {"method": "linear", "params": {"start": 0, "end": 3}}
    assert builder.resolve_input(spreads) == [D(0), D("1.5"), D(3)]
    levels = builder.build_order_levels(amounts=10, spreads=spreads)
    assert [level.level_id for level in levels] == ["BUY_1", "SELL_1", "BUY_2", "SELL_2", "BUY_3", "SELL_3"]
    assert [level.spread_factor for level in levels] == [D(0), D(0), D("1.5"), D("1.5"), D(3), D(3)]
    assert {level.order_amount_usd for level in levels} == {D(10)}


# ---- the builder -----------------------------------------------------------------------------------------------------
def test_a_level_has_what_the_builder_was_given() -> None:
    tight, wide = TripleBarrierConfig(stop_loss=D("0.01")), TripleBarrierConfig(stop_loss=D("0.02"))
    near, far = OrderLevelBuilder(2).build_order_levels([10, 20.5], 0.001, [tight, wide], [30, 60], 15, [TradeType.SELL])
    assert (near.level_id, near.order_refresh_time, near.cooldown_time, near.triple_barrier_conf) == ("SELL_1", 30, 15, tight)
    assert (far.level_id, far.order_refresh_time, far.order_amount_usd, far.triple_barrier_conf) == ("SELL_2", 60, D("20.5"), wide)
    assert str(far.spread_factor) == "0.001"


def test_a_level_reads_floats_as_they_print() -> None:
    level = OrderLevel(level=0, side="BUY", order_amount_usd=0.1, spread_factor=0.01, triple_barrier_conf=TripleBarrierConfig())
    assert (level.level_id, str(level.order_amount_usd), str(level.spread_factor)) == ("BUY_0", "0.1", "0.01")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ([1, 2], "expected 3 values"),
        ({"method": "linar"}, "did you mean linear"),
        ({"method": "geometric", "params": {"start": 1}}, "ratio"),
        ({"method": "geometric", "params": {"start": 1, "ratio": 1}}, "above 1"),
        ({"method": "__init__"}, "no distribution"),
        ({}, "no distribution"),
        ("much", "expected a number"),
        (float("nan"), "finite"),
        ([1, None, 2], "expected a number"),
    ],
)
def test_what_the_builder_refuses(given: object, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        OrderLevelBuilder(3).resolve_input(given)  # type: ignore[arg-type]


@pytest.mark.parametrize("count", [0, -1, 1.5, True])
def test_a_ladder_has_at_least_one_level(count: int) -> None:
    for method, params in ARGUMENTS.items():
        with pytest.raises(ValueError, match="at least 1"):
            METHODS[method](count, **params)


@pytest.mark.parametrize("base", [0, 1, -2])
def test_a_logarithm_needs_a_base(base: int) -> None:
    with pytest.raises(ValueError, match="base"):
        Distributions.logarithmic(3, base)


ARGUMENTS: dict[str, dict[str, object]] = {
    "linear": {},
    "fibonacci": {},
    "logarithmic": {},
    "arithmetic": {"start": 1, "step": 2},
    "geometric": {"start": 1, "ratio": 2},
}


# ---- for any of them -------------------------------------------------------------------------------------------------
@given(COUNT, START, START)
def test_linear_is_even_and_hits_its_ends(count: int, start: Decimal, end: Decimal) -> None:
    values = Distributions.linear(count, start, end)
    assert len(values) == count and values[0] == start
    if count > 1:
        assert values[-1] == end
        step = (end - start) / (count - 1)
        assert all(abs(later - earlier - step) < D("1e-20") for earlier, later in itertools.pairwise(values))


@given(COUNT, START)
def test_fibonacci_adds_up_exactly(count: int, start: Decimal) -> None:
    values = Distributions.fibonacci(count, float(start))
    assert values[0] == start and all(values[at] == values[at - 1] + values[at - 2] for at in range(2, count))


@given(COUNT, START, START)
def test_arithmetic_steps_exactly(count: int, start: Decimal, step: Decimal) -> None:
    assert Distributions.arithmetic(count, float(start), float(step)) == [start + step * index for index in range(count)]


@given(st.integers(1, 8), st.decimals(min_value="0.01", max_value=100, places=2), st.decimals(min_value="1.01", max_value=9, places=2))
def test_geometric_multiplies_exactly(count: int, start: Decimal, ratio: Decimal) -> None:
    values = Distributions.geometric(count, float(start), float(ratio))
    assert values == [start * ratio**index for index in range(count)]


@given(COUNT, st.floats(1.1, 100), st.floats(0.01, 100), START)
def test_logarithmic_is_its_formula(count: int, base: float, scale: float, start: Decimal) -> None:
    values = Distributions.logarithmic(count, base, scale, start)
    naive = [scale * math.log(index + 2, base) + float(start) - scale * math.log(2, base) for index in range(count)]
    assert [float(value) for value in values] == pytest.approx(naive, rel=1e-9, abs=1e-9)
    assert all(later > earlier for earlier, later in itertools.pairwise(values))


@given(st.sampled_from(sorted(METHODS)), COUNT)
def test_every_number_prints_as_a_plain_finite_decimal(method: str, count: int) -> None:
    for value in METHODS[method](count, **ARGUMENTS[method]):
        assert isinstance(value, Decimal) and value.is_finite()
        assert value < 10**20 and "E+" not in str(value)
        assert len(value.as_tuple().digits) <= 28


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_is_what_it_prints(value: float) -> None:
    assert exact(value) == D(repr(value)) and float(exact(value)) == value
