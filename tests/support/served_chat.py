"""A local chat on a real loopback port, as the tests of several folders use it: a clock that they turn, and nothing else."""

from __future__ import annotations

import asyncio
import struct
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import ClientSession
from prometheus_client import CollectorRegistry

from condor.localchat.access import ChatAccess
from condor.localchat.state import ChatState
from condor.store.chat_store import ChatStore
from condor.web import WebServer

SECRET = "the-secret-of-this-start"


@dataclass
class Clock:
    """Wall time that stands still until a test turns it."""

    at: float = 1_790_000_000.0

    def __call__(self) -> float:
        return self.at


@dataclass
class Served:
    """A running chat."""

    chat: ChatState
    web: WebServer
    clock: Clock

    @property
    def root(self) -> str:
        return self.web.base

    def session(self) -> ClientSession:
        """A program's client, with its bearer."""
        return ClientSession(self.root, headers={"Authorization": f"Bearer {SECRET}"})

    async def say(self, text: str, **more: Any) -> dict[str, Any]:
        """Write a message as the user."""
        async with self.session() as session, session.post("/chat/send", json={"text": text, **more}) as response:
            return dict(await response.json())

    async def tap(self, message_id: int, row: int = 0, column: int = 0) -> dict[str, Any]:
        """Tap a button as the user."""
        body = {"message_id": message_id, "row": row, "column": column}
        async with self.session() as session, session.post("/chat/tap", json=body) as response:
            return dict(await response.json())

    async def events(self, after: int = 0, wait: float = 0) -> list[dict[str, Any]]:
        """The transcript as a program reads it."""
        query = {"after": after, "wait": wait}
        async with self.session() as session, session.get("/chat/transcript", params=query) as response:
            return list((await response.json())["events"])


@asynccontextmanager
async def served_chat(folder: Path, clock: Clock | None = None, **options: Any) -> AsyncIterator[Served]:
    """Serve the chat of a folder on any free port."""
    clock = clock or Clock()
    store = ChatStore(folder / "chat.db")
    chat = ChatState(store, clock)
    access = ChatAccess(SECRET, store, clock)
    web = WebServer("127.0.0.1:0", SECRET, chat, access, lambda: (True, {}), CollectorRegistry(), **options)
    await web.start()
    try:
        yield Served(chat, web, clock)
    finally:
        await web.close()
        store.close()


def png(width: int = 4, height: int = 3, colour: tuple[int, int, int] = (80, 130, 220)) -> bytes:
    """A picture of one colour."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = (b"\0" + bytes(colour) * width) * height
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def jpeg_head(width: int, height: int) -> bytes:
    """The beginning of a JPEG up to its first frame, with another segment before it: all that is read of one."""
    frame = struct.pack(">BHHBBBB", 8, height, width, 1, 1, 0x11, 0)
    segment = b"\xff\xe0" + struct.pack(">H", 16) + b"JFIF\0" + bytes(9)
    return b"\xff\xd8" + segment + b"\xff\xff\xc0" + struct.pack(">H", len(frame) + 2) + frame + b"\xff\xd9"


async def bot_says(served: Served, words: str, after: int = 0, seconds: float = 20) -> dict[str, object]:
    """Wait for words of the bot that come after an event."""
    for _ in range(int(seconds / 0.1)):
        for event in await served.events(after):
            if event["kind"] in ("message", "edited") and words in event["text"]:
                return event
        await asyncio.sleep(0.1)
    raise AssertionError(f"the bot did not say {words!r}: {[event.get('text') for event in await served.events(after)]}")
