"""`AiohttpPort`: the real network.

Orders, polls and sockets have connections of their own, so that a slow poll never holds up an order. Nothing is sent twice, no redirect is followed, no cookie and no
setting of the environment is used. Texts name the host and what went wrong; they never hold an address with its signature.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import cast

import aiohttp
from yarl import URL

from botcore.venues.live_spec import TimeoutSpec
from botcore.venues.port import HttpRequest, Lane, Socket, SocketClosed
from botcore.venues.wire import NoReply, Reply

CONNECTIONS: Mapping[Lane, int] = {Lane.ORDERS: 64, Lane.POLLS: 32}
"""Connections of each lane; more than a limiter has under way at once, so that a signed request never waits for one."""

KEEP_ALIVE_S = 15.0
"""Idle connections are closed before venues close them: a request must not meet a connection that is just being closed."""


class _SentTwice(aiohttp.ClientConnectionError):
    """The library was about to send a request again after a connection broke."""


class _TooLarge(Exception):
    """A reply is longer than allowed."""


class _Departure:
    """Whether a request has got a connection: from then on a byte of it may have left."""

    def __init__(self, may_repeat: bool) -> None:
        self.may_repeat = may_repeat
        self.left = False

    def got_connection(self) -> None:
        if self.left and not self.may_repeat:
            raise _SentTwice
        self.left = True


class AiohttpPort:
    """See the module.

    Parameters
    ----------
    now_ns : callable
        The clock of `Reply.sent_ns` and `received_ns`, ns.
    timeouts : TimeoutSpec, optional
        `connect_s` and `pong_s` are used here; whoever calls gives the time for the whole reply.
    longest_reply, longest_message : int
        Bytes; more of a reply, unpacked, or of one message of a socket is not read.
    may_connect : callable, optional
        Whether sockets may be opened; not while the process has no descriptors left for anything but requests.
    """

    def __init__(
        self,
        now_ns: Callable[[], int],
        timeouts: TimeoutSpec | None = None,
        *,
        longest_reply: int = 64 * 1024 * 1024,
        longest_message: int = 16 * 1024 * 1024,
        may_connect: Callable[[], bool] = lambda: True,
    ) -> None:
        self._now_ns = now_ns
        self._timeouts = timeouts or TimeoutSpec()
        self._longest_reply = longest_reply
        self._longest_message = longest_message
        self._may_connect = may_connect
        self._sessions: dict[Lane | None, aiohttp.ClientSession] = {}
        self._leaving: dict[asyncio.Task[None], aiohttp.ClientSession] = {}

    # ---- requests ------------------------------------------------------------------------------------------------------
    async def request(self, request: HttpRequest, lane: Lane, timeout_s: float) -> Reply | NoReply:
        departure = _Departure(may_repeat=request.method == "GET")
        sent_ns = self._now_ns()
        try:
            async with asyncio.timeout(timeout_s):
                return await self._exchange(request, lane, departure, sent_ns)
        except _TooLarge:
            return NoReply(f"the reply of {_host(request.url)} is longer than {self._longest_reply} bytes", left=True)
        except TimeoutError as error:
            return NoReply(self._late(error, request.url, timeout_s), departure.left)
        except Exception as error:  # noqa: BLE001
            # whatever it is, the caller must learn whether the request may have left
            return NoReply(explain(error, _host(request.url)), departure.left)

    async def _exchange(self, request: HttpRequest, lane: Lane, departure: _Departure, sent_ns: int) -> Reply:
        async with self._session(lane).request(
            request.method,
            URL(request.url, encoded=True),
            data=request.body or None,
            headers=request.headers,
            allow_redirects=False,
            trace_request_ctx=departure,
        ) as response:
            body = bytearray()
            async for chunk in response.content.iter_any():
                body += chunk
                if len(body) > self._longest_reply:
                    response.close()
                    raise _TooLarge
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Reply(response.status, headers, bytes(body), sent_ns, self._now_ns())

    def renew(self, lane: Lane) -> None:
        session = self._sessions.pop(lane, None)
        if session is not None:
            task = asyncio.get_running_loop().create_task(self._leave(session), name=f"old connections for {lane.value}")
            self._leaving[task] = session
            task.add_done_callback(lambda done: self._leaving.pop(done, None))

    async def _leave(self, session: aiohttp.ClientSession) -> None:
        """Close a session when nothing can be under way in it any more."""
        await asyncio.sleep(self._timeouts.total_s)
        await session.close()

    def _late(self, error: TimeoutError, url: str, timeout_s: float) -> str:
        if isinstance(error, aiohttp.ConnectionTimeoutError):
            return f"no connection to {_host(url)} within {self._timeouts.connect_s:g} s"
        return f"no complete reply from {_host(url)} within {timeout_s:g} s"

    # ---- sockets -------------------------------------------------------------------------------------------------------
    async def connect(self, url: str, timeout_s: float) -> Socket:
        if not self._may_connect():
            raise SocketClosed(1006, f"{_host(url)} is not connected to: no file descriptors are left")
        try:
            async with asyncio.timeout(timeout_s):
                socket = await self._session(None).ws_connect(
                    URL(url, encoded=True),
                    # a ping after this time without a message, and half of it again for the answer: together less than `pong_s`
                    heartbeat=self._timeouts.pong_s * 0.6,
                    timeout=aiohttp.ClientWSTimeout(ws_close=2.0),
                    max_msg_size=self._longest_message,
                    decode_text=False,
                )
        except TimeoutError:
            raise SocketClosed(1006, f"no connection to {_host(url)} within {timeout_s:g} s") from None
        except Exception as error:  # noqa: BLE001
            raise SocketClosed(1006, explain(error, _host(url))) from None
        return AiohttpSocket(socket, _host(url))

    async def close(self) -> None:
        sessions = [*self._sessions.values(), *self._leaving.values()]
        self._sessions.clear()
        for task in list(self._leaving):
            task.cancel()
        for session in sessions:
            await session.close()

    def _session(self, lane: Lane | None) -> aiohttp.ClientSession:
        """Connections of a lane, of sockets when None; made when first used, for that must happen within a loop."""
        session = self._sessions.get(lane)
        if session is None:
            limit = 0 if lane is None else CONNECTIONS[lane]
            session = self._sessions[lane] = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=limit, keepalive_timeout=KEEP_ALIVE_S, ttl_dns_cache=60),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None, connect=self._timeouts.connect_s),
                headers={"User-Agent": "condor"},
                trust_env=False,
                trace_configs=[_tracing()] if lane is not None else None,
            )
        return session


class AiohttpSocket:
    """An open WebSocket of aiohttp, which answers pings and sends its own."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse[bool], host: str) -> None:
        self._socket = socket
        self._host = host

    async def receive(self) -> bytes:
        message = await self._socket.receive()
        if message.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
            data: bytes = message.data
            return data
        raise self._ended(cast(aiohttp.WSMessage, message))

    async def send(self, message: bytes) -> None:
        try:
            await self._socket.send_frame(message, aiohttp.WSMsgType.TEXT)
        except (aiohttp.ClientError, OSError, RuntimeError) as error:
            raise SocketClosed(self._socket.close_code or 1006, explain(error, self._host)) from None

    async def close(self) -> None:
        # it is to be gone, and whatever goes wrong, it is
        with contextlib.suppress(Exception):
            await self._socket.close()

    def _ended(self, message: aiohttp.WSMessage) -> SocketClosed:
        code = self._socket.close_code or 1006
        if message.type is aiohttp.WSMsgType.CLOSE:
            return SocketClosed(code, str(message.extra or "closed by the venue"))
        error = message.data if isinstance(message.data, BaseException) else self._socket.exception()
        if isinstance(error, TimeoutError):
            return SocketClosed(code, f"no pong from {self._host}")
        if error is not None:
            return SocketClosed(code, explain(error, self._host))
        return SocketClosed(code, f"the connection to {self._host} is gone")


