"""What every picture has: a line of words above, a scale of values on the right, times below. matplotlib is imported by those that have a figure to hand over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from condor.pictures.theme import SMALL, TITLE

DAY_MS = 86_400_000
GAP = 0.03
"""Between title and outcome, as a share of the width."""


def head(figure: Any, title: str, value: str, colour: str) -> None:
    """The title on the left and the outcome on the right, in one line; a long title is written smaller, a very long one without its middle."""
    outcome = figure.text(0.98, 0.985, value, ha="right", va="top", fontsize=TITLE, fontweight="bold", color=colour)
    words = figure.suptitle(title, x=0.02, ha="left", fontsize=TITLE, fontweight="bold")
    room = outcome.get_window_extent().x0 - GAP * figure.bbox.width
    size = TITLE
    while words.get_window_extent().x1 > room and size > SMALL:
        size -= 0.5
        words.set_fontsize(size)
    kept = len(title)
    while words.get_window_extent().x1 > room and kept > 2:
        kept -= 1
        words.set_text(f"{title[: kept - kept // 2].rstrip()}…{title[len(title) - kept // 2 :].lstrip()}")


def right_scale(axes: Any, form: Callable[[float], str], locator: Any) -> None:
    """The scale of values stands on the right, where the newest one is."""
    axes.yaxis.tick_right()
    axes.yaxis.set_major_locator(locator)
    axes.yaxis.set_major_formatter(lambda value, _: form(value))


def clock(at_ms: float, span_ms: int) -> str:
    """A time as it is written where so much time is shown."""
    form = "%H:%M" if span_ms <= DAY_MS else "%d %b" if span_ms > 4 * DAY_MS else "%d %b %H:%M"
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime(form)
