"""The chart of a draft: its candles, and the prices that are drawn on them."""

from __future__ import annotations

from pathlib import Path

import pytest

from condor.errors import UserError
from condor.pictures.drawings import CandleChart, Drawing, decode, encode
from condor.wiring import Program
from tests.support.programs import OWNER, running


@pytest.fixture
async def program(tmp_path: Path):
    async with running(tmp_path, {"clock": {"tick_size": 1}}) as made:
        yield made


def named(chart: CandleChart) -> dict[str, float]:
    return {level.label: level.price for level in chart.levels if level.label}


def thin(chart: CandleChart) -> list[float]:
    return [level.price for level in chart.levels if level.kind == "grid"]


async def test_a_chart_has_the_last_candles_the_levels_and_the_barriers_of_these_answers(program: Program) -> None:
    drafts = program.services.drafts
    draft = await drafts.begin(OWNER, "grid_strike")
    first = await drafts.picture(draft.draft_id, "1h")
    assert first.title.startswith("BTC-USDT · ") and first.title.endswith(" · 1h")
    assert len(first.candles) == 120 and first.candles[-1][0] - first.candles[0][0] == (len(first.candles) - 1) * 3_600_000
    prices = named(first)
    assert prices["limit"] < prices["start"] < prices["now"] < prices["end"]
    levels = thin(first)
    assert len(levels) > 5 and prices["start"] <= min(levels) and max(levels) <= prices["end"]
    assert decode(encode(Drawing(first))).picture == first, "it reaches the process that draws as it is"
    await drafts.answer(OWNER, draft.draft_id, "side", "SELL")
    second = await drafts.picture(draft.draft_id, "1h")
    assert named(second)["limit"] > named(second)["end"] and second != first
    await drafts.answer(OWNER, draft.draft_id, "start_price", "1000000")
    with pytest.raises(UserError, match="expected start_price below end_price"):
        await drafts.picture(draft.draft_id, "1h")


async def test_a_market_maker_is_drawn_around_the_price(program: Program) -> None:
    drafts = program.services.drafts
    draft = await drafts.begin(OWNER, "pmm_simple")
    found = await drafts.picture(draft.draft_id, "5m")
    assert len(found.candles) == 120
    mid = named(found)["now"]
    assert [price < mid for price in thin(found)] == [True, True, False, False]


async def test_looking_at_a_chart_keeps_no_candles_of_another_interval(program: Program) -> None:
    markets = program._host.runtime.markets
    before = {market: len(state.candles._derived) for market, state in markets.items()}
    draft = await program.services.drafts.begin(OWNER, "pmm_simple")
    for interval in ("5m", "15m", "1h"):
        await program.services.drafts.picture(draft.draft_id, interval)
    assert {market: len(state.candles._derived) for market, state in markets.items()} == before
