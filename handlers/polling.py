"""Asking for updates, also while Telegram refuses us: python-telegram-bot gives up at the first 401 for good, and without a word to anybody."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from telegram.error import TelegramError
from telegram.request import HTTPXRequest

REFUSALS = (HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND)
"""What is answered to a token that is not, or no longer, one."""


class TokenRefused(TelegramError):
    """Telegram does not take the token now. It is asked again, ever more seldom: the owner may have made a new one, or it was a fault of theirs."""


class PollRequest(HTTPXRequest):
    """The connection over which updates come.

    Parameters
    ----------
    on_answer : callable
        Called with every answer that brings updates, or none.
    """

    def __init__(self, on_answer: Callable[[], None], **options: Any) -> None:
        super().__init__(**options)
        self._on_answer = on_answer

    async def do_request(self, *args: Any, **options: Any) -> tuple[int, bytes]:
        status, payload = await super().do_request(*args, **options)
        if status in REFUSALS:
            raise TokenRefused(f"the token is refused ({status})")
        if status == HTTPStatus.OK:
            self._on_answer()
        return status, payload
