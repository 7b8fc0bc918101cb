"""Errors that a person reads name the place."""

from __future__ import annotations

import pytest

from botcore.model.errors import CondorError, ConfigError, DataError, RefusedByRisk, UserError, nearest


@pytest.mark.parametrize(
    ("where", "text"),
    [
        ({}, "wrong"),
        ({"file": "a.yml"}, "a.yml: wrong"),
        ({"file": "a.yml", "line": 3}, "a.yml:3: wrong"),
        ({"field": "x.y"}, "field x.y: wrong"),
        ({"file": "a.yml", "line": 3, "field": "x.y"}, "a.yml:3, field x.y: wrong"),
    ],
)
def test_a_config_error_says_where(where: dict[str, object], text: str) -> None:
    assert str(ConfigError("wrong", **where)) == text  # type: ignore[arg-type]


def test_what_a_person_can_mend_is_a_user_error() -> None:
    assert all(issubclass(kind, UserError) for kind in (ConfigError, DataError, RefusedByRisk))
    assert issubclass(UserError, CondorError)


def test_the_nearest_word_is_offered_in_its_own_spelling() -> None:
    assert nearest("btc-usdc", ["BTC-USDT", "ETH-USDT"]) == ", did you mean BTC-USDT?"
    assert nearest("zzz", ["BTC-USDT"]) == ""
