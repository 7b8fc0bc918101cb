"""The chats of this start: which ones there are, and what each one is given when it comes and leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Protocol

from botcore.recorder.journal import Journal
from condor.alerts.posting import Notifier
from condor.chat_trouble import ChatTroubles
from condor.home import Home
from condor.notifications import Notifications
from condor.phone import Front, Phone, saved_token
from condor.scheduler import Scheduler
from condor.services.facade import Services
from condor.settings import Environment
from condor.store.common import ChatRow
from condor.store.outbox import bury_front
from condor.users import LOCAL_FRONT, TELEGRAM_FRONT

DOOR_S = 2
"""How often it is looked who is at a chat's door, and whether the bot is ours alone."""


class Chat(Front, Protocol):
    """A front end as the program needs it."""

    name: str

    @property
    def notifier(self) -> Notifier: ...

    async def start(self) -> None:
        """Answer from now on."""

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
    """

    def __init__(
        self,
        services: Services,
        notifications: Notifications,
        scheduler: Scheduler,
        journal: Journal,
        endings: AsyncExitStack,
        live_s: float,
        trouble: ChatTroubles,
    ) -> None:
        self._services = services
        self._notifications = notifications
        self._scheduler = scheduler
        self._journal = journal
        self._endings = endings
        self._live_s = live_s
        self._trouble = trouble
        scheduler.every("refused chats", DOOR_S, trouble.look)
        self.fronts: list[Chat] = []

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
        # what is wrong with this bot is not wrong with the next one
        self._services.access.thaw(front.name)
        self._trouble.forget(front.name)
        await front.close()
        await asyncio.wrap_future(self._journal.run(lambda connection: bury_front(connection, front.name)))

    def phone(self, wanted: Wanted, home: Home, make: Callable[[str], Chat], claim_code: Callable[[], Awaitable[str | None]]) -> Phone[Chat]:
        """The bot on Telegram, which may be connected while the program runs; `make` makes a front end for a token."""
        return Phone(home.telegram_token, wanted.why_fixed, make, self.take, self.drop, claim_code, lambda: self._trouble.texts.get(TELEGRAM_FRONT))

    def is_up(self) -> bool:
        """Whether one of them answers."""
        return any(front.is_up for front in self.fronts)
