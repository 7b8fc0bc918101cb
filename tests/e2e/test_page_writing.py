"""The page of the local chat in real Chromium, as section 6.4 asks: what is typed, by whom, over a bad line, and the way to the phone."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.browsing import PHONE, WITH_CHROMIUM, sideways
from tests.support.page_bench import PageBench
from tests.support.page_looks import shown

pytestmark = WITH_CHROMIUM


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
