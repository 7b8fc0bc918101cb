"""What a file asks the world for while it is stepped, answered by its bot: ids of executors at the moment in which their configs are made, and the time.

Files remember a config's id before they hand the config over, and older ones ask `time.time()` how old an executor is: in a backtest, and on paper over a replay, that is
market time. Outside a step a config has no id yet, and the time is the machine's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from types import ModuleType
from typing import Final


@dataclass(frozen=True, slots=True)
class Step:
    """Whose step it is.

    Parameters
    ----------
    new_id : callable, optional
        Gives ids of executors; None for a controller without a bot.
    now_s : callable
        Market time in seconds.
    """

    new_id: Callable[[], str] | None
    now_s: Callable[[], float]


_STEP: Final[ContextVar[Step | None]] = ContextVar("step of a file", default=None)
"""Each step, and each coroutine that it begins, has its own."""


@contextmanager
def within(step: Step) -> Iterator[None]:
    """Answer for this step within the block."""
    token = _STEP.set(step)
    try:
        yield
    finally:
        _STEP.reset(token)


def executor_id() -> str:
    """A new id; empty outside a step."""
    step = _STEP.get()
    return "" if step is None or step.new_id is None else step.new_id()


def time_s() -> float:
    """Market time within a step."""
    step = _STEP.get()
    # outside a step it is the file's own question to the machine, as with any other module that it imports
    return time.time() if step is None else step.now_s()  # noqa: TID251


def time_ns() -> int:
    """The same in nanoseconds."""
    step = _STEP.get()
    return time.time_ns() if step is None else round(step.now_s() * 1e9)  # noqa: TID251


def time_module() -> ModuleType:
    """`time` as a file gets it."""
    made = ModuleType("time", time.__doc__)
    vars(made).update({name: value for name, value in vars(time).items() if not name.startswith("__")})
    vars(made).update(time=time_s, time_ns=time_ns)
    return made
