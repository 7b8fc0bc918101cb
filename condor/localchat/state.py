"""The chat itself: one person, one bot, their messages, and what each side has not seen yet.

It is sync and knows no transport: Bot API methods and the page's requests both come down to calls here. What is held, and written, is `memory`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from condor.localchat.errors import bad_request
from condor.localchat.memory import QUERY_TTL_S, ChatMemory
from condor.localchat.view import quote
from condor.store.chat_store import ChatStore

BOT_ID = 1_000_000_001


@dataclass(frozen=True, slots=True)
class LocalUser:
    """The person at the page; the private chat has the same id."""

    id: int = 1
    first_name: str = "You"


SECOND_USER = LocalUser(2, "Second user")
"""Somebody else who sees the chat and taps in it: what a bot makes of them is tried out with this one."""


class ChatState(ChatMemory):
    """See the module.

    Parameters
    ----------
    now : callable
        Wall time in seconds.
    """

    def __init__(self, store: ChatStore, now: Callable[[], float], user: LocalUser | None = None, bot_name: str = "Condor") -> None:
        super().__init__(store, now)
        self.user = user or LocalUser()
        self.bot = {"id": BOT_ID, "is_bot": True, "first_name": bot_name, "username": "condor_local_bot"}

    # ---- values ----------------------------------------------------------------------------------------------------
    @property
    def chat(self) -> dict[str, Any]:
        return {"id": self.user.id, "type": "private", "first_name": self.user.first_name}

    def person(self, by: LocalUser | None = None) -> dict[str, Any]:
        """The person of the chat, or somebody else in it."""
        user = by or self.user
        return {"id": user.id, "is_bot": False, "first_name": user.first_name, "language_code": "en"}

    def date(self) -> int:
        return int(self._now())

    def check_chat(self, chat_id: Any) -> None:
        """400 unless this is the one chat there is."""
        if chat_id is None or chat_id == "":
            raise bad_request("chat_id is empty")
        if str(chat_id) != str(self.user.id):
            raise bad_request("chat not found")

    def message(self, message_id: Any, missing: str) -> dict[str, Any]:
        """A message by its id; 400 with the given text when there is none."""
        if not self.known(message_id):
            raise bad_request(missing)
        return self.messages[int(message_id)]

    def known(self, message_id: Any) -> bool:
        """Whether there is a message of this id, whatever was given for one."""
        text = str(message_id)
        return text.isascii() and text.isdigit() and len(text) < 20 and int(text) in self.messages

    # ---- the bot's side --------------------------------------------------------------------------------------------
    def add_bot_message(self, content: dict[str, Any], *, reply_to: int | None, silent: bool) -> dict[str, Any]:
        """A new message of the bot."""
        message = {"message_id": self._take("message"), "date": self.date(), "chat": self.chat, "from": self.bot, **content}
        if reply_to is not None:
            message["_reply_to"] = reply_to
        if silent:
            message["_silent"] = True
        self.messages[message["message_id"]] = message
        self._commit("message", message)
        return message

    def change_message(self, message: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
        """Change a message; values of None remove a part. 400 when nothing would change."""
        changed = {key: value for key, value in {**message, **changes}.items() if value is not None}
        if all(changed.get(key) == message.get(key) for key in {*changed, *message}):
            raise bad_request(
                "message is not modified: specified new message content and reply markup are exactly the same "
                "as a current content and reply markup of the message"
            )
        changed["edit_date"] = self.date()
        self.messages[message["message_id"]] = changed
        self._commit("edited", changed)
        return changed

    def delete_message(self, message_id: int) -> None:
        if message_id in self.pinned:
            self.pin(message_id, is_pinned=False)
        if self.keyboard is not None and self.keyboard.get("message_id") == message_id:
            self.ask(None)
        message = self.messages.pop(message_id)
        self._commit("deleted", {"message_id": message_id, "_gone": True})
        if not message["from"]["is_bot"]:
            self._forget_words(message_id)

    def pin(self, message_id: int | None, *, is_pinned: bool) -> None:
        """Pin or unpin a message; None unpins all."""
        self.pinned = [other for other in self.pinned if message_id is not None and other != message_id]
        if is_pinned and message_id is not None:
            self.pinned.append(message_id)
        self._note({"kind": "pinned", "message_ids": list(self.pinned), "pins": self.pins()}, values={"pinned": self.pinned})

    def pins(self) -> list[dict[str, Any]]:
        """The pinned messages in a line each, the newest last: the page need not have drawn them."""
        return [quote(self.messages[message_id]) for message_id in self.pinned]

    def ask(self, keyboard: dict[str, Any] | None) -> None:
        """Offer lines to tap or ask for a reply; None takes the offer away."""
        if keyboard != self.keyboard:
            self.keyboard = keyboard
            self._note({"kind": "keyboard", "keyboard": keyboard}, values={"keyboard": keyboard})

    def set_commands(self, scope: str, commands: list[dict[str, str]]) -> None:
        if commands:
            self.commands[scope] = commands
        else:
            self.commands.pop(scope, None)
        self._note({"kind": "commands", "commands": self.menu()}, values={"commands": self.commands})

    def menu(self) -> list[dict[str, str]]:
        """Commands that the person sees: those of the narrowest scope that was set."""
        for scope in (f"chat:{self.user.id}", "all_private_chats", "default"):
            if scope in self.commands:
                return self.commands[scope]
        return []

    def act(self, action: str) -> None:
        """The bot is typing, uploading and so on; not worth keeping, but its number is never given out again."""
        self.seq += 1
        self.events.append({"seq": self.seq, "kind": "action", "action": action, "date": self._now()})
        self._store.save(values={"counters": self._counters()})
        self.on_change()

    def answer(self, query_id: str, text: str, *, is_alert: bool) -> None:
        """Answer a tap; only the first answer is seen, one that is too old is refused."""
        query = self._queries.get(query_id)
        if query is None or self._now() - query["date"] > QUERY_TTL_S:
            raise bad_request("query is too old and response timeout expired or query ID is invalid")
        if query.get("answered"):
            return
        query["answered"] = True
        event = {"kind": "answered", "callback_id": query_id, "message_id": query["message_id"]}
        if text:
            event["alert" if is_alert else "toast"] = text
        self._note(event, changed_queries={query_id: query})

    # ---- the person's side -----------------------------------------------------------------------------------------
    def say(self, content: dict[str, Any], reply_to: int | None = None, by: LocalUser | None = None) -> dict[str, Any]:
        """A new message of the person; the bot gets it as an update."""
        message = {"message_id": self._take("message"), "date": self.date(), "chat": self.chat, "from": self.person(by), **content}
        if reply_to is not None:
            message["_reply_to"] = reply_to
        self.messages[message["message_id"]] = message
        self._commit("sent", message, update={"message": self.outward(message)})
        if self.keyboard is not None and self.keyboard.get("once", True):
            self.ask(None)
        return message

    def tap(self, message: dict[str, Any], data: str, by: LocalUser | None = None) -> str:
        """A tap on a callback button; returns the query's id."""
        query_id = str(self._take("query"))
        query = {"id": query_id, "message_id": message["message_id"], "date": self._now()}
        self._queries[query_id] = query
        update = {
            "callback_query": {
                "id": query_id,
                "from": self.person(by),
                "message": self.outward(message),
                "chat_instance": f"local-{self.user.id}",
                "data": data,
            }
        }
        self._push(update, changed_queries={query_id: query})
        return query_id

    # ---- files -----------------------------------------------------------------------------------------------------
    def keep_file(self, name: str, mime: str, content: bytes) -> str:
        """Store a file; the same content under the same name has the same id."""
        file_id = "local_" + hashlib.sha256(name.encode() + b"\0" + content).hexdigest()[:40]
        self._store.put_file(file_id, name, mime, content)
        return file_id

    def file(self, file_id: str, missing: str = "wrong file identifier/HTTP URL specified") -> tuple[str, str, bytes]:
        """(name, mime type, content) of a file; 400 when there is none."""
        found = self._store.file(file_id)
        if found is None:
            raise bad_request("invalid file_id" if file_id.startswith("local_") else missing)
        return found
