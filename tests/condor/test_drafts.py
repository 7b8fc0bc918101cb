"""Drafts by themselves: who may change them, what a copy takes over, what another market leaves behind."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from botcore.strategies.bot_limits import BotLimits
from condor.errors import UserError
from condor.services.drafts import DraftService
from condor.users import Actor, Forbidden, Role
from condor.wiring import Program
from tests.support.programs import OWNER, no_claim, running

VIEWER = Actor(2, "Guest", Role.VIEWER, "local", 1)


@pytest.fixture
async def program(tmp_path: Path):
    async with running(tmp_path, {"clock": {"tick_size": 1}}) as made:
        yield made


@pytest.fixture
def drafts(program: Program) -> DraftService:
    return program.services.drafts


CHANGES: list[Callable[[DraftService, str], Awaitable[Any]]] = [
    lambda drafts, draft_id: drafts.answer(VIEWER, draft_id, "leverage", "3"),
    lambda drafts, draft_id: drafts.reset(VIEWER, draft_id, "leverage"),
    lambda drafts, draft_id: drafts.change(VIEWER, draft_id, {"leverage": "3"}),
    lambda drafts, draft_id: drafts.cancel(VIEWER, draft_id),
    lambda drafts, draft_id: drafts.begin_trial(VIEWER, draft_id),
]


@pytest.mark.parametrize("change", CHANGES, ids=["answer", "reset", "change", "cancel", "trial"])
async def test_a_viewer_changes_no_draft(drafts: DraftService, change: Callable[[DraftService, str], Awaitable[Any]]) -> None:
    draft = await drafts.begin(OWNER, "pmm_simple")
    with pytest.raises(Forbidden):
        await change(drafts, draft.draft_id)
    assert await drafts.draft(draft.draft_id) == draft and await drafts.trial(draft.draft_id) is None


async def test_a_draft_that_has_its_bot_is_not_given_up_any_more(drafts: DraftService) -> None:
    draft = await drafts.begin(OWNER, "pmm_simple")
    await drafts.start(OWNER, draft.draft_id, no_claim)
    with pytest.raises(UserError, match="was started already"):
        await drafts.cancel(OWNER, draft.draft_id)
    assert (await drafts.draft(draft.draft_id)).state == "started"


async def test_a_copy_of_a_bot_may_lose_no_more_than_the_bot(program: Program, drafts: DraftService) -> None:
    draft = await drafts.begin(OWNER, "pmm_simple")
    limits = BotLimits(max_global_drawdown_quote="50", max_controller_drawdown_quote=None)
    bot = await program.services.bots.start_all(OWNER, [("pmm_simple", draft.answers)], no_claim, limits=limits)
    copy = await drafts.duplicate(OWNER, bot.bot_id)
    assert drafts.kinds.limits(copy) == limits
    assert "50" in [text for name, _, text in (await drafts.review(copy.draft_id)).answers if name == "bot.max_global_drawdown_quote"]


async def test_prices_of_another_market_do_not_stay_when_the_new_one_has_no_price(drafts: DraftService, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = await drafts.begin(OWNER, "grid_strike")
    assert float(begun.answers["start_price"]) > 1_000 and "start_price" in begun.notes.why
    await drafts.answer(OWNER, begun.draft_id, "end_price", "70000")
    monkeypatch.setattr(drafts._purse, "mid", lambda market, mode="paper": None)
    same = await drafts.answer(OWNER, begun.draft_id, "trading_pair", "BTC-USDT")
    assert same.answers["start_price"] == begun.answers["start_price"], "it is the same market"
    other = await drafts.answer(OWNER, begun.draft_id, "trading_pair", "SOL-USDT")
    assert "start_price" not in other.answers and other.notes.why == {}
    assert other.answers["end_price"] == "70000", "what a person has given is theirs"
    faults = (await drafts.review(begun.draft_id)).faults
    assert faults == ("still to be answered: start price", "still to be answered: limit price"), "the model's own 0.58 is no price of this market"
    for act in (drafts.begin_trial(OWNER, begun.draft_id), drafts.picture(begun.draft_id, "1h"), drafts.start(OWNER, begun.draft_id, no_claim)):
        with pytest.raises(UserError, match="still to be answered: start price"):
            await act
