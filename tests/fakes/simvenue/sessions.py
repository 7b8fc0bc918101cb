"""Sockets as the venue sees them: market streams with their subscriptions, and the futures' private streams by listen key."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote

import orjson

from tests.fakes.simvenue.wire import Problem

if TYPE_CHECKING:
    from tests.fakes.simvenue.venue import SimVenue

DAY_NS = 24 * 3600 * 1_000_000_000
ROUTES = ("public", "market", "private")
"""Entry points of the futures' streams since 2026; without one everything is served, as before."""


class Session:
    """One open socket. `push` takes what goes out; `close` ends it from the venue's side."""

    longest_s = 24 * 3600

    def __init__(self, venue: SimVenue, push: Callable[[bytes], None], close: Callable[[int, str], None]) -> None:
        self.venue = venue
        self.number = venue.new_number()
        self.push = push
        self._close = close
        self.is_open = True
        self.opened_ns = venue.engine.now_ns
        # held weakly: a session that has ended is gone, also for those who count
        myself = weakref.ref(self)

        def be_over() -> None:
            session = myself()
            if session is not None:
                session.shut(1008, "24 hours are over")

        venue.at(self.opened_ns + self.longest_s * 1_000_000_000, be_over)

    def receive(self, message: bytes) -> None:
        """A message of the client."""
        if self.is_open:
            self.venue.advance()
            self.heard(message)

    def heard(self, message: bytes) -> None:
        raise NotImplementedError

    def told(self, name: str, body: bytes) -> None:
        raise NotImplementedError

    def left(self) -> None:
        """Give up what it held."""

    def closed(self) -> None:
        """The client is gone."""
        if self.is_open:
            self.is_open = False
            self.venue.sessions.pop(self.number, None)
            self.left()

    def shut(self, code: int, reason: str) -> None:
        """End it from our side."""
        if self.is_open:
            self.closed()
            self._close(code, reason)

    def farewell(self) -> None:
        """Say that the server will go down in a moment."""
        self.push(orjson.dumps({"e": "serverShutdown", "E": self.venue.ms(self.venue.engine.now_ns)}))


class StreamSession(Session):
    """Streams of `/ws` and `/stream`.

    Parameters
    ----------
    route : str
        `public`, `market` or `private` on futures; '' serves everything.
    """

    def __init__(self, venue: SimVenue, push: Callable[[bytes], None], close: Callable[[int, str], None], *, is_combined: bool, route: str) -> None:
        super().__init__(venue, push, close)
        self.is_combined = is_combined
        self.route = route
        self.names: dict[str, None] = {}
        self.silent: dict[str, None] = {}
        """Asked for and granted, but nothing ever comes of them (unknown names, wrong route)."""

    def subscribe(self, names: list[str]) -> None:
        for name in names:
            if name in self.names or name in self.silent:
                continue
            if self._serves(name) and (self.venue.users.listen(name, self) or self.venue.hub.listen(name, self)):
                self.names[name] = None
            else:
                self.silent[name] = None

    def _serves(self, name: str) -> bool:
        if not self.route:
            return True
        kind = name.partition("@")[2]
        is_key = self.venue.users.knows(name)
        if self.route == "private":
            return is_key
        if is_key:
            return False
        if kind == "trade":
            return True
        return kind.startswith(("depth", "bookTicker")) == (self.route == "public")

    def unsubscribe(self, names: list[str]) -> None:
        for name in names:
            if name in self.names:
                del self.names[name]
                self.venue.hub.leave(name, self)
                self.venue.users.leave(name, self)
            self.silent.pop(name, None)

    def left(self) -> None:
        self.unsubscribe(list(self.names))

    def told(self, name: str, body: bytes) -> None:
        self.push(b'{"stream":"' + name.encode() + b'","data":' + body + b"}" if self.is_combined else body)

    def heard(self, message: bytes) -> None:
        try:
            asked = orjson.loads(message)
        except orjson.JSONDecodeError as bad:
            self._fail(3, f"Invalid JSON: {bad}", None)
            return
        if not isinstance(asked, dict) or "method" not in asked:
            self._fail(2, "Invalid request: missing field `method`", None)
            return
        number, params = asked.get("id"), asked.get("params") or []
        method = asked["method"]
        if not isinstance(params, list) or (method in ("SUBSCRIBE", "UNSUBSCRIBE") and not all(isinstance(name, str) for name in params)):
            self._fail(2, "Invalid request: invalid type for `params`", number)
        elif method == "SUBSCRIBE":
            if len(self.names) + len(self.silent) + len(params) > 1024:
                self.shut(1008, "Too many streams")
                return
            self._answer(None, number)
            self.subscribe(params)
        elif method == "UNSUBSCRIBE":
            self.unsubscribe(params)
            self._answer(None, number)
        elif method == "LIST_SUBSCRIPTIONS":
            self._answer([*self.names, *self.silent], number)
        elif method == "SET_PROPERTY":
            self.is_combined = bool(params[1]) if len(params) == 2 and params[0] == "combined" else self.is_combined
            self._answer(None, number)
        elif method == "GET_PROPERTY":
            self._answer(self.is_combined, number)
        else:
            self._fail(2, f"Invalid request: unknown variant `{method}`", number)

    def _answer(self, result: Any, number: Any) -> None:
        self.push(orjson.dumps({"result": result, "id": number}))

    def _fail(self, code: int, msg: str, number: Any) -> None:
        answer: dict[str, Any] = {"error": {"code": code, "msg": msg}}
        if number is not None:
            answer["id"] = number
        self.push(orjson.dumps(answer))


def open_session(venue: SimVenue, target: str, push: Callable[[bytes], None], close: Callable[[int, str], None]) -> Session:
    """The session behind an address.

    Raises
    ------
    Problem
        404 where nothing is served.
    """
    path, _, query = target.partition("?")
    parts = [unquote(part) for part in path.strip("/").split("/")]
    options = parse_qs(query)
    api = {"spot": ["ws-api", "v3"], "futures": ["ws-fapi", "v1"]}[venue.kind]
    if parts == api:
        from tests.fakes.simvenue.ws_api import ApiSession  # it is a session itself

        return ApiSession(venue, push, close)
    route = ""
    if venue.kind == "futures" and parts[0] in ROUTES:
        route = parts.pop(0)
    if not parts or parts[0] not in ("ws", "stream"):
        raise Problem(0, "Not Found", 404)
    session = StreamSession(venue, push, close, is_combined=parts[0] == "stream", route=route)
    names = parts[1:] if parts[0] == "ws" else [name for text in options.get("streams", []) for name in text.split("/")]
    events = [event for text in options.get("events", []) for event in text.split("/")]
    for key in options.get("listenKey", []):
        names += [f"{key}@{event}" for event in events] or [key]
    session.subscribe([name for name in names if name])
    return session
