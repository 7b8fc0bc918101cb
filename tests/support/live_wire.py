"""The wire of a rig, watched: what every client owes a venue whatever else goes wrong (I13)."""

from __future__ import annotations

from botcore.venues.port import HttpRequest, Lane
from botcore.venues.wire import NoReply, Reply
from tests.simulation.wire_venue import WirePort

SECOND_NS = 1_000_000_000


class Manners:
    """When a venue has asked for quiet, over lives of the process.

    Attributes
    ----------
    quiet_until_ns : int
        Nothing may leave before; what leaves in the very moment in which the answer arrives can't know of it yet.
    breaches : list of str
        Requests that left all the same.
    sent : list of (int, str)
        (ns, METHOD /path) of everything that left.
    asked : list of (int, str)
        The same with its query: METHOD /path?query.
    """

    def __init__(self) -> None:
        self.quiet_until_ns = 0
        self._heard_ns = 0
        self.breaches: list[str] = []
        self.sent: list[tuple[int, str]] = []
        self.asked: list[tuple[int, str]] = []

    def leaves(self, now_ns: int, asked: str) -> None:
        what = asked.partition("?")[0]
        self.asked.append((now_ns, asked))
        self.sent.append((now_ns, what))
        if self._heard_ns < now_ns < self.quiet_until_ns:
            self.breaches.append(f"{what} left {(self.quiet_until_ns - now_ns) / 1e9:.3f} s before the venue's rest was over")

    def arrives(self, now_ns: int, reply: Reply) -> None:
        after = reply.headers.get("retry-after", "")
        if reply.status in (418, 429) and after.isdigit():
            self._heard_ns = now_ns
            self.quiet_until_ns = max(self.quiet_until_ns, now_ns + int(after) * SECOND_NS)


class WatchedPort(WirePort):
    """See the module."""

    manners: Manners

    async def request(self, request: HttpRequest, lane: Lane, timeout_s: float) -> Reply | NoReply:
        self.manners.leaves(self._loop.now_ns, f"{request.method} {self._split(request.url)[1]}")
        reply = await super().request(request, lane, timeout_s)
        if isinstance(reply, Reply):
            self.manners.arrives(self._loop.now_ns, reply)
        return reply
