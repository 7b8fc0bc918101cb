"""A file that holds space for bad days: given back when the disk is full, so that exits and fills can still be written down."""

from __future__ import annotations

import os
from pathlib import Path

SIZE = 8 * 1024 * 1024


class Reserve:
    """`data/reserve`. Its methods may be called from any thread."""

    def __init__(self, path: Path, size: int = SIZE) -> None:
        self._path = path
        self._size = size

    @property
    def is_there(self) -> bool:
        try:
            return self._path.stat().st_size >= self._size
        except OSError:
            return False

    def make(self) -> bool:
        """Take the space if there is as much again left after it; whether the reserve is there now."""
        if self.is_there:
            return True
        draft = self._path.with_suffix(".part")
        try:
            free = os.statvfs(self._path.parent)
            if free.f_bavail * free.f_frsize < 2 * self._size:
                return False
            with open(draft, "wb") as file:
                os.posix_fallocate(file.fileno(), 0, self._size)
                os.fsync(file.fileno())
            os.replace(draft, self._path)
        except OSError:
            draft.unlink(missing_ok=True)
            return False
        return True

    def free(self) -> bool:
        """Give the space back; whether there was any."""
        try:
            self._path.unlink()
        except OSError:
            return False
        return True
