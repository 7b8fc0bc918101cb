"""Deaths at labelled points: a sample in CI, everything with `make crash ALL=1`."""

from __future__ import annotations

import random

import pytest

from tests.simulation.crash import SCENARIOS, failure, sampled_doubles, single_cases

SINGLES = 12
"""Deaths that are tried of each scenario here."""
DOUBLES = 200
CHUNK = 25


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_p1_a_death_at_a_point_loses_nothing(scenario: object) -> None:
    cases = single_cases(scenario)  # type: ignore[arg-type]
    chosen = random.Random(7).sample(cases, min(SINGLES, len(cases)))
    broken = [text for case in chosen if (text := failure(case)) is not None]
    assert len(cases) > 20 and not broken, "\n".join(broken)


@pytest.mark.parametrize("first", range(0, DOUBLES, CHUNK))
def test_p1_a_death_during_recovery_loses_nothing(first: int) -> None:
    broken = [text for case in sampled_doubles(DOUBLES)[first : first + CHUNK] if (text := failure(case)) is not None]
    assert not broken, "\n".join(broken)
