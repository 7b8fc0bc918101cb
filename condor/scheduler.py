"""The timer: one APScheduler for clock ticks and status pushes. Jobs are not persisted; what must survive a restart is rebuilt from the tables."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

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

    def start(self) -> None:
        self._scheduler.start()

    def close(self) -> None:
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    def every(self, name: str, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        """Run `work` at every multiple of `seconds` of wall time; replaces a job of that name."""
        now = self._wall_ms() / 1000
        first = datetime.fromtimestamp(math.ceil(now / seconds + 1e-9) * seconds, UTC)
        self._scheduler.add_job(work, IntervalTrigger(seconds=seconds, start_date=first, timezone=UTC), id=name, replace_existing=True)

    def every_from(self, name: str, first_ms: int, seconds: int, work: Callable[[], Awaitable[None]]) -> None:
        """Run `work` every `seconds`, first at a given wall time (at once when that has passed); replaces a job of that name."""
        first = datetime.fromtimestamp(max(first_ms, self._wall_ms() + 50) / 1000, UTC)
        self._scheduler.add_job(work, IntervalTrigger(seconds=seconds, start_date=first, timezone=UTC), id=name, replace_existing=True)

    def forget(self, name: str) -> None:
        """Remove a job; ignored when there is none."""
        try:
            self._scheduler.remove_job(name)
        except JobLookupError:
            return
