"""The person's side as a program uses it, and what the chat remembers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from condor.localchat.access import COOKIE, ChatAccess
from condor.localchat.memory import EVENTS_WHEN_SHORT
from condor.localchat.state import ChatState
from condor.store.chat_store import KEEP_MESSAGES, ChatStore
from tests.support.served_chat import SECRET, Clock, Served, jpeg_head, png, served_chat

MULTIPART = {"Content-Type": "multipart/form-data; boundary=X"}


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    async with served_chat(tmp_path) as running:
        yield running


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ChatStore]:
    made = ChatStore(tmp_path / "chat.db")
    yield made
    made.close()


async def refusal(served: Served, path: str, **options: Any) -> tuple[int, str]:
    async with served.session() as session, session.post(path, **options) as answer:
        return answer.status, str((await answer.json())["error"])


async def upload(served: Served, body: bytes, name: str, caption: str = "") -> tuple[int, dict[str, Any]]:
    form = aiohttp.FormData()
    form.add_field("file", body, filename=name)
    if caption:
        form.add_field("caption", caption)
    async with served.session() as session, session.post("/chat/upload", data=form) as answer:
        return answer.status, await answer.json()


def part(disposition: str, body: bytes, *headers: str) -> bytes:
    lines = [f"Content-Disposition: form-data; {disposition}", *headers]
    return b"--X\r\n" + "\r\n".join(lines).encode() + b"\r\n\r\n" + body + b"\r\n"


# ---- saying --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("typed", "said", "command"),
    [
        ("\t/start\tnow\r\n", "/start now", 6),
        ("a\r\nb\x00c", "a\nb c", None),
        ("\u202e/stop", "/stop", 5),
        ("x" * 4096 + "\r\n", "x" * 4096, None),
    ],
)
async def test_text_is_taken_in_as_telegram_does(served: Served, typed: str, said: str, command: int | None) -> None:
    await served.say(typed)
    (message,) = served.chat.messages.values()
    assert message["text"] == said
    assert [entity["length"] for entity in message.get("entities", [])] == ([command] if command else [])


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b'{"text": "\\ud83d"}', 400, "half of a character"),
        (b'{"text": "\\r\\u0007"}', 400, "found none"),
        (b'{"text": 5}', 400, "found none"),
        (b"[" * 100_000, 400, "JSON object"),
        (b'{"text": "\xff"}', 400, "JSON object"),
        (b'{"text": "x", "reply_to": true}', 404, "no message True"),
        (b'{"text": "x", "reply_to": [1]}', 404, "no message [1]"),
        (b'{"text": "x", "reply_to": 1.0}', 404, "no message 1.0"),
    ],
)
async def test_what_can_not_be_said_is_refused(served: Served, body: bytes, status: int, words: str) -> None:
    await served.say("the first")
    found, text = await refusal(served, "/chat/send", data=body, headers={"Content-Type": "application/json"})
    assert found == status
    assert words in text
    assert len(served.chat.messages) == 1


async def test_a_body_in_an_unknown_alphabet_is_refused(served: Served) -> None:
    found, text = await refusal(served, "/chat/send", data=b"{}", headers={"Content-Type": "application/json; charset=nonsense"})
    assert (found, text) == (400, "expected a JSON object as the body")


async def test_a_tap_beyond_all_numbers_is_refused(served: Served) -> None:
    found, text = await refusal(served, "/chat/tap", data=b'{"message_id": Infinity, "row": 0, "column": 0}')
    assert (found, "as numbers" in text) == (400, True)


# ---- files ---------------------------------------------------------------------------------------------------------
async def test_files_become_photos_and_documents(served: Served) -> None:
    assert (await upload(served, png(7, 5), "a.png", "\tone\r\ntwo "))[0] == 200
    assert (await upload(served, jpeg_head(30, 20), "b.JPG"))[0] == 200
    assert (await upload(served, b"x", "c.csv"))[0] == 200
    photo, jpeg, document = served.chat.messages.values()
    assert (photo["photo"][0]["width"], photo["photo"][0]["height"], photo["caption"]) == (7, 5, "one\ntwo")
    assert (jpeg["photo"][0]["width"], "caption" in jpeg) == (30, False)
    assert (document["document"]["file_name"], document["document"]["mime_type"], document["document"]["file_size"]) == ("c.csv", "text/csv", 1)
    status, answer = await upload(served, b"x", "d.png")
    assert (status, answer["error"]) == (400, "d.png is called an image, but is not a PNG or JPEG")


@pytest.mark.parametrize(
    "body",
    [
        b"x",
        b"--X\r\nContent-Disposition form-data\r\n\r\nx\r\n",
        b"--X\r\nContent-Type: text/plain\r\n\r\nx\r\n",
        part('name="caption"', b"\xff"),
        part('name="caption"', b"x", "Content-Type: text/plain; charset=nonsense"),
        part('name="caption"', b"x", "Content-Transfer-Encoding: nonsense"),
    ],
)
async def test_an_upload_that_can_not_be_read_is_refused(served: Served, body: bytes) -> None:
    found, text = await refusal(served, "/chat/upload", data=body + b"--X--\r\n", headers=MULTIPART)
    assert (found, text) == (400, "expected multipart/form-data with a part named file")


async def test_a_file_name_that_is_no_text_is_mended(served: Served) -> None:
    body = part('name="file"; filename="a?.txt"', b"x").replace(b"?", b"\xe9") + b"--X--\r\n"
    async with served.session() as session, session.post("/chat/upload", data=body, headers=MULTIPART) as answer:
        assert answer.status == 200
    (message,) = served.chat.messages.values()
    assert message["document"]["file_name"] == "a?.txt"


async def test_an_upload_that_is_too_large_is_told_so(served: Served) -> None:
    served.web._app._client_max_size = 1_000
    status, answer = await upload(served, b"x" * 2_000, "a.txt")
    assert (status, "found more" in answer["error"]) == (413, True)


# ---- reading -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("limit", "shown"), [("0", ["c"]), ("0.5", ["c"]), ("2", ["b", "c"]), ("999", ["a", "b", "c"])])
async def test_at_least_one_message_is_shown(served: Served, limit: str, shown: list[str]) -> None:
    for text in "abc":
        await served.say(text)
    async with served.session() as session, session.get("/chat/messages", params={"limit": limit}) as answer:
        assert [message["text"] for message in (await answer.json())["messages"]] == shown


async def test_the_way_in_is_not_kept_by_the_browser(served: Served) -> None:
    async with aiohttp.ClientSession(served.root) as session, session.get(served.web.link(), allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"], answer.headers["Cache-Control"]) == (302, "/", "no-store")
        assert answer.headers["Referrer-Policy"] == "no-referrer"


# ---- secrets -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("secret", ["é", "\udcff", ""])
def test_a_secret_of_other_letters_is_only_wrong(store: ChatStore, secret: str) -> None:
    access = ChatAccess(SECRET, store, Clock())
    link = access.new_link()
    assert not access.is_secret(secret)
    assert access.redeem(secret) is None
    assert access.redeem(link) is not None


async def test_a_door_stays_shut_for_other_letters(served: Served) -> None:
    served.web.link()
    async with aiohttp.ClientSession(served.root, skip_auto_headers=["User-Agent"]) as session:
        async with session.get("/enter/%C3%A9") as answer:
            assert answer.status == 403
        for headers in ({"Authorization": "Bearer \u00e9"}, {"Cookie": f"{COOKIE}=\u00e9"}):
            async with session.get("/chat/messages", headers=headers) as answer:
                assert answer.status == 401


# ---- what is remembered --------------------------------------------------------------------------------------------
def test_numbers_of_what_is_not_kept_are_not_given_out_again(store: ChatStore) -> None:
    chat = ChatState(store, Clock())
    chat.say({"text": "x"})
    chat.act("typing")
    assert [event["seq"] for event in chat.events] == [1, 2]
    chat = ChatState(store, Clock())
    assert [event["seq"] for event in chat.events] == [1]
    chat.say({"text": "y"})
    assert [event["seq"] for event in chat.events] == [1, 3]


def test_what_is_gone_is_not_pinned(store: ChatStore) -> None:
    chat = ChatState(store, Clock())
    first, second = (chat.say({"text": text})["message_id"] for text in "ab")
    chat.pin(first, is_pinned=True)
    chat.pin(second, is_pinned=True)
    chat.delete_message(first)
    assert chat.pinned == [second]
    assert [event["kind"] for event in chat.events][-2:] == ["pinned", "deleted"]
    assert ChatState(store, Clock()).pinned == [second]
    store.save(changed_messages={second: None})
    assert ChatState(store, Clock()).pinned == []


def test_what_is_too_old_is_forgotten_and_not_pinned(store: ChatStore) -> None:
    chat = ChatState(store, Clock())
    first = chat.say({"text": "x"})["message_id"]
    chat.pin(first, is_pinned=True)
    chat._next_message = first + KEEP_MESSAGES
    chat.say({"text": "y"})
    chat._prune()
    assert (list(chat.messages), chat.pinned) == ([first + KEEP_MESSAGES], [])


def test_a_file_is_known_by_its_name_and_what_is_in_it(store: ChatStore) -> None:
    chat = ChatState(store, Clock())
    first, second = chat.keep_file("a.txt", "text/plain", b"x"), chat.keep_file("b.txt", "text/plain", b"x")
    assert chat.keep_file("a.txt", "text/plain", b"x") == first != second
    assert (chat.file(first)[0], chat.file(second)[0]) == ("a.txt", "b.txt")
    assert chat.keep_file("a", "", b"bc") != chat.keep_file("ab", "", b"c")


# ---- when memory is short (P12) ----------------------------------------------------------------------------------------
def test_p12_events_that_memory_let_go_of_are_read_from_the_file(store: ChatStore) -> None:
    state = ChatState(store, lambda: 1_790_000_000.0)
    for number in range(EVENTS_WHEN_SHORT + 40):
        state.say({"text": str(number)})
    first = state.events[0]["seq"]
    before = [state.events_after(after, 30) for after in (0, first + 10, state.seq - 5)]
    assert state.shed() > 0 and len(state.events) == EVENTS_WHEN_SHORT and state.shed() == 0
    assert [state.events_after(after, 30) for after in (0, first + 10, state.seq - 5)] == before
    assert [len(events) for events in before] == [30, 30, 5]
