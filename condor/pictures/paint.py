"""From a drawing to a PNG, with matplotlib on its Agg canvas. Only the process that draws imports this."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator
from PIL import Image

from condor.pictures.candles import paint_candles
from condor.pictures.drawings import CandleChart, DayBars, Drawing, Pie, ResultCurve
from condor.pictures.numbers import brief, short
from condor.pictures.parts import DAY_MS, clock, head, right_scale
from condor.pictures.theme import COLOURS, DPI, HEIGHT_IN, SMALL, WIDTH_IN, Colours, style

INKS = 96
"""Colours that a picture is reduced to: a third of the bytes, and nobody sees it."""


def paint(drawing: Drawing) -> bytes:
    """The PNG of a drawing."""
    colours = COLOURS[drawing.theme]
    with mpl.rc_context():
        mpl.rcdefaults()
        settings: Any = mpl.rcParams
        settings.update(style(colours))
        figure = Figure(figsize=(WIDTH_IN, HEIGHT_IN), dpi=DPI, layout="constrained")
        canvas: Any = FigureCanvasAgg(figure)
        PAINTERS[type(drawing.picture)](figure, drawing.picture, colours)
        canvas.draw()
        image = Image.frombytes("RGBA", canvas.get_width_height(), canvas.buffer_rgba()).convert("RGB").quantize(INKS)
    target = io.BytesIO()
    image.save(target, "png", optimize=True)
    return target.getvalue()


def sign_colour(value: float, colours: Colours) -> str:
    return colours.good if value > 0 else colours.bad if value < 0 else colours.ink


def scale(axes: Axes, most: int = 5) -> None:
    """The scale of sums of money."""
    right_scale(axes, brief, MaxNLocator(most, steps=[1, 2, 2.5, 5, 10]))


# ---- results -------------------------------------------------------------------------------------------------------
def paint_curve(figure: Figure, picture: ResultCurve, colours: Colours) -> None:
    """The cumulated result above, what was lost since its best moment below."""
    values, at = list(picture.values), [moment / DAY_MS for moment in picture.at_ms]
    peak, drops = 0.0, []
    for value in values:
        peak = max(peak, value)
        drops.append(value - peak)
    last = values[-1] if values else 0.0
    head(figure, picture.title, f"{short(last, signed=True)} {picture.unit}", sign_colour(last, colours))
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    above.step(at, values, where="post", color=sign_colour(last, colours), linewidth=2.2)
    above.fill_between(at, values, 0, step="post", color=sign_colour(last, colours), alpha=0.16, linewidth=0)
    above.axhline(0, color=colours.soft, linewidth=0.9)
    below.fill_between(at, drops, 0, step="post", color=colours.bad, alpha=0.55, linewidth=0)
    below.set_title(f"drawdown, at worst {short(min(drops, default=0.0))}", loc="left", fontsize=SMALL, color=colours.soft, pad=4)
    scale(above)
    scale(below, most=2)
    if len(at) > 1:
        span_ms = picture.at_ms[-1] - picture.at_ms[0]
        below.xaxis.set_major_locator(MaxNLocator(4))
        below.xaxis.set_major_formatter(FuncFormatter(lambda day, _: clock(day * DAY_MS, span_ms)))
    for axes in (above, below):
        axes.margins(x=0.01)


def paint_days(figure: Figure, picture: DayBars, colours: Colours) -> None:
    """A bar for each day, up or down."""
    total = sum(picture.values)
    head(figure, picture.title, f"{short(total, signed=True)} {picture.unit}", sign_colour(total, colours))
    axes = figure.subplots()
    places = range(len(picture.days))
    bars = axes.bar(places, picture.values, width=0.72, color=[sign_colour(value, colours) for value in picture.values])
    axes.axhline(0, color=colours.soft, linewidth=0.9)
    if len(picture.days) <= 8:
        # the sign stands in words too: colour alone is not enough
        axes.bar_label(bars, [short(value, signed=True) for value in picture.values], padding=3, fontsize=SMALL)
        axes.margins(y=0.16)
    every = max(1, -(-len(picture.days) // 7))
    shown = [place for place in places if (len(picture.days) - 1 - place) % every == 0]
    axes.set_xticks(shown, [picture.days[place] for place in shown])
    axes.set_xlim(-0.7, max(1.0, len(picture.days)) - 0.3)
    scale(axes)


def paint_pie(figure: Figure, picture: Pie, colours: Colours) -> None:
    """A ring with its names and shares beside it."""
    total = sum(value for _, value in picture.slices)
    head(figure, picture.title, f"{short(total)} {picture.unit}", colours.ink)
    axes, words = figure.subplots(1, 2, width_ratios=[1, 1.05])
    inks = [colours.slices[place % len(colours.slices)] for place in range(len(picture.slices))]
    edge = {"width": 0.42, "edgecolor": colours.page, "linewidth": 2}
    axes.set_axis_off()
    if total > 0:
        axes.pie([value for _, value in picture.slices], colors=inks, startangle=90, counterclock=False, wedgeprops=edge)
    words.set_axis_off()
    words.set(xlim=(0, 1), ylim=(0, 1))
    step = min(0.14, 0.98 / max(1, len(picture.slices)))
    top = 0.5 + step * len(picture.slices) / 2
    for place, (name, value) in enumerate(picture.slices):
        height = top - step * (place + 0.5)
        words.plot([0.02], [height], marker="s", markersize=9, color=inks[place])
        words.text(0.1, height, name, va="center")
        words.text(1.0, height, f"{value / total:.1%}" if total else "", va="center", ha="right", fontweight="bold")


PAINTERS: dict[type[Any], Callable[[Figure, Any, Colours], None]] = {
    ResultCurve: paint_curve,
    DayBars: paint_days,
    CandleChart: paint_candles,
    Pie: paint_pie,
}
