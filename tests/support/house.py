"""The whole program in this process, and a person who uses its chat over HTTP: for tests that also look inside, turn the clock, or start it again often."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

from condor.host import WallClock
from condor.wiring import Program
from tests.support.instance import rows_of
from tests.support.programs import OWNER, made, no_claim
from tests.support.transcript import Card, Fits, Transcript, answer_text, from_bot


class House(Transcript):
    """See the module.

    Attributes
    ----------
    ahead_ms : int
        How far wall time is ahead of this machine's; a test turns it forward.
    session : ClientSession
        Speaks to the chat as a program does.
    """

    program: Program
    session: ClientSession

    def __init__(self, home: Path, settings: dict[str, Any] | None = None, **environment: Any) -> None:
        super().__init__()
        self.home = home
        self.ahead_ms = 0
        self._settings, self._environment = settings, environment

    async def __aenter__(self) -> House:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def start(self) -> None:
        wall = WallClock(lambda: time.time_ns() // 1_000_000 + self.ahead_ms, time.monotonic_ns)
        self.program = made(self.home, self._settings, wall, **self._environment)
        try:
            await self.program.start()
        except BaseException:
            await self.program.close()
            raise
        secret = (self.home / "data" / "chat.token").read_text().strip()
        self.session = ClientSession(self.program.web.base, headers={"Authorization": f"Bearer {secret}"})
        self.begin(await self.get("/chat/messages", limit=200))

    async def close(self) -> None:
        await self.session.close()
        await self.program.close()

    async def restart(self) -> None:
        """As a person does: everything down, everything up, the same home."""
        await self.close()
        await self.start()

    def freeze(self) -> None:
        """Let no more market time pass, so that numbers stay as they are; what has happened is written down."""
        self.program._host.tick = lambda: None  # type: ignore[method-assign]
        self.program._host.recorder.flush(None)

    # ---- doing -----------------------------------------------------------------------------------------------------
    async def get(self, path: str, **query: Any) -> Any:
        async with self.session.get(path, params=query) as response:
            return await response.json()

    async def post(self, path: str, **body: Any) -> Any:
        async with self.session.post(path, json=body) as response:
            assert response.ok, f"{path} {body}: {response.status} {await response.text()}"
            return await response.json()

    async def write(self, text: str) -> int:
        """Type a line and wait for nothing; returns the message's id."""
        return int((await self.post("/chat/send", text=text))["message_id"])

    async def send(self, text: str, *words: str) -> Card:
        """Type a line; the next message of the bot that holds these words."""
        return await self.wait(from_bot(*words, after=await self.write(text)))

    async def tap(self, label: str, message: Card | None = None) -> str:
        """Tap the newest button with this in its label; what the tap was answered with."""
        target, row, column = self.button(label, message)
        return await self.tap_at(target["message_id"], row, column)

    async def tap_only(self, label: str, message: Card | None = None) -> None:
        """Tap and wait for nothing."""
        target, row, column = self.button(label, message)
        await self.post("/chat/tap", message_id=target["message_id"], row=row, column=column)

    async def tap_at(self, message_id: int, row: int, column: int) -> str:
        before = len(self.answers)
        await self.post("/chat/tap", message_id=message_id, row=row, column=column)
        await self.until(lambda: len(self.answers) > before, "an answer to a tap")
        return answer_text(self.answers[before])

    async def bot(self, title: str = "", **changes: Any) -> str:
        """A bot on paper, started behind the chat's back."""
        services = self.program.services
        draft = await services.drafts.begin(OWNER, "pmm_simple")
        return (await services.bots.start(OWNER, draft.controller_name, draft.answers | changes, no_claim, title)).bot_id

    async def stop_bots(self) -> None:
        """End every bot, and what it holds."""
        bots = self.program.services.bots
        for view in bots.running():
            if view.state == "running":
                await bots.stop(OWNER, view.bot_id, no_claim, keep_position=False)
        await self.until(lambda: not bots.running(), "the end of all bots")

    # ---- looking ---------------------------------------------------------------------------------------------------
    async def file(self, file_id: str) -> bytes:
        """What a picture or a document of the chat holds."""
        async with self.session.get(f"/chat/file/{file_id}") as response:
            return await response.read()

    async def wait(self, fits: Fits, seconds: float = 90) -> Card:
        """The newest message that fits, once there is one."""
        await self.until(lambda: bool(self.fitting(fits)), "a message that fits", seconds)
        return self.fitting(fits)[-1]

    async def wait_text(self, *parts: str, seconds: float = 90) -> Card:
        return await self.wait(from_bot(*parts), seconds)

    async def until(self, holds: Callable[[], bool], what: str, seconds: float = 90) -> None:
        deadline = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > deadline:
                raise AssertionError(f"waited {seconds:g} s for {what}; the chat ends with {self.texts()[-3:]}")
            await self.listen(0.2)

    async def listen(self, seconds: float = 0) -> None:
        """Take in what has happened."""
        self.take(await self.get("/chat/transcript", after=self._seq, wait=f"{max(0.02, seconds):.2f}"))

    def rows(self, query: str, *arguments: Any) -> list[tuple[Any, ...]]:
        """Read the records as they are on the disk."""
        return rows_of(self.home, query, *arguments)

    async def row_of(self, query: str, seconds: float = 90) -> list[tuple[Any, ...]]:
        """Rows of a query, once there are some."""
        await self.until(lambda: bool(self.rows(query)), query, seconds)
        return self.rows(query)

    async def idle(self, seconds: float) -> None:
        """Let it run."""
        await asyncio.sleep(seconds)
        await self.listen()
