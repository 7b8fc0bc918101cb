"""Where in a file of the home something stands: `controllers/generic/mine.py:12`, for the one sentence that a person reads."""

from __future__ import annotations

import sys
from types import FrameType, TracebackType
from typing import Any


def place_of(trace: TracebackType | None) -> str:
    """The innermost place that an error came through; empty when it came through no file of the home."""
    found = ""
    while trace is not None:
        found = _place(trace.tb_frame, trace.tb_lineno) or found
        trace = trace.tb_next
    return found


def place_of_caller() -> str:
    """The innermost place in the calls that are under way."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        found = _place(frame, frame.f_lineno)
        if found:
            return found
        frame = frame.f_back
    return ""


def place_of_wait(coroutine: Any) -> str:
    """The innermost place at which a coroutine stands still."""
    found = ""
    while coroutine is not None:
        frame = getattr(coroutine, "cr_frame", None)
        if frame is not None:
            found = _place(frame, frame.f_lineno) or found
        coroutine = getattr(coroutine, "cr_await", None)
    return found


def _place(frame: FrameType, line: int) -> str:
    module = sys.modules.get(str(frame.f_globals.get("__name__")))
    file = getattr(module, "__condor_home__", "")
    return f"{file}:{line}" if file else ""
