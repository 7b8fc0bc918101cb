"""Looking at the page of the local chat in Chromium, and at what stands on it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.support.page_bench import PageBench

LATER = 15_000
"""Milliseconds after which something that is waited for has failed."""


def page_context(browser: Any, settings: dict[str, Any]) -> Iterator[Any]:
    """A browser of its own for one test, for its fixture; closed after it."""
    made = browser.new_context(**settings)
    made.set_default_timeout(LATER)
    yield made
    made.close()


def opened(context: Any, bench: PageBench) -> Any:
    page = context.new_page()
    page.goto(bench.address() if not context.cookies() else bench.served.root)
    page.wait_for_selector("#scroller:not([aria-busy])")
    return page


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


def say_everything(bench: PageBench) -> None:
    """Have the bot say all that a message can hold; *All buttons* is the last of it."""
    pinned = bench.says("<b>Pinned</b> card", ["Buy", "Sell"], ["Home"])
    bench.bot("pinChatMessage", message_id=pinned)
    bench.bot("sendPhoto", photo=bench.picture(640, 400), caption="The curve")
    bench.bot("sendDocument", document=bench.file("report.csv", b"day"), caption="The report")
    bench.says(
        "<pre>bot        result\npmm-btc-1   +0.73</pre><tg-spoiler>hidden</tg-spoiler> <code>id-1</code> <a href='https://example.com'>a link</a>"
    )
    bench.says(f"<blockquote expandable>{'why ' * 200}</blockquote>", disable_notification=True)
    styles = [{"text": style, "callback_data": style, "style": style} for style in ("danger", "success", "primary")]
    others = [{"text": "Docs", "url": "https://example.com"}, {"text": "Copy", "copy_text": {"text": "x"}}]
    edited = bench.bot("sendMessage", text="before", reply_to_message_id=pinned)["message_id"]
    bench.bot("editMessageText", message_id=edited, text="All buttons", reply_markup={"inline_keyboard": [styles, others]})
    bench.bot(
        "setMyCommands",
        commands=[{"command": "start", "description": "the home card"}, {"command": "status", "description": "how everything stands"}],
    )
