"""Config models as questions: the form is derived from the model, it is never written by hand.

A field carries its own question (`json_schema_extra`, see `botcore.core.config`). A draft is a mapping of answers as JSON values; every answer is read by its
unit, and the whole draft is validated each time, so that rules between fields hold too. Chat, command line and any page use the same questions.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined, to_jsonable_python

from botcore.core.config import plain_types
from botcore.model.errors import ConfigError, UserError, nearest
from condor import units
from condor.yaml_file import config_errors

FIRST = ("connector_name", "trading_pair", "total_amount_quote", "leverage")
GROUPS = ("", "levels", "exits")
OFF = ("off", "none", "no", "-")
MAX_CHOICES = 12


@dataclass(frozen=True, slots=True)
class Question:
    """One field as a question.

    Parameters
    ----------
    unit : str
        How text is read: ratio, ratios, seconds, quote, times, pair, connector, market, choice, yes_no, number, structure, text.
    choices : tuple of str
        Texts to pick from; empty when any text may be typed.
    suggestions : tuple of str
        Texts that are offered beside typing.
    is_optional : bool
        Whether it can be switched off.
    """

    name: str
    prompt: str
    unit: str
    choices: tuple[str, ...] = ()
    suggestions: tuple[str, ...] = ()
    is_optional: bool = False
    is_updatable: bool = False

    @property
    def label(self) -> str:
        """The field's name for people."""
        return self.name.replace("_", " ").removesuffix(" quote").removesuffix(" pct")


@dataclass(frozen=True, slots=True)
class Form:
    """Questions of a model: those that are asked in turn, and those on the advanced page."""

    model: type[BaseModel]
    steps: tuple[Question, ...]
    advanced: tuple[Question, ...]

    def question(self, name: str) -> Question:
        for question in (*self.steps, *self.advanced):
            if question.name == name:
                return question
        raise UserError(f"there is no field {name!r}{nearest(name, [item.name for item in (*self.steps, *self.advanced)])}")


def form_of(model: type[BaseModel], markets: Mapping[str, Sequence[str]], chosen_connector: str | None = None) -> Form:
    """The form of a config model.

    Parameters
    ----------
    markets : mapping of str to sequence of str
        Connector -> pairs that may be traded.
    chosen_connector : str, optional
        Narrows the pairs.
    """
    asked: list[tuple[tuple[int, int], Question]] = []
    advanced: list[Question] = []
    for position, (name, field) in enumerate(model.model_fields.items()):
        extra = field.json_schema_extra
        if not isinstance(extra, dict) or "prompt" not in extra:
            continue
        question = _question(name, field, extra, markets, chosen_connector)
        if not extra.get("prompt_on_new", False):
            advanced.append(question)
            continue
        first = FIRST.index(name) if name in FIRST else len(FIRST)
        group = str(extra.get("group", ""))
        asked.append(((first, GROUPS.index(group) * 100 + position if group in GROUPS else position), question))
    return Form(model, tuple(question for _, question in sorted(asked, key=lambda pair: pair[0])), tuple(advanced))


def _question(name: str, field: FieldInfo, extra: dict[str, Any], markets: Mapping[str, Sequence[str]], connector: str | None) -> Question:
    kinds = plain_types(field.annotation)
    unit = str(extra.get("unit", "")) or _unit_of(kinds)
    prompt = extra["prompt"]
    choices: tuple[str, ...] = ()
    if unit == "connector":
        choices = tuple(markets)[:MAX_CHOICES]
    elif unit == "pair":
        choices = tuple(markets.get(connector or "", ()) or dict.fromkeys(pair for pairs in markets.values() for pair in pairs))[:MAX_CHOICES]
    elif unit == "choice":
        kind = next(kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Enum))
        choices = tuple(member.name for member in kind)
    elif unit == "yes_no":
        choices = ("yes", "no")
    suggestions = tuple(str(item) for item in extra.get("suggest", ()))
    text = prompt(None) if callable(prompt) else str(prompt)
    return Question(name, text, unit, choices, suggestions, type(None) in kinds, bool(extra.get("is_updatable", False)))


def _unit_of(kinds: set[Any]) -> str:
    if bool in kinds:
        return "yes_no"
    if any(isinstance(kind, type) and issubclass(kind, Enum) for kind in kinds):
        return "choice"
    if kinds & {int, float, Decimal}:
        return "number"
    return "text"


