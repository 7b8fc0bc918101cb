"""A tiny signing client of an in-process SimVenue."""

from __future__ import annotations

from typing import Any

import orjson

from tests.fakes.simvenue import SimVenue
from tests.fakes.simvenue.sessions import Session
from tests.fakes.simvenue.wire import sign

START_NS = 1_790_000_000_000_000_000
SECOND = 1_000_000_000


class Hand:
    """Whoever drives a venue: time, signed requests, sockets whose messages are kept."""

    def __init__(self, kind: str = "spot", *, still: bool = True, seed: int = 1, **options: Any) -> None:
        self.now_ns = START_NS
        self.venue = SimVenue(kind, lambda: self.now_ns, still=still, seed=seed, history=50, **options)
        self.base = "/api/v3/" if kind == "spot" else "/fapi/v1/"
        self.ended: list[tuple[int, str]] = []

    def target(self, path: str, *, secret: str = "secret", skew_ms: int = 0, **params: Any) -> str:
        """Path and signed query."""
        params.setdefault("timestamp", self.now_ns // 1_000_000 + skew_ms)
        query = "&".join(f"{name}={value}" for name, value in params.items())
        return f"{path if path.startswith('/') else self.base + path}?{query}&signature={sign(secret, query)}"

    def ask(self, method: str, path: str, *, key: str = "key", **params: Any) -> tuple[int, Any]:
        """Status and body of a signed request."""
        answer = self.venue.handle(method, self.target(path, **params), {"X-MBX-APIKEY": key})
        return answer.status, orjson.loads(answer.body)

    def get(self, path: str) -> Any:
        """Body of a public request that must succeed."""
        answer = self.venue.handle("GET", path if path.startswith("/") else self.base + path)
        assert answer.status == 200, answer
        return orjson.loads(answer.body)

    def limit(self, client_id: str, side: str, amount: str, price: str, *, symbol: str = "BTCUSDT", tif: str = "GTC", **more: Any) -> tuple[int, Any]:
        return self.ask(
            "POST", "order", symbol=symbol, side=side, type="LIMIT", timeInForce=tif, quantity=amount, price=price, newClientOrderId=client_id, **more
        )  # fmt: skip

    def market(self, side: str, amount: str, *, symbol: str = "BTCUSDT", **more: Any) -> tuple[int, Any]:
        return self.ask("POST", "order", symbol=symbol, side=side, type="MARKET", quantity=amount, **more)

    def order(self, client_id: str, *, symbol: str = "BTCUSDT") -> Any:
        status, body = self.ask("GET", "order", symbol=symbol, origClientOrderId=client_id)
        assert status == 200, body
        return body

    def wait(self, seconds: float) -> None:
        self.now_ns += int(seconds * SECOND)
        self.venue.advance()

    def listen(self, target: str) -> tuple[Session, list[Any]]:
        """A socket and the messages that come of it, decoded."""
        heard: list[Any] = []
        session = self.venue.connect(
            target, lambda message: heard.append(orjson.loads(message)), lambda code, reason: self.ended.append((code, reason))
        )
        return session, heard

    def user_stream(self) -> tuple[Session, list[Any]]:
        """The account's events, unwrapped."""
        if self.venue.kind == "futures":
            key = orjson.loads(self.venue.handle("POST", "/fapi/v1/listenKey", {"X-MBX-APIKEY": "key"}).body)["listenKey"]
            return self.listen(f"/private/ws/{key}")
        session, heard = self.listen("/ws-api/v3")
        stamp = self.now_ns // 1_000_000
        params = {"apiKey": "key", "timestamp": stamp, "signature": sign("secret", f"apiKey=key&timestamp={stamp}")}
        session.receive(orjson.dumps({"id": 1, "method": "userDataStream.subscribe.signature", "params": params}))
        assert heard.pop()["status"] == 200
        return session, heard
