"""The whole program in this process, and a person who uses its chat over HTTP: for tests that also look inside, turn the clock, or start it again often."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

from condor.home import find_home
from condor.host import WallClock
from condor.settings import Environment, Settings
from condor.wiring import Program

SETTINGS: dict[str, Any] = {"market": {"speed": 20}, "clock": {"tick_size": 0.25}}


class House:
    """See the module.

    Attributes
    ----------
    ahead_ms : int
        How far wall time is ahead of this machine's; a test turns it forward.
    seen : dict
        The messages as they stand now.
    answers : list
        What taps were answered with, in order.
    """

    def __init__(self, home: Path, settings: dict[str, Any] | None = None, **environment: Any) -> None:
        self.home = home
        self.ahead_ms = 0
        self.seen: dict[int, dict[str, Any]] = {}
        self.answers: list[dict[str, Any]] = []
        self._settings = Settings.model_validate(settings or SETTINGS)
        self._environment = Environment(http="127.0.0.1:0", **environment)
        self._seq = 0
        self.program: Program = None  # type: ignore[assignment]

    async def __aenter__(self) -> House:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def start(self) -> None:
        wall = WallClock(lambda: time.time_ns() // 1_000_000 + self.ahead_ms, time.monotonic_ns)
        self.program = Program(find_home(self.home), self._settings, self._environment, wall)
        try:
            await self.program.start()
        except BaseException:
            await self.program.close()
            raise
        secret = (self.home / "data" / "chat.token").read_text().strip()
        self._session = ClientSession(self.program.web.base, headers={"Authorization": f"Bearer {secret}"})
        first = await self.get("/chat/messages", limit=200)
        self._seq = first["seq"]
        self.seen = {message["message_id"]: message for message in first["messages"]}

    async def close(self) -> None:
        await self._session.close()
        await self.program.close()

    async def restart(self) -> None:
        """As a person does: everything down, everything up, the same home."""
        await self.close()
        await self.start()

    # ---- doing -----------------------------------------------------------------------------------------------------
    async def get(self, path: str, **query: Any) -> Any:
        async with self._session.get(path, params=query) as response:
            return await response.json()

    async def post(self, path: str, **body: Any) -> Any:
        async with self._session.post(path, json=body) as response:
            return await response.json()

    async def send(self, text: str, *words: str) -> dict[str, Any]:
        """Type a line; the next message of the bot that holds these words."""
        sent = (await self.post("/chat/send", text=text))["message_id"]
        return await self.wait(lambda item: item["message_id"] > sent and item["from"] == "bot" and all(word in item["text"] for word in words))

    async def tap(self, label: str, message: dict[str, Any] | None = None) -> str:
        """Tap the newest button with this in its label; what the tap was answered with."""
        target, row, column = self.button(label, message)
        return await self.tap_at(target["message_id"], row, column)

    async def tap_at(self, message_id: int, row: int, column: int) -> str:
        before = len(self.answers)
        await self.post("/chat/tap", message_id=message_id, row=row, column=column)
        await self.until(lambda: len(self.answers) > before, "an answer to a tap")
        answer = self.answers[before]
        return answer.get("toast") or answer.get("alert") or ""

    def button(self, label: str, message: dict[str, Any] | None = None) -> tuple[dict[str, Any], int, int]:
        looked = [self.seen[message["message_id"]]] if message is not None else sorted(self.seen.values(), key=lambda item: -item["message_id"])
        for candidate in looked:
            for row, buttons in enumerate(candidate["buttons"] or []):
                for column, button in enumerate(buttons):
                    if label in button["text"]:
                        return candidate, row, column
        raise AssertionError(f"no button {label!r}; the chat ends with {self.texts()[-2:]} {[item['buttons'] for item in looked[:2]]}")

    def labels(self, message: dict[str, Any]) -> list[str]:
        return [button["text"] for row in self.seen[message["message_id"]]["buttons"] or [] for button in row]

    # ---- looking ---------------------------------------------------------------------------------------------------
    def texts(self) -> list[str]:
        return [self.seen[message_id]["text"] for message_id in sorted(self.seen)]

    def text(self, message: dict[str, Any]) -> str:
        """How a message reads now."""
        return str(self.seen[message["message_id"]]["text"])

    async def wait(self, fits: Callable[[dict[str, Any]], bool], seconds: float = 90) -> dict[str, Any]:
        await self.until(lambda: any(fits(item) for item in self.seen.values()), "a message that fits", seconds)
        return next(item for _, item in sorted(self.seen.items(), reverse=True) if fits(item))

    async def wait_text(self, *parts: str, seconds: float = 90) -> dict[str, Any]:
        return await self.wait(lambda item: item["from"] == "bot" and all(part in item["text"] for part in parts), seconds)

    async def until(self, holds: Callable[[], bool], what: str, seconds: float = 90) -> None:
        deadline = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > deadline:
                raise AssertionError(f"waited {seconds:g} s for {what}; the chat ends with {self.texts()[-3:]}")
            await self.listen(0.2)

    async def listen(self, seconds: float = 0) -> None:
        news = await self.get("/chat/transcript", after=self._seq, wait=f"{max(0.02, seconds):.2f}")
        self._seq = max(self._seq, news["seq"])
        for event in news["events"]:
            if event["kind"] in ("message", "sent", "edited"):
                self.seen[event["message_id"]] = event
            elif event["kind"] == "deleted":
                self.seen.pop(event["message_id"], None)
            elif event["kind"] == "answered":
                self.answers.append(event)

    def rows(self, query: str, *arguments: Any) -> list[tuple[Any, ...]]:
        """Read the records as they are on the disk."""
        import sqlite3

        connection = sqlite3.connect(f"file:{self.home / 'data' / 'condor.db'}?mode=ro", uri=True, timeout=10)
        try:
            return connection.execute(query, arguments).fetchall()
        finally:
            connection.close()

    async def row_of(self, query: str, seconds: float = 90) -> list[tuple[Any, ...]]:
        """Rows of a query, once there are some."""
        await self.until(lambda: bool(self.rows(query)), query, seconds)
        return self.rows(query)

    async def idle(self, seconds: float) -> None:
        """Let it run."""
        await asyncio.sleep(seconds)
        await self.listen()
