"""What a person sees, as JSON: what happens, messages as they stand, where words stand, files. The page and programs read the same."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from aiohttp import web

from condor.localchat.answers import HEADERS, Refused, json_answer, number_of
from condor.localchat.errors import BotApiError
from condor.localchat.signal import ChangeSignal
from condor.localchat.state import ChatState

MAX_WAIT_S = 60.0
MAX_EVENTS = 500
MAX_FOUND = 200
MAX_PAGE = 200


class Reading:
    """Routes that change nothing."""

    def __init__(self, state: ChatState, signal: ChangeSignal) -> None:
        self._state = state
        self._signal = signal

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/chat/transcript", self._transcript),
            web.get("/chat/messages", self._messages),
            web.get("/chat/search", self._search),
            web.get("/chat/commands", self._commands),
            web.get("/chat/file/{file_id}", self._file),
        ]

    async def _transcript(self, request: web.Request) -> web.Response:
        after, wait_s = number_of(request, "after", 0), min(MAX_WAIT_S, number_of(request, "wait", 0))
        events = self._after(after)
        if not events and wait_s > 0:
            await self._wait_beyond(after, wait_s)
            events = self._after(after)
        return json_answer({"seq": events[-1]["seq"] if events else max(int(after), 0), "events": events})

    def _after(self, seq: float) -> list[dict[str, Any]]:
        return self._state.events_after(int(seq), MAX_EVENTS)

    async def _wait_beyond(self, seq: float, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while self._state.seq <= seq and (left := deadline - loop.time()) > 0:
            await self._signal.wait(left)

    async def _messages(self, request: web.Request) -> web.Response:
        """Messages as they stand now, the newest `limit` before a message id: what the page draws first and when it is scrolled up."""
        before, limit = int(number_of(request, "before", 2**62)), max(1, int(min(MAX_PAGE, number_of(request, "limit", 80))))
        ids = sorted(message_id for message_id in self._state.messages if message_id < before)[-limit:]
        shown = []
        for message_id in ids:
            message = self._state.messages[message_id]
            shown.append(self._state.event_of("message" if message["from"]["is_bot"] else "sent", message))
        answer = {
            "seq": self._state.seq,
            "messages": shown,
            "has_more": bool(ids) and ids[0] > min(self._state.messages),
            "commands": self._state.menu(),
            "pinned": self._state.pinned,
            "pins": self._state.pins(),
            "keyboard": self._state.keyboard,
            "bot": self._state.bot["first_name"],
        }
        return json_answer(answer)

    async def _search(self, request: web.Request) -> web.Response:
        """Ids of the messages that hold these words, in any order and case, the newest first."""
        words = request.query.get("q", "").casefold().split()
        if not words:
            raise Refused("expected q=WORDS to look for, found none")
        found: list[int] = []
        for message_id in sorted(self._state.messages, reverse=True):
            text = _searched(self._state.messages[message_id])
            if all(word in text for word in words):
                found.append(message_id)
        return json_answer({"found": found[:MAX_FOUND], "count": len(found)})

    async def _commands(self, request: web.Request) -> web.Response:
        return json_answer({"commands": self._state.menu()})

    async def _file(self, request: web.Request) -> web.Response:
        try:
            name, mime, content = self._state.file(request.match_info["file_id"])
        except BotApiError:
            raise Refused("there is no such file", 404) from None
        inline = mime in ("image/png", "image/jpeg")
        safe = re.sub(r"[^\w.\- ]", "_", name)
        headers = {
            **HEADERS,
            "Content-Disposition": f'{"inline" if inline else "attachment"}; filename="{safe}"',
            "Cache-Control": "private, max-age=86400",
        }
        return web.Response(body=content, content_type=mime if inline else "application/octet-stream", headers=headers)


def _searched(message: dict[str, Any]) -> str:
    """What of a message can be looked for: its words and its file's name."""
    document = message.get("document", {})
    return " ".join((message.get("text", message.get("caption", "")), document.get("file_name", ""))).casefold()
