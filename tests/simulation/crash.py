"""The crash suite: a scenario is played once to see which labelled points it passes, then once for each of them, with the process dying there.

A death drops all memory and what was not synced; a new process recovers from the disk, the venue is healed, and the same judge as in the swarm decides. In depth
two it dies again, at a point that the recovery passes.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cache, partial
from typing import Any

from botcore.executors.data_types import ExecutionStrategy, LimitChaserConfig, OrderExecutorConfig, PositionExecutorConfig, TripleBarrierConfig
from botcore.executors.dca.config import DCAExecutorConfig
from botcore.executors.twap.config import TWAPExecutorConfig, TWAPMode
from botcore.markets.market_data import MarketDataProvider
from botcore.model.enums import OrderType, TradeType
from botcore.strategies.strategy_v2 import StrategyV2Base
from tests.simulation.disk import DiskFaults
from tests.simulation.line_venue import LoopVenue
from tests.simulation.plan import BotPlan, Crash, MarketPlan, Plan
from tests.simulation.runs import template
from tests.simulation.world import T0_NS, Verdict, World

D = Decimal
PERP, SPOT, PAIR = "venue_perpetual", "venue", "ETH-USDT"
Point = tuple[str, int]
"""A label and its pass, counted from 0."""


def nothing(venue: LoopVenue) -> None:
    """The venue is as it is."""


@dataclass(frozen=True)
class Scenario:
    """One short story.

    Parameters
    ----------
    values : dict
        Of the executor's config, beyond market and side.
    path : tuple of (seconds, ticks)
        Where the market goes.
    prepare : callable
        What the venue does out of the ordinary.
    stop_executor_s, stop_bot_s : float, optional
        When somebody stops it.
    faults : dict
        Knobs of the line.
    """

    name: str
    values: dict[str, Any]
    path: tuple[tuple[float, int], ...]
    connector_name: str = PERP
    side: TradeType = TradeType.BUY
    prepare: Callable[[LoopVenue], None] = nothing
    stop_executor_s: float | None = None
    stop_bot_s: float | None = None
    faults: dict[str, float] = field(default_factory=dict)
    seconds: float = 20.0


def barriers(**values: Any) -> TripleBarrierConfig:
    return TripleBarrierConfig(
        **{"stop_loss": D("0.01"), "take_profit": D("0.01"), "time_limit": 60, "take_profit_order_type": OrderType.LIMIT, **values}
    )


def part_only(venue: LoopVenue) -> None:
    """Resting orders trade in parts."""
    venue.partial = 1.0


def ends_parts(venue: LoopVenue) -> None:
    """What has traded in part is ended by the venue."""
    venue.partial = 1.0
    venue.line.expire = 1.0


def trades_when_canceled(venue: LoopVenue) -> None:
    """A cancel comes too late: the order trades in that moment."""
    cancel = venue._on_cancel

    def late(client_order_id: str) -> Any:
        for order in venue.of(client_order_id):
            if order.filled < order.lots and order.request.price_ticks is not None:
                venue.trade(order, order.request.price_ticks, order.lots - order.filled)
        return cancel(client_order_id)

    venue._on_cancel = late  # type: ignore[method-assign]


LADDER = partial(
    DCAExecutorConfig,
    amounts_quote=[D("99.9"), D("99.8"), D("99.7")],
    prices=[D("99.9"), D("99.8"), D("99.7")],
    take_profit=D("0.005"),
    stop_loss=D("0.01"),
)
PLAN = partial(TWAPExecutorConfig, total_amount_quote=D(300), total_duration=8, order_interval=4)
RESTING_PLAN = partial(PLAN, mode=TWAPMode.MAKER, limit_order_buffer=D("0.001"), order_resubmission_time=3)
CHASER = partial(
    OrderExecutorConfig,
    amount=D(1),
    execution_strategy=ExecutionStrategy.LIMIT_CHASER,
    chaser_config=LimitChaserConfig(distance=D("0.001"), refresh_threshold=D("0.001")),
)

SCENARIOS = (
    Scenario("take profit", {"triple_barrier_config": barriers()}, ((4, 9_985), (9, 10_120))),
    Scenario("stop loss", {"triple_barrier_config": barriers()}, ((4, 9_985), (9, 9_800))),
    Scenario("stop loss of a short", {"triple_barrier_config": barriers()}, ((4, 10_015), (9, 10_200)), side=TradeType.SELL),
    Scenario("time limit", {"triple_barrier_config": barriers(time_limit=6)}, ((4, 9_985),)),
    Scenario("partial entry", {"triple_barrier_config": barriers(time_limit=9)}, ((4, 9_985), (5, 10_020)), prepare=part_only),
    Scenario(
        "entry ended by the venue", {"triple_barrier_config": barriers(time_limit=12)}, ((4, 9_985), (7, 9_980), (9, 9_800)), prepare=ends_parts
    ),
    Scenario("cancel race", {"triple_barrier_config": barriers()}, ((9, 10_010),), prepare=trades_when_canceled, stop_executor_s=5),
    Scenario("order executor", {"execution_strategy": ExecutionStrategy.LIMIT}, ((4, 9_985),), connector_name=SPOT),
    Scenario("stop of a bot", {"triple_barrier_config": barriers()}, ((4, 9_985),), stop_bot_s=8),
    Scenario("unanswered create", {"triple_barrier_config": barriers()}, ((4, 9_985), (9, 9_800)), faults={"drop_after": 1.0}),
    Scenario("unanswered, never arrived", {"triple_barrier_config": barriers()}, ((4, 9_985),), faults={"drop_before": 1.0}),
    Scenario("market entry", {"triple_barrier_config": barriers(open_order_type=OrderType.MARKET)}, ((9, 10_120),)),
    Scenario("ladder", {"make": LADDER}, ((6, 9_975), (10, 10_120))),
    Scenario("ladder in parts", {"make": LADDER}, ((6, 9_975), (9, 9_965), (12, 9_800)), prepare=part_only),
    Scenario("twap", {"make": PLAN}, ((6, 9_975), (10, 10_020))),
    Scenario("twap that rests", {"make": RESTING_PLAN}, ((5, 10_040), (9, 10_010), (13, 10_000))),
    Scenario("twap that is stopped", {"make": PLAN}, ((4, 9_985),), stop_executor_s=8),
    Scenario("chaser", {"make": CHASER}, ((5, 10_020), (7, 10_040), (12, 10_000))),
)


class OneExecutor:
    """Starts the scenario's executor once, as a controller would: what the records already know is not started again."""

    def __init__(self, scenario: Scenario, bot: StrategyV2Base, market_data: MarketDataProvider, stop_at_ns: int | None) -> None:
        self._scenario = scenario
        self._bot = bot
        self._market_data = market_data
        self._stop_at_ns = stop_at_ns

    def on_tick(self, now_ns: int) -> None:
        orchestrator, scenario = self._bot.orchestrator, self._scenario
        state = self._market_data.state(scenario.connector_name, PAIR)
        if not orchestrator.shelf("main").infos and state.is_usable(now_ns) and not self._bot.is_stopping:
            orchestrator.create(self._config(), "main")
        if self._stop_at_ns is not None and now_ns >= self._stop_at_ns:
            for executor in orchestrator.running:
                orchestrator.stop(executor.id)

    def _config(self) -> Any:
        scenario = self._scenario
        price = D("99.90") if scenario.side is TradeType.BUY else D("100.10")
        common = {"connector_name": scenario.connector_name, "trading_pair": PAIR, "side": scenario.side, "amount": D(1)}
        if "make" in scenario.values:
            return scenario.values["make"](connector_name=scenario.connector_name, trading_pair=PAIR, side=scenario.side)
        if "execution_strategy" in scenario.values:
            return OrderExecutorConfig(**common, price=price, **scenario.values)
        return PositionExecutorConfig(**common, entry_price=price, **scenario.values)


