"""The second channel: one signed POST for each thing that is critical, to an address that the owner has given. Off unless there is one.

Whoever receives it checks `X-Condor-Signature: t=SECONDS,v1=HEX`: HMAC-SHA256 of `SECONDS.BODY` under the shared secret, and forgets what is older than a minute or
has an id that it knows. The body is JSON and never holds a key or a token.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable

import aiohttp

from condor.alerts.posting import Post, Unreachable
from condor.views import Notice

TIMEOUT_S = 10.0
FRONT = "webhook"
"""Stands in the outbox where a chat's front end stands."""


def signature(secret: str, seconds: int, body: bytes) -> str:
    """What `X-Condor-Signature` holds."""
    digest = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={seconds},v1={digest}"


class Webhook:
    """Implements `Notifier`: what it is given leaves as POST requests. An answer of 2xx is a delivery."""

    def __init__(self, url: str, secret: str, now_s: Callable[[], float]) -> None:
        self._url = url
        self._secret = secret
        self._now_s = now_s

    async def send(self, post: Post) -> int:
        """Send what a post tells; there are no message ids here.

        Raises
        ------
        Unreachable
            If it was not taken.
        """
        body = json.dumps([_body(notice) for notice in post.notices], sort_keys=True).encode()
        headers = {"Content-Type": "application/json", "X-Condor-Signature": signature(self._secret, int(self._now_s()), body)}
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout, trust_env=True) as session,
                session.post(self._url, data=body, headers=headers, allow_redirects=False) as answer,
            ):
                status = answer.status
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            # the address may hold a secret of its own: it is not named
            raise Unreachable(f"the webhook was not reached: {type(error).__name__}") from None
        if not 200 <= status < 300:
            raise Unreachable(f"the webhook answered {status}")
        return 0

    async def edit(self, chat_id: int, message_id: int, notice: Notice) -> None:
        """What was sent stays as it is."""


def _body(notice: Notice) -> dict[str, object]:
    return {
        "id": notice.event_id,
        "kind": notice.kind,
        "severity": "critical",
        "bot": notice.bot_title,
        "mode": notice.mode,
        "at_ms": notice.wall_ms,
        "details": notice.payload,
    }
