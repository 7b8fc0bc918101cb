"""P16 in a real process: a controller that can't be broken off ends the process with a code of its own; the next start tells it, and does not ask it for ever."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from condor.black_box import EXIT_STUCK
from tests.support.instance import FAST, Instance

SETTINGS = FAST + "runtime: {step_budget: 0.5, step_hard: 2}\n"


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Instance]:
    made = Instance(tmp_path, SETTINGS, HOSTILE=str(tmp_path / "how"))
    made.module = "tests.support.hostile_program"
    yield made
    made.kill()


def faults(instance: Instance) -> list[str]:
    return [
        str(error)
        for (error,) in instance.rows("select json_extract(payload, '$.error') from facts where kind = 'controller_fault' order by event_id")
    ]


def order(instance: Instance, how: str) -> None:
    draft = instance.home / "how.new"
    draft.write_text(how)
    draft.replace(instance.home / "how")


def died(instance: Instance) -> int:
    assert instance._process is not None
    code = instance._process.wait(60)
    instance._process = None
    return code


def test_p16_a_controller_that_hangs_is_stopped_and_told_and_the_program_goes_on(instance: Instance) -> None:
    person = instance.start().person()
    person.start_bot("hostile_v1")
    order(instance, "loop")
    person.wait_text(
        "A controller was stopped by a fault of its own", "StepOverrun: its step took longer than 0.5 s; it stood in update_processed_data"
    )
    assert instance.health()["running_bots"] == 1
    assert instance.stop() == 0
    assert list((instance.home / "data" / "crash").glob("*.txt")) == []


@pytest.mark.parametrize(("how", "code"), [("swallow", EXIT_STUCK), ("native", -signal.SIGPROF)])
def test_p16_what_can_not_be_broken_off_ends_the_process_and_three_times_is_enough(instance: Instance, how: str, code: int) -> None:
    instance.start().person().start_bot("hostile_v1")
    order(instance, how)
    for count in range(1, 4):
        assert died(instance) == code, (instance.home / "stderr.txt").read_text()[-3000:]
        instance.launch() if count < 3 else instance.start()
    person = instance.person()
    person.wait_text("A controller was stopped by a fault of its own", "had to be ended and was started again")
    assert len(faults(instance)) == 3
    (bot,) = [row[0] for row in instance.rows("select bot_id from bots")]
    assert "stopped 3 times" in (instance.home / "logs" / "condor.log").read_text()
    assert instance.health()["running_bots"] == 1, "and its executors are watched"
    stacks = [path.read_text() for path in (instance.home / "data" / "crash").glob("*.told")]
    assert len(stacks) == 3 and all("update_processed_data" in text for text in stacks) and bot
    assert instance.stop() == 0
