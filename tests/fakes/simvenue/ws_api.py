"""The WebSocket API: requests and answers over a socket, and on spot the only way to an account's events."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import orjson

from tests.fakes.simvenue.account import Account
from tests.fakes.simvenue.sessions import Session
from tests.fakes.simvenue.wire import Ask, Problem

if TYPE_CHECKING:
    from tests.fakes.simvenue.venue import SimVenue

SPOT_CALLS = {
    "ping": ("GET", "/api/v3/ping"), "time": ("GET", "/api/v3/time"), "exchangeInfo": ("GET", "/api/v3/exchangeInfo"),
    "depth": ("GET", "/api/v3/depth"), "trades.recent": ("GET", "/api/v3/trades"), "klines": ("GET", "/api/v3/klines"),
    "ticker.price": ("GET", "/api/v3/ticker/price"), "ticker.book": ("GET", "/api/v3/ticker/bookTicker"),
    "order.place": ("POST", "/api/v3/order"), "order.test": ("POST", "/api/v3/order/test"), "order.status": ("GET", "/api/v3/order"),
    "order.cancel": ("DELETE", "/api/v3/order"), "openOrders.status": ("GET", "/api/v3/openOrders"), "openOrders.cancelAll": ("DELETE", "/api/v3/openOrders"),
    "allOrders": ("GET", "/api/v3/allOrders"), "myTrades": ("GET", "/api/v3/myTrades"), "account.status": ("GET", "/api/v3/account"),
}  # fmt: skip
FUTURES_CALLS = {
    "depth": ("GET", "/fapi/v1/depth"), "ticker.price": ("GET", "/fapi/v1/ticker/price"), "ticker.book": ("GET", "/fapi/v1/ticker/bookTicker"),
    "order.place": ("POST", "/fapi/v1/order"), "order.status": ("GET", "/fapi/v1/order"), "order.cancel": ("DELETE", "/fapi/v1/order"),
    "algoOrder.place": ("POST", "/fapi/v1/algoOrder"), "algoOrder.cancel": ("DELETE", "/fapi/v1/algoOrder"),
    "account.balance": ("GET", "/fapi/v2/balance"), "account.status": ("GET", "/fapi/v2/account"), "account.position": ("GET", "/fapi/v2/positionRisk"),
    "v2/account.balance": ("GET", "/fapi/v3/balance"), "v2/account.status": ("GET", "/fapi/v3/account"),
    "v2/account.position": ("GET", "/fapi/v3/positionRisk"), "userDataStream.start": ("POST", "/fapi/v1/listenKey"),
    "userDataStream.ping": ("PUT", "/fapi/v1/listenKey"), "userDataStream.stop": ("DELETE", "/fapi/v1/listenKey"),
}  # fmt: skip


class ApiSession(Session):
    """See the module. Sessions log on with Ed25519 keys only; SimVenue's keys are HMAC keys, so it refuses, as the venue does."""

    def __init__(self, venue: SimVenue, push: Callable[[bytes], None], close: Callable[[int, str], None]) -> None:
        super().__init__(venue, push, close)
        self._calls = SPOT_CALLS if venue.kind == "spot" else FUTURES_CALLS
        self._subscriptions: dict[int, Account] = {}
        self._next_subscription = 0

    def heard(self, message: bytes) -> None:
        try:
            asked = orjson.loads(message)
        except orjson.JSONDecodeError:
            self._answer(None, 400, error={"code": -1135, "msg": "Invalid JSON Request"})
            return
        if not isinstance(asked, dict) or not isinstance(asked.get("method"), str):
            self._answer(None, 400, error={"code": -1102, "msg": "Mandatory parameter 'method' was not sent, was empty/null, or malformed."})
            return
        number, params = asked.get("id"), asked.get("params") or {}
        try:
            if not isinstance(params, dict):
                raise Problem(-1135, "JSON sent for parameter 'params' is not valid")
            self._run(number, asked["method"].removeprefix("v3/"), params)
        except Problem as problem:
            self._answer(number, problem.status, error={"code": problem.code, "msg": problem.msg})

    def _run(self, number: Any, method: str, params: dict[str, Any]) -> None:
        if (method in ("session.logon", "userDataStream.subscribe") and self.venue.kind == "spot") or method == "session.logon":
            raise Problem(-4056, "HMAC_SHA256 API key is not supported.")
        if method in ("session.status", "session.logout"):
            self._answer(number, 200, self._status())
        elif method == "userDataStream.subscribe.signature" and self.venue.kind == "spot":
            self._subscribe(number, params)
        elif method == "userDataStream.unsubscribe" and self.venue.kind == "spot":
            self._unsubscribe(number, params)
        elif method == "session.subscriptions":
            self._answer(number, 200, [{"subscriptionId": n} for n in self._subscriptions])
        elif method in self._calls:
            self._call(number, method, params)
        else:
            raise Problem(-1000, f"Unknown method '{method}'.", 404)

    def _status(self) -> dict[str, Any]:
        ms = self.venue.ms
        now = self.venue.engine.now_ns
        return {
            "apiKey": None, "authorizedSince": None, "connectedSince": ms(self.opened_ns), "returnRateLimits": True, "serverTime": ms(now),
            "userDataStream": bool(self._subscriptions),
        }  # fmt: skip

    def _texts(self, params: dict[str, Any]) -> tuple[dict[str, str], str]:
        """Parameters as REST would have them, and what their signature is made of: all but it, by name."""
        texts = {
            name: ("true" if value is True else "false" if value is False else str(value)) for name, value in params.items() if value is not None
        }
        return texts, "&".join(f"{name}={texts[name]}" for name in sorted(texts) if name != "signature")

    def _call(self, number: Any, method: str, params: dict[str, Any]) -> None:
        texts, payload = self._texts(params)
        verb, path = self._calls[method]
        answer = self.venue.dialect.call(verb, path, texts, payload, texts.get("apiKey", ""))
        self.venue.hub.flush_tops()
        said = orjson.loads(answer.body)
        if answer.status == 200:
            self._answer(number, 200, said)
        else:
            self._answer(number, answer.status, error=said)

    def _subscribe(self, number: Any, params: dict[str, Any]) -> None:
        texts, payload = self._texts(params)
        now = self.venue.engine.now_ns
        ask = Ask("WS", "userDataStream.subscribe.signature", texts, payload, texts.get("apiKey", ""), now, now, now)
        account = self.venue.dialect.identify(ask, signed=True)
        if account in self._subscriptions.values():
            raise Problem(-2035, "Subscription already active.")
        mine = self._next_subscription
        self._next_subscription += 1
        self._subscriptions[mine] = account
        self._answer(number, 200, {"subscriptionId": mine})
        self.venue.users.attach(account.key, self)

    def _unsubscribe(self, number: Any, params: dict[str, Any]) -> None:
        wanted = params.get("subscriptionId")
        for mine in list(self._subscriptions) if wanted is None else [wanted]:
            if mine not in self._subscriptions:
                raise Problem(-2036, "Subscription not active.")
            self.end_subscription(mine)
        self._answer(number, 200, {})

    def end_subscription(self, mine: int) -> None:
        """`eventStreamTerminated`, then silence."""
        account = self._subscriptions.pop(mine)
        self.venue.users.detach(account.key, self)
        self._event(mine, orjson.dumps({"e": "eventStreamTerminated", "E": self.venue.ms(self.venue.engine.now_ns)}))

    def expire(self) -> None:
        for mine in list(self._subscriptions):
            self.end_subscription(mine)

    def told(self, name: str, body: bytes) -> None:
        """An event of the account `name`."""
        for mine, account in self._subscriptions.items():
            if account.key == name:
                self._event(mine, body)

    def _event(self, mine: int, body: bytes) -> None:
        self.push(b'{"subscriptionId":' + str(mine).encode() + b',"event":' + body + b"}")

    def left(self) -> None:
        for account in self._subscriptions.values():
            self.venue.users.detach(account.key, self)
        self._subscriptions.clear()

    def farewell(self) -> None:
        self.push(orjson.dumps({"event": {"e": "serverShutdown", "E": self.venue.ms(self.venue.engine.now_ns)}}))

    def _answer(self, number: Any, status: int, result: Any = None, error: Any = None) -> None:
        answer: dict[str, Any] = {"id": number, "status": status}
        if error is None:
            answer["result"] = result
        else:
            answer["error"] = error
        limits = self.venue.dialect.limits.weight
        answer["rateLimits"] = [
            {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": limits.limit, "count": limits.used}
        ]
        self.push(orjson.dumps(answer))
