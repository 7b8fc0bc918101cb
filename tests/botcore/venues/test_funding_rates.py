"""`FundingRates` on its own: what is asked for, and which answers are believed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest

from botcore.markets.funding import FundingInfo
from botcore.markets.market_state import MarketState
from botcore.model.enums import InstrumentKind
from botcore.model.instrument import Instrument, Market
from botcore.venues.caller import Answer
from botcore.venues.dialect import Unreadable
from botcore.venues.funding_rates import FundingRates
from botcore.venues.tasks import Tasks
from botcore.venues.wire import Call, Outcome, Reply, Verdict

D = Decimal
SECOND_NS = 1_000_000_000
NOW_S = 1_700_000_000
ALL = 10


def info(pair: str, rate: str, told_s: float = NOW_S) -> FundingInfo:
    return FundingInfo(pair, D("100"), D("100.1"), NOW_S + 3600, D(rate), int(told_s * SECOND_NS))


@dataclass
class World:
    """Dialect, caller and clock in one; `told` is what the venue answers next, by pair."""

    count: int = 1
    told: dict[str, FundingInfo | Unreadable] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    now_s: float = NOW_S
    ahead_ms: int = 0
    kind: InstrumentKind = InstrumentKind.LINEAR_PERPETUAL

    def __post_init__(self) -> None:
        self.pairs = [f"C{number}-USDT" for number in range(self.count)]
        self.states = {pair: MarketState(Instrument(Market("venue_perpetual", pair), self.kind, D("0.1"), D("0.001"))) for pair in self.pairs}
        dialect: Any = self
        self.tasks = Tasks(lambda what, error: self.troubles.append(f"{what}: {error!r}"))
        self.rates = FundingRates("venue", dialect, dialect, self.tasks, self.now_ns, lambda: self.ahead_ms, self.troubles.append, 10.0, 120.0)
        for state in self.states.values():
            self.rates.watch(state)

    def now_ns(self) -> int:
        return int(self.now_s * SECOND_NS)

    def funding_rate_call(self, trading_pair: str) -> Call:
        return Call("funding_rate", "GET", "/", (("symbol", trading_pair),), weights=(("weight", 1 if trading_pair else ALL),))

    def funding_rates(self, reply: Reply) -> Mapping[str, FundingInfo | Unreadable]:
        return self.told

    async def call(self, call: Call) -> Answer:
        self.asked.append(call.params[0][1])
        return Answer(Outcome(Verdict.ACCEPTED), Reply(200, {}, b"", self.now_ns(), self.now_ns()), self.now_ns())

    def turn(self, seconds: float = 10) -> None:
        """Time passes, and what is asked is answered."""
        self.now_s += seconds

        async def tick() -> None:
            self.rates.on_tick(self.now_ns())
            await self.tasks.finish()

        asyncio.run(tick())

    def rate(self, number: int = 0) -> Decimal | None:
        found = self.states[f"C{number}-USDT"].funding
        return None if found is None else found.rate


@pytest.mark.parametrize(("count", "asked"), [(1, ["C0-USDT"]), (10, [f"C{number}-USDT" for number in range(10)]), (11, [""])])
def test_all_pairs_are_asked_for_at_once_where_that_costs_less(count: int, asked: list[str]) -> None:
    world = World(count)
    world.turn()
    assert world.asked == asked
    world.turn(9)
    assert world.asked == asked, "not before its time"
    world.turn(1)
    assert world.asked == asked * 2


def test_a_row_that_is_missing_or_damaged_harms_no_other() -> None:
    world = World(12)
    world.told = {pair: info(pair, "0.0001", NOW_S + 10) for pair in world.pairs[2:]} | {"C1-USDT": Unreadable("lastFundingRate: expected a number")}
    for _ in range(13):
        world.turn()
        world.told |= {pair: info(pair, "0.0002", world.now_s) for pair in world.pairs[2:]}
    assert [world.rate(number) for number in range(12)] == [None, None] + [D("0.0002")] * 10
    assert world.troubles == [
        "the funding rate of C0-USDT is not known: the venue does not name it",
        "the funding rate of C1-USDT is not known: the answer can't be read: lastFundingRate: expected a number",
    ]


def test_an_older_answer_never_takes_the_place_of_a_younger_one() -> None:
    world = World()
    for told_s, rate, known in ((5, "0.0003", "0.0003"), (-20, "0.0001", "0.0003"), (25, "0.0004", "0.0004")):
        world.told = {"C0-USDT": info("C0-USDT", rate, NOW_S + told_s)}
        world.turn()
        assert world.rate() == D(known)


def test_a_venue_that_repeats_an_old_rate_is_not_believed() -> None:
    world = World()
    world.told = {"C0-USDT": info("C0-USDT", "0.0003")}
    world.turn(0)
    assert world.rate() == D("0.0003")
    for _ in range(12):
        world.turn()
    assert world.rate() == D("0.0003") and world.troubles == []
    world.turn()
    assert world.rate() is None
    world.turn()
    assert world.rate() is None and len(world.troubles) == 1
    world.told = {"C0-USDT": info("C0-USDT", "0.0005", world.now_s)}
    world.turn()
    assert world.rate() == D("0.0005")
    for _ in range(14):
        world.turn()
    assert world.rate() is None and len(world.troubles) == 2, "known again, it is said again"


def test_a_time_in_the_future_counts_as_now_and_blocks_nothing() -> None:
    world = World()
    world.told = {"C0-USDT": info("C0-USDT", "0.0003", NOW_S + 10**9)}
    world.turn()
    found = world.states["C0-USDT"].funding
    assert found is not None and found.ts_ns == world.now_ns()
    world.told = {"C0-USDT": info("C0-USDT", "0.0004", NOW_S + 20)}
    world.turn()
    assert world.rate() == D("0.0004")


def test_the_venues_time_is_told_by_our_clock() -> None:
    world = World(ahead_ms=3_600_000)
    world.told = {"C0-USDT": info("C0-USDT", "0.0003", NOW_S - 3600)}
    world.turn(5)
    found = world.states["C0-USDT"].funding
    assert found is not None and found.ts_ns == NOW_S * SECOND_NS and found.next_funding_utc_timestamp == NOW_S + 3600


def test_spot_is_not_asked_for() -> None:
    world = World(kind=InstrumentKind.SPOT)
    world.turn()
    assert world.asked == [] and world.rate() is None
