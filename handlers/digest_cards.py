"""A digest as a card with its picture. Beside a picture there is less room for words: bots are left out from the end until they fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from condor.alerts.batches import Shape
from condor.alerts.events import Own
from condor.alerts.posting import Post
from condor.pictures.drawings import DayBars, Drawing, Picture, ResultCurve
from condor.services.charts import MODES
from condor.views import Notice
from handlers.alert_cards import post_text
from handlers.html import MAX_CAPTION, Safe, visible_length

MAX_SAFE = MAX_CAPTION - 100
"""What the words may take: the picture's own failure wants a line, too."""


def drawing_of(post: Post) -> Drawing | None:
    """The picture of a digest that is told by itself; other alerts have none."""
    if post.shape is not Shape.PLAIN or len(post.notices) != 1 or post.notices[0].kind != Own.DIGEST:
        return None
    values = post.notices[0].payload.get("picture")
    return None if not values else Drawing(_picture(values, is_weekly=bool(post.notices[0].payload.get("is_weekly"))))


def _picture(values: Mapping[str, Any], *, is_weekly: bool) -> Picture:
    span, unit, mode = "week" if is_weekly else "day", str(values["unit"]), str(values["mode"])
    title = f"Result of the {span} · {MODES.get(mode, mode)}"
    if is_weekly:
        return DayBars(title, unit, tuple(values["days"]), tuple(values["values"]))
    return ResultCurve(title, unit, tuple(values["at_ms"]), tuple(values["values"]))


def caption_of(post: Post) -> Safe:
    """The words of a digest, short enough to stand below its picture."""
    (notice,) = post.notices
    listed = max((len(result.get("bots") or []) for result in notice.payload.get("results") or []), default=0)
    for most in range(listed, -1, -1):
        text = post_text(replace(post, notices=[_with_bots(notice, most)]))
        if visible_length(text) <= MAX_SAFE:
            return text
    return post_text(replace(post, notices=[_with_bots(notice, 0, is_brief=True)]))


def _with_bots(notice: Notice, most: int, *, is_brief: bool = False) -> Notice:
    """The same digest with so many bots of each account; a brief one also leaves out what is counted below the sums."""
    results = []
    for result in notice.payload.get("results") or []:
        bots = result.get("bots") or []
        more_bots = result.get("more_bots", 0) + max(0, len(bots) - most)
        results.append({**result, "bots": bots[:most], "more_bots": more_bots, **({"close_types": {}} if is_brief else {})})
    payload = {**notice.payload, "results": results} | ({"kept": {}, "standing": []} if is_brief else {})
    return replace(notice, payload=payload)
