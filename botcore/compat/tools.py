"""Small helpers that Strategy V2 files import: logger, tables as text, coroutines without a loop, readers of text."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, TypeVar

from botcore.compat.places import place_of, place_of_caller, place_of_wait
from botcore.compat.stepping import waiter
from botcore.controllers.waiting import Stepped, Wait, Waiter, as_coroutine
from botcore.model.enums import parse_enum

if TYPE_CHECKING:
    import pandas as pd

E = TypeVar("E", bound=Enum)
T = TypeVar("T")

MAX_TURNS: Final = 10_000
"""Bare yields (`await asyncio.sleep(0)`) that one coroutine may make within a tick."""

LOOK_S: Final = 0.1
"""Between two looks of `wait_til`."""

log = logging.getLogger(__name__)


NETWORK: Final = logging.WARNING
"""Level of what happened to a connection."""


class HummingbotLogger(logging.Logger):
    """A logger with the two more levels that files call: what people should see, and what happened to a connection."""

    def notify(self, message: str) -> None:
        self.info("%s", message)

    def network(self, message: str, *args: Any, exc_info: Any = None, app_warning_msg: str | None = None, **_ignored: Any) -> None:
        self.warning(app_warning_msg or message, *(() if app_warning_msg else args), exc_info=exc_info)


def logger_of(name: str) -> HummingbotLogger:
    """The logger of a controller: a child of ours, with the levels above."""
    made = HummingbotLogger(name)
    made.parent = logging.getLogger("botcore.compat")
    return made


def said(*values: Any, sep: str | None = " ", end: str | None = "\n", file: Any = None, flush: bool = False) -> None:
    """`print` of files: a line of the log. The program's own output is read by programs."""
    if file is None:
        log.info("%s", (" " if sep is None else sep).join(str(value) for value in values))
    else:
        print(*values, sep=sep, end=end, file=file, flush=flush)


# ---- tables --------------------------------------------------------------------------------------------------------
_FRAMES: Final = {"psql": ("+", "+", "-", "|"), "grid": ("+", "+", "-", "|")}


def format_df_for_printout(df: pd.DataFrame, table_format: str = "psql", max_col_width: int | None = None, index: bool = False) -> str:
    """A frame as a table for fixed-width text; `psql` with lines around it, `simple` without."""
    shown = df.copy()
    if index:
        shown.insert(0, "", shown.index)
    rows = [[_cell(value, max_col_width) for value in row] for row in shown.itertuples(index=False, name=None)]
    head = [_cell(name, max_col_width) for name in shown.columns]
    if not head:
        return ""
    widths = [max(len(cell) for cell in column) for column in zip(head, *rows, strict=True)]
    numeric = [shown.iloc[:, at].map(lambda value: isinstance(value, int | float | Decimal)).all() for at in range(len(head))]

    def line(cells: Sequence[str]) -> str:
        return " | ".join(
            cell.rjust(width) if is_number else cell.ljust(width) for cell, width, is_number in zip(cells, widths, numeric, strict=True)
        )

    if table_format not in _FRAMES:
        return "\n".join([line(head), "-+-".join("-" * width for width in widths), *(line(row) for row in rows)])
    rule = "+" + "+".join("-" * (width + 2) for width in widths) + "+"
    body = [f"| {line(row)} |" for row in rows]
    middle = "|" + rule[1:-1] + "|"
    return "\n".join([rule, f"| {line(head)} |", middle, *body, rule])


def _cell(value: Any, widest: int | None) -> str:
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text if widest is None or len(text) <= widest else text[: max(0, widest - 3)] + "..."


# ---- coroutines ----------------------------------------------------------------------------------------------------
NO_LOOP: Final = frozenset({"no running event loop", "'NoneType' object has no attribute 'create_future'"})
"""What asyncio's own queues, events and locks say when they have to wait and no loop runs."""


class Waits(RuntimeError):
    """A coroutine waits for something outside, and there is nobody here who could wait with it.

    Parameters
    ----------
    what : str
        What it does, as the end of a sentence that begins with the file and the line.
    """

    def __init__(self, what: str, place: str = "") -> None:
        where = place or place_of_caller()
        super().__init__(f"{where + ': ' if where else ''}{what}, which is possible live and on paper, not in a backtest")


def run_through(given: Awaitable[T]) -> T:
    """Run a coroutine, or anything else that can be awaited, to its end within this call.

    Raises
    ------
    Waits
        If it waits for something outside (a sleep, the network).
    Exception
        Whatever it raises.
    """
    coroutine = given if isinstance(given, Coroutine) else as_coroutine(given)
    try:
        for _ in range(MAX_TURNS):
            if coroutine.send(None) is not None:
                break
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]
    except (RuntimeError, AttributeError) as error:
        if str(error) not in NO_LOOP:
            raise
        raise Waits("waits for something that is not there yet", place_of(error.__traceback__)) from error
    place = place_of_wait(coroutine)
    coroutine.close()
    raise Waits("waits for something outside", place)


