"""What is known of the end of a process by the next one: whose step it was in, and its stacks.

The name of the controller in a step stands in a mapped page, so it is there however the process ends. Stacks are written by the interpreter's own fault handler, which
needs no lock: at a crash of native code, and when native code has held the interpreter for so long that not even the watchdog's thread runs.
"""

from __future__ import annotations

import faulthandler
import logging
import mmap
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

log = logging.getLogger(__name__)

EXIT_STUCK = 70
"""Exit code of a process that was ended because a step hung."""

ALARM = signal.SIGPROF
"""Ends a process in which nothing but native code has run for long; its timer counts processor time, so a process that was stopped is not ended when it goes on."""

PAGE = 4096
KEPT = 10
LOG_S = 1.0


@dataclass(frozen=True, slots=True)
class Crash:
    """How an earlier process ended.

    Parameters
    ----------
    step : str
        `bot/controller` whose step it was in; empty when it was in none.
    text : str
        What was written down, stacks included.
    path : Path
        Where that stands.
    """

    step: str
    text: str
    path: Path


class BlackBox:
    """`data/crash`: one file for each life, taken away when it ended well.

    Parameters
    ----------
    folder : Path
    wall_ms : int
        Names this life's file.
    exit_now : callable
        `os._exit`.
    """

    def __init__(self, folder: Path, wall_ms: int, exit_now: Callable[[int], None] = os._exit) -> None:
        folder.mkdir(exist_ok=True)
        self._folder = folder
        self._exit_now = exit_now
        self.crashes = self._left_over()
        self._path = folder / f"{wall_ms}.txt"
        # opened now: when it is needed there may be no descriptor and no lock to be had
        self._file = open(self._path, "w", encoding="utf-8")  # noqa: SIM115 - held open for the life of the process
        self._page = self._map()
        self._keeps_faults = not faulthandler.is_enabled()
        self._is_armed = False
        if self._keeps_faults:
            faulthandler.enable(self._file)

    def _left_over(self) -> list[Crash]:
        """How earlier processes ended, if they left word; whoever was killed has none."""
        step = _read(self._folder / "step").rstrip("\0")
        found = []
        for path in sorted(self._folder.glob("*.txt")):
            text = _read(path)
            if text:
                found.append(Crash(step, text, path))
            else:
                path.unlink(missing_ok=True)
        return found

    def _map(self) -> mmap.mmap:
        with open(self._folder / "step", "w+b") as file:
            file.truncate(PAGE)
            return mmap.mmap(file.fileno(), PAGE)

    def told(self) -> None:
        """What was left over has been told; keep the last files of it."""
        for crash in self.crashes:
            crash.path.replace(crash.path.with_suffix(".told"))
        for old in sorted(self._folder.glob("*.told"))[:-KEPT]:
            old.unlink(missing_ok=True)
        self.crashes = []

    def name(self, step: str) -> None:
        """Whose step begins; empty when it has ended."""
        text = step.encode()[: PAGE - 1]
        self._page[: len(text) + 1] = text + b"\0"

    def arm(self, seconds: float) -> None:
        """End this process, stacks written, when it has used so much processor time before this is called again."""
        if not self._is_armed:
            self._is_armed = True
            faulthandler.register(ALARM, self._file, all_threads=True, chain=True)
        signal.setitimer(signal.ITIMER_PROF, seconds)

    def end(self, part: object, why: str) -> None:
        """End this process for recovery, from the watchdog's thread: whoever holds up the main thread never lets it end in order."""
        text = f"{part!r} held up the program: {why}; ending it, the next start goes on from the records"
        print(text, file=self._file, flush=True)
        faulthandler.dump_traceback(self._file)
        log.critical("%s\n%s", text, _read(self._path))
        # lines go to their places in other threads
        time.sleep(LOG_S)
        self._exit_now(EXIT_STUCK)

    def close(self) -> None:
        """This life ends well."""
        if self._is_armed:
            signal.setitimer(signal.ITIMER_PROF, 0)
            faulthandler.unregister(ALARM)
        if self._keeps_faults:
            faulthandler.disable()
        self.name("")
        self._page.close()
        self._file.close()
        if not _read(self._path):
            self._path.unlink(missing_ok=True)


def _read(path: Path) -> str:
    try:
        return path.read_bytes().split(b"\0", 1)[0].decode(errors="replace")
    except OSError:
        return ""