# ---- answers -------------------------------------------------------------------------------------------------------
def read_answer(question: Question, text: str, markets: Mapping[str, Sequence[str]], draft: Mapping[str, Any]) -> Any:
    """A typed or tapped text as a JSON value for the draft.

    Raises
    ------
    Ambiguous
        If the text can mean two things.
    UserError
        If it can't be read; the sentence says what was expected.
    """
    cleaned = text.strip()
    if not cleaned:
        raise UserError(f"expected an answer for {question.label}, found nothing")
    if question.is_optional and cleaned.lower() in OFF:
        return None
    if question.unit == "ratio":
        return units.plain(units.ratio(cleaned))
    if question.unit == "ratios":
        return _ratios(cleaned)
    if question.unit == "seconds":
        return units.duration(cleaned)
    if question.unit in ("quote", "base"):
        return units.plain(units.amount(cleaned))
    if question.unit == "times":
        return units.plain(units.number(cleaned.lower().removesuffix("x"), "a whole number such as 5"))
    if question.unit == "pair":
        return read_pair(cleaned, markets.get(str(draft.get("connector_name")), ()) or [pair for pairs in markets.values() for pair in pairs])
    if question.unit == "connector":
        return _one_of(cleaned.lower().replace(" ", "_"), list(markets), "venue")
    if question.unit == "yes_no":
        return _yes_no(cleaned)
    if question.unit == "choice":
        return _one_of(cleaned.upper().replace(" ", "_"), list(question.choices), question.label)
    if question.unit == "number":
        return units.plain(units.number(cleaned))
    if question.unit == "market":
        return _market(cleaned, markets)
    return _structure(question, cleaned) if question.unit == "structure" else cleaned


def _market(text: str, markets: Mapping[str, Sequence[str]]) -> str:
    """`binance btc/usdt` or `binance:BTC-USDT` as the latter."""
    connector, _, pair = text.replace(" ", ":", 1).partition(":")
    if not pair.strip():
        raise UserError(f"expected a venue and a pair such as binance:BTC-USDT, found {text!r}")
    name = _one_of(connector.strip().lower(), list(markets), "venue")
    return f"{name}:{read_pair(pair.strip(), markets.get(name, ()))}"


def _structure(question: Question, text: str) -> Any:
    """Several values in one answer, as YAML writes them: `[1, 2]`, `{a: 1}`; plain text is left to the model."""
    try:
        found = to_jsonable_python(yaml.safe_load(text))
        return found if isinstance(found, list | dict) else text
    except yaml.YAMLError:
        raise UserError(f"expected {question.label} as YAML such as [1, 2] or {{a: 1}}, found {clip_text(text)!r}") from None


def clip_text(text: str, width: int = 60) -> str:
    """The beginning of a text."""
    return text if len(text) <= width else text[: width - 3] + "..."


def _ratios(text: str) -> str:
    """`0.1%, 0.2%` as `0.001,0.002`; one sign at the end serves all: `0.1, 0.2 %`."""
    pieces = [piece.strip() for piece in text.replace(";", ",").split(",") if piece.strip()]
    if not pieces:
        raise UserError(f"expected percentages such as 0.1%, 0.2%, found {text!r}")
    sign = next((suffix for suffix in ("%", "bps", "bp") if pieces[-1].lower().endswith(suffix)), "")
    signed = [piece if not sign or any(piece.lower().endswith(suffix) for suffix in ("%", "bp", "bps")) else piece + sign for piece in pieces]
    if not sign:
        values = [units.number(piece, "percentages such as 0.1%, 0.2%") for piece in pieces]
        readings = tuple(", ".join(f"{units.plain(value * scale)}%" for value in values) for scale in (1, 100))
        raise units.Ambiguous(text, (readings[0], readings[1]))
    return ",".join(units.plain(units.ratio(piece)) for piece in signed)


def _yes_no(text: str) -> bool:
    lowered = text.lower()
    if lowered in ("yes", "y", "true", "on", "1"):
        return True
    if lowered in ("no", "n", "false", "off", "0"):
        return False
    raise UserError(f"expected yes or no, found {text!r}")


def _one_of(text: str, known: Sequence[str], what: str) -> str:
    for item in known:
        if item.lower() == text.lower():
            return item
    shown = ", ".join(known[:8]) + (" ..." if len(known) > 8 else "")
    raise UserError(f"unknown {what} {text!r}{nearest(text, known)} (there are {shown})")


