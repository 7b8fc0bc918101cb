"""P16 with real money in real processes: a controller that holds the interpreter ends the process, and is put aside in the end; what other bots hold is watched all the way."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from tests.crash.world import PERP, SETTINGS, SYMBOL, World, hold_a_position, position

QUIET_S = 4.0
"""More than twice what a step may take before it ends the process."""

FAR = (("buy spreads:", "30%"), ("sell spreads:", "30%"), ("executor refresh time:", "1d"), ("time limit:", "off"))


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("HOSTILE", str(tmp_path / "how"))
    settings = SETTINGS.replace("{debuggers: true}", "{debuggers: true, step_budget: 0.5, step_hard: 1.5}")
    with closing(World(tmp_path / "home", 5, settings=settings, still=True, connectors=[PERP])) as found:
        found.condor.module = "tests.support.hostile_program"
        yield found


def executors(world: World, which: str) -> list[str]:
    return [str(row[0]) for row in world.condor.rows(f"SELECT close_type FROM v_executors WHERE {which}")]


def faults(world: World, bot_id: str) -> int:
    return int(world.condor.rows("SELECT count(*) FROM facts WHERE kind = 'controller_fault' AND bot_id = ?", bot_id)[0][0])


def ends(world: World) -> list[int]:
    """Let the controller misbehave until it is put aside; how the processes ended that asked it."""
    codes: list[int] = []
    while len(codes) < 3:
        world.wait(lambda: world.condor.ended_with() is not None, "the controller to end the process", 20)
        codes.append(world.condor.ended_with() or 0)
        if len(codes) < 3:
            # it may end again before its chat answers
            world.condor.launch()
    world.condor.start()
    return codes


def test_p16_a_controller_that_holds_the_interpreter_is_put_aside_and_stops_of_other_bots_work(world: World, tmp_path: Path) -> None:
    world.go_live()
    hostile = world.start_bot(PERP, "BTC-USDT", FAR, controller="hostile_v1")
    entry = hold_a_position(world)
    (tmp_path / "how").write_text("native")
    assert ends(world) == [-signal.SIGPROF] * 3
    began = time.monotonic()
    world.condor.person().wait_text("A controller was stopped by a fault of its own")
    assert faults(world, hostile) == 3
    world.wait_live()
    assert position(world) > 0 and executors(world, "exposure_base <> '0'") == ["None"], "it came back as it was"
    world.venue.doors[PERP].control("move", symbol=SYMBOL, price=str(round(entry * Decimal("0.96"), 1)))
    world.wait(lambda: position(world) == 0, "the stop of the other bot", 10)
    world.wait(lambda: executors(world, "close_type = 'STOP_LOSS'") == ["STOP_LOSS"], "the executor to end by its stop", 10)
    time.sleep(max(0.0, began + QUIET_S - time.monotonic()))
    assert world.condor.ended_with() is None, "it was not asked again, or this process would be gone too"
    assert world.health()["running_bots"] == 2
    assert world.condor.stop() == 0
