"""A whole program within the test's own process, and a person at its local chat who speaks HTTP like everybody else."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

from condor.home import find_home
from condor.settings import Environment, Settings
from condor.wiring import Program, wall_clock

FAST = {"market": {"speed": 20}, "clock": {"tick_size": 0.25}}
Message = dict[str, Any]


class Chatting:
    """Somebody at the chat of `program`; `seen` holds the messages as they stand now."""

    def __init__(self, program: Program, session: ClientSession) -> None:
        self.program = program
        self.seen: dict[int, Message] = {}
        self.answers: list[Message] = []
        self.events: list[Message] = []
        self._session = session
        self._seq = 0

    async def _post(self, path: str, body: dict[str, Any]) -> Any:
        async with self._session.post(path, json=body) as answer:
            return await answer.json()

    async def file(self, file_id: str) -> bytes:
        """What a picture or a document of the chat holds."""
        async with self._session.get(f"/chat/file/{file_id}") as answer:
            return await answer.read()

    # ---- doing -----------------------------------------------------------------------------------------------------
    async def say(self, text: str, *words: str) -> Message:
        """Type a line; returns the next message of the bot that holds these words."""
        sent = (await self._post("/chat/send", {"text": text}))["message_id"]
        return await self.wait(
            lambda message: message["message_id"] > sent and message["from"] == "bot" and all(word in message["text"] for word in words)
        )

    async def tap(self, message: Message, label: str) -> Message:
        """Tap the button with this in its label; returns the answer (`toast`, `alert`) once it came."""
        before = len(self.answers)
        await self.tap_only(message, label)
        await self.until(lambda: len(self.answers) > before, f"an answer to {label!r}")
        return self.answers[before]

    async def tap_only(self, message: Message, label: str) -> None:
        """Tap and wait for nothing."""
        shown = self.seen[message["message_id"]]
        for row, buttons in enumerate(shown["buttons"]):
            for column, button in enumerate(buttons):
                if label in button["text"]:
                    await self._post("/chat/tap", {"message_id": shown["message_id"], "row": row, "column": column})
                    return
        raise AssertionError(f"no button {label!r}: {shown['buttons']}")

    # ---- looking ---------------------------------------------------------------------------------------------------
    def now(self, message: Message) -> Message:
        """A message as it stands now."""
        return self.seen[message["message_id"]]

    def last(self) -> Message:
        return self.seen[max(self.seen)]

    async def wait(self, fits: Callable[[Message], bool], timeout_s: float = 20) -> Message:
        """The newest message that fits, once there is one."""

        def found() -> list[Message]:
            return [message for _, message in sorted(self.seen.items()) if fits(message)]

        await self.until(lambda: bool(found()), "a message that fits", timeout_s)
        return found()[-1]

    async def until(self, holds: Callable[[], bool], what: str, timeout_s: float = 20) -> None:
        deadline = time.monotonic() + timeout_s
        while not holds():
            if time.monotonic() > deadline:
                raise AssertionError(f"waited {timeout_s:g} s for {what}; the chat ends with {[item['text'] for item in self.seen.values()][-3:]}")
            await self.listen(0.5)

    async def listen(self, seconds: float = 0.05) -> None:
        """Take in what has happened."""
        async with self._session.get("/chat/transcript", params={"after": self._seq, "wait": seconds}) as answer:
            news = await answer.json()
        self._seq = max(self._seq, news["seq"])
        for event in news["events"]:
            self.events.append(event)
            if event["kind"] in ("message", "sent", "edited"):
                self.seen[event["message_id"]] = event
            elif event["kind"] == "deleted":
                self.seen.pop(event["message_id"], None)
            elif event["kind"] == "answered":
                self.answers.append(event)


def made(folder: Path, settings: dict[str, Any] | None = None) -> Program:
    """A program in this home that has not begun."""
    return Program(find_home(folder), Settings.model_validate(FAST if settings is None else settings), Environment(http="127.0.0.1:0"), wall_clock())


@asynccontextmanager
async def chatting(program: Program) -> AsyncIterator[Chatting]:
    """A program that runs, and somebody at its chat."""
    try:
        await program.start()
        secret = program._home.chat_token.read_text().strip()
        async with ClientSession(program.web.base, headers={"Authorization": f"Bearer {secret}"}) as session:
            yield Chatting(program, session)
    finally:
        await program.close()


def frozen(program: Program) -> None:
    """Let no more market time pass, so that numbers stay as they are; what has happened is written down."""
    program._host.tick = lambda: None  # type: ignore[method-assign]
    program._host.recorder.flush(None)
