"""SimVenue on loopback: real HTTP, real WebSocket, and `/control` for tests in other processes."""

from __future__ import annotations

import asyncio
import contextlib

from aiohttp import WSCloseCode, WSMsgType, web

from tests.fakes.simvenue.control import Control
from tests.fakes.simvenue.front import Dropped, Front, FrontSession
from tests.fakes.simvenue.wire import Problem

BACKLOG = 20_000
"""Messages that may wait for a slow client; more, and the venue closes the socket."""


PING_S = {"spot": 20.0, "futures": 180.0}
Outgoing = asyncio.Queue[bytes | tuple[int, str]]
"""Messages, or how the socket ends."""


class Server:
    """One venue on one port."""

    def __init__(self, front: Front, port: int = 0, host: str = "127.0.0.1") -> None:
        self._front = front
        self._host = host
        self._wanted_port = port
        self._control = Control(front)
        self._runner: web.AppRunner | None = None
        self._pump: asyncio.Task[None] | None = None
        self.port = 0

    async def start(self) -> None:
        runner = self._runner = web.AppRunner(self.application(), access_log=None, handle_signals=False, shutdown_timeout=1.0)
        await runner.setup()
        site = web.TCPSite(runner, self._host, self._wanted_port)
        await site.start()
        self.port = int(runner.addresses[0][1])
        self._pump = asyncio.create_task(self._front.run(), name=f"simvenue {self._front.venue.kind}")

    async def stop(self) -> None:
        if self._pump is not None:
            self._pump.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._pump
        self._front.close_all()
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def rest_url(self) -> str:
        return f"http://{self._host}:{self.port}"

    @property
    def ws_url(self) -> str:
        return f"ws://{self._host}:{self.port}"

    def application(self) -> web.Application:
        app = web.Application(client_max_size=1 << 20)
        app.router.add_route("*", "/control/{verb:.*}", self._control.serve)
        app.router.add_route("*", "/{path:.*}", self._serve)
        return app

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._socket(request)
        body = await request.read()
        answer = await self._front.request(request.method, request.raw_path, request.headers, body)
        if isinstance(answer, Dropped):
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=500)
        return web.Response(status=answer.status, headers=answer.headers, body=answer.body)

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        outgoing: Outgoing = asyncio.Queue()
        try:
            session = self._front.connect(request.raw_path, outgoing.put_nowait, lambda code, reason: outgoing.put_nowait((code, reason)))
        except Problem as problem:
            return web.Response(status=problem.status, text=problem.msg)
        socket = web.WebSocketResponse(autoping=False, max_msg_size=1 << 20)
        await socket.prepare(request)
        writer = asyncio.create_task(self._write(request, socket, session, outgoing), name="simvenue socket")
        try:
            async for message in socket:
                if session.is_dead:
                    continue
                if message.type is WSMsgType.TEXT:
                    session.receive(message.data.encode())
                elif message.type is WSMsgType.BINARY:
                    session.receive(message.data)
                elif message.type is WSMsgType.PING:
                    await socket.pong(message.data)
        finally:
            session.closed()
            writer.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionError):
                await writer
        return socket

    async def _write(self, request: web.Request, socket: web.WebSocketResponse, session: FrontSession, outgoing: Outgoing) -> None:
        """Send what the venue pushes, and a ping every now and then; a half-open socket gets neither."""
        loop = asyncio.get_running_loop()
        every = PING_S[self._front.venue.kind]
        next_ping = loop.time() + every
        while not socket.closed:
            found: bytes | tuple[int, str] | None
            if outgoing.empty():
                try:
                    found = await asyncio.wait_for(outgoing.get(), max(0.0, next_ping - loop.time()))
                except TimeoutError:
                    found = None
            else:
                found = outgoing.get_nowait()
            if loop.time() >= next_ping:
                next_ping = loop.time() + every
                if not session.is_dead:
                    await socket.ping()
            if isinstance(found, tuple):
                await self._end(request, socket, *found)
                return
            if outgoing.qsize() > BACKLOG:
                await socket.close(code=WSCloseCode.POLICY_VIOLATION, message=b"too slow")
                return
            if found is not None:
                await socket.send_str(found.decode())

    async def _end(self, request: web.Request, socket: web.WebSocketResponse, code: int, reason: str) -> None:
        """Close with a word, or (1006) without one, as a broken line does."""
        if code != 1006:
            await socket.close(code=code, message=reason.encode())
        elif request.transport is not None:
            request.transport.abort()
