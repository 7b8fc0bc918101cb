"""Background work that is held fast, brought back and ended."""

from __future__ import annotations

import asyncio
import gc

from botcore.venues.tasks import Tasks
from tests.support.virtual_loop import settle, virtual


@virtual
async def test_p14_work_that_dies_or_ends_is_told_and_begun_again_after_a_pause() -> None:
    faults: list[str] = []
    starts: list[float] = []

    async def work() -> None:
        starts.append(asyncio.get_running_loop().time())
        if len(starts) % 2:
            raise ValueError(f"death {len(starts)}")

    tasks = Tasks(lambda what, error: faults.append(f"{what}: {error}"), pause_s=2)
    tasks.keep("worker", work)
    await asyncio.sleep(7)
    assert [time - starts[0] for time in starts] == [0, 2, 4, 6]
    assert faults == ["worker: death 1", "worker: death 3"]
    await tasks.close()
    assert len(tasks) == 0


@virtual
async def test_p14_nobody_else_needs_to_hold_a_task() -> None:
    done: list[int] = []

    async def work() -> None:
        event = asyncio.Event()
        asyncio.get_running_loop().call_later(5, event.set)
        await event.wait()
        done.append(1)

    tasks = Tasks(lambda _what, _error: None)
    tasks.once("x", work)
    await settle()
    gc.collect()
    await asyncio.sleep(6)
    assert done == [1] and len(tasks) == 0


def test_p1_work_that_is_closed_without_its_loop_says_nothing() -> None:
    """As when a process is gone in a simulation, or the garbage collector comes after the loop: that is no fault, and there is nobody to begin it again."""
    faults: list[str] = []
    swept: list[str] = []

    async def work() -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            swept.append("x")
            asyncio.get_running_loop()

    tasks = Tasks(lambda what, _error: faults.append(what))
    loop = asyncio.new_event_loop()

    async def begin() -> list[asyncio.Task[None]]:
        begun = [tasks.once("once", work), tasks.keep("keep", work)]
        await asyncio.sleep(0)
        return begun

    for task in loop.run_until_complete(begin()):
        task._log_destroy_pending = False  # type: ignore[attr-defined]
        task.get_coro().close()  # type: ignore[union-attr]
    loop.close()
    assert len(swept) == 2 and faults == []


@virtual
async def test_p14_whoever_is_told_may_break_too() -> None:
    def broken(_what: str, _error: BaseException) -> None:
        raise RuntimeError("nobody listens")

    async def work() -> None:
        raise ValueError("x")

    tasks = Tasks(broken)
    tasks.once("x", work)
    tasks.keep("y", work)
    await asyncio.sleep(3)
    assert len(tasks) == 1
    await tasks.close()


@virtual
async def test_work_that_was_never_begun_is_closed_too() -> None:
    async def work() -> None:
        raise AssertionError("never begun")

    tasks = Tasks(lambda _what, _error: None)
    tasks.once("x", work)
    await tasks.close()
    assert len(tasks) == 0
