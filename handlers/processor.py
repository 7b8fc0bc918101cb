"""Order of updates: strictly one after the other within a chat, chats beside each other. `/panic` and its taps wait for nothing of that."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from telegram import Update
from telegram.ext import BaseUpdateProcessor

from handlers.view import Button

CONCURRENT = 64

PREFIX = "v1:"
URGENT_PREFIX = "p1:"
URGENT_SCREENS = frozenset({"panic"})
"""Cards whose taps wait for nobody."""
"""Before the token of a button: which lane its tap takes, told without asking a database."""

_URGENT = re.compile(r"/panic(@\w+)?(\s|$)", re.IGNORECASE)


class ChatLocks:
    """A lock for each chat, first come first served; it is forgotten when nobody waits for it."""

    def __init__(self) -> None:
        self._locks: dict[int, asyncio.Lock] = {}
        self._waiting: dict[int, int] = {}

    @asynccontextmanager
    async def held(self, chat_id: int) -> AsyncIterator[None]:
        lock = self._locks.setdefault(chat_id, asyncio.Lock())
        self._waiting[chat_id] = self._waiting.get(chat_id, 0) + 1
        try:
            async with lock:
                yield
        finally:
            self._waiting[chat_id] -= 1
            if not self._waiting[chat_id]:
                del self._waiting[chat_id], self._locks[chat_id]

    def is_held(self, chat_id: int) -> bool:
        """Whether somebody is at work in this chat."""
        lock = self._locks.get(chat_id)
        return lock is not None and lock.locked()


class Heard:
    """When each update under way was heard of, before it waited for its turn."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._since: dict[int, int] = {}

    @contextmanager
    def noted(self, update: object) -> Iterator[None]:
        """While an update is handled."""
        number = update.update_id if isinstance(update, Update) else None
        if number is not None:
            self._since.setdefault(number, self._now_ms())
        try:
            yield
        finally:
            if number is not None:
                self._since.pop(number, None)

    def since_ms(self, update: Update) -> int | None:
        return self._since.get(update.update_id)


class PerChat(BaseUpdateProcessor):
    """Handles an update while it holds its chat's lock.

    Parameters
    ----------
    urgent : ChatLocks
        The second lane of each chat: what is urgent is in order among itself only.
    """

    def __init__(self, locks: ChatLocks, urgent: ChatLocks, heard: Heard) -> None:
        super().__init__(CONCURRENT)
        self._chats = locks
        self._urgent = urgent
        self._heard = heard

    async def process_update(self, update: object, coroutine: Awaitable[Any]) -> None:  # type: ignore[misc]
        """Urgent updates pass the limit of how many may be under way, too: others that wait for their chats count there."""
        chat = update.effective_chat if isinstance(update, Update) else None
        with self._heard.noted(update):
            if chat is None or not is_urgent(update):
                await super().process_update(update, coroutine)
                return
            async with self._urgent.held(chat.id):
                await coroutine

    async def do_process_update(self, update: object, coroutine: Awaitable[Any]) -> None:
        chat = update.effective_chat if isinstance(update, Update) else None
        if chat is None:
            await coroutine
            return
        async with self._chats.held(chat.id):
            await coroutine

    async def initialize(self) -> None:
        return None

    async def shutdown(self) -> None:
        return None


def is_urgent_button(screen: str, button: Button) -> bool:
    """Whether a tap on a button waits for nobody: it stands on an urgent card, or leads to one."""
    leads_to = button.args.get("screen") if button.action in ("show", "open") else None
    return screen in URGENT_SCREENS or leads_to in URGENT_SCREENS


def is_urgent(update: object) -> bool:
    """Whether an update is `/panic` or a tap on its card."""
    if not isinstance(update, Update):
        return False
    if update.callback_query is not None:
        return (update.callback_query.data or "").startswith(URGENT_PREFIX)
    return update.message is not None and _URGENT.match(update.message.text or "") is not None
