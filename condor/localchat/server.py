"""The Bot API over HTTP: what python-telegram-bot, or any other client library, talks to."""

from __future__ import annotations

import asyncio
import logging
import re
from typing import Any

from aiohttp import web

from condor.localchat.access import ChatAccess
from condor.localchat.errors import BotApiError
from condor.localchat.methods import METHODS
from condor.localchat.parameters import read
from condor.localchat.signal import ChangeSignal
from condor.localchat.state import BOT_ID, ChatState
from condor.localchat.trouble import TroubledLine

log = logging.getLogger(__name__)

MAX_POLL_S = 50
MAX_UPDATES = 100
_INTEGER = re.compile(r"-?[0-9]{1,18}")


class BotApiServer:
    """Routes `/bot<token>/<method>` and `/file/bot<token>/<path>`.

    Parameters
    ----------
    line : TroubledLine
        What the way to the bot is made to be like.
    """

    def __init__(self, state: ChatState, access: ChatAccess, signal: ChangeSignal, line: TroubledLine) -> None:
        self._state = state
        self._access = access
        self._signal = signal
        self._line = line
        self._poll = 0

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/bot{token}/{method}", self._call),
            web.get("/bot{token}/{method}", self._call),
            web.get("/file/bot{token}/{path:.+}", self._download),
        ]

    def _is_bot(self, request: web.Request) -> bool:
        bot_id, _, secret = request.match_info["token"].partition(":")
        return bot_id == str(BOT_ID) and self._access.is_secret(secret)

    async def _call(self, request: web.Request) -> web.Response:
        if not await self._line.carry(request):
            return web.Response(status=502)
        if not self._is_bot(request):
            return _error(BotApiError(401, "Unauthorized"))
        method = request.match_info["method"]
        try:
            params, files = await read(request)
            if method.lower() == "getupdates":
                found = await self._get_updates(params)
                # what waited when the line broke is not heard of; it is asked for again
                return web.Response(status=502) if self._line.cut(request) else _ok(found)
            work = METHODS.get(method.lower())
            if work is None:
                log.error("the local chat has no Bot API method %s", method)
                raise BotApiError(404, "Not Found: method not found")
            self._line.count(method)
            return _ok(work(self._state, params, files))
        except BotApiError as error:
            return _error(error)

    async def _get_updates(self, params: dict[str, Any]) -> list[dict[str, Any]]:
        """Long polling: waits until there is something, for one poller at a time."""
        self._poll += 1
        poll = self._poll
        self._signal.fire()
        offset = _integer(params, "offset", 0)
        if offset < 0:
            # counted from the end; what is before it is forgotten
            kept = list(self._state.updates)[offset:]
            offset = kept[0]["update_id"] if kept else 0
        limit = min(MAX_UPDATES, max(1, _integer(params, "limit", MAX_UPDATES) or MAX_UPDATES))
        allowed = params.get("allowed_updates") or []
        self._state.confirm_updates(offset)
        deadline = asyncio.get_running_loop().time() + min(MAX_POLL_S, _integer(params, "timeout", 0))
        while True:
            found = [update for update in self._state.updates if update["update_id"] >= offset and _is_allowed(update, allowed)][:limit]
            left = deadline - asyncio.get_running_loop().time()
            if poll != self._poll:
                text = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
                raise BotApiError(409, text)
            if found or left <= 0 or self._line.is_broken:
                return found
            await self._signal.wait(left)

    async def _download(self, request: web.Request) -> web.Response:
        if not await self._line.carry(request):
            return web.Response(status=502)
        if not self._is_bot(request):
            return _error(BotApiError(401, "Unauthorized"))
        try:
            _, mime, content = self._state.file(request.match_info["path"].removeprefix("files/"))
        except BotApiError as error:
            return _error(BotApiError(404, error.description))
        return web.Response(body=content, content_type=mime)


def _integer(params: dict[str, Any], name: str, default: int) -> int:
    """A whole number, or as much of the beginning as is one, as Telegram reads them."""
    found = _INTEGER.match(str(params.get(name, "")))
    return int(found[0]) if found else default


def _is_allowed(update: dict[str, Any], allowed: list[str]) -> bool:
    return not allowed or any(str(kind) in update for kind in allowed)


def _ok(result: Any) -> web.Response:
    return web.json_response({"ok": True, "result": result})


def _error(error: BotApiError) -> web.Response:
    body: dict[str, Any] = {"ok": False, "error_code": error.status, "description": error.description}
    if error.parameters:
        body["parameters"] = error.parameters
    return web.json_response(body, status=error.status)
