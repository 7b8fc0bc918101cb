"""`LoopWaiter`: lets a controller's coroutine that really waits go on in the event loop that turns the clock."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator
from typing import Any


class LoopWaiter:
    """Implements `botcore.controllers.waiting.Waiter`; call within a running event loop."""

    def begin(self, coroutine: Coroutine[Any, Any, Any]) -> LoopWait:
        """Run a coroutine to the first point at which it really waits.

        While its first stretch runs within the tick, the current task is its own: a timeout that it sets must end it, not the task that turns the clock.
        """
        loop = asyncio.get_running_loop()
        rest = _Rest(coroutine)
        task: asyncio.Task[None] = loop.create_task(rest.run())
        ticking = asyncio.current_task(loop)
        _swap(loop, ticking, task)
        try:
            rest.first()
        finally:
            _swap(loop, task, ticking)
        return LoopWait(rest, task)

    async def pause(self, seconds: float) -> None:
        """Let time go by."""
        await asyncio.sleep(seconds)


class LoopWait:
    """A coroutine that was begun within a tick and may go on in the event loop."""

    def __init__(self, rest: _Rest, task: asyncio.Task[None]) -> None:
        self._rest = rest
        self._task = task

    def is_over(self) -> bool:
        return self._rest.is_over or self._task.done()

    def outcome(self) -> None:
        """Raise what it raised, if it has; a cancelled one raises RuntimeError."""
        if self._rest.error is not None:
            raise self._rest.error
        if not self._rest.is_over and self._task.cancelled():
            raise RuntimeError("update_processed_data was cancelled while it waited")

    def cancel(self) -> None:
        if not self.is_over():
            self._task.cancel()

    def __await__(self) -> Generator[Any, Any, None]:
        yield from self._task


class _Rest:
    """What is left of a coroutine after its first stretch, as something that a task can await."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        self._coroutine = coroutine
        self._yielded: Any = None
        self.is_over = False
        self.error: Exception | None = None

    def first(self) -> None:
        """Its first stretch."""
        try:
            self._yielded = self._coroutine.send(None)
        except StopIteration:
            self.is_over = True
        except Exception:
            self.is_over = True
            raise

    async def run(self) -> None:
        await self

    def __await__(self) -> Generator[Any, Any, None]:
        if self.is_over:
            return
        step: Any = self._coroutine.send
        value: Any = None
        try:
            while True:
                try:
                    value, step = (yield self._yielded), self._coroutine.send
                except GeneratorExit:
                    self._coroutine.close()
                    raise
                except BaseException as error:  # noqa: BLE001
                    # a cancellation, or what the awaited thing raised: the coroutine decides what becomes of it
                    value, step = error, self._coroutine.throw
                self._yielded = step(value)
        except StopIteration:
            self.is_over = True
        except Exception as error:  # noqa: BLE001
            self.error, self.is_over = error, True


def _swap(loop: asyncio.AbstractEventLoop, old: asyncio.Task[Any] | None, new: asyncio.Task[Any] | None) -> None:
    """Make another task the current one; both calls are there for whoever runs coroutines of his own."""
    if old is not None:
        asyncio.tasks._leave_task(loop, old)
    if new is not None:
        asyncio.tasks._enter_task(loop, new)
