"""What the Bot API answers when it does not do what was asked."""

from __future__ import annotations

from typing import Any


class BotApiError(Exception):
    """An error reply; python-telegram-bot goes by the HTTP status and the description's words.

    Parameters
    ----------
    description : str
        Telegram's own text, with its prefix.
    parameters : dict, optional
        `retry_after` or `migrate_to_chat_id`.
    """

    def __init__(self, status: int, description: str, parameters: dict[str, Any] | None = None) -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.parameters = parameters


def bad_request(text: str) -> BotApiError:
    """400 with Telegram's prefix."""
    return BotApiError(400, f"Bad Request: {text}")
