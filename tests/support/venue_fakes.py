"""A venue made of plain values: a small dialect, a port that answers by script, sockets that a test feeds."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from botcore.venues.account_news import FundingPaid, StreamExpired
from botcore.venues.dialect import Channel, Credentials, Heard, Peek, Subscription, Unreadable, UserStream
from botcore.venues.port import HttpRequest, Lane, SocketClosed
from botcore.venues.wire import Access, Call, NoReply, Outcome, Priority, Reply, Verdict

VERDICTS = {429: Verdict.LIMITED, 418: Verdict.LIMITED, 401: Verdict.DENIED, 404: Verdict.NOT_FOUND, 400: Verdict.REFUSED}


class FakeDialect:
    """Messages are small JSON objects; a reply's body is `{"code": ..., "text": ...}` or whatever a test puts there."""

    def __init__(self, weight: int = 1) -> None:
        self.weight = weight
        self.key_call: Call | None = None
        self.renew_s = 0.0
        self.opening: tuple[bytes, ...] = ()

    # ---- calls ---------------------------------------------------------------------------------------------------------
    def request(self, call: Call, credentials: Credentials | None, timestamp_ms: int) -> HttpRequest:
        signed = f"&timestamp={timestamp_ms}&signature=beef" if call.access is Access.SIGNED else ""
        return HttpRequest(call.method, f"https://venue.test{call.path}?name={call.name}{signed}")

    def outcome(self, call: Call, reply: Reply) -> Outcome:
        if reply.body.startswith(b"stale"):
            return Outcome(Verdict.STALE_TIME, text="time is off")
        if reply.body.startswith(b"foreign"):
            return Outcome(Verdict.UNKNOWN, text="about another order", is_foreign=True)
        if reply.status == 418:
            return Outcome(Verdict.LIMITED, text="banned", banned_until_ms=int(reply.headers.get("x-until", "0")))
        verdict = Verdict.ACCEPTED if reply.status == 200 else VERDICTS.get(reply.status, Verdict.UNKNOWN)
        return Outcome(verdict, code=reply.status, text=f"status {reply.status}")

    def used_weight(self, reply: Reply) -> Mapping[str, int]:
        used = reply.headers.get("x-used")
        return {"weight": int(used)} if used else {}

    def time_call(self) -> Call:
        return Call("time", "GET", "/time", weights=(("weight", self.weight),), priority=Priority.MARKET)

    def server_time_ms(self, reply: Reply) -> int:
        try:
            return int(reply.body)
        except ValueError as error:
            raise Unreadable(str(error)) from error

    # ---- streams -------------------------------------------------------------------------------------------------------
    def subscribe(self, request_id: int, wanted: Sequence[Subscription]) -> bytes:
        return json.dumps({"id": request_id, "sub": [_name(sub) for sub in wanted]}).encode()

    def unsubscribe(self, request_id: int, unwanted: Sequence[Subscription]) -> bytes:
        return json.dumps({"id": request_id, "unsub": [_name(sub) for sub in unwanted]}).encode()

    def peek(self, message: bytes) -> Peek:
        value = json.loads(message)
        if "ack" in value:
            return Peek(Heard.ACK, request_id=value["ack"], granted=value.get("ok", True), reason=value.get("why", ""))
        if value.get("bye"):
            return Peek(Heard.FAREWELL)
        kind = {"book": Heard.BOOK, "trades": Heard.TRADE, "ticker": Heard.TICKER, "candles": Heard.CANDLE}.get(value.get("ch", ""), Heard.OTHER)
        return Peek(kind, value.get("pair", ""))

    def user_key_call(self) -> Call | None:
        return self.key_call

    def user_stream(self, key_reply: Reply | None, credentials: Credentials, timestamp_ms: int) -> UserStream:
        key = "" if key_reply is None else key_reply.body.decode()
        renew = Call("renew", "PUT", "/key", (("key", key),), Access.KEYED, weights=(("weight", 1),)) if self.renew_s else None
        return UserStream(f"wss://venue.test/user/{key}", self.opening, renew, self.renew_s)

    def user_news(self, message: bytes) -> list[Any]:
        value = json.loads(message)
        if value.get("e") == "expired":
            return [StreamExpired("the venue ended it")]
        if value.get("e") == "broken":
            raise Unreadable("field x is missing")
        return [FundingPaid("USDT", Decimal(value["n"]), "", 0)] if "n" in value else []


