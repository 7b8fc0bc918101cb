from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.instance import Instance, Person
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
