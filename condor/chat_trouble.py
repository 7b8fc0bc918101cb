"""What keeps chats away: shown while it lasts, and told wherever something can be told when Telegram refuses the token or somebody else has the bot."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

log = logging.getLogger(__name__)

AGAIN_MS = 3_600_000
"""A refusal that comes and goes is told again after so long."""
LASTS_MS = 300_000
"""One that lasts so long is told whatever was told before: it does not go by itself."""


class ChatTroubles:
    """See the module. A front end is refused while it is frozen: that is decided at one place, where its polls are watched.

    Parameters
    ----------
    clean : callable
        Takes secrets out of a text: a library's words may hold the address, and that the token.
    frozen : callable
        Front end -> why it may only look; empty when it may act.
    tell : callable
        Publishes a fact of the kind CHAT_TROUBLE with this payload.
    on_change : callable
        Called when `texts` may have changed.
    """

    def __init__(
        self,
        now_ms: Callable[[], int],
        clean: Callable[[str], str],
        frozen: Callable[[str], str],
        tell: Callable[[dict[str, Any]], None],
        on_change: Callable[[], None],
    ) -> None:
        self._now_ms = now_ms
        self._clean = clean
        self._frozen = frozen
        self._tell = tell
        self._on_change = on_change
        self._refused: dict[str, int] = {}
        self._told: dict[str, int] = {}
        self._known: set[str] = set()
        self.texts: dict[str, str] = {}
        """Front end -> what is wrong with it."""

    @property
    def refused_ms(self) -> int | None:
        """Since when a front end is refused; None while none is."""
        return min(self._refused.values(), default=None)

    def on_trouble(self, name: str, text: str | None) -> None:
        """A front end can't do its work, in words; None when it can again."""
        if text is None:
            # only what was told is told to be over
            was_told = name in self._known
            self.forget(name)
            if was_told:
                self._tell({"front": name, "text": "the bot is ours alone again: it may be used as before", "is_over": True})
        else:
            text = self._clean(text)
            log.warning("%s", text)
            self.texts[name] = text
            if self._frozen(name) and name not in self._refused:
                self._refuse(name, text)
            self._on_change()

    def forget(self, name: str) -> None:
        """A front end is gone, or well: nothing is wrong with it."""
        self.texts.pop(name, None)
        self._refused.pop(name, None)
        self._known.discard(name)
        self._on_change()

    async def look(self) -> None:
        """Tell of a refusal that was not told when it came and does not end; called every few seconds."""
        for name, since_ms in self._refused.items():
            if name not in self._known and self._now_ms() - since_ms >= LASTS_MS:
                self._say_refused(name, self.texts[name])

    def _refuse(self, name: str, text: str) -> None:
        now_ms = self._refused[name] = self._now_ms()
        if now_ms - self._told.get(name, now_ms - AGAIN_MS) >= AGAIN_MS:
            self._say_refused(name, text)

    def _say_refused(self, name: str, text: str) -> None:
        self._told[name] = self._now_ms()
        self._known.add(name)
        self._tell({"front": name, "text": f"{text}. Until that is over nothing can be changed from there; /panic works, trading goes on."})
