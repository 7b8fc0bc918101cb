"""Cards with pictures in the chat: edited in place, late, discarded. Numbers in names are those of `telegram.md`, section 7."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

import condor.wiring
from condor.errors import UserError
from condor.pictures.artist import CannotDraw
from condor.pictures.drawings import Drawing, Pie
from condor.users import Role
from handlers.app import build_registry
from handlers.html import Safe
from handlers.registry import Command, Registry, Screen
from handlers.view import Send, Show, View, show
from tests.support.easel import BLUE, RED, Easel, picture_of, set_up
from tests.support.house import House

pytestmark = pytest.mark.asyncio(loop_scope="module")
LOOKS = (show("plain", "plain"), show("red", "chart", of="red"), show("blue", "chart", of="blue"), show("long", "chart", of="long"))
renders: list[str] = []


async def plain(ctx: Any, args: Any) -> View:
    renders.append("plain")
    return View(Safe("a plain card"), (LOOKS,))


async def chart(ctx: Any, args: Any) -> View:
    of = str(args["of"])
    renders.append(of)
    text = "x" * 2000 if of == "long" else f"the card of {of}"
    return View(Safe(text), (LOOKS,), drawing=Drawing(Pie(of, "USDT", (("a", 1.0),))))


async def look(ctx: Any, arguments: list[str]) -> Show:
    return Show("chart", {"of": arguments[0]}) if arguments else Show("plain")


async def give(ctx: Any, arguments: list[str]) -> Send:
    return Send("numbers.csv", b"a,b\n1,2\n", Safe("two <b>numbers</b>"))


def with_charts() -> Registry:
    registry = build_registry()
    registry.screens |= {"plain": Screen("plain", Role.VIEWER, plain), "chart": Screen("chart", Role.VIEWER, chart)}
    registry.commands |= {"look": Command("look", Role.VIEWER, "look", "", look), "give": Command("give", Role.VIEWER, "give", "", give)}
    return registry


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chat(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """One program for the tests of this file; each of them has an easel of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(condor.wiring, "build_registry", with_charts)
        async with House(tmp_path_factory.mktemp("pictures")) as found:
            yield found


@pytest.fixture(autouse=True)
def easel(chat: House, monkeypatch: pytest.MonkeyPatch) -> Easel:
    renders.clear()
    return set_up(chat, monkeypatch)


async def test_s54_a_picture_follows_the_card_and_every_tap_is_answered_while_it_is_drawn(chat: House, easel: Easel) -> None:
    card = await chat.send("/look", "a plain card")
    await chat.tap("red", card)
    assert not chat.answers[-1].get("alert") and not easel.given["red"].done()
    shown = chat.now(card)
    assert "the card of red" in shown["text"] and "being drawn" in shown["text"] and shown["media"] is None
    easel.hand_over("red", RED)
    await chat.until(lambda: chat.now(card)["media"] is not None, "the picture")
    assert await picture_of(chat, card) == RED
    assert chat.text(card) == "the card of red"


async def test_s54_a_picture_that_can_not_be_had_leaves_a_text_card_with_the_reason(chat: House, easel: Easel) -> None:
    easel.hand_over("red", CannotDraw("the picture was not drawn within 15 s"))
    card = await chat.send("/look red", "the card of red")
    assert "No chart: the picture was not drawn within 15 s." in card["text"] and card["media"] is None
    assert issubclass(CannotDraw, UserError)


async def test_s54_a_late_picture_of_another_state_is_discarded(chat: House, easel: Easel) -> None:
    card = await chat.send("/look", "a plain card")
    await chat.tap("red", card)
    await chat.tap("blue", card)
    easel.hand_over("blue", BLUE)
    await chat.until(lambda: chat.now(card)["media"] is not None, "the picture")
    easel.hand_over("red", RED)
    await chat.send("/look", "a plain card")
    assert await picture_of(chat, card) == BLUE and chat.text(card) == "the card of blue"
    pictures = [event["media"]["file_id"] for event in chat.events if event.get("media")]
    assert [await chat.file(name) for name in pictures] == [BLUE], "the red one was never seen"


async def test_s16_while_the_next_chart_is_drawn_nothing_of_the_last_one_is_seen(chat: House, easel: Easel) -> None:
    easel.hand_over("red", RED)
    card = await chat.send("/look red", "the card of red")
    assert await picture_of(chat, card) == RED
    await chat.tap("blue", card)
    await chat.until(lambda: "the card of blue" in chat.text(card), "the next card")
    waiting = await picture_of(chat, card)
    assert waiting not in (RED, BLUE) and "being drawn" in chat.text(card)
    easel.hand_over("blue", BLUE)
    await chat.until(lambda: "being drawn" not in chat.text(card), "the picture")
    assert await picture_of(chat, card) == BLUE


