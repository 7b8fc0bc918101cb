"""When a person is told that a venue is away, back, wants quiet, or that its clock and ours differ: once for each, and not for a socket that was opened anew in a
moment."""

from __future__ import annotations

from typing import Any

from botcore.model.events import FactKind
from botcore.venues.session_roles import Stage, Standing

AWAY_NS = 15_000_000_000
QUIET_MS = 30_000
SKEW_MS = 1_000
"""By so much a machine's clock should not be wrong: requests are signed with the venue's time all the same, but everything else on this machine is off."""


class VenueWatch:
    """What was told of one session."""

    def __init__(self) -> None:
        self._away_since_ns: int | None = None
        self._told_away = False
        self._told_quiet_ms = 0
        self._is_skewed = False

    def look(self, view: Standing, now_ns: int) -> list[tuple[str, dict[str, Any]]]:
        """(kind, payload) of every fact that is to be told now."""
        facts: list[tuple[str, dict[str, Any]]] = []
        if view.stage is Stage.LIVE:
            if self._told_away and self._away_since_ns is not None:
                facts.append((FactKind.VENUE_UP, {"after_s": round((now_ns - self._away_since_ns) / 1e9, 1)}))
            self._away_since_ns, self._told_away = None, False
        elif self._away_since_ns is None:
            self._away_since_ns = now_ns
        elif not self._told_away and now_ns - self._away_since_ns >= AWAY_NS:
            self._told_away = True
            facts.append((FactKind.VENUE_DOWN, {"reason": f"{view.stage.value}{f': {view.reason}' if view.reason else ''}"}))
        if view.resting_until_ms > self._told_quiet_ms and view.resting_until_ms - now_ns // 1_000_000 >= QUIET_MS:
            self._told_quiet_ms = view.resting_until_ms
            facts.append((FactKind.VENUE_BANNED, {"until_ms": view.resting_until_ms, "reason": view.resting_why}))
        return facts + self._clock(view.clock_offset_ms)

    def _clock(self, offset_ms: float | None) -> list[tuple[str, dict[str, Any]]]:
        """Told when the difference is large, and again when it has become small."""
        if offset_ms is None or (abs(offset_ms) >= SKEW_MS if self._is_skewed else abs(offset_ms) < SKEW_MS):
            return []
        if self._is_skewed and abs(offset_ms) >= SKEW_MS / 2:
            return []
        self._is_skewed = not self._is_skewed
        return [(FactKind.CLOCK_SKEWED, {"offset_ms": round(offset_ms), "is_over": not self._is_skewed})]
