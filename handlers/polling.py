"""Whether this bot's messages are ours alone: a second reader (409) or a refused token (401) freezes the front end until polling has been well for a while."""

from __future__ import annotations

import copy
import json
import logging
from collections.abc import Callable
from typing import Any

from telegram import Update
from telegram.error import TelegramError
from telegram.request import HTTPXRequest

log = logging.getLogger(__name__)

CALM_MS = 120_000
"""So long polling must have been well: the library waits up to 30 s between two tries, so a second reader is met several times within it."""

CONFLICT = (
    "another program reads the same bot's messages (409): stop it, only one may; if it is not yours the token is stolen: let @BotFather revoke it"
)
ELSEWHERE = (
    "somebody has pointed this bot's messages elsewhere (a webhook, 409): if it was not you, "
    "the token is stolen: let @BotFather revoke it; a restart takes the messages back"
)
REFUSED = "Telegram refuses the token now (401): it was revoked, put the new one into CONDOR_TELEGRAM_TOKEN and start again"


class PollWatch:
    """Told how each poll went; says when the front end must only look, and when it may act again.

    Parameters
    ----------
    on_change : callable
        Told why it may only look, None when all is well again.
    """

    def __init__(self, now_ms: Callable[[], int], on_change: Callable[[str | None], None]) -> None:
        self._now_ms = now_ms
        self._on_change = on_change
        self._reason: str | None = None
        self._bad_ms = 0
        self._good_ms = 0

    @property
    def reason(self) -> str | None:
        """Why the front end may only look now; None when it may act."""
        return self._reason

    def failed(self, reason: str) -> None:
        """A poll was refused: somebody else reads, or the token is no good."""
        self._bad_ms = self._now_ms()
        if self._reason != reason:
            self._reason = reason
            self._on_change(reason)

    def answered(self) -> None:
        """A poll was answered."""
        self._good_ms = self._now_ms()

    def look(self) -> None:
        """All is well again once polls are answered and none was refused for a while; called every few seconds."""
        if self._reason is not None and self._good_ms > self._bad_ms and self._now_ms() - self._bad_ms >= CALM_MS:
            self._reason = None
            self._on_change(None)


def readable(body: bytes) -> bytes:
    """An answer with updates, in which one that the library can't read is empty: it would make it ask for the same ones for ever."""
    answer = json.loads(body)
    updates = answer.get("result")
    if not isinstance(updates, list):
        return body
    bad = [update for update in updates if not _is_readable(update)]
    for update in bad:
        log.error("update %s could not be read and was left out; it has %s", update.get("update_id"), ", ".join(sorted(update)))
        for name in update.keys() - {"update_id"}:
            del update[name]
    return json.dumps(answer).encode() if bad else body


def _is_readable(update: dict[str, Any]) -> bool:
    try:
        # the library takes values out of what it reads
        Update.de_json(copy.deepcopy(update), None)
    except (TypeError, ValueError, KeyError, AttributeError, IndexError, OverflowError):
        return False
    return True


class PollRequest(HTTPXRequest):
    """The connection that polls.

    It tells the watch how each poll went, and turns 401 into an error after which the library goes on, slowly: its own one ends polling for good.
    """

    def __init__(self, watch: PollWatch, **options: Any) -> None:
        super().__init__(**options)
        self._watch = watch

    async def do_request(self, *args: Any, **more: Any) -> tuple[int, bytes]:
        status, body = await super().do_request(*args, **more)
        if status == 200:
            self._watch.answered()
            return status, readable(body)
        if status == 409:
            self._watch.failed(ELSEWHERE if b"webhook" in body else CONFLICT)
        elif status in (401, 404):
            self._watch.failed(REFUSED)
            raise TelegramError(REFUSED)
        return status, body
