"""Rows of the numeric scenarios about limits, the clock and the venue's time (TH-*, CL-1, TS-1). Where ours differs on purpose, the test says how."""

from __future__ import annotations

import asyncio

import pytest

from botcore.core.clock import Clock
from botcore.model.enums import ClockMode
from botcore.model.times import SECOND_NS
from botcore.venues.limiter import Limiter, TurnedAway, shared
from botcore.venues.live_spec import LimitSpec
from botcore.venues.memory import NoMemory
from botcore.venues.offset import TimeSample, VenueOffset
from botcore.venues.wire import Call
from tests.support.virtual_loop import Clocks, virtual


def call(weight: int) -> Call:
    return Call("x", "GET", "/", weights=(("pool", weight),))


@virtual
async def test_th_1_a_pool_of_ten_with_six_in_use_refuses_five_and_admits_one() -> None:
    limiter = Limiter({"pool": LimitSpec(amount=10, window_s=5, reserve=0)}, NoMemory(), Clocks().wall_ms)
    (await limiter.acquire(call(6), 0)).close()
    with pytest.raises(TurnedAway):
        await limiter.acquire(call(5), 0)
    (await limiter.acquire(call(1), 0)).close()
    assert limiter.status().used["pool"] == (7, 10)
    # ours waits for room instead of asking again and again: five leave when the six have left the window
    start = asyncio.get_running_loop().time()
    (await limiter.acquire(call(5), 10)).close()
    assert asyncio.get_running_loop().time() == start + 5


@virtual
async def test_th_3_a_share_of_55_percent_leaves_one_of_one_and_five_of_ten() -> None:
    assert (shared(1, 0.55), shared(10, 0.55)) == (1, 5)
    limits = {"one": LimitSpec(amount=1, window_s=5), "ten": LimitSpec(amount=10, window_s=5)}
    used = Limiter(limits, NoMemory(), Clocks().wall_ms, share=0.55).status().used
    assert (used["one"], used["ten"]) == ((0, 1), (0, 5))


class Part:
    def __init__(self) -> None:
        self.seen: list[int] = []

    def on_tick(self, now_ns: int) -> None:
        self.seen.append(now_ns)


def test_cl_1_a_clock_moves_one_tick_at_a_time_and_a_replay_ends_at_its_end() -> None:
    """Ours has no context to enter and none to forget: parts are on the clock from `add` to `remove`. What that error guarded against can't happen; time that would go
    back is an error instead."""
    part, start_ns = Part(), 1000 * SECOND_NS
    clock = Clock(ClockMode.BACKTEST, start_ns=start_ns)
    clock.add(part)
    clock.tick(start_ns + clock.tick_ns)
    assert part.seen == [start_ns + SECOND_NS]
    with pytest.raises(ValueError, match="can't go back"):
        clock.tick(start_ns)
    end_ns = start_ns + 10 * SECOND_NS
    clock.replay(range(start_ns + 2 * SECOND_NS, end_ns + 1, clock.tick_ns))
    assert clock.now_ns >= end_ns
    assert part.seen == [start_ns + step * SECOND_NS for step in range(1, 11)]
    clock.remove(part)
    clock.tick(end_ns + SECOND_NS)
    assert len(part.seen) == 10


@virtual
async def test_ts_1_the_venues_time_counts_from_the_middle_of_the_question() -> None:
    loop = asyncio.get_running_loop()
    offset = VenueOffset(Clocks().wall_ms, unsure_ms=20_000)
    zero = loop.time()
    await asyncio.sleep(31)
    offset.take([TimeSample(zero + 10, zero + 30, 1_640_000_020_000)])
    assert offset.timestamp_ms() == 1_640_000_031_000
    # ours also says how sure it is: the answer may be ten seconds off, so by default it would not be relied on
    assert offset.uncertainty_ms == pytest.approx(10_000, abs=2)
    strict = VenueOffset(Clocks().wall_ms)
    strict.take([TimeSample(zero + 10, zero + 30, 1_640_000_020_000)])
    assert not strict.is_known