def _name(sub: Subscription) -> str:
    return f"{sub.channel.value}:{sub.trading_pair}"


def data(channel: Channel, trading_pair: str, number: int = 0) -> bytes:
    """A message of market data."""
    return json.dumps({"ch": channel.value, "pair": trading_pair, "n": number}).encode()


class FakeSocket:
    """A socket at whose other end the test sits."""

    def __init__(self, port: FakePort, url: str) -> None:
        self.url = url
        self.sent: list[dict[str, Any]] = []
        self.is_closed = False
        self.opened_at = asyncio.get_running_loop().time()
        self._port = port
        self._incoming: asyncio.Queue[bytes | SocketClosed] = asyncio.Queue()

    async def receive(self) -> bytes:
        item = await self._incoming.get()
        if isinstance(item, SocketClosed):
            raise item
        return item

    async def send(self, message: bytes) -> None:
        if self.is_closed:
            raise SocketClosed(1006, "gone")
        value = json.loads(message)
        self.sent.append(value)
        self._port.on_sent(self, value)

    async def close(self) -> None:
        if not self.is_closed:
            self.is_closed = True
            self._port.open_sockets.remove(self)

    def tell(self, message: bytes) -> None:
        self._incoming.put_nowait(message)

    def ack(self, request_id: int, ok: bool = True, why: str = "") -> None:
        self.tell(json.dumps({"ack": request_id, "ok": ok, "why": why}).encode())

    def end(self, code: int = 1006, reason: str = "cut") -> None:
        self._incoming.put_nowait(SocketClosed(code, reason))

    @property
    def subscribed(self) -> list[str]:
        """Names it was asked for, less those given up."""
        names: dict[str, None] = {}
        for value in self.sent:
            names.update(dict.fromkeys(value.get("sub", [])))
            for name in value.get("unsub", []):
                names.pop(name, None)
        return list(names)


class FakePort:
    """Answers requests by a function, opens sockets by another.

    Parameters
    ----------
    answer : callable
        (request) -> reply, its delay taken by `delay_s`.
    on_sent : callable
        (socket, message): what the venue does when something is sent; acknowledges everything by default.
    """

    def __init__(self, answer: Callable[[HttpRequest], Reply | NoReply] | None = None) -> None:
        self.answer = answer or (lambda _request: reply())
        self.on_sent: Callable[[FakeSocket, dict[str, Any]], None] = _acknowledge
        self.on_connect: Callable[[str], None] = lambda _url: None
        self.delay_s = 0.05
        self.requests: list[tuple[float, HttpRequest, Lane]] = []
        self.sockets: list[FakeSocket] = []
        self.open_sockets: list[FakeSocket] = []
        self.attempts: list[float] = []
        self.under_way = 0
        self.renewed: list[Lane] = []

    def renew(self, lane: Lane) -> None:
        self.renewed.append(lane)

    async def request(self, request: HttpRequest, lane: Lane, timeout_s: float) -> Reply | NoReply:
        self.requests.append((asyncio.get_running_loop().time(), request, lane))
        self.under_way += 1
        try:
            await asyncio.sleep(self.delay_s)
            return self.answer(request)
        finally:
            self.under_way -= 1

    async def connect(self, url: str, timeout_s: float) -> FakeSocket:
        self.attempts.append(asyncio.get_running_loop().time())
        await asyncio.sleep(0.02)
        self.on_connect(url)
        socket = FakeSocket(self, url)
        self.sockets.append(socket)
        self.open_sockets.append(socket)
        return socket

    async def close(self) -> None:
        pass

    def names(self) -> list[str]:
        """What was requested, in order."""
        return [request.url.split("name=")[1].split("&")[0] for _, request, _ in self.requests]


def _acknowledge(socket: FakeSocket, message: dict[str, Any]) -> None:
    if "id" in message:
        socket.ack(message["id"])


def reply(status: int = 200, body: bytes = b"{}", **headers: str) -> Reply:
    return Reply(status, {name.replace("_", "-"): value for name, value in headers.items()}, body, 0, 0)


def most_in_any(times: Sequence[float], window_s: float) -> int:
    """Most events within any stretch of this length."""
    most, start = 0, 0
    for end, time in enumerate(times):
        while time - times[start] >= window_s:
            start += 1
        most = max(most, end - start + 1)
    return most
