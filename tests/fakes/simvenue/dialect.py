"""What the two Binance dialects share: routes, the order of checks, errors. Pure: a request and a time in, an answer out."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from tests.fakes.simvenue.account import Account
from tests.fakes.simvenue.limits import Limits
from tests.fakes.simvenue.values import Execution, Market, Refused
from tests.fakes.simvenue.wire import Answer, Ask, Problem, dump, malformed, read_params, sign, unsigned

if TYPE_CHECKING:
    from tests.fakes.simvenue.venue import SimVenue

JSON = {"Content-Type": "application/json;charset=UTF-8"}
Weigher = Callable[[Mapping[str, str]], int]


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint.

    Parameters
    ----------
    access : str
        `public`, `keyed` (key, no signature) or `signed`.
    """

    handler: Callable[[Ask], Any]
    weight: int | Weigher = 1
    access: str = "public"
    is_order: bool = False


@dataclass(frozen=True, slots=True)
class Logged:
    """A request as the venue saw it: evidence for tests."""

    ns: int
    method: str
    path: str
    client_id: str
    symbol: str
    status: int
    code: int
    weight: int


class Dialect:
    """See the module. A subclass fills `routes` and the table of refusals."""

    refusals: ClassVar[Mapping[str, tuple[int, str]]] = {}
    limits: Limits

    def __init__(self, venue: SimVenue) -> None:
        self.venue = venue
        self.engine = venue.engine
        self.routes: dict[tuple[str, str], Route] = {}
        self.log: deque[Logged] = deque(maxlen=200_000)

    # ---- one request -----------------------------------------------------------------------------------------------------
    def handle(
        self,
        method: str,
        path: str,
        query: str = "",
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        *,
        lag_ns: int = 0,
        arrival_ns: int = 0,
    ) -> Answer:
        """Answer an HTTP request now."""
        key = ""
        for name, value in (headers or {}).items():
            if name.lower() == "x-mbx-apikey":
                key = value
        try:
            params = read_params(query, body)
        except Problem as problem:
            return Answer(problem.status, dict(JSON), dump({"code": problem.code, "msg": problem.msg}))
        return self.call(method, path, params, unsigned(query, body), key, lag_ns=lag_ns, arrival_ns=arrival_ns)

    def call(
        self,
        method: str,
        path: str,
        params: Mapping[str, str],
        payload: str,
        key: str,
        *,
        lag_ns: int = 0,
        arrival_ns: int = 0,
        signed_in: bool = False,
    ) -> Answer:
        """Answer a request whose parameters are read; `payload` is what must be signed, `signed_in` means that its socket has proved the key."""
        now = self.engine.now_ns
        route = self.routes.get((method, path))
        account: Account | None = None
        code = 0
        weight = 1 if route is None else route.weight if isinstance(route.weight, int) else route.weight(params)
        try:
            refused = self.limits.enter(weight, now)
            if refused:
                raise self._too_much(refused, now)
            if route is None:
                raise Problem(-1000, f"No such endpoint: {method} {path}", 404)
            ask = Ask(method, path, params, payload, key, now, now - lag_ns, arrival_ns or now)
            if route.access != "public":
                account = ask.account = self.identify(ask, signed=route.access == "signed" and not signed_in)
            if route.is_order and account is not None:
                self.count_order(account, now)
            answer = Answer(200, {}, dump(route.handler(ask)))
        except Refused as no:
            code, text = self.worded(no)
            answer = Answer(400, {}, dump({"code": code, "msg": text}))
        except Problem as problem:
            code = problem.code
            body = {"code": problem.code, "msg": problem.msg} | ({} if problem.data is None else {"data": problem.data})
            answer = Answer(problem.status, {}, dump(body))
        client = params.get("newClientOrderId") or params.get("origClientOrderId") or params.get("clientAlgoId") or ""
        self.log.append(Logged(now, method, path, client, params.get("symbol", ""), answer.status, code, weight))
        answer.headers.update(JSON)
        answer.headers.update(self.limits.headers(account.key if account is not None and route is not None and route.is_order else None, now))
        if answer.status in (418, 429):
            answer.headers["Retry-After"] = str(self.limits.retry_after_s(now))
        return answer

    def tried(self, work: Callable[[], Any]) -> tuple[bool, Any]:
        """One part of a request of several: whether it went well, and its answer or its error."""
        try:
            return True, work()
        except Refused as no:
            code, text = self.worded(no)
        except Problem as problem:
            code, text = problem.code, problem.msg
        return False, {"code": code, "msg": text}

    def count_order(self, account: Account, now_ns: int) -> None:
        full = self.limits.order(account.key, now_ns)
        if full is not None:
            raise Problem(-1015, f"Too many new orders; current limit is {full.limit} orders per {full.length_ns // 10**9} SECOND.", 429)

    def worded(self, no: Refused) -> tuple[int, str]:
        """Code and text of a refusal."""
        code, text = self.refusals[no.reason]
        return code, text.format(detail=no.detail)

    def _too_much(self, status: int, now_ns: int) -> Problem:
        if status == 418:
            until = self.venue.ms(self.limits.banned_until_ns)
            text = f"Way too much request weight used; IP banned until {until}. Please use WebSocket Streams for live updates to avoid bans."
        else:
            text = (
                f"Too much request weight used; current limit is {self.limits.weight.limit} request weight per 1 MINUTE. "
                "Please use WebSocket Streams for live updates to avoid polling the API."
            )
        return Problem(-1003, text, status)

    def identify(self, ask: Ask, *, signed: bool) -> Account:
        """The account behind key, timestamp and signature.

        Raises
        ------
        Problem
            In the venue's order of checks: key, time, signature.
        """
        if not ask.key:
            raise Problem(-2014, "API-key format invalid.", 401)
        account = self.engine.accounts.get(ask.key)
        if account is None or account.denied:
            raise Problem(-2015, "Invalid API-key, IP, or permissions for action.", 401)
        if not signed:
            return account
        timestamp = ask.whole("timestamp")
        if timestamp is None:
            raise malformed("timestamp")
        if not ask.params.get("signature"):
            raise malformed("signature")
        window = ask.decimal("recvWindow") if ask.params.get("recvWindow") else 5000
        if window > 60000:
            raise Problem(-1131, "recvWindow must be less than 60000")
        server = self.venue.ms(ask.arrival_ns)
        if timestamp >= server + 1000:
            raise Problem(-1021, "Timestamp for this request was 1000ms ahead of the server's time.")
        if server - timestamp > window:
            raise Problem(-1021, "Timestamp for this request is outside of the recvWindow.")
        if sign(account.secret, ask.payload) != ask.params["signature"].lower():
            raise Problem(-1022, "Signature for this request is not valid.")
        return account

    # ---- parameters that several handlers read ------------------------------------------------------------------------------
    def market(self, ask: Ask) -> Market:
        market = self.engine.markets.get(ask.text("symbol"))
        if market is None:
            raise Problem(-1121, "Invalid symbol.")
        return market

    def ticks(self, ask: Ask, name: str, market: Market) -> int:
        count, rest = divmod(ask.decimal(name), market.tick)
        if rest or int(count) % market.tick_multiple:
            raise Refused("price_filter")
        return int(count)

    def lots(self, ask: Ask, name: str, market: Market) -> int:
        count, rest = divmod(ask.decimal(name), market.lot)
        if rest or int(count) % market.lot_multiple:
            raise Refused("lot_step")
        return int(count)

    def executions_from(self, ask: Ask, symbol: str) -> list[Execution]:
        """The account's executions in a symbol, without those before the asked id: long lists are asked for again and again."""
        rows = ask.who.executions.get(symbol, [])
        from_id = ask.whole("fromId")
        return rows if from_id is None else rows[bisect_left(rows, from_id, key=lambda e: e.id) :]

    def side(self, ask: Ask) -> str:
        side = ask.text("side")
        if side not in ("BUY", "SELL"):
            raise Problem(-1117, "Invalid side.")
        return side

    def client_id(self, ask: Ask, name: str = "newClientOrderId", pattern: str = r"^[a-zA-Z0-9-_]{1,36}$") -> str:
        given = ask.params.get(name)
        if not given:
            return self.venue.new_client_id()
        if re.fullmatch(pattern.strip("^$"), given) is None:
            raise Problem(-1100, f"Illegal characters found in parameter '{name}'; legal range is '{pattern}'.")
        return given
