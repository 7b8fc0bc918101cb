"""The network as venues see it: one request and its reply, one socket and its messages. Nothing here knows a venue or a library.

`AiohttpPort` is the real one; a simulation passes one of its own, whose time is virtual. Whoever uses a port measures time by the loop and the clock it was given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from botcore.venues.wire import NoReply, Reply


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request as it goes out, signed and complete.

    Parameters
    ----------
    url : str
        Absolute, with the query.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def __repr__(self) -> str:
        # neither signature nor key: a request ends up in messages about itself
        return f"HttpRequest({self.method} {self.url.partition('?')[0]})"


class Lane(Enum):
    """Which connections a request may use: slow polls never hold up an order."""

    ORDERS = "orders"
    POLLS = "polls"


class SocketClosed(Exception):
    """The socket is gone.

    Parameters
    ----------
    code : int
        Close code of the protocol; 1006 when none came.
    """

    def __init__(self, code: int = 1006, reason: str = "") -> None:
        super().__init__(f"{code} {reason}".strip())
        self.code = code
        self.reason = reason


class Socket(Protocol):
    """One open WebSocket; pings of the other side are answered by whoever implements this."""

    async def receive(self) -> bytes:
        """The next message, text as UTF-8 bytes.

        Raises
        ------
        SocketClosed
            When it ends, for whatever reason, a missed pong included.
        """

    async def send(self, message: bytes) -> None:
        """Send one text message.

        Raises
        ------
        SocketClosed
            When it is gone.
        """

    async def close(self) -> None:
        """End it; never raises."""


class Port(Protocol):
    """See the module."""

    async def request(self, request: HttpRequest, lane: Lane, timeout_s: float) -> Reply | NoReply:
        """Send a request and read the whole reply; never raises but for cancellation. `NoReply.left` is False only when no byte can have left."""

    def renew(self, lane: Lane) -> None:
        """Requests from now on use none of the lane's present connections; what is under way on these may end."""

    async def connect(self, url: str, timeout_s: float) -> Socket:
        """Open a socket.

        Raises
        ------
        SocketClosed
            When it can't be opened in time; the reason says why (status, DNS, TLS ...).
        """

    async def close(self) -> None:
        """Let go of all connections."""
