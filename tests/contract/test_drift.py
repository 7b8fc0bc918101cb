"""The guard against drift (6.4 of telegram.md) sees what it is to see; Telegram itself is asked by `make drift` only."""

from __future__ import annotations

import copy
import subprocess
import sys
from typing import Any

import pytest

from tests.contract.drift import LOCAL_CHAT, STEPS, answers, compare
from tests.support.instance import CHECKOUT, clean_environment
from tests.support.served_chat import Served

REFUSED = {
    "broken markup",
    "no text",
    "long text",
    "long button",
    "same edit",
    "edit of nothing",
    "text into a photo",
    "old tap",
    "delete again",
    "unknown method",
}


@pytest.fixture
async def ours(served: Served) -> dict[str, Any]:
    return await answers(served.root, served.web.bot_token, LOCAL_CHAT)


async def test_every_call_is_answered_and_those_that_must_be_refused_are(ours: dict[str, Any]) -> None:
    assert {name for name, answer in ours.items() if not answer["ok"]} == REFUSED
    assert list(ours) == [step.name for step in STEPS] and compare(ours, ours) == []


async def test_a_name_a_kind_or_a_word_that_changes_is_named(ours: dict[str, Any]) -> None:
    theirs = copy.deepcopy(ours)
    theirs["text"]["result"]["chat"]["is_new"] = True
    theirs["who"]["result"]["id"] = "77"
    theirs["same edit"]["description"] = "Bad Request: nothing changed"
    del theirs["photo"]["result"]["photo"][0]["width"]
    assert compare(theirs, ours) == [
        "who.result.id: 'str' at Telegram, 'int' here",
        "text.result.chat.is_new: only Telegram has it",
        f"same edit.description: 'Bad Request: nothing changed' at Telegram, {ours['same edit']['description']!r} here",
        "photo.result.photo[].width: only the local chat has it",
    ]


def test_without_a_bot_for_tests_it_says_what_it_needs() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.contract.drift"], cwd=CHECKOUT, env=clean_environment(), capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2 and "CONDOR_DRIFT_TOKEN" in done.stderr and done.stdout == ""


async def test_a_chat_that_there_is_not_is_told_by_every_step_that_speaks_to_it(served: Served) -> None:
    """The first mistake that is made with it: the number of a chat that the bot was never opened in."""
    told = await answers(served.root, served.web.bot_token, 999)
    assert list(told) == [step.name for step in STEPS] and told["who"]["ok"]
    assert {told[name]["ok"] for name in ("text", "reply", "edit", "photo")} == {False}
