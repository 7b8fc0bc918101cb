"""`python -m tests.chatfuzz --runs N --start S`: N random runs from seed S on; ends with the seed of the first that fails."""

from __future__ import annotations

import argparse
import asyncio
import logging
import tempfile
from pathlib import Path

from tests.chatfuzz.world import World
from tests.support.house import House


async def many(folder: Path, runs: int, start: int = 0) -> World:
    """Run them in one program; AssertionError names the seed."""
    async with House(folder) as house:
        house.freeze()
        # what is told is not looked at here, and each telling is a write of its own
        await house.program._notifications.close()
        world = World(house.program)
        try:
            for seed in range(start, start + runs):
                try:
                    await world.run(seed)
                except BaseException as error:
                    raise AssertionError(f"seed {seed}: {type(error).__name__}: {error}") from error
        finally:
            world.flow.close()
    return world


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.chatfuzz", description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--start", type=int, default=0)
    asked = parser.parse_args()
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder:
        world = asyncio.run(many(Path(folder), asked.runs, asked.start))
    done = ", ".join(f"{name} {count}" for name, count in sorted(world.totals.items()))
    print(f"{asked.runs} runs from seed {asked.start} hold; the process died {world.deaths} times; {done}")


if __name__ == "__main__":
    main()
