"""Copies of the database from before a change of its schema: `data/backups/condor-<version>-<wall ms>.db`, the last few."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

from condor.errors import UserError
from condor.private_file import sync_folder

KEEP = 5


class Backups:
    """See the module.

    Parameters
    ----------
    folder : Path
        Made when it is missing.
    version : str
        Of the program that is about to change the file.
    wall_ms : callable
    """

    def __init__(self, folder: Path, version: str, wall_ms: Callable[[], int]) -> None:
        self._folder = folder
        self._version = version
        self._wall_ms = wall_ms

    def take(self, path: Path) -> Path:
        """Copy a database as it stands, WAL included, and forget all but the newest copies.

        Raises
        ------
        UserError
            If that is not possible; the database is as it was.
        """
        copy = self._folder / f"{path.stem}-{self._version}-{self._wall_ms()}.db"
        draft = copy.with_suffix(".part")
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft.unlink(missing_ok=True)
            copy_database(path, draft)
            os.replace(draft, copy)
            sync_folder(self._folder)
        except (OSError, sqlite3.Error) as error:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
            raise UserError(
                f"can't keep a copy of {path.name} before its schema changes ({error}): nothing was changed; make room in {self._folder}"
            ) from None
        for old in self.all()[KEEP:]:
            old.unlink(missing_ok=True)
        return copy

    def all(self) -> list[Path]:
        """Copies, newest first."""
        return sorted(self._folder.glob("*-*.db"), key=lambda path: int(path.stem.rpartition("-")[2]), reverse=True)


def copy_database(source: Path, target: Path) -> None:
    """One consistent copy through SQLite, on disk when this returns, readable by its owner only."""
    with closing(sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True, timeout=10)) as reading, closing(sqlite3.connect(target)) as writing:
        os.chmod(target, 0o600)
        reading.backup(writing)
    with open(target, "rb") as file:
        os.fsync(file.fileno())
