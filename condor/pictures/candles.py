"""Candles with what was done there: entries, exits, barriers, grid levels."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from condor.pictures.drawings import CandleChart, Level, Mark
from condor.pictures.numbers import price
from condor.pictures.parts import clock, head, right_scale
from condor.pictures.theme import SMALL, Colours

WORDS_AT = 0.07
"""Labels of levels stand at least this share of the height apart."""


def paint_candles(figure: Figure, picture: CandleChart, colours: Colours) -> None:
    """See the module; the scale of prices stands on the right, labels of levels on the left."""
    head(figure, picture.title, price(picture.candles[-1][4]), colours.ink)
    axes = figure.subplots()
    _candles(axes, picture, colours)
    low, high = _range(picture)
    axes.set_ylim(low, high)
    count = len(picture.candles)
    axes.set_xlim(-1, max(count, 12) + 0.5)
    _levels(axes, picture.levels, colours, low, high)
    _marks(axes, picture, colours)
    _scales(axes, picture)


def _candles(axes: Axes, picture: CandleChart, colours: Colours) -> None:
    inks = [colours.good if close >= opened else colours.bad for _, opened, _, _, close in picture.candles]
    wicks = [[(place, low), (place, high)] for place, (_, _, high, low, _) in enumerate(picture.candles)]
    axes.add_collection(LineCollection(wicks, colors=inks, linewidths=1.0))
    tall = max(high for _, _, high, _, _ in picture.candles) - min(low for _, _, _, low, _ in picture.candles)
    thin = tall * 0.002
    bodies = []
    for place, (_, opened, _, _, close) in enumerate(picture.candles):
        bottom, top = sorted((opened, close))
        top = max(top, bottom + thin)
        bodies.append([(place - 0.36, bottom), (place - 0.36, top), (place + 0.36, top), (place + 0.36, bottom)])
    axes.add_collection(PolyCollection(bodies, facecolors=inks, edgecolors="none"))


def _range(picture: CandleChart) -> tuple[float, float]:
    """Everything that is shown, and a little room."""
    shown = [price for _, _, high, low, _ in picture.candles for price in (high, low)]
    shown += [level.price for level in picture.levels] + [mark.price for mark in picture.marks]
    low, high = min(shown), max(shown)
    room = (high - low) * 0.06 or abs(high) * 0.001 or 1.0
    return low - room, high + room


def _levels(axes: Axes, levels: Sequence[Level], colours: Colours, low: float, high: float) -> None:
    inks = {
        "entry": colours.entry,
        "exit": colours.accent,
        "profit": colours.good,
        "loss": colours.bad,
        "bound": colours.bound,
        "grid": colours.accent,
    }
    for level in levels:
        if level.kind == "grid":
            axes.axhline(level.price, color=inks["grid"], linewidth=0.7, alpha=0.6)
        else:
            axes.axhline(level.price, color=inks[level.kind], linewidth=1.5, linestyle=(0, (5, 3)))
    named = sorted((level for level in levels if level.label), key=lambda level: level.price)
    for level, height in zip(named, _apart([(level.price - low) / (high - low) for level in named]), strict=True):
        ink = inks[level.kind]
        box = {"boxstyle": "round,pad=0.2", "facecolor": colours.page, "edgecolor": ink, "linewidth": 1.0, "alpha": 0.92}
        axes.text(0.01, height, level.label, transform=axes.transAxes, va="center", fontsize=SMALL, color=ink, bbox=box, zorder=6)


def _apart(heights: Sequence[float]) -> list[float]:
    """Heights in the same order, lowest first, moved so that labels do not cover each other."""
    found: list[float] = []
    for height in heights:
        found.append(max(height, found[-1] + WORDS_AT) if found else max(height, WORDS_AT / 2))
    ceiling = 1 - WORDS_AT / 2
    for place in reversed(range(len(found))):
        found[place] = min(found[place], ceiling)
        ceiling = found[place] - WORDS_AT
    return found


def _marks(axes: Axes, picture: CandleChart, colours: Colours) -> None:
    for mark in picture.marks:
        place = _place(picture, mark)
        if place is None:
            continue
        shape, ink = ("^", colours.good) if mark.kind == "buy" else ("v", colours.bad)
        axes.plot([place], [mark.price], marker=shape, markersize=10, color=ink, markeredgecolor=colours.ink, markeredgewidth=1.0, zorder=5)


def _place(picture: CandleChart, mark: Mark) -> float | None:
    """Where a moment is among the candles; None when it is before them."""
    times = [candle[0] for candle in picture.candles]
    if mark.at_ms < times[0]:
        return None
    before = sum(at <= mark.at_ms for at in times) - 1
    return float(min(before, len(times) - 1))


def _scales(axes: Axes, picture: CandleChart) -> None:
    right_scale(axes, price, MaxNLocator(5))
    times = [candle[0] for candle in picture.candles]

    def word(place: float, _: object) -> str:
        at = round(place)
        return clock(times[at], times[-1] - times[0]) if 0 <= at < len(times) else ""

    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(word))
