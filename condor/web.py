"""The loopback web surface: the local chat, health and metrics on one port, for this machine only."""

from __future__ import annotations

import errno
import time
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest

from botcore.model.errors import UserError
from condor.localchat.access import ChatAccess
from condor.localchat.answers import HEADERS, Refused
from condor.localchat.once import OnceApi
from condor.localchat.phone import PhoneDoor, PhoneRoutes
from condor.localchat.reading import Reading
from condor.localchat.server import BotApiServer
from condor.localchat.signal import ChangeSignal
from condor.localchat.state import BOT_ID, ChatState
from condor.localchat.trouble import TroubledLine
from condor.localchat.user_api import PanicButton, UserApi
from condor.services.once import OncePages

MAX_BODY = 60 * 1024 * 1024
PORTS_TRIED = 20

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class WebServer:
    """See the module.

    Parameters
    ----------
    address : str
        `host:port`; when the port is taken the next free one is used.
    health : callable
        (is healthy, JSON values) for `/healthz`.
    chat : ChatState
        The chat behind the page; its Bot API is served whichever front end uses it.
    is_real : callable
        Whether real money can be traded from here now.
    panic : PanicButton, optional
        What stops everything; a chat without trading has none.
    phone : PhoneDoor, optional
        What connects a bot on Telegram.
    once : OncePages, optional
        Pages that are used once, each opened by its own random address.
    """

    def __init__(
        self,
        address: str,
        secret: str,
        chat: ChatState,
        access: ChatAccess,
        health: Callable[[], tuple[bool, dict[str, Any]]],
        registry: CollectorRegistry,
        flood_every: int = 0,
        *,
        is_real: Callable[[], bool] = lambda: False,
        panic: PanicButton | None = None,
        phone: PhoneDoor | None = None,
        once: OncePages | None = None,
    ) -> None:
        host, _, port = address.rpartition(":")
        if host not in ("127.0.0.1", "localhost", "::1") or not port.isdigit():
            raise UserError(f"CONDOR_HTTP: expected 127.0.0.1:PORT (the page is for this machine only), found {address!r}")
        self._host, self._first_port = host, int(port)
        self._secret = secret
        self._access = access
        self._health = health
        self._registry = registry
        self.port = 0
        signal = ChangeSignal()
        chat.on_change = signal.fire
        self._app = web.Application(middlewares=[self._guard], client_max_size=MAX_BODY)
        trouble = TroubledLine(time.monotonic, signal.fire, flood_every)
        self._app.add_routes([*UserApi(chat, access, is_real=is_real, panic=panic).routes(), *Reading(chat, signal).routes()])
        self._app.add_routes([*BotApiServer(chat, access, signal, trouble).routes(), *trouble.routes(), *PhoneRoutes(phone).routes()])
        self._once = once
        if once is not None:
            self._app.add_routes(OnceApi(once).routes())
        self._app.add_routes([web.get("/healthz", self._healthz), web.get("/metrics", self._metrics)])
        self._runner = web.AppRunner(self._app, access_log=None, shutdown_timeout=1.0)

    # ---- life ------------------------------------------------------------------------------------------------------
    async def start(self) -> None:
        """Listen on the first free port.

        Raises
        ------
        UserError
            If none of the ports tried is free.
        """
        await self._runner.setup()
        for port in range(self._first_port, self._first_port + PORTS_TRIED):
            try:
                site = web.TCPSite(self._runner, self._host, port)
                await site.start()
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise UserError(f"can't listen on {self._host}:{port}: {error.strerror}") from None
                continue
            self.port = port if port else self._runner.addresses[0][1]
            self._access.serve(self.port)
            if self._once is not None:
                self._once.base = self.base
            return
        raise UserError(f"ports {self._first_port} to {self._first_port + PORTS_TRIED - 1} are taken; choose another with CONDOR_HTTP=127.0.0.1:PORT")

    async def close(self) -> None:
        await self._runner.cleanup()

    @property
    def base(self) -> str:
        return f"http://{self._host}:{self.port}"

    def link(self) -> str:
        """An address that opens the page once."""
        return f"{self.base}/enter/{self._access.new_link()}"

    @property
    def bot_token(self) -> str:
        return f"{BOT_ID}:{self._secret}"

    # ---- the door --------------------------------------------------------------------------------------------------
    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path == "/healthz":
            return await handler(request)
        refusal = self._access.refusal(request)
        if refusal is not None:
            return web.json_response({"error": refusal}, status=403)
        is_open = request.path.startswith(("/bot", "/file/bot", "/enter/", "/once/"))
        if not is_open and not self._access.is_allowed(request):
            if request.path == "/":
                text = "Open the address that `condor run` printed, or run `condor link` on this machine for a new one."
                return web.Response(text=text, status=401, headers=HEADERS)
            return web.json_response({"error": "send the secret of data/chat.token as a bearer, or open the page first"}, status=401)
        try:
            return await handler(request)
        except Refused as error:
            return web.json_response({"error": str(error)}, status=error.status)

    async def _healthz(self, request: web.Request) -> web.Response:
        is_healthy, values = self._health()
        return web.json_response({"ok": is_healthy, **values}, status=200 if is_healthy else 503)

    async def _metrics(self, request: web.Request) -> web.Response:
        return web.Response(body=generate_latest(self._registry), headers={"Content-Type": "text/plain; version=0.0.4"})
