"""Files that wait in the ways of asyncio: done on the spot where no event loop runs, refused with file and line where they really wait."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from botcore.compat.stepping import Step, within
from botcore.compat.tools import Waits, wait_til
from condor.waiting import LoopWaiter
from tests.support.paper_bench import PaperBench
from tests.support.user_code import HOME, WHERE, Stage

FILE = "controllers/generic/many_ways.py"
WAYS = ["wait", "as_completed", "timeout", "in_executor", "in_threads", "group", "shielded", "queue", "errors_are_kept"]


@pytest.mark.parametrize("way", WAYS)
def test_what_does_not_really_wait_is_done_on_the_spot(way: str, tmp_path: Path) -> None:
    stage = Stage("many_ways", tmp_path, **WHERE, way=way)
    stage.tick()
    assert stage.controller.processed_data["prices"] == [100, 100]


@pytest.mark.parametrize("way", WAYS)
async def test_the_same_file_waits_in_the_loop_where_one_runs(way: str, tmp_path: Path) -> None:
    bench = PaperBench()
    bench.runtime._waiter = LoopWaiter()
    stage = Stage("many_ways", tmp_path, bench, **WHERE, way=way)
    for _ in range(1000):
        stage.tick()
        await asyncio.sleep(0.001)
        if "prices" in stage.controller.processed_data:
            break
    assert stage.controller.processed_data["prices"] == [100, 100]


@pytest.mark.parametrize(
    ("way", "line", "what"),
    [
        ("naps", "await asyncio.sleep(1)", "sleeps 1 s"),
        ("naps_in_a_group", "await asyncio.sleep(1)", "sleeps 1 s"),
        ("empty_queue", "await asyncio.Queue().get()", "waits for something that is not there yet"),
        ("never_set", "await asyncio.Event().wait()", "waits for something that is not there yet"),
        ("future", "create_future()", "makes a future for somebody else to complete"),
        ("later", "call_later(5", "wants to be called in 5 s"),
    ],
)
def test_what_really_waits_is_refused_with_file_and_line(way: str, line: str, what: str, tmp_path: Path) -> None:
    stage = Stage("many_ways", tmp_path, **WHERE, way=way)
    stage.bench.tick()
    number = next(at for at, text in enumerate((HOME / FILE).read_text().splitlines(), start=1) if line in text)
    (fault,) = stage.faults
    assert fault == f"Waits: {FILE}:{number}: {what}, which is possible live and on paper, not in a backtest"


def test_monotonic_time_is_the_markets_in_a_step(tmp_path: Path) -> None:
    stage = Stage("many_ways", tmp_path, **WHERE)
    stage.tick()
    first = stage.controller.processed_data["at"]
    assert first == stage.controller.market_data_provider.time()
    stage.tick(60)
    assert stage.controller.processed_data["at"] == first + 60


def test_a_fault_of_the_file_itself_is_no_wait(tmp_path: Path) -> None:
    stage = Stage("many_ways", tmp_path, **WHERE, way="broken")
    stage.bench.tick()
    assert re.fullmatch("LookupError: nobody knows the price", stage.faults[0])


class Clicks(LoopWaiter):
    """Time that only counts how much of it was asked for."""

    def __init__(self) -> None:
        self.paused: list[float] = []

    async def pause(self, seconds: float) -> None:
        self.paused.append(seconds)
        await asyncio.sleep(0)


async def test_wait_til_looks_again_and_again_until_it_is_so_or_its_time_is_over() -> None:
    clicks, looks = Clicks(), iter([False, False, True])
    with within(Step(None, SimpleNamespace(time=float), clicks)):
        await wait_til(lambda: next(looks))
        assert clicks.paused == [0.1, 0.1]
        with pytest.raises(TimeoutError, match=r"not met in 0\.3 s"):
            await wait_til(lambda: False, 0.3)
    assert sum(clicks.paused) == pytest.approx(0.5)
    with within(Step(None, SimpleNamespace(time=float), None)):
        await wait_til(lambda: True)
        with pytest.raises(Waits, match="waits for a condition"):
            await wait_til(lambda: False)
