"""The timer: one APScheduler for clock ticks and status pushes. Jobs are not persisted; what must survive a restart is rebuilt from the tables."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial

from apscheduler.executors.asyncio import AsyncIOExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger


class Scheduler:
    """See the module; every job is async (a plain function would run in a worker thread), never overlaps itself and never piles up."""

    def __init__(self, wall_ms: Callable[[], int]) -> None:
        self._wall_ms = wall_ms
        defaults = {"max_instances": 1, "coalesce": True, "misfire_grace_time": None}
        self._scheduler = AsyncIOScheduler(executors={"default": AsyncIOExecutor()}, job_defaults=defaults, timezone=UTC)
        self._is_over = False

    def start(self) -> None:
        self._scheduler.start()

    def close(self) -> None:
        self._is_over = True
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    def every(self, name: str, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        """Run `work` at every multiple of `seconds` of wall time; replaces a job of that name."""
        now = self._wall_ms() / 1000
        first = datetime.fromtimestamp(math.ceil(now / seconds + 1e-9) * seconds, UTC)
        self._add(name, work, seconds, first)

    def every_from(self, name: str, first_ms: int, seconds: int, work: Callable[[], Awaitable[None]]) -> None:
        """Run `work` every `seconds`, first at a given wall time (at once when that has passed); replaces a job of that name."""
        first = datetime.fromtimestamp(max(first_ms, self._wall_ms() + 50) / 1000, UTC)
        self._add(name, work, seconds, first)

    def _add(self, name: str, work: Callable[[], Awaitable[None]], seconds: float, first: datetime) -> None:
        trigger = IntervalTrigger(seconds=seconds, start_date=first, timezone=UTC)
        self._scheduler.add_job(partial(self._do, work), trigger, id=name, name=name, replace_existing=True)

    async def _do(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except asyncio.CancelledError:
            # at the end of the program work is broken off; the library would log that as a fault
            if not self._is_over:
                raise

    def forget(self, name: str) -> None:
        """Remove a job; ignored when there is none."""
        try:
            self._scheduler.remove_job(name)
        except JobLookupError:
            return
