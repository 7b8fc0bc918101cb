"""A venue that speaks bytes: `SimVenue` behind its front on the loop, and the port through which a process reaches it.

The two halves of a request belong to different worlds: what has left goes on when the process dies, and its answer then reaches nobody.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

from botcore.venues.port import HttpRequest, Lane, Socket, SocketClosed
from botcore.venues.wire import NoReply, Reply
from tests.fakes.simvenue.front import Dropped, Front, FrontSession
from tests.fakes.simvenue.markets import FUTURES_MARKETS, SPOT_MARKETS
from tests.fakes.simvenue.values import OPEN
from tests.fakes.simvenue.venue import SimVenue
from tests.fakes.simvenue.wire import Problem
from tests.simulation.ledger import VenueFunding, VenueOrder, VenueTrade
from tests.simulation.log import EventLog
from tests.simulation.loop import SimHandle, SimLoop, SimProcess

PONG_S = 10.0
STEP_NS = 500_000_000
"""Between two moves of a price, and between two messages of a stream: two a second and pair."""
LIVE_STATES = ("NEW", "TRIGGERING")


class WireVenue:
    """One venue with one account of ours.

    Parameters
    ----------
    pairs : tuple of str
        What it lists.
    volatility : float
        Of a quarter of a second.
    arrived : callable
        Told (connector name, client order id) of each new order, before the venue sees it.
    """

    def __init__(
        self, loop: SimLoop, log: EventLog, name: str, pairs: tuple[str, ...], seed: int, volatility: float, arrived: Callable[[str, str], None]
    ) -> None:
        self.name = name
        self.pairs = pairs
        self.is_perpetual = name.endswith("_perpetual")
        self.host = f"{name.replace('_', '-')}.sim"
        self._loop = loop
        self._log = log
        self._arrived = arrived
        self.worked_on: Callable[[str], None] = lambda client_order_id: None
        """Told the client id of an order when the venue has worked on the request for it."""
        listed = FUTURES_MARKETS if self.is_perpetual else SPOT_MARKETS
        symbols = {pair.replace("-", "") for pair in pairs}
        listings = [
            replace(one, style=replace(one.style, volatility=volatility, levels=5, period_ns=STEP_NS, trade_p=0.25))
            for one in listed
            if one.market.symbol in symbols
        ]
        money = {"USDT": Decimal(1_000_000), "BTC": Decimal(10), "ETH": Decimal(100), "SOL": Decimal(1000)}
        balances = {"USDT": Decimal(1_000_000)} if self.is_perpetual else money
        now_ns = lambda: loop.now_ns  # noqa: E731
        self.venue = SimVenue("futures" if self.is_perpetual else "spot", now_ns, seed=seed, balances=balances, listings=listings, history=2)
        self.front = Front(self.venue, now_ns, seed)
        self._chance = random.Random(f"wire {seed}")
        self._markets = self.venue.engine.markets
        self.venue.hub.pace_ns = STEP_NS
        self._timer: SimHandle | None = None
        self._timer_ns = 0
        self.venue.on_sooner = self._arm
        self._arm()

    # ---- its time ------------------------------------------------------------------------------------------------------
    def _arm(self) -> None:
        """Wake when something is due at the venue."""
        due_ns = self.venue.next_ns()
        if self._timer is not None:
            if self._timer_ns <= due_ns:
                return
            self._timer.cancel()
        self._timer_ns = due_ns
        self._timer = self._loop.call_at_ns(due_ns, self._pass, context=self._loop.world)

    def _pass(self) -> None:
        self._timer_ns = self._loop.now_ns
        self.venue.advance()
        self._timer = None
        self._arm()

    def heal(self) -> None:
        """No more faults."""
        self.front.faults.clear()
        self.venue.engine.script.clear()
        self.venue.skew_ns = 0

    def mid(self, pair: str) -> Decimal:
        found = self.venue.engine.middle(pair.replace("-", ""))
        assert found is not None
        return found

    def travel_s(self) -> float:
        return self._chance.uniform(0.004, 0.06)

    # ---- Ledger ------------------------------------------------------------------------------------------------------
    def _pair(self, symbol: str) -> str:
        market = self._markets[symbol]
        return f"{market.base}-{market.quote}"

    def orders(self) -> Iterable[VenueOrder]:
        triggered = {algo.order.id: algo for algo in self.venue.engine.stops.algos.values() if algo.order is not None}
        for order in self.venue.orders():
            market = self._markets[order.symbol]
            algo = triggered.get(order.id)
            name = algo.client_id if algo is not None else order.client_id
            amount, filled = market.amount(order.lots), market.amount(order.filled)
            yield VenueOrder(name, self._pair(order.symbol), order.side, amount, filled, order.is_open, order.created_ns)
        for algo in self.venue.engine.stops.algos.values():
            if algo.order is None:
                amount = self._markets[algo.ask.symbol].amount(algo.ask.lots)
                is_open = algo.status in LIVE_STATES
                yield VenueOrder(algo.client_id, self._pair(algo.ask.symbol), algo.ask.side, amount, Decimal(0), is_open, algo.created_ns)

    def trades(self) -> Iterable[VenueTrade]:
        triggered = {algo.order.id: algo.client_id for algo in self.venue.engine.stops.algos.values() if algo.order is not None}
        for one in self.venue.executions():
            order, market = one.order, self._markets[one.order.symbol]
            name = triggered.get(order.id, order.client_id)
            price, amount = market.price(one.ticks), market.amount(one.lots)
            ended_ns = next((step[0] for step in order.history if step[1] not in OPEN | {"FILLED"}), one.ns)
            fee = (one.commission, one.commission_asset)
            yield VenueTrade(str(one.id), name, self._pair(order.symbol), order.side, price, amount, *fee, is_late=one.ns > ended_ns, ns=one.ns)

    def positions(self) -> Mapping[str, Decimal]:
        found: dict[str, Decimal] = {}
        if self.is_perpetual:
            for position in self.venue.positions():
                pair = self._pair(position.symbol)
                found[pair] = found.get(pair, Decimal(0)) + self._markets[position.symbol].amount(position.lots)
            return found
        for trade in self.trades():
            base = trade.trading_pair.split("-", 1)[0]
            in_base = trade.fee if trade.fee_asset == base else Decimal(0)
            found[trade.trading_pair] = found.get(trade.trading_pair, Decimal(0)) + trade.signed - in_base
        return found

    def doubled(self) -> set[str]:
        """Client order ids that something on the way sent twice: two requests of one moment."""
        found: set[str] = set()
        before = None
        for one in self.venue.requests():
            if before is not None and one.client_id and one.method == "POST" and (one.ns, one.path, one.client_id) == before:
                found.add(one.client_id)
            before = (one.ns, one.path, one.client_id)
        return found

    def excess(self) -> Mapping[str, Decimal]:
        doubled, asked, filled = self.doubled(), {}, dict[str, Decimal]()
        for order in self.orders():
            asked[order.client_order_id] = order.amount
            filled[order.client_order_id] = filled.get(order.client_order_id, Decimal(0)) + order.filled
            if order.filled > order.amount:
                doubled.add(order.client_order_id)
        return {name: max(filled[name] - asked[name], Decimal(0)) for name in doubled if name in asked}

    def balances(self) -> Mapping[str, tuple[Decimal, Decimal]]:
        account = self.venue.account
        return {asset: (account.opening.get(asset, Decimal(0)), total) for asset, total in account.totals.items()}

    def funding(self) -> Iterable[VenueFunding]:
        for entry in self.venue.account.journal:
            if entry.kind == "funding":
                yield VenueFunding(self._pair(entry.symbol), entry.asset, entry.delta, entry.ns)

    def open_cost(self) -> Mapping[str, Decimal]:
        found: dict[str, Decimal] = {}
        for position in self.venue.positions():
            asset = self._markets[position.symbol].quote
            found[asset] = found.get(asset, Decimal(0)) + (position.cost if position.lots > 0 else -position.cost)
        return found


class WireSocket:
    """One end of a socket; messages travel a while and keep their order."""

    def __init__(self, venue: WireVenue, loop: SimLoop, log: EventLog, process: SimProcess) -> None:
        self._venue = venue
        self._loop = loop
        self._log = log
        self._process = process
        self._waiting: deque[bytes | SocketClosed] = deque()
        self._reader: asyncio.Future[None] | None = None
        self._end: SocketClosed | None = None
        self._last_ns = 0
        self.session: FrontSession | None = None

    def push(self, message: bytes) -> None:
        self._travel(message)

    def shut(self, code: int, reason: str) -> None:
        self._travel(SocketClosed(code, reason))

    def _travel(self, what: bytes | SocketClosed) -> None:
        self._last_ns = max(self._last_ns + 1, self._loop.now_ns + int(self._venue.travel_s() * 1e9))
        self._loop.call_at_ns(self._last_ns, self._arrive, what, context=self._loop.world)

    def _arrive(self, what: bytes | SocketClosed) -> None:
        if self._process.alive and self._end is None:
            self._log.add("message", self._venue.name, what)
            self._put(what)

    def _put(self, what: bytes | SocketClosed) -> None:
        self._waiting.append(what)
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    def ping(self) -> None:
        """As the library beneath does all the time: a side that is gone without a word answers no ping."""
        if self._end is not None or not self._process.alive:
            return
        if self.session is not None and self.session.is_dead:
            self._arrive(SocketClosed(1006, "no pong"))
        else:
            self._loop.call_later(PONG_S, self.ping, context=self._loop.world)

    async def receive(self) -> bytes:
        while self._end is None:
            if not self._waiting:
                self._reader = self._loop.create_future()
                await self._reader
                continue
            found = self._waiting.popleft()
            if isinstance(found, bytes):
                return found
            self._end = found
            self.gone()
        raise self._end

    async def send(self, message: bytes) -> None:
        if self._end is not None:
            raise self._end
        self._loop.call_later(self._venue.travel_s(), self._received, message, context=self._loop.world)

    def _received(self, message: bytes) -> None:
        if self.session is not None:
            self._venue.venue.advance()
            self.session.receive(message)

    async def close(self) -> None:
        if self._end is None:
            self._end = SocketClosed(1000, "closed here")
            self._put(self._end)
            self.gone()

    @property
    def has_ended(self) -> bool:
        return self._end is not None

    def gone(self) -> None:
        """The venue notices that this end is gone."""
        session, self.session = self.session, None
        if session is not None:
            session.closed()


class WirePort:
    """A process's network; implements `Port`.

    Parameters
    ----------
    unsent : callable
        Whether a request finds no way out at all, this time.
    reach : callable
        Told labelled points.
    """

    def __init__(
        self, venues: Iterable[WireVenue], loop: SimLoop, log: EventLog, process: SimProcess, unsent: Callable[[], bool], reach: Callable[[str], None]
    ) -> None:
        self._venues = {venue.host: venue for venue in venues}
        self._loop = loop
        self._log = log
        self._process = process
        self._unsent = unsent
        self._reach = reach
        self._sockets: list[WireSocket] = []
        process.deaths.append(self._died)

    def _died(self) -> None:
        """The kernel closes the sockets of a dead process."""
        for socket in self._sockets:
            socket.gone()

    def _split(self, url: str) -> tuple[WireVenue, str]:
        # a URL of ours has no fragment and no user
        host, _, target = url.partition("://")[2].partition("/")
        return self._venues[host], f"/{target.removesuffix('?')}"

    def renew(self, lane: Lane) -> None:
        """Each request has a way of its own here."""
        self._log.add("renew", lane.value)

    async def request(self, request: HttpRequest, lane: Lane, timeout_s: float) -> Reply | NoReply:
        venue, target = self._split(request.url)
        is_write = request.method != "GET"
        if self._unsent():
            return NoReply("no route to the host", left=False)
        if is_write:
            self._reach("port.before_write")
        answer: asyncio.Future[Reply | NoReply] = self._loop.create_future()
        self._loop.in_world(self._carry(venue, request, target, answer))
        if is_write:
            self._reach("port.after_write")
        try:
            async with asyncio.timeout(timeout_s):
                return await answer
        except TimeoutError:
            return NoReply("timeout", left=True)

    async def _carry(self, venue: WireVenue, request: HttpRequest, target: str, answer: asyncio.Future[Reply | NoReply]) -> None:
        """There and back, whatever has become of who asked."""
        sent_ns = self._loop.now_ns
        await asyncio.sleep(venue.travel_s())
        path, query = target.partition("?")[::2]
        body = request.body
        self._log.add("request", venue.name, request.method, path, query.partition("&signature")[0], body)
        name = self._look(venue, request.method, path, query, body)
        found = await venue.front.request(request.method, target, request.headers, body)
        if name:
            venue.worked_on(name)
        told: Reply | NoReply
        if isinstance(found, Dropped):
            told = NoReply(found.reason, left=True)
        else:
            await asyncio.sleep(venue.travel_s())
            headers = {name.lower(): value for name, value in found.headers.items()}
            told = Reply(found.status, headers, found.body, sent_ns, self._loop.now_ns)
        if self._process.alive and not answer.done():
            self._log.add("reply", venue.name, path, found if isinstance(found, Dropped) else f"{found.status} {len(found.body)}")
            answer.set_result(told)

    def _look(self, venue: WireVenue, method: str, path: str, query: str, body: bytes) -> str:
        """The client id of the order that a request asks for; '' when it asks for none."""
        if method == "POST" and path.endswith(("/order", "/algoOrder")):
            values: dict[str, list[Any]] = {**parse_qs(query), **parse_qs(body.decode())}
            names = values.get("newClientOrderId") or values.get("clientAlgoId") or [""]
            venue._arrived(venue.name, names[0])
            return str(names[0])
        return ""

    async def connect(self, url: str, timeout_s: float) -> Socket:
        venue, target = self._split(url)
        await asyncio.sleep(venue.travel_s())
        if self._unsent():
            raise SocketClosed(1006, "no route to the host")
        socket = WireSocket(venue, self._loop, self._log, self._process)
        self._log.add("connect", venue.name, target.partition("?")[0])
        context = self._loop.world.copy()
        try:
            socket.session = context.run(venue.front.connect, target, socket.push, socket.shut)
        except Problem as problem:
            raise SocketClosed(1006, str(problem)) from None
        self._sockets = [other for other in self._sockets if not other.has_ended] + [socket]
        socket.ping()
        return socket

    async def close(self) -> None:
        for socket in self._sockets:
            await socket.close()
