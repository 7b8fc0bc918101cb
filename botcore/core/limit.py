"""How long a step of a part may take, and where it may be broken off.

A thread outside looks at `serial`: the same number twice is the same step. When a step has gone on for too long the thread says so (`demand`) and makes the stepping
thread ask `answer`, which raises `TickTimeout` right there. The question is put to the stepping thread itself, so the answer can't come too late: a step that has
ended a moment ago is not broken off, nor is the next one.

Only a part's own code is broken off. What the core does on behalf of a part (an order that is being submitted, a record that is being written) is shielded, and code
that holds locks of the whole process is left alone at first; the thread asks again a moment later.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from botcore.model.errors import TickTimeout

PARTS: Final = ("botcore.controllers.", "botcore.executors.")
"""Modules of ours that are parts' code."""

CORE: Final = ("botcore.", "condor.", "handlers.")
"""Modules of ours that keep the books of the process."""

LOCKERS: Final = (
    "logging.",
    "threading.",
    "queue.",
    "weakref.",
    "_weakrefset.",
    "importlib.",
    "_frozen_importlib.",
    "_frozen_importlib_external.",
    "concurrent.",
    "asyncio.",
    "sqlalchemy.",
    "structlog.",
)
"""Modules that hold locks of the whole process between two of their lines; broken off only when nothing else can be met with for long."""


class StepLimit:
    """See the module.

    Parameters
    ----------
    text : str
        What is said of a step that was broken off.
    on_step : callable, optional
        Told the name of a part when a step of its code begins, and an empty name when it has ended; so that somebody knows it who outlives this process.

    Attributes
    ----------
    part : object
        Whose step it is.
    serial : int
        Of the step under way, or of the last one.
    is_open : bool
        Whether a step is under way.
    raised : int
        How often the step under way was broken off; more than once when it swallows that.
    """

    __slots__ = ("_depth", "_due", "_insists", "_on_step", "_shields", "_text", "is_open", "part", "raised", "serial")

    def __init__(self, text: str = "its step took too long", on_step: Callable[[str], None] | None = None) -> None:
        self._text = text
        self.part: Any = None
        self.serial = 0
        self.is_open = False
        self.raised = 0
        self._depth = 0
        self._shields = 0
        self._due = -1
        self._insists = False
        self._on_step = on_step

    # ---- the stepping thread ---------------------------------------------------------------------------------------
    def enter(self, part: Any) -> None:
        """A step of a part begins; one inside another counts as part of that one."""
        self._depth += 1
        if self._depth == 1:
            self.part = part
            self.raised = 0
            self.serial += 1
            self.is_open = True

    def leave(self) -> None:
        """It has ended, whichever way."""
        self._depth -= 1
        if self._depth == 0:
            self.is_open = False

    def shield(self) -> None:
        """From here on the step must not be broken off: the core works on its behalf."""
        self._shields += 1

    def unshield(self) -> None:
        self._shields -= 1

    def name(self, text: str) -> None:
        """Say whose step is under way to whoever must know after the end of the process."""
        if self._on_step is not None:
            self._on_step(text)

    def answer(self, module: str) -> None:
        """Break the step off if that is due and this is the place for it.

        Parameters
        ----------
        module : str
            Whose line the thread is at.

        Raises
        ------
        TickTimeout
        """
        if not self.is_open or self._shields or self._due != self.serial:
            return
        at = module + "."
        if at.startswith(CORE) and not at.startswith(PARTS):
            return
        if at.startswith(LOCKERS) and not self._insists:
            return
        self._due = -1
        self.raised += 1
        raise TickTimeout(self._text)

    # ---- the thread outside ----------------------------------------------------------------------------------------
    def demand(self, serial: int, insist: bool = False) -> None:
        """The step with this number must end; has no effect on any other. `insist` when it has waited for long within a module that holds locks."""
        self._insists = insist
        self._due = serial
