"""The one door: who speaks, before anything else looks at an update. Strangers get silence."""

from __future__ import annotations

import logging

from telegram import Update
from telegram.ext import ApplicationHandlerStop, CallbackContext, ExtBot

from condor.services.facade import Services
from condor.users import Actor, Role

log = logging.getLogger(__name__)


class ChatContext(CallbackContext[ExtBot[None], dict, dict, dict]):  # type: ignore[type-arg]
    """What an update carries from the door to the router: who speaks."""

    actor: Actor | None = None


class Gate:
    """See the module; `front` is the name of the front end that it guards."""

    def __init__(self, front: str, services: Services) -> None:
        self._front = front
        self._services = services

    async def __call__(self, update: Update, context: ChatContext) -> None:
        user, chat = update.effective_user, update.effective_chat
        if user is None or chat is None or user.is_bot:
            raise ApplicationHandlerStop
        actor = await self._services.access.actor(self._front, user.id, user.full_name, chat.id)
        if actor.role <= Role.ALERT_ONLY:
            text = update.message.text if update.message is not None and chat.type == "private" else None
            if actor.role is Role.ALERT_ONLY or not text or not await self._services.access.claim(actor, text):
                raise ApplicationHandlerStop
            actor = await self._services.access.actor(self._front, user.id, user.full_name, chat.id)
            await self._services.subscriptions.known_chat(actor)
            await context.bot.send_message(chat.id, "You are the owner now. /start shows everything.")
            raise ApplicationHandlerStop
        context.actor = actor
