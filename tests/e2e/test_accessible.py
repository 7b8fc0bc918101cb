"""Acceptance scenario 64: the local page by keyboard alone, as a screen reader is told of it, and on a phone that is 360 px wide."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.browsing import DESKTOP, PHONE, WITH_CHROMIUM, sideways
from tests.support.page_bench import PageBench
from tests.support.page_eyes import FAINT, FOCUSED, NOT_REACHED
from tests.support.page_looks import page_context, say_everything

pytestmark = WITH_CHROMIUM
LEAST_FRAME_CONTRAST = 3.0
MOST_TABS = 120
CONTROLS = {
    "button",
    "link",
    "textbox",
    "searchbox",
    "checkbox",
    "combobox",
    "menuitem",
    "option",
    "dialog",
    "alertdialog",
    "image",
    "listbox",
    "menu",
}
"""Roles that a screen reader names; one without a name says nothing."""


@pytest.fixture
def context(browser: Any, request: pytest.FixtureRequest) -> Iterator[Any]:
    yield from page_context(browser, {"reduced_motion": "reduce", **getattr(request, "param", DESKTOP)})


@pytest.fixture
def page(context: Any, bench: PageBench) -> Any:
    """A chat in which everything that a message can hold was said."""
    say_everything(bench)
    shown = context.new_page()
    shown.goto(bench.address())
    shown.locator("li.message", has_text="All buttons").wait_for()
    shown.fill("#text", "a line of mine with https://example.com")
    shown.press("#text", "Enter")
    shown.locator("li.mine").wait_for()
    bench.bot("sendMessage", text="Well?", reply_markup={"keyboard": [["Yes", "No"]]})
    shown.locator("#lines button").first.wait_for()
    return shown


# ---- what a screen reader is told ------------------------------------------------------------------------------------
class Tree:
    """The accessibility tree as Chromium gives it to a screen reader."""

    def __init__(self, page: Any) -> None:
        session = page.context.new_cdp_session(page)
        nodes = session.send("Accessibility.getFullAXTree")["nodes"]
        session.detach()
        self.nodes = [node for node in nodes if not node.get("ignored")]
        self._all = {node["nodeId"]: node for node in nodes}

    def of(self, role: str) -> list[dict[str, Any]]:
        return [node for node in self.nodes if node["role"]["value"] == role]

    def names(self, role: str) -> list[str]:
        return [name_of(node) for node in self.of(role)]

    def text(self, node: dict[str, Any]) -> str:
        """The words within a node."""
        if node["role"]["value"] == "StaticText":
            return name_of(node)
        return " ".join(filter(None, (self.text(self._all[child]) for child in node.get("childIds", []) if child in self._all)))


def name_of(node: dict[str, Any]) -> str:
    return str(node.get("name", {}).get("value", ""))


def live(node: dict[str, Any]) -> str:
    return next((str(item["value"]["value"]) for item in node.get("properties", []) if item["name"] == "live"), "")


def heard(page: Any, role: str, how: str, words: str) -> None:
    """Wait until a live region of this role and urgency says these words."""
    for _ in range(50):
        tree = Tree(page)
        if any(live(node) == how and words in tree.text(node) for node in tree.of(role)):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"no {how} {role} says {words!r}: {[(live(node), tree.text(node)) for node in tree.of(role)]}")


def test_s64_everything_has_a_role_and_a_name(page: Any) -> None:
    tree = Tree(page)
    nameless = [node["role"]["value"] for node in tree.nodes if node["role"]["value"] in CONTROLS and not name_of(node).strip()]
    assert nameless == []
    senders = [name.split(",")[0] for name in tree.names("article")]
    assert senders == ["Condor"] * 6 + ["You", "Condor"]
    assert "Messages" in tree.names("list") and "Message" in tree.names("textbox")
    assert {"Buy", "Sell", "Home", "danger", "Yes", "No", "Send", "Commands", "More", "Reply to this message", "Hidden text", "The curve"} <= set(
        tree.names("button")
    )
    assert {"Save report.csv, 3 B", "Docs", "a link"} <= set(tree.names("link"))
    assert "hidden" not in {name_of(node) for node in tree.nodes}, "a spoiler is not read out before it is opened"
    assert [tree.text(node) for node in tree.of("heading")] == ["Condor"]
    assert len(tree.of("main")) == 1 and len(tree.of("contentinfo")) == 1 and len(tree.of("banner")) == 1


def test_s64_new_messages_are_told_politely_alerts_at_once_and_live_cards_not_at_all(bench: PageBench, page: Any) -> None:
    card = bench.says("a live card 1", ["Turn"])
    heard(page, "log", "polite", "Condor: a live card 1")
    bench.bot(
        "editMessageText", message_id=card, text="a live card 2", reply_markup={"inline_keyboard": [[{"text": "Turn", "callback_data": "turn"}]]}
    )
    page.locator("li.message", has_text="a live card 2").wait_for()
    page.locator(f"#m{card} .key").focus()
    page.keyboard.press("Space")
    query = bench.heard(lambda update: "callback_query" in update)["callback_query"]
    bench.bot(
        "editMessageText",
        message_id=card,
        text="a card that was turned",
        reply_markup={"inline_keyboard": [[{"text": "Back", "callback_data": "back"}]]},
    )
    bench.bot("answerCallbackQuery", callback_query_id=query["id"], text="turned")
    heard(page, "log", "polite", "a card that was turned")
    heard(page, "log", "polite", "turned")
    assert "a live card 2" not in " ".join(tree_text for tree_text in (Tree(page).text(node) for node in Tree(page).of("log")))
    assert page.evaluate("document.activeElement.textContent") == "Back", "the focus stays where the finger was"
    page.keyboard.press("Enter")
    query = bench.heard(lambda update: "callback_query" in update)["callback_query"]
    bench.bot("answerCallbackQuery", callback_query_id=query["id"], text="needs operator", show_alert=True)
    page.locator("#alert[open]").wait_for()
    box = Tree(page).of("alertdialog")[0]
    assert name_of(box) == "Condor says" and box["description"]["value"] == "needs operator"
    page.keyboard.press("Escape")
    page.locator("#stop").focus()
    page.keyboard.press("Enter")
    heard(page, "alert", "assertive", "Press again within five seconds")
    page.keyboard.press("Escape")
    assert page.locator("#stop").inner_text() == "Stop"
    cut(bench, page)
    heard(page, "alert", "assertive", "Connection lost")


def cut(bench: PageBench, page: Any) -> None:
    """Let the page's next look at the chat fail."""
    page.route("**/chat/transcript**", lambda route: route.abort())
    bench.says("the last words")


