"""Before any test: what is compiled is what is written, and drawn examples are the same in every run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import web_app
from hypothesis import settings

# helpers assert too, and what they found is to be seen as in a test; it must be said before the first of them is imported
pytest.register_assert_rewrite("tests.support", "tests.handlers.crawler")

from tests.support.built import stale_modules  # noqa: E402
from tests.support.leavings import leavings_hold_no_secret, pytest_runtest_makereport, watch_secrets  # noqa: E402

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


@pytest.fixture(scope="module", autouse=True)
def ended_programs_go() -> Iterator[None]:
    """aiohttp keeps what it has built for its last 1,024 applications, and with it whole programs that have ended: gigabytes over a suite."""
    yield
    web_app._cached_build_middleware.cache_clear()
