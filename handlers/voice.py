"""How services speak through this front end (`condor.services.voices`): what does not get through is logged, and nothing waits for it."""

from __future__ import annotations

import logging

from telegram import Bot
from telegram.error import TelegramError

from condor.users import Role
from handlers.html import esc
from handlers.menu import Menu

log = logging.getLogger(__name__)


class ChatVoice:
    """See the module."""

    def __init__(self, bot: Bot, menu: Menu) -> None:
        self._bot = bot
        self._menu = menu
        self.is_up = False

    @property
    def link(self) -> str:
        return f"https://t.me/{self._bot.username}" if self.is_up else ""

    async def say(self, chat_id: int, text: str) -> None:
        try:
            await self._bot.send_message(chat_id, esc(text))
        except TelegramError as error:
            log.warning("chat %s was not told %r: %s", chat_id, text, error)

    async def leave(self, chat_id: int) -> None:
        try:
            await self._bot.leave_chat(chat_id)
        except TelegramError as error:
            log.warning("the bot could not leave chat %s: %s", chat_id, error)

    async def set_menu(self, user_id: int, role: Role) -> None:
        if self.is_up:
            await self._menu.set_for(user_id, role)
