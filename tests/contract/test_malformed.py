"""Requests that no library sends: the local chat says what is wrong with them, as JSON, and goes on."""

from __future__ import annotations

import json
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from tests.support.served_chat import Served

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=X"


async def post(served: Served, method: str, body: bytes, kind: str = JSON) -> tuple[int, dict[str, Any]]:
    url = f"/bot{served.web.bot_token}/{method}"
    async with aiohttp.ClientSession(served.root) as session, session.post(url, data=body, headers={"Content-Type": kind}) as answer:
        return answer.status, await answer.json()


async def call(served: Served, method: str, **params: Any) -> tuple[int, dict[str, Any]]:
    return await post(served, method, json.dumps({"chat_id": 1, **params}).encode())


async def complaint(served: Served, method: str, **params: Any) -> str:
    status, answer = await call(served, method, **params)
    assert (status, answer["ok"], answer["error_code"]) == (400, False, 400)
    return str(answer["description"])


def part(disposition: str, body: bytes, *headers: str) -> bytes:
    lines = [f"Content-Disposition: form-data; {disposition}", *headers]
    return b"--X\r\n" + "\r\n".join(lines).encode() + b"\r\n\r\n" + body + b"\r\n--X--\r\n"


# ---- bodies --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (JSON, b"{"),
        (JSON, b"[]"),
        (JSON, b'[["chat_id", 1], ["text", "x"]]'),
        (JSON, b"null"),
        (JSON, b'{"text": "\xff"}'),
        (JSON, b"[" * 100_000),
        (JSON + "; charset=nonsense", b"{}"),
        (FORM, b"text=\xff"),
        (FORM + "; charset=nonsense", b"text=x"),
        ("multipart/form-data", b"x"),
        (MULTIPART, b"x"),
        (MULTIPART, b"--X\r\nContent-Disposition form-data\r\n\r\nx\r\n--X--\r\n"),
        (MULTIPART, b"--X\r\nContent-Type: text/plain\r\n\r\nx\r\n--X--\r\n"),
        (MULTIPART, part('name="text"', b"\xff")),
        (MULTIPART, part('name="text"', b"\xff", "Content-Type: application/octet-stream")),
        (MULTIPART, part('name="text"', b"x", "Content-Type: text/plain; charset=nonsense")),
        (MULTIPART, part('name="text"', b"x", "Content-Transfer-Encoding: nonsense")),
    ],
)
async def test_a_body_that_is_not_what_it_says_is_refused(served: Served, kind: str, body: bytes) -> None:
    status, answer = await post(served, "sendMessage", body, kind)
    assert (status, answer["description"]) == (400, "Bad Request: can't parse the request's body")


async def test_bytes_of_a_part_without_a_file_name_are_its_text(served: Served) -> None:
    body = part('name="text"', "é".encode(), "Content-Type: application/octet-stream")
    status, answer = await post(served, "sendMessage?chat_id=1", body, MULTIPART)
    assert (status, answer["result"]["text"]) == (200, "é")


async def test_a_file_name_that_is_no_text_is_mended(served: Served) -> None:
    body = part('name="document"; filename="a?.txt"', b"x").replace(b"?", b"\xe9")
    status, answer = await post(served, "sendDocument?chat_id=1", body, MULTIPART)
    assert (status, answer["result"]["document"]["file_name"]) == (200, "a?.txt")


async def test_json_that_is_too_large_is_told_as_json(served: Served) -> None:
    served.web._app._client_max_size = 1_000
    status, answer = await call(served, "sendMessage", text="x" * 2_000)
    assert (status, answer["error_code"], answer["description"]) == (413, 413, "Request Entity Too Large")


async def test_null_is_not_given(served: Served) -> None:
    assert await complaint(served, "sendMessage", text=None) == "Bad Request: message text is empty"
    status, _ = await call(served, "sendMessage", text="x", reply_markup=None, entities="null", reply_parameters="", parse_mode=None)
    assert status == 200


# ---- half characters -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("sendMessage", {"text": "\ud800"}),
        ("sendMessage", {"text": "x", "reply_markup": {"inline_keyboard": [[{"text": "a", "callback_data": "\ud800"}]]}}),
        ("sendMessage", {"text": "x", "reply_markup": '{"inline_keyboard": [[{"text": "a", "callback_data": "\\ud800"}]]}'}),
        ("sendMediaGroup", {"media": [{"type": "photo", "media": "x", "caption": "\udfff"}] * 2}),
        ("setMyCommands", {"commands": [{"command": "a", "description": "\ud800"}]}),
        ("getFile", {"file_id": "\ud800"}),
    ],
)
async def test_half_a_character_is_refused_wherever_it_hides(served: Served, method: str, params: dict[str, Any]) -> None:
    assert await complaint(served, method, **params) == "Bad Request: strings must be encoded in UTF-8"
    assert await served.events() == []


