from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.instance import Instance


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Instance]:
    """A running instance in a fresh home; ended after the test, however it ends."""
    running = Instance(tmp_path / "home").start()
    try:
        yield running
    finally:
        running.kill()
