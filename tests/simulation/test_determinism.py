"""I17: the same seed is the same run, event for event, whatever else differs between two processes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.runs import Seed, run_seed

ROOT = Path(__file__).parents[2]
SEEDS = (Seed(4), Seed(11), Seed(50), Seed(4, is_wire=True), Seed(11, is_wire=True))
"""50 starts the other kinds of executors."""


@pytest.mark.parametrize("seed", SEEDS, ids=str)
def test_i17_one_seed_is_one_run(seed: Seed) -> None:
    first, second = run_seed(seed), run_seed(seed)
    assert (first.digest, first.events, first.steps) == (second.digest, second.events, second.steps)


def test_i17_seeds_differ() -> None:
    assert len({run_seed(Seed(seed)).digest for seed in range(4)}) == 4


@pytest.mark.parametrize("seed", SEEDS, ids=str)
def test_i17_another_process_with_other_hashes_runs_the_same(seed: Seed) -> None:
    told = []
    for hash_seed in ("1", "4242"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        command = [sys.executable, *seed.command.split()[1:]]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        told.append(done.stdout.strip().splitlines()[-1])
    assert told == [run_seed(seed).digest] * 2
