"""Refreshing: a card that was drawn a moment ago is not drawn again for another tap, and one that has not changed says so."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable

from condor.store.panels import Panel, Token
from handlers import words

EVERY_MS = 1000
"""A card reads its data at most so often, however fast somebody taps."""

KEPT = 512


class Looks:
    """When each card was drawn last, and what it showed."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._last: OrderedDict[str, tuple[int, str]] = OrderedDict()

    def look(self, panel: Panel) -> None:
        """A card is being drawn."""
        self._last[panel.panel_id] = self._now_ms(), _shown(panel.screen, panel.args)
        self._last.move_to_end(panel.panel_id)
        while len(self._last) > KEPT:
            self._last.popitem(last=False)

    def lately(self, panel: Panel, token: Token) -> str | None:
        """What a tap is told that only wants a card again which was drawn a moment ago; None for every other one."""
        if token.action != "show" or panel.panel_id not in self._last:
            return None
        at_ms, shown = self._last[panel.panel_id]
        wanted = _shown(str(token.args.get("screen")), dict(token.args.get("args", {})))
        is_same = shown == wanted == _shown(panel.screen, panel.args)
        return _up_to_date(at_ms) if is_same and 0 <= self._now_ms() - at_ms < EVERY_MS else None

    def up_to_date(self) -> str:
        """What a tap is told that has found nothing new."""
        return _up_to_date(self._now_ms())


def _up_to_date(at_ms: int) -> str:
    return f"up to date {words.time_of_day(at_ms)}"


def _shown(screen: str, args: dict[str, object]) -> str:
    return json.dumps([screen, args], sort_keys=True)
