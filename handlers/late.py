"""What takes its time. A card is shown at once and says that its picture is being drawn; the picture follows by an edit, and is discarded when the card shows
something else by then. Files are sent when they are made."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from typing import Any

from telegram.error import TelegramError

from condor.errors import UserError
from condor.services.panels import PanelService
from condor.services.pictures import PictureService
from condor.store.panels import Panel
from condor.users import Actor
from handlers.html import italic, join, line
from handlers.present import Presenter
from handlers.processor import ChatLocks
from handlers.view import Send, View

log = logging.getLogger(__name__)

SOON_S = 0.4
"""How long a tap waits for a picture before it is answered without."""

WAITS = "⏳ The chart is being drawn …"


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

    async def put(self, panel: Panel, view: View, actor: Actor, *, silent: bool = False, waits: str = WAITS) -> Panel:
        """Show a view, with its picture if that is there soon.

        `waits` is what the card says until then; empty for nothing, where nobody may be left with a promise.
        """
        if view.drawing is None:
            return await self._presenter.put(panel, view, actor, silent=silent)
        task = asyncio.create_task(self._pictures.draw(view.drawing))
        done, _ = await asyncio.wait({task}, timeout=SOON_S)
        if done:
            return await self._presenter.put(panel, _finished(view, task), actor, silent=silent)
        waiting = replace(view, text=join([view.text, italic(waits)], "\n") if waits else view.text)
        panel = await self._presenter.put(panel, waiting, actor, silent=silent)
        self._start(self._follow(panel, view, actor, task))
        return panel

    def send(self, actor: Actor, make: Callable[[], Awaitable[Send]]) -> None:
        """Send a file as soon as it is made."""
        self._start(self._made(actor, make))

    async def _made(self, actor: Actor, make: Callable[[], Awaitable[Send]]) -> None:
        try:
            file = await make()
            await self._presenter.send_file(actor, file.name, file.content, file.caption)
        except UserError as error:
            await self._presenter.say(actor.chat_id, line("⚠️ ", str(error)))
        except TelegramError as error:
            log.warning("a file did not reach its chat: %s", error)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        following = asyncio.create_task(work, name="late")
        self._following.add(following)
        following.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._following.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("something for a chat failed", exc_info=task.exception())

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