class ScriptedWorld(World):
    """A scenario with deaths.

    Parameters
    ----------
    deaths : list of Point
        Where the process dies, one life after the other; the passes of a later one are counted from that life's beginning.
    """

    def __init__(self, scenario: Scenario, deaths: list[Point]) -> None:
        self.scenario = scenario
        self.deaths = list(deaths)
        self.seen: list[tuple[int, str, int, int]] = []
        """Points passed: life, label, pass within that life, events so far."""
        market = MarketPlan(scenario.connector_name, PAIR, 0, dict(scenario.faults))
        plan = Plan(1, scenario.seconds, (market,), (BotPlan("bot", "chooser"),), DiskFaults(sync_ms=(2, 2)), stop_one_at_s=scenario.stop_bot_s)
        super().__init__(plan, template())
        self.venues[0].partial = 0.0
        scenario.prepare(self.venues[0])
        reach = self.points.reach

        def seen(label: str) -> None:
            begin = self._begins.get(label, 0)
            self.seen.append((self.lives, label, self.points.passed[label] - begin, self.log.count))
            reach(label)

        self._begins: dict[str, int] = {}
        self.points.reach = seen  # type: ignore[method-assign]

    def driver(self, plan: BotPlan, bot: StrategyV2Base, market_data: MarketDataProvider, life: int) -> OneExecutor:
        stop_s = self.scenario.stop_executor_s
        return OneExecutor(self.scenario, bot, market_data, None if stop_s is None else T0_NS + int(stop_s * 1e9))

    def boot(self) -> None:
        if self._process is None or not self._process.alive:
            self._begins = dict(self.points.passed)
            if self.deaths and not self._is_healed:
                label, passes = self.deaths.pop(0)
                self._crash(Crash(0.0, 0.5, label, passes))
        super().boot()

    async def _market(self) -> None:
        path = dict(self.scenario.path)
        ticks = 10_000
        while True:
            ticks = path.get(round(self.loop.time(), 3), ticks)
            self.move(self.venues[0], ticks)
            await asyncio.sleep(0.5)


