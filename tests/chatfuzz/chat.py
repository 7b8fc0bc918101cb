"""A chat that keeps messages as Telegram does, without a network: what the presenter needs of a bot, and updates as the router is given them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from telegram import InlineKeyboardMarkup
from telegram.error import BadRequest

CHAT = 777


@dataclass(slots=True)
class Seen:
    """A message of the bot as it stands, and every keyboard that it ever had."""

    text: str
    markup: InlineKeyboardMarkup | None
    keyboards: list[InlineKeyboardMarkup] = field(default_factory=list)
    is_picture: bool = False


class Chat:
    """Stands for `telegram.Bot` and for the server behind it."""

    def __init__(self) -> None:
        self.messages: dict[int, Seen] = {}
        self.updates = 0
        self.answers: dict[int, int] = {}
        self.told: list[str] = []
        self._ids = 0

    # ---- what the presenter calls ----------------------------------------------------------------------------------
    async def send_message(self, chat_id: int, text: str, reply_markup: Any = None, **_: Any) -> Any:
        return self._new(text, reply_markup)

    async def send_photo(self, chat_id: int, photo: Any, caption: str = "", reply_markup: Any = None, **_: Any) -> Any:
        return self._new(caption, reply_markup, is_picture=True)

    async def send_document(self, chat_id: int, document: Any, caption: str = "", **_: Any) -> Any:
        return self._new(caption, None)

    def _new(self, text: str, reply_markup: Any, *, is_picture: bool = False) -> Any:
        message_id = self.new_id()
        self.messages[message_id] = Seen(str(text), reply_markup, [reply_markup] if reply_markup else [], is_picture)
        self.told.append(str(text))
        return SimpleNamespace(message_id=message_id, photo=())

    async def edit_message_text(self, text: str, chat_id: int, message_id: int, reply_markup: Any = None) -> None:
        seen = self._seen(message_id)
        if seen.is_picture:
            raise BadRequest("There is no text in the message to edit")
        if seen.text == str(text) and seen.markup == reply_markup:
            raise BadRequest("Message is not modified")
        self._turn(seen, str(text), reply_markup)

    async def edit_message_media(self, media: Any, chat_id: int, message_id: int, reply_markup: Any = None) -> None:
        seen = self._seen(message_id)
        seen.is_picture = True
        self._turn(seen, str(media.caption), reply_markup)

    def _seen(self, message_id: int) -> Seen:
        seen = self.messages.get(message_id)
        if seen is None:
            raise BadRequest("Message to edit not found")
        return seen

    def _turn(self, seen: Seen, text: str, reply_markup: Any) -> None:
        seen.text, seen.markup = text, reply_markup
        if reply_markup is not None:
            seen.keyboards.append(reply_markup)
        self.told.append(text)

    async def delete_message(self, chat_id: int, message_id: int) -> None:
        if self.messages.pop(message_id, None) is None:
            raise BadRequest("Message to delete not found")

    # ---- what a person does ----------------------------------------------------------------------------------------
    def new_id(self) -> int:
        self._ids += 1
        return self._ids

    def line(self, text: str) -> Any:
        """A typed line as an update."""
        self.updates += 1
        message = SimpleNamespace(
            text=text, message_id=self.new_id(), date=datetime.now(UTC), reply_to_message=None, document=None, effective_attachment=None
        )
        return SimpleNamespace(update_id=self.updates, message=message, callback_query=None)

    def tap(self, message_id: int, data: str, markup: InlineKeyboardMarkup | None) -> Any:
        """A tap as an update, with the keyboard that the person saw."""
        self.updates += 1
        number = self.updates

        async def answer(text: str | None = None, *, show_alert: bool = False) -> None:
            self.answers[number] = self.answers.get(number, 0) + 1
            if text:
                self.told.append(text)

        message = SimpleNamespace(message_id=message_id, reply_markup=markup)
        query = SimpleNamespace(data=data, message=message, answer=answer)
        return SimpleNamespace(update_id=number, message=None, callback_query=query)
