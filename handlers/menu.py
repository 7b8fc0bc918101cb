"""The commands menu: who may do more sees more. Strangers learn three words, groups what can only be looked at."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from telegram import Bot, BotCommand, BotCommandScope, BotCommandScopeAllGroupChats, BotCommandScopeChat, BotCommandScopeDefault
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
        await self._set(_listed(known[name] for name in FOR_ALL), BotCommandScopeDefault())
        await self._set(self._of(Role.VIEWER), BotCommandScopeAllGroupChats())
        for user_id, role in users:
            await self.set_for(user_id, role)

    async def set_for_all(self, role: Role) -> None:
        """One menu for everybody: where there is only one person."""
        await self._set(self._of(role), BotCommandScopeDefault())

    async def set_for(self, user_id: int, role: Role) -> None:
        """The menu of a user's private chat; without a role it is everybody's again."""
        await self._set([] if role is Role.NOBODY else self._of(role), BotCommandScopeChat(user_id))

    async def _set(self, commands: list[BotCommand], scope: BotCommandScope) -> None:
        """Set a menu, or take it away; no chat waits for one."""
        try:
            if commands:
                await self._bot.set_my_commands(commands, scope=scope)
            else:
                await self._bot.delete_my_commands(scope=scope)
        except BadRequest as error:
            # a user who has never spoken to this bot has no menu yet
            log.debug("no menu for %s: %s", scope.to_dict(), error)
        except TelegramError as error:
            log.warning("the menu of %s was not set: %s", scope.to_dict(), error)

    def _of(self, role: Role) -> list[BotCommand]:
        return _listed(item for item in self._registry.commands.values() if role >= item.role)


def _listed(commands: Iterable[Command]) -> list[BotCommand]:
    return [BotCommand(item.name, item.summary[:250]) for item in commands]
