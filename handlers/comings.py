"""What happens to the bot itself: added to a group, taken out, blocked and unblocked by a person; a group that got another number."""

from __future__ import annotations

from telegram import ChatMemberUpdated, Message
from telegram.constants import ChatMemberStatus, ChatType

from condor.services.facade import Services
from condor.users import Role

INSIDE = frozenset({ChatMemberStatus.MEMBER, ChatMemberStatus.ADMINISTRATOR, ChatMemberStatus.OWNER, ChatMemberStatus.RESTRICTED})


class Comings:
    """See the module."""

    def __init__(self, front: str, services: Services) -> None:
        self._front = front
        self._services = services

    async def changed(self, update: ChatMemberUpdated) -> None:
        """The bot's own place in a chat has changed."""
        chat, user = update.chat, update.from_user
        actor = await self._services.access.actor(self._front, user.id, user.full_name, chat.id)
        is_in = update.new_chat_member.status in INSIDE
        if chat.type == ChatType.PRIVATE:
            if not is_in:
                await self._services.groups.gone(actor, "")
            elif actor.role > Role.NOBODY:
                await self._services.groups.back(actor)
        elif not is_in:
            await self._services.groups.gone(actor, chat.title or "")
        elif update.old_chat_member.status not in INSIDE:
            await self._services.groups.added(actor, chat.title or "")

    async def moved(self, message: Message) -> bool:
        """Whether a message says that a group got another number; both the old and the new chat say it."""
        if message.migrate_to_chat_id:
            await self._services.groups.moved(self._front, message.chat_id, message.migrate_to_chat_id)
            return True
        if message.migrate_from_chat_id:
            await self._services.groups.moved(self._front, message.migrate_from_chat_id, message.chat_id)
            return True
        return False
