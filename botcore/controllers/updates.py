"""What of a controller's config may change while it runs: the fields that say `is_updatable`, the whole model checked anew, the old config untouched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from botcore.model.errors import ConfigError, nearest

C = TypeVar("C", bound=BaseModel)


def updatable_fields(kind: type[BaseModel]) -> list[str]:
    """Names of the fields that may change while a bot runs, in the order of the model."""
    return [
        name for name, field in kind.model_fields.items() if isinstance(field.json_schema_extra, dict) and field.json_schema_extra.get("is_updatable")
    ]


def updated(config: C, changes: Mapping[str, Any]) -> C:
    """A new config with these values; the given one stays as it is.

    Parameters
    ----------
    changes : mapping
        Field -> value, typed or as text.

    Raises
    ------
    ConfigError
        With the first fault: an unknown field, one that is fixed while the bot runs, or a value that does not validate (in pydantic's words).
    """
    kind = type(config)
    allowed = updatable_fields(kind)
    for name in changes:
        if name not in kind.model_fields:
            raise ConfigError(f"unknown key{nearest(name, kind.model_fields)}", field=name)
        if name not in allowed:
            raise ConfigError(f"it can't be changed while the bot runs; these can: {', '.join(allowed)}", field=name)
    present = {name: getattr(config, name) for name in kind.model_fields}
    try:
        return kind.model_validate(present | dict(changes))
    except ValidationError as error:
        raise _first(error) from None


def taken_over(config: C, other: BaseModel) -> C:
    """A copy of a config with the updatable fields of another one, which was checked when it was made."""
    return config.model_copy(update={name: getattr(other, name) for name in updatable_fields(type(config)) if hasattr(other, name)})


def changed_fields(before: BaseModel, after: BaseModel) -> list[str]:
    """Names of the fields that differ."""
    return [name for name in type(after).model_fields if getattr(before, name, None) != getattr(after, name)]


def _first(error: ValidationError) -> ConfigError:
    item = error.errors(include_url=False)[0]
    field = ".".join(str(part) for part in item["loc"])
    text = str(item["msg"]).removeprefix("Value error, ")
    if item["type"] == "value_error":
        return ConfigError(text, field=field)
    shown = item.get("input")
    return ConfigError(f"{text}, found {'a mapping' if isinstance(shown, dict) else repr(shown)}", field=field)
