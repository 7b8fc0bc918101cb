"""The chats of this start: which ones there are, what each one is given when it comes and leaves, and what is wrong with them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Protocol

from botcore.recorder.journal import Journal
from condor.alerts.posting import Notifier
from condor.home import Home
from condor.host import WallClock
from condor.notifications import Notifications
from condor.phone import Front, Phone, saved_token
from condor.scheduler import Scheduler
from condor.services.access import LOCAL_FRONT, TELEGRAM_FRONT
from condor.services.facade import Services
from condor.settings import Environment
from condor.store.common import ChatRow, bury_front

log = logging.getLogger(__name__)

DOOR_S = 2
"""How often it is looked who is at a chat's door, and whether the bot is ours alone."""

REFUSED = ("(401)", "(409)")
"""In what a chat says of its trouble: Telegram refuses the token, or somebody else holds it."""

REFUSAL_AGAIN_MS = 3_600_000
"""One that comes and goes is told again after so long."""

HEALED = "the bot is ours alone again: it may be used as before"
FROZEN = ". Until that is over nothing can be changed from there; /panic works, trading goes on."


class Chat(Front, Protocol):
    """A front end as the program needs it."""

    name: str

    @property
    def notifier(self) -> Notifier: ...

    async def push_status(self, chat: ChatRow) -> None: ...

    async def draw_live(self) -> None: ...

    async def look_around(self) -> None: ...


class Wanted:
    """Which chats this start has: what the environment asks for, and a bot that was connected on the page (see `condor.phone`)."""

    def __init__(self, environment: Environment, home: Home) -> None:
        self._environment = environment
        given = environment.telegram_token
        kept = saved_token(home.telegram_token) if environment.chat != LOCAL_FRONT else None
        self.token: str | None = kept if given is None else given.get_secret_value()

    @property
    def names(self) -> set[str]:
        has_bot = self.token is not None and self._environment.chat != LOCAL_FRONT
        return self._environment.chats | ({TELEGRAM_FRONT} if has_bot else set())

    @property
    def why_fixed(self) -> str:
        """Why no bot can be connected or forgotten on the page; empty when it can."""
        if self._environment.telegram_token is not None:
            return "the bot's token stands in the environment (CONDOR_TELEGRAM_TOKEN): change it there and start again"
        if self._environment.chat == LOCAL_FRONT:
            return "CONDOR_CHAT=local asks for no Telegram: unset it and start again"
        return ""


class Chats:
    """See the module.

    Parameters
    ----------
    live_s : float
        Between two drawings of cards that move.
    redact : callable
        Takes secrets out of a text: a library's words may hold an address, and that the token.
    on_healed, on_refused : callable
        Told in words that Telegram is ours again; front end and words when it takes the token no more, or somebody else uses it.
    on_change : callable
        Something is wrong, or right again.
    """

    def __init__(
        self,
        services: Services,
        notifications: Notifications,
        scheduler: Scheduler,
        journal: Journal,
        wall: WallClock,
        endings: AsyncExitStack,
        live_s: float,
        redact: Callable[[str], str],
        on_healed: Callable[[str], None],
        on_refused: Callable[[str, str], None],
        on_change: Callable[[], None],
    ) -> None:
        self._services = services
        self._notifications = notifications
        self._scheduler = scheduler
        self._journal = journal
        self._wall = wall
        self._endings = endings
        self._live_s = live_s
        self._redact = redact
        self._on_healed = on_healed
        self._on_refused = on_refused
        self._on_change = on_change
        self.fronts: list[Chat] = []
        self.trouble: dict[str, str] = {}
        """Front end -> what is wrong with it, in words."""
        self._refused_ms: dict[str, int] = {}
        self._told_ms = 0

    # ---- coming and leaving ----------------------------------------------------------------------------------------
    def take(self, front: Chat) -> None:
        """A front end belongs to the program from now on."""
        self.fronts.append(front)
        self._endings.push_async_callback(front.close)
        self._notifications.add_notifier(front.name, front.notifier)
        self._services.subscriptions.on_push(front.name, front.push_status)
        self._scheduler.every(f"live {front.name}", self._live_s, front.draw_live)
        self._scheduler.every(f"door {front.name}", DOOR_S, front.look_around)

    async def drop(self, front: Chat) -> None:
        """It does not any more, and what waits for its chats is not said."""
        self.fronts.remove(front)
        self._scheduler.forget(f"live {front.name}")
        self._scheduler.forget(f"door {front.name}")
        self._services.voices.remove(front.name)
        self._notifications.remove_notifier(front.name)
        self.on_trouble(front.name, None)
        await front.close()
        await asyncio.wrap_future(self._journal.run(lambda connection: bury_front(connection, front.name)))

    def phone(self, wanted: Wanted, home: Home, make: Callable[[str], Chat], claim_code: Callable[[], Awaitable[str | None]]) -> Phone[Chat]:
        """The bot on Telegram, which may be connected while the program runs; `make` makes a front end for a token."""
        return Phone(home.telegram_token, wanted.why_fixed, make, self.take, self.drop, claim_code, lambda: self.trouble.get(TELEGRAM_FRONT))

    def is_up(self) -> bool:
        """Whether one of them answers."""
        return any(front.is_up for front in self.fronts)

    # ---- what is wrong ---------------------------------------------------------------------------------------------
    def on_trouble(self, name: str, text: str | None) -> None:
        """A front end can't be reached for good, or can again."""
        if text is None:
            self.trouble.pop(name, None)
            if self._refused_ms.pop(name, None) is not None:
                self._on_healed(HEALED)
        else:
            text = self._redact(text)
            log.warning("%s", text)
            self.trouble[name] = text
            self._note_refusal(name, text)
        self._on_change()

    def _note_refusal(self, name: str, text: str) -> None:
        """Told wherever something can be told, once, and again an hour later when it comes and goes."""
        if name in self._refused_ms or not any(code in text for code in REFUSED):
            return
        now_ms = self._wall.wall_ms()
        self._refused_ms[name] = now_ms
        if now_ms - self._told_ms < REFUSAL_AGAIN_MS:
            return
        self._told_ms = now_ms
        self._on_refused(name, f"{text}{FROZEN}" if self._services.access.frozen(name) else text)

    def refused_ms(self) -> int | None:
        """Since when Telegram refuses us, or somebody else holds the token; None while it does not."""
        return min(self._refused_ms.values(), default=None)
