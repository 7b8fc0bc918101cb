"""Recorded depth messages of Binance futures, sent at a steady rate over real WebSocket; each is stamped when it is sent.

Everything but the book (rules, time, the listing of markets) is answered by SimVenue, so that any client of Binance can start here. Run as a program it serves until
it is ended: `python -m benchmarks.depth_server`, which prints its port.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import time
from collections.abc import Sequence
from typing import Any

from aiohttp import WSMsgType, web

from benchmarks.bench_book_wire import recorded_wire, synthetic_wire
from tests.fakes.simvenue.venue import SimVenue

RATE = 2_000
"""Messages a second."""

SLOW_RATE = 20
STEP_S = 0.001
IDS = re.compile(rb'"U":\d+,"u":\d+,"pu":\d+')


class DepthServer:
    """See the module. Every client gets the same messages from the same snapshot on, at its own pace.

    Parameters
    ----------
    rate : int
        Messages a second for each client that is sent to.
    """

    def __init__(self, rate: int = RATE) -> None:
        work = recorded_wire() or synthetic_wire()
        self.source = work.name
        snapshot = json.loads(work.snapshot)
        self._first_id = int(snapshot["lastUpdateId"])
        self._snapshot = work.snapshot
        self._bodies = [_data_of(raw) for raw in work.diffs]
        # over and over: one message more leads from the end back to the beginning
        self._bodies.append(_way_back(snapshot, self._bodies))
        self._rate = rate
        self._venue = SimVenue("futures", time.time_ns, still=True)
        self._runner: web.AppRunner | None = None
        self.sending = asyncio.Event()
        self.began = 0.0
        self.sent = 0
        self.port = 0
        self._asked: dict[str, asyncio.Event] = {}
        self.stamps: dict[str, dict[int, int]] = {}
        """Client -> update id -> ns at which it was sent."""
        self.only: str | None = None
        """Who is sent to now; None for everybody."""

    async def start(self) -> None:
        app = web.Application()
        app.router.add_get("/turn", self._take_turn)
        app.router.add_get("/stamps", self._tell_stamps)
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.port = int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def rest_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def our_rest_url(self) -> str:
        """For Condor: who asks for a snapshot is told by the path."""
        return f"{self.rest_url}/ours"

    @property
    def ws_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    # ---- control -----------------------------------------------------------------------------------------------------
    async def _take_turn(self, request: web.Request) -> web.Response:
        self.only = request.query.get("client") or None
        return web.json_response({"ok": True})

    async def _tell_stamps(self, request: web.Request) -> web.Response:
        return web.json_response({"source": self.source, "stamps": self.stamps})

    # ---- the venue ---------------------------------------------------------------------------------------------------
    async def _serve(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._socket(request)
        path = request.raw_path.removeprefix("/ours")
        if path.partition("?")[0].endswith("/depth"):
            self._asked.setdefault("ours" if path != request.raw_path else "peer", asyncio.Event()).set()
            return web.Response(body=self._snapshot, content_type="application/json")
        status, headers, body = self._venue.handle(request.method, path, dict(request.headers), await request.read())
        return web.Response(status=status, headers=headers, body=body)

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        is_combined = "stream" in request.path
        client = "ours" if is_combined else "peer"
        pump: asyncio.Task[None] | None = None
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                continue
            asked = json.loads(message.data)
            await socket.send_str(json.dumps({"result": None, "id": asked.get("id")}))
            if pump is None and any("@depth" in name for name in asked.get("params", ())):
                name = next(name for name in asked["params"] if "@depth" in name)
                pump = asyncio.create_task(self._pump(socket, client, name if is_combined else None))
        if pump is not None:
            pump.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionError):
                await pump
        return socket

    async def _pump(self, socket: web.WebSocketResponse, client: str, stream: str | None) -> None:
        """Send on and on; a client whose turn it is not waits where it stands.

        Slowly until the client has its snapshot, which stands for the beginning: diffs that it had to drop before would be missing for ever.
        """
        stamps = self.stamps.setdefault(client, {})
        head, tail = (b'{"stream":"' + stream.encode() + b'","data":', b"}") if stream else (b"", b"")
        number, last_id, due = 0, self._first_id, time.monotonic()
        self.began = self.began or due
        self.sending.set()
        has_book = self._asked.setdefault(client, asyncio.Event())
        while not socket.closed:
            now = time.monotonic()
            if self.only not in (None, client):
                due = now
            while due <= now and self.only in (None, client):
                body = self._bodies[number % len(self._bodies)]
                update_id = last_id + 1
                message = head + IDS.sub(b'"U":%d,"u":%d,"pu":%d' % (update_id, update_id, last_id), body, 1) + tail
                stamps[update_id] = time.time_ns()
                await socket.send_str(message.decode())
                number, last_id, due = number + 1, update_id, due + 1 / (self._rate if has_book.is_set() else SLOW_RATE)
                self.sent += 1
            await asyncio.sleep(STEP_S)


def _data_of(raw: bytes) -> bytes:
    """The inner object of a combined stream's message."""
    data: dict[str, Any] = json.loads(raw).get("data") or json.loads(raw)
    rest: Sequence[tuple[str, Any]] = [(name, value) for name, value in data.items() if name not in ("U", "u", "pu", "b", "a")]
    ordered = {**dict(rest), "U": data["U"], "u": data["u"], "pu": data["pu"], "b": data["b"], "a": data["a"]}
    return json.dumps(ordered, separators=(",", ":")).encode()


def _way_back(snapshot: dict[str, Any], bodies: Sequence[bytes]) -> bytes:
    """The diff from the book after all messages to the book of the snapshot."""
    last: dict[str, Any] = json.loads(bodies[-1])
    for side, name in (("b", "bids"), ("a", "asks")):
        first = {float(price): (price, amount) for price, amount in snapshot[name]}
        book = dict(first)
        for body in bodies:
            for price, amount in json.loads(body)[side]:
                book[float(price)] = (price, amount)
        gone = [[price, "0.000"] for key, (price, amount) in book.items() if key not in first and float(amount)]
        last[side] = [*gone, *([price, amount] for price, amount in first.values())]
    return json.dumps(last, separators=(",", ":")).encode()


async def _main() -> None:
    server = DepthServer()
    await server.start()
    print(f"ready {server.port}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main())
