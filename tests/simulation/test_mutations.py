"""The judge is strong enough: each known defect is put back and found, by the swarm or by a story that is made for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from botcore.executors.position import PositionExecutor
from tests.simulation import defects
from tests.simulation.runs import template
from tests.simulation.swarm import plan_of
from tests.simulation.world import World

SEEDS = 80


def found(factories: dict[str, Any] | None = None, seeds: int = SEEDS) -> tuple[int, str] | None:
    """The first seed whose judge objects, and why; None when none does."""
    for seed in range(seeds):
        verdict = World(plan_of(seed), template(), factories).run()
        if not verdict.is_sound:
            return seed, verdict.breaches[0]
    return None


@pytest.mark.parametrize(
    "defect",
    [
        defects.a_unanswered_is_failed,
        defects.b_some_silence_is_proof,
        defects.c_end_is_not_the_end,
        defects.d_end_before_executions,
        defects.h_unanswered_is_sent_again,
        defects.i_joined_by_place,
    ],
    ids=lambda defect: defect.__name__,
)
def test_defect_of_the_connector_is_found(defect: Callable[[Any], None], monkeypatch: pytest.MonkeyPatch) -> None:
    defect(monkeypatch)
    assert found() is not None


@pytest.mark.parametrize(
    "kind", [defects.ProtectsFullEntriesOnly, defects.ForgetsPartialEntries, defects.GivesUpWithExposure], ids=lambda kind: kind.__name__
)
def test_defect_of_an_executor_is_found(kind: type[PositionExecutor]) -> None:
    assert found({"position_executor": kind}) is not None
