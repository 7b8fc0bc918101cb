"""A stream that is kept alive, on a loop whose time jumps."""

from __future__ import annotations

import asyncio
import gc
import itertools
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

import pytest

from botcore.venues.backoff import ConnectionBudget
from botcore.venues.dialect import Channel, Peek, Subscription
from botcore.venues.live_spec import AgeSpec, ConnectionSpec, TimeoutSpec
from botcore.venues.port import SocketClosed
from botcore.venues.stream import OVERLAP_S, SupervisedStream
from botcore.venues.stream_hooks import Opening, StreamHooks, StreamRefused
from tests.support.venue_fakes import FakeDialect, FakePort, FakeSocket, data, most_in_any
from tests.support.virtual_loop import Clocks, settle, virtual

BOOK = Subscription(Channel.BOOK, "BTC-USDT")
TRADES = Subscription(Channel.TRADES, "BTC-USDT")
OTHER = Subscription(Channel.BOOK, "ETH-USDT")
BTC, TAPE, ETH = "book:BTC-USDT", "trades:BTC-USDT", "book:ETH-USDT"


class Told:
    """What a stream told, in order."""

    def __init__(self) -> None:
        self.words: list[tuple[Any, ...]] = []
        self.messages: list[bytes] = []

    def hooks(self, on_message: Callable[[bytes, int, Peek], None] | None = None) -> StreamHooks:
        def note(word: str) -> Callable[..., None]:
            return lambda *args: self.words.append((word, *args))

        return StreamHooks(
            on_message or (lambda message, _ns, _peek: self.messages.append(message)),
            note("open"),
            note("renewed"),
            note("down"),
            note("subscribed"),
            note("refused"),
            note("silent"),
            note("shed"),
            note("fault"),
        )

    def of(self, word: str) -> list[tuple[Any, ...]]:
        return [entry[1:] for entry in self.words if entry[0] == word]


class World:
    def __init__(self, seed: int = 1, on_message: Callable[[bytes, int, Peek], None] | None = None, **more: Any) -> None:
        self.port, self.told, self.clocks = FakePort(), Told(), Clocks()
        self.messages: tuple[bytes, ...] = ()
        self.refusal = ""
        self.budget = more.pop("budget", None) or ConnectionBudget(300, 300)
        more.setdefault("ages", AgeSpec(book=1e6, trades=1e6, ticker=1e6, candles=1e6, user=1e6))
        self.stream = SupervisedStream(
            "test",
            self.port,
            FakeDialect(),
            self._opening,
            self.budget,
            self.told.hooks(on_message),
            self.clocks.now_ns,
            Random(seed),
            **more,
        )

    async def _opening(self) -> Opening:
        if self.refusal:
            raise StreamRefused(self.refusal)
        return Opening("wss://venue.test", self.messages)

    def forget(self) -> bool:
        """Let the fakes forget what was, so that what is left is ours."""
        self.port.sockets.clear()
        self.port.attempts.clear()
        self.told.words.clear()
        return True

    async def start(self, *wanted: Subscription) -> FakeSocket:
        self.stream.want(wanted)
        self.stream.start()
        await settle(lambda: self.stream.is_open and self.stream.actual() >= set(wanted))
        return self.port.sockets[-1]


def streamed(**more: Any) -> Callable[[Callable[[World], Awaitable[None]]], Callable[[], None]]:
    """Decorator of a test that gets a world, whose stream is closed and all of whose sockets must be gone at the end."""

    def decorate(test: Callable[[World], Awaitable[None]]) -> Callable[[], None]:
        async def work() -> None:
            world = World(**more)
            try:
                await test(world)
            finally:
                await world.stream.close()
            assert not world.port.open_sockets
            assert not world.stream.is_open

        work.__name__ = test.__name__
        return lambda: virtual(work)()

    return decorate


