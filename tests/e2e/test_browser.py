"""The page in real headless Chromium: what a person sees and does with mouse and keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.browsing import DESKTOP, PHONE, WITH_CHROMIUM, sideways
from tests.support.instance import Instance

pytestmark = WITH_CHROMIUM


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    running = Instance(tmp_path_factory.mktemp("browser") / "home").start()
    try:
        yield running
    finally:
        running.kill()


@pytest.fixture
def page(instance: Instance, browser: object, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[object]:
    context = browser.new_context(**getattr(request, "param", DESKTOP))  # type: ignore[attr-defined]
    shown = context.new_page()
    faults: list[str] = []
    shown.on("pageerror", lambda error: faults.append(str(error)))
    shown.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    shown.goto(instance.person().call("/chat/link", {})["url"])
    shown.wait_for_selector("#scroller:not([aria-busy])")
    yield shown
    shown.screenshot(path=tmp_path / "last.png")
    context.close()
    assert faults == []


DARK = {"viewport": {"width": 360, "height": 740}, "color_scheme": "dark"}


def say(page: object, text: str) -> None:
    page.fill("#text", text)  # type: ignore[attr-defined]
    page.press("#text", "Enter")  # type: ignore[attr-defined]


def last_with(page: object, words: str) -> object:
    found = page.locator("li.message", has_text=words).last  # type: ignore[attr-defined]
    found.wait_for(timeout=10_000)
    return found


@pytest.mark.parametrize("page", [DESKTOP, PHONE, DARK], indirect=True, ids=["desktop", "phone", "dark phone"])
def test_a_bot_is_started_from_the_page_and_nothing_is_wider_than_it(page: object) -> None:
    say(page, "/start")
    card = last_with(page, "Paper trading: no real money")
    card.locator("button.key", has_text="New bot").click()  # type: ignore[attr-defined]
    page.locator("button.key", has_text="pmm_simple").last.click()  # type: ignore[attr-defined]
    page.locator("button.key", has_text="Review").last.click()  # type: ignore[attr-defined]
    page.locator("button.key", has_text="Start (paper)").last.click()  # type: ignore[attr-defined]
    panel = last_with(page, "running · paper")
    assert panel.locator("pre").count() >= 1  # type: ignore[attr-defined]
    assert sideways(page) <= 0


@pytest.mark.parametrize("page", [PHONE], indirect=True, ids=["phone"])
def test_s64_tables_of_the_main_screens_stand_on_a_phone_without_wrapping(page: object) -> None:
    for line, words in (
        ("/status", "Status"),
        ("/bots", "running of"),
        ("/executors", "Executors"),
        ("/portfolio", "Accounts"),
        ("/pnl 1d", "Result · 1d"),
    ):
        say(page, line)
        last_with(page, words).locator("pre").first.wait_for()  # type: ignore[attr-defined]
    tables = page.evaluate("""() => [...document.querySelectorAll('pre')].map((pre) => {
        const style = getComputedStyle(pre), height = pre.clientHeight - parseFloat(style.paddingTop) - parseFloat(style.paddingBottom);
        return { text: pre.innerText, isCut: pre.scrollWidth > pre.clientWidth, lines: Math.round(height / parseFloat(style.lineHeight)) }; })""")  # type: ignore[attr-defined]
    assert len(tables) >= 5
    assert [table for table in tables if table["isCut"] or table["lines"] != table["text"].strip().count("\n") + 1] == []


def test_a_tapped_button_spins_until_it_is_answered(page: object) -> None:
    say(page, "/start")
    key = last_with(page, "Paper trading").locator("button.key", has_text="More")  # type: ignore[attr-defined]
    page.evaluate("""() => { window.busy = 0; new MutationObserver((all) => { for (const one of all) if (one.target.getAttribute('aria-busy')) window.busy++; })
        .observe(document.body, { subtree: true, attributes: true, attributeFilter: ['aria-busy'] }); }""")  # type: ignore[attr-defined]
    key.click()
    last_with(page, "Every screen has a command too")
    assert page.evaluate("window.busy") >= 1  # type: ignore[attr-defined]
    assert page.locator('[aria-busy="true"]').count() == 0  # type: ignore[attr-defined]


def test_commands_complete_and_everything_works_by_keyboard(page: object) -> None:
    page.focus("#text")  # type: ignore[attr-defined]
    page.keyboard.type("/he")  # type: ignore[attr-defined]
    assert page.locator("#completion").is_visible()  # type: ignore[attr-defined]
    page.keyboard.press("Enter")  # type: ignore[attr-defined]
    card = last_with(page, "A button acts on what its card shows")
    home = card.locator("button.key", has_text="Home")  # type: ignore[attr-defined]
    home.focus()
    page.keyboard.press("Enter")  # type: ignore[attr-defined]
    last_with(page, "Paper trading: no real money")


def test_typed_markup_stays_text(page: object) -> None:
    say(page, "<img src=x onerror=\"document.title='owned'\"><b>bold</b>")
    page.locator("li.message.mine", has_text="<b>bold</b>").last.wait_for()  # type: ignore[attr-defined]
    assert page.title() == "Condor"  # type: ignore[attr-defined]


def test_refusals_appear_as_an_alert_box(page: object) -> None:
    say(page, "/start")
    last_with(page, "Paper trading").locator("button.key", has_text="More").click()  # type: ignore[attr-defined]
    page.locator("button.key", has_text="Paper accounts").last.click()  # type: ignore[attr-defined]
    page.locator("button.key", has_text="Reset paper accounts").last.click()  # type: ignore[attr-defined]
    page.locator("button.key", has_text="Reset now").last.click()  # type: ignore[attr-defined]
    page.locator("#alert[open]").wait_for(timeout=10_000)  # type: ignore[attr-defined]
    assert "stop the running bots first" in page.locator("#alert-text").inner_text()  # type: ignore[attr-defined]
    page.keyboard.press("Escape")  # type: ignore[attr-defined]


def test_an_alert_arrives_without_a_tap(page: object) -> None:
    """The bots of the tests before go on trading at twenty times the speed."""
    page.locator("li.message", has_text=" closed · ").first.wait_for(timeout=90_000)  # type: ignore[attr-defined]


@pytest.mark.parametrize("page", [PHONE], indirect=True)
def test_trouble_on_purpose_is_shown_and_a_bot_that_was_cut_off_catches_up(page: object) -> None:
    page.click("#more")  # type: ignore[attr-defined]
    page.click("#trouble-open")  # type: ignore[attr-defined]
    page.check("#trouble-form [name=second]")  # type: ignore[attr-defined]
    page.click("#trouble button[type=submit]")  # type: ignore[attr-defined]
    assert "second user" in page.locator("#presence").inner_text()  # type: ignore[attr-defined]
    say(page, "/whoever")
    page.locator("li.message.theirs .name", has_text="Second user").last.wait_for(timeout=5_000)  # type: ignore[attr-defined]
    page.click("#more")  # type: ignore[attr-defined]
    page.click("#trouble-open")  # type: ignore[attr-defined]
    page.click("#trouble-none")  # type: ignore[attr-defined]
    page.click("#trouble-offline")  # type: ignore[attr-defined]
    page.keyboard.press("Escape")  # type: ignore[attr-defined]
    page.locator("#presence", has_text="cut off").wait_for()  # type: ignore[attr-defined]
    cards = page.locator("li.message", has_text="A button acts on what its card shows")  # type: ignore[attr-defined]
    before = cards.count()
    say(page, "/help")
    page.wait_for_timeout(1_500)  # type: ignore[attr-defined]
    assert cards.count() == before, "nobody hears it"
    page.click("#more")  # type: ignore[attr-defined]
    page.click("#trouble-open")  # type: ignore[attr-defined]
    page.click("#trouble-none")  # type: ignore[attr-defined]
    page.keyboard.press("Escape")  # type: ignore[attr-defined]
    cards.nth(before).wait_for(timeout=60_000)
    strangers = page.locator("li.message", has_text="there is no command /whoever").count()  # type: ignore[attr-defined]
    assert strangers == 0, "a stranger is met with silence"


def test_what_is_wrong_with_telegram_is_said_at_the_top_until_it_is_over(page: object) -> None:
    said = {"chats": {"telegram": "another program reads the same bot's messages (409)"}}
    page.route("**/healthz", lambda route: route.fulfill(json=said))  # type: ignore[attr-defined]
    page.reload()  # type: ignore[attr-defined]
    page.wait_for_selector("#wrong:has-text('Telegram: another program reads')")  # type: ignore[attr-defined]
    page.unroute("**/healthz")  # type: ignore[attr-defined]
    page.reload()  # type: ignore[attr-defined]
    page.wait_for_selector("#wrong", state="hidden")  # type: ignore[attr-defined]


@pytest.mark.parametrize("page", [PHONE], indirect=True, ids=["phone"])
def test_a_picture_is_as_wide_as_its_card_and_opens_to_its_full_size(page: object) -> None:
    say(page, "/pnl 7d")
    card = last_with(page, "Result · 7d")
    image = card.locator("button.photo img")  # type: ignore[attr-defined]
    image.wait_for(timeout=30_000)
    page.wait_for_function("(image) => image.complete && image.naturalWidth === 1080", arg=image.element_handle())  # type: ignore[attr-defined]
    assert sideways(page) <= 0
    assert image.bounding_box()["width"] > 300
    image.click()
    shown = page.locator("#zoom[open] img")  # type: ignore[attr-defined]
    assert shown.bounding_box()["width"] <= 360
    shown.click()
    assert shown.bounding_box()["width"] == 1080
    page.keyboard.press("Escape")  # type: ignore[attr-defined]
    assert page.locator("#zoom[open]").count() == 0  # type: ignore[attr-defined]
    # the next period edits the same message: a picture again
    count = page.locator("li.message").count()  # type: ignore[attr-defined]
    card.locator("button.key", has_text="30d").click()  # type: ignore[attr-defined]
    last_with(page, "Result · 30d").locator("button.photo img").wait_for(timeout=30_000)  # type: ignore[attr-defined]
    assert page.locator("li.message", has_text="Result · 7d").count() == 0 and count  # type: ignore[attr-defined]


def test_two_clicks_on_the_header_stop_everything_and_one_does_not(instance: Instance, page: object) -> None:
    """The last test of this file: afterwards no bot of the instance starts any more."""
    button = page.locator("#stop")  # type: ignore[attr-defined]
    button.click()
    assert button.inner_text() == "Really stop everything?"
    assert instance.health()["halted"] == ""
    button.click()
    last_with(page, "everything is stopped")
    assert "the local page" in instance.health()["halted"]
    assert button.inner_text() == "Stop"
