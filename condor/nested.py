"""Values with parts as a flat mapping: a wizard asks for `triple_barrier_config.take_profit`, a config wants a mapping within a mapping."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from botcore.core.config import plain_types

MARKET_FIELDS = {"connector_name", "trading_pair"}


def part_of(annotation: Any) -> type[BaseModel] | None:
    """The model that a field holds, where it holds one whose fields can be asked for one by one."""
    models = [kind for kind in plain_types(annotation) if isinstance(kind, type) and issubclass(kind, BaseModel)]
    return models[0] if len(models) == 1 and set(models[0].model_fields) != MARKET_FIELDS else None


def is_market(annotation: Any) -> bool:
    """Whether a field is a connector and a pair and nothing else."""
    return any(isinstance(kind, type) and issubclass(kind, BaseModel) and set(kind.model_fields) == MARKET_FIELDS for kind in plain_types(annotation))


def nested(answers: Mapping[str, Any]) -> dict[str, Any]:
    """`{"a.b": 1}` as `{"a": {"b": 1}}`; a part of which nothing is given is None."""
    whole: dict[str, Any] = {}
    parts: dict[str, dict[str, Any]] = {}
    for name, value in answers.items():
        first, dot, rest = name.partition(".")
        if dot:
            parts.setdefault(first, {})[rest] = value
        else:
            whole[name] = value
    for first, inner in parts.items():
        made = nested(inner)
        whole[first] = None if all(value is None for value in made.values()) else {name: value for name, value in made.items() if value is not None}
    return whole


def value_at(source: Any, name: str) -> Any:
    """A value within a mapping or a model by its dotted name; None where a part on the way is not there."""
    for part in name.split("."):
        if source is None:
            return None
        source = source.get(part) if isinstance(source, Mapping) else getattr(source, part, None)
    return source


def within(first: str, answers: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """What stands below a first name, without it."""
    for name, value in answers.items():
        if name.startswith(f"{first}."):
            yield name.removeprefix(f"{first}."), value
