"""Telegram in a box: many users, groups and topics over real HTTP on loopback, and as bad as it ever was: floods, outages, answers that never come,
blocked and migrated chats, topics that are gone.

It keeps what was delivered, whatever it answered: that is what people have seen. The local chat (`condor.localchat`) has one person and no faults.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.support.leavings import KNOWN
from tests.support.waiting import until

TOKEN = "1000000002:secret-of-the-fake"
KNOWN.add(TOKEN)
BOT = {"id": 1000000002, "is_bot": True, "first_name": "Condor", "username": "condor_test_bot"}
DATE = 1_790_000_000
NOT_MODIFIED = "Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message"
PATIENCE_S = 15.0
LONGEST_POLL_S = 1.0
LOOK_S = 0.02
PHOTO = "photo-"
"""So ids of pictures begin that were sent already; the message's number follows."""

SENDS = ("sendMessage", "sendPhoto", "sendDocument")


@dataclass
class Message:
    """One message of the bot as it stands in its chat."""

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
    """Name and content of a file; a message without one has none."""
    is_protected: bool = False

    @property
    def labels(self) -> list[str]:
        return [button["text"] for row in self.buttons for button in row]

    def raw(self) -> dict[str, Any]:
        """As the Bot API writes it."""
        thread = {"message_thread_id": self.thread_id, "is_topic_message": True} if self.thread_id else {}
        markup = {"reply_markup": {"inline_keyboard": self.buttons}} if self.buttons else {}
        words = {"caption" if self.photo or self.document[0] else "text": self.text}
        media: dict[str, Any] = {}
        if self.photo:
            media["photo"] = [{"file_id": f"{PHOTO}{self.message_id}", "file_unique_id": f"p{self.message_id}", "width": 64, "height": 34}]
        if self.document[0]:
            media["document"] = {"file_id": f"file-{self.message_id}", "file_unique_id": f"f{self.message_id}", "file_name": self.document[0]}
        return {"message_id": self.message_id, "date": DATE, "chat": chat_of(self.chat_id), "from": BOT, **words, **media, **thread, **markup}


@dataclass
class Faults:
    """What is wrong now. Chats are ids."""

    flood: dict[int, int] = field(default_factory=dict)
    """Chat -> retry_after, for the next message only."""
    blocked: set[int] = field(default_factory=set)
    moved: dict[int, int] = field(default_factory=dict)
    gone_topics: set[int] = field(default_factory=set)
    refused: str = ""
    """Messages whose text has this in it are refused as malformed, always; empty for none."""
    muted: set[int] = field(default_factory=set)
    """Groups that let nobody but their admins write."""
    offline: bool = False
    """Connections are cut without an answer, and nothing is delivered."""
    swallow: int = 0
    """So many messages are delivered and never answered."""
    revoked: bool = False
    conflict: bool = False
    """Another program polls too."""
    webhook: bool = False


