"""The page's way to the phone: the token of a bot is given here, never in the chat, and comes back as a link and a picture of it."""

from __future__ import annotations

from typing import Any, Protocol

from aiohttp import web

from botcore.model.errors import UserError
from condor.localchat.answers import Refused, body_of, json_answer


class PhoneDoor(Protocol):
    """What connects a bot on Telegram (see `condor.phone`)."""

    async def connect(self, text: str) -> dict[str, Any]: ...

    async def forget(self) -> dict[str, Any]: ...

    async def look(self) -> dict[str, Any]: ...


class PhoneRoutes:
    """See the module."""

    def __init__(self, phone: PhoneDoor | None) -> None:
        self._phone = phone

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/chat/phone", self._look), web.post("/chat/phone", self._change)]

    async def _look(self, request: web.Request) -> web.Response:
        return _answer(await self._door().look())

    async def _change(self, request: web.Request) -> web.Response:
        body = await body_of(request)
        token, forget = body.get("token"), body.get("forget")
        try:
            if forget is True:
                return _answer(await self._door().forget())
            if not isinstance(token, str):
                raise Refused('expected {"token": "..."} or {"forget": true}')
            return _answer(await self._door().connect(token))
        except UserError as error:
            raise Refused(str(error)) from None

    def _door(self) -> PhoneDoor:
        if self._phone is None:
            raise Refused("no bot can be connected to this chat", 404)
        return self._phone


def _answer(found: dict[str, Any]) -> web.Response:
    link = found.get("link")
    return json_answer(found | ({"picture": _picture(link)} if link else {}))


def _picture(link: str) -> str:
    """A QR code as an address that the page can show."""
    # 50 ms that a start does not need
    import segno

    return segno.make(link, error="m").svg_data_uri(scale=6, border=3, dark="#16202a", light="#fff")
