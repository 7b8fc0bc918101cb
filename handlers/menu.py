"""The commands menu: who may do more sees more. Strangers learn three words, groups what can only be looked at."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from telegram import Bot, BotCommand, BotCommandScopeAllGroupChats, BotCommandScopeChat, BotCommandScopeDefault
from telegram.error import BadRequest, TelegramError

from condor.users import Role
from handlers.registry import Command, Registry

log = logging.getLogger(__name__)

FOR_ALL = ("start", "help", "whoami")


class Menu:
    """Sets the menu of one bot."""

    def __init__(self, bot: Bot, registry: Registry) -> None:
        self._bot = bot
        self._registry = registry

    async def set_all(self, users: Iterable[tuple[int, Role]]) -> None:
        """The menu of everybody, of groups, and of each user in their private chat."""
        known = self._registry.commands
        await self._bot.set_my_commands(_listed(known[name] for name in FOR_ALL), scope=BotCommandScopeDefault())
        await self._bot.set_my_commands(self._of(Role.VIEWER), scope=BotCommandScopeAllGroupChats())
        for user_id, role in users:
            await self.set_for(user_id, role)

    async def set_for_all(self, role: Role) -> None:
        """One menu for everybody: where there is only one person."""
        await self._bot.set_my_commands(self._of(role))

    async def set_for(self, user_id: int, role: Role) -> None:
        """The menu of a user's private chat; without a role it is everybody's again. One who has never spoken to this bot has none yet."""
        scope = BotCommandScopeChat(user_id)
        try:
            if role is Role.NOBODY:
                await self._bot.delete_my_commands(scope=scope)
            else:
                await self._bot.set_my_commands(self._of(role), scope=scope)
        except BadRequest as error:
            log.debug("user %s has no menu: %s", user_id, error)
        except TelegramError as error:
            log.warning("the menu of user %s was not set: %s", user_id, error)

    def _of(self, role: Role) -> list[BotCommand]:
        return _listed(item for item in self._registry.commands.values() if role >= item.role)


def _listed(commands: Iterable[Command]) -> list[BotCommand]:
    return [BotCommand(item.name, item.summary[:250]) for item in commands]
