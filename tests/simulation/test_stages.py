"""A restart in the middle of each state of each kind of executor resumes it: it dies there, comes back as what it was, and ends as the judge wants it."""

from __future__ import annotations

from functools import cache

import pytest

from tests.simulation.crash import Point, ScriptedWorld
from tests.simulation.scenarios import SCENARIOS, Scenario
from tests.simulation.stages import STAGES
from tests.simulation.world import Verdict


def type_of(scenario: Scenario) -> str:
    kind: str = scenario.config().type
    return kind


@cache
def points_by_stage(kind: str) -> dict[str, list[tuple[Scenario, Point]]]:
    """Where the scenarios of a kind pass each of its stages."""
    found: dict[str, list[tuple[Scenario, Point]]] = {}
    for scenario in SCENARIOS:
        if type_of(scenario) == kind:
            world = ScriptedWorld(scenario, [])
            world.run()
            for stage, points in world.stages.items():
                found.setdefault(stage, []).extend((scenario, point) for point in points)
    return found


def died_in(scenario: Scenario, point: Point) -> tuple[ScriptedWorld, Verdict]:
    world = ScriptedWorld(scenario, [point])
    return world, world.run()


@pytest.mark.parametrize("kind", STAGES)
def test_scenarios_pass_every_stage_of_their_kind_and_no_other(kind: str) -> None:
    assert set(points_by_stage(kind)) == set(STAGES[kind])


@pytest.mark.parametrize(("kind", "stage"), [(kind, stage) for kind, stages in STAGES.items() for stage in stages])
def test_p1_restart_in_the_middle_of_a_stage_resumes_the_executor(kind: str, stage: str) -> None:
    points = points_by_stage(kind)[stage]
    scenario, point = points[len(points) // 2]
    world, verdict = died_in(scenario, point)
    assert verdict.is_sound, "\n".join(verdict.breaches)
    assert verdict.lives == 2, "it died"
    (executor,) = world.watcher.executors.values()
    ((name, status, written),) = world.came_back
    assert (name, status) == (executor["executor_id"], written), "the one that there was, where it was, and no other in its place"
    assert executor["status"] == "TERMINATED"
