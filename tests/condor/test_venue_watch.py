"""What is told of a session, and how often."""

from __future__ import annotations

import dataclasses

from botcore.model.events import FactKind
from botcore.venues.session_roles import Stage, Standing
from condor.venue_watch import VenueWatch

SECOND_NS = 1_000_000_000
LIVE = Standing(Stage.LIVE, "", 5.0, 0, "")


def told(watch: VenueWatch, second: float, **changes: object) -> list[str]:
    return [kind for kind, _ in watch.look(dataclasses.replace(LIVE, **changes), int(second * SECOND_NS))]  # type: ignore[arg-type]


def test_w3_a_socket_that_is_opened_anew_is_not_told_and_a_venue_that_stays_away_is_told_once() -> None:
    watch = VenueWatch()
    assert told(watch, 0) == []
    assert told(watch, 1, stage=Stage.CONNECTING) == told(watch, 10, stage=Stage.CONNECTING) == []
    assert told(watch, 11) == []
    assert told(watch, 12, stage=Stage.SYNCING) == []
    assert told(watch, 28, stage=Stage.SYNCING) == [FactKind.VENUE_DOWN]
    assert told(watch, 60, stage=Stage.CONNECTING) == []
    assert told(watch, 61) == [FactKind.VENUE_UP]
    assert told(watch, 62) == []


def test_r8_a_ban_is_told_once_with_its_end() -> None:
    watch = VenueWatch()
    ((kind, payload),) = watch.look(dataclasses.replace(LIVE, resting_until_ms=120_000, resting_why="banned"), 0)
    assert (kind, payload["until_ms"]) == (FactKind.VENUE_BANNED, 120_000)
    assert told(watch, 5, resting_until_ms=120_000) == []
    assert told(watch, 6, resting_until_ms=20_000) == []


def test_r12_a_clock_that_is_off_is_told_once_and_again_when_it_is_right() -> None:
    watch = VenueWatch()
    assert told(watch, 0, clock_offset_ms=None) == told(watch, 1, clock_offset_ms=999.0) == []
    assert told(watch, 2, clock_offset_ms=-1500.0) == [FactKind.CLOCK_SKEWED]
    assert told(watch, 3, clock_offset_ms=-1500.0) == told(watch, 4, clock_offset_ms=-700.0) == []
    assert told(watch, 5, clock_offset_ms=20.0) == [FactKind.CLOCK_SKEWED]
    assert told(watch, 6, clock_offset_ms=20.0) == []
