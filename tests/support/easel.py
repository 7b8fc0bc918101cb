"""Pictures of the chat that are drawn when a test says so."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest

from condor.pictures.drawings import decode
from tests.support.house import House
from tests.support.served_chat import png

RED, BLUE = png(40, 30, (200, 40, 40)), png(40, 30, (40, 40, 200))


@dataclass
class Easel:
    """Draws when a test says so: a picture of its own for each title."""

    asked: list[str] = field(default_factory=list)
    given: dict[str, asyncio.Future[bytes]] = field(default_factory=dict)

    async def draw(self, drawing: bytes) -> bytes:
        title = decode(drawing).picture.title
        self.asked.append(title)
        return await self.given.setdefault(title, asyncio.get_running_loop().create_future())

    def hand_over(self, title: str, picture: bytes | Exception) -> None:
        future = self.given.setdefault(title, asyncio.get_running_loop().create_future())
        if isinstance(picture, bytes):
            future.set_result(picture)
        else:
            future.set_exception(picture)


def set_up(chat: House, monkeypatch: pytest.MonkeyPatch) -> Easel:
    """An easel for one test, and a chat that has seen no picture before."""
    found = Easel()
    chat.program.services.data.pictures._kept.clear()
    chat.program.services.data.pictures._drawing.clear()
    chat.program._fronts[0]._router._presenter._photos._ids.clear()
    chat.events.clear()
    chat.answers.clear()
    monkeypatch.setattr(chat.program.services.data.pictures._artist, "draw", found.draw)
    return found


async def picture_of(chat: House, message: dict[str, Any]) -> bytes | None:
    media = chat.now(message)["media"]
    return None if media is None else await chat.file(media["file_id"])
