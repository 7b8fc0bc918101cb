"""What is drawn of a draft: the seam between drafts and whoever makes pictures."""

from __future__ import annotations

from pathlib import Path

import pytest

from condor.wiring import Program
from tests.support.programs import OWNER, running


@pytest.fixture
async def program(tmp_path: Path):
    async with running(tmp_path, {"clock": {"tick_size": 1}}) as made:
        yield made


async def test_a_picture_has_the_last_candles_the_levels_and_the_barriers_and_belongs_to_these_answers(program: Program) -> None:
    drafts = program.services.drafts
    draft = await drafts.begin(OWNER, "grid_strike")
    first = await drafts.picture(draft.draft_id, "1h")
    assert first is not None and first.interval == "1h"
    assert len(first.candles) == 120 and first.candles[-1][0] - first.candles[0][0] == (len(first.candles) - 1) * 3600
    prices = {line.kind: line.price for line in first.barriers}
    assert prices["limit"] < prices["start"] < prices["mid"] < prices["end"]
    levels = [line.price for line in first.levels]
    assert len(levels) > 5 and {line.kind for line in first.levels} == {"buy"}
    assert prices["start"] <= min(levels) and max(levels) <= prices["end"]
    await drafts.answer(OWNER, draft.draft_id, "side", "SELL")
    second = await drafts.picture(draft.draft_id, "1h")
    assert second is not None and second.revision != first.revision
    assert {line.kind for line in second.levels} == {"sell"} and {line.kind: line.price for line in second.barriers}["limit"] > prices["end"]
    await drafts.answer(OWNER, draft.draft_id, "start_price", "1000000")
    assert await drafts.picture(draft.draft_id) is None, "it does not hold"


async def test_a_market_maker_is_drawn_around_the_price(program: Program) -> None:
    drafts = program.services.drafts
    draft = await drafts.begin(OWNER, "pmm_simple")
    found = await drafts.picture(draft.draft_id, "5m")
    assert found is not None and len(found.candles) == 120
    mid = next(line.price for line in found.barriers if line.kind == "mid")
    assert all((line.price < mid) is (line.kind == "buy") for line in found.levels) and len(found.levels) == 4
