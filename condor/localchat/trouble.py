"""Trouble on purpose: a line to the bot that is slow, floods or breaks, so that a person and the tests see what the bot makes of it. Off at every start."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from condor.localchat.answers import Refused, body_of, json_answer
from condor.localchat.errors import BotApiError

MAX_LATENCY_MS = 30_000
MAX_OFFLINE_S = 6 * 3_600


class Troubles(BaseModel):
    """What the line to the bot is made to be like.

    Parameters
    ----------
    latency_ms : int
        Every call of the bot waits so long before it is looked at.
    flood_every : int
        Every so many sends and edits are answered with 429; 0 for never.
    offline_s : float
        From now on no call is answered for so long.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    latency_ms: int = Field(0, ge=0, le=MAX_LATENCY_MS)
    flood_every: int = Field(0, ge=0, le=10_000)
    offline_s: float = Field(0, ge=0, le=MAX_OFFLINE_S)


class TroubledLine:
    """The line between the Bot API and the bot, as it is made to be just now.

    Parameters
    ----------
    now : callable
        Seconds that only grow.
    on_change : callable
        Wakes up calls that wait: they may have lost their line.
    """

    def __init__(self, now: Callable[[], float], on_change: Callable[[], None], flood_every: int = 0) -> None:
        self._now = now
        self._on_change = on_change
        self._set = Troubles(flood_every=flood_every)
        self._offline_until = 0.0
        self._sends = 0

    # ---- the person's side -----------------------------------------------------------------------------------------
    def routes(self) -> list[web.RouteDef]:
        return [web.post("/chat/trouble", self._set_by), web.get("/chat/trouble", self._shown_to)]

    async def _set_by(self, request: web.Request) -> web.Response:
        self.set(await body_of(request))
        return json_answer(self.look())

    async def _shown_to(self, request: web.Request) -> web.Response:
        return json_answer(self.look())

    def set(self, values: dict[str, Any]) -> None:
        """Make the line so; what is not named is as it should be.

        Raises
        ------
        Refused
            If something is not known or out of its range, in words.
        """
        try:
            asked = Troubles.model_validate(values)
        except ValidationError as error:
            first = error.errors()[0]
            raise Refused(f"{'.'.join(map(str, first['loc'])) or 'the body'}: {first['msg']}, found {first['input']!r}"[:200]) from None
        self._set, self._sends = asked, 0
        self._offline_until = self._now() + asked.offline_s
        self._on_change()

    def look(self) -> dict[str, Any]:
        """How the line is, and for how long it stays broken."""
        return {**self._set.model_dump(), "offline_s": round(max(0.0, self._offline_until - self._now()), 1)}

    # ---- the bot's side --------------------------------------------------------------------------------------------

    @property
    def is_broken(self) -> bool:
        return self._now() < self._offline_until

    async def carry(self, request: web.Request) -> bool:
        """Carry a call to the Bot API; False when the line is broken, and then nobody hears of it."""
        if self._set.latency_ms:
            await asyncio.sleep(self._set.latency_ms / 1000)
        return not self.cut(request)

    def cut(self, request: web.Request) -> bool:
        """Whether the line is broken: the connection ends without a word, as it does when a network is gone."""
        if self.is_broken and request.transport is not None:
            request.transport.abort()
        return self.is_broken

    def count(self, method: str) -> None:
        """A send or an edit passes; raises 429 when it is one too many."""
        every = self._set.flood_every
        if every and method.lower().startswith(("send", "edit")):
            self._sends += 1
            if self._sends % every == 0:
                raise BotApiError(429, "Too Many Requests: retry after 1", {"retry_after": 1})
