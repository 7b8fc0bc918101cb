"""Records of a fresh home."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path

from botcore.recorder.migrate import migrate
from condor.store import MIGRATIONS


@functools.cache
def fresh_records() -> bytes:
    """Records in which nothing stands yet: to migrate takes longer than most tests."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "condor.db"
        migrate(path, [MIGRATIONS])
        return path.read_bytes()


def begin_records(path: Path) -> None:
    """Records as a first start makes them, where there are none yet."""
    if not path.exists():
        path.write_bytes(fresh_records())
