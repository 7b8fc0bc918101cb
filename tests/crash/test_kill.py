"""P1, P2, P19 with real processes: a real `condor run` with live accounts is killed while orders flow; the venue's own ledger is the oracle."""

from __future__ import annotations

from pathlib import Path

from tests.crash.rounds import Killing


def test_p1_p2_p19_killed_again_and_again_nothing_is_lost_and_nothing_is_doubled(tmp_path: Path) -> None:
    """Ten rounds of seed 122: kills in the start, at work and after a freeze, a power cut, faults of the venues."""
    verdict = Killing(tmp_path / "home", 122, 10, longest_s=2.0, rare=0.1).run()
    assert not verdict.breaches, verdict.report()
    assert verdict.counts["orders"] > 20 and verdict.counts["fills"] > 5, verdict.report()
