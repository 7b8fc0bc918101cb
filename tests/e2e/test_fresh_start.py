"""Acceptance scenario 1: a fresh start without a token, as a newcomer sees it, and nothing of it leaves the machine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support import net_watch
from tests.support.browsing import DESKTOP, PHONE, needs_chromium
from tests.support.instance import CHECKOUT, FAST, Instance, clean_environment

SIX = ["➕ New bot", "🤖 Bots", "💼 Accounts", "📈 Results", "📊 Status", "☰ More"]
DEFAULTS = "{}\n"


@needs_chromium
def test_s1_the_page_opens_and_start_shows_paper_equity_and_six_buttons(tmp_path: Path, browser: Any) -> None:
    watched = net_watch.environment_of(tmp_path / "watch")
    instance = Instance(tmp_path / "home", DEFAULTS, **watched).start()
    try:
        first_look(browser.new_context(**DESKTOP), instance.url)
        first_look(browser.new_context(**PHONE), instance.person().call("/chat/link", {})["url"])
        assert [call for call in net_watch.calls(tmp_path / "watch") if net_watch.leaves_the_host(call)] == []
    finally:
        instance.kill()


def first_look(context: Any, address: str) -> None:
    """Somebody opens the page and types the first command."""
    page = context.new_page()
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    page.fill("#text", "/start")
    page.press("#text", "Enter")
    card = page.locator("li.message.theirs", has_text="Equity").last
    card.wait_for()
    assert page.locator(".badge").inner_text().lower() == "paper"
    text = card.inner_text()
    assert "📄 Paper trading: no real money" in text
    assert "10,000.00 USDT" in text, "what the demo account opens with (conf/condor.yml)"
    assert card.locator(".key").all_inner_texts() == SIX
    base = address.partition("/enter/")[0]
    assert asked and [url for url in asked if not url.startswith((f"{base}/", "data:", "blob:"))] == []
    context.close()


def test_s1_no_call_leaves_the_host_from_the_first_start_to_a_close(tmp_path: Path) -> None:
    """A bot of a fresh home trades until something closes, with pictures, whose process is watched too: nobody outside is called or looked up."""
    folder = tmp_path / "watch"
    instance = Instance(tmp_path / "home", FAST, **net_watch.environment_of(folder)).start()
    try:
        person = instance.person()
        person.start_bot()
        person.send("/portfolio", "Accounts")
        person.wait_text(" closed · ", timeout_s=90)
        assert instance.stop() == 0
    finally:
        instance.kill()
    calls = net_watch.calls(folder)
    assert ("socket.connect", "127.0.0.1") in calls, "the bot's own line to the local chat is seen, so others would be too"
    assert [call for call in calls if net_watch.leaves_the_host(call)] == []


@pytest.mark.parametrize(
    ("line", "call"),
    [
        ("socket.create_connection(('192.0.2.7', 80), 0.01)", ("socket.connect", "192.0.2.7")),
        ("socket.getaddrinfo('api.telegram.invalid', 443)", ("socket.getaddrinfo", "api.telegram.invalid")),
        ("socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.7', 53))", ("socket.sendto", "192.0.2.7")),
        ("asyncio.run(asyncio.wait_for(asyncio.open_connection('192.0.2.8', 1), 0.05))", ("socket.connect", "192.0.2.8")),
    ],
)
def test_the_watch_sees_what_leaves_the_host(tmp_path: Path, line: str, call: tuple[str, str]) -> None:
    program = f"import asyncio, socket\ntry:\n    {line}\nexcept OSError:\n    pass\n"
    variables = clean_environment(**net_watch.environment_of(tmp_path))
    subprocess.run([sys.executable, "-c", program], cwd=CHECKOUT, env=variables, check=True, timeout=30)
    assert call in net_watch.calls(tmp_path)
    assert net_watch.leaves_the_host(call)
