"""Config models as questions: the form is derived from the model, it is never written by hand.

A field carries its own question (`json_schema_extra`, see `botcore.core.config`). A draft is a mapping of answers as JSON values; every answer is read by its
unit, and the whole draft is validated each time, so that rules between fields hold too. Chat, command line and any page use the same questions.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticUndefined, to_jsonable_python

from botcore.core.config import plain_types
from botcore.model.errors import ConfigError, UserError, nearest
from condor import units
from condor.answers import PairUnknown, Several, answer_text, is_structured, read_answer, read_pair
from condor.field_words import HIDDEN, words_of
from condor.nested import nested, part_of, value_at, within
from condor.questions import SECTIONS, Question, question_of
from condor.yaml_file import config_errors

__all__ = ["Form", "PairUnknown", "Question", "Several", "answer_text", "check_draft", "default_answers", "form_of", "read_answer", "read_pair"]

FIRST = ("connector_name", "trading_pair", "total_amount_quote", "leverage", "start_price", "end_price", "limit_price")


@dataclass(frozen=True, slots=True)
class Form:
    """Questions of a model: those that are asked in turn, and those on the advanced page.

    Parameters
    ----------
    beside : mapping of str to model
        Models of their own that are asked for with it, by the first name of their answers, such as the limits of the bot.
    """

    model: type[BaseModel]
    steps: tuple[Question, ...]
    advanced: tuple[Question, ...]
    beside: Mapping[str, type[BaseModel]] = field(default_factory=dict)

    @property
    def questions(self) -> tuple[Question, ...]:
        """All of them."""
        return (*self.steps, *self.advanced)

    def question(self, name: str) -> Question:
        for question in self.questions:
            if question.name == name:
                return question
        raise UserError(f"there is no field {name!r}{nearest(name, [item.name for item in self.questions])}")


def form_of(
    model: type[BaseModel],
    markets: Mapping[str, Sequence[str]],
    chosen_connector: str | None = None,
    beside: Mapping[str, type[BaseModel]] | None = None,
    left_out: Collection[str] = (),
) -> Form:
    """The form of a config model.

    Parameters
    ----------
    markets : mapping of str to sequence of str
        Connector -> pairs that may be traded.
    chosen_connector : str, optional
        Narrows the pairs.
    beside : mapping of str to model, optional
        Asked for with it.
    left_out : collection of str
        Fields that mean nothing here, such as the leverage of a spot market.
    """
    found = list(_questions(model, markets, chosen_connector))
    for first, other in (beside or {}).items():
        found += _questions(other, markets, chosen_connector, f"{first}.")
    found = [item for item in found if item[0].name.rpartition(".")[2] not in left_out]
    steps = [question for question, is_asked in found if is_asked]
    steps.sort(key=lambda question: (SECTIONS.index(question.section), FIRST.index(question.name) if question.name in FIRST else len(FIRST)))
    return Form(model, tuple(steps), tuple(question for question, is_asked in found if not is_asked), dict(beside or {}))


def _questions(
    model: type[BaseModel], markets: Mapping[str, Sequence[str]], connector: str | None, prefix: str = "", *, is_optional: bool = False
) -> Iterator[tuple[Question, bool]]:
    """(question, whether it is asked in turn) of every field, those of parts under dotted names."""
    for name, info in model.model_fields.items():
        extra = info.json_schema_extra
        full = prefix + name
        if isinstance(extra, dict) and "prompt" in extra:
            yield question_of(full, info, extra, markets, connector, is_optional=is_optional), bool(extra.get("prompt_on_new", False))
            continue
        part = None if name in HIDDEN else part_of(info.annotation)
        if part is not None:
            may_lack = is_optional or type(None) in plain_types(info.annotation)
            yield from _questions(part, markets, connector, f"{full}.", is_optional=may_lack)
            continue
        is_required = info.is_required() and not is_optional
        words = words_of(full, is_required=is_required)
        if words is not None:
            # in a part that may be left out nothing is asked for in turn
            is_asked = bool(words["prompt_on_new"]) and (is_required or not is_optional)
            yield question_of(full, info, words, markets, connector, is_derived=True, is_optional=is_optional), is_asked


# ---- drafts --------------------------------------------------------------------------------------------------------
def check_draft(form: Form, answers: Mapping[str, Any], name: str | None = None) -> list[ConfigError]:
    """Faults of a draft: of one field only when `name` is given, of the whole otherwise."""
    whole = own_answers(form, answers)
    faults = _faults_of(form.model, nested(whole))
    for first, model in form.beside.items():
        faults += [ConfigError(fault.problem, field=f"{first}.{fault.field}") for fault in _faults_of(model, nested(dict(within(first, answers))))]
    return [fault for fault in faults if name is None or fault.field == name or fault.field.startswith(f"{name}.")]


def own_answers(form: Form, answers: Mapping[str, Any]) -> dict[str, Any]:
    """The answers that are the model's own, without those beside it."""
    return {name: value for name, value in answers.items() if name.partition(".")[0] not in form.beside}


def _faults_of(model: type[BaseModel], values: Mapping[str, Any]) -> list[ConfigError]:
    try:
        model.model_validate(dict(values))
    except ValidationError as error:
        return config_errors(model, error)
    return []


def default_answers(form: Form, example: Mapping[str, Any]) -> dict[str, Any]:
    """What a new draft begins with: the example config over the model's defaults, as JSON values.

    What the example says and the model does not take is left out: a home's controller may have the name of a shipped one and other fields.
    """
    answers = {question.name: _first_answer(form, question, example) for question in form.questions}
    for name in {fault.field.split(".")[0] for fault in check_draft(form, answers)} & set(example):
        for question in form.questions:
            if question.name == name or question.name.startswith(f"{name}."):
                answers[question.name] = _first_answer(form, question, {})
    answers["controller_name"] = form.model.model_fields["controller_name"].get_default() if "controller_name" in form.model.model_fields else None
    return {name: value for name, value in answers.items() if value is not None or _may_be_none(form, name)}


def _first_answer(form: Form, question: Question, example: Mapping[str, Any]) -> Any:
    """One value of the example, or the model's default; None for a required field, which is asked for."""
    value = value_at(example, question.name)
    if value is None and question.name not in example:
        value = _default(form, question.name)
    return None if value is PydanticUndefined else _json_value(question, value)


def _default(form: Form, name: str) -> Any:
    """A field's default, within the default of its part or by its own model."""
    first, _, rest = name.partition(".")
    model: Any = form.model
    if first in form.beside:
        model, first, _, rest = form.beside[first], *rest.partition(".")
    info = model.model_fields[first]
    value = info.get_default(call_default_factory=True)
    while rest:
        part = part_of(info.annotation)
        first, _, rest = rest.partition(".")
        if part is None:
            return None
        info = part.model_fields[first]
        value = info.get_default(call_default_factory=True) if value is PydanticUndefined else None if value is None else getattr(value, first)
    return value


def _may_be_none(form: Form, name: str) -> bool:
    info = form.model.model_fields.get(name)
    return info is not None and not info.is_required() and type(None) in plain_types(info.annotation)


def _json_value(question: Question, value: Any) -> Any:
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, Decimal | float) and not isinstance(value, bool):
        return units.plain(Decimal(str(value)))
    if is_structured(value) or (question.unit in ("structure", "numbers", "ratio_list") and not isinstance(value, str)):
        return to_jsonable_python(value)
    if isinstance(value, list | tuple):
        return ",".join(units.plain(Decimal(str(item))) if isinstance(item, Decimal | float | int) else str(item) for item in value)
    return value.upper() if question.unit == "choice" and isinstance(value, str) else value
