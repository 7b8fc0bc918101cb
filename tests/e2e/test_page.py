"""The page of the local chat in real Chromium, with a bot that says what each test wants, as section 6.4 asks: files, pictures, messages."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support.browsing import DESKTOP, PHONE, WITH_CHROMIUM, sideways
from tests.support.page_bench import PageBench
from tests.support.page_looks import long_chat, opened, shown

pytestmark = WITH_CHROMIUM


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
