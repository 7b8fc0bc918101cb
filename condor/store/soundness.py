"""Whether a database file is what SQLite wrote: looked at before anything opens it, with nothing between us and SQLite."""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import closing, suppress
from pathlib import Path

from condor.errors import UserError


def damage_of(path: Path, *, thorough: bool = False) -> list[str]:
    """What SQLite finds wrong with a file; empty when it is sound or not there.

    Parameters
    ----------
    thorough : bool
        Also hold indexes against their tables, which takes time in a large file.
    """
    if not path.is_file():
        return []
    try:
        # reading only: the last one to close a file that it may write to folds the WAL into it, and a damaged file must stay as it is
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=10)) as connection:
            # a damaged page may hold anything, also in the text that says what is wrong
            connection.text_factory = lambda raw: raw.decode(errors="replace")
            rows = connection.execute(f"PRAGMA {'integrity_check' if thorough else 'quick_check'}(20)").fetchall()
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise UserError(f"{path.name} is held by another program ({error}): close it first") from None
        return [f"can't be read: {error}"]
    except sqlite3.DatabaseError as error:
        return [f"can't be read: {error}"]
    except UnicodeDecodeError:
        # SQLite's own complaint quotes the garbled schema
        return ["can't be read: its schema is garbled"]
    return [str(row[0]) for row in rows if row[0] != "ok"]


class EarlyCheck:
    """A check that runs beside whatever else a start does before it opens the file, in a thread of its own; SQLite works without the interpreter's lock.

    The file must still be as it was then when the answer is taken, else it is checked anew. Until then nobody may open it for writing.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen = _look(path)
        self._found: list[str] = []
        self._error: UserError | None = None
        self._thread = threading.Thread(target=self._check, name="check", daemon=True)
        self._thread.start()

    def _check(self) -> None:
        _read_ahead(self._path)
        try:
            self._found = damage_of(self._path)
        except UserError as error:
            self._error = error

    def result(self) -> list[str]:
        """What is wrong with the file (see `damage_of`); waits for it."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._found if _look(self._path) == self._seen else damage_of(self._path)


def _look(path: Path) -> list[tuple[int, ...]]:
    """What changes when somebody writes to a database."""
    found = []
    for part in (path, path.with_name(f"{path.name}-wal")):
        with suppress(OSError):
            stat = part.stat()
            # an empty log says nothing, and may be made by reading
            found.append((stat.st_ino, stat.st_size, stat.st_mtime_ns) if stat.st_size else ())
    return [one for one in found if one]


def _read_ahead(path: Path) -> None:
    """Have the system read a file in one go: the check walks its pages to and fro, which a disk does far more slowly. Before SQLite has it open in this process, for
    closing a file lets go of the process's locks on it."""
    with suppress(OSError, AttributeError):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_WILLNEED)
        finally:
            os.close(handle)
