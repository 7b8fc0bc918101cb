"""What every configuration model shares: unknown keys, NaN and nonsense are refused, and a field says how to ask a person for it.

A field is declared once and carries its own question in `json_schema_extra`: `prompt` (text or a function of the model), `prompt_on_new`,
`is_updatable`, and, of ours, `unit` (`ratio`, `ratios`, `seconds`, `quote`, `base`, `pair`, `connector`), `suggest` (texts offered as buttons) and `group`.
The wizard, `condor create`, upload errors and `/help` read nothing else.
"""

from __future__ import annotations

import types
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator

from botcore.model.enums import OrderType, PositionAction, PositionMode, TradeType, parse_enum

_NUMBERS = frozenset({int, float, Decimal})


def enum_reader(kind: type[Enum]) -> BeforeValidator:
    """Validator that reads a member as `parse_enum` does; for models that don't inherit from `ConfigModel`."""
    return BeforeValidator(lambda raw: raw if isinstance(raw, kind) else parse_enum(kind, raw))


Side = Annotated[TradeType, enum_reader(TradeType)]
OrderTypeField = Annotated[OrderType, enum_reader(OrderType)]
PositionActionField = Annotated[PositionAction, enum_reader(PositionAction)]
PositionModeField = Annotated[PositionMode, enum_reader(PositionMode)]


class ConfigModel(BaseModel):
    """Base of all configuration: frozen values, no unknown keys, no NaN or infinity."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, arbitrary_types_allowed=True, validate_default=False, populate_by_name=True)

    @field_validator("*", mode="before")
    @classmethod
    def _read_field(cls, raw: Any, info: ValidationInfo) -> Any:
        """Enums by name or value as Strategy V2 files write them; `true` is not a number."""
        field = cls.model_fields[info.field_name] if info.field_name else None
        if field is None:
            return raw
        kinds = plain_types(field.annotation)
        if isinstance(raw, bool) and bool not in kinds and object not in kinds and kinds & _NUMBERS:
            raise ValueError(f"expected a number, found {'true' if raw else 'false'}")
        if raw is not None:
            for kind in kinds:
                if isinstance(kind, type) and issubclass(kind, Enum):
                    return parse_enum(kind, raw)
        return raw


def plain_types(annotation: Any) -> set[Any]:
    """Types inside an annotation, unions and Annotated unwrapped: `Optional[Decimal]` gives {Decimal, NoneType}."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return plain_types(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return set().union(*(plain_types(arg) for arg in get_args(annotation)))
    return {origin or annotation}


def ask(prompt: str, *, new: bool = True, updatable: bool = False, unit: str = "", suggest: tuple[str, ...] = (), group: str = "") -> dict[str, Any]:
    """`json_schema_extra` of a field that a person is asked for.

    Parameters
    ----------
    prompt : str
        The question, without the unit.
    new : bool
        Whether the wizard asks for it; otherwise it stands on the advanced page.
    updatable : bool
        Whether it may change while the bot runs.
    unit : str
        How text is read: see the module.
    suggest : tuple of str
        Answers offered as buttons, as a person would type them.
    group : str
        Page of the wizard.
    """
    extra: dict[str, Any] = {"prompt": prompt, "prompt_on_new": new, "is_updatable": updatable}
    extra.update({key: value for key, value in (("unit", unit), ("suggest", list(suggest)), ("group", group)) if value})
    return extra


__all__ = ["ConfigModel", "Field", "OrderTypeField", "PositionActionField", "PositionModeField", "Side", "ask", "plain_types"]