# ---- the keyboard ----------------------------------------------------------------------------------------------------
def walk(page: Any, key: str, first: str) -> list[dict[str, Any]]:
    """Press a key from the control named `first` until that one is reached again, or for as long as it could take; where the focus has been."""
    stops: list[dict[str, Any]] = []
    page.evaluate("document.activeElement.blur()")
    for _ in range(2 * MOST_TABS):
        page.keyboard.press(key)
        stop = page.evaluate(FOCUSED)
        if stop is not None and stops and stop["name"] == stops[0]["name"]:
            return stops
        if stop is not None and (stops or stop["name"] == first):
            stops.append(stop)
    raise AssertionError(f"no way round by {key}: {[stop['name'] for stop in stops[-5:]]}")


@pytest.mark.parametrize("context", [DESKTOP, {**DESKTOP, "color_scheme": "dark"}], indirect=True, ids=["light", "dark"])
def test_s64_every_control_is_reached_by_tab_seen_when_it_is_and_left_again(page: Any) -> None:
    stops = walk(page, "Tab", "skip: Skip to the message ")
    assert page.evaluate(NOT_REACHED) == []
    assert [stop["name"] for stop in stops if not (stop["isFramed"] and stop["isInView"])] == []
    assert [stop for stop in stops if stop["contrast"] < LEAST_FRAME_CONTRAST] == []
    # the button down is there while older messages are looked at
    back = [stop["name"] for stop in walk(page, "Shift+Tab", "send: ") if stop["name"] != "down"]
    assert back == [stop["name"] for stop in reversed(stops) if stop["name"] != "down"]


