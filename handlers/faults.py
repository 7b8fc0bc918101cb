"""When a chat update fails by a fault of ours: the person gets a short word with a reference, the log everything, an owner the trace, each fault once an hour."""

from __future__ import annotations

import logging
import re
import secrets
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path

from telegram.error import TelegramError

from condor.errors import CondorError
from condor.services.access import AccessService
from condor.services.bots import Claim
from condor.store import Connection
from handlers.html import Safe, bold, card, clip, code, line, pre
from handlers.present import Presenter

log = logging.getLogger(__name__)

EVERY_MS = 3_600_000
FRAMES = 6
NOTHING = "Nothing was placed."
PERHAPS = "It may have been carried out: look at /status before you try again."

_LONG = re.compile(r"\d{5,}:[\w-]{20,}|[A-Za-z0-9+/_=-]{32,}")
"""What may be a secret that nobody knows of: the owner's chat is less private than the log."""


class Watched:
    """A claim of which is known whether its request can have had an effect.

    Parameters
    ----------
    was_taken : callable
        Asks the records whether it was committed.
    """

    def __init__(self, claim: Claim, was_taken: Callable[[], Awaitable[bool]]) -> None:
        self._claim = claim
        self._was_taken = was_taken
        self.was_begun = False

    def __call__(self, connection: Connection) -> None:
        self.was_begun = True
        self._claim(connection)

    async def had_effect(self) -> bool:
        """Whether it may have had one; only a claim that was never committed proves that it had none."""
        return self.was_begun and await self._was_taken()


class Faults:
    """See the module; of one front end. `redact` takes known secrets out of a text."""

    def __init__(self, access: AccessService, presenter: Presenter, redact: Callable[[str], str], now_ms: Callable[[], int]) -> None:
        self._access = access
        self._presenter = presenter
        self._redact = redact
        self._now_ms = now_ms
        self._told: dict[str, int] = {}

    async def report(self, front: str, where: str, error: Exception, *, had_effect: bool) -> str:
        """Note a fault; returns what the person is told."""
        reference = secrets.token_hex(3).upper()
        log.error("a chat update failed (%s), reference %s", where, reference, exc_info=error)
        await self._tell_owners(front, where, error, reference)
        what = f" ({clip(self._redact(str(error)), 80)})" if isinstance(error, CondorError) else ""
        return f"That failed by a fault of this program{what}. {PERHAPS if had_effect else NOTHING} Reference {reference}."

    async def _tell_owners(self, front: str, where: str, error: Exception, reference: str) -> None:
        frames = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)[-FRAMES:]]
        fingerprint = f"{type(error).__name__} {frames[-1] if frames else where}"
        now_ms = self._now_ms()
        if now_ms - self._told.get(fingerprint, -EVERY_MS) < EVERY_MS:
            return
        self._told[fingerprint] = now_ms
        text = self._words(where, error, frames, reference)
        try:
            for chat_id in await self._access.owner_chats(front):
                await self._presenter.say(chat_id, text)
        except (TelegramError, CondorError) as failed:
            log.warning("the owner was not told of fault %s: %s", reference, failed)

    def _words(self, where: str, error: Exception, frames: list[str], reference: str) -> Safe:
        # before anything is cut: half a secret is not found any more
        said = f"{type(error).__name__}: {clip(self._hidden(str(error)), 300)}"
        return card(
            [
                line("🛠 ", bold("A fault of this program"), f" · {clip(where, 60)} · reference ", code(reference)),
                pre(self._hidden("\n".join(clip(frame, 60) for frame in frames)) + f"\n{said}"),
                "The same fault is not told again for an hour; the log has all of it.",
            ]
        )

    def _hidden(self, text: str) -> str:
        return _LONG.sub("…", self._redact(text))