# ---- subscriptions -----------------------------------------------------------------------------------------------------
@streamed()
async def test_it_subscribes_to_what_is_wanted_and_tells_when_that_is_granted(world: World) -> None:
    socket = await world.start(BOOK, TRADES)
    assert socket.subscribed == [BTC, TAPE]
    assert world.told.words == [("open",), ("subscribed", (BOOK, TRADES))]
    world.stream.want([TRADES, OTHER])
    await settle(lambda: world.stream.actual() == {TRADES, OTHER})
    assert socket.subscribed == [TAPE, ETH]
    assert world.told.of("subscribed")[-1] == ((OTHER,),)


@streamed()
async def test_messages_go_to_the_consumer_with_their_time_acknowledgements_do_not(world: World) -> None:
    socket = await world.start(BOOK)
    socket.tell(data(Channel.BOOK, "BTC-USDT", 1))
    socket.tell(data(Channel.BOOK, "BTC-USDT", 2))
    await settle()
    assert world.told.messages == [data(Channel.BOOK, "BTC-USDT", 1), data(Channel.BOOK, "BTC-USDT", 2)]
    assert world.stream.age_s(Channel.BOOK, "BTC-USDT") == 0
    await asyncio.sleep(3)
    assert world.stream.age_s(Channel.BOOK, "BTC-USDT") == pytest.approx(3)
    assert world.stream.age_s(Channel.BOOK, "ETH-USDT") == float("inf")


@streamed(timeouts=TimeoutSpec(ack_s=4))
async def test_w14_a_lost_acknowledgement_is_asked_for_again_then_the_socket_is_changed(world: World) -> None:
    world.port.on_sent = lambda _socket, _message: None
    world.stream.want([BOOK])
    world.stream.start()
    await settle(lambda: len(world.port.sockets) == 2)
    first = world.port.sockets[0]
    assert [message["sub"] for message in first.sent] == [[BTC]] * 3
    assert len({message["id"] for message in first.sent}) == 3
    assert "not acknowledged" in world.stream.status().last_close
    world.port.on_sent = lambda socket, message: socket.ack(message["id"])
    await settle(lambda: world.stream.actual() == {BOOK})


@streamed(timeouts=TimeoutSpec(ack_s=4))
async def test_w14_data_proves_a_subscription_whose_acknowledgement_was_lost(world: World) -> None:
    world.port.on_sent = lambda socket, message: socket.tell(data(Channel.BOOK, "BTC-USDT"))
    await world.start(BOOK)
    assert len(world.port.sockets) == 1
    assert world.told.of("subscribed") == [((BOOK,),)]


@streamed()
async def test_w14_one_wrong_name_does_not_spoil_the_others_and_is_asked_for_ever_more_seldom(world: World) -> None:
    asked: list[float] = []

    def venue(socket: FakeSocket, message: dict[str, Any]) -> None:
        is_wrong = TAPE in message.get("sub", [])
        if is_wrong and len(message["sub"]) == 1:
            asked.append(asyncio.get_running_loop().time())
        socket.ack(message["id"], ok=not is_wrong, why="no such stream" if is_wrong else "")

    world.port.on_sent = venue
    world.stream.want([BOOK, TRADES, OTHER])
    world.stream.start()
    await settle(lambda: world.stream.actual() == {BOOK, OTHER} and asked)
    await settle()
    assert world.told.of("refused") == [(TRADES, "no such stream")]
    await asyncio.sleep(3600)
    pauses = [later - earlier for earlier, later in itertools.pairwise(asked)]
    assert len(world.port.sockets) == 1
    assert 60 <= pauses[0] < 62 and 120 <= pauses[1] < 122 and 600 <= pauses[-1] < 602


@streamed()
async def test_subscriptions_go_out_in_batches_with_pauses_between_them(world: World) -> None:
    many = [Subscription(Channel.BOOK, f"C{number}-USDT") for number in range(180)]
    times: list[float] = []

    def venue(socket: FakeSocket, message: dict[str, Any]) -> None:
        times.append(asyncio.get_running_loop().time())
        socket.ack(message["id"])

    world.port.on_sent = venue
    await world.start(*many)
    assert len(times) == 4
    assert most_in_any(times, 1.0) <= 4


