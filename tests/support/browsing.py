"""A real headless Chromium for the tests that need one."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
WITH_CHROMIUM = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine: install Debian's `chromium`; the page is untested without it"),
]
"""For a whole module: `pytestmark = WITH_CHROMIUM`."""
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP = {"viewport": {"width": 1100, "height": 800}}
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True}


def needs_chromium(test: Callable[..., None]) -> Callable[..., None]:
    """For one test."""
    for mark in WITH_CHROMIUM:
        test = mark(test)
    return test


def opened_chromium() -> Iterator[Any]:
    """A browser, closed at the end. Its loop holds the thread, so a module that uses it has no async tests."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: run `make test`")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


def sideways(page: Any) -> int:
    """By how many pixels the page can be scrolled sideways."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))
