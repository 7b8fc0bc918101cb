"""Every fault knob does what it says, on a loop with virtual time where waiting matters."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Coroutine, Iterator
from typing import Any

import orjson
import pytest

from botcore.venues.port import HttpRequest, Lane, SocketClosed
from botcore.venues.wire import NoReply, Reply
from tests.fakes.simvenue.faults import BODIES, Fault, parse
from tests.fakes.simvenue.front import Dropped, Front
from tests.fakes.simvenue.port import SimPort
from tests.fakes.simvenue.wire import Answer, Problem, sign
from tests.fakes_tests.client import SECOND, Hand


class JumpingLoop(asyncio.SelectorEventLoop):
    """When nothing is ready it jumps to the next timer instead of sleeping."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds = 0.0

    def time(self) -> float:
        return self.seconds

    def _run_once(self) -> None:
        if not self._ready and self._scheduled:  # type: ignore[attr-defined]
            self.seconds = max(self.seconds, self._scheduled[0].when())  # type: ignore[attr-defined]
        super()._run_once()  # type: ignore[misc]


class World:
    """A venue behind its front, on virtual time."""

    def __init__(self, kind: str = "spot", *, still: bool = True) -> None:
        self.loop = JumpingLoop()
        self.hand = Hand(kind, still=still)
        start = self.hand.now_ns
        clock = type("Clock", (Hand,), {"now_ns": property(lambda _: start + int(self.loop.seconds * SECOND), lambda _, value: None)})
        self.hand.__class__ = clock
        self.front = Front(self.hand.venue, lambda: self.hand.now_ns, seed=1)

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        async def both() -> Any:
            pump = asyncio.create_task(self.front.run())
            try:
                return await work
            finally:
                pump.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await pump

        return self.loop.run_until_complete(both())

    async def order(self, client_id: str, *, method: str = "POST") -> Answer | Dropped:
        params = (
            {"side": "BUY", "type": "MARKET", "quantity": "0.01", "newClientOrderId": client_id}
            if method == "POST"
            else {"origClientOrderId": client_id}
        )
        target = self.hand.target("order", symbol="BTCUSDT", **params)
        return await self.front.request(method, target, {"X-MBX-APIKEY": "key"})

    def clients(self) -> list[str]:
        return [order.client_id for order in self.hand.venue.orders()]


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    made.loop.close()


# ---- requests ------------------------------------------------------------------------------------------------------------------
def test_r1_a_request_is_lost_on_its_way(world: World) -> None:
    world.front.faults.add(Fault("drop_before", "POST */order", times=1))
    assert isinstance(world.run(world.order("a")), Dropped)
    assert world.clients() == []
    assert isinstance(world.run(world.order("b")), Answer)


def test_r2_an_answer_is_lost_and_the_order_lives(world: World) -> None:
    world.front.faults.add(Fault("drop_after", "POST */order", times=1, delay_s=3))
    assert isinstance(world.run(world.order("a")), Dropped)
    assert world.clients() == ["a"] and world.loop.seconds == pytest.approx(3)


def test_r4_a_request_is_worked_on_later_though_its_window_is_over(world: World) -> None:
    world.front.faults.add(Fault("late_accept", "POST */order", times=1, delay_s=20))

    async def live() -> Any:
        lost = await world.order("a")
        missing = await world.order("a", method="GET")
        await asyncio.sleep(21)
        return lost, missing, await world.order("a", method="GET")

    lost, missing, found = world.run(live())
    assert isinstance(lost, Dropped) and orjson.loads(missing.body)["code"] == -2013
    assert orjson.loads(found.body)["status"] == "FILLED"


def test_r13_a_proxy_sends_twice(world: World) -> None:
    world.front.faults.add(Fault("dup_exec", "POST */order", times=1))
    world.run(world.order("a"))
    assert world.clients() == ["a", "a"], "the first was over, so its id was free again"


@pytest.mark.parametrize("after", [False, True])
def test_r5_a_status_says_nothing_of_what_was_done(world: World, after: bool) -> None:
    world.front.faults.add(Fault("status", "POST */order", times=1, status=503, code=-1007, msg="Timeout", retry_after="7", after=after))
    answer = world.run(world.order("a"))
    assert (answer.status, orjson.loads(answer.body)["code"], answer.headers["Retry-After"]) == (503, -1007, "7")
    assert world.clients() == (["a"] if after else [])


def test_r7_a_fault_that_strikes_before_the_work_never_strikes_after_it(world: World) -> None:
    """With another one in force that does: a limit would be told of an order that stands."""
    world.front.faults.add(Fault("status", "POST */order", p=0.5, status=429, code=-1003))
    world.front.faults.add(Fault("status", "POST */order", p=0.5, status=503, code=-1007, after=True))
    world.front.faults.add(Fault("hang", "POST */order", p=0.2))
    world.front.faults.add(Fault("hang", "POST */order", p=0.2, delay_s=1, after=True))
    answers = {name: world.run(world.order(name)) for name in map(str, range(60))}
    limited = {name for name, answer in answers.items() if isinstance(answer, Answer) and answer.status == 429}
    assert limited and limited.isdisjoint(world.clients())
    assert {name for name, answer in answers.items() if isinstance(answer, Answer) and answer.status == 503} <= set(world.clients())


