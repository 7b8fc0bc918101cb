"""Answers: from what a person types to a value of a draft, and back."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import Enum
from typing import Any

import yaml
from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from botcore.model.errors import UserError, nearest
from condor import units
from condor.questions import RATIOS, Question

SIDES = {"LONG": "BUY", "SHORT": "SELL"}
"""What traders say for a side."""
OFF = ("off", "none", "no", "-")


# ---- in -----------------------------------------------------------------------------------------------------------
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
    # where "no" is among the choices it is an answer, not the lack of one
    if question.is_optional and cleaned.lower() in OFF and cleaned.lower() not in map(str.lower, question.choices):
        return None
    try:
        value = _read(question, cleaned, markets, draft)
    except units.Ambiguous as error:
        raise _only_those_that_hold(question, cleaned, error) from None
    except UserError as error:
        if question.range_text and question.range_text not in str(error) and not isinstance(error, PairUnknown):
            raise UserError(f"{error}; allowed: {question.range_text}") from None
        raise
    _check_range(question, value, cleaned)
    return value


def _only_those_that_hold(question: Question, text: str, error: units.Ambiguous) -> UserError:
    """The readings that are allowed; when none is, the range instead of a choice between two faults."""
    held = tuple(reading for reading in error.readings if all(question.bounds.holds(value) for value in _ratio_values(reading)))
    if held:
        return units.Ambiguous(text, held)
    return UserError(f"expected {question.label} {question.range_text or 'as a percentage'}, found {clip_text(text)!r}")


def _ratio_values(text: str) -> list[Decimal]:
    return [units.ratio(part) for part in text.split(",")]


def _check_range(question: Question, value: Any, text: str) -> None:
    """UserError where a number, or one of several, is beyond what is allowed."""
    if question.unit not in (*RATIOS, "seconds", "times", "number", "numbers", "quote", "base"):
        return
    parts = value if isinstance(value, list) else str(value).split(",")
    for part in parts:
        if not question.bounds.holds(Decimal(str(part))):
            raise UserError(f"expected {question.label} {question.range_text}, found {clip_text(text)!r}")


def _read(question: Question, cleaned: str, markets: Mapping[str, Sequence[str]], draft: Mapping[str, Any]) -> Any:
    if question.unit == "ratio":
        return units.plain(units.ratio(cleaned))
    if question.unit == "ratios":
        return _ratios(cleaned)
    if question.unit == "ratio_list":
        return _ratios(cleaned).split(",")
    if question.unit == "numbers":
        return [units.plain(units.amount(part)) for part in cleaned.replace(";", ",").split(",") if part.strip()]
    if question.unit == "seconds":
        return units.duration(cleaned)
    if question.unit in ("quote", "base"):
        return units.plain(units.amount(cleaned))
    if question.unit == "times":
        # a bare x is no number either, and is told as it was typed
        return units.plain(units.number(cleaned.lower().removesuffix("x") or cleaned, "a whole number such as 5"))
    if question.unit == "pair":
        connector = draft.get(question.name.replace("trading_pair", "connector_name"))
        return read_pair(cleaned, markets.get(str(connector), ()) or [pair for pairs in markets.values() for pair in pairs])
    if question.unit == "connector":
        return _one_of(cleaned.lower().replace(" ", "_"), list(markets), "venue")
    if question.unit == "yes_no":
        return _yes_no(cleaned)
    if question.unit == "choice":
        word = cleaned.upper().replace(" ", "_")
        return _one_of(word if word in question.choices else SIDES.get(word, word), list(question.choices), question.label)
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


class Several(UserError):
    """A line of several answers of which some can be meant in more than one way; `offers` are (what is meant, the whole line) of each."""

    def __init__(self, text: str, offers: tuple[tuple[str, str], ...]) -> None:
        super().__init__(text)
        self.offers = offers


class PairUnknown(UserError):
    """A pair that is not to be had; `close` names those that look like it."""

    def __init__(self, text: str, close: tuple[str, ...]) -> None:
        super().__init__(text)
        self.close = close


# ---- out ----------------------------------------------------------------------------------------------------------
def answer_text(question: Question, value: Any) -> str:
    """A draft's value as a person would type it."""
    if value is None or value == "":
        return "off" if question.is_optional else "-"
    if question.unit == "ratio":
        return units.ratio_text(Decimal(str(value)))
    if question.unit in ("ratios", "ratio_list"):
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
    if question.unit == "numbers":
        return ", ".join(units.plain(Decimal(str(item))) for item in value)
    if question.unit == "market":
        market = to_jsonable_python(value)
        return f"{market['connector_name']}:{market['trading_pair']}" if isinstance(market, dict) else str(value)
    if question.unit == "structure" or is_structured(value):
        return value if isinstance(value, str) else yaml.safe_dump(to_jsonable_python(value), default_flow_style=True, width=1_000_000).strip()
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in value)
    if isinstance(value, Enum):
        return value.name
    return str(value)


def is_structured(value: Any) -> bool:
    """Whether a value has parts with names."""
    return isinstance(value, dict | BaseModel) or (isinstance(value, list | tuple) and any(isinstance(item, dict | BaseModel) for item in value))
