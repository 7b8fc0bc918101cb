from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from botcore.recorder.journal import Journal
from botcore.recorder.migrate import migrate


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Fresh records."""
    migrate(tmp_path / "condor.db")
    return tmp_path / "condor.db"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    """Their journal, which calls back on its own thread."""
    made = Journal(path, lambda call: call())
    yield made
    made.close()
