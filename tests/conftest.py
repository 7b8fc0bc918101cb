"""Before any test: what is compiled is what is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.built import stale_modules


def pytest_sessionstart(session: pytest.Session) -> None:
    stale = stale_modules(Path(__file__).resolve().parents[1])
    if stale:
        pytest.exit(f"{len(stale)} compiled modules are older than their sources ({', '.join(stale[:3])}): run `make install`, or `make pure`", 3)
