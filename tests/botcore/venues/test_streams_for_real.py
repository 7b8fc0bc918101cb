"""The machinery together, over the real network: calls and a stream through `AiohttpPort` to a server on the loopback."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from random import Random

import pytest
from aiohttp import web

from botcore.venues.aiohttp_port import AiohttpPort
from botcore.venues.backoff import ConnectionBudget
from botcore.venues.caller import Caller
from botcore.venues.dialect import Channel, Credentials, Subscription
from botcore.venues.limiter import Limiter
from botcore.venues.live_spec import ConnectionSpec, LimitSpec, TimeoutSpec
from botcore.venues.memory import NoMemory
from botcore.venues.offset import VenueOffset
from botcore.venues.port import HttpRequest
from botcore.venues.stream import SupervisedStream
from botcore.venues.stream_hooks import Opening, StreamHooks
from botcore.venues.wire import Access, Call, Priority, Verdict
from tests.support.venue_fakes import FakeDialect, data

BOOK = Subscription(Channel.BOOK, "BTC-USDT")


class Venue:
    """Time, orders and a socket."""

    def __init__(self) -> None:
        self.url = ""
        self.sockets: list[web.WebSocketResponse] = []
        self.orders: list[str] = []

    async def time(self, _request: web.Request) -> web.Response:
        return web.Response(text=str(time.time_ns() // 1_000_000 + 5000))

    async def order(self, request: web.Request) -> web.Response:
        self.orders.append(request.query_string)
        if len(self.orders) == 2:
            return web.Response(status=429, headers={"Retry-After": "1"})
        return web.json_response({})

    async def ws(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.append(socket)
        async for message in socket:
            await socket.send_str(json.dumps({"ack": json.loads(message.data)["id"]}))
        return socket


@pytest.fixture
async def venue() -> AsyncIterator[Venue]:
    made = Venue()
    app = web.Application()
    app.router.add_get("/time", made.time)
    app.router.add_post("/order", made.order)
    app.router.add_get("/ws", made.ws)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


class Here(FakeDialect):
    def __init__(self, venue: Venue) -> None:
        super().__init__()
        self.venue = venue

    def request(self, call: Call, credentials: Credentials | None, timestamp_ms: int) -> HttpRequest:
        return HttpRequest(
            call.method, super().request(call, credentials, timestamp_ms).url.replace("https://venue.test", f"http://{self.venue.url}")
        )


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_r7_r12_an_order_goes_out_with_the_venues_time_and_again_after_its_rest(venue: Venue) -> None:
    port, wall_ms = AiohttpPort(time.time_ns), lambda: time.time_ns() // 1_000_000
    limiter, offset = Limiter({"weight": LimitSpec(amount=100, window_s=60)}, NoMemory(), wall_ms), VenueOffset(wall_ms)
    caller = Caller(Here(venue), port, limiter, offset, Credentials("k", "s"), time.time_ns, Random(1))  # type: ignore[arg-type]
    create = Call("create", "POST", "/order", access=Access.SIGNED, priority=Priority.CREATE, weights=(("weight", 1),), is_write=True)
    answers = [await caller.call(create), await caller.call(create)]
    assert [answer.outcome.verdict for answer in answers] == [Verdict.ACCEPTED] * 2
    assert len(venue.orders) == 3
    sent_ms = int(venue.orders[0].split("timestamp=")[1].split("&")[0])
    assert abs(sent_ms - (answers[0].sent_ns // 1_000_000 + 5000)) < 1000
    assert answers[1].sent_ns - answers[0].sent_ns >= 1_000_000_000
    await caller.close()
    await port.close()


async def test_w1_w4_a_stream_lives_through_cuts_and_a_shutdown_of_the_venue(venue: Venue) -> None:
    port = AiohttpPort(time.time_ns, TimeoutSpec(pong_s=5))
    told: list[tuple[object, ...]] = []
    heard: list[bytes] = []
    hooks = StreamHooks(
        lambda message, _ns, _peek: heard.append(message),
        on_open=lambda: told.append(("open",)),
        on_down=lambda reason: told.append(("down", reason)),
        on_fault=lambda what, error: told.append(("fault", what, error)),
    )

    async def opening() -> Opening:
        return Opening(f"ws://{venue.url}/ws")

    stream = SupervisedStream(
        "real",
        port,
        FakeDialect(),
        opening,
        ConnectionBudget(300, 300),
        hooks,
        time.time_ns,
        Random(1),
        connections=ConnectionSpec(first_pause_s=0.05),
    )
    stream.want([BOOK])
    stream.start()
    await until(lambda: stream.actual() == {BOOK})
    await venue.sockets[0].send_str(data(Channel.BOOK, "BTC-USDT", 1).decode())
    await until(lambda: heard)
    transport = venue.sockets[0]._req.transport  # type: ignore[union-attr]
    assert transport is not None
    transport.abort()
    await until(lambda: len(venue.sockets) == 2 and stream.actual() == {BOOK} and stream.is_open)
    await venue.sockets[1].send_str('{"bye": true}')
    await until(lambda: len(venue.sockets) == 3)
    await venue.sockets[1].send_str(data(Channel.BOOK, "BTC-USDT", 2).decode())
    await until(lambda: len(heard) == 2)
    assert [word[0] for word in told] == ["open", "down", "open"]
    await stream.close()
    await port.close()
    left = [task for task in asyncio.all_tasks() if "real" in task.get_name()]
    assert not left
