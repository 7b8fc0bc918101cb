"""A Bot API server that can be as bad as Telegram ever was: floods, outages, answers that never come, blocked and migrated chats, topics that are gone.

It keeps what was delivered, whatever it answered: that is what people have seen.
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

TOKEN = "1000000002:secret-of-the-fake"
SENDS = ("sendMessage", "sendPhoto", "sendDocument")
EDITS = ("editMessageText", "editMessageMedia")


@dataclass
class Message:
    """One message as it stands in its chat."""

    message_id: int
    chat_id: int
    text: str
    silent: bool
    thread_id: int
    reply_to: int
    buttons: list[list[dict[str, Any]]]
    edits: int = 0
    photo: bytes = b""
    """The picture above the text; empty for none."""
    document: tuple[str, bytes] = ("", b"")
    """Name and content of a file."""


@dataclass
class Faults:
    """What is wrong now. Chats are ids; `0` in a set stands for all of them."""

    flood: dict[int, int] = field(default_factory=dict)
    """Chat -> retry_after, for the next message only."""
    blocked: set[int] = field(default_factory=set)
    moved: dict[int, int] = field(default_factory=dict)
    gone_topics: set[int] = field(default_factory=set)
    offline: bool = False
    """Connections are cut without an answer, and nothing is delivered."""
    swallow: int = 0
    """So many messages are delivered and never answered."""
    revoked: bool = False
    conflict: bool = False


class Telegram:
    """See the module; `told(chat)` is what stands in a chat, oldest first."""

    def __init__(self) -> None:
        self.faults = Faults()
        self.messages: dict[int, list[Message]] = defaultdict(list)
        self.calls: list[tuple[str, int, int]] = []
        self.answers: list[dict[str, Any]] = []
        self.root = ""
        self._updates: list[dict[str, Any]] = []
        self._news = asyncio.Event()
        self._next = 0

    # ---- what people do ----------------------------------------------------------------------------------------------
    def say(self, text: str, user: int = 5, chat: int | None = None) -> None:
        message = {"message_id": self._id(), "date": 1, "chat": self._chat(chat or user), "from": self._user(user), "text": text}
        if text.startswith("/"):
            message["entities"] = [{"type": "bot_command", "offset": 0, "length": len(text.split()[0])}]
        self._push({"message": message})

    def tap(self, message: Message, label: str, user: int = 5) -> None:
        data = next(button["callback_data"] for row in message.buttons for button in row if label in button["text"])
        shown = {"message_id": message.message_id, "date": 1, "chat": self._chat(message.chat_id), "text": message.text}
        query = {"id": str(self._id()), "from": self._user(user), "chat_instance": "1", "message": shown, "data": data}
        self._push({"callback_query": query})

    def told(self, chat: int = 5) -> list[Message]:
        return list(self.messages[chat])

    def texts(self, chat: int = 5) -> list[str]:
        return [message.text for message in self.messages[chat]]

    # ---- the wire ----------------------------------------------------------------------------------------------------
    @asynccontextmanager
    async def served(self) -> AsyncIterator[Telegram]:
        app = web.Application()
        app.router.add_post("/bot{token}/{method}", self._call)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.root = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield self
        finally:
            await runner.cleanup()

    async def _call(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        form = await request.post() if request.can_read_body else {}
        files = {name: value.file.read() for name, value in form.items() if isinstance(value, web.FileField)}
        names = {name: value.filename for name, value in form.items() if isinstance(value, web.FileField)}
        params = {name: str(value) for name, value in form.items() if name not in files}
        chat_id = int(params.get("chat_id", 0))
        self.calls.append((method, chat_id, len(self.calls)))
        if self.faults.offline:
            return self._cut(request)
        if self.faults.revoked or request.match_info["token"] != TOKEN:
            return _error(401, "Unauthorized")
        if method == "getUpdates":
            return await self._get_updates(params)
        known = {"getMe": self._me(), "sendMessage": None, "editMessageText": None, "answerCallbackQuery": True}
        if method == "answerCallbackQuery":
            self.answers.append(params)
        if method not in SENDS and method not in EDITS:
            return _ok(known.get(method, True))
        refused = self._refusal(params, chat_id)
        if refused is not None:
            return refused
        message = self._edited(params, chat_id) if method in EDITS else self._delivered(params, chat_id)
        if message is None:
            return _error(400, "Bad Request: message to edit not found")
        for name, content in files.items():
            if method == "sendDocument":
                message.document = (names[name] or "", content)
            else:
                message.photo = content
        known_id = params.get("photo") or json.loads(params.get("media", "{}")).get("media", "")
        if known_id.startswith("photo-"):
            message.photo = next(each.photo for told in self.messages.values() for each in told if f"photo-{each.message_id}" == known_id)
        if self.faults.swallow and method in SENDS:
            self.faults.swallow -= 1
            return self._cut(request)
        shown: dict[str, Any] = {"message_id": message.message_id, "date": 1, "chat": self._chat(chat_id), "from": self._me(), "text": message.text}
        if message.photo:
            shown["photo"] = [{"file_id": f"photo-{message.message_id}", "file_unique_id": f"p{message.message_id}", "width": 64, "height": 34}]
        return _ok(shown)

    def _refusal(self, params: dict[str, str], chat_id: int) -> web.Response | None:
        faults = self.faults
        if chat_id in faults.flood:
            pause = faults.flood.pop(chat_id)
            return _error(429, f"Too Many Requests: retry after {pause}", {"retry_after": pause})
        if chat_id in faults.blocked:
            return _error(403, "Forbidden: bot was blocked by the user")
        if chat_id in faults.moved:
            text = "Bad Request: group chat was upgraded to a supergroup chat"
            return _error(400, text, {"migrate_to_chat_id": faults.moved[chat_id]})
        if int(params.get("message_thread_id", 0)) in faults.gone_topics:
            return _error(400, "Bad Request: message thread not found")
        return None

    def _delivered(self, params: dict[str, str], chat_id: int) -> Message:
        markup = json.loads(params.get("reply_markup", "{}"))
        reply = json.loads(params.get("reply_parameters", "{}"))
        message = Message(
            self._id(),
            chat_id,
            params.get("text", params.get("caption", "")),
            params.get("disable_notification") == "true",
            int(params.get("message_thread_id", 0)),
            int(reply.get("message_id", 0)),
            markup.get("inline_keyboard", []),
        )
        self.messages[chat_id].append(message)
        return message

    def _edited(self, params: dict[str, str], chat_id: int) -> Message | None:
        wanted = int(params["message_id"])
        found = next((message for message in self.messages[chat_id] if message.message_id == wanted), None)
        if found is not None:
            media = json.loads(params.get("media", "{}"))
            found.text, found.edits = params.get("text", media.get("caption", "")), found.edits + 1
            found.buttons = json.loads(params.get("reply_markup", "{}")).get("inline_keyboard", [])
        return found

    async def _get_updates(self, params: dict[str, str]) -> web.Response:
        if self.faults.conflict:
            return _error(409, "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running")
        offset = int(params.get("offset", 0))
        self._updates = [update for update in self._updates if update["update_id"] >= offset]
        if not self._updates:
            self._news.clear()
            try:
                async with asyncio.timeout(min(1, int(params.get("timeout", 0)))):
                    await self._news.wait()
            except TimeoutError:
                pass
        return _ok(self._updates)

    @staticmethod
    def _cut(request: web.Request) -> web.StreamResponse:
        """The connection ends, and that is all there is."""
        if request.transport is not None:
            request.transport.close()
        return web.Response()

    # ---- parts -------------------------------------------------------------------------------------------------------
    def _id(self) -> int:
        self._next += 1
        return self._next

    def _push(self, update: dict[str, Any]) -> None:
        self._updates.append({"update_id": self._id(), **update})
        self._news.set()

    def _me(self) -> dict[str, Any]:
        return {"id": 1000000002, "is_bot": True, "first_name": "Condor", "username": "condor_fake_bot"}

    def _user(self, user: int) -> dict[str, Any]:
        return {"id": user, "is_bot": False, "first_name": f"U{user}"}

    def _chat(self, chat: int) -> dict[str, Any]:
        return {"id": chat, "type": "private", "first_name": f"U{chat}"} if chat > 0 else {"id": chat, "type": "supergroup", "title": "Desk"}


def _ok(result: Any) -> web.Response:
    return web.json_response({"ok": True, "result": result})


def _error(status: int, text: str, parameters: dict[str, Any] | None = None) -> web.Response:
    body: dict[str, Any] = {"ok": False, "error_code": status, "description": text}
    if parameters:
        body["parameters"] = parameters
    return web.json_response(body, status=status)