# ---- structures ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("method", "params", "words"),
    [
        ("sendMessage", {"reply_markup": "{"}, "can't parse reply keyboard markup JSON object"),
        ("sendMessage", {"reply_markup": [1]}, "can't parse reply keyboard markup JSON object"),
        ("sendMessage", {"reply_markup": "[" * 100_000}, "can't parse reply keyboard markup JSON object"),
        ("sendMessage", {"reply_markup": {"inline_keyboard": 1}}, "can't parse reply keyboard markup JSON object"),
        ("sendMessage", {"reply_markup": {"inline_keyboard": [1]}}, "can't parse reply keyboard markup JSON object"),
        ("sendMessage", {"reply_markup": {"inline_keyboard": [[1]]}}, "can't parse reply keyboard markup JSON object"),
        ("sendMessage", {"reply_markup": {"inline_keyboard": [[{"text": "a", "copy_text": "b"}]]}}, "BUTTON_COPY_TEXT_INVALID"),
        ("sendMessage", {"reply_parameters": 5}, "can't parse reply parameters JSON object"),
        ("sendMessage", {"reply_parameters": {"message_id": []}}, "message to be replied not found"),
        ("sendMessage", {"entities": {}}, "can't parse entities JSON object"),
        ("sendMessage", {"entities": [1]}, "can't parse entities JSON object"),
        ("sendMessage", {"entities": [{"type": "bold", "offset": "0", "length": 1}]}, "can't parse MessageEntity"),
        ("sendMessage", {"entities": [{"type": [], "offset": 0, "length": 1}]}, "can't parse MessageEntity"),
        ("sendMediaGroup", {"media": {"a": 1, "b": 2}}, "can't parse media JSON object"),
        ("sendMediaGroup", {"media": ["a", "b"]}, "can't parse media JSON object"),
        ("sendMediaGroup", {"media": [{"type": []}, {"type": []}]}, "is not supported here"),
        ("sendMediaGroup", {"media": [{"type": "photo", "media": "x", "caption_entities": 5}] * 2}, "wrong file identifier"),
        ("editMessageMedia", {"media": [{}]}, "can't parse InputMedia: media not found"),
        ("editMessageMedia", {"media": {"type": []}}, "can't parse InputMedia: media not found"),
        ("setMyCommands", {"commands": ["a"]}, "can't parse commands JSON object"),
        ("setMyCommands", {"commands": [{}]}, "BOT_COMMAND_INVALID"),
        ("setMyCommands", {"commands": [], "scope": []}, "can't parse scope JSON object"),
        ("setMyCommands", {"commands": [], "scope": {"type": "chat"}}, "chat_id is empty"),
        ("deleteMessages", {"message_ids": 5}, "can't parse message identifiers JSON object"),
        ("getChat", {"chat_id": {}}, "chat not found"),
        ("getChat", {"chat_id": ""}, "chat_id is empty"),
    ],
)
async def test_wrong_structures_are_told(served: Served, method: str, params: dict[str, Any], words: str) -> None:
    _, answer = await call(served, "sendMessage", text="the first")
    text = {"text": "x"} if method == "sendMessage" else {}
    assert words in await complaint(served, method, message_id=answer["result"]["message_id"], **text, **params)


async def test_caption_entities_of_an_album_are_looked_at(served: Served) -> None:
    form = aiohttp.FormData()
    form.add_field("one", b"x", filename="one.txt")
    form.add_field("media", json.dumps([{"type": "document", "media": "attach://one", "caption": "c", "caption_entities": 5}] * 2))
    url = f"/bot{served.web.bot_token}/sendMediaGroup?chat_id=1"
    async with aiohttp.ClientSession(served.root) as session, session.post(url, data=form) as answer:
        assert answer.status == 400
        assert "expected an Array of MessageEntity" in (await answer.json())["description"]


# ---- numbers of getUpdates -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({"offset": "nonsense"}, 1),
        ({"offset": 10**40}, 0),
        ({"offset": -(10**40)}, 1),
        ({"limit": "nonsense"}, 1),
        ({"limit": -5}, 1),
        ({"timeout": "0.5"}, 1),
        ({"timeout": -5, "offset": 9}, 0),
        ({"timeout": []}, 1),
        ({"allowed_updates": [{}, []]}, 0),
        ({"allowed_updates": [{}, "message"]}, 1),
    ],
)
async def test_odd_numbers_of_a_poll_are_no_breakdown(served: Served, params: dict[str, Any], found: int) -> None:
    await served.say("x")
    status, answer = await call(served, "getUpdates", **params)
    assert (status, len(answer["result"])) == (200, found)


async def test_a_number_counts_as_far_as_it_is_one(served: Served) -> None:
    for text in "abc":
        await served.say(text)
    _, answer = await call(served, "getUpdates", limit="2 please", offset="1.9", timeout="x")
    assert [update["message"]["text"] for update in answer["result"]] == ["a", "b"]


# ---- secrets -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("secret", ["%C3%A9", "%FF", "%ED%A0%80"])
async def test_a_token_of_other_letters_is_only_wrong(served: Served, secret: str) -> None:
    bot_id = served.web.bot_token.partition(":")[0]
    async with aiohttp.ClientSession(served.root) as session:
        async with session.post(f"/bot{bot_id}:{secret}/getMe") as answer:
            assert answer.status == web.HTTPUnauthorized.status_code
        async with session.get(f"/file/bot{bot_id}:{secret}/files/x") as answer:
            assert answer.status == web.HTTPUnauthorized.status_code