def _tracing() -> aiohttp.TraceConfig:
    """Tells a request's `_Departure` when it gets a connection."""

    async def got_connection(_session: aiohttp.ClientSession, context: SimpleNamespace, _params: object) -> None:
        context.trace_request_ctx.got_connection()

    tracing = aiohttp.TraceConfig()
    tracing.on_connection_create_end.append(got_connection)
    tracing.on_connection_reuseconn.append(got_connection)
    return tracing


def _host(url: str) -> str:
    try:
        return URL(url, encoded=True).host or "the venue"
    except ValueError:
        return "the venue"


def explain(error: BaseException, host: str) -> str:
    """One sentence about a failure of the network, without the address that was asked."""
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return f"the name {host} can't be resolved"
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        why = getattr(error.certificate_error, "verify_message", "") or "it does not verify"
        return f"the certificate of {host} is not accepted: {why}"
    if isinstance(error, aiohttp.ClientSSLError):
        return f"no secure connection to {host}: {getattr(error.os_error, 'reason', None) or 'TLS failed'}"
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"no connection to {host}: {error.os_error.strerror or type(error.os_error).__name__}"
    if isinstance(error, aiohttp.WSServerHandshakeError):
        return f"{host} answers {error.status} instead of opening a socket"
    if isinstance(error, aiohttp.ServerDisconnectedError | _SentTwice):
        return f"{host} hung up without an answer"
    if isinstance(error, aiohttp.ClientPayloadError):
        return f"the reply of {host} broke off"
    if isinstance(error, aiohttp.InvalidURL | ValueError):
        return f"what was to be sent to {host} is no valid request"
    if isinstance(error, aiohttp.WebSocketError):
        return f"{host} sent what is no WebSocket message"
    if isinstance(error, OSError) and error.strerror:
        return f"the connection to {host} broke: {error.strerror}"
    return f"the connection to {host} broke ({type(error).__name__})"
