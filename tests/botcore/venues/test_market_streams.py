"""More subscriptions than one socket may carry."""

from __future__ import annotations

import asyncio
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from botcore.venues.backoff import ConnectionBudget
from botcore.venues.dialect import Channel, Subscription
from botcore.venues.live_spec import AgeSpec
from botcore.venues.market_streams import MarketStreams
from botcore.venues.stream import SupervisedStream
from botcore.venues.stream_hooks import Opening, StreamHooks
from tests.support.venue_fakes import FakeDialect, FakePort, data
from tests.support.virtual_loop import Clocks, run_virtual, settle, virtual

SUBS = [Subscription(Channel.BOOK, f"C{number}-USDT") for number in range(40)]


class World:
    def __init__(self) -> None:
        self.port, clocks, budget = FakePort(), Clocks(), ConnectionBudget(300, 300)
        self.heard: list[bytes] = []
        self.begun: list[Subscription] = []
        self.faults: list[str] = []
        hooks = StreamHooks(lambda message, _ns, _peek: self.heard.append(message), on_subscribed=self.begun.extend)

        async def opening() -> Opening:
            return Opening("wss://venue.test")

        def make(number: int) -> SupervisedStream:
            ages = AgeSpec(book=1e6, trades=1e6, ticker=1e6, candles=1e6)
            return SupervisedStream(f"test {number}", self.port, FakeDialect(), opening, budget, hooks, clocks.now_ns, Random(number), ages=ages)

        self.streams = MarketStreams(make, 10, lambda what, _error: self.faults.append(what))


@virtual
async def test_what_is_wanted_is_spread_and_stays_where_it_is() -> None:
    world = World()
    world.streams.want(SUBS[:25])
    await settle(lambda: world.streams.actual() == set(SUBS[:25]))
    assert sorted(len(socket.subscribed) for socket in world.port.sockets) == [5, 10, 10]
    assert world.streams.is_open
    world.streams.want([*SUBS[:5], *SUBS[10:28]])
    await settle(lambda: world.streams.actual() == {*SUBS[:5], *SUBS[10:28]})
    assert len(world.port.sockets) == 3
    assert len(world.begun) == 28 and set(world.begun) == set(SUBS[:28])
    next(socket for socket in world.port.sockets if "book:C20-USDT" in socket.subscribed).tell(data(Channel.BOOK, "C20-USDT"))
    await settle()
    assert world.heard and world.streams.age_s(Channel.BOOK, "C20-USDT") < 1
    assert world.streams.age_s(Channel.BOOK, "C0-USDT") == float("inf")
    world.streams.want(SUBS[10:20])
    await settle(lambda: len(world.port.open_sockets) == 1)
    assert len(world.streams.status()) == 1
    await world.streams.close()
    assert not world.port.open_sockets and not world.faults


@given(st.lists(st.sets(st.sampled_from(SUBS)), max_size=8), st.integers(0, 2))
def test_no_socket_carries_too_much_and_in_the_end_all_is_there(wants: list[set[Subscription]], pause_s: int) -> None:
    async def work() -> None:
        world = World()
        for wanted in wants:
            world.streams.want(sub for sub in SUBS if sub in wanted)
            await asyncio.sleep(pause_s)
            assert all(len(stream.wanted()) <= 10 for stream in world.streams._streams.values())
        await settle(lambda: world.streams.actual() == (wants[-1] if wants else set()))
        assert len(world.port.open_sockets) <= 4
        await world.streams.close()
        assert not world.port.open_sockets and not world.faults

    run_virtual(work())
