"""The page of the local chat in real Chromium, with a bot that says what each test wants: what section 6.4 asks of it, one thing a test."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.browsing import DESKTOP, PHONE, WITH_CHROMIUM, sideways
from tests.support.page_bench import PageBench

pytestmark = WITH_CHROMIUM
LATER = 15_000
"""Milliseconds after which something that is waited for has failed."""


@pytest.fixture
def context(browser: Any, request: pytest.FixtureRequest) -> Iterator[Any]:
    made = browser.new_context(**getattr(request, "param", DESKTOP))
    made.set_default_timeout(LATER)
    yield made
    made.close()


def opened(context: Any, bench: PageBench) -> Any:
    page = context.new_page()
    page.goto(bench.address() if not context.cookies() else bench.served.root)
    page.wait_for_selector("#scroller:not([aria-busy])")
    return page


@pytest.fixture
def page(context: Any, bench: PageBench) -> Any:
    return opened(context, bench)


def shown(page: Any, words: str) -> Any:
    found = page.locator("li.message", has_text=words).last
    found.wait_for()
    return found


def is_in_view(page: Any, selector: str) -> bool:
    return bool(
        page.evaluate(
            "(selector) => { const box = document.querySelector(selector).getBoundingClientRect(), all = scroller.getBoundingClientRect();"
            " return box.top >= all.top - 1 && box.bottom <= all.bottom + 1; }",
            selector,
        )
    )


def long_chat(bench: PageBench, count: int) -> list[int]:
    return [bench.says(f"line {number} of the chat") for number in range(count)]


# ---- files ---------------------------------------------------------------------------------------------------------
def test_files_of_the_paperclip_go_one_after_the_other_with_words_reply_and_name(bench: PageBench, page: Any, tmp_path: Path) -> None:
    asked = bench.says("Send me the file")
    for name in ("one.yml", "two.yml"):
        (tmp_path / name).write_text(f"name: {name}\n")
    shown(page, "Send me the file").hover()
    page.locator(".act").last.click()
    page.fill("#text", "my bot")
    page.set_input_files("#file", [tmp_path / "one.yml", tmp_path / "two.yml"])
    shown(page, "two.yml")
    first, second = (update["message"] for update in (bench.heard(), bench.heard()))
    assert (first["document"]["file_name"], first["caption"], first["reply_to_message"]["message_id"]) == ("one.yml", "my bot", asked)
    assert second["document"]["file_name"] == "two.yml" and "caption" not in second and "reply_to_message" not in second
    assert page.input_value("#text") == "" and page.locator("#reply").is_hidden()


def test_a_file_that_is_dropped_is_sent_and_the_page_says_where(bench: PageBench, page: Any) -> None:
    drag = page.evaluate_handle(
        "() => { const data = new DataTransfer(); data.items.add(new File(['name: x'], 'dropped.yml', { type: 'text/yaml' })); return data; }"
    )
    page.dispatch_event("body", "dragover", {"dataTransfer": drag})
    assert page.locator("#drop").inner_text() == "Drop to send"
    page.dispatch_event("body", "drop", {"dataTransfer": drag})
    shown(page, "dropped.yml")
    assert page.locator("#drop").is_hidden()
    assert bench.heard()["message"]["document"]["file_name"] == "dropped.yml"


def test_a_picture_from_the_clipboard_is_sent(bench: PageBench, page: Any) -> None:
    page.evaluate(
        """async () => {
        const canvas = document.createElement('canvas'); canvas.width = 30; canvas.height = 20;
        const blob = await new Promise((done) => canvas.toBlob(done, 'image/png'));
        const data = new DataTransfer(); data.items.add(new File([blob], 'image.png', { type: 'image/png' }));
        document.getElementById('text').dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
    }"""
    )
    page.locator("li.mine img").wait_for()
    assert bench.heard()["message"]["photo"][-1]["width"] == 30


def test_a_file_that_is_refused_says_why_and_what_was_typed_stays(bench: PageBench, page: Any) -> None:
    page.fill("#text", "look")
    page.set_input_files("#file", [{"name": "empty.txt", "mimeType": "text/plain", "buffer": b""}])
    page.locator("#alert[open]").wait_for()
    assert "empty.txt was not sent: expected a file of 1 byte" in page.locator("#alert-text").inner_text()
    assert page.input_value("#text") == "look"


def test_a_document_is_saved_under_its_own_name(bench: PageBench, page: Any) -> None:
    bench.bot("sendDocument", document=bench.file("pnl-7d.csv", b"day,pnl\n"), caption="The report")
    link = shown(page, "The report").locator("a.document")
    with page.expect_download() as saved:
        link.click()
    assert saved.value.suggested_filename == "pnl-7d.csv"
    assert Path(saved.value.path()).read_bytes() == b"day,pnl\n"


# ---- pictures ------------------------------------------------------------------------------------------------------
def album(bench: PageBench, count: int, caption: str) -> list[int]:
    media = [{"type": "photo", "media": bench.picture(400 + 10 * number, 300)} for number in range(count)]
    media[-1]["caption"] = caption
    return [message["message_id"] for message in bench.bot("sendMediaGroup", media=media)]


@pytest.mark.parametrize("context", [DESKTOP, PHONE], indirect=True, ids=["desktop", "phone"])
def test_an_album_is_one_message_whose_pictures_come_and_go_one_by_one(bench: PageBench, page: Any) -> None:
    ids = album(bench, 3, "three pictures")
    card = shown(page, "three pictures")
    assert card.locator("button.photo").count() == 3 and page.locator("li.message").count() == 1
    page.wait_for_function("() => [...document.querySelectorAll('.album img')].every((image) => image.naturalWidth)")
    assert sideways(page) == 0
    bench.bot("deleteMessage", message_id=ids[0])
    page.wait_for_function("() => document.querySelectorAll('.album button.photo').length === 2")
    bench.bot("editMessageCaption", message_id=ids[2], caption="two pictures")
    assert shown(page, "two pictures").locator("button.photo").count() == 2
    page.reload()
    assert shown(page, "two pictures").locator("button.photo").count() == 2
    for left in ids[1:]:
        bench.bot("deleteMessage", message_id=left)
    page.wait_for_function("() => document.querySelectorAll('li.message').length === 0")


def test_an_album_that_is_cut_by_the_first_page_of_history_is_put_together(bench: PageBench, context: Any) -> None:
    album(bench, 4, "four pictures")
    long_chat(bench, 78)
    page = opened(context, bench)
    assert page.locator("button.photo").count() == 2
    page.click("#older")
    page.wait_for_function("() => document.querySelectorAll('button.photo').length === 4")
    widths = page.evaluate("[...document.querySelectorAll('.album img')].map((image) => image.width && Number(image.getAttribute('width')))")
    assert widths == [400, 410, 420, 430]
    assert page.locator("li.message", has_text="four pictures").count() == 1


def test_a_picture_opens_closes_and_turns_to_its_own_size_by_keyboard_too(bench: PageBench, page: Any) -> None:
    bench.bot("sendPhoto", photo=bench.picture(2000, 500), caption="<b>Curve</b> of <i>pmm</i>", parse_mode="HTML")
    frame = shown(page, "Curve of pmm").locator("button.photo")
    assert page.locator(".body b", has_text="Curve").count() == 1
    frame.focus()
    page.keyboard.press("Enter")
    picture = page.locator("#zoom[open] img")
    assert picture.get_attribute("alt") == "Curve of pmm" and picture.bounding_box()["width"] < 1100
    page.focus("#zoom-size")
    page.keyboard.press("Enter")
    assert picture.bounding_box()["width"] == 2000
    page.keyboard.press("Escape")
    assert page.locator("#zoom[open]").count() == 0
    assert page.evaluate("document.activeElement.className") == "photo"


# ---- messages ------------------------------------------------------------------------------------------------------
def test_edits_are_marked_and_deleted_messages_leave_with_their_words_and_their_day(bench: PageBench, page: Any) -> None:
    bench.served.clock.at -= 3 * 86_400
    old = bench.says("three days old")
    bench.served.clock.at += 3 * 86_400
    kept = bench.says("I am new", reply_to_message_id=old)
    assert shown(page, "I am new").locator(".quote").inner_text() == "three days old"
    assert page.locator("li.day").count() == 2
    assert "edited" not in page.locator(f"#m{kept} .meta").inner_text()
    bench.bot("editMessageText", message_id=kept, text="I am newer")
    assert "edited" in shown(page, "I am newer").locator(".meta").inner_text()
    bench.call(lambda: bench.served.chat.delete_message(old))
    page.wait_for_function("() => document.querySelectorAll('.message').length === 1")
    assert "three days old" not in page.locator("body").inner_text()
    assert page.locator("li.day").all_inner_texts() == ["Today"]


def test_days_are_named(bench: PageBench, context: Any) -> None:
    page = context.new_page()
    page.clock.set_fixed_time("2026-03-02T12:00:00")
    for at, words in (
        (1_735_740_000, "of the year before"),
        (1_767_300_000, "of january"),
        (1_772_366_400, "of yesterday"),
        (1_772_452_800, "of today"),
    ):
        bench.served.clock.at = float(at)
        bench.says(words)
    page.goto(bench.address())
    shown(page, "of today")
    assert page.locator("li.day").all_inner_texts() == ["January 1, 2025", "January 1", "Yesterday", "Today"]


def test_a_spoiler_is_read_only_after_it_was_opened_and_a_long_quote_unfolds(bench: PageBench, page: Any) -> None:
    bench.says(f"<tg-spoiler>the secret</tg-spoiler>\n<blockquote expandable>{'word ' * 300}</blockquote>")
    spoiler = page.locator(".spoiler")
    spoiler.wait_for()
    assert (spoiler.get_attribute("aria-label"), spoiler.get_attribute("aria-expanded")) == ("Hidden text", "false")
    spoiler.focus()
    page.keyboard.press("Enter")
    assert (spoiler.get_attribute("aria-label"), spoiler.get_attribute("aria-expanded")) == (None, "true")
    quote = page.locator("blockquote.expandable")
    folded = quote.bounding_box()["height"]
    quote.click()
    assert quote.bounding_box()["height"] > 2 * folded


def test_long_labels_wrap_within_their_row_and_every_kind_of_button_works(bench: PageBench, browser: Any) -> None:
    context = browser.new_context(**PHONE)
    page = opened(context, bench)
    rows = [
        [
            {"text": "A label that says very much about what it does, and then a little more", "callback_data": "a"},
            {"text": "No", "callback_data": "b"},
        ],
        [{"text": "x" * 60, "callback_data": "c"}],
        [{"text": "Docs", "url": "https://example.com/docs"}, {"text": "Copy the id", "copy_text": {"text": "pmm-btc-1"}}],
        [{"text": str(number), "callback_data": str(number)} for number in range(8)],
    ]
    bench.bot("sendMessage", text="choose", reply_markup={"inline_keyboard": rows})
    keys = shown(page, "choose").locator(".key")
    for index in range(keys.count()):
        fits = keys.nth(index).evaluate("(key) => key.scrollWidth <= key.clientWidth && key.offsetHeight >= 40")
        assert fits or index == 2, keys.nth(index).inner_text()
    assert sideways(page) == 0
    keys.nth(0).click()
    assert bench.heard()["callback_query"]["data"] == "a"
    assert keys.nth(3).get_attribute("href") == "https://example.com/docs" and keys.nth(3).get_attribute("rel") == "noopener noreferrer"
    keys.nth(4).click()
    page.locator("#toast, #alert[open]", has_text=re.compile("Copied|pmm-btc-1")).first.wait_for()
    context.close()


def test_the_bot_is_seen_to_be_busy_and_then_no_more(bench: PageBench, page: Any) -> None:
    bench.served.clock.at = time.time()
    bench.bot("sendChatAction", action="upload_photo")
    page.locator("#presence", has_text="sending a picture").wait_for()
    assert page.locator("#typing").is_visible()
    bench.says("here it is")
    page.locator("#presence", has_text="not Telegram").wait_for()
    assert page.locator("#typing").is_hidden()


# ---- pins and replies ----------------------------------------------------------------------------------------------
def test_the_pinned_bar_shows_what_was_never_drawn_follows_edits_and_leads_there(bench: PageBench, context: Any) -> None:
    first = bench.says("The first pin\nwith a second line")
    long_chat(bench, 200)
    second = bench.says("The second pin")
    for pinned in (first, second):
        bench.bot("pinChatMessage", message_id=pinned)
    page = opened(context, bench)
    bar = page.locator("#pinned-text")
    assert bar.inner_text() == "The second pin"
    page.click("#pinned")
    assert bar.inner_text() == "The first pin"
    bench.bot("editMessageText", message_id=first, text="The first pin, changed")
    page.locator("#pinned-text", has_text="The first pin, changed").wait_for()
    page.click("#pinned")
    page.wait_for_selector(f"#m{first}.flash")
    page.wait_for_function(
        "(id) => { const box = document.getElementById(id).getBoundingClientRect(); return box.top > 0 && box.bottom < innerHeight; }",
        arg=f"m{first}",
    )
    bench.bot("unpinAllChatMessages")
    page.wait_for_function("() => document.getElementById('pinned').hidden")


def test_a_quote_leads_to_its_message_however_far_up_it_is(bench: PageBench, context: Any) -> None:
    first = bench.says("far up")
    long_chat(bench, 250)
    bench.says("an answer to it", reply_to_message_id=first)
    page = opened(context, bench)
    page.click(".quote")
    page.wait_for_selector(f"#m{first}.flash")
    assert page.locator("#older").is_hidden()


def test_a_forced_reply_is_armed_answered_and_kept_over_a_reload(bench: PageBench, page: Any) -> None:
    asked = bench.bot("sendMessage", text="Which name?", reply_markup={"force_reply": True, "input_field_placeholder": "a name"})["message_id"]
    page.locator("#reply-text", has_text="Which name?").wait_for()
    page.reload()
    page.locator("#reply-text", has_text="Which name?").wait_for()
    assert page.get_attribute("#text", "placeholder") == "a name"
    page.fill("#text", "Bertha")
    page.press("#text", "Enter")
    assert bench.heard()["message"]["reply_to_message"]["message_id"] == asked
    page.wait_for_function("() => document.getElementById('text').placeholder === 'Message'")
    assert page.locator("#reply").is_hidden()


def test_a_reply_is_dropped_when_its_message_is_gone_or_was_answered_in_another_tab(bench: PageBench, context: Any) -> None:
    one, other = opened(context, bench), opened(context, bench)
    bench.bot("sendMessage", text="Which name?", reply_markup={"force_reply": True})
    for tab in (one, other):
        tab.locator("#reply-text", has_text="Which name?").wait_for()
    other.fill("#text", "Bertha")
    other.press("#text", "Enter")
    one.wait_for_function("() => document.getElementById('reply').hidden")
    gone = bench.says("soon gone")
    shown(one, "soon gone").hover()
    one.locator(f"#m{gone} .act").click()
    one.fill("#text", "an answer to nothing")
    bench.bot("deleteMessage", message_id=gone)
    one.wait_for_function("() => document.getElementById('reply').hidden")
    one.press("#text", "Enter")
    heard = bench.heard(lambda update: update["message"]["text"] == "an answer to nothing")
    assert "reply_to_message" not in heard["message"]


def test_offered_lines_are_said_by_a_tap_and_go_when_they_are_taken_away(bench: PageBench, page: Any) -> None:
    offer = {"keyboard": [["Yes", "No"], [{"text": "Ask me later"}]], "input_field_placeholder": "yes or no"}
    bench.bot("sendMessage", text="Well?", reply_markup=offer)
    lines = page.locator("#lines button")
    page.locator("#lines button", has_text="later").wait_for()
    assert lines.all_inner_texts() == ["Yes", "No", "Ask me later"]
    page.click("#lines button >> text=later")
    assert bench.heard()["message"]["text"] == "Ask me later"
    assert lines.count() == 3, "they stay until the bot takes them away"
    bench.bot("sendMessage", text="Once", reply_markup={**offer, "one_time_keyboard": True, "keyboard": [["Only once"]]})
    page.click("#lines button >> text=Only once")
    page.wait_for_function("() => document.getElementById('lines').hidden")
    bench.bot("sendMessage", text="Again", reply_markup=offer)
    page.locator("#lines button").first.wait_for()
    bench.bot("sendMessage", text="Gone", reply_markup={"remove_keyboard": True})
    page.wait_for_function("() => document.getElementById('lines').hidden")


# ---- taps ----------------------------------------------------------------------------------------------------------
def answer(bench: PageBench, **how: Any) -> None:
    query = bench.heard(lambda update: "callback_query" in update)["callback_query"]
    bench.bot("answerCallbackQuery", callback_query_id=query["id"], **how)


def test_a_tap_spins_until_its_answer_and_only_the_page_that_tapped_shows_it(bench: PageBench, context: Any) -> None:
    bench.says("two tabs", ["Toast", "Alert"])
    here, there = opened(context, bench), opened(context, bench)
    key = here.locator(".key", has_text="Toast")
    key.click()
    here.wait_for_selector('.key[aria-busy="true"]')
    answer(bench, text="done")
    here.locator("#toast", has_text="done").wait_for()
    here.wait_for_function("() => !document.querySelector('[aria-busy]')")
    here.locator(".key", has_text="Alert").click()
    answer(bench, text="look out", show_alert=True)
    here.locator("#alert[open]").wait_for()
    bench.says("later than both")
    shown(there, "later than both")
    assert there.locator("#toast").is_hidden() and there.locator("#alert[open]").count() == 0


def test_two_tabs_show_the_same_chat(bench: PageBench, context: Any) -> None:
    one, other = opened(context, bench), opened(context, bench)
    one.fill("#text", "from the first tab")
    one.press("#text", "Enter")
    shown(other, "from the first tab")
    gone = bench.says("a card", ["One"])
    shown(one, "a card")
    bench.bot("editMessageText", message_id=gone, text="another card")
    shown(other, "another card")
    bench.bot("deleteMessage", message_id=gone)
    for tab in (one, other):
        tab.wait_for_function("(id) => !document.getElementById(id)", arg=f"m{gone}")


# ---- reading -------------------------------------------------------------------------------------------------------
def test_what_is_new_is_below_a_line_and_counted_until_it_was_seen(bench: PageBench, page: Any) -> None:
    long_chat(bench, 60)
    shown(page, "line 59 ")
    page.evaluate("scroller.scrollTop = 0")
    page.wait_for_selector("#down")
    for text in ("news one", "news two"):
        bench.says(text)
    page.wait_for_function("() => document.getElementById('unread').textContent === '2'")
    assert page.evaluate("scroller.scrollTop") == 0, "whoever reads further up is left there"
    assert "news one" in page.locator("li.new + li").inner_text()
    page.click("#down")
    page.wait_for_function("() => document.getElementById('unread').textContent === ''")
    assert is_in_view(page, "li.message:last-of-type") and page.evaluate("document.activeElement.id") == "text"
    page.fill("#text", "I have seen it")
    page.press("#text", "Enter")
    shown(page, "I have seen it")
    assert page.locator("li.new").count() == 0


def test_whoever_comes_back_finds_the_line_where_the_last_visit_ended(bench: PageBench, context: Any) -> None:
    long_chat(bench, 5)
    page = opened(context, bench)
    shown(page, "line 4 ")
    page.close()
    missed = [bench.says(f"missed {number}\n" + "more\n" * 5) for number in range(12)]
    again = opened(context, bench)
    assert f"m{missed[0]}" == again.locator("li.new + li").get_attribute("id")
    assert is_in_view(again, "li.new")
    assert again.locator("#unread").inner_text() == "12"
    again.click("#down")
    again.close()
    third = opened(context, bench)
    assert third.locator("li.new").count() == 0 and third.locator("#unread").inner_text() == ""


def test_words_are_found_however_far_up_and_matches_are_walked(bench: PageBench, page: Any) -> None:
    first = bench.says("grid on BTC-USDT opened")
    long_chat(bench, 120)
    second = bench.says("a BTC grid closed")
    long_chat(bench, 90)
    page.reload()
    page.click("#more")
    page.click("#search-open")
    page.keyboard.type("btc GRID")
    page.locator("#search-count", has_text="1 of 2").wait_for()
    page.wait_for_selector(f"#m{second}.flash")
    page.keyboard.press("Enter")
    page.locator("#search-count", has_text="2 of 2").wait_for()
    page.wait_for_selector(f"#m{first}.flash")
    page.fill("#search-words", "nowhere to be found")
    page.locator("#search-count", has_text="nothing").wait_for()
    page.keyboard.press("Escape")
    assert page.locator("#search").is_hidden() and page.evaluate("document.activeElement.id") == "text"
    page.keyboard.press("Control+k")
    assert page.evaluate("document.activeElement.id") == "search-words"


# ---- writing -------------------------------------------------------------------------------------------------------
def test_commands_are_completed_walked_and_chosen(bench: PageBench, page: Any) -> None:
    bench.bot("setMyCommands", commands=[{"command": name, "description": f"about {name}"} for name in ("start", "status", "stop", "help")])
    page.wait_for_function("() => document.querySelectorAll('#completion li').length === 0")
    page.fill("#text", "")
    page.focus("#text")
    page.keyboard.type("/st")
    page.wait_for_function("() => document.querySelectorAll('#completion li').length === 3")
    page.keyboard.press("ArrowDown")
    assert page.get_attribute("#text", "aria-activedescendant") == "command-status"
    page.keyboard.press("Enter")
    assert bench.heard()["message"]["text"] == "/status"
    page.click("#menu", delay=200)
    page.wait_for_function("() => document.querySelectorAll('#completion li').length === 4")
    page.evaluate("() => new Promise((done) => setTimeout(done, 200))")
    assert page.locator("#completion li").count() == 4, "the list stays although the field had lost the focus for a moment"
    page.keyboard.press("Escape")
    assert page.locator("#completion").is_hidden()


def test_lines_that_were_typed_come_back_with_the_arrows_also_after_a_reload(bench: PageBench, page: Any) -> None:
    for text in ("/status", "/price BTC-USDT"):
        page.fill("#text", text)
        page.press("#text", "Enter")
        shown(page, text)
    page.reload()
    shown(page, "/price BTC-USDT")
    page.focus("#text")
    for key, text in (
        ("ArrowUp", "/price BTC-USDT"),
        ("ArrowUp", "/status"),
        ("ArrowUp", "/status"),
        ("ArrowDown", "/price BTC-USDT"),
        ("ArrowDown", ""),
    ):
        page.keyboard.press(key)
        assert page.input_value("#text") == text
    page.keyboard.type("half a line")
    page.keyboard.press("ArrowUp")
    assert page.input_value("#text") == "half a line"


def test_a_line_that_is_cut_is_said_keeps_what_was_typed_and_comes_back_by_itself(bench: PageBench, page: Any) -> None:
    bench.says("before")
    shown(page, "before")
    page.route("**/chat/**", lambda route: route.abort())
    unheard = bench.says("the line breaks behind this")
    page.locator("#lost", has_text="Connection lost").wait_for()
    assert page.locator(f"#m{unheard}").count() == 1
    page.fill("#text", "is anybody there")
    page.press("#text", "Enter")
    page.locator("#toast", has_text="Not sent: Condor can't be reached").wait_for()
    assert page.input_value("#text") == "is anybody there"
    missed = bench.says("while it was cut")
    page.unroute("**/chat/**")
    page.wait_for_selector(f"#m{missed}")
    page.wait_for_function("() => document.getElementById('lost').hidden")
    page.press("#text", "Enter")
    assert bench.heard()["message"]["text"] == "is anybody there"


def test_a_second_user_sends_files_and_taps_as_somebody_else(bench: PageBench, page: Any) -> None:
    bench.says("whose card", ["Mine"])
    page.click("#more")
    page.click("#trouble-open")
    page.check("#trouble-form [name=second]")
    page.keyboard.press("Escape")
    page.set_input_files("#file", [{"name": "theirs.yml", "mimeType": "text/yaml", "buffer": b"name: x"}])
    assert shown(page, "theirs.yml").locator(".name").inner_text() == "Second user"
    assert bench.heard()["message"]["from"]["id"] == 2
    page.locator(".key", has_text="Mine").click()
    assert bench.heard()["callback_query"]["from"]["id"] == 2


def test_taps_count_twice_when_that_is_wished(bench: PageBench, page: Any) -> None:
    bench.says("a card", ["Go"])
    page.click("#more")
    page.click("#trouble-open")
    page.check("#trouble-form [name=twice]")
    page.keyboard.press("Escape")
    page.locator(".key", has_text="Go").click()
    assert [bench.heard()["callback_query"]["data"] for _ in range(2)] == ["Go", "Go"]


# ---- the phone -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("context", [PHONE], indirect=True, ids=["phone"])
def test_the_way_to_the_phone_asks_for_a_token_and_shows_a_picture_to_scan(bench: PageBench, page: Any) -> None:
    state: dict[str, Any] = {"state": "none", "name": "", "claimed": False, "trouble": "", "fixed": ""}
    sent: list[dict[str, Any]] = []

    def serve(route: Any) -> None:
        if route.request.method == "POST":
            body = json.loads(route.request.post_data)
            sent.append(body)
            if body["token"] == "wrong":
                route.fulfill(status=400, json={"error": "Telegram refused this token (401)"})
                return
            picture = "data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHdpZHRoPSI5IiBoZWlnaHQ9IjkiLz4="
            state.update(state="up", name="my_condor_bot", link="https://t.me/my_condor_bot?start=claim_1", picture=picture)
        route.fulfill(json=state)

    page.route("**/chat/phone", serve)
    page.click("#more")
    page.click("#phone-open")
    page.fill("#phone-token", "wrong")
    page.press("#phone-token", "Enter")
    page.locator("#phone-text", has_text="Telegram refused this token (401)").wait_for()
    page.fill("#phone-token", "123:right")
    page.press("#phone-token", "Enter")
    page.locator("#phone-picture").wait_for()
    page.wait_for_function("() => document.getElementById('phone-picture').naturalWidth > 0")
    assert page.get_attribute("#phone-url", "href") == "https://t.me/my_condor_bot?start=claim_1"
    assert page.locator("#phone-token").is_hidden() and page.input_value("#phone-token") == "" and sideways(page) == 0
    state["claimed"] = True
    page.locator("#phone-text", has_text="@my_condor_bot answers you on Telegram too: same bots, same history").wait_for()
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.id") == "more"
    assert sent == [{"token": "wrong"}, {"token": "123:right"}]
    assert "123:right" not in page.content()
