"""`asyncio` as files get it: where an event loop runs, the real one; in a backtest there is none, and what does not really wait is done on the spot.

A coroutine that only awaits others is run to its end, work for a thread is done at once, a limit of time never runs out (no time passes within a step). What really waits
is refused in one sentence with file and line.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator
from types import ModuleType, TracebackType
from typing import Any, NoReturn

from botcore.compat.stepping import now_s
from botcore.compat.tools import Done, Waits, run_through, safe_ensure_future, safe_gather, tell


class QuietLoop:
    """What a file gets for the event loop where none runs."""

    def create_task(self, coroutine: Coroutine[Any, Any, Any], **_ignored: Any) -> Any:
        return safe_ensure_future(coroutine)

    def run_until_complete(self, given: Awaitable[Any]) -> Any:
        return run_through(given)

    def run_in_executor(self, _executor: Any, work: Callable[..., Any], *values: Any) -> Done:
        return on_the_spot(work, *values)

    def call_soon(self, work: Callable[..., Any], *values: Any, **_ignored: Any) -> Done:
        done = on_the_spot(work, *values)
        if done.exception() is not None:
            tell(done.exception())
        return done

    call_soon_threadsafe = call_soon

    def call_later(self, delay: float, *_unused: Any, **_ignored: Any) -> NoReturn:
        raise Waits(f"wants to be called in {delay} s")

    call_at = call_later

    def create_future(self) -> NoReturn:
        raise Waits("makes a future for somebody else to complete")

    def is_running(self) -> bool:
        return False

    def is_closed(self) -> bool:
        return False

    def time(self) -> float:
        """Market time in seconds; 0 outside a step."""
        return now_s() or 0.0


def on_the_spot(work: Callable[..., Any], *values: Any, **named: Any) -> Done:
    """Do work for a thread here and now; what it raises is raised by whoever awaits it."""
    try:
        return Done(work(*values, **named))
    except Exception as error:  # noqa: BLE001 - it belongs to whoever awaits it
        return Done(error=error)


def ended(awaitable: Any) -> Done:
    """Run to the end what may be a task already; what it raises is kept."""
    if isinstance(awaitable, Done):
        return awaitable
    return on_the_spot(run_through, awaitable)


class QuietTimeout:
    """A limit of time where no time passes."""

    def __init__(self, when: float | None = None) -> None:
        self._when = when

    def when(self) -> float | None:
        return self._when

    def reschedule(self, when: float | None) -> None:
        self._when = when

    def expired(self) -> bool:
        return False

    async def __aenter__(self) -> QuietTimeout:
        return self

    async def __aexit__(self, *_unused: Any) -> None: ...


class QuietTaskGroup:
    """Tasks that have ended when they are made; what they raised is raised together at the end."""

    def __init__(self) -> None:
        self._errors: list[Exception] = []

    async def __aenter__(self) -> QuietTaskGroup:
        return self

    def create_task(self, coroutine: Coroutine[Any, Any, Any], **_ignored: Any) -> Done:
        done = ended(coroutine)
        error = done.exception()
        if error is not None:
            self._errors.append(error)
        return done

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._errors and error is None:
            waits = next((item for item in self._errors if isinstance(item, Waits)), None)
            raise waits or ExceptionGroup("errors of a TaskGroup", self._errors)


def asyncio_names(real: ModuleType) -> dict[str, Any]:
    """What is replaced in `asyncio`."""

    def has_loop() -> bool:
        return real._get_running_loop() is not None

    def create_task(coroutine: Any, **more: Any) -> Any:
        return real.create_task(coroutine, **more) if has_loop() else safe_ensure_future(coroutine)

    def ensure_future(awaitable: Any, **more: Any) -> Any:
        if has_loop():
            return real.ensure_future(awaitable, **more)
        return awaitable if isinstance(awaitable, Done) else safe_ensure_future(awaitable)

    def shield(awaitable: Any) -> Any:
        return real.shield(awaitable) if has_loop() else ensure_future(awaitable)

    def gather(*awaitables: Awaitable[Any], return_exceptions: bool = False) -> Any:
        given = real.gather if has_loop() else safe_gather
        return given(*awaitables, return_exceptions=return_exceptions)

    async def wait(awaitables: Iterable[Any], **more: Any) -> tuple[set[Any], set[Any]]:
        if has_loop():
            return await real.wait(awaitables, **more)  # type: ignore[no-any-return]
        return {ended(awaitable) for awaitable in awaitables}, set()

    def as_completed(awaitables: Iterable[Any], **more: Any) -> Iterator[Any]:
        return real.as_completed(awaitables, **more) if has_loop() else iter([ended(awaitable) for awaitable in awaitables])

    async def wait_for(awaitable: Any, *limit: Any, **more: Any) -> Any:
        return await (real.wait_for(awaitable, *limit, **more) if has_loop() else awaitable)

    def timeout(delay: float | None) -> Any:
        return real.timeout(delay) if has_loop() else QuietTimeout(None if delay is None else QuietLoop().time() + delay)

    def timeout_at(when: float | None) -> Any:
        return real.timeout_at(when) if has_loop() else QuietTimeout(when)

    def TaskGroup() -> Any:
        return real.TaskGroup() if has_loop() else QuietTaskGroup()

    async def to_thread(work: Callable[..., Any], /, *values: Any, **named: Any) -> Any:
        return await (real.to_thread(work, *values, **named) if has_loop() else on_the_spot(work, *values, **named))

    async def sleep(delay: float, result: Any = None) -> Any:
        if delay > 0 and not has_loop():
            raise Waits(f"sleeps {delay} s")
        return await real.sleep(delay, result)

    def get_event_loop() -> Any:
        return real.get_running_loop() if has_loop() else QuietLoop()

    def get_running_loop() -> Any:
        return QuietLoop() if not has_loop() and now_s() is not None else real.get_running_loop()

    def current_task(*loop: Any) -> Any:
        return real.current_task(*loop) if has_loop() else None

    def run_coroutine_threadsafe(coroutine: Any, loop: Any) -> Any:
        return safe_ensure_future(coroutine) if isinstance(loop, QuietLoop) else real.run_coroutine_threadsafe(coroutine, loop)

    made = (create_task, ensure_future, shield, gather, wait, as_completed, wait_for, timeout, timeout_at, TaskGroup, to_thread, sleep)
    loops = (get_event_loop, get_running_loop, current_task, run_coroutine_threadsafe)
    return {item.__name__: item for item in (*made, *loops)}
