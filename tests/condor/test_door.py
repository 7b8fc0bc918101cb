"""Who gets at the local chat: one-time link, cookie, bearer, host and origin."""

from __future__ import annotations

import stat
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from condor.localchat.access import COOKIE, write_secret
from condor.localchat.entities import parse_html
from condor.localchat.view import to_html
from tests.support.served_chat import SECRET, Served, served_chat


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    async with served_chat(tmp_path) as running:
        yield running


async def status(served: Served, method: str, path: str, **options: object) -> int:
    async with aiohttp.ClientSession(served.root) as session, session.request(method, path, allow_redirects=False, **options) as answer:  # type: ignore[arg-type]
        return answer.status


async def test_link_works_once_and_becomes_a_strict_cookie(served: Served) -> None:
    path = "/enter/" + served.web.link().rpartition("/")[2]
    async with aiohttp.ClientSession(served.root, cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        async with session.get(path, allow_redirects=False) as answer:
            assert answer.status == 302
            cookie = answer.cookies[COOKIE]
            assert (cookie["httponly"], cookie["samesite"]) == (True, "Strict")
        async with session.get("/") as page:
            assert page.status == 200
            assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert await status(served, "GET", path) == 403


async def test_only_health_answers_without_cookie_or_bearer(served: Served) -> None:
    assert await status(served, "GET", "/healthz") == 200
    for method, path in (
        ("GET", "/"),
        ("GET", "/metrics"),
        ("GET", "/chat/messages"),
        ("POST", "/chat/send"),
        ("GET", "/page/chat.js"),
        ("POST", "/chat/link"),
    ):
        assert await status(served, method, path) == 401, path
    assert await status(served, "GET", "/metrics", headers={"Authorization": f"Bearer {SECRET}"}) == 200
    assert await status(served, "GET", "/metrics", headers={"Authorization": f"Bearer {SECRET}x"}) == 401


async def test_foreign_host_and_origin_are_refused(served: Served) -> None:
    bearer = {"Authorization": f"Bearer {SECRET}"}
    assert await status(served, "GET", "/chat/messages", headers=bearer | {"Host": "evil.example"}) == 403
    assert await status(served, "GET", "/chat/messages", headers=bearer | {"Origin": "http://evil.example"}) == 403
    assert await status(served, "GET", "/chat/messages", headers=bearer | {"Origin": served.root}) == 200


def test_secret_is_readable_by_its_owner_only_and_new_each_time(tmp_path: Path) -> None:
    path = tmp_path / "chat.token"
    first = write_secret(path)
    second = write_secret(path)
    assert first != second
    assert path.read_text() == second
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_files_outside_the_page_are_out_of_reach(served: Served) -> None:
    bearer = {"Authorization": f"Bearer {SECRET}"}
    for path in ("/page/..%2faccess.py", "/page/%2e%2e/access.py", "/page/index.html", "/chat/file/..%2f..%2fchat.db"):
        assert await status(served, "GET", path, headers=bearer) == 404, path


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("/chat/send", {"text": "  "}, "found none"),
        ("/chat/send", {"text": "x" * 5000}, "at most 4096"),
        ("/chat/send", {"text": "x", "reply_to": 9}, "no message 9"),
        ("/chat/tap", {"message_id": "a"}, "as numbers"),
        ("/chat/tap", {"message_id": 5, "row": 0, "column": 0}, "no message 5"),
        ("/chat/send", ["x"], "JSON object"),
    ],
)
async def test_wrong_requests_get_one_sentence(served: Served, path: str, body: object, words: str) -> None:
    async with served.session() as session, session.post(path, json=body) as answer:
        assert 400 <= answer.status < 500
        assert words in (await answer.json())["error"]


async def test_chat_survives_a_restart_and_ids_are_never_reused(tmp_path: Path) -> None:
    async with served_chat(tmp_path) as served:
        first = await served.say("hello")
    async with served_chat(tmp_path) as served:
        assert [event["text"] for event in await served.events()] == ["hello"]
        assert len(served.chat.updates) == 1
        second = await served.say("again")
    assert second["message_id"] > first["message_id"]


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "a & b < c", "<b>not bold</b>"])
def test_what_a_person_types_never_becomes_markup(text: str) -> None:
    shown = to_html(text, [])
    assert "<" not in shown.replace("&lt;", "")


def test_links_go_to_the_web_only() -> None:
    text, entities = parse_html('<a href="javascript:alert(1)">x</a> <a href="https://example.com/?a=1&amp;b=2">y</a>')
    shown = to_html(text, entities)
    assert "javascript" not in shown
    assert 'href="https://example.com/?a=1&amp;b=2"' in shown
