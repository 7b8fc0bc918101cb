"""SimVenue over loopback: real HTTP and WebSocket, the control API, and the process that serves both venues."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.fakes.simvenue.front import Front
from tests.fakes.simvenue.server import Server
from tests.fakes.simvenue.venue import SimVenue
from tests.fakes.simvenue.wire import sign

ROOT = Path(__file__).resolve().parents[2]


class Place:
    """A served venue and a client of it."""

    def __init__(self, server: Server, front: Front, http: aiohttp.ClientSession) -> None:
        self.server = server
        self.front = front
        self.http = http

    async def ask(self, method: str, path: str, **params: Any) -> tuple[int, Any]:
        params["timestamp"] = time.time_ns() // 1_000_000
        query = "&".join(f"{name}={value}" for name, value in params.items())
        url = f"{self.server.rest_url}{path}?{query}&signature={sign('secret', query)}"
        async with self.http.request(method, url, headers={"X-MBX-APIKEY": "key"}) as reply:
            return reply.status, json.loads(await reply.read())

    async def control(self, verb: str, **given: Any) -> Any:
        async with self.http.post(f"{self.server.rest_url}/control/{verb}", json=given) as reply:
            return await reply.json()


@pytest.fixture(params=["spot", "futures"])
async def place(request: pytest.FixtureRequest) -> AsyncIterator[Place]:
    front = Front(SimVenue(request.param, time.time_ns, still=True, history=10), time.time_ns)
    server = Server(front)
    await server.start()
    async with aiohttp.ClientSession() as http:
        yield Place(server, front, http)
    await server.stop()


async def order(place: Place, **more: Any) -> tuple[int, Any]:
    path = "/api/v3/order" if place.front.venue.kind == "spot" else "/fapi/v1/order"
    return await place.ask("POST", path, symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.01", **more)


async def test_an_order_over_http_and_its_ledger_over_control(place: Place) -> None:
    status, made = await order(place, newClientOrderId="a")
    ledger = await place.control("ledger")

    assert status == 200 and made["clientOrderId"] == "a"
    assert (ledger["orders"], ledger["executions"], ledger["unexplained"]) == (1, 1, {})
    assert [row["client_id"] for row in await place.control("orders")] == ["a"]
    assert [row["client_id"] for row in await place.control("executions")] == ["a"]
    assert [(row["path"].rpartition("/")[2], row["status"]) for row in await place.control("requests")] == [("order", 200)]


async def test_r2_a_dropped_answer_is_a_broken_connection(place: Place) -> None:
    await place.control("fault", kind="drop_after", on="POST *", times=1)
    with pytest.raises(aiohttp.ClientError):
        await order(place, newClientOrderId="a")
    assert (await place.control("faults"))["done"] == {"drop_after": 1}
    assert (await place.control("ledger"))["orders"] == 1


async def test_sockets_push_and_are_cut(place: Place) -> None:
    async with place.http.ws_connect(f"{place.server.ws_url}/ws/btcusdt@trade") as socket:
        await order(place)
        message = await asyncio.wait_for(socket.receive_json(), 5)
        assert message["e"] == "trade"
        await place.control("drop_sockets")
        ended = await asyncio.wait_for(socket.receive(), 5)
        assert ended.type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR, aiohttp.WSMsgType.CLOSE)
    async with place.http.ws_connect(f"{place.server.ws_url}/ws") as socket:
        await place.control("drop_sockets", code=1001, reason="bye")
        ended = await asyncio.wait_for(socket.receive(), 5)
        assert (ended.type, ended.data) == (aiohttp.WSMsgType.CLOSE, 1001)
    assert (await place.control("sockets"))["attempts"] == 2


async def test_w2_a_half_open_socket_answers_no_ping(place: Place) -> None:
    async with place.http.ws_connect(f"{place.server.ws_url}/ws/btcusdt@trade", autoping=False) as socket:
        await socket.ping(b"alive?")
        answer = await asyncio.wait_for(socket.receive(), 5)
        assert (answer.type, answer.data) == (aiohttp.WSMsgType.PONG, b"alive?")
        await place.control("fault", kind="halfopen", on="market:*", times=1)
        await order(place)
        await socket.ping(b"and now?")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(socket.receive(), 0.5)


async def test_a_path_that_is_no_stream_is_no_socket(place: Place) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await place.http.ws_connect(f"{place.server.ws_url}/nothing")


@pytest.mark.parametrize(
    ("verb", "given"),
    [
        ("move", {"symbol": "BTCUSDT", "price": 66000}), ("still", {"still": True}), ("thin", {"symbol": "BTCUSDT", "levels": 3, "lots": 50}),
        ("mark", {"symbol": "BTCUSDT", "price": "65001"}), ("market", {"symbol": "BTCUSDT", "status": "BREAK"}), ("skew", {"seconds": -3}),
        ("account", {"can_trade": False}), ("trade", {"symbol": "BTCUSDT", "side": "BUY", "amount": "0.01"}), ("funding", {"symbol": "BTCUSDT", "rate": "0.01"}),
        ("transfer", {"asset": "USDT", "amount": "-5"}), ("expire", {}), ("ban", {"seconds": 1}), ("weight_limit", {"limit": 9}),
        ("rule", {"kind": "overfill"}), ("fault", {"kind": "gap"}), ("heal", {}), ("heal", {"number": 1}), ("shutdown", {}), ("journal", {}),
        ("liquidate", {"symbol": "BTCUSDT"}), ("close", {"symbol": "BTCUSDT"}),
    ],
)  # fmt: skip
async def test_every_verb_of_control_does_something(place: Place, verb: str, given: dict[str, Any]) -> None:
    said = await place.control(verb, **given)
    assert "error" not in said or not isinstance(said, dict), said


async def test_control_busts_and_cancels(place: Place) -> None:
    status, made = await order(place)
    assert status == 200, made
    (fill,) = await place.control("executions")
    assert await place.control("bust", symbol="BTCUSDT", id=fill["id"]) == {"ok": True}
    assert await place.control("cancel", id=fill["order_id"]) == {"ok": True}
    assert (await place.control("ledger"))["unexplained"] == {}


@pytest.mark.parametrize(
    ("verb", "given"), [("move", {}), ("fault", {"kind": "nope"}), ("rule", {"kind": "nope"}), ("market", {"symbol": "X"}), ("nope", {})]
)
async def test_a_wrong_verb_is_answered_by_a_sentence(place: Place, verb: str, given: dict[str, Any]) -> None:
    assert (await place.control(verb, **given))["error"]


def test_one_process_serves_both_and_its_ledger_outlives_clients() -> None:
    command = [sys.executable, "-m", "tests.fakes.simvenue", "--seed", "3", "--fault", "status:on=GET /api/v3/ping,times=1,status=502"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            spot, usdm, ready = (process.stdout.readline().split() for _ in range(3))
            assert (spot[0], usdm[0], ready) == ("spot", "usdm", ["ready"])
            rest = spot[1].removeprefix("rest=")
            with pytest.raises(urllib.error.HTTPError):
                urllib.request.urlopen(f"{rest}/api/v3/ping", timeout=10)
            with urllib.request.urlopen(f"{rest}/api/v3/ping", timeout=10) as reply:
                assert reply.read() == b"{}"
        finally:
            process.terminate()
    assert process.returncode == 0
