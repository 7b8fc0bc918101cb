"""A served chat and the library's own client to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from telegram import Bot
from telegram.request import HTTPXRequest

from tests.support.served_chat import Served, served_chat


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    async with served_chat(tmp_path) as running:
        yield running


@pytest.fixture
async def bot(served: Served) -> AsyncIterator[Bot]:
    requests = [HTTPXRequest(httpx_kwargs={"trust_env": False}) for _ in range(2)]
    root = served.root
    async with Bot(
        served.web.bot_token, base_url=f"{root}/bot", base_file_url=f"{root}/file/bot", request=requests[0], get_updates_request=requests[1]
    ) as made:
        yield made
