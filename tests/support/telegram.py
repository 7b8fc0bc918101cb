"""Telegram in a box for tests about people: many users, groups and topics, over real HTTP on the loopback port. It knows what the bot sent to whom, and how each tap was answered.

The local chat (`condor.localchat`) has one person; what concerns several is tested against this.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

TOKEN = "42:a-token-of-the-tests"
BOT = {"id": 42, "is_bot": True, "first_name": "Condor", "username": "condor_test_bot"}
DATE = 1_790_000_000
WAIT_S = 15.0


@dataclass
class Telegram:
    """The server. What its fields hold may be changed by a test at any time.

    Parameters
    ----------
    has_rival : bool
        Whether another program polls too.
    opened : Event
        Until it is set no call is answered.
    """

    root: str = ""
    has_rival: bool = False
    is_revoked: bool = False
    has_webhook: bool = False
    blocked: set[int] = field(default_factory=set)
    migrated: dict[int, int] = field(default_factory=dict)
    messages: dict[tuple[int, int], dict[str, Any]] = field(default_factory=dict)
    sent: list[dict[str, Any]] = field(default_factory=list)
    edits: int = 0
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    menus: dict[str, list[str]] = field(default_factory=dict)
    left: list[int] = field(default_factory=list)
    deleted: set[tuple[int, int]] = field(default_factory=set)
    updates: list[dict[str, Any]] = field(default_factory=list)
    allowed: list[str] = field(default_factory=list)
    polls: int = 0
    opened: asyncio.Event = field(default_factory=asyncio.Event)
    _next: int = 1

    def take(self) -> int:
        self._next += 1
        return self._next

    # ---- for the tests ---------------------------------------------------------------------------------------------
    def push(self, **update: Any) -> int:
        """An update for the bot; returns its number."""
        number = self.take()
        self.updates.append({"update_id": number, **update})
        return number

    def in_chat(self, chat_id: int) -> list[dict[str, Any]]:
        """What the bot has said in a chat, as it stands now."""
        return [message for (of, _), message in sorted(self.messages.items()) if of == chat_id]

    async def until(self, holds: Callable[[], Any], what: str) -> Any:
        for _ in range(int(WAIT_S / 0.02)):
            found = holds()
            if found:
                return found
            await asyncio.sleep(0.02)
        raise AssertionError(f"waited for {what}; the bot said {[(m['chat']['id'], m['text'][:300]) for m in self.sent[-3:]]}")

    async def says(self, chat_id: int, *words: str) -> dict[str, Any]:
        """The newest message of a chat with these words, once there is one."""

        def found() -> dict[str, Any] | None:
            fitting = [message for message in self.in_chat(chat_id) if all(word in message["text"] for word in words)]
            return fitting[-1] if fitting else None

        message: dict[str, Any] = await self.until(found, f"{words} in {chat_id}")
        return message

    async def polled(self) -> None:
        """The bot has taken every update that there is, and has come back for more."""
        await self.until(lambda: not self.updates, "all updates to be taken")
        before = self.polls
        await self.until(lambda: self.polls > before or not self.updates, "another poll")

    # ---- the Bot API -----------------------------------------------------------------------------------------------
    async def call(self, request: web.Request) -> web.Response:
        await self.opened.wait()
        if request.match_info["token"] != TOKEN or self.is_revoked:
            return _error(401, "Unauthorized")
        values = {name: _read(str(text)) for name, text in (await request.post()).items()}
        method = request.match_info["method"].lower()
        if method == "getupdates":
            return await self._get_updates(values)
        work = getattr(self, f"_{method}", None)
        if work is None:
            return _error(404, "Not Found: method not found")
        found = work(values)
        return found if isinstance(found, web.Response) else web.json_response({"ok": True, "result": found})

    async def _get_updates(self, values: dict[str, Any]) -> web.Response:
        self.polls += 1
        self.allowed = values.get("allowed_updates") or self.allowed
        offset = int(values.get("offset") or 0)
        self.updates = [update for update in self.updates if update["update_id"] >= offset]
        for _ in range(int(float(values.get("timeout") or 0) / 0.02) + 1):
            if self.has_rival:
                return _error(409, "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running")
            if self.has_webhook:
                return _error(409, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first")
            if self.is_revoked:
                return _error(401, "Unauthorized")
            if self.updates:
                break
            await asyncio.sleep(0.02)
        return web.json_response({"ok": True, "result": self.updates})

    def _getme(self, values: dict[str, Any]) -> Any:
        return {**BOT, "can_join_groups": True, "can_read_all_group_messages": False, "supports_inline_queries": False}

    def _deletewebhook(self, values: dict[str, Any]) -> Any:
        return True

    def _sendmessage(self, values: dict[str, Any]) -> Any:
        chat_id = int(values["chat_id"])
        if chat_id in self.migrated:
            text = "Bad Request: group chat was upgraded to a supergroup chat"
            return _error(400, text, {"migrate_to_chat_id": self.migrated[chat_id]})
        if chat_id in self.blocked:
            return _error(403, "Forbidden: bot was blocked by the user")
        message = {"message_id": self.take(), "date": DATE, "chat": chat_of(chat_id), "from": BOT, "text": str(values["text"])}
        message |= {"reply_markup": values["reply_markup"]} if values.get("reply_markup") else {}
        message |= {"message_thread_id": values["message_thread_id"]} if values.get("message_thread_id") else {}
        message |= {"has_protected_content": True} if values.get("protect_content") else {}
        self.messages[chat_id, message["message_id"]] = message
        self.sent.append(message)
        return message

    def _editmessagetext(self, values: dict[str, Any]) -> Any:
        message = self.messages.get((int(values["chat_id"]), int(values["message_id"])))
        if message is None:
            return _error(400, "Bad Request: message to edit not found")
        self.edits += 1
        message["text"] = str(values["text"])
        message.pop("reply_markup", None)
        message |= {"reply_markup": values["reply_markup"]} if values.get("reply_markup") else {}
        return message

    def _deletemessage(self, values: dict[str, Any]) -> Any:
        key = (int(values["chat_id"]), int(values["message_id"]))
        if key in self.deleted:
            return _error(400, "Bad Request: message to delete not found")
        self.deleted.add(key)
        self.messages.pop(key, None)
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


@dataclass(frozen=True)
class Someone:
    """A person on Telegram."""

    telegram: Telegram
    user_id: int
    name: str

    @property
    def user(self) -> dict[str, Any]:
        return {"id": self.user_id, "is_bot": False, "first_name": self.name}

    def write(self, text: str, chat: dict[str, Any] | None = None, **more: Any) -> None:
        """Send a line, privately unless a chat is given."""
        message = {"message_id": self.telegram.take(), "date": DATE, "chat": chat or chat_of(self.user_id), "from": self.user, "text": text, **more}
        self.telegram.push(message=message)

    async def say(self, text: str, *words: str, chat: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
        """Send a line; returns the bot's next message with these words."""
        chat_id = chat["id"] if chat is not None else self.user_id
        before = max((message["message_id"] for message in self.telegram.in_chat(chat_id)), default=0)
        self.write(text, chat, **more)

        def found() -> dict[str, Any] | None:
            news = [message for message in self.telegram.in_chat(chat_id) if message["message_id"] > before]
            return next((message for message in news if all(word in message["text"] for word in words)), None)

        message: dict[str, Any] = await self.telegram.until(found, f"an answer to {text!r} with {words}")
        return message

    async def tap(self, message: dict[str, Any], label: str) -> str:
        """Tap a button; returns what pops up ("" for nothing)."""
        query = self.start_tap(message, label)
        answer = await self.telegram.until(lambda: self.telegram.answers.get(query), f"an answer to {label!r}")
        return str(answer.get("text", ""))

    def start_tap(self, message: dict[str, Any], label: str) -> str:
        """Tap a button and wait for nothing; returns the query's id."""
        data = next(button["callback_data"] for button in buttons(message) if label in button["text"])
        query = str(self.telegram.take())
        value = {"id": query, "from": self.user, "message": message, "chat_instance": "1", "data": data}
        self.telegram.push(callback_query=value)
        return query


