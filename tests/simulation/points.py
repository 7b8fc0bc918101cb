"""Deaths of the process: at a labelled point, or at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from botcore.core.points import Points


class Killed(BaseException):
    """The process ended in the middle of a step. No door of the program catches it: it only unwinds the stack of what is dead already."""


class CrashPoints(Points):
    """Labelled points that the program passes (`botcore.core.points`); it dies at a chosen one.

    Parameters
    ----------
    kill : callable
        Ends the process now.
    log : callable
        Told of the death.
    """

    def __init__(self, kill: Callable[[], None], log: Callable[..., None]) -> None:
        self._kill = kill
        self._log = log
        self.passed: Counter[str] = Counter()
        self.target: tuple[str, int] | None = None
        """Label, and how many times it is passed before the death; None lets everything live."""

    def reach(self, label: str) -> None:
        passed = self.passed[label]
        self.passed[label] = passed + 1
        if self.target is not None and self.target == (label, passed):
            self.target = None
            self._log("crash", label, passed)
            self._kill()
            raise Killed(label)
