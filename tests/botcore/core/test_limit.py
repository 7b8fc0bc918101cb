"""P16: a step is broken off only while it is the one that took too long, only in its own code, and never in what the core does for it."""

from __future__ import annotations

from typing import Any

import pytest

from botcore.core.limit import StepLimit
from botcore.core.steps import Stepper
from botcore.model.errors import StepOverrun, TickTimeout

USER = "somebodys_controller"


def due(limit: StepLimit) -> bool:
    """Whether the step is broken off here."""
    try:
        limit.answer(USER)
    except TickTimeout:
        return True
    return False


def test_p16_nothing_is_broken_off_that_nobody_has_asked_to_end() -> None:
    limit = StepLimit()
    assert not due(limit)
    limit.enter("part")
    assert not due(limit)
    limit.demand(limit.serial)
    assert due(limit) and limit.raised == 1
    assert not due(limit), "it is asked once for each time"


def test_p16_a_demand_that_comes_too_late_hits_neither_the_core_nor_the_next_part() -> None:
    limit = StepLimit()
    limit.enter("slow")
    late = limit.serial
    limit.leave()
    limit.demand(late)
    assert not due(limit)
    limit.enter("next")
    assert not due(limit) and limit.serial != late and limit.part == "next"


def test_p16_a_step_inside_a_step_counts_as_part_of_it() -> None:
    limit = StepLimit()
    limit.enter("outer")
    serial = limit.serial
    for _ in range(5):
        limit.enter("inner")
        assert (limit.serial, limit.part, limit.is_open) == (serial, "outer", True)
        limit.leave()
    assert limit.is_open, "a part that keeps causing small steps does not hide its own length"
    limit.leave()
    assert not limit.is_open


def test_p16_what_the_core_does_for_a_part_is_shielded() -> None:
    limit = StepLimit()
    limit.enter("part")
    limit.demand(limit.serial)
    limit.shield()
    limit.shield()
    limit.unshield()
    assert not due(limit)
    limit.unshield()
    assert due(limit)


@pytest.mark.parametrize("module", ["botcore.recorder.journal", "botcore.core.steps", "condor.logs", "handlers.gate"])
def test_p16_code_that_keeps_books_is_never_broken_off(module: str) -> None:
    limit = StepLimit()
    limit.enter("part")
    for insist in (False, True):
        limit.demand(limit.serial, insist)
        limit.answer(module)
    assert due(limit), "and the demand stands"


@pytest.mark.parametrize("module", ["logging", "logging.handlers", "threading", "queue", "concurrent.futures._base"])
def test_p16_code_that_holds_locks_is_broken_off_only_when_nothing_else_is_left(module: str) -> None:
    limit = StepLimit()
    limit.enter("part")
    limit.demand(limit.serial)
    limit.answer(module)
    limit.demand(limit.serial, insist=True)
    with pytest.raises(TickTimeout):
        limit.answer(module)


@pytest.mark.parametrize(
    "module", ["", "loggingly", "condor_of_mine", "pandas.core.frame", "botcore.controllers.pmm_simple", "botcore.executors.position"]
)
def test_p16_parts_code_is_broken_off(module: str) -> None:
    limit = StepLimit("took 2 s")
    limit.enter("part")
    limit.demand(limit.serial)
    with pytest.raises(TickTimeout, match="took 2 s"):
        limit.answer(module)


class Part:
    """Its step goes on until it is broken off, as the signal would do it."""

    def __init__(self, limit: StepLimit) -> None:
        self.limit = limit
        self.faults: list[Exception] = []

    def on_tick(self, now_ns: int) -> None:
        try:
            self.limit.demand(self.limit.serial)
            self.limit.answer(USER)
        except Exception:
            raise AssertionError("a part must not be able to catch it by accident") from None

    def on_order(self, event: Any) -> None:
        self.on_tick(0)

    def on_fault(self, error: Exception) -> None:
        self.faults.append(error)


class Well:
    stepped = 0

    def on_tick(self, now_ns: int) -> None:
        self.stepped += 1


def test_p16_the_door_turns_it_into_the_parts_fault_and_the_others_are_stepped() -> None:
    limit = StepLimit("its step took longer than 2 s")
    stepper, sick, well, faults = Stepper(limit), Part(limit), Well(), []
    stepper.step_limited([sick, well, sick, well], 1, lambda part, error: faults.append((part, error)))
    assert [part for part, _ in faults] == [sick, sick] and well.stepped == 2
    error = faults[0][1]
    assert isinstance(error, StepOverrun) and str(error).startswith("its step took longer than 2 s; it stood in on_tick, line ")
    assert not limit.is_open


def test_p16_every_door_ends_the_step_whichever_way_it_ended() -> None:
    limit = StepLimit()
    stepper, part, faults = Stepper(limit), Part(limit), []
    stepper.deliver(part, "filled")
    assert [type(error) for error in part.faults] == [StepOverrun] and not limit.is_open
    stepper.guard_limited(part, lambda _, error: faults.append(type(error)), part.on_tick, 1)
    stepper.guard_limited(part, lambda _, error: faults.append(type(error)), int, "x")
    assert faults == [StepOverrun, ValueError] and not limit.is_open
    assert stepper.limited(part, int, "7") == 7 and not limit.is_open

    class Ends:
        def on_tick(self, now_ns: int) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stepper.step_limited([Ends()], 1, lambda *_: None)
    assert not limit.is_open


def test_p16_without_a_limit_steps_are_as_they_were() -> None:
    stepper, well, faults = Stepper(), Well(), []
    stepper.step_limited([well, well], 1, lambda part, error: faults.append(part))
    assert well.stepped == 2 and stepper.limited(well, int, "7") == 7 and not faults
    stepper.shield()
    stepper.unshield()
