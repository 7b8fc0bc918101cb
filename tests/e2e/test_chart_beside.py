"""A chart that is being drawn holds up nobody, over HTTP against a Telegram with several people. Numbers are those of telegram.md, section 7; how long it takes is a figure
of `make bench ARGS=chat`."""

from __future__ import annotations

from pathlib import Path

import pytest

from condor.users import Role
from tests.support.access import ANN, BEN, world
from tests.support.easel import BLUE, RED, Easel


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


async def test_s15_other_chats_are_answered_while_the_chart_of_another_interval_is_not_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world(tmp_path, roles={ANN: Role.OWNER, BEN: Role.TRADER}) as w:
        easel = Easel()
        monkeypatch.setattr(w.program.services.data.pictures._artist, "draw", easel.draw)
        card = await w.ann.say("/new grid_strike", "On which venue?")
        await w.ann.tap(card, "Review")
        await w.ann.tap(card, "Chart")
        await w.telegram.until(lambda: easel.asked, "the first chart to be asked for")
        easel.hand_over(easel.asked[0], RED)
        await w.telegram.until(lambda: "being drawn" not in card.text, "the first chart")
        messages = len(w.telegram.told(ANN))
        await w.ann.tap(card, "1h")
        await w.telegram.until(lambda: len(easel.asked) == 2, "the next chart to be asked for")
        # nothing of it is there yet: another chat has a wizard, taps, and the numbers of everything; and Ann herself is not held up either
        other = await w.ben.say("/new pmm_simple", "On which venue?")
        await w.ben.tap(other, "Next")
        assert "Which pair?" in other.text
        assert "Status" in (await w.ben.say("/status", "Status")).text
        assert "chart · 1h" in card.text and "being drawn" in card.text and not easel.given[easel.asked[1]].done()
        easel.hand_over(easel.asked[1], BLUE)
        await w.telegram.until(lambda: "being drawn" not in card.text, "the next chart")
        assert len(w.telegram.told(ANN)) == messages and "chart · 1h" in card.text, "the same message was edited"
