"""The one answer to a tap. What waits for a venue is answered before it is done: a tap without an answer looks like one that was lost, and Telegram forgets it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from telegram import CallbackQuery
from telegram.error import BadRequest

from handlers.html import line
from handlers.present import Presenter

MAX_ALERT = 200
SOON_S = 0.6
"""How long a tap waits for somebody else before it is answered without."""

T = TypeVar("T")


class TapAnswer:
    """See the module; of one tap."""

    def __init__(self, query: CallbackQuery, presenter: Presenter) -> None:
        self._query = query
        self._presenter = presenter
        self._was_early = False

    async def before(self, work: Awaitable[T], words: str) -> T:
        """Do something that somebody else may keep waiting; then the tap is answered with these words before it is done."""
        task = asyncio.ensure_future(work)
        try:
            done, _ = await asyncio.wait({task}, timeout=SOON_S)
            if not done:
                self._was_early = True
                await _answer(self._query, words, is_alert=False)
            return await task
        finally:
            task.cancel()

    async def give(self, text: str, *, is_alert: bool) -> None:
        """What it came to: as the answer, or as a message under its card where the answer was given; what went well is seen on the card."""
        if not self._was_early:
            await _answer(self._query, text, is_alert=is_alert)
        elif is_alert and text and self._query.message is not None:
            card = self._query.message
            await self._presenter.say(card.chat.id, line("⚠️ ", text), reply_to=card.message_id)


async def _answer(query: CallbackQuery, text: str, *, is_alert: bool) -> None:
    shown = text if len(text) <= MAX_ALERT else text[: MAX_ALERT - 1] + "…"
    try:
        await query.answer(shown or None, show_alert=is_alert and bool(shown))
    except BadRequest as error:
        if "too old" not in str(error).lower() and "query id is invalid" not in str(error).lower():
            raise
