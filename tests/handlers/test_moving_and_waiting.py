"""Cards that move by themselves stop and say so; cards that wait for a typed line say for what and how long (telegram.md 2.2 and 5.9)."""

from __future__ import annotations

import pytest

from handlers.cards import PAUSED
from tests.support.house import House
from tests.support.transcript import Card, from_bot

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def house(shared: House) -> House:
    return shared


def edits(house: House, card: Card) -> int:
    return len([event for event in house.events if event["kind"] == "edited" and event["message_id"] == card["message_id"]])


async def test_a_card_that_nobody_touches_for_ten_minutes_stands_still_says_so_and_moves_again_after_a_tap(house: House) -> None:
    bot_id = await house.bot("mover")
    card = await house.send(f"/bots {bot_id}", "mover · running")
    await house.until(lambda: edits(house, card) >= 2, "a card that moves")
    assert PAUSED not in house.text(card)
    house.ahead_ms += 10 * 60_000 + 1
    await house.until(lambda: PAUSED in house.text(card), "the card to stand still")
    assert "mover · running" in house.text(card) and "🔄 Refresh" in house.labels(card)
    # another one moves, this one does not
    still = edits(house, card)
    other = await house.send("/executors", "Executors")
    await house.until(lambda: edits(house, other) >= 2, "another card that moves")
    assert edits(house, card) == still and PAUSED in house.text(card)
    await house.tap("Refresh", card)
    assert PAUSED not in house.text(card)
    now = edits(house, card)
    await house.until(lambda: edits(house, card) >= now + 2, "the card to move again")
    assert PAUSED not in house.text(card)
    await house.stop_bots()


async def test_a_card_that_asks_says_what_it_waits_for_and_after_five_minutes_only_a_reply_reaches_it(house: House) -> None:
    card = await house.send("/new pmm_simple", "⌨ waiting for connector name (5 min)")
    await house.tap("Next", card)
    assert "⌨ waiting for trading pair (5 min)" in house.text(card)
    await house.tap("Review", card)
    assert "⌨" not in house.text(card), "nothing is asked there; answers by name are one way among others"
    await house.tap("◀ Back", card)
    asked = house.text(card)
    assert "⌨ waiting for " in asked
    house.ahead_ms += 5 * 60_000 + 1
    said = await house.send("off", "⚠️")
    assert "nothing here waits for an answer any more: a card waits 5 minutes. Reply to it to answer it now" in house.text(said)
    assert house.text(card) == asked, "it is as it was"
    sent = await house.post("/chat/send", text="250", reply_to=card["message_id"])
    await house.wait(from_bot("review · 📄 paper", "250", after=sent["message_id"]))
