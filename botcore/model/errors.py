"""The error tree.

CondorError
+- UserError          something that a person can mend; its text is one sentence and is shown as it is
|  +- ConfigError     a file or a field that does not validate; carries file, line and field
|  +- DataError       a recorded file that can't be read as what it should be
|  +- RefusedByRisk   the risk gate said no
+- IllegalMove        a state machine was asked for a move that its table does not have: a bug of ours
+- ScaleOverflow      a price or amount does not fit int64 ticks or lots
+- StoreRefused       a file takes no rows now; they are tried again
+- StepOverrun        a part held the tick longer than its budget
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class CondorError(Exception):
    """Root of everything that this project raises on purpose."""


class UserError(CondorError):
    """A person's mistake or a refusal that a person must know; `str(error)` is one clear sentence."""


class ConfigError(UserError):
    """A configuration that does not hold.

    Parameters
    ----------
    problem : str
        What was expected and what was found.
    file : str, optional
        Name of the file (never an absolute path of this machine).
    line : int, optional
        1-based line in that file.
    field : str, optional
        Dotted path of the field.
    """

    def __init__(self, problem: str, *, file: str = "", line: int | None = None, field: str = "") -> None:
        self.problem, self.file, self.line, self.field = problem, file, line, field
        place = f"{file}:{line}" if file and line else file
        where = ", ".join(part for part in (place, f"field {field}" if field else "") if part)
        super().__init__(f"{where}: {problem}" if where else problem)


class DataError(UserError):
    """A recorded market file that can't be used; the text names the file, the row and what was expected."""


class RefusedByRisk(UserError):
    """An order that the risk gate did not let pass."""


class IllegalMove(CondorError):
    """A state machine has no such move; raised instead of guessing."""


class ScaleOverflow(CondorError):
    """A number does not fit the int64 scale of its instrument; raised instead of wrapping."""


class StepOverrun(CondorError):
    """A part's step took longer than its budget and was broken off; says where it stood."""


class TickTimeout(BaseException):
    """Breaks off a step that exceeds its budget. Not an `Exception`, so that a part that catches those does not go on; the tick's door turns it into `StepOverrun`."""


def nearest(word: str, known: Iterable[str]) -> str:
    """`, did you mean X?` for the known name closest to `word`, or an empty string when none is close."""
    lowered: dict[str, list[str]] = {}
    for choice in known:
        lowered.setdefault(choice.lower(), []).append(choice)
    found = difflib.get_close_matches(word.lower(), list(lowered), n=1, cutoff=0.6)
    if not found:
        return ""
    # names that differ in case only, such as 1m (minute) and 1M (month)
    best = difflib.get_close_matches(word, lowered[found[0]], n=1, cutoff=0.0)
    return f", did you mean {best[0]}?"


class StoreRefused(CondorError):
    """A file takes no rows now (full disk, lock of another program); the same rows may be written later."""
