"""The tick's door: the one place where an exception of a part is caught.

Everything that is stepped (feeds, connectors, bots on the clock; executors and controllers inside a bot) is stepped through here, so a part that
raises is reported and stopped while its neighbours go on. `part` and `serial` tell a watchdog thread who is in a step and whether it moved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol


class TimeIterator(Protocol):
    """A part that lives in market time."""

    def on_tick(self, now_ns: int) -> None:
        """One step; must not wait for anything outside."""


Fault = Callable[[Any, Exception], None]
"""Told which part raised what; it stops the part."""


class Stepper:
    """Steps parts one after the other and isolates their faults.

    Attributes
    ----------
    part : object
        Who is, or last was, in a step.
    serial : int
        Grows with every round of steps; a watchdog that sees the same part and serial twice knows how long it has been at it.
    """

    __slots__ = ("part", "serial")

    def __init__(self) -> None:
        self.part: Any = None
        self.serial = 0

    def step_all(self, parts: Iterable[TimeIterator], now_ns: int, on_fault: Fault) -> None:
        """Call `on_tick` of each part in order; a fault of one is handed to `on_fault` and the rest still run."""
        rest = iter(parts)
        self.serial += 1
        while True:
            try:
                for part in rest:
                    self.part = part
                    part.on_tick(now_ns)
                return
            except Exception as error:  # noqa: BLE001
                on_fault(part, error)

    def deliver(self, owner: Any, event: Any) -> None:
        """Hand an order event to its owner; what the owner raises is the owner's fault, not the messenger's."""
        self.part = owner
        try:
            owner.on_order(event)
        except Exception as error:  # noqa: BLE001
            owner.on_fault(error)

    def guard(self, part: Any, on_fault: Fault, call: Callable[..., Any], *args: Any) -> None:
        """Make one call on behalf of a part; what it raises is the part's fault."""
        self.part = part
        try:
            call(*args)
        except Exception as error:  # noqa: BLE001
            on_fault(part, error)