def buttons(message: dict[str, Any]) -> list[dict[str, Any]]:
    return [button for row in message.get("reply_markup", {}).get("inline_keyboard", []) for button in row]


def labels(message: dict[str, Any]) -> list[str]:
    return [button["text"] for button in buttons(message)]


def chat_of(chat_id: int, title: str = "Trading") -> dict[str, Any]:
    """A private chat for a positive number, a group for a negative one (a supergroup below -10^12)."""
    if chat_id > 0:
        return {"id": chat_id, "type": "private", "first_name": "Somebody"}
    return {"id": chat_id, "type": "supergroup" if chat_id <= -(10**12) else "group", "title": title}


def _scope(values: dict[str, Any]) -> str:
    scope = values.get("scope") or {"type": "default"}
    return f"{scope['type']}:{scope['chat_id']}" if "chat_id" in scope else str(scope["type"])


def _read(text: str) -> Any:
    """As the library writes values: JSON, but texts as they are."""
    try:
        return json.loads(text) if text[:1] in "[{" or text in ("true", "false") else text
    except ValueError:
        return text


def _error(code: int, text: str, parameters: dict[str, Any] | None = None) -> web.Response:
    more = {"parameters": parameters} if parameters else {}
    return web.json_response({"ok": False, "error_code": code, "description": text, **more}, status=code)


@asynccontextmanager
async def served_telegram() -> AsyncIterator[Telegram]:
    """A server on a free port."""
    telegram = Telegram()
    app = web.Application()
    app.add_routes([web.post("/bot{token}/{method}", telegram.call)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        telegram.root = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield telegram
    finally:
        await runner.cleanup()
