"""`python -m tests.simulation`: replay one seed exactly, or run many.

The standard is the whole way: the sessions, streams and dialects of the program, over bytes (`wire_world`). `--line` takes the cheap world, whose venues stand behind
plain calls (`world`): about three times as fast, for what happens above the line.

`--seed N` runs that seed and prints its event log's hash as the last line. `--seeds N` runs the seeds 0 to N - 1 over the cores and stops the list at the first
that fails, with the command that replays it.
"""

from __future__ import annotations

import argparse
import logging
import sys

from tests.simulation.runs import Seed, remember, report, run_many, run_seed


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description="Deterministic simulation of the trading core.")
    parser.add_argument("--seed", type=int, help="replay this seed")
    parser.add_argument("--seeds", type=int, default=200, help="run so many seeds (default 200)")
    parser.add_argument("--start", type=int, default=0, help="first seed")
    parser.add_argument("--long", action="store_true", help="10 to 60 simulated minutes instead of 3")
    parser.add_argument(
        "--line", action="store_true", help="the cheap world: venues behind plain calls, without bytes, sessions, streams and dialects"
    )
    parser.add_argument("--wire", action="store_true", help="the whole way, over bytes (the standard)")
    parser.add_argument("--jobs", type=int, help="processes; default: one for each core")
    parser.add_argument("--log", action="store_true", help="with --seed: print the whole event log")
    asked = parser.parse_args(arguments)
    # what the program would say of each fault is in the event log
    logging.disable(logging.CRITICAL)
    if asked.seed is not None:
        return replay(Seed(asked.seed, asked.long, not asked.line), whole=asked.log)
    return soak([Seed(number, asked.long, not asked.line) for number in range(asked.start, asked.start + asked.seeds)], asked.jobs)


def replay(seed: Seed, *, whole: bool) -> int:
    verdict = run_seed(seed, keep=0 if whole else 400)
    if whole:
        print("\n".join(verdict.tail))
    elif not verdict.is_sound:
        print("the latest events:", *verdict.tail[-80:], sep="\n  ")
    print(report(seed, verdict))
    print(verdict.digest)
    return 0 if verdict.is_sound else 1


def soak(seeds: list[Seed], jobs: int | None) -> int:
    trades = lives = 0
    broken: list[Seed] = []
    for done, (seed, verdict) in enumerate(run_many(seeds, jobs), 1):
        trades, lives = trades + verdict.trades, lives + verdict.lives
        if not verdict.is_sound:
            if not broken:
                print(report(seed, verdict), flush=True)
            broken.append(seed)
            remember(seed, verdict)
        if done % 100 == 0:
            print(f"{done} of {len(seeds)} seeds, {trades} executions, {lives - done} deaths, {len(broken)} broken", flush=True)
    if broken:
        print(f"broken: {', '.join(map(str, broken))}; first again: {broken[0].command}")
        return 1
    print(f"{len(seeds)} seeds sound: {trades} executions, {lives - len(seeds)} deaths of the process")
    return 0


if __name__ == "__main__":
    sys.exit(main())
