"""Questions of config models as Strategy V2 files write them, brought into our form.

They are written as `Field(default, json_schema_extra={"prompt": ..., "prompt_on_new": ..., "is_updatable": ...})` or, in older files, as
`Field(default, client_data=ClientFieldData(prompt=..., ...))`; a prompt may be a function of the model. A field without a question gets one for the advanced
page, so that everything can be set in the wizard.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any

from botcore.core.config import ConfigModel, plain_types
from botcore.executors.data_types import ConnectorPair

PLAIN = frozenset({str, int, float, bool, Decimal})
HIDDEN = frozenset(
    {
        "id",
        "controller_name",
        "controller_type",
        "script_file_name",
        "model_config",
        "candles_config",
        "initial_positions",
        "markets",
        "controllers_config",
        "settings",
        "max_global_drawdown_quote",
        "max_controller_drawdown_quote",
    }
)


@dataclass
class ClientFieldData:
    """A field's question, as older files write it."""

    prompt: Any = None
    prompt_on_new: bool = False
    is_secure: bool = False
    is_connect_key: bool = False
    is_updatable: bool = False


def normalise(model: type[ConfigModel]) -> None:
    """Give each field of a model its question in our form."""
    for name, field in model.model_fields.items():
        extra = dict(field.json_schema_extra) if isinstance(field.json_schema_extra, dict) else {}
        asked: Any = extra.pop("client_data", None)
        if isinstance(asked, ClientFieldData):
            extra = {"prompt": asked.prompt, "prompt_on_new": asked.prompt_on_new, "is_updatable": asked.is_updatable, **extra}
        prompt = _prompt_text(model, name, extra.get("prompt"))
        kinds = plain_types(field.annotation)
        if not prompt and name in HIDDEN:
            extra.pop("prompt", None)
            field.json_schema_extra = extra or None
            continue
        if _is_market(kinds):
            extra = {"unit": "market", "prompt_on_new": True, **extra}
        elif not _is_plain(kinds, field.default):
            # without a question of its own: asked when there is nothing to trade with until somebody has filled it in
            extra = {"unit": "structure", "prompt_on_new": field.default_factory in (list, dict), **extra}
        extra["prompt"] = prompt or f"{name.replace('_', ' ').capitalize()}?"
        extra.setdefault("prompt_on_new", _unit(name) in ("connector", "pair") or field.is_required())
        if "unit" not in extra and _unit(name) and str in kinds:
            extra["unit"] = _unit(name)
        field.json_schema_extra = extra


def _prompt_text(model: type[ConfigModel], name: str, prompt: Any) -> str:
    """A prompt as text; one that is a function is asked without an instance, and replaced by the field's name where it needs one."""
    if not callable(prompt):
        return str(prompt).strip() if prompt else ""
    try:
        return str(prompt(None)).strip()
    except Exception:  # noqa: BLE001 - any code of the file may stand in it
        return f"{name.replace('_', ' ').capitalize()}?"


def _is_plain(kinds: set[Any], default: Any) -> bool:
    """Whether a person can type a value: numbers, text, yes or no, a member, or a list that is written as text."""
    if any(isinstance(kind, type) and issubclass(kind, Enum) for kind in kinds):
        return True
    return bool(kinds & PLAIN) or isinstance(default, str)


def _is_market(kinds: set[Any]) -> bool:
    """Whether it is one market: a connector with a pair."""
    return any(isinstance(kind, type) and issubclass(kind, ConnectorPair) for kind in kinds)


def _unit(name: str) -> str:
    if name.endswith("trading_pair"):
        return "pair"
    return "connector" if name.endswith(("connector_name", "connector", "exchange")) else ""