# ---- openings ----------------------------------------------------------------------------------------------------------
@streamed(timeouts=TimeoutSpec(ack_s=4))
async def test_w14_opening_messages_must_be_acknowledged(world: World) -> None:
    world.messages = (b'{"id": 1, "op": "login"}', b'{"id": 2, "op": "orders"}')
    world.port.on_sent = lambda socket, message: socket.ack(message["id"]) if message["id"] != 2 else None
    world.stream.start()
    await settle(lambda: len(world.port.sockets) == 3)
    assert not world.told.words
    assert "opening messages" in world.stream.status().last_close
    world.port.on_sent = lambda socket, message: socket.ack(message["id"])
    world.stream.want([BOOK])
    await settle(lambda: world.stream.actual() == {BOOK})
    assert world.port.sockets[-1].sent[-1]["id"] == 3
    assert world.told.words[0] == ("open",)


@streamed()
async def test_a_refused_login_is_told_and_tried_again_ever_more_seldom(world: World) -> None:
    world.messages = (b'{"id": 1}',)
    world.port.on_sent = lambda socket, _message: socket.ack(1, ok=False, why="bad signature")
    world.stream.start()
    await asyncio.sleep(300)
    assert "bad signature" in world.stream.status().last_close
    assert 10 <= len(world.port.attempts) < 40


@streamed()
async def test_without_a_key_there_is_no_attempt_to_connect(world: World) -> None:
    world.refusal = "no listen key"
    world.stream.start()
    await asyncio.sleep(100)
    assert not world.port.attempts
    assert world.stream.status().last_close == "no listen key"
    world.refusal = ""
    await settle(lambda: world.stream.is_open)


@streamed(keepalive=(b'{"op": "ping"}', 15.0))
async def test_pings_of_the_venues_own_kind_are_sent(world: World) -> None:
    socket = await world.start()
    await asyncio.sleep(100)
    assert len(socket.sent) == 6


# ---- silence -----------------------------------------------------------------------------------------------------------
@streamed(ages=AgeSpec(book=10, trades=1e6))
async def test_w1_a_channel_that_went_silent_is_subscribed_anew_then_the_socket_is_changed(world: World) -> None:
    first = await world.start(BOOK, OTHER)
    speaking = True

    async def speak() -> None:
        while True:
            for socket in list(world.port.open_sockets):
                socket.tell(data(Channel.BOOK, "ETH-USDT"))
                if speaking or socket is not first:
                    socket.tell(data(Channel.BOOK, "BTC-USDT"))
            await asyncio.sleep(1)

    speaker = asyncio.create_task(speak())
    await asyncio.sleep(30)
    speaking = False
    stalled_at = asyncio.get_running_loop().time()
    await settle(lambda: world.told.of("silent"))
    assert 9 <= asyncio.get_running_loop().time() - stalled_at < 12
    assert world.told.of("silent")[0][0] == BOOK
    await settle(lambda: len(world.port.sockets) == 2)
    assert [list(message)[1] for message in first.sent] == ["sub", "unsub", "sub"]
    assert asyncio.get_running_loop().time() - stalled_at < 25
    # the new socket begins something new for the book that was silent, the other one goes on without a break
    await settle(lambda: first.is_closed)
    assert world.told.of("subscribed") == [((BOOK, OTHER),), ((BOOK,),), ((BOOK,),)]
    assert not world.told.of("down")
    await asyncio.sleep(300)
    assert len(world.port.sockets) == 2
    speaker.cancel()
    await asyncio.gather(speaker, return_exceptions=True)