def test_s64_buttons_work_by_enter_space_and_arrows_and_escape_leads_back(bench: PageBench, page: Any) -> None:
    said = bench.heard(lambda update: "message" in update)
    assert said["message"]["text"].startswith("a line of mine")
    page.locator(".key", has_text="Buy").focus()
    for keys, data in ((("Enter",), "Buy"), (("ArrowRight", "Space"), "Sell"), (("ArrowDown", "Enter"), "Home")):
        for key in keys:
            page.keyboard.press(key)
        query = bench.heard(lambda update: "callback_query" in update)["callback_query"]
        assert query["data"] == data
        bench.bot("answerCallbackQuery", callback_query_id=query["id"])
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.id") == "text"
    page.locator("#m1 .act").focus()
    page.keyboard.press("Enter")
    page.keyboard.type("an answer")
    page.keyboard.press("Enter")
    assert bench.heard()["message"]["reply_to_message"]["message_id"] == 1
    page.locator("#lines button", has_text="Yes").focus()
    page.keyboard.press("Space")
    assert bench.heard()["message"]["text"] == "Yes"
    page.keyboard.press("Escape")
    page.keyboard.type("/sta")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert bench.heard()["message"]["text"] == "/status"
    with page.expect_file_chooser():
        page.focus("#file")
        page.keyboard.press("Enter")


@pytest.mark.parametrize("opener", ["#phone-open", "#trouble-open", ".photo"])
def test_s64_a_dialog_keeps_the_focus_and_gives_it_back(page: Any, opener: str) -> None:
    if opener == ".photo":
        page.focus(".photo")
        page.keyboard.press("Enter")
    else:
        page.focus("#more")
        page.keyboard.press("Enter")
        assert Tree(page).names("menuitem") == ["🔎 Search", "📱 Move to your phone", "⚡ Trouble on purpose"]
        for _ in range(["#search-open", "#phone-open", "#trouble-open"].index(opener)):
            page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
    page.locator("dialog[open]").wait_for()
    dialog = Tree(page).of("dialog")[0]
    assert name_of(dialog) and {"name": "modal", "value": {"type": "boolean", "value": True}} in dialog["properties"]
    visited = set()
    for _ in range(14):
        page.keyboard.press("Tab")
        visited.add(
            page.evaluate(
                "document.activeElement === document.body ? 'outside of the page' : document.activeElement.closest('dialog')?.id ?? 'behind'"
            )
        )
    assert "behind" not in visited and len(visited - {"outside of the page"}) == 1
    page.keyboard.press("Escape")
    assert page.locator("dialog[open]").count() == 0
    assert page.evaluate("document.activeElement.id || document.activeElement.className") == ("photo" if opener == ".photo" else "more")


# ---- eyes ------------------------------------------------------------------------------------------------------------
def faint(page: Any, *words: str) -> list[str]:
    """Texts that are too faint to be read, of those that can be seen now; `words` are among these."""
    judged = page.evaluate(FAINT)
    for word in words:
        assert any(word in text for text in judged["seen"]), f"{word!r} was not looked at"
    return list(judged["found"])


