"""The swarm: seeds of the simulation, in chunks that spread over workers. `CONDOR_SEEDS=2000` runs more than CI does."""

from __future__ import annotations

import os

import pytest

from tests.simulation.runs import Seed, regressions, report, run_seed

SEEDS = int(os.environ.get("CONDOR_SEEDS", "200"))
CHUNK = 10


@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_i1_to_i20_hold_for_a_chunk_of_seeds(first: int) -> None:
    broken = []
    for number in range(first, min(first + CHUNK, SEEDS)):
        seed = Seed(number)
        verdict = run_seed(seed)
        if not verdict.is_sound:
            broken.append(report(seed, verdict))
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize("seed", regressions(), ids=str)
def test_seeds_that_failed_once_hold(seed: Seed) -> None:
    verdict = run_seed(seed)
    assert verdict.is_sound, report(seed, verdict)