class Telegram:
    """See the module: `messages` is what stands in each chat, `sent` all that was delivered, `answers` what taps got, by query.

    While `opened` is not set no call is answered.
    """

    def __init__(self) -> None:
        self.faults = Faults()
        self.messages: dict[int, list[Message]] = defaultdict(list)
        self.sent: list[Message] = []
        self.calls: list[tuple[str, int]] = []
        self.answers: dict[str, dict[str, Any]] = {}
        self.menus: dict[str, list[str]] = {}
        self.left: list[int] = []
        self.deleted: set[tuple[int, int]] = set()
        self.allowed: list[str] = []
        self.opened = asyncio.Event()
        self.opened.set()
        self.unmodified = 0
        """How often a message was to become what it was."""
        self.root = ""
        self.now_s: Callable[[], float] = time.time
        """When people write; a test whose program lives at another time sets it."""
        self._updates: list[dict[str, Any]] = []
        self._next = 0

    @asynccontextmanager
    async def served(self) -> AsyncIterator[Telegram]:
        """On a free port."""
        app = web.Application()
        app.router.add_post("/bot{token}/{method}", self._call)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            self.root = f"http://127.0.0.1:{runner.addresses[0][1]}"
            yield self
        finally:
            await runner.cleanup()

    # ---- for the tests ---------------------------------------------------------------------------------------------
    def take(self) -> int:
        """The next number of an update, a message or a query."""
        self._next += 1
        return self._next

    def push(self, **update: Any) -> None:
        """An update for the bot."""
        self._updates.append({"update_id": self.take(), **update})

    def told(self, chat_id: int) -> list[Message]:
        return list(self.messages[chat_id])

    def calls_of(self, method: str, chat_id: int = 0) -> int:
        """How often this was asked (of the chat, if one is given)."""
        return sum(found == method and of == (chat_id or of) for found, of in self.calls)

    @property
    def polls(self) -> int:
        return self.calls_of("getUpdates")

    @property
    def edits(self) -> int:
        return sum(message.edits for messages in self.messages.values() for message in messages)

    async def until(self, holds: Any, what: str, patience_s: float = PATIENCE_S) -> Any:
        return await until(holds, what, patience_s, lambda: [(message.chat_id, message.text[:300]) for message in self.sent[-3:]])

    async def all_with(self, chat_id: int, *words: str, after: int = 0) -> list[Message]:
        """The messages of a chat with these words that are newer than one, once there are any."""

        def found() -> list[Message]:
            return [message for message in self.messages[chat_id] if message.message_id > after and all(word in message.text for word in words)]

        return list(await self.until(found, f"{words} in {chat_id}"))

    async def says(self, chat_id: int, *words: str) -> Message:
        """The newest message of a chat with these words, once there is one."""
        return (await self.all_with(chat_id, *words))[-1]

    async def polled(self) -> None:
        """The bot has taken every update that there is, and has come back for more."""
        await self.until(lambda: not self._updates, "all updates to be taken")
        before = self.polls
        await self.until(lambda: self.polls > before or not self._updates, "another poll")

    # ---- the Bot API -----------------------------------------------------------------------------------------------
    async def _call(self, request: web.Request) -> web.StreamResponse:
        await self.opened.wait()
        method = request.match_info["method"]
        form = await request.post()
        values = {name: item if isinstance(item, web.FileField) else _read(name, str(item)) for name, item in form.items()}
        self.calls.append((method, int(values.get("chat_id", 0))))
        if self.faults.offline:
            return _cut(request)
        if self.faults.revoked or request.match_info["token"] != TOKEN:
            return _error(401, "Unauthorized")
        if method == "getUpdates":
            return await self._get_updates(values)
        work = getattr(self, f"_{method.lower()}", None)
        if work is None:
            return _error(404, "Not Found: method not found")
        found = work(values)
        if method in SENDS and self.faults.swallow and not isinstance(found, web.Response):
            self.faults.swallow -= 1
            return _cut(request)
        return found if isinstance(found, web.Response) else _ok(found)

    async def _get_updates(self, values: dict[str, Any]) -> web.Response:
        self.allowed = values.get("allowed_updates") or self.allowed
        offset = int(values.get("offset") or 0)
        self._updates = [update for update in self._updates if update["update_id"] >= offset]
        for _ in range(int(min(LONGEST_POLL_S, float(values.get("timeout") or 0)) / LOOK_S) + 1):
            if self.faults.conflict:
                return _error(409, "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running")
            if self.faults.webhook:
                return _error(409, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first")
            if self.faults.revoked:
                return _error(401, "Unauthorized")
            if self._updates:
                break
            await asyncio.sleep(LOOK_S)
        return _ok(self._updates)

    def _getme(self, values: dict[str, Any]) -> Any:
        return {**BOT, "can_join_groups": True, "can_read_all_group_messages": False, "supports_inline_queries": False}

    def _deletewebhook(self, values: dict[str, Any]) -> Any:
        return True

    def _sendmessage(self, values: dict[str, Any]) -> Any:
        return self._delivered(values, str(values["text"]))

    def _sendphoto(self, values: dict[str, Any]) -> Any:
        return self._delivered(values, str(values.get("caption", "")), photo=self._picture(values["photo"]))

    def _senddocument(self, values: dict[str, Any]) -> Any:
        file = values["document"]
        return self._delivered(values, str(values.get("caption", "")), document=(str(file.filename), file.file.read()))

    def _delivered(self, values: dict[str, Any], text: str, **media: Any) -> Any:
        chat_id, thread_id = int(values["chat_id"]), int(values.get("message_thread_id", 0))
        refused = self._refusal(chat_id, thread_id, text)
        if refused is not None:
            return refused
        reply_to = int(values.get("reply_parameters", {}).get("message_id", 0))
        is_silent = values.get("disable_notification") is True
        message = Message(self.take(), chat_id, text, is_silent, thread_id, reply_to, _keyboard(values), **media)
        message.is_protected = values.get("protect_content") in (True, "true")
        self.messages[chat_id].append(message)
        self.sent.append(message)
        return message.raw()

    def _editmessagetext(self, values: dict[str, Any]) -> Any:
        return self._edited(values, str(values["text"]))

    def _editmessagemedia(self, values: dict[str, Any]) -> Any:
        media = values["media"]
        # a picture that comes along stands in a field of its own, one that was sent before is named by its id
        name = str(media["media"]).removeprefix("attach://")
        return self._edited(values, str(media.get("caption", "")), photo=self._picture(values.get(name, name)))

    def _edited(self, values: dict[str, Any], text: str, photo: bytes = b"") -> Any:
        chat_id, wanted = int(values["chat_id"]), int(values["message_id"])
        refused = self._refusal(chat_id, 0, text)
        if refused is not None:
            return refused
        message = next((message for message in self.messages[chat_id] if message.message_id == wanted), None)
        if message is None:
            return _error(400, "Bad Request: message to edit not found")
        buttons, shown = _keyboard(values), photo or message.photo
        if (text, buttons, shown) == (message.text, message.buttons, message.photo):
            self.unmodified += 1
            return _error(400, NOT_MODIFIED)
        message.text, message.buttons, message.photo, message.edits = text, buttons, shown, message.edits + 1
        return message.raw()

    def _picture(self, given: Any) -> bytes:
        """A picture as a file, or by the id of one that was sent before."""
        if isinstance(given, web.FileField):
            return given.file.read()
        number = int(str(given).removeprefix(PHOTO))
        return next(message.photo for message in self.sent if message.message_id == number)

    def _refusal(self, chat_id: int, thread_id: int, text: str) -> web.Response | None:
        faults = self.faults
        if chat_id in faults.flood:
            pause = faults.flood.pop(chat_id)
            return _error(429, f"Too Many Requests: retry after {pause}", {"retry_after": pause})
        if chat_id in faults.blocked:
            return _error(403, "Forbidden: bot was blocked by the user")
        if chat_id in faults.moved:
            return _error(400, "Bad Request: group chat was upgraded to a supergroup chat", {"migrate_to_chat_id": faults.moved[chat_id]})
        if thread_id in faults.gone_topics:
            return _error(400, "Bad Request: message thread not found")
        if chat_id in faults.muted:
            return _error(400, "Bad Request: not enough rights to send text messages to the chat")
        if faults.refused and faults.refused in text:
            return _error(400, "Bad Request: can't parse entities: unsupported start tag at byte offset 3")
        return None

    def _deletemessage(self, values: dict[str, Any]) -> Any:
        chat_id, message_id = int(values["chat_id"]), int(values["message_id"])
        if (chat_id, message_id) in self.deleted:
            return _error(400, "Bad Request: message to delete not found")
        self.deleted.add((chat_id, message_id))
        self.messages[chat_id] = [message for message in self.messages[chat_id] if message.message_id != message_id]
        return True

    def _answercallbackquery(self, values: dict[str, Any]) -> Any:
        self.answers.setdefault(str(values["callback_query_id"]), values)
        return True

    def _setmycommands(self, values: dict[str, Any]) -> Any:
        self.menus[_scope(values)] = [command["command"] for command in values["commands"]]
        return True

    def _deletemycommands(self, values: dict[str, Any]) -> Any:
        self.menus.pop(_scope(values), None)
        return True

    def _leavechat(self, values: dict[str, Any]) -> Any:
        self.left.append(int(values["chat_id"]))
        return True


def chat_of(chat_id: int, title: str = "Trading") -> dict[str, Any]:
    """A private chat for a positive number, a group for a negative one (a supergroup below -10^12)."""
    if chat_id > 0:
        return {"id": chat_id, "type": "private", "first_name": "Somebody"}
    return {"id": chat_id, "type": "supergroup" if chat_id <= -(10**12) else "group", "title": title}


def _keyboard(values: dict[str, Any]) -> list[list[dict[str, Any]]]:
    return list(values.get("reply_markup", {}).get("inline_keyboard", []))


def _scope(values: dict[str, Any]) -> str:
    scope = values.get("scope") or {"type": "default"}
    return f"{scope['type']}:{scope['chat_id']}" if "chat_id" in scope else str(scope["type"])


def _read(name: str, text: str) -> Any:
    """As the library writes values: JSON, but texts as they are."""
    return json.loads(text) if name not in ("text", "caption") and (text[:1] in ("[", "{") or text in ("true", "false")) else text


def _cut(request: web.Request) -> web.StreamResponse:
    """The connection ends, and that is all there is."""
    if request.transport is not None:
        request.transport.close()
    return web.Response()


def _ok(result: Any) -> web.Response:
    return web.json_response({"ok": True, "result": result})


def _error(code: int, text: str, parameters: dict[str, Any] | None = None) -> web.Response:
    more = {"parameters": parameters} if parameters else {}
    return web.json_response({"ok": False, "error_code": code, "description": text, **more}, status=code)
