from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from botcore.recorder.journal import Journal
from tests.support.records import fresh_records


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    """Fresh records of a home."""
    path = tmp_path / "condor.db"
    path.write_bytes(fresh_records())
    made = Journal(path, asyncio.get_running_loop().call_soon_threadsafe)
    yield made
    made.close()
