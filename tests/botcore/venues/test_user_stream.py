"""An account's own stream: its key, its end, and what may have been missed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

import pytest

from botcore.venues.account_news import FundingPaid, StreamExpired
from botcore.venues.backoff import ConnectionBudget
from botcore.venues.caller import Caller
from botcore.venues.dialect import Credentials
from botcore.venues.limiter import Limiter
from botcore.venues.live_spec import AgeSpec, LimitSpec
from botcore.venues.memory import NoMemory
from botcore.venues.offset import VenueOffset
from botcore.venues.port import HttpRequest
from botcore.venues.user_stream import UserStreamHooks, UserStreamKeeper
from botcore.venues.wire import Access, Call, NoReply, Reply
from tests.support.venue_fakes import FakeDialect, FakePort, FakeSocket, reply
from tests.support.virtual_loop import Clocks, settle, virtual

KEY = Call("key", "POST", "/key", access=Access.KEYED, weights=(("weight", 1),))


class World:
    def __init__(self) -> None:
        self.clocks = Clocks()
        self.dialect: Any = FakeDialect()
        self.port = FakePort(self._answer)
        self.answers: dict[str, Callable[[], Reply | NoReply]] = {}
        self.keys = 0
        self.told: list[tuple[Any, ...]] = []
        self.news: list[Any] = []
        limiter = Limiter({"weight": LimitSpec(amount=1000, window_s=60)}, NoMemory(), self.clocks.wall_ms)
        offset = VenueOffset(self.clocks.wall_ms)
        self.caller = Caller(self.dialect, self.port, limiter, offset, Credentials("k", "s"), self.clocks.now_ns, Random(1))
        hooks = UserStreamHooks(
            lambda news, _ns: self.news.extend(news),
            lambda: self.told.append(("open",)),
            lambda reason: self.told.append(("down", reason)),
            lambda reason: self.told.append(("gap", reason)),
            lambda what, error: self.told.append(("fault", what, error)),
        )
        self.keeper = UserStreamKeeper(
            self.dialect,
            self.caller,
            self.port,
            offset,
            Credentials("k", "s"),
            ConnectionBudget(300, 300),
            hooks,
            self.clocks.now_ns,
            Random(1),
            ages=AgeSpec(user=1e6),
        )

    def _answer(self, request: HttpRequest) -> Reply | NoReply:
        name = request.url.split("name=")[1].split("&")[0]
        if name in self.answers:
            return self.answers[name]()
        if name == "time":
            return reply(body=str(int(self.clocks.true_ms())).encode())
        if name == "key":
            self.keys += 1
            return reply(body=f"key{self.keys}".encode())
        return reply()

    async def start(self) -> FakeSocket:
        self.keeper.start()
        await settle(lambda: self.keeper.is_open)
        return self.port.sockets[-1]

    def words(self) -> list[str]:
        return [word[0] for word in self.told]


def kept(test: Callable[[World], Awaitable[None]]) -> Callable[[], None]:
    async def work() -> None:
        world = World()
        try:
            await test(world)
        finally:
            await world.keeper.close()
            await world.caller.meter.close()
        assert not world.port.open_sockets

    return lambda: virtual(work)()


def news(number: int) -> bytes:
    return json.dumps({"n": number}).encode()


@kept
async def test_without_a_key_call_it_logs_in_with_the_venues_time(world: World) -> None:
    world.dialect.opening = (b'{"id": 1, "op": "login"}',)
    socket = await world.start()
    assert socket.sent == [{"id": 1, "op": "login"}]
    assert world.port.names() == ["time"] * 5
    socket.tell(news(1))
    await settle()
    assert [item.amount for item in world.news] == [1]
    assert world.words() == ["open"]


@kept
async def test_while_the_venues_time_is_unknown_it_does_not_log_in(world: World) -> None:
    world.answers["time"] = lambda: reply(500)
    world.keeper.start()
    await asyncio.sleep(60)
    assert not world.port.attempts and not world.told
    assert "clock" in world.keeper.status().last_close
    del world.answers["time"]
    await settle(lambda: world.keeper.is_open)


@kept
async def test_the_key_is_asked_for_and_renewed_in_time(world: World) -> None:
    world.dialect.key_call, world.dialect.renew_s = KEY, 1800.0
    socket = await world.start()
    assert socket.url.endswith("/user/key1")
    await asyncio.sleep(3 * 3600)
    renewals = [time for time, request, _ in world.port.requests if "name=renew" in request.url]
    assert len(renewals) == 5 or len(renewals) == 6
    assert world.keys == 1 and len(world.port.sockets) == 1
    assert world.words() == ["open"]


@kept
async def test_w5_a_renewal_without_answer_is_tried_again_soon(world: World) -> None:
    world.dialect.key_call, world.dialect.renew_s = KEY, 1800.0
    await world.start()
    world.answers["renew"] = lambda: NoReply("hung up", left=True)
    await asyncio.sleep(1800 + 301)
    assert world.port.names().count("renew") >= 4
    assert len(world.port.sockets) == 1
    del world.answers["renew"]
    await asyncio.sleep(120)
    before = world.port.names().count("renew")
    await asyncio.sleep(1700)
    assert world.port.names().count("renew") == before


@pytest.mark.parametrize("status", [400, 404, 401])
def test_w5_a_key_that_is_gone_brings_a_new_one_and_a_question_for_what_was_missed(status: int) -> None:
    @kept
    async def test(world: World) -> None:
        world.dialect.key_call, world.dialect.renew_s = KEY, 1800.0
        await world.start()
        world.answers["renew"] = lambda: reply(status)
        await settle(lambda: world.keys == 2, within_s=3600)
        world.answers.clear()
        await settle(lambda: "gap" in world.words())
        assert world.port.open_sockets[-1].url.endswith("key2")
        assert "down" not in world.words()
        await asyncio.sleep(3600)
        assert world.keys == 2

    test()


@kept
async def test_w5_a_stream_that_the_venue_ends_is_replaced_and_the_gap_told_once_the_new_one_listens(world: World) -> None:
    world.dialect.key_call = KEY
    first = await world.start()
    first.tell(b'{"e": "expired"}')
    await settle()
    assert "gap" not in world.words()
    assert [type(item) for item in world.news] == [StreamExpired]
    await settle(lambda: "gap" in world.words())
    assert world.told == [("open",), ("gap", "the venue ended it")]
    assert len(world.port.open_sockets) == 2 and world.port.sockets[1].url.endswith("key2")
    await settle(lambda: first.is_closed)
    world.port.sockets[1].tell(news(5))
    await settle()
    assert isinstance(world.news[-1], FundingPaid)


@kept
async def test_w5_a_stream_that_ends_together_with_its_socket_is_a_new_beginning(world: World) -> None:
    world.dialect.key_call = KEY
    first = await world.start()
    first.tell(b'{"e": "expired"}')
    first.end(1000, "over")
    await settle(lambda: len(world.port.sockets) == 2 and world.keeper.is_open)
    assert world.words() == ["open", "down", "open"]
    await asyncio.sleep(60)
    assert world.words() == ["open", "down", "open"]


@kept
async def test_w15_two_sockets_deliver_the_same_event_twice_while_one_takes_over(world: World) -> None:
    first = await world.start()
    world.keeper.renew("because")
    await settle(lambda: len(world.port.open_sockets) == 2)
    for socket in (first, world.port.sockets[1]):
        socket.tell(news(7))
    await settle()
    assert [item.amount for item in world.news] == [7, 7]


@kept
async def test_r10_a_message_that_cant_be_read_is_told_and_what_it_may_have_said_asked_for(world: World) -> None:
    socket = await world.start()
    for _ in range(40):
        socket.tell(b'{"e": "broken"}')
    socket.tell(news(3))
    await settle()
    assert [item.amount for item in world.news] == [3]
    assert world.words().count("fault") == 40 and world.words().count("gap") == 1
    for _ in range(40):
        socket.tell(b'{"e": "broken"}')
        await asyncio.sleep(0.5)
    assert 4 <= world.words().count("gap") <= 6


@kept
async def test_without_a_key_from_the_venue_it_tries_ever_more_seldom(world: World) -> None:
    world.dialect.key_call = KEY
    world.answers["key"] = lambda: reply(401)
    world.keeper.start()
    await asyncio.sleep(300)
    assert not world.port.attempts and world.port.names().count("key") < 30
    assert "status 401" in world.keeper.status().last_close
    world.answers.clear()
    await settle(lambda: world.keeper.is_open)


@kept
async def test_an_account_that_is_just_quiet_is_asked_by_other_means(world: World) -> None:
    stream: Any = world.keeper._stream
    stream._watch._user_s = 90.0
    await world.start()
    await settle(lambda: "gap" in world.words())
    assert "said nothing" in world.told[-1][1]
    assert "down" not in world.words()
