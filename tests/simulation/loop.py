"""`SimLoop`: an asyncio event loop whose time is virtual and whose order is seeded.

When nothing is ready it jumps to the next timer, so a simulated hour costs what its events cost. Steps of different tasks that are ready together run in a seeded
order, and so do timers of the same moment; plain callbacks keep the order in which they were scheduled, as asyncio promises. There is no selector, no thread and
no signal: whatever would wait for the real world raises.

A *process* is a mark that tasks, timers and callbacks inherit from where they were made (a context variable). Killing it drops everything that bears the mark: no
`finally` block runs, nothing of it runs ever again; the world around it goes on.
"""

from __future__ import annotations

import asyncio
import contextvars
import heapq
import math
import random
import threading
import weakref
from asyncio import events
from collections import deque
from collections.abc import Callable, Coroutine
from functools import partial
from types import FunctionType, MethodType
from typing import Any, TypeVar

T = TypeVar("T")
SECOND_NS = 1_000_000_000


class SimError(Exception):
    """The simulation can't go on; it is a defect of what is simulated, or of the simulation."""


class Deadlock(SimError):
    """Nothing is ready, no timer is set, and somebody still waits."""


class Runaway(SimError):
    """More steps than allowed, in all or at one moment."""


class WouldBlock(SimError):
    """Something wanted to wait for the real world."""


class SimProcess:
    """What dies together. `deaths` are called at the kill, in order; they may touch the world, never the process."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.alive = True
        self.deaths: list[Callable[[], None]] = []

    def __repr__(self) -> str:
        return f"<process {self.name}{'' if self.alive else ', dead'}>"


PROCESS: contextvars.ContextVar[SimProcess | None] = contextvars.ContextVar("process", default=None)


class SimHandle:
    """A callback to come; a timer's knows its time. What asyncio's handles do, without what they keep for debugging."""

    __slots__ = ("_args", "_callback", "_cancelled", "_context", "_loop", "_when")

    def __init__(
        self, callback: Callable[..., object], args: tuple[Any, ...], context: contextvars.Context | None, loop: SimLoop, when: float
    ) -> None:
        self._callback = callback
        self._args = args
        self._context = contextvars.copy_context() if context is None else context
        self._cancelled = False
        self._loop = loop
        self._when = when

    def __repr__(self) -> str:
        return f"<{'timer' if self._when >= 0 else 'callback'} {self._callback!r}>"

    def cancel(self) -> None:
        if not self._cancelled:
            self._cancelled = True
            self._args = ()
            if self._when >= 0:
                self._loop.timer_cancelled()

    def cancelled(self) -> bool:
        return self._cancelled

    def when(self) -> float:
        return self._when


PLAIN = frozenset({FunctionType, MethodType, partial})
"""Types of callbacks that are no task's step, without looking closer."""