class OnTheSpot:
    """Nobody waits where there is no event loop: a coroutine is run to its end within the step, or refused."""

    def begin(self, coroutine: Coroutine[Any, Any, Any]) -> Wait:
        run_through(coroutine)
        return Stepped()

    async def pause(self, seconds: float) -> None:
        """Raises Waits: no time goes by within a step."""
        raise Waits(f"waits for {seconds:g} s")


class Done(Awaitable[Any]):
    """What became of a coroutine, in the shape of a future; live and on paper one that really waits goes on by itself."""

    def __init__(self, value: Any = None, error: Exception | None = None) -> None:
        self._value, self._error = value, error
        self._wait: Wait | None = None
        self._is_done = True
        self._is_cancelled = False

    def go(self, waiter: Waiter, coroutine: Coroutine[Any, Any, Any]) -> None:
        """Run it as far as it goes by itself; from there on its waiter takes it to its end."""
        self._is_done = False
        self._wait = waiter.begin(self._kept(coroutine))

    async def _kept(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        try:
            self._value = await coroutine
        except Exception as error:  # noqa: BLE001 - nobody may await it: the log is where it is seen
            self._error = error
            tell(error)
        finally:
            self._is_done = True

    def done(self) -> bool:
        return self._is_done

    def cancel(self) -> bool:
        if self._is_done or self._wait is None:
            return False
        self._is_cancelled = True
        self._wait.cancel()
        return True

    def cancelled(self) -> bool:
        return self._is_cancelled

    def exception(self) -> Exception | None:
        return self._error

    def result(self, timeout: float | None = None) -> Any:
        if not self._is_done:
            raise RuntimeError("the coroutine still waits: await it")
        if self._is_cancelled:
            raise RuntimeError("the coroutine was cancelled")
        if self._error is not None:
            raise self._error
        return self._value

    def __await__(self) -> Any:
        if not self._is_done and self._wait is not None:
            yield from self._wait.__await__()
        return self.result()


def tell(error: Exception | None) -> None:
    """Say what a coroutine raised that nobody may be waiting for."""
    log.warning("a coroutine in the background raised %s: %s", type(error).__name__, error)


def safe_ensure_future(coroutine: Coroutine[Any, Any, Any], *_unused: Any, **_ignored: Any) -> Done:
    """Run a coroutine on the spot, as far as it goes: where there is an event loop, one that really waits goes on there. What it raises is logged and kept."""
    helper = waiter()
    if helper is not None:
        made = Done()
        made.go(helper, coroutine)
        return made
    try:
        return Done(run_through(coroutine))
    except Exception as error:  # noqa: BLE001 - nobody may await it: the log is where it is seen
        tell(error)
        return Done(error=error)


async def safe_gather(*awaitables: Awaitable[Any], return_exceptions: bool = False, **_ignored: Any) -> list[Any]:
    """Results of all, one after the other."""
    found: list[Any] = []
    for awaitable in awaitables:
        try:
            found.append(await awaitable)
        except Exception as error:
            if not return_exceptions:
                raise
            found.append(error)
    return found


async def safe_wrapper(awaitable: Awaitable[T]) -> T | None:
    """What an awaitable gives; what it raises is logged."""
    try:
        return await awaitable
    except Exception as error:  # noqa: BLE001 - nobody may await it: the log is where it is seen
        tell(error)
        return None


async def wait_til(condition_func: Callable[[], Any], timeout: float = 10) -> None:  # noqa: ASYNC109 - so files call it
    """Wait until something is so; in a backtest it must be so at once.

    Raises
    ------
    TimeoutError
        If it is not so in time.
    """
    by = waiter()
    if by is None:
        if not condition_func():
            raise Waits("waits for a condition")
        return
    left_s = timeout
    while not condition_func():
        if left_s <= 0:
            raise TimeoutError(f"the condition was not met in {timeout} s")
        await by.pause(LOOK_S)
        left_s -= LOOK_S


# ---- text ----------------------------------------------------------------------------------------------------------
def parse_comma_separated_list(value: Any) -> Any:
    """`0.01, 0.02` as numbers; None and empty text as an empty list, anything else as it is."""
    if value is None or value == "":
        return []
    if isinstance(value, str):
        return [float(item.strip()) for item in value.split(",") if item.strip()]
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return [float(value)]
    return value


def parse_enum_value(enum_class: type[E], value: Any, field_name: str = "field") -> E:
    """A member by member, name or value; ValueError with the names that there are."""
    try:
        return parse_enum(enum_class, value)
    except ValueError as error:
        raise ValueError(f"{field_name}: {error}") from None


def unique_id_of(*parts: Any) -> str:
    """A short name that depends on its parts only."""
    return hashlib.sha256("-".join(str(part) for part in parts).encode()).hexdigest()[:22]
