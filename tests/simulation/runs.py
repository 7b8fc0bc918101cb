"""Running seeds: one exactly, or many over the cores; and the list of seeds that once failed."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.simulation.disk import empty_database
from tests.simulation.swarm import plan_of
from tests.simulation.wire_swarm import wire_plan_of
from tests.simulation.wire_world import WireWorld
from tests.simulation.world import Verdict, World

HERE = Path(__file__).parent
REGRESSIONS = HERE / "regressions.txt"
OPEN = HERE / "open.txt"


@dataclass(frozen=True)
class Seed:
    """What names a run."""

    number: int
    is_long: bool = False
    is_wire: bool = False
    """Whether the venues speak bytes: the standard."""

    @property
    def command(self) -> str:
        """What a person types to see it again."""
        return f"python -m tests.simulation --seed {self.number}{' --long' if self.is_long else ''}{'' if self.is_wire else ' --line'}"

    def __str__(self) -> str:
        return f"{self.number}{' long' if self.is_long else ''}{' wire' if self.is_wire else ''}"


@cache
def template() -> bytes:
    """Database of a fresh home; made once in a process."""
    return empty_database()


@cache
def _set_aside() -> None:
    """What the program consists of is not looked through after every seed: that would cost a tenth of the time."""
    template()
    gc.collect()
    gc.freeze()


def run_seed(seed: Seed, keep: int = 400) -> Verdict:
    """One seed from its plan to its verdict.

    Garbage is collected between seeds only: within one it would cost a fifth of the time, and close coroutines of dead processes at moments of its own choosing.
    """
    was_on = gc.isenabled()
    gc.disable()
    _set_aside()
    try:
        return world_of(seed, keep).run()
    finally:
        gc.collect()
        if was_on:
            gc.enable()


def world_of(seed: Seed, keep: int = 400) -> World:
    if seed.is_wire:
        return WireWorld(wire_plan_of(seed.number, long=seed.is_long), template(), keep=keep)
    return World(plan_of(seed.number, long=seed.is_long), template(), keep=keep)


def run_many(seeds: Iterable[Seed], jobs: int | None = None) -> Iterator[tuple[Seed, Verdict]]:
    """Verdicts in the order of the seeds."""
    wanted = list(seeds)
    if jobs == 1:
        yield from ((seed, run_seed(seed)) for seed in wanted)
        return
    with ProcessPoolExecutor(jobs or os.cpu_count()) as pool:
        yield from zip(wanted, pool.map(run_seed, wanted, chunksize=4), strict=True)


def regressions() -> list[Seed]:
    """Seeds that failed once and hold now."""
    return _listed(REGRESSIONS)


def open_seeds() -> list[Seed]:
    """Seeds that are known not to hold yet."""
    return _listed(OPEN)


def _listed(path: Path) -> list[Seed]:
    """Number, `long` and `wire` where it was one, and after # what broke."""
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        words = line.partition("#")[0].split()
        if words:
            found.append(Seed(int(words[0]), "long" in words[1:], "wire" in words[1:]))
    return found


def remember(seed: Seed, verdict: Verdict) -> None:
    """Put a failing seed on the list, once."""
    if seed not in regressions() and seed not in open_seeds():
        with REGRESSIONS.open("a", encoding="utf-8") as file:
            file.write(f"{seed}  # {verdict.breaches[0][:120]}\n")


def report(seed: Seed, verdict: Verdict) -> str:
    """What a person reads of a run."""
    head = f"seed {seed}: {verdict.trades} executions, {verdict.lives} lives, {verdict.events} events"
    if verdict.is_sound:
        return f"{head}: sound"
    broken = "\n".join(f"  {line}" for line in verdict.breaches)
    return f"{head}: {len(verdict.breaches)} breaches\n{broken}\nagain: {seed.command}"
