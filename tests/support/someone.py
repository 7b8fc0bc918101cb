"""People on the Telegram of the tests: what they write and tap, and what comes back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.fakes.telegram import Message, Telegram, chat_of


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
        message = {
            "message_id": self.telegram.take(),
            "date": int(self.telegram.now_s()),
            "chat": chat or chat_of(self.user_id),
            "from": self.user,
            "text": text,
            **more,
        }
        if text.startswith("/"):
            message["entities"] = [{"type": "bot_command", "offset": 0, "length": len(text.split()[0])}]
        self.telegram.push(message=message)

    async def say(self, text: str, *words: str, chat: dict[str, Any] | None = None, **more: Any) -> Message:
        """Send a line; returns the bot's next message with these words."""
        chat_id = chat["id"] if chat is not None else self.user_id
        before = max((message.message_id for message in self.telegram.messages[chat_id]), default=0)
        self.write(text, chat, **more)
        return (await self.telegram.all_with(chat_id, *words, after=before))[0]

    async def tap(self, message: Message, label: str) -> str:
        """Tap a button; returns what pops up ("" for nothing)."""
        data = next(button["callback_data"] for row in message.buttons for button in row if label in button["text"])
        query = str(self.telegram.take())
        self.telegram.push(callback_query={"id": query, "from": self.user, "message": message.raw(), "chat_instance": "1", "data": data})
        answer = await self.telegram.until(lambda: self.telegram.answers.get(query), f"an answer to {label!r}")
        return str(answer.get("text", ""))
