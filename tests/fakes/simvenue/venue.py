"""`SimVenue`: one exchange in a box. It owns the engine, the time of what is due, the dialect and the streams, and gives tests its ledger to read.

Time comes from `now_ns`, randomness from the seed: the same seed and the same calls give the same bytes. Nothing here waits or knows a network.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from random import Random
from typing import Any, TypeVar
from zlib import crc32

from tests.fakes.simvenue.account import Account
from tests.fakes.simvenue.candles import Candles
from tests.fakes.simvenue.dialect import Dialect, Logged
from tests.fakes.simvenue.dialect_futures import FuturesDialect
from tests.fakes.simvenue.dialect_spot import SpotDialect
from tests.fakes.simvenue.engine import Engine
from tests.fakes.simvenue.house import House, Style
from tests.fakes.simvenue.hub import Hub
from tests.fakes.simvenue.market_rest import MarketRest
from tests.fakes.simvenue.markets import FUTURES_MARKETS, SPOT_MARKETS, Listing
from tests.fakes.simvenue.script import pay_funding
from tests.fakes.simvenue.sessions import Session, open_session
from tests.fakes.simvenue.users import FuturesUsers, SpotUsers, Users
from tests.fakes.simvenue.values import Execution, Order, Position
from tests.fakes.simvenue.wire import Answer, Ask, Problem

Row = TypeVar("Row")
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
SECOND = 1_000_000_000
FUNDING_NS = 8 * 3600 * SECOND


class SimVenue:
    """See the module.

    Parameters
    ----------
    kind : str
        `spot` or `futures` (USD-M).
    now_ns : callable
        The time.
    balances : mapping of str to Decimal
        Opening balances of the first account.
    listings : sequence of Listing
        What is traded; the usual pairs when left out.
    still : bool
        No random walk: prices stay until a test moves them.
    history : int
        Minutes of made-up candles before the start.
    """

    def __init__(
        self, kind: str, now_ns: Callable[[], int], *, seed: int = 1, key: str = "key", secret: str = "secret",
        balances: Mapping[str, Decimal] | None = None, listings: Sequence[Listing] = (), still: bool = False, history: int = 1500,
    ) -> None:  # fmt: skip
        self.kind = kind
        self._clock = now_ns
        self._random = Random(seed)
        self.skew_ns = 0
        """How far the venue's clock is ahead of `now_ns`, in what it says and checks; nothing happens earlier by it."""
        listings = listings or (SPOT_MARKETS if kind == "spot" else FUTURES_MARKETS)
        self.engine = Engine(kind, [listing.market for listing in listings])
        self.engine.now_ns = now_ns()
        self.engine.later = self.at
        self.engine.script.seed(seed)
        self._due: list[tuple[int, int, Callable[[], None]]] = []
        self._order = 0
        self.on_sooner: Callable[[], None] = lambda: None
        """Called when `next_ns` has become earlier."""
        self.funding_rate = Decimal("0.0001")
        self.funding_rates: dict[str, Decimal] = {}
        """By symbol, where it is another one."""
        self.candles: dict[str, Candles] = {}
        self.houses: dict[str, House] = {}
        self.rest = MarketRest(self, is_spot=kind == "spot")
        self.hub = Hub(self)
        self.dialect: Dialect = SpotDialect(self) if kind == "spot" else FuturesDialect(self)
        self.users: Users = SpotUsers(self) if kind == "spot" else FuturesUsers(self)
        self.sessions: dict[int, Session] = {}
        self.engine.listeners += [self.hub, self.users]
        if balances is None:
            balances = {"USDT": Decimal(100_000), "BTC": Decimal(2), "ETH": Decimal(20)} if kind == "spot" else {"USDT": Decimal(100_000)}
        self.account = self.open_account(key, secret, balances)
        for listing in listings:
            self._list(listing.market.symbol, listing.style, seed, history, still=still)
        if kind == "futures":
            self.at(self.engine.now_ns // FUNDING_NS * FUNDING_NS + FUNDING_NS, self._fund)

    def _list(self, symbol: str, style: Style, seed: int, history: int, *, still: bool) -> None:
        random = Random(seed ^ crc32(symbol.encode()))
        house = self.houses[symbol] = House(self.engine, symbol, style, random)
        house.is_still = still
        self.engine.last[symbol] = house.mid_ticks
        candles = self.candles[symbol] = Candles()
        candles.invent(self.ms(self.engine.now_ns), house.mid_ticks, history, random, 0.0005)
        house.quote()
        self._schedule_house(house, self.engine.now_ns + style.period_ns)

    # ---- accounts ----------------------------------------------------------------------------------------------------------
    def open_account(self, key: str, secret: str, balances: Mapping[str, Decimal]) -> Account:
        account = self.engine.accounts[key] = Account(key, secret, balances)
        return account

    # ---- time ----------------------------------------------------------------------------------------------------------------
    def ms(self, ns: int) -> int:
        """A time as the venue tells it."""
        return (ns + self.skew_ns) // 1_000_000

    def at(self, due_ns: int, do: Callable[[], None]) -> None:
        """Do something when its time has come."""
        self._order += 1
        is_next = not self._due or due_ns < self._due[0][0]
        heapq.heappush(self._due, (due_ns, self._order, do))
        if is_next:
            self.on_sooner()

    def next_ns(self) -> int:
        """When something is due next."""
        return self._due[0][0] if self._due else self.engine.now_ns + SECOND

    def advance(self, now_ns: int | None = None) -> None:
        """Let happen what is due; things happen at their own times, in order."""
        now = self._clock() if now_ns is None else now_ns
        engine, due = self.engine, self._due
        while due and due[0][0] <= now:
            at, _, do = heapq.heappop(due)
            engine.now_ns = max(engine.now_ns, at)
            do()
        engine.now_ns = max(engine.now_ns, now)

    def _schedule_house(self, house: House, due_ns: int) -> None:
        def step() -> None:
            house.step()
            self.engine.stops.moved(house.symbol)
            self.engine.stops.run()
            self.hub.after_step()
            late = self._clock() - due_ns
            self._schedule_house(house, due_ns + house.style.period_ns if late < 30 * SECOND else due_ns + late)

        self.at(due_ns, step)

    def _fund(self) -> None:

        for symbol in self.engine.markets:
            pay_funding(self.engine, symbol, self.rate_of(symbol))
        self.at(self.engine.now_ns // FUNDING_NS * FUNDING_NS + FUNDING_NS, self._fund)

    def rate_of(self, symbol: str) -> Decimal:
        """What longs pay shorts with the next payment."""
        return self.funding_rates.get(symbol, self.funding_rate)

    # ---- the two doors ------------------------------------------------------------------------------------------------------
    def handle(
        self, method: str, target: str, headers: Mapping[str, str] | None = None, body: bytes = b"", *, lag_ns: int = 0, arrival_ns: int = 0
    ) -> Answer:
        """Answer a request; `target` is path and query as they stand in the request line."""
        self.advance()
        path, _, query = target.partition("?")
        answer = self.dialect.handle(method, path, query, headers, body, lag_ns=lag_ns, arrival_ns=arrival_ns)
        self.hub.flush_tops()
        return answer

    def dialect_late(self, method: str, target: str, headers: Mapping[str, str] | None, body: bytes, arrived_ns: int) -> None:
        """Work on a request that arrived earlier; nobody hears the answer."""
        path, _, query = target.partition("?")
        self.dialect.handle(method, path, query, headers, body, arrival_ns=arrived_ns)
        self.hub.flush_tops()

    def connect(self, target: str, push: Callable[[bytes], None], close: Callable[[int, str], None]) -> Session:
        """Open a socket.

        Raises
        ------
        Problem
            When the venue answers the handshake with an error.
        """
        self.advance()
        session = open_session(self, target, push, close)
        self.sessions[session.number] = session
        return session

    def new_number(self) -> int:
        self._order += 1
        return self._order

    def new_client_id(self) -> str:
        return "".join(self._random.choices(LETTERS, k=22))

    def new_listen_key(self) -> str:
        return "".join(self._random.choices(LETTERS, k=64))

    # ---- prices by hand ---------------------------------------------------------------------------------------------------------
    def move(self, symbol: str, price: Decimal | str | int) -> None:
        """Jump to a price: everybody who stands in the way trades."""
        self.advance()
        self.houses[symbol].move(Decimal(price))
        self.engine.stops.moved(symbol)
        self.engine.stops.run()
        self.hub.after_step()

    def follow(self, symbol: str, points: Sequence[tuple[int, Decimal]]) -> None:
        """A price path from now on: (ns, price) in order, instead of the walk."""
        self.houses[symbol].follow(list(points))

    def set_mark(self, symbol: str, price: Decimal | None) -> None:
        """Hold the mark price at a value; None lets it follow the book again."""
        self.advance()
        if price is None:
            self.engine.marks.pop(symbol, None)
        else:
            self.engine.marks[symbol] = price
        self.engine.stops.moved(symbol)
        self.engine.stops.run()

    def change_market(self, symbol: str, **what: object) -> None:
        """Other rules from now on: `status="BREAK"`, `min_notional`, `tick_multiple`, `lot_multiple`, fees ..."""
        self.engine.markets[symbol] = self.engine.markets[symbol].changed(**what)

    # ---- the ledger, for tests -----------------------------------------------------------------------------------------------------
    def orders(self, key: str | None = None) -> list[Order]:
        """Every order of an account, oldest first."""
        return list(self._of(key).orders.values())

    def executions(self, key: str | None = None, symbol: str | None = None) -> list[Execution]:
        """Every execution of an account, busted ones included."""
        per_symbol = self._of(key).executions
        return [e for name, rows in per_symbol.items() if symbol is None or name == symbol for e in rows]

    def positions(self, key: str | None = None) -> list[Position]:
        return [position for position in self._of(key).positions.values() if position.lots]

    def balances(self, key: str | None = None) -> dict[str, Decimal]:
        return dict(self._of(key).totals)

    def requests(self) -> Iterable[Logged]:
        """The last two hundred thousand requests, oldest first."""
        return self.dialect.log

    def _of(self, key: str | None) -> Account:
        return self.account if key is None else self.engine.accounts[key]

    # ---- lists in pages --------------------------------------------------------------------------------------------------------------
    def page(
        self, rows: Sequence[Row], ask: Ask, *, key: Callable[[Row], int], time_ns: Callable[[Row], int], from_name: str, limit: int,
        longest_ms: int | None = None,
    ) -> list[Row]:  # fmt: skip
        """From an id or a time on, oldest first; else the latest. Never more than `limit`.

        Raises
        ------
        Problem
            When the asked time is longer than the venue allows.
        """
        from_id, start, end = ask.whole(from_name), ask.whole("startTime"), ask.whole("endTime")
        if start is not None and end is not None:
            if end < start:
                raise Problem(-1128, "Combination of optional parameters invalid.")
            if longest_ms is not None and end - start > longest_ms:
                raise Problem(-1127, f"More than {longest_ms // 3_600_000} hours between startTime and endTime.")
        found: list[Row] = list(rows)
        if from_id is not None:
            found = [row for row in found if key(row) >= from_id]
        if start is not None:
            last = end if end is not None else start + longest_ms if longest_ms is not None else None
            found = [row for row in found if self.ms(time_ns(row)) >= start and (last is None or self.ms(time_ns(row)) <= last)]
        elif end is not None:
            found = [row for row in found if self.ms(time_ns(row)) <= end]
        return found[:limit] if from_id is not None or start is not None else found[-limit:]


def spot(now_ns: Callable[[], int], **options: Any) -> SimVenue:
    return SimVenue("spot", now_ns, **options)


def usdm(now_ns: Callable[[], int], **options: Any) -> SimVenue:
    return SimVenue("futures", now_ns, **options)
