"""Files that wait in the ways of asyncio: done on the spot where no event loop runs, refused with file and line where they really wait."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

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
