"""The program's log for people: newest first, by level, and as a file. Secrets are taken out once more on the way."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from condor.errors import UserError
from condor.result_views import MAX_FILE, FileView, LogEntry, LogPage
from condor.users import Actor, Role, require

LEVELS = {"all": ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"), "warnings": ("WARNING", "ERROR", "CRITICAL"), "errors": ("ERROR", "CRITICAL")}
READ_AT_ONCE = 256 * 1024
MAX_READ = 8 * 1024 * 1024
"""So far back a page is looked for."""

_HEAD = re.compile(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}) (DEBUG|INFO|WARNING|ERROR|CRITICAL) +(\S+?): (.*)$")


class LogService:
    """See the module.

    Parameters
    ----------
    folder : Path
        Where `condor.log` and its older parts are.
    redact : callable
        Text -> text without secrets.
    """

    def __init__(self, folder: Path, redact: Callable[[str], str]) -> None:
        self._folder = folder
        self._redact = redact

    async def page(self, actor: Actor, level: str = "all", offset: int = 0, limit: int = 8) -> LogPage:
        """Entries of a level and worse, newest first; UserError for a level that is none."""
        require(actor, Role.OPERATOR, "reading the log")
        if level not in LEVELS:
            raise UserError(f"expected {', '.join(LEVELS)}, found {level!r}")
        return await asyncio.to_thread(self._page, LEVELS[level], max(0, offset), limit)

    def _page(self, levels: tuple[str, ...], offset: int, limit: int) -> LogPage:
        found: list[LogEntry] = []
        for entry in entries(newest_lines(self._files())):
            if entry.level in levels:
                found.append(entry)
                if len(found) > offset + limit:
                    break
        shown = [LogEntry(entry.at, entry.level, entry.source, self._redact(entry.text)) for entry in found[offset : offset + limit]]
        return LogPage(tuple(shown), offset, len(found) > offset + limit)

    def _files(self) -> list[Path]:
        """The parts of the log that are there, newest first."""
        older = sorted(self._folder.glob("condor.log.*"), key=lambda path: int(path.suffix[1:]) if path.suffix[1:].isdigit() else 10**6)
        return [path for path in (self._folder / "condor.log", *older) if path.is_file()]

    async def file(self, actor: Actor) -> FileView | None:
        """The newest of the log, oldest line first, as one file of at most 20 MB; None while it is empty."""
        require(actor, Role.OPERATOR, "reading the log")
        content = await asyncio.to_thread(self._content)
        return FileView("condor.log", content) if content else None

    def _content(self) -> bytes:
        parts: list[bytes] = []
        room = MAX_FILE
        for path in self._files():
            raw = self._redact(path.read_bytes().decode("utf-8", errors="replace")).encode()
            if len(raw) > room:
                # begins with a whole line
                raw = raw[len(raw) - room :].partition(b"\n")[2]
                parts.append(raw)
                break
            parts.append(raw)
            room -= len(raw)
        return b"".join(reversed(parts))


def newest_lines(files: list[Path]) -> Iterator[str]:
    """Lines of these files, newest file first and the last line first, read from their ends."""
    budget = MAX_READ
    for path in files:
        with open(path, "rb") as file:
            position, rest = file.seek(0, 2), b""
            while position and budget > 0:
                size = min(READ_AT_ONCE, position)
                position -= size
                budget -= size
                file.seek(position)
                first, *lines = (file.read(size) + rest).split(b"\n")
                yield from (line.decode("utf-8", errors="replace") for line in reversed(lines) if line)
                rest = first
            if rest and not position:
                yield rest.decode("utf-8", errors="replace")


def entries(lines: Iterator[str]) -> Iterator[LogEntry]:
    """Entries out of lines that come last line first: lines without a head belong to the entry above them."""
    tail: list[str] = []
    for line in lines:
        head = _HEAD.match(line)
        if head is None:
            tail.append(line)
            continue
        text = "\n".join([head.group(4), *reversed(tail)])
        tail = []
        yield LogEntry(head.group(1).partition(",")[0], head.group(2), head.group(3), text)
