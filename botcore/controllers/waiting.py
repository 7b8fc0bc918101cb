"""Controllers whose `update_processed_data` is `async def`: stepped within the tick for as long as they do not really wait.

A coroutine that only awaits other coroutines never leaves the tick. One that waits for something outside is taken over by whoever keeps the event loop (a
`Waiter`, given by the runtime); the controller decides when it is back. Where there is no event loop, as in a backtest, such a wait is refused.
"""

from __future__ import annotations

from collections.abc import Coroutine, Generator
from typing import Any, Final, Protocol

MAX_TURNS: Final = 10_000
"""Bare yields (`await asyncio.sleep(0)`) that one step may make."""


class Wait(Protocol):
    """A coroutine that was begun within a tick."""

    def is_over(self) -> bool:
        """Whether it has ended."""

    def outcome(self) -> None:
        """Raise what it raised, if it has."""

    def cancel(self) -> None:
        """Nobody waits for it any more."""

    def __await__(self) -> Generator[Any, Any, None]:
        """Until it is over, for another coroutine that wants its outcome."""


class Waiter(Protocol):
    """Whoever can wait for something outside: live and on paper the event loop."""

    def begin(self, coroutine: Coroutine[Any, Any, Any]) -> Wait:
        """Run a coroutine to the first point at which it really waits; from there on it goes on by itself."""

    async def pause(self, seconds: float) -> None:
        """Let time go by, for a coroutine that was begun here."""


class Stepped:
    """A coroutine that has run to its end within the step."""

    def is_over(self) -> bool:
        return True

    def outcome(self) -> None: ...

    def cancel(self) -> None: ...

    def __await__(self) -> Generator[Any, Any, None]:
        yield from ()


def begin(given: Any, waiter: Waiter | None) -> Wait:
    """Run what `update_processed_data` gave back, as far as it goes by itself.

    Raises
    ------
    RuntimeError
        If it waits for something outside and nobody can.
    Exception
        Whatever it raises.
    """
    coroutine = given if isinstance(given, Coroutine) else as_coroutine(given)
    if waiter is not None:
        return waiter.begin(coroutine)
    try:
        for _ in range(MAX_TURNS):
            if coroutine.send(None) is not None:
                break
    except StopIteration:
        return Stepped()
    coroutine.close()
    raise RuntimeError("update_processed_data waits for something outside; that is possible live and on paper, not here")


async def as_coroutine(given: Any) -> Any:
    """Any other awaitable as one."""
    return await given
