"""The chart of a draft in the chat. Numbers in names are those of `telegram.md`, section 7."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.easel import BLUE, RED, Easel, picture_of, set_up
from tests.support.house import House
from tests.support.transcript import Card

pytestmark = pytest.mark.asyncio(loop_scope="module")
BTC, ETH = "BTC-USDT · Binance USD-M futures", "ETH-USDT · Binance USD-M futures"


@pytest.fixture(scope="module")
def chat(shared: House) -> House:
    return shared


@pytest.fixture(autouse=True)
def easel(chat: House, monkeypatch: pytest.MonkeyPatch) -> Easel:
    return set_up(chat, monkeypatch)


async def charted(chat: House, controller: str = "grid_strike") -> Card:
    """The card of a new draft, turned to its chart."""
    card = await chat.send(f"/new {controller}", "On which venue?")
    await chat.tap("Review", card)
    await chat.tap("📈 Chart", card)
    return card


async def test_s15_another_interval_edits_the_same_message_and_every_tap_is_answered_before_it_is_drawn(chat: House, easel: Easel) -> None:
    card = await charted(chat)
    assert "being drawn" in chat.text(card) and chat.now(card)["buttons"][0][1]["text"] == "● 15m"
    easel.hand_over(f"{BTC} · 15m", RED)
    await chat.until(lambda: chat.now(card)["media"] is not None, "the first chart")
    await chat.tap("1h", card)
    assert "being drawn" in chat.text(card) and await picture_of(chat, card) != RED
    assert "Condor" in (await chat.send("/start", "Condor"))["text"], "others do not wait for it"
    easel.hand_over(f"{BTC} · 1h", BLUE)
    await chat.until(lambda: "being drawn" not in chat.text(card), "the next chart")
    assert await picture_of(chat, card) == BLUE and "chart · 1h" in chat.text(card)
    assert easel.asked == [f"{BTC} · 15m", f"{BTC} · 1h"]


async def test_s16_a_chart_that_comes_when_the_pair_is_another_one_is_never_seen(chat: House, easel: Easel) -> None:
    await charted(chat)
    card = await chat.send("pair=eth", "chart · 15m")
    assert easel.asked == [f"{BTC} · 15m", f"{ETH} · 15m"]
    easel.hand_over(f"{BTC} · 15m", RED)
    easel.hand_over(f"{ETH} · 15m", BLUE)
    await chat.until(lambda: chat.now(card)["media"] is not None, "the chart")
    assert await picture_of(chat, card) == BLUE
    pictures = [event["media"]["file_id"] for event in chat.events if event.get("media")]
    assert [await chat.file(name) for name in pictures] == [BLUE], "the chart of the old pair was never shown"


async def test_s16_a_chart_that_comes_when_its_card_is_the_review_again_is_thrown_away(chat: House, easel: Easel) -> None:
    card = await charted(chat)
    await chat.tap("◀ Review", card)
    assert "review" in chat.text(card)
    easel.hand_over(f"{BTC} · 15m", RED)
    await chat.send("/start", "Condor")
    assert chat.now(card)["media"] is None and "review" in chat.text(card)


async def test_s54_a_draft_without_candles_has_a_text_card_and_goes_on(chat: House, easel: Easel, monkeypatch: pytest.MonkeyPatch) -> None:
    async def none(*_: Any) -> tuple[()]:
        return ()

    monkeypatch.setattr(chat.program.services.drafts._pictures, "_candles", none)
    card = await charted(chat, "pmm_simple")
    assert "No chart: there are no candles of BTC-USDT for 15m here." in chat.text(card) and chat.now(card)["media"] is None
    await chat.tap("◀ Review", card)
    assert "review" in chat.text(card) and easel.asked == []


async def test_a_chart_of_a_draft_that_does_not_hold_any_more_says_why(chat: House, easel: Easel) -> None:
    await charted(chat)
    card = await chat.send("start=1000000", "No chart:")
    assert "expected start_price below end_price" in card["text"]


async def test_s16_an_answer_that_is_typed_under_a_chart_keeps_its_interval(chat: House, easel: Easel) -> None:
    card = await charted(chat)
    easel.hand_over(f"{BTC} · 15m", RED)
    await chat.until(lambda: chat.now(card)["media"] is not None, "the first chart")
    await chat.tap("1h", card)
    card = await chat.send("pair=eth", "chart · 1h")
    assert easel.asked == [f"{BTC} · 15m", f"{BTC} · 1h", f"{ETH} · 1h"] and "● 1h" in chat.labels(card)
