"""Before any test: what is compiled is what is written, and drawn examples are the same in every run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.built import stale_modules
from tests.support.leavings import leavings_hold_no_secret, pytest_runtest_makereport, watch_secrets

__all__ = ["leavings_hold_no_secret", "pytest_runtest_makereport"]

# a check of a change must not fail for what another change did; `CONDOR_EXAMPLES=random` looks further
settings.register_profile("same", derandomize=True, database=None, deadline=None)
settings.register_profile("random", database=None, deadline=None)
settings.load_profile(os.environ.get("CONDOR_EXAMPLES", "same"))


def pytest_sessionstart(session: pytest.Session) -> None:
    stale = stale_modules(Path(__file__).resolve().parents[1])
    if stale:
        pytest.exit(f"{len(stale)} compiled modules are older than their sources ({', '.join(stale[:3])}): run `make install`, or `make pure`", 3)
    watch_secrets()
