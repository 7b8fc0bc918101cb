"""What a file asks the world for while it is stepped, answered by its bot: ids of executors at the moment in which their configs are made, the time, and whoever waits
for something outside.

Files remember a config's id before they hand the config over, and older ones ask the machine's clock how old an executor is (see `stand_ins`): in a backtest, and on
paper over a replay, that is market time. Outside a step a config has no id yet, and the time is the machine's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final

from botcore.controllers.waiting import Waiter


class NotKnownYet(RuntimeError):
    """What a file asks for can't be told now. Such files take an answer for granted, so their step ends here and they are asked again when there is one."""


@dataclass(frozen=True, slots=True)
class Step:
    """Whose step it is.

    Parameters
    ----------
    new_id : callable, optional
        Gives ids of executors; None for a controller without a bot.
    provider : MarketDataProvider
        Market time, and what assets are worth.
    waiter : Waiter, optional
        Whoever can wait for something outside; None in a backtest.
    """

    new_id: Callable[[], str] | None
    provider: Any
    waiter: Waiter | None = None


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


def is_stepped() -> bool:
    """Whether a file is being stepped: what it can't be told now it is asked for again then."""
    return _STEP.get() is not None


def executor_id() -> str:
    """A new id; empty outside a step."""
    step = _STEP.get()
    return "" if step is None or step.new_id is None else step.new_id()


def now_s() -> float | None:
    """Market time in seconds; None outside a step."""
    step = _STEP.get()
    return None if step is None else float(step.provider.time())


def waiter() -> Waiter | None:
    """Whoever can wait for something outside on behalf of this step."""
    step = _STEP.get()
    return None if step is None else step.waiter


class RateOracle:
    """Rates as scripts ask for them; None while one is not known."""

    @classmethod
    def get_instance(cls) -> RateOracle:
        return cls()

    def get_pair_rate(self, pair: str) -> Any:
        step = _STEP.get()
        return None if step is None else step.provider.get_rate(pair)
