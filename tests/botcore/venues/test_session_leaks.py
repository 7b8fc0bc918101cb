"""I19: a session that loses its lines again and again holds no more afterwards than before. `python -m benchmarks reconnects` does it ten thousand times."""

from __future__ import annotations

import pytest

from tests.support.live_rig import PERP, SPOT
from tests.support.reconnects import reconnect
from tests.support.sizes import growth, sizes


@pytest.mark.parametrize(("name", "count"), [(SPOT, 1_000), (PERP, 200)])
def test_w3_i19_a_thousand_reconnects_leave_nothing_behind(name: str, count: int) -> None:
    grown = reconnect(name, count)
    before, after = grown.before, grown.after
    assert abs(after.objects - before.objects) <= 20, "objects of ours, wherever they hang"
    assert (after.tasks, after.session_tasks, after.sockets) == (before.tasks, before.session_tasks, before.sockets)
    assert after.sockets in (2, 3), "it is connected, and to each place once"
    assert len(before.entries) > 50, "the walk has seen the inside of the session"
    assert grown.containers == {}


def test_i19_sizes_see_what_grows() -> None:
    """The walk goes into attributes, mappings and compiled classes, and a list that grows is found by its path."""
    from botcore.connectors.live.cancels import CancelBook

    class Part:
        __module__ = "botcore.part"

        def __init__(self) -> None:
            self.kept: dict[str, list[int]] = {"a": []}
            self.book = CancelBook()

    part = Part()
    before = sizes(part=part)
    part.kept["a"].extend(range(5))
    for number in range(4):
        part.book.want(f"o{number}", 1)
    found = growth(before, sizes(part=part), by=2)
    assert found.pop("part.kept[]") == (0, 5)
    assert found and all(path.startswith("part.book.") for path in found), "compiled classes are looked into"