async def test_s15_another_chart_edits_the_same_message_and_a_text_comes_as_a_new_one(chat: House, easel: Easel) -> None:
    easel.hand_over("red", RED)
    easel.hand_over("blue", BLUE)
    card = await chat.send("/look red", "the card of red")
    await chat.tap("blue", card)
    assert await picture_of(chat, card) == BLUE
    await chat.tap("plain", card)
    text = await chat.wait(lambda message: message["text"] == "a plain card")
    assert text["message_id"] > card["message_id"] and text["media"] is None
    assert card["message_id"] not in chat.seen, "a picture does not become a text: its card went"
    # the new card has the buttons now
    await chat.tap("red", text)
    assert await picture_of(chat, text) == RED
    assert easel.asked == ["red", "blue"], "the same content is drawn once"


async def test_a_picture_that_was_sent_before_is_not_sent_again(chat: House, easel: Easel) -> None:
    easel.hand_over("red", RED)
    first = await chat.send("/look red", "the card of red")
    second = await chat.send("/look red", "the card of red")
    assert second["message_id"] > first["message_id"]
    photos = chat.program._fronts[0]._router._presenter._photos  # type: ignore[attr-defined]
    ids = dict(photos._ids)
    assert list(ids.values()) == [first["media"]["file_id"]] and second["media"]["file_id"] == first["media"]["file_id"]
    # an id that the chat does not know any more is forgotten, and the picture is sent anew
    photos._ids[next(iter(ids))] = "gone"
    third = await chat.send("/look red", "the card of red")
    assert await picture_of(chat, third) == RED
    assert dict(photos._ids) == ids


async def test_a_caption_that_is_too_long_is_a_fault_of_ours_and_says_so(chat: House, easel: Easel) -> None:
    easel.hand_over("long", RED)
    card = await chat.send("/look", "a plain card")
    await chat.tap("long", card)
    assert "fault of this program" in chat.answers[-1]["alert"]
    assert chat.text(card) == "a plain card"


async def test_s53_ten_rapid_taps_fetch_once_and_nothing_new_says_up_to_date(chat: House, monkeypatch: pytest.MonkeyPatch) -> None:
    card = await chat.send("/look", "a plain card")
    router = chat.program._fronts[0]._router
    at = [1_790_000_000_000]
    router._looks._now_ms = lambda: at[0]
    renders.clear()
    at[0] += 5_000
    for _ in range(10):
        await chat.tap_only("plain", card)
    await chat.until(lambda: len(chat.answers) == 10, "ten answers")
    assert renders == ["plain"]
    assert {answer["toast"] for answer in chat.answers} == {"up to date 14:13:25"}
    at[0] += 1_000
    await chat.tap("plain", card)
    assert renders == ["plain", "plain"] and chat.answers[-1]["toast"] == "up to date 14:13:26"
    assert [event["kind"] for event in chat.events if event.get("message_id") == card["message_id"]].count("edited") == 0


async def test_files_come_as_documents(chat: House) -> None:
    message = await chat.send("/give", "two numbers")
    assert (message["media"]["type"], message["media"]["name"]) == ("document", "numbers.csv")
    assert await chat.file(message["media"]["file_id"]) == b"a,b\n1,2\n"


async def test_a_chart_holds_up_nobody_else(chat: House, easel: Easel) -> None:
    for number in range(5):
        await chat.send("/look red" if number % 2 else "/look blue", "being drawn")
    assert "plain" in (await chat.send("/look", "a plain card"))["text"]
    assert sorted(easel.asked) == ["blue", "red"], "each is drawn once, whoever waits"


async def test_s54_a_report_whose_curve_takes_long_answers_at_once_and_follows(chat: House, easel: Easel) -> None:
    card = await chat.send("/report 1d", "a line for each result")
    await chat.tap("HTML", card)
    await chat.until(lambda: bool(easel.asked), "a curve that is wanted")
    (title,) = easel.asked
    assert chat.answers[-1]["toast"] == "The report follows" and not easel.given[title].done()
    easel.hand_over(title, CannotDraw("too many"))
    message = await chat.wait(lambda item: bool(item["media"]) and item["media"].get("name", "").endswith(".html"))
    page = (await chat.file(message["media"]["file_id"])).decode()
    assert "<h2>By day</h2>" in page and "data:image" not in page, "without its curve it is still a report"
