"""Two designed themes, the colours of the local page. Nothing of a user's matplotlib settings gets in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Colours:
    """Named by what they are for."""

    page: str
    ink: str
    soft: str
    line: str
    good: str
    bad: str
    accent: str
    entry: str
    bound: str
    slices: tuple[str, ...]


DARK = Colours(
    "#17212b", "#eef3f7", "#9fb1c1", "#2b3a48", "#58c98a", "#ff7b72", "#4aa3e8", "#e8c15a", "#b892e8",
    ("#4aa3e8", "#58c98a", "#e8c15a", "#b892e8", "#ff9f6b", "#5fd0d0", "#e88ab4", "#8195a7"),
)  # fmt: skip
LIGHT = Colours(
    "#ffffff", "#16202a", "#566674", "#dbe2e8", "#23804c", "#c93a3a", "#2074bb", "#a3740b", "#7a4fc0",
    ("#2482cf", "#2e9e62", "#d9a520", "#8a5fd0", "#e07b3c", "#23a3a3", "#cf5a8c", "#8a99a6"),
)  # fmt: skip
COLOURS = {"dark": DARK, "light": LIGHT}

DPI = 200
WIDTH_IN, HEIGHT_IN = 5.4, 3.8
"""1080 by 760 pixels: twice or three times what a phone shows, so that it stays sharp when it is opened."""

TEXT, SMALL, TITLE = 12.0, 10.5, 13.5


def style(colours: Colours) -> dict[str, Any]:
    """Settings of matplotlib for a theme."""
    return {
        "font.family": "DejaVu Sans",
        "font.size": TEXT,
        "figure.facecolor": colours.page,
        "axes.facecolor": colours.page,
        "axes.edgecolor": colours.line,
        "axes.labelcolor": colours.soft,
        "axes.spines.top": False,
        "axes.spines.left": False,
        "axes.axisbelow": True,
        "xtick.color": colours.soft,
        "ytick.color": colours.soft,
        "xtick.labelsize": SMALL,
        "ytick.labelsize": SMALL,
        "xtick.major.size": 0,
        "ytick.major.size": 0,
        "text.color": colours.ink,
        "grid.color": colours.line,
        "grid.linewidth": 0.8,
        "axes.grid": True,
        "axes.grid.axis": "y",
        "text.usetex": False,
        "text.parse_math": False,
    }
