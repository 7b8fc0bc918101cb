"""What a file asks the world for while it is stepped, answered by its bot: ids of executors at the moment in which their configs are made, and the time.

Files remember a config's id before they hand the config over, and older ones ask `time.time()` how old an executor is: in a backtest, and on paper over a replay, that is
market time. Outside a step a config has no id yet, and the time is the machine's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Step:
    """Whose step it is.

    Parameters
    ----------
    new_id : callable, optional
        Gives ids of executors; None for a controller without a bot.
    provider : MarketDataProvider
        Market time, and what assets are worth.
    """

    new_id: Callable[[], str] | None
    provider: Any


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


class RateOracle:
    """Rates as scripts ask for them; None while one is not known."""

    @classmethod
    def get_instance(cls) -> RateOracle:
        return cls()

    def get_pair_rate(self, pair: str) -> Any:
        step = _STEP.get()
        return None if step is None else step.provider.get_rate(pair)


def time_module(real: ModuleType) -> ModuleType:
    """`time` as a file gets it: market time within a step; outside of one the file's own question to the machine, as with any other module that it imports."""

    def now_s() -> float:
        step = _STEP.get()
        return float(real.time() if step is None else step.provider.time())

    def now_ns() -> int:
        step = _STEP.get()
        return int(real.time_ns() if step is None else round(step.provider.time() * 1e9))

    made = ModuleType("time", real.__doc__)
    vars(made).update({name: value for name, value in vars(real).items() if not name.startswith("__")})
    vars(made).update(time=now_s, time_ns=now_ns)
    return made