def read_pair(text: str, known: Sequence[str]) -> str:
    """A pair however it is typed: `btc/usdt`, `BTCUSDT`, `btc usdt`; close ones are named when it is unknown."""
    wanted = text.upper().replace("/", "-").replace(" ", "-").replace("_", "-")
    by_letters = {pair.replace("-", ""): pair for pair in known}
    found = by_letters.get(wanted.replace("-", ""))
    if found is not None:
        return found
    if "-" not in wanted and f"{wanted}USDT" in by_letters:
        return by_letters[f"{wanted}USDT"]
    close = difflib.get_close_matches(wanted, known, n=3, cutoff=0.5)
    raise PairUnknown(f"there is no pair {text.strip()!r} here" + (f"; did you mean {', '.join(close)}?" if close else ""), tuple(close))


class PairUnknown(UserError):
    """A pair that is not to be had; `close` names those that look like it."""

    def __init__(self, text: str, close: tuple[str, ...]) -> None:
        super().__init__(text)
        self.close = close


# ---- drafts --------------------------------------------------------------------------------------------------------
def check_draft(form: Form, answers: Mapping[str, Any], name: str | None = None) -> list[ConfigError]:
    """Faults of a draft: of one field only when `name` is given, of the whole otherwise."""
    try:
        form.model.model_validate(dict(answers))
    except ValidationError as error:
        faults = config_errors(form.model, error)
        return [fault for fault in faults if name is None or fault.field.split(".")[0] == name]
    return []


def answer_text(question: Question, value: Any) -> str:
    """A draft's value as a person would type it."""
    if value is None or value == "":
        return "off" if question.is_optional else "-"
    if question.unit == "ratio":
        return units.ratio_text(Decimal(str(value)))
    if question.unit == "ratios":
        # a trailing stop that a file or a running bot holds is a mapping of its two distances
        parts = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else str(value).split(",")
        return ", ".join(units.ratio_text(Decimal(str(part).strip())) for part in parts if str(part).strip())
    if question.unit == "seconds":
        return units.duration_text(int(value))
    if question.unit == "times":
        return f"{value}x"
    if question.unit == "yes_no":
        return "yes" if value else "no"
    if question.unit in ("quote", "base", "number"):
        return units.plain(Decimal(str(value)))
    if question.unit == "market":
        market = to_jsonable_python(value)
        return f"{market['connector_name']}:{market['trading_pair']}" if isinstance(market, dict) else str(value)
    if question.unit == "structure" or _is_structured(value):
        return value if isinstance(value, str) else yaml.safe_dump(to_jsonable_python(value), default_flow_style=True, width=1_000_000).strip()
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in value)
    if isinstance(value, Enum):
        return value.name
    return str(value)


def _is_structured(value: Any) -> bool:
    """Whether a value has parts with names."""
    return isinstance(value, dict | BaseModel) or (isinstance(value, list | tuple) and any(isinstance(item, dict | BaseModel) for item in value))


def default_answers(form: Form, example: Mapping[str, Any]) -> dict[str, Any]:
    """What a new draft begins with: the example config over the model's defaults, as JSON values.

    What the example says and the model does not take is left out: a home's controller may have the name of a shipped one and other fields.
    """
    answers = {question.name: _first_answer(form, question, example) for question in (*form.steps, *form.advanced)}
    for name in {fault.field.split(".")[0] for fault in check_draft(form, answers)} & set(example) & set(answers):
        answers[name] = _first_answer(form, form.question(name), {})
    answers["controller_name"] = form.model.model_fields["controller_name"].get_default() if "controller_name" in form.model.model_fields else None
    return {name: value for name, value in answers.items() if value is not None or _may_be_none(form, name)}


def _first_answer(form: Form, question: Question, example: Mapping[str, Any]) -> Any:
    """One value of the example, or the model's default; None for a required field, which is asked for."""
    default = form.model.model_fields[question.name].get_default(call_default_factory=True)
    value = example.get(question.name, default)
    return None if value is PydanticUndefined else _json_value(question, value)


def _may_be_none(form: Form, name: str) -> bool:
    field = form.model.model_fields.get(name)
    return field is not None and not field.is_required() and type(None) in plain_types(field.annotation)


def _json_value(question: Question, value: Any) -> Any:
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, Decimal | float) and not isinstance(value, bool):
        return units.plain(Decimal(str(value)))
    if _is_structured(value) or (question.unit == "structure" and not isinstance(value, str)):
        return to_jsonable_python(value)
    if isinstance(value, list | tuple):
        return ",".join(units.plain(Decimal(str(item))) if isinstance(item, Decimal | float | int) else str(item) for item in value)
    return value.upper() if question.unit == "choice" and isinstance(value, str) else value
