"""Pages that are used once: by one browser, within ten minutes, from their own origin, and what was typed is never shown again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import aiohttp
import pytest

from botcore.model.errors import UserError
from condor.localchat.once import COOKIE
from condor.services.once import MAX_TRIES, TTL_MS, Form, FormField, OncePages
from tests.support.served_chat import Served, served_chat

FIELDS = (FormField("venue", "Venue", "choice", ("binance", "okx")), FormField("key", "Key", "text"), FormField("secret", "Secret"))


class Desk:
    """Takes the answers of a form."""

    def __init__(self) -> None:
        self.taken: list[Mapping[str, str]] = []
        self.problem = ""

    async def submit(self, values: Mapping[str, str]) -> str:
        self.taken.append(dict(values))
        if self.problem:
            raise UserError(self.problem)
        return "taken <b>for sure</b>"


class Place:
    def __init__(self, served: Served, pages: OncePages) -> None:
        self.served, self.pages, self.desk = served, pages, Desk()

    def link(self) -> str:
        form = Form("Keys & more", ("Words.",), FIELDS, "Store", self.desk.submit)
        return self.pages.open(form)

    def browser(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))

    async def send(self, browser: aiohttp.ClientSession, link: str, origin: str | None = "", **more: str) -> tuple[int, str]:
        headers = {} if origin is None else {"Origin": origin or self.served.root}
        values = {"venue": "okx", "key": "the-key", "secret": "the-secret", **more}
        async with browser.post(link, data=values, headers=headers) as answer:
            return answer.status, await answer.text()


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    now = [1_790_000_000_000]
    pages = OncePages(lambda: now[0])
    async with served_chat(tmp_path, once=pages) as served:
        made = Place(served, pages)
        made.now = now  # type: ignore[attr-defined]
        yield made


async def test_a_form_is_taken_once_and_its_page_is_over(place: Place) -> None:
    link = place.link()
    async with place.browser() as browser:
        async with browser.get(link) as page:
            text = await page.text()
            assert page.status == 200 and "Keys &amp; more" in text and "<script" not in text
            assert "default-src 'none'" in page.headers["Content-Security-Policy"] and page.headers["Cache-Control"] == "no-store"
            cookie = page.cookies[COOKIE]
            assert (cookie["httponly"], cookie["samesite"]) == (True, "Strict")
        status, said = await place.send(browser, link)
        assert status == 200 and "taken &lt;b&gt;for sure" in said and "the-secret" not in said
        assert place.desk.taken == [{"venue": "okx", "key": "the-key", "secret": "the-secret"}]
        assert (await place.send(browser, link))[0] == 410
        async with browser.get(link) as page:
            assert page.status == 410


async def test_the_browser_that_opened_it_first_keeps_it(place: Place) -> None:
    link = place.link()
    async with place.browser() as first, place.browser() as second:
        await first.get(link)
        async with second.get(link) as page:
            assert page.status == 410 and "another browser" in await page.text()
        assert (await place.send(second, link))[0] == 410
        assert (await place.send(first, link))[0] == 200


async def test_no_form_is_taken_without_a_page_or_from_elsewhere(place: Place) -> None:
    link = place.link()
    async with place.browser() as browser:
        assert (await place.send(browser, link))[0] == 410
        await browser.get(link)
        for origin in (None, "null", "http://evil.example", place.served.root.replace("127.0.0.1", "localhost")):
            assert (await place.send(browser, link, origin))[0] == 403, origin
        async with browser.get(link, headers={"Host": "evil.example"}) as page:
            assert page.status == 403
    assert place.desk.taken == []


async def test_it_is_over_after_ten_minutes(place: Place) -> None:
    link = place.link()
    async with place.browser() as browser:
        await browser.get(link)
        place.now[0] += TTL_MS  # type: ignore[attr-defined]
        assert (await place.send(browser, link))[0] == 410
    assert not place.pages.is_open(link.rpartition("/")[2])


async def test_what_is_refused_may_be_corrected_a_few_times_and_secrets_are_not_sent_back(place: Place) -> None:
    place.desk.problem = "this key may withdraw"
    link = place.link()
    async with place.browser() as browser:
        await browser.get(link)
        for _ in range(MAX_TRIES - 1):
            status, said = await place.send(browser, link)
            assert status == 422 and "this key may withdraw" in said and "the-secret" not in said and "<option selected>okx" in said
        status, said = await place.send(browser, link)
        assert status == 410 and "5th try" in said
    assert not place.pages.is_open(link.rpartition("/")[2])


async def test_a_guess_opens_nothing(place: Place) -> None:
    place.link()
    async with place.browser() as browser:
        for path in ("/once/x", "/once/", "/once/%00", f"/once/{'A' * 43}"):
            async with browser.get(place.served.root + path) as page:
                assert page.status in (401, 404, 410), path
