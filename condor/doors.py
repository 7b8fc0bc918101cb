"""The ways in: the loopback port with the page of the local chat, the bot on Telegram, the command line's socket, SIGUSR1."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

from prometheus_client import CollectorRegistry

from botcore.recorder.journal import Journal
from condor.chats import Chat, Chats, Wanted
from condor.control.desk import ControlDesk
from condor.control.server import ControlServer
from condor.home import Home
from condor.host import WallClock
from condor.localchat.access import ChatAccess
from condor.localchat.state import ChatState
from condor.panic.door import PanicDoor
from condor.services.facade import Services
from condor.services.once import OncePages
from condor.settings import Environment
from condor.store.chat_store import ChatStore
from condor.store.common import put_chat
from condor.users import LOCAL_FRONT, TELEGRAM_FRONT
from condor.web import WebServer

MakeFront = Callable[[str, str, str], Chat]
"""A front end by its name, its bot's token and the Bot API's address."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What programs and the page see of the rest.

    Parameters
    ----------
    health : callable
        Whether all is well, and details.
    is_real : callable
        Whether real money is at stake.
    closed_accounts : callable
        Live account -> why it takes no new positions.
    """

    health: Callable[[], tuple[bool, dict[str, Any]]]
    metrics: CollectorRegistry
    is_real: Callable[[], bool]
    closed_accounts: Callable[[], dict[str, str | None]]


class Doors:
    """See the module. What is opened is closed by `endings`.

    Attributes
    ----------
    state : ChatState
        The local chat.
    web : WebServer
    """

    def __init__(
        self, home: Home, environment: Environment, wanted: Wanted, services: Services, chats: Chats, journal: Journal, endings: AsyncExitStack
    ) -> None:
        self._home = home
        self._environment = environment
        self._wanted = wanted
        self._services = services
        self._chats = chats
        self._journal = journal
        self._endings = endings
        self._panic = PanicDoor(services.panic)
        self.state: ChatState
        self.web: WebServer

    async def open(self, secret: str, wall: WallClock, make: MakeFront, shown: Shown, once: OncePages) -> None:
        """Open the loopback port, and the chats behind and beside it."""
        now_s = lambda: wall.wall_ms() / 1000  # noqa: E731
        store = ChatStore(self._home.chat_database)
        self._endings.callback(store.close)
        self.state = ChatState(store, now_s)
        telegram = lambda token: make(TELEGRAM_FRONT, token, self._environment.telegram_api)  # noqa: E731
        phone = self._chats.phone(self._wanted, self._home, telegram, self._services.access.claim_code)
        self.web = WebServer(
            self._environment.http,
            secret,
            self.state,
            ChatAccess(secret, store, now_s),
            shown.health,
            shown.metrics,
            is_real=shown.is_real,
            panic=self._panic,
            phone=phone,
            once=once,
        )
        await self.web.start()
        self._endings.push_async_callback(self.web.close)
        self._home.chat_address.write_text(json.dumps({"base": self.web.base}), encoding="utf-8")
        if LOCAL_FRONT in self._wanted.names:
            await self._open_local(make(LOCAL_FRONT, self.web.bot_token, self.web.base))
        phone.start(self._wanted.token if TELEGRAM_FRONT in self._wanted.names else None)

    async def _open_local(self, front: Chat) -> None:
        user_id = self.state.user.id
        await asyncio.wrap_future(self._journal.run(lambda connection: put_chat(connection, user_id, LOCAL_FRONT, user_id)))
        self._chats.take(front)
        await front.start()

    async def open_socket(self, shown: Shown, end: Callable[[], None]) -> None:
        """The command line's way in; `end` is called when it asks for an end."""
        control = ControlServer(self._home.socket, ControlDesk(self._services, self._panic, shown.closed_accounts, self.web.link, end))
        await control.start()
        self._endings.push_async_callback(control.close)

    # ---- for the command line --------------------------------------------------------------------------------------
    @property
    def link(self) -> str:
        """What a person opens: the local chat's page (works once), or the bot on Telegram."""
        if LOCAL_FRONT in self._wanted.names:
            return self.web.link()
        return next(front.link for front in self._chats.fronts if front.is_up)

    async def claim_code(self) -> str | None:
        """What the first owner sends from Telegram; None when there is one, or no Telegram."""
        return await self._services.access.claim_code() if TELEGRAM_FRONT in self._wanted.names else None

    async def panic(self) -> None:
        """SIGUSR1: everything stops; positions stay."""
        await self._panic.press(flatten=False, front="signal")