@pytest.mark.parametrize("context", [DESKTOP, {**PHONE, "color_scheme": "dark"}], indirect=True, ids=["light", "dark phone"])
def test_s64_every_text_stands_out_in_both_themes(bench: PageBench, page: Any) -> None:
    assert faint(page, "Pinned", "danger", "success", "Docs", "a link", "edited", "Stop", "paper", "Message", "Yes", "Today") == []
    page.evaluate("scroller.scrollTop = 0")
    bench.says("unread")
    page.locator("#unread", has_text="1").wait_for()
    page.click("#menu")
    assert faint(page, "New messages", "how everything stands") == []
    page.keyboard.press("Escape")
    page.click("#more")
    assert faint(page, "Trouble on purpose") == []
    page.click("#search-open")
    page.keyboard.type("nothing of the kind")
    page.locator("#search-count", has_text="nothing").wait_for()
    assert faint(page, "nothing") == []
    page.keyboard.press("Escape")
    page.click("#stop")
    assert faint(page, "Really stop everything?") == []
    page.locator("#stop").press("Escape")
    for opener, words in (("#phone-open", "BotFather"), ("#trouble-open", "Too many requests")):
        page.click("#more")
        page.click(opener)
        page.locator("dialog[open]").wait_for()
        assert [text for text in faint(page) if words in text] == [] and faint(page, words) == []
        page.keyboard.press("Escape")
    cut(bench, page)
    page.route("**/chat/send", lambda route: route.abort())
    page.locator("#lost").wait_for()
    page.fill("#text", "not sent")
    page.press("#text", "Enter")
    page.locator("#toast").wait_for()
    assert faint(page, "Connection lost", "Not sent") == []


def test_s64_the_judge_of_contrast_sees_what_is_too_faint(page: Any) -> None:
    page.evaluate("document.getElementById('bot-name').style.color = 'rgba(120, 120, 120, 0.6)'")
    assert len(faint(page)) == 1


def test_s64_whoever_wants_no_motion_gets_none(bench: PageBench, page: Any) -> None:
    bench.served.clock.at = time.time()
    bench.bot("sendChatAction", action="typing")
    page.locator("#typing").wait_for()
    page.locator(".key", has_text="Buy").click()
    page.wait_for_selector('.key[aria-busy="true"]')
    page.evaluate("scroller.scrollTop = 0")
    page.click(".quote")
    page.wait_for_selector(".flash")
    moving = page.evaluate("document.getAnimations().filter((one) => one.effect.getComputedTiming().endTime > 20).length")
    assert moving == 0


# ---- a narrow phone --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("context", [PHONE], indirect=True, ids=["phone"])
def test_s64_a_table_of_the_widest_kind_stands_on_360_px_without_wrapping(bench: PageBench, page: Any) -> None:
    """The crawler (s63) holds every table of every screen to 38 characters: so many fit."""
    rows = ["bot" + " " * 29 + "result", *(f"{number:<28}+1,204.50{number}" for number in range(4))]
    assert {len(row) for row in rows} == {38}
    table = bench.says(f"<pre>{chr(10).join(rows)}</pre>", ["One", "Two"])
    page.locator(f"#m{table} pre").wait_for()
    fits = page.evaluate(
        "(id) => { const pre = document.querySelector(`#m${id} pre`), style = getComputedStyle(pre);"
        " const height = pre.clientHeight - parseFloat(style.paddingTop) - parseFloat(style.paddingBottom);"
        " return { isCut: pre.scrollWidth > pre.clientWidth, lines: Math.round(height / parseFloat(style.lineHeight)), right: pre.getBoundingClientRect().right }; }",
        table,
    )
    assert fits["lines"] == len(rows) and not fits["isCut"] and fits["right"] <= 360
    assert sideways(page) == 0


@pytest.mark.parametrize("context", [PHONE], indirect=True, ids=["phone"])
def test_s64_what_this_chat_is_can_be_read_whole_on_a_phone(page: Any) -> None:
    label = page.locator("#presence")
    assert label.inner_text() == "Local chat — not Telegram"
    assert label.evaluate("(label) => label.scrollHeight <= label.clientHeight && label.scrollWidth <= label.clientWidth")
