"""Random sessions in a chat that delivers badly, with a process that dies at any write; `make chatfuzz RUNS=1000` looks further. Numbers are those of telegram.md section 7."""

from __future__ import annotations

from pathlib import Path

from tests.chatfuzz.__main__ import many

RUNS = 15


async def test_s62_no_double_start_no_orphan_draft_and_every_card_recovers(tmp_path: Path) -> None:
    world = await many(tmp_path, RUNS)
    # it looks at something: things were started, stopped and confirmed, and the process died on the way
    for name in ("bots", "stops", "taken"):
        assert world.totals[name] >= 3, world.totals
    assert world.deaths >= 5
