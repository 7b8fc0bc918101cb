"""P16: controllers that raise, hang, answer with garbage or want the world, in a whole runtime with the watchdog on it.

Whatever one of them does it is stopped and told, its executors keep their barriers, and its neighbours go on.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from botcore.core.limit import StepLimit
from botcore.executors.base import ExecutorBase
from botcore.model.actions import CreateExecutorAction, ExecutorAction, StopExecutorAction
from botcore.model.enums import CloseType
from botcore.model.errors import ConfigError
from condor.step_watch import StepWatch
from condor.watchdog import Watchdog
from tests.botcore.strategies.test_bot import Config, Opener, position, seat
from tests.support.bench import D, lots_of, spec_of
from tests.support.paper_bench import PaperBench

BUDGET_S = 0.15


@pytest.fixture
def bench() -> Iterator[PaperBench]:
    """A runtime whose steps are limited, by the program's own watchdog."""
    made, ended = PaperBench(), []
    limit = made.clock.stepper.limit = StepLimit(f"its step took longer than {BUDGET_S} s")
    steps = StepWatch(limit, time.monotonic_ns, BUDGET_S, 20, lambda: None, lambda part, why: ended.append((part, why)))
    steps.install()
    dog = Watchdog(time.monotonic_ns, time.monotonic_ns, lambda: None, 1000, steps)
    dog.start()
    try:
        yield made
    finally:
        dog.close()
        steps.remove()
    assert not ended, "nothing here is worth the end of the process"
    assert not limit.is_open


def loops() -> None:
    while True:
        pass


def loops_over_exceptions() -> None:
    while True:
        try:
            raise ValueError
        except Exception:
            continue


def spams() -> None:
    import logging

    logger = logging.getLogger("somebodys")
    logger.propagate = False
    logger.addHandler(logging.NullHandler())
    while True:
        logger.warning("here I am")


def raises(error: BaseException) -> Callable[[], None]:
    def do() -> None:
        raise error

    return do


HANGS: dict[str, Callable[[], Any]] = {
    "loops for ever": loops,
    "catches every Exception in its loop": loops_over_exceptions,
    "does nothing but log": spams,
    "sleeps": lambda: time.sleep(30),
    "never ends its actions": lambda: (action for action in iter(int, 1)),
}

FAULTS: dict[str, tuple[Callable[[], Any], str]] = {
    "raises": (raises(ZeroDivisionError("of the test")), "ZeroDivisionError: of the test"),
    "wants the program to end": (lambda: sys.exit(3), "RuntimeError: raised SystemExit: 3"),
    "cancels whoever calls it": (raises(asyncio.CancelledError()), "RuntimeError: raised CancelledError: "),
    "returns nothing": (lambda: None, "TypeError: "),
    "returns a number": (lambda: 7, "TypeError: "),
    "returns words": (lambda: ["buy", "sell"], "TypeError: expected executor actions, found str"),
    "returns configs without an action": (lambda: [position()], "TypeError: expected executor actions, found PositionExecutorConfig"),
    "returns far too many actions": (
        lambda: [StopExecutorAction(executor_id="x")] * 10_001,
        "ValueError: expected at most 10000 actions of one step, found more",
    ),
    "wants what is no number": (lambda: [position(amount="NaN")], "ValidationError: 1 validation error"),
    "recurses": (lambda: (lambda again: again(again))(lambda again: again(again)), "RecursionError: maximum recursion depth exceeded"),
    "runs out of memory": (raises(MemoryError()), "MemoryError: "),
}


def hostile(what: Callable[[], Any]) -> type[Opener]:
    class Hostile(Opener):
        def determine_executor_actions(self) -> Any:
            actions = super().determine_executor_actions()
            return what() if self.asked == 3 else actions

    return Hostile


def check(bench: PaperBench, what: Callable[[], Any]) -> str:
    """Let one do it beside a neighbour in its bot and another bot; returns what was told."""
    sick = bench.bot(seat(hostile(what), "sick"), seat(Opener, "neighbour"), bot_id="sick-bot")
    well = bench.bot(seat(Opener, "well"), bot_id="well-bot")
    bench.settle(6)
    (fault,) = bench.records.faults
    assert (fault.kind, fault.bot_id, fault.controller_id) == ("controller_fault", "sick-bot", "sick")
    raiser, neighbour, other = sick.controllers[0], sick.controllers[1], well.controllers[0]
    assert raiser.asked == 3 and neighbour.asked == other.asked == 6
    assert sick.seats[0].fault == fault.error
    bench.price(94)
    bench.settle()
    for orchestrator in (sick.orchestrator, well.orchestrator):
        assert set(orchestrator.report().close_type_counts) == {CloseType.STOP_LOSS}, "barriers hold, whoever has opened the position"
    assert bench.part_faults == []
    return str(fault.error)


