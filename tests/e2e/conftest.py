from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.browsing import DESKTOP, opened_chromium
from tests.support.instance import Instance, Person
from tests.support.page_bench import PageBench, page_bench
from tests.support.page_looks import opened as opened_page
from tests.support.page_looks import page_context
from tests.support.wizard import SLOW, leave_no_draft


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Instance]:
    """A running instance in a fresh home; ended after the test, however it ends."""
    running = Instance(tmp_path / "home").start()
    try:
        yield running
    finally:
        running.kill()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """One instance for scenarios of the wizard that leave nothing running behind that the others of their file would mind."""
    running = Instance(tmp_path_factory.mktemp("shared") / "home", SLOW).start()
    try:
        yield running
    finally:
        running.kill()


@pytest.fixture
def person(shared: Instance) -> Iterator[Person]:
    """Somebody at the chat of the shared instance."""
    somebody = shared.person()
    yield somebody
    leave_no_draft(somebody)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, for a module that has no async tests."""
    yield from opened_chromium()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[PageBench]:
    """The page with nothing behind it but what the test says as its bot."""
    with page_bench(tmp_path, time.time()) as opened:
        yield opened


@pytest.fixture
def context(browser: Any, request: pytest.FixtureRequest) -> Iterator[Any]:
    """What Chromium is for one test: as it is parametrized, or a desktop."""
    yield from page_context(browser, getattr(request, "param", DESKTOP))


@pytest.fixture
def page(context: Any, bench: PageBench) -> Any:
    """The page of the bench, open."""
    return opened_page(context, bench)
