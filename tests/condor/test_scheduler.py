"""The timer: what is broken off by the end of the program is no fault; anything else that ends a job is."""

from __future__ import annotations

import asyncio
import logging
import time

import pytest

from condor.scheduler import Scheduler


async def begun(scheduler: Scheduler, fault: BaseException | None = None) -> asyncio.Event:
    """A job is at work: it waits for ever, or meets a fault."""
    working = asyncio.Event()

    async def work() -> None:
        working.set()
        if fault is not None:
            raise fault
        await asyncio.Event().wait()

    scheduler.start()
    scheduler.every_from("a job", 0, 3600, work)
    async with asyncio.timeout(10):
        await working.wait()
    return working


async def test_work_that_the_end_breaks_off_is_no_fault_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    scheduler = Scheduler(lambda: int(time.time() * 1000))
    await begun(scheduler)
    jobs = asyncio.all_tasks() - {asyncio.current_task()}
    scheduler.close()
    await asyncio.wait(jobs, timeout=10)
    assert all(task.done() for task in jobs)
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.mark.parametrize("fault", [ValueError("no such thing"), asyncio.CancelledError("by somebody else")])
async def test_a_fault_of_a_job_is_logged_under_its_name(caplog: pytest.LogCaptureFixture, fault: BaseException) -> None:
    scheduler = Scheduler(lambda: int(time.time() * 1000))
    await begun(scheduler, fault)
    jobs = asyncio.all_tasks() - {asyncio.current_task()}
    await asyncio.gather(*jobs, return_exceptions=True)
    scheduler.close()
    [record] = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert "a job" in record.getMessage()