class SimLoop(asyncio.BaseEventLoop):
    """See the module.

    Parameters
    ----------
    seed : int
    start_ns : int
        What `now_ns` is at the beginning; `time()` begins at 0.
    max_steps : int
        Callbacks that may run in all.
    max_still : int
        Callbacks that may run without time moving on.
    """

    def __init__(self, seed: int, *, start_ns: int = 0, max_steps: int = 50_000_000, max_still: int = 200_000) -> None:
        super().__init__()
        self.steps = 0
        self.jumps = 0
        self._start_ns = start_ns
        self._time_ns = 0
        self._chance = random.Random(seed)
        self._max_steps = max_steps
        self._max_still = max_still
        self._still = 0
        self._serial = 0
        self._timers: list[tuple[int, float, int, SimHandle]] = []
        self._cancelled = 0
        self._pending: deque[SimHandle] = deque()
        self._of_process: dict[SimProcess, dict[asyncio.Task[Any], None]] = {}
        self._owners: weakref.WeakKeyDictionary[asyncio.Task[Any], SimProcess] = weakref.WeakKeyDictionary()
        self._dead: list[asyncio.Task[Any]] = []
        self._owner = threading.get_ident()
        self._world = contextvars.Context()
        self.set_exception_handler(self._raise_later)
        self.failures: list[dict[str, Any]] = []

    # ---- time --------------------------------------------------------------------------------------------------------
    def time(self) -> float:
        return self._time_ns / SECOND_NS

    @property
    def now_ns(self) -> int:
        """Virtual wall time, ns."""
        return self._start_ns + self._time_ns

    # ---- scheduling --------------------------------------------------------------------------------------------------
    def call_soon(self, callback: Callable[..., object], *args: Any, context: contextvars.Context | None = None) -> SimHandle:  # type: ignore[override]
        handle = SimHandle(callback, args, context, self, -1.0)
        self._pending.append(handle)
        return handle

    def call_soon_threadsafe(self, callback: Callable[..., object], *args: Any, context: contextvars.Context | None = None) -> SimHandle:  # type: ignore[override]
        if threading.get_ident() != self._owner:
            raise WouldBlock("a thread called in: there are no threads in a simulation")
        return self.call_soon(callback, *args, context=context)

    def call_at(self, when: float, callback: Callable[..., object], *args: Any, context: contextvars.Context | None = None) -> SimHandle:  # type: ignore[override]
        time_ns = max(math.ceil(when * SECOND_NS), self._time_ns)
        while time_ns / SECOND_NS < when:
            # a timer is never early, or whoever compares times would set it again and again
            time_ns += 1
        return self._push(time_ns, SimHandle(callback, args, context, self, when))

    def call_later(self, delay: float, callback: Callable[..., object], *args: Any, context: contextvars.Context | None = None) -> SimHandle:  # type: ignore[override]
        time_ns = self._time_ns + max(round(delay * SECOND_NS), 0)
        return self._push(time_ns, SimHandle(callback, args, context, self, time_ns / SECOND_NS))

    def call_at_ns(self, at_ns: int, callback: Callable[..., object], *args: Any, context: contextvars.Context | None = None) -> SimHandle:
        """At a virtual wall time, exactly."""
        time_ns = max(at_ns - self._start_ns, self._time_ns)
        return self._push(time_ns, SimHandle(callback, args, context, self, time_ns / SECOND_NS))

    def _push(self, time_ns: int, handle: SimHandle) -> SimHandle:
        self._serial += 1
        heapq.heappush(self._timers, (time_ns, self._chance.random(), self._serial, handle))
        return handle

    def timer_cancelled(self) -> None:
        """A timer no longer counts; they are swept out when they are many."""
        self._cancelled += 1
        if self._cancelled > 200 and self._cancelled * 2 > len(self._timers):
            self._timers = [entry for entry in self._timers if not entry[3]._cancelled]
            heapq.heapify(self._timers)
            self._cancelled = 0

    # ---- one pass ----------------------------------------------------------------------------------------------------
    def _run_once(self) -> None:
        """Pass after pass until somebody stops the loop: jump to the next timer if nothing is ready, then run what is."""
        pending, pop = self._pending, self._pending.popleft
        while True:
            timers = self._timers
            if not pending:
                self._jump(timers)
            now_ns = self._time_ns
            while timers and timers[0][0] <= now_ns:
                timer = heapq.heappop(timers)[3]
                if timer._cancelled:
                    self._cancelled -= 1
                else:
                    # it has left the heap: a cancel from now on is one of a plain callback
                    timer._when = -1.0
                    pending.append(timer)
            count = len(pending)
            if count > 1:
                self._mix(count)
            self.steps += count
            self._still += count
            if self._still > self._max_still or self.steps > self._max_steps:
                self._run_away()
            for _ in range(count):
                handle = pop()
                if handle._cancelled:
                    continue
                context = handle._context
                process = context.get(PROCESS)
                if process is None or process.alive:
                    try:
                        context.run(handle._callback, *handle._args)
                    except (SystemExit, KeyboardInterrupt):
                        raise
                    except BaseException as error:
                        if process is not None and not process.alive:
                            # it died in the middle of this
                            continue
                        self.call_exception_handler({"message": f"a callback raised: {error!r}", "exception": error, "handle": handle})
            if self.failures:
                failure = self.failures[0]
                raise SimError(failure.get("message", "")) from failure.get("exception")
            if self._stopping:  # type: ignore[attr-defined]
                return

    def _jump(self, timers: list[tuple[int, float, int, SimHandle]]) -> None:
        """Time goes on to the next timer that still counts."""
        while timers and timers[0][3]._cancelled:
            self._cancelled -= 1
            heapq.heappop(timers)
        if timers:
            if timers[0][0] > self._time_ns:
                self._time_ns = timers[0][0]
                self._still = 0
                self.jumps += 1
        elif not self._stopping:  # type: ignore[attr-defined]
            raise Deadlock(f"nothing is ready at {self.time():.3f} s and no timer is set; waiting: {self._waiting()}")

    def _run_away(self) -> None:
        where = f"at {self.time():.6f} s; next: {list(self._pending)[:3]}"
        if self.steps > self._max_steps:
            raise Runaway(f"more than {self._max_steps} steps, {where}")
        raise Runaway(f"more than {self._max_still} steps without time moving on, {where}")

    def _mix(self, count: int) -> None:
        """Seeded order for the steps of tasks; a task has one step at a time, so nobody's own order changes."""
        pending = self._pending
        places = [
            place
            for place, handle in enumerate(pending)
            if handle._callback.__class__ not in PLAIN and isinstance(getattr(handle._callback, "__self__", None), asyncio.Task)
        ]  # type: ignore[attr-defined]
        if len(places) < 2:
            return
        steps = [pending[place] for place in places]
        self._chance.shuffle(steps)
        for place, step in zip(places, steps, strict=True):
            pending[place] = step

    def _waiting(self) -> list[str]:
        return sorted(task.get_name() + " in " + str(task.get_coro()) for task in asyncio.all_tasks(self) if not task.done())[:10]

    def _raise_later(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """What asyncio would only log ends the simulation, unless a dead process is the reason."""
        task = context.get("task") or context.get("future")
        process = self._owners.get(task) if isinstance(task, asyncio.Task) else None
        if process is not None and not process.alive:
            return
        self.failures.append(context)

    # ---- tasks and processes -------------------------------------------------------------------------------------------
    def create_task(self, coro: Coroutine[Any, Any, T], *, name: str | None = None, context: contextvars.Context | None = None) -> asyncio.Task[T]:  # type: ignore[override]
        process = PROCESS.get() if context is None else context.get(PROCESS)
        task = asyncio.Task(coro, loop=self, name=name or f"sim-{self._serial}", context=context)
        self._serial += 1
        if process is not None:
            self._owners[task] = process
            # in the order in which they were made: a set's order is that of addresses, and another in each run
            tasks = self._of_process.setdefault(process, {})
            tasks[task] = None
            task.add_done_callback(lambda done: tasks.pop(done, None), context=self._world)
        return task

    @property
    def world(self) -> contextvars.Context:
        """Context of what belongs to no process: what a killed process has set in motion outside goes on in it."""
        return self._world

    def in_world(self, coro: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """A task that no process owns."""
        return self.create_task(coro, context=self._world.copy())

    def start(self, process: SimProcess, coro: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """The first task of a process; what it makes belongs to the process too."""
        context = self._world.copy()
        context.run(PROCESS.set, process)
        return self.create_task(coro, context=context)

    def tasks_of(self, process: SimProcess) -> int:
        """Tasks of a process that are not done."""
        return len(self._of_process.get(process, ()))

    def kill(self, process: SimProcess) -> None:
        """SIGKILL: from now on nothing of it runs, not even its `finally` blocks. May be called from within it; then the rest of the step is its last."""
        if not process.alive:
            return
        process.alive = False
        for task in self._of_process.pop(process, {}):
            task._log_destroy_pending = False  # type: ignore[attr-defined]
            # strong references: the garbage collector must not run anything of it at a moment of its own choosing
            self._dead.append(task)
        for death in process.deaths:
            self._world.copy().run(death)

    # ---- what would wait for the real world ------------------------------------------------------------------------------
    def run_in_executor(self, executor: Any, func: Callable[..., T], *args: Any) -> asyncio.Future[T]:  # type: ignore[override]
        """There are no threads: it runs here and now."""
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:
            future.set_exception(error)
        return future

    def _process_events(self, event_list: Any) -> None:
        raise WouldBlock("there is no selector in a simulation")

    def _write_to_self(self) -> None:
        pass

    def _blocked(self, *args: Any, **kwargs: Any) -> Any:
        raise WouldBlock("real input and output in a simulation")

    async def _blocked_async(self, *args: Any, **kwargs: Any) -> Any:
        raise WouldBlock("real input and output in a simulation")

    add_reader = add_writer = remove_reader = remove_writer = add_signal_handler = remove_signal_handler = _blocked
    sock_recv = sock_recv_into = sock_sendall = sock_connect = sock_accept = sock_recvfrom = sock_sendto = _blocked_async
    create_connection = create_server = create_datagram_endpoint = getaddrinfo = getnameinfo = _blocked_async
    subprocess_exec = subprocess_shell = connect_read_pipe = connect_write_pipe = create_unix_connection = _blocked_async

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:  # noqa: ASYNC109
        """There is none."""

    # ---- the whole -----------------------------------------------------------------------------------------------------
    def run(self, main: Coroutine[Any, Any, T]) -> T:
        """Run to the end as `asyncio.run` does: what still runs is canceled, then the loop is closed. Raises what nobody caught."""
        previous = events._get_running_loop()
        events._set_running_loop(None)
        try:
            result = self.run_until_complete(self.create_task(main, name="main"))
            self._cancel_all()
            if self.failures:
                raise SimError(self.failures[0].get("message", "")) from self.failures[0].get("exception")
            return result
        finally:
            self._bury()
            self.close()
            events._set_running_loop(previous)

    def _cancel_all(self) -> None:
        """Cancel what is alive and let it end; bounded by the virtual time of its own timeouts."""
        tasks = sorted(
            (task for task in asyncio.all_tasks(self) if not task.done() and task not in self._dead_set()), key=lambda task: task.get_name()
        )
        for task in tasks:
            task.cancel()
        if tasks:
            self.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))

    def _dead_set(self) -> set[asyncio.Task[Any]]:
        return set(self._dead)

    def _bury(self) -> None:
        """Close what dead processes left behind; their ports and disks are dead, so this reaches nobody."""
        self._pending.clear()
        self._timers.clear()
        left = [task for task in asyncio.all_tasks(self) if not task.done()]
        for task in dict.fromkeys([*self._dead, *sorted(left, key=lambda task: task.get_name())]):
            task._log_destroy_pending = False  # type: ignore[attr-defined]
            try:
                task.get_coro().close()  # type: ignore[union-attr]
            except (RuntimeError, GeneratorExit):
                pass
            except BaseException:
                pass
        self._dead.clear()
        self._pending.clear()
