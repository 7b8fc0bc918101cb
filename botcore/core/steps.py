"""The tick's door: the one place where an exception of a part is caught.

Everything that is stepped (feeds, connectors, bots on the clock; executors and controllers inside a bot) is stepped through here, so a part that
raises is reported and stopped while its neighbours go on. `part` and `serial` tell a watchdog thread who is in a step and whether it moved. Steps of
executors and controllers are limited where there is a `StepLimit`: live and on paper, not in a backtest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from botcore.core.limit import StepLimit
from botcore.model.errors import StepOverrun, TickTimeout


class TimeIterator(Protocol):
    """A part that lives in market time."""

    def on_tick(self, now_ns: int) -> None:
        """One step; must not wait for anything outside."""


Fault = Callable[[Any, Exception], None]
"""Told which part raised what; it stops the part."""


class Stepper:
    """Steps parts one after the other and isolates their faults.

    Parameters
    ----------
    limit : StepLimit, optional
        How long steps of executors and controllers may take; None when they may take any time.

    Attributes
    ----------
    part : object
        Who is, or last was, in a step.
    serial : int
        Grows with every round of steps; a watchdog that sees the same part and serial twice knows how long it has been at it.
    """

    __slots__ = ("limit", "part", "serial")

    def __init__(self, limit: StepLimit | None = None) -> None:
        self.limit = limit
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

    def step_limited(self, parts: Iterable[TimeIterator], now_ns: int, on_fault: Fault) -> None:
        """The same with parts whose steps are limited."""
        limit = self.limit
        if limit is None:
            self.step_all(parts, now_ns, on_fault)
            return
        self.serial += 1
        for part in parts:
            self.part = part
            limit.enter(part)
            try:
                part.on_tick(now_ns)
            except Exception as error:  # noqa: BLE001
                limit.leave()
                on_fault(part, error)
            except TickTimeout as timeout:
                limit.leave()
                on_fault(part, overrun(timeout))
            except BaseException:
                limit.leave()
                raise
            else:
                limit.leave()

    def deliver(self, owner: Any, event: Any) -> None:
        """Hand an order event to its owner; what the owner raises is the owner's fault, not the messenger's."""
        self.part = owner
        limit = self.limit
        if limit is not None:
            limit.enter(owner)
        fault: Exception | None = None
        try:
            owner.on_order(event)
        except Exception as error:  # noqa: BLE001
            fault = error
        except TickTimeout as timeout:
            fault = overrun(timeout)
        finally:
            if limit is not None:
                limit.leave()
        if fault is not None:
            owner.on_fault(fault)

    def guard(self, part: Any, on_fault: Fault, call: Callable[..., Any], *args: Any) -> None:
        """Make one call on behalf of a part; what it raises is the part's fault."""
        self.part = part
        try:
            call(*args)
        except Exception as error:  # noqa: BLE001
            on_fault(part, error)

    def guard_limited(self, part: Any, on_fault: Fault, call: Callable[..., Any], *args: Any) -> None:
        """The same with a part whose steps are limited."""
        self.part = part
        try:
            self.limited(part, call, *args)
        except Exception as error:  # noqa: BLE001
            on_fault(part, error)

    def limited(self, part: Any, call: Callable[..., Any], *args: Any) -> Any:
        """Make one call into a part's code within the limit, and return what it returns.

        Raises
        ------
        StepOverrun
            If it took too long.
        """
        limit = self.limit
        if limit is None:
            return call(*args)
        limit.enter(part)
        try:
            return call(*args)
        except TickTimeout as timeout:
            raise overrun(timeout) from None
        finally:
            limit.leave()

    def shield(self) -> None:
        """What the core does now on behalf of a part must not be broken off."""
        if self.limit is not None:
            self.limit.shield()

    def unshield(self) -> None:
        if self.limit is not None:
            self.limit.unshield()


def overrun(timeout: TickTimeout) -> StepOverrun:
    """What broke a step off, as an ordinary exception that says where the step stood."""
    trace: Any = timeout.__traceback__
    at = ""
    while trace is not None:
        code = trace.tb_frame.f_code
        module = trace.tb_frame.f_globals.get("__name__", "?")
        if not module.startswith(("botcore.core.", "condor.")):
            at = f"; it stood in {code.co_name}, line {trace.tb_lineno} of {code.co_filename.rpartition('/')[2]}"
        trace = trace.tb_next
    return StepOverrun(f"{timeout}{at}")
