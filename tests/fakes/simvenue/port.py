"""`SimPort`: venues in the same process behind the network port that Condor's connectors use. Time is the loop's; nothing leaves the process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from botcore.venues.port import HttpRequest, Lane, Socket, SocketClosed
from botcore.venues.wire import NoReply, Reply
from tests.fakes.simvenue.front import Dropped, Front, FrontSession
from tests.fakes.simvenue.wire import Problem


class SimSocket:
    """One socket of a client in the process."""

    def __init__(self, front: Front, target: str, pong_s: float) -> None:
        self._queue: asyncio.Queue[bytes | SocketClosed] = asyncio.Queue()
        self._pong_s = pong_s
        self._end: SocketClosed | None = None
        self._session: FrontSession = front.connect(
            target, self._queue.put_nowait, lambda code, reason: self._queue.put_nowait(SocketClosed(code, reason))
        )

    async def receive(self) -> bytes:
        """The next message; a half-open socket ends when a pong is missed."""
        if self._end is not None:
            raise self._end
        while True:
            try:
                found = self._queue.get_nowait() if not self._queue.empty() else await asyncio.wait_for(self._queue.get(), self._pong_s)
            except TimeoutError:
                if not self._session.is_dead:
                    continue
                found = SocketClosed(1006, "no pong")
            if isinstance(found, SocketClosed):
                self._end = found
                self._session.closed()
                raise found
            return found

    async def send(self, message: bytes) -> None:
        if self._end is not None:
            raise self._end
        self._session.receive(message)

    async def close(self) -> None:
        if self._end is None:
            self._end = SocketClosed(1000, "closed here")
            self._queue.put_nowait(self._end)
            self._session.closed()


class SimPort:
    """See the module.

    Parameters
    ----------
    fronts : mapping of str to Front
        By host (with port) as it stands in addresses: `{"spot.sim": front}` serves `https://spot.sim/...` and `wss://spot.sim/...`.
    pong_s : float
        After how long a half-open socket is noticed.
    """

    def __init__(self, fronts: Mapping[str, Front], now_ns: Callable[[], int], pong_s: float = 20.0) -> None:
        self._fronts = fronts
        self._now = now_ns
        self._pong_s = pong_s

    def _split(self, url: str) -> tuple[Front, str]:
        parts = urlsplit(url)
        target = parts.path or "/"
        return self._fronts[parts.netloc], f"{target}?{parts.query}" if parts.query else target

    def renew(self, lane: Lane) -> None:
        """There are no connections here that one could do without."""

    async def request(self, request: HttpRequest, lane: Lane, timeout_s: float) -> Reply | NoReply:
        try:
            front, target = self._split(request.url)
        except KeyError:
            return NoReply(f"no such host: {request.url}", left=False)
        sent = self._now()
        try:
            answer = await asyncio.wait_for(front.request(request.method, target, request.headers, request.body), timeout_s)
        except TimeoutError:
            return NoReply("timeout", left=True)
        if isinstance(answer, Dropped):
            return NoReply(answer.reason, left=True)
        return Reply(answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.body, sent, self._now())

    async def connect(self, url: str, timeout_s: float) -> Socket:
        try:
            front, target = self._split(url)
            return SimSocket(front, target, self._pong_s)
        except KeyError:
            raise SocketClosed(1006, f"no such host: {url}") from None
        except Problem as problem:
            raise SocketClosed(1006, str(problem)) from None

    async def close(self) -> None:
        """Nothing is held."""