@streamed(ages=AgeSpec(book=10))
async def test_w1_a_market_that_is_just_quiet_is_looked_at_ever_more_seldom(world: World) -> None:
    await world.start(BOOK)
    await asyncio.sleep(6 * 3600)
    assert len(world.port.sockets) < 14
    assert not world.told.of("down")
    world.port.sockets[-1].tell(data(Channel.BOOK, "BTC-USDT"))
    await settle()
    before = len(world.told.of("silent"))
    await asyncio.sleep(12)
    assert len(world.told.of("silent")) == before + 1


@streamed(ages=AgeSpec(user=90), is_private=True)
async def test_w1_a_private_socket_that_says_nothing_is_replaced_ever_more_seldom(world: World) -> None:
    await world.start()
    await asyncio.sleep(92)
    assert [silent[0] for silent in world.told.of("silent")] == [None]
    await settle(lambda: len(world.port.sockets) == 2)
    await asyncio.sleep(24 * 3600)
    assert len(world.port.sockets) < 35
    assert not world.told.of("down")


# ---- ends --------------------------------------------------------------------------------------------------------------
@streamed()
async def test_a_cut_is_told_once_and_everything_is_subscribed_anew(world: World) -> None:
    socket = await world.start(BOOK)
    socket.end(1001, "maintenance")
    await settle(lambda: world.stream.actual() == {BOOK} and len(world.port.sockets) == 2)
    assert world.told.words == [("open",), ("subscribed", (BOOK,)), ("down", "1001 maintenance"), ("open",), ("subscribed", (BOOK,))]
    assert world.stream.status().last_close == "1001 maintenance"


@streamed()
async def test_w3_a_storm_of_disconnects_stays_within_the_budget(world: World) -> None:
    storms = [World(seed=number, budget=world.budget) for number in range(20)]
    for storm in storms:
        storm.port.on_sent = lambda socket, _message: socket.end(1006, "storm")
        storm.stream.want([BOOK])
        storm.stream.start()
    await settle(lambda: sum(len(storm.port.attempts) for storm in storms) >= 500, within_s=7200)
    attempts = sorted(time for storm in storms for time in storm.port.attempts)
    assert most_in_any(attempts, 300) <= 300
    assert all(len(storm.told.of("down")) == len(storm.told.of("open")) or storm.stream.is_open for storm in storms)
    for storm in storms:
        storm.port.on_sent = lambda socket, message: socket.ack(message["id"])
    await settle(lambda: all(storm.stream.actual() == {BOOK} for storm in storms))
    for storm in storms:
        await storm.stream.close()
        assert not storm.port.open_sockets


@streamed(connections=ConnectionSpec(lifetime_s=23 * 3600))
async def test_w4_three_days_without_a_hole(world: World) -> None:
    number = 0

    async def venue() -> None:
        nonlocal number
        loop = asyncio.get_running_loop()
        while True:
            number += 1
            for socket in list(world.port.open_sockets):
                if BTC in socket.subscribed:
                    socket.tell(data(Channel.BOOK, "BTC-USDT", number))
                if loop.time() - socket.opened_at > 24 * 3600:
                    socket.end(1000, "24 hours are over")
            await asyncio.sleep(60)

    await world.start(BOOK)
    speaker = asyncio.create_task(venue())
    await asyncio.sleep(3 * 24 * 3600)
    speaker.cancel()
    await asyncio.gather(speaker, return_exceptions=True)
    await settle()
    heard = [int(message.split(b'"n": ')[1][:-1]) for message in world.told.messages]
    assert set(heard) == set(range(heard[0], number + 1))
    assert 3 <= len(world.port.sockets) - 1 <= 4
    assert not world.told.of("down")
    assert world.told.of("subscribed") == [((BOOK,),)]
    assert len(world.told.of("renewed")) == len(world.port.sockets) - 1


