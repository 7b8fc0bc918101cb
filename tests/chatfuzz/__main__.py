"""`python -m tests.chatfuzz --runs N --start S [--what orders]`: N random runs from seed S on; ends with the seed of the first that fails."""

from __future__ import annotations

import argparse
import asyncio
import logging
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.chatfuzz.lives import Lives
from tests.chatfuzz.orders import OrderWorld
from tests.chatfuzz.world import World
from tests.support.house import House
from tests.support.leavings import found_in


@dataclass
class Tally:
    """What runs did, and how often the process died in them."""

    totals: Counter[str] = field(default_factory=Counter)
    deaths: int = 0


async def many(folder: Path, runs: int, start: int = 0) -> World:
    """Run them in one program; AssertionError names the seed."""
    async with House(folder) as house:
        house.freeze()
        # what is told is not looked at here, and each telling is a write of its own
        await house.program._notifications.close()
        world = World(house.program)
        try:
            for seed in range(start, start + runs):
                await _one(world, seed)
        finally:
            world.flow.close()
    return world


async def many_orders(folder: Path, runs: int, start: int = 0) -> Tally:
    """Runs with orders by hand, each in a home of its own; what all of them did together."""
    tally = Tally()
    for seed in range(start, start + runs):
        home = folder / str(seed)
        lives = Lives(home)
        await lives.begin()
        try:
            world = OrderWorld(lives)
            await _one(world, seed)
        finally:
            await lives.end()
        left = found_in(home)
        assert not left, f"seed {seed}: {left}"
        # a thousand homes would fill the disk
        shutil.rmtree(home)
        tally.totals.update(world.totals)
        tally.deaths += world.deaths
    return tally


async def _one(world: World, seed: int) -> None:
    try:
        await world.run(seed)
    except BaseException as error:
        raise AssertionError(f"seed {seed}: {type(error).__name__}: {error}") from error


KINDS: dict[str, Callable[[Path, int, int], Coroutine[Any, Any, World | Tally]]] = {"bots": many, "orders": many_orders}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.chatfuzz", description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--what", choices=KINDS, default="bots")
    asked = parser.parse_args()
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder:
        world = asyncio.run(KINDS[asked.what](Path(folder), asked.runs, asked.start))
    done = ", ".join(f"{name} {count}" for name, count in sorted(world.totals.items()))
    print(f"{asked.runs} runs from seed {asked.start} hold; the process died {world.deaths} times; {done}")


if __name__ == "__main__":
    main()
