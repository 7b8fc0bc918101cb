"""What a picture shows, as plain values: they go to the process that draws, and their content is the key under which a picture is kept."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any, Literal

Theme = Literal["dark", "light"]
THEMES: tuple[Theme, ...] = ("dark", "light")


@dataclass(frozen=True, slots=True)
class Mark:
    """A trade in a chart; `kind` is buy or sell."""

    at_ms: int
    price: float
    kind: Literal["buy", "sell"]


@dataclass(frozen=True, slots=True)
class Level:
    """A price across a chart.

    Parameters
    ----------
    kind : str
        entry, exit, profit, loss, bound or grid; grid levels are many, thin and without words.
    """

    price: float
    kind: Literal["entry", "exit", "profit", "loss", "bound", "grid"]
    label: str = ""


@dataclass(frozen=True, slots=True)
class ResultCurve:
    """A cumulated result over time with its drawdown below; starts at 0."""

    title: str
    unit: str
    at_ms: tuple[int, ...]
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class DayBars:
    """The result of each day."""

    title: str
    unit: str
    days: tuple[str, ...]
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class CandleChart:
    """Candles, oldest first, with trades and price levels.

    Parameters
    ----------
    candles : tuple of (open time in ms, open, high, low, close)
    """

    title: str
    candles: tuple[tuple[int, float, float, float, float], ...]
    marks: tuple[Mark, ...] = ()
    levels: tuple[Level, ...] = ()


@dataclass(frozen=True, slots=True)
class Pie:
    """Shares of a whole, largest first."""

    title: str
    unit: str
    slices: tuple[tuple[str, float], ...]


Picture = ResultCurve | DayBars | CandleChart | Pie
KINDS: dict[str, type[Any]] = {kind.__name__: kind for kind in (ResultCurve, DayBars, CandleChart, Pie)}


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture that is wanted."""

    picture: Picture
    theme: Theme = "dark"


def encode(drawing: Drawing) -> bytes:
    """A drawing as JSON: the same values give the same bytes."""
    values = {"kind": type(drawing.picture).__name__, "theme": drawing.theme, "values": asdict(drawing.picture)}
    return json.dumps(values, sort_keys=True, separators=(",", ":")).encode()


def decode(raw: bytes) -> Drawing:
    """What `encode` has made."""
    found = json.loads(raw)
    values = {name: _tuples(value) for name, value in found["values"].items()}
    for name, kind in (("marks", Mark), ("levels", Level)):
        if name in values:
            values[name] = tuple(kind(**item) for item in values[name])
    return Drawing(KINDS[found["kind"]](**values), found["theme"])


def key_of(drawing: Drawing) -> str:
    """The same for the same content."""
    return hashlib.sha256(encode(drawing)).hexdigest()


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value
