"""The one card that tells an owner who is at the door: sent once, then edited as more come."""

from __future__ import annotations

import logging

from telegram.error import TelegramError

from condor.errors import CondorError
from condor.services.facade import Services
from condor.services.visitors import Telling
from handlers.processor import ChatLocks
from handlers.router import Router
from handlers.view import Show

log = logging.getLogger(__name__)

SCREEN = "door"


class VisitorCards:
    """See the module."""

    def __init__(self, front: str, services: Services, router: Router, locks: ChatLocks) -> None:
        self._front = front
        self._services = services
        self._router = router
        self._locks = locks

    async def round(self) -> None:
        """Tell every owner's chat what it does not know yet; called every few seconds."""
        tellings = await self._services.visitors.to_tell(self._front)
        for telling in tellings:
            try:
                # not between a tap on this card and its answer
                async with self._locks.held(telling.chat_id):
                    await self._tell(telling)
            except (TelegramError, CondorError) as error:
                log.warning("an owner was not told who is at the door: %s", error)
                self._services.visitors.failed(self._front)

    async def _tell(self, telling: Telling) -> None:
        actor = await self._services.access.actor(self._front, telling.chat_id, "", telling.chat_id)
        panel = await self._services.panels.by_id(telling.panel_id) if telling.panel_id else None
        # a card that shows something else now is left to the person who turned it
        if panel is not None and panel.screen == SCREEN:
            await self._router.redraw(panel, actor)
            await self._services.visitors.told(self._front, telling, panel.panel_id, is_new=False)
        else:
            panel = await self._router.send(actor, Show(SCREEN))
            await self._services.visitors.told(self._front, telling, panel.panel_id, is_new=True)
