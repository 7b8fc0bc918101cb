"""What a person does: the page, what is typed, tapped and sent; a program does the same by the same requests. Reading is in `reading.py`."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from aiohttp import web

from condor.localchat.access import COOKIE, ChatAccess
from condor.localchat.answers import HEADERS, Refused, body_of, json_answer
from condor.localchat.entities import clean, is_unicode, utf16_length
from condor.localchat.errors import BotApiError
from condor.localchat.files import MAX_FILE, UploadedFile, document_part, photo_part, uploaded
from condor.localchat.parameters import BROKEN
from condor.localchat.parts import MAX_CAPTION, MAX_TEXT
from condor.localchat.state import SECOND_USER, ChatState, LocalUser

PAGE = Path(__file__).parent / "page"
_COMMAND = re.compile(r"^/[a-z0-9_]{1,32}(?:@\w+)?", re.IGNORECASE)
PAPER_BADGE = b'<span class="badge" title="Paper trading: no real money">paper</span>'
REAL_BADGE = b'<span class="badge real" title="An account with real money is connected">real money</span>'


class PanicButton(Protocol):
    """What stops everything."""

    async def press(self, *, flatten: bool, front: str) -> dict[str, Any]: ...

    def look(self) -> dict[str, Any]: ...


class UserApi:
    """Routes of the page and of `/chat/...`.

    Parameters
    ----------
    is_real : callable
        Whether real money can be traded from here now: the page's header says so.
    panic : PanicButton, optional
    """

    def __init__(
        self, state: ChatState, access: ChatAccess, *, is_real: Callable[[], bool] = lambda: False, panic: PanicButton | None = None
    ) -> None:
        self._panic = panic
        self._is_real = is_real
        self._state = state
        self._access = access

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/", self._index),
            web.get("/enter/{token}", self._enter),
            web.get("/page/{name}", self._asset),
            web.post("/chat/send", self._send),
            web.post("/chat/tap", self._tap),
            web.post("/chat/upload", self._upload),
            web.post("/chat/link", self._link),
            web.post("/chat/panic", self._press),
            web.get("/chat/panic", self._pressed),
        ]

    # ---- the page --------------------------------------------------------------------------------------------------
    async def _index(self, request: web.Request) -> web.Response:
        shown = _page("index.html")
        if self._is_real() and isinstance(shown.body, bytes):
            shown.body = shown.body.replace(PAPER_BADGE, REAL_BADGE)
        return shown

    async def _asset(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if not re.fullmatch(r"[a-z]+\.(css|js|svg)", name) or not (PAGE / name).is_file():
            raise web.HTTPNotFound(text="there is no such file")
        return _page(name)

    async def _enter(self, request: web.Request) -> web.StreamResponse:
        session = self._access.redeem(request.match_info["token"])
        if session is None:
            text = "This link was used before or is too old. Run `condor link` on this machine for a new one."
            return web.Response(text=text, status=403, headers=HEADERS)
        response = web.Response(status=302, headers={**HEADERS, "Location": "/"})
        response.set_cookie(COOKIE, session, httponly=True, samesite="Strict", path="/", max_age=90 * 86_400)
        return response

    async def _link(self, request: web.Request) -> web.Response:
        return json_answer({"url": f"http://{request.host}/enter/{self._access.new_link()}"})

    # ---- saying and tapping ----------------------------------------------------------------------------------------
    async def _send(self, request: web.Request) -> web.Response:
        body = await body_of(request)
        text = _said(body.get("text"))
        if not text:
            raise Refused('expected {"text": "..."} with some text, found none')
        if utf16_length(text) > MAX_TEXT:
            raise Refused(f"expected at most {MAX_TEXT} characters, found {utf16_length(text)}")
        reply_to = self._replied(body.get("reply_to"))
        content: dict[str, Any] = {"text": text}
        command = _COMMAND.match(text)
        if command:
            content["entities"] = [{"type": "bot_command", "offset": 0, "length": command.end()}]
        message = self._state.say(content, reply_to, by=_who(body))
        return json_answer({"seq": self._state.seq, "message_id": message["message_id"]})

    async def _tap(self, request: web.Request) -> web.Response:
        body = await body_of(request)
        try:
            message_id, row, column = int(body["message_id"]), int(body["row"]), int(body["column"])
        except (KeyError, TypeError, ValueError, OverflowError):
            raise Refused('expected {"message_id": N, "row": N, "column": N} as numbers') from None
        message = self._state.messages.get(message_id)
        if message is None:
            raise Refused(f"there is no message {message_id}", 404)
        rows = message.get("reply_markup", {}).get("inline_keyboard", [])
        if not (0 <= row < len(rows) and 0 <= column < len(rows[row])):
            raise Refused(f"message {message_id} has no button in row {row}, column {column}; it has {[len(item) for item in rows]} a row", 404)
        button = rows[row][column]
        if "callback_data" not in button:
            raise Refused(f"the button {button['text']!r} opens something on the page and can't be tapped by a program")
        callback_id = self._state.tap(message, button["callback_data"], by=_who(body))
        return json_answer({"seq": self._state.seq, "callback_id": callback_id})

    async def _upload(self, request: web.Request) -> web.Response:
        if request.content_type != "multipart/form-data":
            raise Refused("expected multipart/form-data with a part named file")
        try:
            form = await request.post()
        except web.HTTPRequestEntityTooLarge:
            raise Refused(f"expected a file of 1 byte to {MAX_FILE} bytes, found more", 413) from None
        except BROKEN:
            raise Refused("expected multipart/form-data with a part named file") from None
        part, caption, reply_to = form.get("file"), form.get("caption"), form.get("reply_to") or None
        if not isinstance(part, web.FileField):
            raise Refused("expected a part named file, found none")
        file = uploaded(part.filename or "file", part.file.read())
        if not 0 < len(file.content) <= MAX_FILE:
            raise Refused(f"expected a file of 1 byte to {MAX_FILE} bytes, found {len(file.content)}")
        # a form holds text only
        by = _who({"second": form.get("second") == "true"})
        replied = self._replied(int(str(reply_to)) if self._state.known(reply_to) else reply_to)
        content = _file_content(self._state.keep_file(file.name, file.mime, file.content), file, _said(caption))
        message = self._state.say(content, replied, by=by)
        return json_answer({"seq": self._state.seq, "message_id": message["message_id"]})

    def _replied(self, message_id: Any) -> int | None:
        """The message that is replied to, if one is named; raises Refused when there is none of that id."""
        if message_id is None:
            return None
        if type(message_id) is not int or message_id not in self._state.messages:
            raise Refused(f"there is no message {message_id} to reply to", 404)
        return message_id

    # ---- stopping everything ---------------------------------------------------------------------------------------
    async def _press(self, request: web.Request) -> web.Response:
        body = await body_of(request)
        if not isinstance(body.get("flatten"), bool):
            raise Refused('expected {"flatten": true or false}')
        return json_answer(await self._button().press(flatten=body["flatten"], front=str(body.get("from", "program"))[:16]))

    async def _pressed(self, request: web.Request) -> web.Response:
        return json_answer(self._button().look())

    def _button(self) -> PanicButton:
        if self._panic is None:
            raise Refused("nothing trades behind this chat", 404)
        return self._panic


def _who(body: dict[str, Any]) -> LocalUser | None:
    """Who does this: the person of the chat, or somebody else who sees it too, as in a group."""
    return SECOND_USER if body.get("second") is True else None


def _said(value: Any) -> str:
    """What somebody typed, as Telegram would take it in."""
    text = clean(value).strip() if isinstance(value, str) else ""
    if not is_unicode(text):
        raise Refused("expected text in Unicode, found half of a character")
    return text


def _file_content(file_id: str, file: UploadedFile, caption: str) -> dict[str, Any]:
    if file.mime in ("image/png", "image/jpeg"):
        try:
            parts = photo_part(file_id, file.content)
        except BotApiError:
            raise Refused(f"{file.name} is called an image, but is not a PNG or JPEG") from None
    else:
        parts = document_part(file_id, file)
    if caption:
        parts["caption"] = caption[:MAX_CAPTION]
    return parts


def _page(name: str) -> web.Response:
    path = PAGE / name
    mime = mimetypes.guess_type(name)[0] or "text/plain"
    return web.Response(body=path.read_bytes(), content_type=mime, charset="utf-8", headers=HEADERS)
