"""The swarm: seeds of the simulation, in chunks that spread over workers. `CONDOR_SEEDS=2000` runs more than CI does."""

from __future__ import annotations

import os

import pytest

from tests.simulation.offers import ONE_MARKET, TWO_MARKETS
from tests.simulation.runs import Seed, open_seeds, regressions, report, run_seed
from tests.simulation.swarm import plan_of
from tests.simulation.wire_swarm import wire_plan_of

SEEDS = int(os.environ.get("CONDOR_SEEDS", "200"))
LINE_SEEDS = SEEDS // 2
"""Seeds of the cheap world, whose venues stand behind plain calls."""
CHUNK = 10


def broken_of(seeds: list[Seed]) -> list[str]:
    """Reports of the seeds that don't hold; seeds that are known not to hold yet are left out."""
    verdicts = [(seed, run_seed(seed)) for seed in seeds if seed not in open_seeds()]
    return [report(seed, verdict) for seed, verdict in verdicts if not verdict.is_sound]


@pytest.mark.parametrize("first", range(0, LINE_SEEDS, CHUNK))
def test_i1_to_i20_hold_for_a_chunk_of_seeds_over_lines(first: int) -> None:
    broken = broken_of([Seed(number) for number in range(first, min(first + CHUNK, LINE_SEEDS))])
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_i1_to_i20_hold_for_a_chunk_of_seeds_over_bytes(first: int) -> None:
    broken = broken_of([Seed(number, is_wire=True) for number in range(first, min(first + CHUNK, SEEDS))])
    assert not broken, "\n".join(broken)


def test_ci_draws_every_kind_of_executor_over_lines_and_over_bytes() -> None:
    for numbers, draw in ((range(LINE_SEEDS), plan_of), (range(SEEDS), wire_plan_of)):
        drawn = {kind for number in numbers for bot in draw(number).bots for kind in bot.kinds}
        assert drawn == {*ONE_MARKET, *TWO_MARKETS}


def test_what_a_killed_process_leaves_behind_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    verdict = run_seed(Seed(4, is_wire=True))
    assert verdict.lives > 1 and [record.message for record in caplog.records if "broke" in record.message] == []


@pytest.mark.parametrize("seed", open_seeds(), ids=str)
def test_seeds_that_do_not_hold_yet(seed: Seed) -> None:
    verdict = run_seed(seed)
    if not verdict.is_sound:
        pytest.xfail(report(seed, verdict))


@pytest.mark.parametrize("seed", regressions(), ids=str)
def test_seeds_that_failed_once_hold(seed: Seed) -> None:
    verdict = run_seed(seed)
    assert verdict.is_sound, report(seed, verdict)