@pytest.mark.parametrize("how", HANGS)
def test_p16_a_controller_that_hangs_is_broken_off(bench: PaperBench, how: str) -> None:
    told = check(bench, HANGS[how])
    assert told.startswith("StepOverrun: its step took longer than 0.15 s; it stood in ") or how == "never ends its actions"


@pytest.mark.parametrize("how", FAULTS)
def test_p16_a_controller_that_does_what_it_should_not_is_stopped(bench: PaperBench, how: str) -> None:
    what, text = FAULTS[how]
    assert check(bench, what).startswith(text)


def test_p16_a_controller_that_swallows_it_once_is_broken_off_again(bench: PaperBench) -> None:
    def swallows() -> None:
        try:
            loops()
        except BaseException:
            loops()

    assert check(bench, swallows).startswith("StepOverrun")


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-1", "1e400"])
def test_p16_a_config_that_holds_no_number_sends_nothing_and_harms_nobody_else(bench: PaperBench, text: str) -> None:
    """Made past validation, as only code can."""

    class Nan(Opener):
        def decide(self) -> list[ExecutorAction]:
            return [CreateExecutorAction(controller_id=self.id, executor_config=position().model_copy(update={"amount": D(text)}))]

    sick, well = bench.bot(seat(Nan), bot_id="sick"), bench.bot(seat(Opener), bot_id="well")
    bench.settle(6)
    assert [len(bot.orchestrator.running) for bot in (sick, well)] == [0, 1]
    assert sick.seats[0].fault or {info.close_type for info in sick.orchestrator.shelf("main").infos} == {CloseType.FAILED}
    assert [order.request.lots for order in bench.records.submitted] == [lots_of(bench.instrument, 1)] and bench.part_faults == []


@pytest.mark.parametrize("where", ["__init__", "get_candles_config"])
@pytest.mark.parametrize("what", [loops, raises(ZeroDivisionError("of the test")), raises(KeyError("x"))])
def test_p16_one_that_can_not_even_be_built_is_refused_in_a_sentence(bench: PaperBench, where: str, what: Callable[[], None]) -> None:
    kind = type("Unbuilt", (Opener,), {where: lambda self, *_: what()})
    with pytest.raises(ConfigError, match=r"controller of_test can't be built: (StepOverrun|ZeroDivisionError|KeyError): "):
        bench.runtime.build_bot("bot", [(spec_of(kind, Config), Config(id="main"))])
    assert bench.runtime.bots == []


class Stuck(ExecutorBase[Any]):
    """An executor of somebody's that sends an order and hangs in its second step."""

    steps = 0

    def refusal(self, now_ns: int) -> None:
        return None

    def on_tick(self, now_ns: int) -> None:
        self.steps += 1
        if self.steps == 2:
            loops()

    def on_order(self, event: Any) -> None: ...

    def stop(self, now_ns: int, keep_position: bool = False) -> None: ...

    def abandon(self, now_ns: int, reason: str, close_type: CloseType | None = None) -> None:
        loops()

    def held_fills(self) -> list[Any]:
        return []

    def net_pnl_quote(self) -> Any:
        return D(0)

    net_pnl_pct = cum_fees_quote = filled_amount_quote = net_pnl_quote

    def custom_info(self) -> dict[str, Any]:
        return {}


def test_p16_an_executor_that_hangs_even_when_it_is_abandoned_is_buried_and_the_others_are_stepped(bench: PaperBench) -> None:
    sick, well = bench.bot(seat(Opener), bot_id="sick"), bench.bot(seat(Opener), bot_id="well")
    sick.orchestrator._factories["position_executor"] = Stuck
    bench.settle(6)
    (fault,) = bench.records.faults
    assert (fault.kind, fault.bot_id) == ("executor_fault", "sick") and fault.error.startswith("StepOverrun")
    assert sick.orchestrator.running == () and sick.orchestrator.report().close_type_counts == {CloseType.FAILED: 1}
    assert sick.controllers[0].asked == well.controllers[0].asked == 6
    bench.price(94)
    bench.settle()
    assert well.orchestrator.report().close_type_counts == {CloseType.STOP_LOSS: 1}


def test_p16_a_controller_that_is_benched_is_not_asked_and_its_executors_go_on(bench: PaperBench) -> None:
    bot = bench.bot(seat(Opener, "benched"), seat(Opener, "other"))
    bench.settle(3)
    bot.bench("benched", "stopped 3 times")
    bench.settle(3)
    assert [controller.asked for controller in bot.controllers] == [3, 6]
    assert [one.fault for one in bot.seats] == ["stopped 3 times", ""]
    assert len(bot.orchestrator.running) == 2 and bench.records.faults == []
