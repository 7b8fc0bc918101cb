"""Cards whose picture takes its time: the card is shown at once and says so, the picture follows by an edit. One that comes late for another state is discarded."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace

from telegram.error import TelegramError

from condor.errors import UserError
from condor.services.panels import PanelService
from condor.services.pictures import PictureService
from condor.store.panels import Panel
from condor.users import Actor
from handlers.html import italic, join
from handlers.present import Presenter
from handlers.processor import ChatLocks
from handlers.view import View

log = logging.getLogger(__name__)

SOON_S = 0.4
"""How long a tap waits for a picture before it is answered without."""


class LatePictures:
    """See the module.

    Parameters
    ----------
    locks : ChatLocks
        A late picture is put into a card while nobody else works in its chat.
    """

    def __init__(self, presenter: Presenter, panels: PanelService, pictures: PictureService, locks: ChatLocks) -> None:
        self._presenter = presenter
        self._panels = panels
        self._pictures = pictures
        self._locks = locks
        self._following: set[asyncio.Task[None]] = set()

    async def put(self, panel: Panel, view: View, actor: Actor, *, silent: bool = False) -> Panel:
        """Show a view, with its picture if that is there soon."""
        if view.drawing is None:
            return await self._presenter.put(panel, view, actor, silent=silent)
        task = asyncio.create_task(self._pictures.draw(view.drawing))
        done, _ = await asyncio.wait({task}, timeout=SOON_S)
        if done:
            return await self._presenter.put(panel, _finished(view, task), actor, silent=silent)
        waiting = replace(view, text=join([view.text, italic("⏳ The chart is being drawn …")], "\n"))
        panel = await self._presenter.put(panel, waiting, actor, silent=silent)
        following = asyncio.create_task(self._follow(panel, view, actor, task), name="late picture")
        self._following.add(following)
        following.add_done_callback(self._following.discard)
        return panel

    async def _follow(self, panel: Panel, view: View, actor: Actor, task: asyncio.Task[bytes]) -> None:
        """Put the picture into its card, if the card still shows what it was drawn for."""
        await asyncio.wait({task})
        try:
            async with self._locks.held(panel.chat_id):
                now = await self._panels.by_id(panel.panel_id)
                if now is not None and now.digest == panel.digest and now.message_id == panel.message_id:
                    await self._presenter.change(now, _finished(view, task), actor)
        except TelegramError as error:
            log.warning("a picture did not reach its card: %s", error)

    async def close(self) -> None:
        """Let go of the pictures that are still to come."""
        for task in list(self._following):
            task.cancel()
        await asyncio.gather(*self._following, return_exceptions=True)


def _finished(view: View, task: asyncio.Task[bytes]) -> View:
    """The view with its picture, or with a word about why there is none."""
    try:
        return replace(view, picture=task.result(), drawing=None)
    except UserError as error:
        return replace(view, text=join([view.text, italic(f"No chart: {error}.")], "\n"), drawing=None)
