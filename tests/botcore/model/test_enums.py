"""Words of Strategy V2 as its YAML files write them."""

from __future__ import annotations

from typing import Any

import pytest

from botcore.model.enums import OrderType, PositionMode, TradeType, parse_enum


@pytest.mark.parametrize("raw", [TradeType.BUY, 1, "BUY", "buy", "1", "TradeType.BUY", " Buy "])
def test_a_side_in_any_spelling(raw: Any) -> None:
    assert parse_enum(TradeType, raw) is TradeType.BUY


@pytest.mark.parametrize("raw", [0, 4, "HOLD", "", None, 1.0, True, [], "BUY SELL"])
def test_what_is_no_side_is_refused_with_the_names(raw: Any) -> None:
    with pytest.raises(ValueError, match="BUY, SELL, RANGE"):
        parse_enum(TradeType, raw)


def test_values_that_are_words() -> None:
    assert parse_enum(PositionMode, "oneway") is PositionMode.ONEWAY
    assert parse_enum(OrderType, "LIMIT_MAKER") is OrderType.LIMIT_MAKER is parse_enum(OrderType, 3)


def test_sign_and_opposite() -> None:
    assert (TradeType.BUY.sign, TradeType.SELL.sign) == (1, -1)
    assert TradeType.BUY.opposite is TradeType.SELL and TradeType.SELL.opposite is TradeType.BUY
