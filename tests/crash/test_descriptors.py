"""P13 with real money in a real process: no file descriptor is left while a position is held. The chat answers, an exit is sent, people are told, and it ends by itself."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.crash.world import PERP, World, hold_a_position, position


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with closing(World(tmp_path / "home", 5, still=True, connectors=[PERP])) as found:
        yield found


def warned(world: World) -> list[str]:
    return [str(row[0]) for row in world.condor.rows("SELECT payload FROM facts WHERE kind = 'account_warned' ORDER BY event_id")]


def test_p13_without_descriptors_the_chat_answers_and_an_exit_is_sent(world: World) -> None:
    world.go_live()
    hold_a_position(world)
    ((bot_id,),) = world.condor.rows("SELECT bot_id FROM bots")
    pid = world.condor.pid
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    # the process has what it has, and not one more
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (len(os.listdir(f"/proc/{pid}/fd")), before[1]))
    world.venue.doors[PERP].control("drop_sockets")
    world.wait(lambda: any("no file descriptors are left" in text for text in warned(world)), "the shortage to be told", 15)
    world.stop_bot(world.condor.person(), bot_id)
    world.wait(lambda: position(world) == 0, "the exit", 30)
    assert world.condor.ended_with() is None and world.health()["last_tick_age_s"] < 2
    resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
    world.wait(lambda: any("there are file descriptors again" in text for text in warned(world)), "the end of the shortage", 15)
    world.wait_live()
    time.sleep(1)
    assert "Too many open files" not in (world.condor.home / "stderr.txt").read_text(), "nothing fell over it"
    assert world.condor.stop() == 0
