"""The page of the local chat in real Chromium, as section 6.4 asks: pins and replies, taps, and finding what is new or old."""

from __future__ import annotations

from typing import Any

from tests.support.browsing import WITH_CHROMIUM
from tests.support.page_bench import PageBench
from tests.support.page_looks import is_in_view, long_chat, opened, shown

pytestmark = WITH_CHROMIUM


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