@streamed()
async def test_w4_a_farewell_brings_another_socket_before_the_old_one_dies(world: World) -> None:
    first = await world.start(BOOK)
    first.tell(b'{"bye": true}')
    await settle(lambda: len(world.port.open_sockets) == 2)
    first.tell(data(Channel.BOOK, "BTC-USDT", 1))
    world.port.sockets[1].tell(data(Channel.BOOK, "BTC-USDT", 1))
    await settle()
    assert len(world.told.messages) == 2
    await asyncio.sleep(OVERLAP_S + 2)
    assert world.port.open_sockets == [world.port.sockets[1]]
    assert not world.told.of("down")


@streamed()
async def test_w4_the_old_socket_stays_while_no_new_one_can_be_had(world: World) -> None:
    first = await world.start(BOOK)

    def refuse(_url: str) -> None:
        raise SocketClosed(1006, "the name can't be resolved")

    world.port.on_connect = refuse
    world.stream.renew("because")
    await asyncio.sleep(300)
    assert world.port.open_sockets == [first]
    assert 10 <= len(world.port.attempts) < 40
    world.port.on_connect = lambda _url: None
    await settle(lambda: len(world.port.sockets) == 2 and first.is_closed)
    assert not world.told.of("down")


@streamed()
async def test_w4_when_the_new_socket_dies_first_the_old_one_is_not_let_go(world: World) -> None:
    first = await world.start(BOOK)
    world.stream.renew("because")
    await settle(lambda: len(world.port.open_sockets) == 2 and world.port.sockets[1].subscribed)
    await asyncio.sleep(2)
    world.port.sockets[1].end()
    await settle()
    assert world.port.open_sockets == [first]
    await settle(lambda: first.is_closed and len(world.port.open_sockets) == 1)
    assert len(world.port.sockets) == 3
    assert not world.told.of("down")


@streamed()
async def test_w4_a_venue_that_says_farewell_all_the_time_does_not_get_all_our_attempts(world: World) -> None:
    world.port.on_sent = lambda socket, message: (socket.ack(message["id"]), socket.tell(b'{"bye": true}'))[0]
    await world.start(BOOK)
    await asyncio.sleep(600)
    assert len(world.port.attempts) < 70
    assert len(world.port.open_sockets) <= 3


# ---- the consumer ------------------------------------------------------------------------------------------------------
@streamed(queue_max=500)
async def test_w12_market_data_that_waits_too_long_is_shed_and_a_snapshot_asked_for(world: World) -> None:
    socket = await world.start(BOOK)
    for number in range(3000):
        socket.tell(data(Channel.BOOK, "BTC-USDT", number))
    await settle(lambda: not world.stream.status().waiting)
    shed = sum(count for (count,) in world.told.of("shed"))
    assert shed > 0 and world.stream.status().shed == shed
    assert len(world.told.messages) + shed == 3000
    assert world.told.messages[-1] == data(Channel.BOOK, "BTC-USDT", 2999)


@streamed(queue_max=50, is_private=True)
async def test_w12_private_events_are_never_dropped_and_never_more_than_the_queue_holds(world: World) -> None:
    socket = await world.start()
    most = 0
    for number in range(3000):
        socket.tell(data(Channel.TRADES, "BTC-USDT", number))
    while len(world.told.messages) < 3000:
        await asyncio.sleep(0)
        most = max(most, world.stream.status().waiting)
    assert world.told.messages == [data(Channel.TRADES, "BTC-USDT", number) for number in range(3000)]
    assert most <= 51
    assert not world.told.of("shed")


def test_a_consumer_that_breaks_is_told_and_gets_the_next_message() -> None:
    got: list[bytes] = []

    def consume(message: bytes, _ns: int, _peek: Peek) -> None:
        if not got:
            got.append(b"")
            raise ValueError("broken")
        got.append(message)

    @streamed(on_message=consume)
    async def test(world: World) -> None:
        socket = await world.start(BOOK)
        for number in range(3):
            socket.tell(data(Channel.BOOK, "BTC-USDT", number))
        await settle()
        assert len(got) == 3
        assert [str(error) for _, error in world.told.of("fault")] == ["broken"]

    test()


