"""A chat that keeps messages as Telegram does, without a network: what the presenter needs of a bot, and updates as the router is given them."""

from __future__ import annotations

from dataclasses import dataclass, field
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
        message_id = self.new_id()
        self.messages[message_id] = Seen(str(text), reply_markup, [reply_markup] if reply_markup else [])
        self.told.append(str(text))
        return SimpleNamespace(message_id=message_id)

    async def edit_message_text(self, text: str, chat_id: int, message_id: int, reply_markup: Any = None) -> None:
        seen = self.messages.get(message_id)
        if seen is None:
            raise BadRequest("Message to edit not found")
        if seen.text == str(text) and seen.markup == reply_markup:
            raise BadRequest("Message is not modified")
        seen.text, seen.markup = str(text), reply_markup
        if reply_markup is not None:
            seen.keyboards.append(reply_markup)
        self.told.append(str(text))

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
        message = SimpleNamespace(text=text, message_id=self.new_id(), reply_to_message=None)
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
