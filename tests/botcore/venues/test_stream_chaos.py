"""A stream under whatever comes: when the venue is well again, so is the stream; nothing is left behind, and the same chance gives the same story."""

from __future__ import annotations

import asyncio
import json
from random import Random
from typing import Any

import pytest

from botcore.venues.backoff import ConnectionBudget
from botcore.venues.dialect import Channel, Peek, Subscription
from botcore.venues.live_spec import AgeSpec, ConnectionSpec, TimeoutSpec
from botcore.venues.port import SocketClosed
from botcore.venues.stream import SupervisedStream
from botcore.venues.stream_hooks import Opening, StreamHooks, StreamRefused
from tests.support.venue_fakes import FakeDialect, FakePort, FakeSocket, data, most_in_any
from tests.support.virtual_loop import Clocks, settle, virtual

SUBS = [Subscription(channel, f"C{number}-USDT") for number in range(4) for channel in (Channel.BOOK, Channel.TRADES)]


class Chaos:
    """A venue with bad days."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)
        self.port = FakePort()
        self.port.on_sent = self._on_sent
        self.port.on_connect = self._on_connect
        self.story: list[tuple[Any, ...]] = []
        self.is_deaf = self.is_shut = self.has_no_key = False
        self.muted: set[str] = set()
        self.told = 0
        self.got = 0
        self.shed = 0
        clocks, spec = Clocks(), ConnectionSpec(lifetime_s=150, first_pause_s=0.5, longest_pause_s=10)
        hooks = StreamHooks(
            self._on_message,
            lambda: self._note("open"),
            lambda: self._note("renewed"),
            lambda reason: self._note("down", reason),
            lambda subs: self._note("subscribed", *(f"{sub.channel.value}:{sub.trading_pair}" for sub in subs)),
            lambda sub, reason: self._note("refused", reason),
            lambda sub, age_s: self._note("silent", age_s),
            lambda count: self._note("shed", count),
            lambda what, error: self._note("fault", what, str(error)),
        )
        self.stream = SupervisedStream(
            "chaos",
            self.port,
            FakeDialect(),
            self._opening,
            ConnectionBudget(60, 60),
            hooks,
            clocks.now_ns,
            Random(seed),
            connections=spec,
            timeouts=TimeoutSpec(ack_s=3),
            ages=AgeSpec(book=5, trades=8),
            queue_max=300,
        )

    def _note(self, *words: Any) -> None:
        self.story.append((round(asyncio.get_running_loop().time(), 6), *words))

    def _on_message(self, message: bytes, _ns: int, _peek: Peek) -> None:
        self.got += 1
        if self.rng.random() < 0.001:
            raise ValueError("a consumer that breaks")

    async def _opening(self) -> Opening:
        await asyncio.sleep(self.rng.random())
        if self.has_no_key:
            raise StreamRefused("no key")
        return Opening("wss://venue.test", (b'{"id": 1, "op": "login"}',))

    def _on_connect(self, _url: str) -> None:
        if self.is_shut:
            raise SocketClosed(1006, "shut")

    def _on_sent(self, socket: FakeSocket, message: dict[str, Any]) -> None:
        if not self.is_deaf:
            asyncio.get_running_loop().call_later(self.rng.random(), socket.ack, message["id"])

    async def speak(self) -> None:
        while True:
            for socket in list(self.port.open_sockets):
                for name in socket.subscribed:
                    if name not in self.muted:
                        channel, pair = name.split(":")
                        socket.tell(data(Channel(channel), pair))
            await asyncio.sleep(1)

    async def misbehave(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while loop.time() < until:
            await asyncio.sleep(self.rng.expovariate(0.3))
            sockets = self.port.open_sockets
            match self.rng.randrange(10):
                case 0 if sockets:
                    self.rng.choice(sockets).end(1006, "cut")
                case 1:
                    for socket in list(sockets):
                        socket.end(1001, "going away")
                case 2 if sockets:
                    self.rng.choice(sockets).tell(b'{"bye": true}')
                case 3:
                    self._for_a_while("is_deaf")
                case 4:
                    self._for_a_while("is_shut")
                case 5:
                    self._for_a_while("has_no_key")
                case 6:
                    self.muted ^= {self.rng.choice(["book:C0-USDT", "trades:C1-USDT", "book:C3-USDT"])}
                case 7:
                    self.stream.want(self.rng.sample(SUBS, self.rng.randrange(len(SUBS) + 1)))
                case 8 if sockets:
                    for _ in range(1000):
                        self.rng.choice(sockets).tell(data(Channel.BOOK, "C0-USDT"))
                case 9 if sockets:
                    self.rng.choice(sockets).tell(json.dumps({"ack": self.rng.randrange(9), "ok": True}).encode())

    def _for_a_while(self, fault: str) -> None:
        setattr(self, fault, True)
        asyncio.get_running_loop().call_later(self.rng.uniform(1, 20), setattr, self, fault, False)

    def heal(self) -> None:
        self.is_deaf = self.is_shut = self.has_no_key = False
        self.muted.clear()


async def live(seed: int) -> list[tuple[Any, ...]]:
    chaos = Chaos(seed)
    chaos.stream.want(SUBS)
    chaos.stream.start()
    speaker = asyncio.create_task(chaos.speak())
    await chaos.misbehave(600)
    chaos.heal()
    chaos.stream.want(SUBS)
    # I11: sixty seconds after the last fault all is well
    await asyncio.sleep(60)
    assert chaos.stream.is_open
    assert chaos.stream.actual() == set(SUBS)
    assert all(chaos.stream.age_s(sub.channel, sub.trading_pair) <= 2 for sub in SUBS)
    assert len(chaos.port.open_sockets) <= 2
    words = [entry[1] for entry in chaos.story if entry[1] in ("open", "down")]
    assert words == ["open", "down"] * (len(words) // 2) + ["open"]
    assert all(entry[3] == "a consumer that breaks" for entry in chaos.story if entry[1] == "fault")
    assert most_in_any(chaos.port.attempts, 60) <= 60
    speaker.cancel()
    await asyncio.gather(speaker, return_exceptions=True)
    await chaos.stream.close()
    await settle()
    assert not chaos.port.open_sockets
    return chaos.story


@pytest.mark.parametrize("seed", range(15))
def test_w1_w3_w4_w12_w14_when_the_venue_is_well_again_so_is_the_stream(seed: int) -> None:
    @virtual
    async def test() -> None:
        await live(seed)

    test()


def test_the_same_chance_gives_the_same_story() -> None:
    stories: list[list[tuple[Any, ...]]] = []

    @virtual
    async def test() -> None:
        stories.append(await live(3))

    test()
    test()
    assert len(stories[0]) > 50
    assert stories[0] == stories[1]
