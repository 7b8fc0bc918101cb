"""Reads what a venue sent: JSON whose every field is checked, and an error that names the field.

Two readers of JSON. `strict` is for money (orders, executions, balances): a key that stands twice, NaN and Infinity are refused and no number passes through a
float. `quick` is for what comes often or is large (market streams, rules); prices come as texts there, so nothing is lost.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import orjson

from botcore.venues.dialect import Unreadable

Row = Mapping[str, Any]

NUMBER: Final = re.compile(r"-?[0-9]{1,28}(?:\.[0-9]{1,28})?(?:[eE][+-]?[0-9]{1,2})?")
"""No NaN, no underscore, no foreign digits, and no exponent that could make an integer without end."""

MOST: Final = Decimal(10) ** 30
MAX_INT64: Final = 2**63 - 1
MAX_MS: Final = 10**14
"""Year 5138; above that it is not milliseconds."""


# ---- JSON ------------------------------------------------------------------------------------------------------------
def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise Unreadable(f"the key {short(key)} stands twice")
            seen.add(key)
    return found


def _constant(name: str) -> Any:
    raise Unreadable(f"{name} is no number")


def strict(body: bytes) -> Any:
    """Parse JSON of which every number and key counts.

    Raises
    ------
    Unreadable
        If it is not JSON, has NaN, or names a key twice.
    """
    try:
        return json.loads(body.decode("utf-8"), object_pairs_hook=_pairs, parse_float=Decimal, parse_constant=_constant)
    except Unreadable:
        raise
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise Unreadable(f"not JSON ({_position(error)}): {short(body)}") from None


def quick(body: bytes) -> Any:
    """Parse JSON fast.

    Raises
    ------
    Unreadable
        If it is not JSON.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Unreadable(f"not JSON ({_position(error)}): {short(body)}") from None


def _position(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at {error.pos}"
    return type(error).__name__


def short(found: object, limit: int = 60) -> str:
    """What was found, on one line, cut, without control characters; for texts of errors."""
    text = found[: limit * 2].decode("utf-8", "replace") if isinstance(found, bytes) else repr(found)[: limit * 2]
    text = "".join(char if char.isprintable() else " " for char in text)
    return text if len(text) <= limit else text[:limit] + "..."


# ---- shapes ----------------------------------------------------------------------------------------------------------
def as_row(found: Any, what: str) -> Row:
    """An object.

    Raises
    ------
    Unreadable
        If it is anything else.
    """
    if type(found) is not dict:
        raise Unreadable(f"{what}: expected an object, found {short(found)}")
    return found


def as_rows(found: Any, what: str) -> list[Row]:
    """A list of objects.

    Raises
    ------
    Unreadable
        If it is anything else, or one item is.
    """
    if type(found) is not list:
        raise Unreadable(f"{what}: expected a list, found {short(found)}")
    return [as_row(item, what) for item in found]


def inner(row: Row, key: str) -> Row:
    """The object under a key."""
    return as_row(_value(row, key), key)


def inners(row: Row, key: str) -> list[Row]:
    """The list of objects under a key."""
    return as_rows(_value(row, key), key)


def _value(row: Row, key: str) -> Any:
    try:
        return row[key]
    except KeyError:
        raise Unreadable(f"{key}: missing in {short(dict(row))}") from None


# ---- fields ------------------------------------------------------------------------------------------------------------
def text(row: Row, key: str) -> str:
    """A text that is not empty."""
    found = _value(row, key)
    if type(found) is not str or not found:
        raise Unreadable(f"{key}: expected a text, found {short(found)}")
    return found


def any_text(row: Row, key: str) -> str:
    """A text, also an empty one."""
    found = _value(row, key)
    if type(found) is not str:
        raise Unreadable(f"{key}: expected a text, found {short(found)}")
    return found


def maybe_text(row: Row, key: str) -> str:
    """A text; '' when the key is missing, null or no text."""
    found = row.get(key)
    return found if type(found) is str else ""


def number(row: Row, key: str) -> Decimal:
    """A finite number, written as text or plain."""
    return as_number(_value(row, key), key)


def as_number(found: Any, key: str) -> Decimal:
    """`found` as an exact number; a float (only `quick` makes those) as it would be printed."""
    kind = type(found)
    if kind is str:
        if NUMBER.fullmatch(found) is None:
            raise Unreadable(f"{key}: expected a number, found {short(found)}")
        read = Decimal(found)
    elif kind is int or kind is Decimal:
        read = Decimal(found)
    elif kind is float:
        read = Decimal(repr(found))
    else:
        raise Unreadable(f"{key}: expected a number, found {short(found)}")
    if not read.is_finite() or read.adjusted() < -40 or abs(read) > MOST:
        raise Unreadable(f"{key}: {short(found)} is out of range")
    return read


def positive(row: Row, key: str) -> Decimal:
    """A number above zero."""
    read = number(row, key)
    if read <= 0:
        raise Unreadable(f"{key}: expected a number above zero, found {read}")
    return read


def not_negative(row: Row, key: str) -> Decimal:
    """A number of zero or more."""
    read = number(row, key)
    if read < 0:
        raise Unreadable(f"{key}: expected zero or more, found {read}")
    return read


def whole(row: Row, key: str) -> int:
    """An integer of 64 bits."""
    found = _value(row, key)
    if type(found) is not int or not -MAX_INT64 <= found <= MAX_INT64:
        raise Unreadable(f"{key}: expected a whole number, found {short(found)}")
    return found


def ident(row: Row, key: str) -> str:
    """An id, written as a number or a text, as text."""
    found = _value(row, key)
    if type(found) is int and 0 <= found <= MAX_INT64:
        return str(found)
    if type(found) is str and found:
        return found
    raise Unreadable(f"{key}: expected an id, found {short(found)}")


def flag(row: Row, key: str) -> bool:
    """true or false."""
    found = _value(row, key)
    if type(found) is not bool:
        raise Unreadable(f"{key}: expected true or false, found {short(found)}")
    return found


def ms(row: Row, key: str) -> int:
    """A time in milliseconds since 1970."""
    found = whole(row, key)
    if not 0 <= found <= MAX_MS:
        raise Unreadable(f"{key}: expected milliseconds since 1970, found {found}")
    return found


def time_ns(row: Row, *keys: str) -> int:
    """A time in nanoseconds, from the first of some keys that the row has."""
    for key in keys:
        if key in row:
            return ms(row, key) * 1_000_000
    raise Unreadable(f"{keys[0]}: missing in {short(dict(row))}")
