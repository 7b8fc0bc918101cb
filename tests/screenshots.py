"""`make screenshots`: the main screens as a phone shows them, dark and light, into `docs/screens/`, and the page of the README. A bot trades on paper for a while first."""

from __future__ import annotations

import io
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

from tests.support.instance import CHECKOUT, Instance, Person
from tests.support.transcript import from_bot

TARGET = CHECKOUT / "docs" / "screens"
LARGEST = 60_000
PHONE = {"width": 420, "height": 860}
FRONT, WINDOW = CHECKOUT / "docs" / "chat.png", {"width": 760, "height": 860}
SETTINGS = "clock: {tick_size: 0.25}\nmarket: {speed: 240}\n"
CLOSED = 25
"""So many executors have ended before the first picture is taken."""


def main() -> int:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        print("no chromium on this machine: install Debian's `chromium`")
        return 1
    TARGET.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        instance = Instance(Path(folder) / "home", SETTINGS).start()
        try:
            person = instance.person()
            person.start_bot()
            trade(instance)
            with sync_playwright() as driver:
                browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--hide-scrollbars"])
                for theme in ("dark", "light"):
                    take(browser, instance.person(), theme)
                front(browser, instance.person())
                browser.close()
        finally:
            instance.kill()
    return 0


def trade(instance: Instance) -> None:
    """Wait until there is something to show."""
    for _ in range(600):
        (count,) = instance.rows("SELECT count(*) FROM v_executors WHERE status = 'TERMINATED' AND volume_quote != '0'")[0]
        if count >= CLOSED:
            return
        time.sleep(0.5)
    raise SystemExit("the bot has not traded enough within five minutes")


def take(browser: Any, person: Person, theme: str) -> None:
    """Pictures of the screens in one theme."""
    context = browser.new_context(viewport=PHONE, color_scheme=theme, reduced_motion="reduce")
    page = context.new_page()
    page.goto(person.call("/chat/link", {})["url"])
    page.wait_for_selector("#text")
    for name, line, words, taps in (
        ("home", "/start", "Condor", ()),
        ("bot", "/bots", "running of", ("🟢",)),
        ("results", f"/pnl 1d {theme}", "Result · 1d", ()),
        ("accounts", f"/portfolio {theme}", "Accounts", ()),
        ("chart", "/history", "History", ("BTC-USDT", "🕯 Chart", *(("☀️ Light",) if theme == "light" else ()))),
    ):
        shown = open_card(page, person, line, words, taps)
        save(page, shown, TARGET / f"{name}-{theme}.png")
    context.close()


def front(browser: Any, person: Person) -> None:
    """A bot's card, and what is told below it while it trades."""
    context = browser.new_context(viewport=WINDOW, color_scheme="light", reduced_motion="reduce")
    page = context.new_page()
    page.goto(person.call("/chat/link", {})["url"])
    page.wait_for_selector("#text")
    card = open_card(page, person, "/bots", "running of", ("🟢",))
    told = person.wait(from_bot("closed", after=int(card.get_attribute("id")[1:])), 120)
    page.locator(f"#m{told['message_id']}").wait_for()
    card.evaluate("(card) => card.scrollIntoView({ block: 'start' })")
    write(page, FRONT)
    context.close()


def open_card(page: Any, person: Person, line: str, words: str, taps: tuple[str, ...]) -> Any:
    """Type a line, tap buttons of its card; returns the card's element."""
    message = person.send(line, words)
    for label in taps:
        person.tap(label, person.seen[message["message_id"]])
    person.until(lambda: "being drawn" not in person.seen[message["message_id"]]["text"], "the picture", 30)
    shown = page.locator(f"#m{message['message_id']}")
    shown.wait_for()
    page.wait_for_function(
        "(card) => [...card.querySelectorAll('img')].every((image) => image.complete && image.naturalWidth)", arg=shown.element_handle()
    )
    return shown


def save(page: Any, shown: Any, path: Path) -> None:
    """A phone with this card."""
    page.evaluate("document.getElementById('down').style.visibility = 'hidden'")
    around = page.evaluate("document.body.clientHeight - document.getElementById('scroller').clientHeight")
    page.set_viewport_size({"width": PHONE["width"], "height": round(shown.bounding_box()["height"]) + around + 8})
    shown.evaluate("(card) => card.scrollIntoView({ block: 'end' })")
    write(page, path)
    page.set_viewport_size(PHONE)


def write(page: Any, path: Path) -> None:
    """What the page shows, in as few colours as keep the file small."""
    image = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    for colours in (128, 64, 32):
        target = io.BytesIO()
        image.quantize(colours).save(target, "png", optimize=True)
        if len(target.getvalue()) < LARGEST:
            break
    else:
        raise SystemExit(f"{path.name} does not get smaller than {LARGEST} bytes")
    path.write_bytes(target.getvalue())
    print(path.relative_to(CHECKOUT), len(target.getvalue()))


if __name__ == "__main__":
    sys.exit(main())
