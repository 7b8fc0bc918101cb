"""Modules of the standard library as files of Strategy V2 get them: the time is the market's within a step, and what needs an event loop works where there is none.

Each is a copy of the real module with some names replaced, given to the file that imports it and to nobody else. Outside a step, and where a loop runs, they do what the
real ones do. In a backtest there is no loop: a coroutine that only awaits others is run on the spot, one that really waits is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any, Final

from botcore.compat.quiet_asyncio import asyncio_names
from botcore.compat.stepping import now_s


def copy_of(real: ModuleType, **replaced: Any) -> ModuleType:
    """A module with the names of another, some of them replaced."""
    made = ModuleType(real.__name__, real.__doc__)
    vars(made).update({name: value for name, value in vars(real).items() if not name.startswith("__")})
    vars(made).update(replaced)
    return made


# ---- time ------------------------------------------------------------------------------------------------------------
def time_module(real: ModuleType) -> ModuleType:
    """`time` with market time within a step."""

    def time() -> float:
        market_s = now_s()
        return float(real.time() if market_s is None else market_s)

    def time_ns() -> int:
        market_s = now_s()
        return int(real.time_ns() if market_s is None else round(market_s * 1e9))

    def monotonic() -> float:
        market_s = now_s()
        return float(real.monotonic() if market_s is None else market_s)

    return copy_of(real, time=time, time_ns=time_ns, monotonic=monotonic)


def datetime_module(real: ModuleType) -> ModuleType:
    """`datetime` whose `now`, `utcnow` and `today` are market time within a step."""

    class Moment(real.datetime, metaclass=_Like):  # type: ignore[misc, name-defined]
        """Makes plain datetimes; every datetime is one of its instances."""

        of = real.datetime

        def __new__(cls, *args: Any, **kwargs: Any) -> Any:
            # a class of the file's own stays what it is
            return real.datetime(*args, **kwargs) if cls is Moment else super().__new__(cls, *args, **kwargs)

        @classmethod
        def now(cls, tz: Any = None) -> Any:
            market_s = now_s()
            return real.datetime.now(tz) if market_s is None else real.datetime.fromtimestamp(market_s, tz)

        @classmethod
        def utcnow(cls) -> Any:
            return cls.now(real.timezone.utc).replace(tzinfo=None)

        @classmethod
        def today(cls) -> Any:
            return cls.now()

    class Day(real.date, metaclass=_Like):  # type: ignore[misc, name-defined]
        """Makes plain dates; every date is one of its instances."""

        of = real.date

        def __new__(cls, *args: Any, **kwargs: Any) -> Any:
            return real.date(*args, **kwargs) if cls is Day else super().__new__(cls, *args, **kwargs)

        @classmethod
        def today(cls) -> Any:
            return Moment.now().date()

    for made in (Moment, Day):
        made.__name__ = made.__qualname__ = made.of.__name__
    return copy_of(real, datetime=Moment, date=Day)


class _Like(type):
    """A class that stands for another: what is one of the other is one of it, and fields of that type are fields of the other."""

    of: type

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, cls.of)

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, cls.of)

    def __get_pydantic_core_schema__(cls, _source: Any, handler: Any) -> Any:
        return handler(cls.of)


# ---- asyncio ---------------------------------------------------------------------------------------------------------
def asyncio_module(real: ModuleType) -> ModuleType:
    """`asyncio` that does without a loop where none runs."""
    return copy_of(real, **asyncio_names(real))


STAND_INS: Final[dict[str, Callable[[ModuleType], ModuleType]]] = {"time": time_module, "datetime": datetime_module, "asyncio": asyncio_module}
"""Name of a module -> how it is made for one file's run."""
