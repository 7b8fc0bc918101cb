"""`Tasks`: the background work of one part, held fast, brought back when it dies, and gone when the part is closed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

OnFault = Callable[[str, BaseException], None]
"""(what, error): something of ours broke."""


class Tasks:
    """See the module.

    Parameters
    ----------
    on_fault : callable
        Told of every task that died of an error; what it raises itself is ignored.
    pause_s : float
        Before a task that died is started again.
    """

    def __init__(self, on_fault: OnFault, pause_s: float = 1.0) -> None:
        self._on_fault = on_fault
        self._pause_s = pause_s
        # in the order in which they were begun, so that they end in the same order in every run
        self._tasks: dict[asyncio.Task[None], None] = {}

    def __len__(self) -> int:
        return len(self._tasks)

    def keep(self, name: str, work: Callable[[], Awaitable[None]]) -> asyncio.Task[None]:
        """Do work that is never done: when it ends, by an error or not, it is begun again after a pause."""
        return self._start(name, self._again(name, work))

    def once(self, name: str, work: Callable[[], Awaitable[None]]) -> asyncio.Task[None]:
        """Do work that ends; an error of it is told."""
        return self._start(name, self._guarded(name, work))

    async def finish(self) -> None:
        """Wait until all work that ends has ended."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def close(self) -> None:
        """Cancel all and wait for their end."""
        while self._tasks:
            tasks = list(self._tasks)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for task in tasks:
                self._tasks.pop(task, None)

    def _start(self, name: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks[task] = None
        task.add_done_callback(lambda done: self._tasks.pop(done, None))
        return task

    async def _again(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        me = asyncio.current_task()
        while True:
            try:
                await work()
            except Exception as error:  # noqa: BLE001
                if not _is_stepped(me):
                    return
                self.tell(name, error)
            await asyncio.sleep(self._pause_s)

    async def _guarded(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        me = asyncio.current_task()
        try:
            await work()
        except Exception as error:  # noqa: BLE001
            if _is_stepped(me):
                self.tell(name, error)

    def tell(self, name: str, error: BaseException) -> None:
        """Report an error."""
        with contextlib.suppress(Exception):
            self._on_fault(name, error)


def _is_stepped(task: asyncio.Task[None] | None) -> bool:
    """Whether the loop is running this task; not so while its coroutine is closed from outside (its loop is gone): what breaks then is nobody's news."""
    try:
        return asyncio.current_task() is task
    except RuntimeError:
        return False