@dataclass(frozen=True)
class Case:
    """A scenario and where it dies."""

    scenario: str
    deaths: tuple[Point, ...]

    def __str__(self) -> str:
        return f"{self.scenario}: {' then '.join(f'{label} #{passes}' for label, passes in self.deaths)}"


def scenario_named(name: str) -> Scenario:
    return next(scenario for scenario in SCENARIOS if scenario.name == name)


def play(case: Case) -> tuple[Verdict, list[tuple[int, str, int, int]]]:
    """One run; also what points it passed."""
    world = ScriptedWorld(scenario_named(case.scenario), list(case.deaths))
    return world.run(), world.seen


def points_of(case: Case, life: int) -> list[Point]:
    """Points that differ: two passes of a label with no event between them are one."""
    _, seen = play(case)
    found: list[Point] = []
    last: dict[str, int] = {}
    for seen_life, label, passes, events in seen:
        if seen_life == life and last.get(label) != events:
            last[label] = events
            found.append((label, passes))
    return found


def single_cases(scenario: Scenario) -> list[Case]:
    """A death at each point that the scenario passes."""
    return [Case(scenario.name, (point,)) for point in points_of(Case(scenario.name, ()), 1)]


RECOVERY_POINTS = 14
"""So many points of the second life count as its recovery."""


def double_cases(case: Case) -> Iterator[Case]:
    """A second death, at each of the first points of the life that follows."""
    for point in points_of(case, 2)[:RECOVERY_POINTS]:
        yield replace(case, deaths=(*case.deaths, point))


@cache
def sampled_doubles(count: int, seed: int = 1) -> list[Case]:
    """Pairs of points, spread evenly over the scenarios."""
    chance = random.Random(seed)
    cases: list[Case] = []
    for number, scenario in enumerate(SCENARIOS):
        wanted = count // len(SCENARIOS) + (number < count % len(SCENARIOS))
        singles = single_cases(scenario)
        firsts = [chance.choice(singles) for _ in range(max(1, wanted // 4))]
        pairs = [pair for first in firsts for pair in double_cases(first)]
        cases += chance.sample(pairs, min(wanted, len(pairs)))
    return cases


def failure(case: Case) -> str | None:
    """What broke, or None."""
    verdict, _ = play(case)
    if verdict.is_sound:
        return None
    return f"{case}\n" + "\n".join(f"  {line}" for line in verdict.breaches)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.crash", description="Deaths at every labelled point.")
    parser.add_argument("--all", action="store_true", help="every pair of points too, instead of a sample of 200")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    asked = parser.parse_args(arguments)
    singles = [case for scenario in SCENARIOS for case in single_cases(scenario)]
    with ProcessPoolExecutor(asked.jobs) as pool:
        doubles = [case for found in pool.map(_doubles, singles, chunksize=4) for case in found] if asked.all else sampled_doubles(200)
        broken = [text for text in pool.map(failure, [*singles, *doubles], chunksize=8) if text is not None]
    for text in broken[:20]:
        print(text)
    print(f"{len(SCENARIOS)} scenarios, {len(singles)} deaths at a point, {len(doubles)} pairs: {len(broken)} broken")
    return 1 if broken else 0


def _doubles(case: Case) -> list[Case]:
    return list(double_cases(case))


if __name__ == "__main__":
    sys.exit(main())
