"""Members of enums by their names, wherever in a config they stand.

Our config models read a field's member by name or value. Files also nest plain models of pydantic, lists and mappings, which know values only: what a YAML file says
there (`side: BUY`) is brought into their form before they see it.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from enum import Enum
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from botcore.model.enums import parse_enum

_LISTS = (list, set, frozenset, tuple)


def with_members(annotation: Any, raw: Any) -> Any:
    """`raw` with the names of members replaced by members where the annotation says so; what fits nothing stays, for pydantic to tell."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return with_members(inner[0], raw)
    if origin in (Union, types.UnionType):
        return _of_one(inner, raw)
    if origin in _LISTS and isinstance(raw, list | tuple):
        kinds = [inner[0]] * len(raw) if origin is not tuple or inner[-1:] == (Ellipsis,) else inner
        return [with_members(kind, item) for kind, item in zip(kinds, raw, strict=False)] if inner and len(kinds) == len(raw) else raw
    if isinstance(origin, type) and issubclass(origin, Mapping) and isinstance(raw, dict) and len(inner) == 2:
        return {with_members(inner[0], key): with_members(inner[1], value) for key, value in raw.items()}
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return _member(annotation, raw)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel) and isinstance(raw, dict):
        return _of_model(annotation, raw)
    return raw


def _of_one(kinds: tuple[Any, ...], raw: Any) -> Any:
    """The reading of the first kind that finds a member."""
    if raw is None or (str in kinds and isinstance(raw, str)):
        return raw
    return next((read for kind in kinds if (read := with_members(kind, raw)) != raw), raw)


def _of_model(model: type[BaseModel], raw: dict[str, Any]) -> dict[str, Any]:
    own = _read_by_the_file(model)
    if "*" in own:
        return raw
    fields = {
        name: field.annotation
        for field_name, field in model.model_fields.items()
        for name in (field_name, field.alias)
        if name and field_name not in own
    }
    return {name: with_members(fields[name], value) if name in fields else value for name, value in raw.items()}


def _read_by_the_file(model: type[BaseModel]) -> set[str]:
    """Fields that the file reads by itself before pydantic does: it gets what was written."""
    found = model.__pydantic_decorators__.field_validators.values()
    return {name for item in found if item.info.mode != "after" for name in item.info.fields}


def _member(kind: type[Enum], raw: Any) -> Any:
    if not isinstance(raw, str):
        return raw
    try:
        return parse_enum(kind, raw)
    except ValueError:
        return raw
