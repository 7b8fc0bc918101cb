"""The local chat and its page without anything behind them: a test is the bot and says what it likes, a real browser shows it."""

from __future__ import annotations

import asyncio
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.instance import DIRECT
from tests.support.served_chat import Served, png, served_chat

ME = 1
SECONDS = 20


class PageBench:
    """A served chat in a thread of its own, and the bot at it."""

    def __init__(self, served: Served, loop: asyncio.AbstractEventLoop) -> None:
        self.served = served
        self._loop = loop
        self._offset = 0

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Do something in the chat's own thread."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(SECONDS)

    def call(self, work: Callable[[], Any]) -> Any:
        """Call something in the chat's own thread."""

        async def do() -> Any:
            return work()

        return self.run(do())

    # ---- the bot ---------------------------------------------------------------------------------------------------
    def bot(self, method: str, **params: Any) -> Any:
        """A call of the Bot API in this chat; returns its result."""
        body = json.dumps({"chat_id": ME, **params}).encode()
        address = f"{self.served.root}/bot{self.served.web.bot_token}/{method}"
        request = urllib.request.Request(address, data=body, headers={"Content-Type": "application/json"})
        try:
            with DIRECT.open(request, timeout=SECONDS) as answer:
                return json.load(answer)["result"]
        except urllib.error.HTTPError as error:
            raise AssertionError(json.load(error)["description"]) from None

    def says(self, text: str, *rows: list[str], **params: Any) -> int:
        """A message of the bot in HTML, with rows of buttons that tap as their own label; returns its id."""
        markup = {"inline_keyboard": [[{"text": label, "callback_data": label[:20]} for label in row] for row in rows]} if rows else None
        found = self.bot("sendMessage", text=text, parse_mode="HTML", **({"reply_markup": markup} if markup else {}), **params)
        return int(found["message_id"])

    def picture(self, width: int = 1080, height: int = 720, colour: tuple[int, int, int] = (80, 130, 220)) -> str:
        """A picture that the chat keeps, as its file id."""
        return str(self.call(lambda: self.served.chat.keep_file(f"{width}.png", "image/png", png(width, height, colour))))

    def file(self, name: str, content: bytes) -> str:
        return str(self.call(lambda: self.served.chat.keep_file(name, "text/plain", content)))

    def updates(self) -> list[dict[str, Any]]:
        """What the person has done since it was last asked for."""
        found = list(self.bot("getUpdates", offset=self._offset))
        if found:
            self._offset = found[-1]["update_id"] + 1
        return found

    def heard(self, fits: Callable[[dict[str, Any]], bool] = bool) -> dict[str, Any]:
        """The next update that fits, waited for."""
        for _ in range(SECONDS):
            found = list(self.bot("getUpdates", offset=self._offset, timeout=1))
            for update in found:
                self._offset = update["update_id"] + 1
                if fits(update):
                    return dict(update)
        raise AssertionError("the bot has heard nothing of the kind")

    # ---- the page --------------------------------------------------------------------------------------------------
    def address(self) -> str:
        """A way in for one visit."""
        return str(self.call(self.served.web.link))


@contextmanager
def page_bench(folder: Path, at: float) -> Iterator[PageBench]:
    """A chat whose clock stands at `at`, with nothing said in it yet."""
    ready: list[PageBench] = []
    began, over = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        async with served_chat(folder) as served:
            served.clock.at = at
            ready.append(PageBench(served, loop))
            began.set()
            await over.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    assert began.wait(SECONDS), "the chat did not start"
    try:
        yield ready[0]
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(SECONDS)
        loop.close()
