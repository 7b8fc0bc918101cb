"""SimVenue on loopback: real HTTP, real WebSocket, and `/control` for tests in other processes."""

from __future__ import annotations

import asyncio
import contextlib

from aiohttp import WSCloseCode, WSMsgType, web

from tests.fakes.simvenue.control import Control
from tests.fakes.simvenue.front import Dropped, Front
from tests.fakes.simvenue.wire import Problem

BACKLOG = 20_000
"""Messages that may wait for a slow client; more, and the venue closes the socket."""


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
        outgoing: asyncio.Queue[bytes | tuple[int, str]] = asyncio.Queue()
        try:
            session = self._front.connect(request.raw_path, outgoing.put_nowait, lambda code, reason: outgoing.put_nowait((code, reason)))
        except Problem as problem:
            return web.Response(status=problem.status, text=problem.msg)
        socket = web.WebSocketResponse(heartbeat=20.0 if self._front.venue.kind == "spot" else 180.0, max_msg_size=1 << 20)
        await socket.prepare(request)
        writer = asyncio.create_task(self._write(socket, outgoing), name="simvenue socket")
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    session.receive(message.data.encode())
                elif message.type is WSMsgType.BINARY:
                    session.receive(message.data)
        finally:
            session.closed()
            writer.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionError):
                await writer
        return socket

    async def _write(self, socket: web.WebSocketResponse, outgoing: asyncio.Queue[bytes | tuple[int, str]]) -> None:
        while not socket.closed:
            found = await outgoing.get()
            if isinstance(found, tuple):
                code, reason = found
                if code == 1006:
                    self._cut(socket)
                else:
                    await socket.close(code=code, message=reason.encode())
                return
            if outgoing.qsize() > BACKLOG:
                await socket.close(code=WSCloseCode.POLICY_VIOLATION, message=b"too slow")
                return
            await socket.send_str(found.decode())

    def _cut(self, socket: web.WebSocketResponse) -> None:
        """End a socket without a word, as a broken line does."""
        request = getattr(socket, "_req", None)
        transport = request.transport if request is not None else None
        if transport is not None:
            transport.abort()