@pytest.mark.parametrize("body", sorted(BODIES))
def test_r9_r10_r11_a_body_is_spoiled(world: World, body: str) -> None:
    other = world.run(world.order("first"))
    world.front.faults.add(Fault("body", "POST */order", times=1, body=body))
    answer = world.run(world.order("a"))
    assert answer.status == 200 and world.clients() == ["first", "a"]
    try:
        said = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        assert body in ("html", "truncated", "empty", "nan", "bom")
        return
    assert {
        "huge": lambda: said["origQty"] == "1e400", "null": lambda: said["origQty"] is None, "missing": lambda: "status" not in said,
        "enum": lambda: said["status"] == "PENDING_REVIEW", "twice": lambda: said["status"] == "REJECTED",
        "other": lambda: answer.body == other.body and said["clientOrderId"] == "first",
    }[body]()  # fmt: skip


@pytest.mark.parametrize("after", [False, True])
def test_r17_silence(world: World, after: bool) -> None:
    world.front.faults.add(Fault("hang", "POST */order", times=1, delay_s=100, after=after))
    assert isinstance(world.run(world.order("a")), Dropped)
    assert world.loop.seconds == pytest.approx(100) and world.clients() == (["a"] if after else [])


def test_r14_reading_lags(world: World) -> None:
    world.front.faults.add(Fault("read_lag", "GET */order", delay_s=10))

    async def live() -> list[Any]:
        await world.order("a")
        first = await world.order("a", method="GET")
        await asyncio.sleep(10)
        return [orjson.loads(answer.body) for answer in (first, await world.order("a", method="GET"))]

    first, second = world.run(live())
    assert first["code"] == -2013 and second["status"] == "FILLED"


def test_latency_is_drawn_and_time_limits_end_a_fault(world: World) -> None:
    world.front.faults.add(Fault("latency", delay_s=2, lasts_s=5))

    async def live() -> list[float]:
        spent = []
        for _ in range(20):
            before = world.loop.seconds
            await world.order("x", method="GET")
            spent.append(world.loop.seconds - before)
            await asyncio.sleep(1)
        return spent

    spent = world.run(live())
    assert 0 < spent[0] < 2 and spent[-1] == 0


def test_the_same_seed_draws_the_same_misfortune() -> None:
    def life() -> list[bool]:
        world = World()
        world.front.faults.add(Fault("drop_before", p=0.5))
        lost = [isinstance(world.run(world.order(f"a{number}")), Dropped) for number in range(30)]
        world.loop.close()
        return lost

    assert life() == life() and 5 < sum(life()) < 25


def test_faults_read_as_text() -> None:
    assert parse("drop_after:on=POST */order,times=2,after=true,delay_s=0.5") == Fault("drop_after", "POST */order", times=2, after=True, delay_s=0.5)
    for bad in ("explode", "status:color=red", "body:body=pink"):
        with pytest.raises(ValueError):
            parse(bad)


# ---- sockets -------------------------------------------------------------------------------------------------------------------
async def collect(world: World, target: str, seconds: float, fault: Fault | None = None) -> tuple[list[Any], list[tuple[int, str]]]:
    """What a socket hears in some seconds, with a fault set once it is open."""
    heard: list[Any] = []
    ended: list[tuple[int, str]] = []
    session = world.front.connect(target, lambda message: heard.append(orjson.loads(message)), lambda code, reason: ended.append((code, reason)))
    if fault is not None:
        world.front.faults.add(fault)
    await asyncio.sleep(seconds)
    session.closed()
    return heard, ended


def chained(messages: list[Any]) -> list[bool]:
    return [later["U"] == before["u"] + 1 for before, later in itertools.pairwise(messages)]


DEPTH = "/ws/btcusdt@depth@100ms"


def moving() -> World:
    return World(still=False)


def test_w1_a_stall_is_silence_and_the_socket_lives() -> None:
    heard, ended = (world := moving()).run(collect(world, DEPTH, 20, Fault("stall", "market:*", lasts_s=10)))
    assert heard and heard[0]["E"] >= world.hand.venue.ms(world.hand.now_ns) - 10_000 and ended == []


