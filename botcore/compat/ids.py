"""Ids of executors at the moment in which a file makes their configs: files remember them before they hand the configs over.

An id comes from the bot whose controller is being stepped; a config that is made outside a step (as a default of a config class) gets its id when it is handed over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

_SOURCE: Final[ContextVar[Callable[[], str] | None]] = ContextVar("source of executor ids", default=None)
"""Whose step this is; each step, and each coroutine that it begins, has its own."""


@contextmanager
def ids_from(new_id: Callable[[], str] | None) -> Iterator[None]:
    """Take ids from there within this block."""
    token = _SOURCE.set(new_id)
    try:
        yield
    finally:
        _SOURCE.reset(token)


def executor_id() -> str:
    """A new id; empty outside a step."""
    source = _SOURCE.get()
    return "" if source is None else source()
