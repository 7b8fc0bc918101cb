"""Live cards: drawn again by themselves while somebody looks at them, not more often than the chat allows."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from telegram.error import BadRequest, NetworkError, RetryAfter, TelegramError

from condor.errors import CondorError
from condor.store.panels import Panel
from condor.users import Actor
from handlers.processor import URGENT_SCREENS, ChatLocks

log = logging.getLogger(__name__)

EVERY_S = 3.0
IDLE_MS = 10 * 60_000
PER_CHAT = 2

Redraw = Callable[[Panel, Actor, bool], Awaitable[Panel | None]]
"""(card, for whom, whether it is drawn for the last time): the card as it stands then, None when it does not move any more."""


@dataclass(slots=True)
class _Watched:
    panel: Panel
    actor: Actor
    touched_ms: int


class LiveCards:
    """The last cards of each chat that show something moving.

    A card that nobody has touched for ten minutes stands still until it is tapped, and says so; a line that fails in between stops none.
    A chat that is busy is left out of a round: it must not hold up the others.

    Parameters
    ----------
    urgent : ChatLocks
        The lane of `/panic`, whose card is drawn whatever else goes on in its chat.
    """

    def __init__(self, locks: ChatLocks, urgent: ChatLocks, now_ms: Callable[[], int]) -> None:
        self._locks = locks
        self._urgent = urgent
        self._now_ms = now_ms
        self._watched: dict[str, _Watched] = {}
        self._pause_until_ms = 0

    def watch(self, panel: Panel, actor: Actor) -> None:
        """Keep a card moving."""
        self._watched.pop(panel.panel_id, None)
        self._watched[panel.panel_id] = _Watched(panel, actor, self._now_ms())
        same_chat = [panel_id for panel_id, item in self._watched.items() if item.panel.chat_id == panel.chat_id]
        for panel_id in same_chat[:-PER_CHAT]:
            del self._watched[panel_id]

    def forget(self, panel: Panel) -> None:
        self._watched.pop(panel.panel_id, None)

    async def round(self, redraw: Redraw) -> None:
        """Draw every watched card again."""
        now_ms = self._now_ms()
        if now_ms < self._pause_until_ms:
            return
        for panel_id, item in list(self._watched.items()):
            locks = self._urgent if item.panel.screen in URGENT_SCREENS else self._locks
            if locks.is_held(item.panel.chat_id):
                continue
            async with locks.held(item.panel.chat_id):
                if self._watched.get(panel_id) is item:
                    await self._draw(panel_id, item, redraw, is_last=now_ms - item.touched_ms > IDLE_MS)

    async def _draw(self, panel_id: str, item: _Watched, redraw: Redraw, *, is_last: bool) -> None:
        try:
            panel = await redraw(item.panel, item.actor, is_last)
        except RetryAfter as error:
            pause = error.retry_after
            seconds = pause if isinstance(pause, int | float) else pause.total_seconds()
            self._pause_until_ms = self._now_ms() + int(seconds * 1000)
            return
        except (TelegramError, CondorError) as error:
            if isinstance(error, NetworkError) and not isinstance(error, BadRequest):
                # the line, not the card: the next round tries again
                log.info("a live card waits for the line: %s", error)
                return
            log.warning("a live card stands still: %s", error)
            panel = None
        if panel is None or is_last:
            self._watched.pop(panel_id, None)
        else:
            item.panel = panel
