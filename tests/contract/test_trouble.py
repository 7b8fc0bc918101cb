"""Trouble on purpose: what python-telegram-bot's own client makes of a bad line, and of somebody else in the chat."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from telegram import Bot
from telegram.error import NetworkError, RetryAfter

from condor.localchat.trouble import TroubledLine
from tests.contract.test_every_method import ME, keys
from tests.support.served_chat import Served


async def make(served: Served, **troubles: Any) -> tuple[int, dict[str, Any]]:
    async with served.session() as session, session.post("/chat/trouble", json=troubles) as answer:
        return answer.status, await answer.json()


async def test_floods_are_switched_on_and_off_while_it_runs(served: Served, bot: Bot) -> None:
    assert await make(served, flood_every=2) == (200, {"latency_ms": 0, "flood_every": 2, "offline_s": 0.0})
    await bot.send_message(ME, "one")
    with pytest.raises(RetryAfter):
        await bot.send_message(ME, "two")
    await make(served)
    for text in ("two", "three", "four"):
        await bot.send_message(ME, text)


async def test_a_bot_that_is_cut_off_gets_no_answer_and_loses_nothing(served: Served, bot: Bot) -> None:
    waiting = asyncio.create_task(bot.get_updates(timeout=20))
    await asyncio.sleep(0.05)
    status, line = await make(served, offline_s=60)
    assert status == 200 and 59 < line["offline_s"] <= 60
    with pytest.raises(NetworkError):
        # also a call that was waiting when the line broke
        await waiting
    with pytest.raises(NetworkError):
        await bot.send_message(ME, "lost")
    # the person's side goes on
    await served.say("hello?")
    assert not [event for event in await served.events() if event["kind"] == "message"]
    await make(served)
    (update,) = await bot.get_updates()
    assert update.message is not None and update.message.text == "hello?"


async def test_every_call_waits_its_time(served: Served) -> None:
    line = TroubledLine(lambda: 0.0, lambda: None)
    line.set({"latency_ms": 250})
    asked: list[float] = []

    async def sleep(seconds: float) -> None:
        asked.append(seconds)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("condor.localchat.trouble.asyncio.sleep", sleep)
        request: Any = object()
        assert await line.carry(request)
    assert asked == [0.25]


@pytest.mark.parametrize(
    ("troubles", "words"),
    [
        ({"latency_ms": -1}, "latency_ms"),
        ({"latency_ms": "fast"}, "latency_ms"),
        ({"flood_every": 2.5}, "flood_every"),
        ({"offline_s": 1e9}, "offline_s"),
        ({"rain": 1}, "rain"),
    ],
)
async def test_what_is_not_known_or_out_of_its_range_is_refused_and_changes_nothing(served: Served, troubles: dict[str, Any], words: str) -> None:
    await make(served, flood_every=3)
    status, answer = await make(served, **troubles)
    assert status == 400 and answer["error"].startswith(words)
    async with served.session() as session, session.get("/chat/trouble") as looked:
        assert (await looked.json())["flood_every"] == 3


async def test_a_second_user_writes_and_taps_in_the_same_chat(served: Served, bot: Bot) -> None:
    sent = await bot.send_message(ME, "who?", reply_markup=keys("a"))
    await served.say("me", second=True)
    async with served.session() as session, session.post("/chat/tap", json={"message_id": sent.message_id, "row": 0, "column": 0, "second": True}):
        pass
    await served.tap(sent.message_id)
    said, tapped, own = await bot.get_updates()
    assert said.message is not None and said.message.from_user is not None
    assert (said.message.from_user.id, said.message.from_user.first_name, said.message.chat.id) == (2, "Second user", ME)
    assert tapped.callback_query is not None and own.callback_query is not None
    assert (tapped.callback_query.from_user.id, own.callback_query.from_user.id) == (2, ME)
    shown = [event for event in await served.events() if event["kind"] == "sent"]
    assert [(event["from"], event["name"]) for event in shown] == [("second", "Second user")]
