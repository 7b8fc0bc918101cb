"""Real processes that are stopped: in order while the venue is down (P3), and frozen (P19)."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.crash.world import PAIR, PERP, World

ENDS_IN_S = 25
"""The program's own deadline; docker kills after 10 s only if nobody told it otherwise."""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with closing(World(tmp_path / "home", 3, connectors=[PERP])) as found:
        found.go_live()
        yield found


def test_p3_sigterm_while_the_venue_is_down_ends_in_time_and_says_what_stays(world: World) -> None:
    bot_id = world.start_bot(PERP, PAIR)
    world.wait(lambda: len(world.at(PERP).open_ids()) >= 2, "orders at the venue", 20)
    world.venue.doors[PERP].control("fault", kind="hang", on="*", delay_s=60)
    world.venue.doors[PERP].control("fault", kind="refuse", on="*", status=503)
    world.venue.doors[PERP].control("drop_sockets")
    time.sleep(1.5)
    began = time.monotonic()
    assert world.condor.stop() == 0
    assert time.monotonic() - began < ENDS_IN_S
    payloads = [row[0] for row in world.condor.rows("SELECT payload FROM facts WHERE kind = 'left_behind'")]
    assert len(payloads) == 1 and PAIR in payloads[0]
    # told before it ended: the chat's own database has it
    assert world.condor.rows("SELECT state FROM v_outbox WHERE notice LIKE '%left_behind%'") == [("sent",)]
    world.venue.heal()
    world.condor.start()
    told = world.condor.person().wait_text("Condor ends", "still live")
    assert "nobody watches this until it runs again" in told["text"] and "could not be compared" in told["text"]
    world.wait_live()
    person = world.condor.person()
    world.stop_bot(person, bot_id)
    world.wait(lambda: world.state_of(bot_id) == "stopped", "the bot to stop", 60)
    assert len(world.at(PERP).open_ids()) == 0


def test_p19_a_frozen_process_trusts_nothing_that_waited_for_it(world: World) -> None:
    """It tells that it stood still, compares its account before it opens anything, and does not catch up on the ticks that it missed."""
    world.start_bot(PERP, PAIR)
    world.wait(lambda: len(world.at(PERP).open_ids()) >= 2, "orders at the venue", 20)
    door = world.venue.doors[PERP]
    ticks = world.metric("tick_seconds_count")
    world.condor.signal(signal.SIGSTOP)
    time.sleep(7)
    compared = sum(row["path"].endswith("positionRisk") for row in door.control("requests"))
    world.condor.signal(signal.SIGCONT)
    time.sleep(2)
    # 28 were missed and 8 are due
    assert world.metric("tick_seconds_count") - ticks <= 8 + 6
    person = world.condor.person()
    person.wait_text("Condor stood still for")
    world.wait_live()
    assert sum(row["path"].endswith("positionRisk") for row in door.control("requests")) > compared
    first = [row[0] for row in world.condor.rows("SELECT kind FROM facts WHERE kind IN ('stood_still', 'part_fault', 'position_unaccounted')")]
    assert first == ["stood_still"]
