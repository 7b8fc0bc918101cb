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
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache

from botcore.markets.market_data import MarketDataProvider
from botcore.strategies.strategy_v2 import StrategyV2Base
from tests.simulation.disk import DiskFaults
from tests.simulation.plan import BotPlan, Crash, MarketPlan, Plan
from tests.simulation.runs import template
from tests.simulation.scenarios import PAIR, SCENARIOS, Scenario, scenario_named
from tests.simulation.stages import stages_of
from tests.simulation.world import START_TICKS, T0_NS, Verdict, World

Point = tuple[str, int]
"""A label and its pass, counted from 0."""


class OneExecutor:
    """Starts the scenario's executor once, as a controller would: what the records already know is not started again."""

    def __init__(self, scenario: Scenario, bot: StrategyV2Base, market_data: MarketDataProvider, stop_at_ns: int | None) -> None:
        self._scenario = scenario
        self._bot = bot
        self._market_data = market_data
        self._stop_at_ns = stop_at_ns

    def on_tick(self, now_ns: int) -> None:
        orchestrator, scenario = self._bot.orchestrator, self._scenario
        is_usable = all(self._market_data.state(name, PAIR).is_usable(now_ns) for name, _ in scenario.places)
        if not orchestrator.shelf("main").infos and is_usable and not self._bot.is_stopping:
            orchestrator.create(scenario.config(), "main")
        if self._stop_at_ns is not None and now_ns >= self._stop_at_ns:
            for executor in orchestrator.running:
                orchestrator.stop(executor.id)


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
        self.stages: dict[str, list[Point]] = defaultdict(list)
        """Points that the first life passed in each stage of the executor."""
        self.came_back: list[tuple[str, str, str]] = []
        """Executors that a later life began with: id, status, and status in the records."""
        markets = tuple(MarketPlan(name, PAIR, 0, dict(scenario.faults)) for name, _ in scenario.places)
        plan = Plan(1, scenario.seconds, markets, (BotPlan("bot", "chooser"),), DiskFaults(sync_ms=(2, 2)), stop_one_at_s=scenario.stop_bot_s)
        super().__init__(plan, template())
        for venue in self.venues:
            venue.partial = 0.0
            scenario.prepare(venue)
        reach = self.points.reach

        def seen(label: str) -> None:
            passes = self.points.passed[label] - self._begins.get(label, 0)
            self.seen.append((self.lives, label, passes, self.log.count))
            self._look((label, passes))
            reach(label)

        self._begins: dict[str, int] = {}
        self.points.reach = seen  # type: ignore[method-assign]

    def _look(self, point: Point) -> None:
        """What the executor is in the middle of."""
        instance = self.instance
        if instance is None or not instance.bots:
            return
        for executor in instance.executors:
            if executor.id not in self.watcher.executors:
                # nothing of it is durable yet: its controller would start it again
                continue
            if self.lives == 1 and not self._is_healed:
                orders = [order for connector in instance.connectors.values() for order in connector.tracker.open_orders()]
                for stage in stages_of(executor, orders):
                    self.stages[stage].append(point)
            elif self.lives > 1 and point[0] == "recovery.reconciled":
                self.came_back.append((executor.id, executor.status.name, self.watcher.executors[executor.id]["status"]))

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
        paths = [dict(path) for _, path in self.scenario.places]
        ticks = [START_TICKS] * len(paths)
        while True:
            moment = round(self.loop.time(), 3)
            ticks = [path.get(moment, last) for path, last in zip(paths, ticks, strict=True)]
            for venue, now in zip(self.venues, ticks, strict=True):
                self.move(venue, now)
            await asyncio.sleep(0.5)


@dataclass(frozen=True)
class Case:
    """A scenario and where it dies."""

    scenario: str
    deaths: tuple[Point, ...]

    def __str__(self) -> str:
        return f"{self.scenario}: {' then '.join(f'{label} #{passes}' for label, passes in self.deaths)}"


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


SHOWN = 20
"""So many broken cases are printed whole."""

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
        broken = _played(pool, [*singles, *doubles])
    print(f"{len(SCENARIOS)} scenarios, {len(singles)} deaths at a point, {len(doubles)} pairs: {broken} broken")
    return 1 if broken else 0


def _played(pool: ProcessPoolExecutor, cases: list[Case]) -> int:
    """How many broke; the first ones are shown as they break, and every thousandth run is told of."""
    broken = 0
    for number, text in enumerate(pool.map(failure, cases, chunksize=8), 1):
        if text is not None:
            broken += 1
            if broken <= SHOWN:
                print(text, flush=True)
        if number % 1000 == 0:
            print(f"{number} of {len(cases)}, {broken} broken", flush=True)
    return broken


def _doubles(case: Case) -> list[Case]:
    return list(double_cases(case))


if __name__ == "__main__":
    sys.exit(main())
