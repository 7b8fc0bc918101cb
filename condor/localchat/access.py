"""Who may use the page and the programs' interface: this machine's owner and nobody else.

The address that `condor run` prints holds a token that works once and is swapped for a cookie. Programs send as bearer what stands in `data/chat.token`, a new
secret at every start. Requests must name this host (a page elsewhere can't reach us by rebinding its name) and must not come from another origin.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from pathlib import Path

from aiohttp import web

from condor.private_file import write_private
from condor.store.chat_store import ChatStore

COOKIE = "condor_session"
LINK_TTL_S = 15 * 60
MAX_SESSIONS = 20


def write_secret(path: Path) -> str:
    """A new secret in a file that only its owner may read."""
    secret = secrets.token_urlsafe(32)
    write_private(path, secret)
    return secret


class ChatAccess:
    """See the module.

    Parameters
    ----------
    secret : str
        What programs send.
    store : ChatStore
        Keeps the hashes of sessions, so that an open page survives a restart.
    """

    def __init__(self, secret: str, store: ChatStore, now: Callable[[], float]) -> None:
        self._secret = secret
        self._store = store
        self._now = now
        self._links: dict[str, float] = {}
        self._sessions: list[str] = list(store.value("sessions") or [])
        self._hosts: frozenset[str] = frozenset()

    def serve(self, port: int) -> None:
        """Know the port, and so the names under which requests may come."""
        self._hosts = frozenset({f"127.0.0.1:{port}", f"localhost:{port}", f"[::1]:{port}"})

    # ---- links and sessions ----------------------------------------------------------------------------------------
    def new_link(self) -> str:
        """A token for one visit."""
        self._links = {token: until for token, until in self._links.items() if until > self._now()}
        token = secrets.token_urlsafe(18)
        self._links[token] = self._now() + LINK_TTL_S
        return token

    def redeem(self, token: str) -> str | None:
        """Swap a link's token for a session; None when it was used or is too old."""
        known = next((link for link in self._links if hmac.compare_digest(link.encode(), token.encode(errors="replace"))), None)
        if known is None or self._links.pop(known) < self._now():
            return None
        session = secrets.token_urlsafe(32)
        self._sessions = [*self._sessions, _hashed(session)][-MAX_SESSIONS:]
        self._store.save(values={"sessions": self._sessions})
        return session

    # ---- checks ----------------------------------------------------------------------------------------------------
    def refusal(self, request: web.Request) -> str | None:
        """Why a request may not even be looked at: a wrong host or a foreign origin."""
        if request.host not in self._hosts:
            return f"this server answers as {min(self._hosts, default='127.0.0.1')} only"
        origin = request.headers.get("Origin")
        if origin is not None and origin.removeprefix("http://") not in self._hosts:
            return "requests from other sites are refused"
        return None

    def is_allowed(self, request: web.Request) -> bool:
        """Whether the request carries the page's cookie or the programs' bearer."""
        scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer" and self.is_secret(bearer.strip()):
            return True
        session = request.cookies.get(COOKIE)
        if session is None:
            return False
        hashed = _hashed(session)
        return any(hmac.compare_digest(known, hashed) for known in self._sessions)

    def is_secret(self, given: str) -> bool:
        return hmac.compare_digest(self._secret.encode(), given.encode(errors="replace"))


def _hashed(session: str) -> str:
    return hashlib.sha256(session.encode(errors="replace")).hexdigest()
