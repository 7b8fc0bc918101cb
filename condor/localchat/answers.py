"""What the person's side of the local chat answers with, and how its requests are read."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from condor.localchat.parameters import BROKEN

CSP = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class Refused(Exception):
    """A request of the page or a program that can't be carried out."""

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.status = status


def json_answer(value: Any) -> web.Response:
    """A value as JSON, never kept by a browser."""
    return web.json_response(value, headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"})


async def body_of(request: web.Request) -> dict[str, Any]:
    """The JSON object that was sent; raises Refused for anything else."""
    try:
        body = await request.json()
    except BROKEN:
        raise Refused("expected a JSON object as the body") from None
    if not isinstance(body, dict):
        raise Refused("expected a JSON object as the body")
    return body


def number_of(request: web.Request, name: str, default: float) -> float:
    """A number of the query that is not negative; raises Refused for anything else."""
    text = request.query.get(name)
    if text is None:
        return default
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < 2**62:
        raise Refused(f"expected {name} as a number of 0 or more, found {text[:40]!r}")
    return value