# ---- supervision -------------------------------------------------------------------------------------------------------
def once(stream: SupervisedStream, part: object, name: str) -> None:
    """Let a method raise the next time it is called."""
    whole = getattr(part, name)

    def broken(*_args: object) -> None:
        setattr(part, name, whole)
        raise RuntimeError(f"{name} broke")

    setattr(part, name, broken)


@streamed()
async def test_p14_what_opens_and_retires_sockets_is_brought_back_when_it_dies(world: World) -> None:
    first = await world.start(BOOK)
    once(world.stream, world.stream, "_retire")
    world.stream.renew("because")
    await settle(lambda: world.told.of("fault"))
    assert world.told.of("fault")[0][0] == "test: stream"
    await settle(lambda: first.is_closed and world.stream.actual() == {BOOK})


@streamed()
async def test_p14_the_consumer_is_brought_back_when_it_dies(world: World) -> None:
    socket = await world.start(BOOK)
    once(world.stream, world.stream._intake, "take")
    for number in range(3):
        socket.tell(data(Channel.BOOK, "BTC-USDT", number))
        await asyncio.sleep(2)
    assert [str(error) for _, error in world.told.of("fault")] == ["take broke"]
    assert len(world.told.messages) == 3


@streamed()
async def test_p14_a_reader_that_dies_costs_its_socket_only(world: World) -> None:
    socket = await world.start(BOOK)
    socket.tell(b"no json")
    await settle(lambda: world.told.of("down"))
    assert socket.is_closed
    assert "JSONDecodeError" in repr(world.told.of("fault")[0])
    await settle(lambda: world.stream.actual() == {BOOK})


@streamed()
async def test_p14_an_opener_that_dies_is_a_failed_attempt(world: World) -> None:
    socket = await world.start(BOOK)
    once(world.stream, world.stream, "_opening")
    socket.end()
    await settle(lambda: world.told.of("fault"))
    await settle(lambda: world.stream.actual() == {BOOK})


@streamed()
async def test_p14_a_hook_that_breaks_is_told_and_changes_nothing(world: World) -> None:
    def broken(*_args: object) -> None:
        raise ValueError("broken")

    for name in ("on_open", "on_down", "on_subscribed"):
        object.__setattr__(world.stream._hooks, name, broken)
    socket = await world.start(BOOK)
    socket.end()
    await settle(lambda: len(world.port.sockets) == 2 and world.stream.actual() == {BOOK})
    assert len(world.told.of("fault")) == 5


@streamed()
async def test_p14_ten_thousand_reconnects_leave_no_task_no_socket_and_no_object_behind(world: World) -> None:
    world.port.on_sent = lambda socket, message: (socket.ack(message["id"]), socket.end())[0]
    stream: Any = world.stream
    stream._budget = ConnectionBudget(10**9, 1)
    stream._pauses.next_s = lambda: 0.01
    world.stream.want([BOOK])
    world.stream.start()
    counts: list[int] = []
    objects: list[int] = []
    for target in (500, 2_000, 10_000):
        await settle(lambda target=target: world.forget() and stream._attempts >= target)
        counts.append(len(asyncio.all_tasks()))
        gc.collect()
        objects.append(
            sum(1 for thing in gc.get_objects() if type(thing).__name__ in ("Link", "SubscriptionBook", "FakeSocket", "Task", "TimerHandle"))
        )
    assert max(counts) <= 10
    assert objects[-1] <= objects[0] + 30
    assert len(world.port.open_sockets) <= 2


@streamed()
async def test_closing_in_any_moment_leaves_nothing_open(world: World) -> None:
    for steps in range(120):
        other = World(seed=steps)
        other.stream.want([BOOK])
        other.stream.start()
        for _ in range(steps):
            await asyncio.sleep(0.001 if steps % 2 else 0)
        await other.stream.close()
        await settle()
        assert not other.port.open_sockets
        assert not [word for word in other.told.words if word[0] in ("fault", "down")]
