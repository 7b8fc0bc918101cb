"""The venue's clock, seen from here."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from botcore.venues.offset import OffsetMeter, TimeSample, VenueOffset
from tests.support.virtual_loop import Clocks, run_virtual, virtual

AHEAD_MS = 7_000


class Venue:
    """A clock that is ahead of the true one, asked over a way of given lengths."""

    def __init__(self, clocks: Clocks, ways_s: list[tuple[float, float]] | None = None) -> None:
        self.clocks = clocks
        self.ways_s = ways_s or [(0.05, 0.05)]
        self.ahead_ms = float(AHEAD_MS)
        self.asked = 0
        self.is_there = True

    async def sample(self) -> TimeSample | None:
        to_s, back_s = self.ways_s[self.asked % len(self.ways_s)]
        self.asked += 1
        left = asyncio.get_running_loop().time()
        await asyncio.sleep(to_s)
        if not self.is_there:
            return None
        says = int(self.clocks.true_ms() + self.ahead_ms)
        await asyncio.sleep(back_s)
        return TimeSample(left, asyncio.get_running_loop().time(), says)

    def error_ms(self, offset: VenueOffset) -> float:
        return abs(offset.timestamp_ms() - (self.clocks.true_ms() + self.ahead_ms))


@virtual
async def test_r12_the_sample_with_the_shortest_trip_is_believed() -> None:
    venue = Venue(Clocks(), [(0.9, 0.1), (0.03, 0.01), (0.1, 2.0), (0.5, 0.5), (0.2, 0.2)])
    offset = VenueOffset(venue.clocks.wall_ms)
    assert not offset.is_known and offset.uncertainty_ms == float("inf")
    assert await OffsetMeter(offset, venue.sample).measure()
    assert venue.asked == 5
    assert venue.error_ms(offset) <= 12
    assert 20 <= offset.uncertainty_ms <= 22
    assert offset.offset_ms == pytest.approx(AHEAD_MS, abs=12)


@given(st.lists(st.tuples(st.floats(0, 1.5), st.floats(0, 1.5)), min_size=1, max_size=5), st.integers(-90_000, 90_000), st.floats(0, 3600))
def test_r12_the_error_is_never_larger_than_said(ways_s: list[tuple[float, float]], ahead_ms: int, later_s: float) -> None:
    async def work() -> None:
        venue = Venue(Clocks(), ways_s)
        venue.ahead_ms = ahead_ms
        offset = VenueOffset(venue.clocks.wall_ms, unsure_ms=10_000)
        await OffsetMeter(offset, venue.sample).measure()
        assert venue.error_ms(offset) <= offset.uncertainty_ms + 1
        # a quartz that runs off as badly as we allow for
        venue.ahead_ms += later_s * 1000 * 0.99e-4
        await asyncio.sleep(later_s)
        assert venue.error_ms(offset) <= offset.uncertainty_ms + 1

    run_virtual(work())


@virtual
async def test_r12_certainty_runs_out_when_nothing_is_measured() -> None:
    venue = Venue(Clocks())
    offset = VenueOffset(venue.clocks.wall_ms)
    await OffsetMeter(offset, venue.sample).measure()
    await asyncio.sleep(3600)
    assert offset.is_known
    await asyncio.sleep(3 * 3600)
    assert not offset.is_known


@virtual
async def test_r12_a_skew_that_changes_is_measured_on_schedule() -> None:
    venue = Venue(Clocks())
    offset = VenueOffset(venue.clocks.wall_ms)
    meter = OffsetMeter(offset, venue.sample)
    keeper = asyncio.create_task(meter.keep(every_s=60, retry_s=5))
    await asyncio.sleep(10)
    venue.ahead_ms -= 90_000
    await asyncio.sleep(65)
    assert venue.error_ms(offset) < 60
    keeper.cancel()
    await asyncio.gather(keeper, return_exceptions=True)
    await meter.close()


@virtual
async def test_p10_a_jump_of_the_wall_clock_moves_no_signature_and_is_noticed() -> None:
    for jump_ms in (3_600_000, -3_600_000):
        jumps: list[int] = []
        venue = Venue(Clocks())
        offset = VenueOffset(venue.clocks.wall_ms, on_jump=jumps.append)
        meter = OffsetMeter(offset, venue.sample)
        keeper = asyncio.create_task(meter.keep())
        await asyncio.sleep(30.5)
        assert offset.is_known
        venue.clocks.set_ahead_ms = jump_ms
        assert venue.error_ms(offset) < 60
        assert not offset.is_known
        assert jumps == [jump_ms]
        await asyncio.sleep(10)
        assert offset.is_known and venue.error_ms(offset) < 60 and jumps == [jump_ms]
        keeper.cancel()
        await asyncio.gather(keeper, return_exceptions=True)
        await meter.close()


@virtual
async def test_p10_a_clock_that_is_slewed_is_no_jump() -> None:
    jumps: list[int] = []
    venue = Venue(Clocks())
    offset = VenueOffset(venue.clocks.wall_ms, on_jump=jumps.append)
    await OffsetMeter(offset, venue.sample).measure()
    for _ in range(3000):
        venue.clocks.set_ahead_ms += 1
        await asyncio.sleep(1)
        assert offset.is_known
    assert not jumps


@virtual
async def test_r12_while_the_venue_does_not_tell_it_is_asked_again_and_again() -> None:
    venue = Venue(Clocks())
    venue.is_there = False
    offset = VenueOffset(venue.clocks.wall_ms)
    meter = OffsetMeter(offset, venue.sample)
    keeper = asyncio.create_task(meter.keep(retry_s=5))
    await asyncio.sleep(60)
    assert not offset.is_known and 8 <= venue.asked <= 14
    venue.is_there = True
    await asyncio.sleep(7)
    assert offset.is_known
    keeper.cancel()
    await asyncio.gather(keeper, return_exceptions=True)
    await meter.close()


@virtual
async def test_r12_all_who_ask_at_once_share_one_measurement() -> None:
    venue = Venue(Clocks())
    meter = OffsetMeter(VenueOffset(venue.clocks.wall_ms), venue.sample)
    asks = [asyncio.create_task(meter.measure()) for _ in range(20)]
    asks[0].cancel()
    results = await asyncio.gather(*asks, return_exceptions=True)
    assert results[1:] == [True] * 19
    assert venue.asked == 5


@virtual
async def test_r12_a_refused_time_stamp_makes_it_doubtful_until_measured() -> None:
    venue = Venue(Clocks())
    offset = VenueOffset(venue.clocks.wall_ms)
    meter = OffsetMeter(offset, venue.sample)
    await meter.measure()
    offset.doubt()
    assert not offset.is_known
    venue.is_there = False
    assert not await meter.measure()
    venue.is_there = True
    assert await meter.measure()


@virtual
async def test_a_time_of_the_venue_is_waited_for_with_what_is_uncertain_added() -> None:
    venue = Venue(Clocks())
    offset = VenueOffset(venue.clocks.wall_ms)
    await OffsetMeter(offset, venue.sample).measure()
    until_ms = int(venue.clocks.true_ms() + venue.ahead_ms) + 60_000
    wait_s = offset.seconds_until(until_ms)
    assert 60 <= wait_s < 60.2
    await asyncio.sleep(wait_s)
    assert venue.clocks.true_ms() + venue.ahead_ms >= until_ms
    assert offset.seconds_until(until_ms - 10_000) == 0


@virtual
async def test_p10_a_sleep_in_the_middle_of_a_measurement_spoils_it() -> None:
    venue = Venue(Clocks(), [(0.5, 0.5)])
    offset = VenueOffset(venue.clocks.wall_ms)
    meter = OffsetMeter(offset, venue.sample)

    def sleep() -> None:
        # the loop's clock stood still, all others went on
        venue.clocks.set_ahead_ms += 60_000
        venue.ahead_ms += 60_000

    asyncio.get_running_loop().call_later(2.25, sleep)
    assert not await meter.measure()
    assert not offset.is_known
    assert await meter.measure()
    assert venue.error_ms(offset) <= offset.uncertainty_ms + 1
