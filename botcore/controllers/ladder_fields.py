"""Fields of ladders in a controller's config: spreads, weights and bounds as lists or as texts such as `0.01,0.02`."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from botcore.controllers.barrier_fields import read_numbers
from botcore.executors.rounding import SETTLED


def read_optional_numbers(raw: Any) -> Any:
    """As `read_numbers`; an empty text is nothing."""
    return None if raw in ("", None) else read_numbers(raw)


Spread = Annotated[Decimal, Field(ge=0, lt=1)]
"""A fraction of the price below 1: a buy has to stand above zero."""
Spreads = Annotated[list[Spread], Field(min_length=1), BeforeValidator(read_numbers)]
Multiples = Annotated[list[Annotated[Decimal, Field(ge=0)]], Field(min_length=1), BeforeValidator(read_numbers)]
"""Spreads that may count in something else than the price."""
Weight = Annotated[Decimal, Field(gt=0)]
OptionalWeights = Annotated[list[Weight] | None, BeforeValidator(read_optional_numbers)]
OptionalBounds = Annotated[Annotated[list[Annotated[Decimal, Field(gt=0)]], Field(max_length=2)] | None, BeforeValidator(read_optional_numbers)]
"""Activation bounds: fractions of the mid."""


def shared_out(total: Decimal, weights: list[Decimal]) -> list[Decimal]:
    """A number by weight; a third of 90 is 30 and not 29.99..."""
    whole = sum(weights, Decimal(0))
    return [SETTLED.plus(total * weight / whole) for weight in weights]


def shares(weights: list[Decimal]) -> list[Decimal]:
    """Weights as parts of one."""
    total = sum(weights, Decimal(0))
    return [weight / total for weight in weights]
