"""One field of a config model as a question: how it is asked for, what may be picked, how far its values may go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Union, get_args, get_origin

import annotated_types
from pydantic.fields import FieldInfo

from botcore.core.config import plain_types
from condor import units
from condor.nested import is_market

MAX_CHOICES = 12
VENUE, PAIR, DIRECTION, SIZE, SETTINGS, LEVELS, EXITS, LIMITS = "venue", "pair", "direction", "size", "settings", "levels", "exits", "risk limits"
SECTIONS = (VENUE, PAIR, DIRECTION, SIZE, SETTINGS, LEVELS, EXITS, LIMITS)
"""Pages of the wizard, in the order in which they are asked."""

_BY_UNIT = {"connector": VENUE, "market": VENUE, "pair": PAIR, "base": SIZE}
_BY_NAME = {"side": DIRECTION, "maker_side": DIRECTION, "total_amount_quote": SIZE, "amount_quote": SIZE, "amounts_quote": SIZE, "leverage": SIZE}
_BY_GROUP = {"levels": LEVELS, "exits": EXITS, "limits": LIMITS}

RATIOS = ("ratio", "ratios", "ratio_list")
MOST_RATIO = Decimal(10)
"""No percentage beyond 1000 % is meant."""
MOST_SECONDS = Decimal(10 * 365 * 86_400)


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far a number may go; `above` and `below` are not allowed themselves."""

    at_least: Decimal | None = None
    above: Decimal | None = None
    at_most: Decimal | None = None
    below: Decimal | None = None

    def holds(self, value: Decimal) -> bool:
        return not (
            (self.at_least is not None and value < self.at_least)
            or (self.above is not None and value <= self.above)
            or (self.at_most is not None and value > self.at_most)
            or (self.below is not None and value >= self.below)
        )


@dataclass(frozen=True, slots=True)
class Question:
    """One field as a question.

    Parameters
    ----------
    unit : str
        How text is read: ratio, ratios, ratio_list, seconds, quote, base, times, pair, connector, market, choice, yes_no, number, numbers, structure, text.
    choices : tuple of str
        Texts to pick from; empty when any text may be typed.
    suggestions : tuple of str
        Texts that are offered beside typing.
    is_optional : bool
        Whether it can be switched off.
    section : str
        Page of the wizard.
    is_required : bool
        Whether it has no default.
    """

    name: str
    prompt: str
    unit: str
    choices: tuple[str, ...] = ()
    suggestions: tuple[str, ...] = ()
    is_optional: bool = False
    is_updatable: bool = False
    section: str = SETTINGS
    bounds: Bounds = Bounds()
    is_required: bool = False

    @property
    def label(self) -> str:
        """The field's name for people."""
        last = self.name.removeprefix("bot.").removeprefix("triple_barrier_config.").replace(".", " ")
        return last.replace("_", " ").removesuffix(" quote").removesuffix(" pct")

    @property
    def range_text(self) -> str:
        """What is allowed, in the question's unit; empty where everything is."""
        low, high = self.bounds.at_least, self.bounds.at_most
        words = []
        if self.bounds.above is not None:
            words.append(f"above {self._shown(self.bounds.above)}")
        elif low is not None:
            words.append(f"from {self._shown(low)}")
        if self.bounds.below is not None:
            words.append(f"below {self._shown(self.bounds.below)}")
        elif high is not None:
            words.append(f"up to {self._shown(high)}")
        return ", ".join(words)

    def _shown(self, value: Decimal) -> str:
        if self.unit in RATIOS:
            return units.ratio_text(value)
        if self.unit == "seconds":
            return units.duration_text(float(value))
        return units.plain(value) + ("x" if self.unit == "times" else "")


