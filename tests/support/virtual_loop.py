"""An event loop whose time jumps: a test of days runs in a moment, and always the same way."""

from __future__ import annotations

import asyncio
import functools
import selectors
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any


class _Jump(selectors.BaseSelector):
    """Waits for nothing: instead of sleeping it moves the loop's time."""

    def __init__(self) -> None:
        self.now = 1000.0
        self._real = selectors.DefaultSelector()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("nothing will ever happen any more: every task waits for another")
        if timeout > 0:
            self.now += timeout
        return []

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._real.unregister(fileobj)

    def get_map(self) -> Any:
        return self._real.get_map()

    def close(self) -> None:
        self._real.close()


class VirtualLoop(asyncio.SelectorEventLoop):
    """See the module."""

    def __init__(self) -> None:
        self._jump = _Jump()
        super().__init__(self._jump)
        self._clock_resolution = 1e-9

    def time(self) -> float:
        return self._jump.now


def run_virtual(work: Coroutine[Any, Any, None]) -> None:
    """Run to the end; whatever task is left then is a leak."""
    loop = VirtualLoop()
    try:
        loop.run_until_complete(work)
        left = [task for task in asyncio.all_tasks(loop) if not task.done()]
        assert not left, f"left behind: {left}"
    finally:
        for task in asyncio.all_tasks(loop):
            task.cancel()
            loop.run_until_complete(asyncio.gather(task, return_exceptions=True))
        loop.close()


def virtual(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Decorator of an async test that runs it on virtual time."""

    @functools.wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        run_virtual(test(*args, **kwargs))

    return run


class Clocks:
    """The clocks of a test: the loop's is the truth, the wall clock may be set."""

    def __init__(self, wall_ms: int = 1_700_000_000_000) -> None:
        self._start_ms = wall_ms
        self.set_ahead_ms = 0

    def true_ms(self) -> float:
        return self._start_ms + asyncio.get_running_loop().time() * 1000

    def wall_ms(self) -> int:
        return int(self.true_ms()) + self.set_ahead_ms

    def now_ns(self) -> int:
        return int(self.true_ms() * 1_000_000)


async def settle(condition: Callable[[], object] | None = None, within_s: float = 600.0) -> None:
    """Let time pass until a condition holds; without one, until all that is ready has run."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within_s
    for _ in range(50):
        await asyncio.sleep(0)
    while condition is not None and not condition():
        assert loop.time() < deadline, "it did not come to pass"
        await asyncio.sleep(0.05)


async def swallow(work: Awaitable[Any]) -> BaseException | None:
    """The error that an awaitable raises."""
    try:
        await work
    except BaseException as error:
        return error
    return None
