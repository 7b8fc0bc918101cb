"""What every configuration model refuses and reads."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pydantic import Field, ValidationError

from botcore.core.config import ConfigModel, OrderTypeField, Side, ask, plain_types
from botcore.model.enums import OrderType, PositionMode, TradeType


class Config(ConfigModel):
    amount: Decimal = Field(default=Decimal(1), json_schema_extra=ask("How much?", unit="quote", suggest=("10", "100"), updatable=True))
    count: int | None = None
    share: float = 0.5
    flag: bool = False
    anything: Any = None
    side: TradeType = TradeType.BUY
    mode: PositionMode | None = None


def problem(**values: Any) -> str:
    with pytest.raises(ValidationError) as found:
        Config(**values)
    return str(found.value)


def test_an_unknown_key_is_refused() -> None:
    assert "ammount" in problem(ammount=1)


@pytest.mark.parametrize("name", ["amount", "share"])
@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", float("nan"), float("inf")])
def test_nan_and_infinity_are_refused(name: str, value: Any) -> None:
    assert name in problem(**{name: value})


@pytest.mark.parametrize("name", ["amount", "count", "share"])
@pytest.mark.parametrize("value", [True, False])
def test_yes_and_no_are_no_numbers(name: str, value: bool) -> None:
    assert f"expected a number, found {str(value).lower()}" in problem(**{name: value})


def test_yes_and_no_are_taken_where_they_belong() -> None:
    made = Config(flag=True, anything=False)
    assert made.flag is True and made.anything is False


@pytest.mark.parametrize("raw", ["SELL", "sell", 2, "2", "TradeType.SELL", TradeType.SELL])
def test_an_enum_in_any_spelling_of_strategy_v2(raw: Any) -> None:
    assert Config(side=raw).side is TradeType.SELL


def test_an_enum_may_be_absent_where_it_is_optional() -> None:
    assert Config(mode=None).mode is None and Config(mode="hedge").mode is PositionMode.HEDGE


def test_a_wrong_enum_lists_the_right_ones() -> None:
    assert "BUY, SELL, RANGE" in problem(side="HOLD")


def test_text_becomes_an_exact_decimal() -> None:
    assert Config(amount="0.1").amount == Decimal("0.1")
    assert Config(amount=0.1).amount == Decimal("0.1"), "a YAML float is read as it is written"


def test_readers_for_models_of_others() -> None:
    from pydantic import BaseModel

    class Foreign(BaseModel):
        side: Side
        kind: OrderTypeField = OrderType.MARKET

    assert Foreign(side="sell", kind=3) == Foreign(side=2, kind="LIMIT_MAKER")


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (int, {int}),
        (int | None, {int, type(None)}),
        (list[int], {list}),
        (Side, {TradeType}),
        (Decimal | Side | None, {Decimal, TradeType, type(None)}),
    ],
)
def test_plain_types_unwraps(annotation: Any, expected: set[Any]) -> None:
    assert plain_types(annotation) == expected


def test_ask_carries_the_question_and_only_what_was_said() -> None:
    assert ask("Pair?") == {"prompt": "Pair?", "prompt_on_new": True, "is_updatable": False}
    assert Config.model_fields["amount"].json_schema_extra == {
        "prompt": "How much?",
        "prompt_on_new": True,
        "is_updatable": True,
        "unit": "quote",
        "suggest": ["10", "100"],
    }