def question_of(
    name: str,
    field: FieldInfo,
    extra: Mapping[str, Any],
    markets: Mapping[str, Sequence[str]],
    connector: str | None,
    *,
    is_derived: bool = False,
    is_optional: bool = False,
) -> Question:
    """The question of a field.

    Parameters
    ----------
    name : str
        Dotted where the field is a part's.
    extra : mapping
        Its `json_schema_extra`.
    is_derived : bool
        Whether that was made up here: the model reads no texts of its own then, so lists are lists.
    is_optional : bool
        Whether the whole part may be left out.
    """
    kinds = plain_types(field.annotation)
    unit = "market" if is_market(field.annotation) else str(extra.get("unit", "")) or _unit_of(kinds)
    if is_derived:
        unit = _list_unit(unit, field, kinds)
    prompt = extra["prompt"]
    text = prompt(None) if callable(prompt) else str(prompt)
    return Question(
        name,
        text,
        unit,
        _choices(unit, kinds, markets, connector),
        tuple(str(item) for item in extra.get("suggest", ())),
        is_optional or type(None) in kinds,
        bool(extra.get("is_updatable", False)),
        _section(name, unit, str(extra.get("group", ""))),
        _bounds(unit, field),
        field.is_required() and not is_optional,
    )


def _list_unit(unit: str, field: FieldInfo, kinds: set[Any]) -> str:
    """The unit of a field that may hold several values."""
    if not kinds & {list, tuple, set, dict}:
        return "ratio" if unit == "ratios" else unit
    if unit == "ratios":
        return "ratio_list"
    return "numbers" if unit == "numbers" or (unit == "text" and "Decimal" in str(field.annotation)) else "structure"


def _choices(unit: str, kinds: set[Any], markets: Mapping[str, Sequence[str]], connector: str | None) -> tuple[str, ...]:
    if unit == "connector":
        return tuple(markets)[:MAX_CHOICES]
    if unit == "pair":
        return tuple(markets.get(connector or "", ()) or dict.fromkeys(pair for pairs in markets.values() for pair in pairs))[:MAX_CHOICES]
    if unit == "choice":
        kind = next(kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Enum))
        return tuple(member.name for member in kind if kind.__name__ != "TradeType" or member.name != "RANGE")
    return ("yes", "no") if unit == "yes_no" else ()


def _unit_of(kinds: set[Any]) -> str:
    if bool in kinds:
        return "yes_no"
    if any(isinstance(kind, type) and issubclass(kind, Enum) for kind in kinds):
        return "choice"
    if kinds & {int, float, Decimal}:
        return "number"
    return "text"


def _section(name: str, unit: str, group: str) -> str:
    last = name.rpartition(".")[2]
    return _BY_GROUP.get(group) or _BY_NAME.get(last) or _BY_UNIT.get(unit, SETTINGS)


# ---- how far a value may go ----------------------------------------------------------------------------------------
def _bounds(unit: str, field: FieldInfo) -> Bounds:
    found: dict[str, Decimal] = {}
    for item in (*field.metadata, *_metadata(field.annotation)):
        for kind, key in (
            (annotated_types.Gt, "above"),
            (annotated_types.Ge, "at_least"),
            (annotated_types.Lt, "below"),
            (annotated_types.Le, "at_most"),
        ):
            value = getattr(item, kind.__name__.lower(), None) if isinstance(item, kind) else None
            if isinstance(value, int | float | Decimal):
                found.setdefault(key, Decimal(str(value)))
    if unit in (*RATIOS, "seconds") and not {"below", "at_most"} & set(found):
        found["at_most"] = MOST_SECONDS if unit == "seconds" else MOST_RATIO
    return Bounds(**found)


def _metadata(annotation: Any) -> Iterator[Any]:
    """Constraints anywhere within an annotation: `Annotated[Decimal, Field(gt=0)] | None` has them in its first part."""
    origin = get_origin(annotation)
    if origin is Annotated:
        kind, *items = get_args(annotation)
        for item in items:
            yield from item.metadata if isinstance(item, FieldInfo) else (item,)
        yield from _metadata(kind)
    elif origin in (Union, list, tuple) or type(annotation).__name__ == "UnionType":
        for kind in get_args(annotation):
            yield from _metadata(kind)
