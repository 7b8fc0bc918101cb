"""What tests of the chat stand on: a program that is asked directly, or a house whose chat is used over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from condor.wiring import Program
from handlers.app import build_registry
from handlers.registry import Registry
from tests.support.house import House
from tests.support.programs import running
from tests.support.served_chat import png


async def _draw(drawing: bytes) -> bytes:
    return png()


@pytest.fixture
async def program(tmp_path: Path) -> AsyncIterator[Program]:
    async with running(tmp_path) as made:
        # how pictures look is another test's business
        made.services.data.pictures._artist.draw = _draw  # type: ignore[method-assign]
        yield made


@pytest.fixture
def registry() -> Registry:
    return build_registry()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """One house for all tests of a module, which clean up behind themselves."""
    async with House(tmp_path_factory.mktemp("house")) as house:
        yield house