@pytest.mark.parametrize(
    ("fault", "looks_like"),
    [
        (Fault("gap", "market:*", times=1), lambda m: chained(m).count(False) == 0),
        (Fault("dup", "market:*", times=1), lambda m: m[0] == m[1]),
        (Fault("reorder", "market:*", times=1), lambda m: m[0]["u"] > m[1]["u"]),
        (Fault("ghost", "market:depthUpdate", times=1), lambda m: ["1.00", "7.777"] in m[0]["b"] and ["1.00", "7.777"] not in m[1]["b"]),
        (Fault("ghost", "market:*", msg="99999.00 5.0"), lambda m: all(["99999.00", "5.0"] in each["b"] for each in m)),
        (Fault("backpressure", "market:*", times=1, delay_s=5), lambda m: all(chained(m))),
        (Fault("ws_latency", "market:*", delay_s=2), lambda m: all(chained(m))),
    ],
    ids=lambda value: value.kind if isinstance(value, Fault) else "",
)  # fmt: skip
def test_w6_w7_w10_w12_messages_go_wrong(fault: Fault, looks_like: Any) -> None:
    world = moving()
    heard, _ = world.run(collect(world, DEPTH, 10, fault))
    assert len(heard) > 5 and looks_like(heard)
    assert world.front.faults.done[fault.kind] >= 1


def test_w6_a_gap_in_the_middle_breaks_the_chain() -> None:
    world = moving()
    heard, _ = world.run(collect(world, DEPTH, 20, Fault("gap", "market:depthUpdate", p=0.2)))
    assert 0 < chained(heard).count(False) < len(heard)


@pytest.mark.parametrize(("kind", "ends"), [("close", [(1006, "")]), ("halfopen", [])])
def test_w2_w3_a_socket_ends_or_only_seems_to_live(kind: str, ends: list[Any]) -> None:
    world = moving()
    heard, ended = world.run(collect(world, DEPTH, 5, Fault(kind, "market:*", times=1)))
    assert heard == [] and ended == ends


def test_w3_a_venue_refuses_sockets(world: World) -> None:
    world.front.faults.add(Fault("refuse", "/ws*", times=1, status=503))
    with pytest.raises(Problem):
        world.front.connect("/ws", lambda message: None, lambda code, reason: None)
    world.front.connect("/ws", lambda message: None, lambda code, reason: None)
    assert len(world.front.attempts) == 2


def test_w14_an_acknowledgement_is_lost(world: World) -> None:
    heard: list[bytes] = []
    session = world.front.connect("/ws", heard.append, lambda code, reason: None)
    world.front.faults.add(Fault("drop_ack", times=1))
    session.receive(b'{"method":"SUBSCRIBE","params":["btcusdt@trade"],"id":1}')
    session.receive(b'{"method":"LIST_SUBSCRIPTIONS","id":2}')
    assert heard == [b'{"result":["btcusdt@trade"],"id":2}']


def test_w4_a_shutdown_is_announced_ten_minutes_before() -> None:
    world = moving()

    async def live() -> Any:
        work = asyncio.create_task(collect(world, "/ws", 700))
        await asyncio.sleep(10)
        world.front.shutdown_notice()
        return await work

    heard, ended = world.run(live())
    assert heard[0]["e"] == "serverShutdown" and ended == [(1001, "going away")]


def test_w5_a_user_stream_expires_at_an_event(world: World) -> None:
    hand = world.hand
    heard: list[Any] = []
    session = world.front.connect("/ws-api/v3", lambda message: heard.append(orjson.loads(message)), lambda code, reason: None)
    params: dict[str, Any] = {"apiKey": "key", "timestamp": hand.now_ns // 1_000_000}
    params["signature"] = sign("secret", f"apiKey=key&timestamp={params['timestamp']}")
    session.receive(orjson.dumps({"id": 1, "method": "userDataStream.subscribe.signature", "params": params}))
    world.front.faults.add(Fault("expire", "user:executionReport", times=1))

    async def live() -> None:
        await world.order("a")
        await asyncio.sleep(1)

    world.run(live())
    assert heard[-1]["event"]["e"] == "eventStreamTerminated"


async def drained(socket: Any) -> None:
    while True:
        await socket.receive()


# ---- the port of the connectors ----------------------------------------------------------------------------------------------
def test_the_port_carries_requests_and_sockets(world: World) -> None:
    port = SimPort({"spot.sim": world.front}, lambda: world.hand.now_ns)

    async def live() -> Any:
        reply = await port.request(HttpRequest("GET", "https://spot.sim/api/v3/time"), Lane.POLLS, 5)
        world.front.faults.add(Fault("hang", times=1, delay_s=100))
        late = await port.request(HttpRequest("GET", "https://spot.sim/api/v3/time"), Lane.POLLS, 5)
        nowhere = await port.request(HttpRequest("GET", "https://else.sim/"), Lane.POLLS, 5)
        socket = await port.connect("wss://spot.sim/ws/btcusdt@bookTicker", 5)
        message = await socket.receive()
        world.front.faults.add(Fault("halfopen", "market:*", times=1))
        before = world.loop.seconds
        with pytest.raises(SocketClosed):
            await drained(socket)
        return reply, late, nowhere, message, world.loop.seconds - before

    reply, late, nowhere, message, waited = world.run(live())
    assert isinstance(reply, Reply) and reply.status == 200 and reply.headers["x-mbx-used-weight-1m"] == "1"
    assert late == NoReply("timeout", left=True) and isinstance(nowhere, NoReply) and not nowhere.left
    assert b'"s":"BTCUSDT"' in message and 20 <= waited < 60
