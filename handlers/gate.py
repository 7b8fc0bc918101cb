"""The one door: who speaks, before anything else looks at an update. Strangers get silence.

Only what a person wrote or tapped themselves goes on: edits, channel posts, messages of bots, of anonymous admins and through inline bots, and forwarded ones do nothing.
"""

from __future__ import annotations

import logging
from dataclasses import replace

from telegram import CallbackQuery, Chat, Message, Update, User
from telegram.constants import ChatType
from telegram.error import TelegramError
from telegram.ext import ApplicationHandlerStop, CallbackContext, ExtBot

from condor.errors import UserError
from condor.services.facade import Services
from condor.services.invites import PREFIX
from condor.store.people import ALLOWED, MUTED
from condor.users import Actor, Role
from handlers.comings import Comings
from handlers.pasted import looks_like_key
from handlers.processor import Heard

log = logging.getLogger(__name__)


class ChatContext(CallbackContext[ExtBot[None], dict, dict, dict]):  # type: ignore[type-arg]
    """What an update carries from the door to the router: who speaks."""

    actor: Actor | None = None


class Gate:
    """See the module; `front` is the name of the front end that it guards."""

    def __init__(self, front: str, services: Services, heard: Heard) -> None:
        self._front = front
        self._services = services
        self._heard = heard
        self._comings = Comings(front, services)

    async def __call__(self, update: Update, context: ChatContext) -> None:
        """Set who speaks, or stop the update here."""
        if update.my_chat_member is not None:
            await self._comings.changed(update.my_chat_member)
            raise ApplicationHandlerStop
        message, query = update.message, update.callback_query
        if message is not None and await self._comings.moved(message):
            raise ApplicationHandlerStop
        user, chat = update.effective_user, update.effective_chat
        if user is None or chat is None or user.is_bot or (message is None and query is None):
            raise ApplicationHandlerStop
        if message is not None and (message.sender_chat is not None or message.via_bot is not None or message.forward_origin is not None):
            raise ApplicationHandlerStop
        found = await self._services.access.actor(self._front, user.id, user.full_name, chat.id, _topic_of(message or (query and query.message)))
        actor = replace(found, heard_ms=self._heard.since_ms(update))
        if chat.type == ChatType.PRIVATE:
            await self._private(actor, message, query, context)
        else:
            await self._in_group(actor, chat, message, query, context)
        context.actor = actor

    # ---- private chats ---------------------------------------------------------------------------------------------
    async def _private(self, actor: Actor, message: Message | None, query: CallbackQuery | None, context: ChatContext) -> None:
        """Stops whoever has no role, unless they bring a claim code or an invite."""
        if actor.role > Role.NOBODY:
            return
        if query is not None:
            await _quiet(query)
        elif message is not None and not await self._comes_in(actor, message.text or "", context):
            await self._services.visitors.met(actor.user_id, actor.name)
        raise ApplicationHandlerStop

    async def _comes_in(self, actor: Actor, text: str, context: ChatContext) -> bool:
        """Whether they were let in by a claim code or an invite; whoever was not is a stranger, with an invite that has ended too."""
        if await self._services.access.claim(actor, text):
            await context.bot.send_message(actor.chat_id, "You are the owner now. /start shows everything.")
            await self._services.voices.set_menu(self._front, actor.user_id, Role.OWNER)
            return True
        word, _, token = text.partition(" ")
        if word != "/start" or not token.startswith(PREFIX):
            return False
        try:
            role = await self._services.invites.redeem(actor, token.removeprefix(PREFIX).strip(), lambda connection: None)
        except UserError as error:
            log.info("an invite was not used: %s", error)
            return False
        return role is not None

    # ---- groups ----------------------------------------------------------------------------------------------------
    async def _in_group(self, actor: Actor, chat: Chat, message: Message | None, query: CallbackQuery | None, context: ChatContext) -> None:
        """Stops what is said in groups that are not allowed, by people without a role, or not to the bot."""
        state = await self._services.groups.state(self._front, chat.id) if chat.type in (ChatType.GROUP, ChatType.SUPERGROUP) else MUTED
        if state not in (ALLOWED, MUTED):
            await self._services.groups.added(actor, chat.title or "")
            state = await self._services.groups.state(self._front, chat.id)
        if state != ALLOWED:
            raise ApplicationHandlerStop
        if query is not None:
            # a tap of somebody without a role is answered by the router: the card is not theirs
            return
        if actor.role is Role.NOBODY or message is None:
            raise ApplicationHandlerStop
        # a key that somebody pasted is taken away, whoever it was meant for
        if not _is_spoken_to(message, context.bot.bot) and not looks_like_key(message.text or ""):
            raise ApplicationHandlerStop


def _topic_of(message: object) -> int:
    """The topic that a message stands in; 0 for none."""
    return message.message_thread_id or 0 if isinstance(message, Message) and message.is_topic_message else 0


def _is_spoken_to(message: Message, bot: User) -> bool:
    """Whether a line in a group is for this bot: a command that names no other one, or a reply to a message of its own."""
    text, replied = message.text or "", message.reply_to_message
    if text.startswith("/"):
        _, _, name = text.split(maxsplit=1)[0].partition("@")
        return not name or name.lower() == (bot.username or "").lower()
    return replied is not None and replied.from_user is not None and replied.from_user.id == bot.id


async def _quiet(query: CallbackQuery) -> None:
    """End the waiting sign of a button without a word."""
    try:
        await query.answer()
    except TelegramError as error:
        log.debug("a tap was not answered: %s", error)
