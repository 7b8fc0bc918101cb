"""What SimVenue trades and keeps: markets, orders, executions, positions. Prices are ticks and amounts are lots inside; money is Decimal."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import ROUND_DOWN, Decimal

CENT = Decimal("0.00000001")
"""Money is kept to eight places; what is cut off a fee or an average is cut once and then moved exactly."""
ZERO = Decimal(0)

OPEN = frozenset({"NEW", "PARTIALLY_FILLED"})


class Refused(Exception):
    """The engine says no, and nothing has changed. `reason` is a word that each dialect has a code and a text for."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason} {detail}".strip())
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Market:
    """A symbol and its rules; a change of rules is another value.

    Parameters
    ----------
    maker, taker : Decimal
        Fees as fractions of the notional; a negative one is a rebate.
    band : Decimal
        A limit price may be at most this many times the last price, and at least the last price divided by it.
    tick_multiple, lot_multiple : int
        The venue's filters are these multiples of `tick` and `lot`: the rules of a market with open orders change by them.
    """

    symbol: str
    base: str
    quote: str
    tick: Decimal
    lot: Decimal
    min_lots: int = 1
    max_lots: int = 10**12
    min_notional: Decimal = Decimal(5)
    maker: Decimal = Decimal("0.001")
    taker: Decimal = Decimal("0.001")
    band: Decimal = Decimal(5)
    status: str = "TRADING"
    max_open: int = 200
    max_stops: int = 10
    tick_multiple: int = 1
    lot_multiple: int = 1
    price_text: str = field(init=False)
    amount_text: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "price_text", f".{_places(self.tick)}f")
        object.__setattr__(self, "amount_text", f".{_places(self.lot)}f")

    @property
    def price_places(self) -> int:
        return _places(self.tick)

    @property
    def amount_places(self) -> int:
        return _places(self.lot)

    def changed(self, **what: object) -> Market:
        return replace(self, **what)  # type: ignore[arg-type]

    def price(self, ticks: int) -> Decimal:
        return self.tick * ticks

    def amount(self, lots: int) -> Decimal:
        return self.lot * lots

    def notional(self, ticks: int, lots: int) -> Decimal:
        return self.tick * ticks * self.lot * lots


def _places(step: Decimal) -> int:
    exponent = step.normalize().as_tuple().exponent
    return max(0, -int(exponent))


def cut(amount: Decimal) -> Decimal:
    """Eight places, the rest dropped."""
    return amount.quantize(CENT, ROUND_DOWN)


@dataclass(frozen=True, slots=True)
class OrderAsk:
    """What somebody wants: a new order before the engine has looked at it.

    Parameters
    ----------
    ticks : int
        0 for orders without a price.
    quote : Decimal
        For a market order by money: how much to spend or to get; `lots` is 0 then.
    post_only : bool
        Refuse rather than take.
    """

    symbol: str
    side: str
    kind: str
    lots: int
    ticks: int = 0
    client_id: str = ""
    tif: str = "GTC"
    stop_ticks: int = 0
    quote: Decimal = ZERO
    post_only: bool = False
    reduce_only: bool = False
    close_position: bool = False
    position_side: str = "BOTH"
    stp: str = "NONE"
    working_type: str = "CONTRACT_PRICE"
    good_till_ms: int = 0

    @property
    def only_reduces(self) -> bool:
        """Whether it can't open anything: said so, or, in hedge mode, on the side that closes; the venue takes it however small it is."""
        return self.reduce_only or self.closes_side

    @property
    def closes_side(self) -> bool:
        """Whether it trades against a side of a hedge account, which can't be turned around."""
        return (self.position_side, self.side) in (("LONG", "SELL"), ("SHORT", "BUY"))


class Order:
    """An order that the engine took. `history` holds every step as (ns, status, filled lots, quote), oldest first."""

    __slots__ = (
        "account", "ask", "cancel_id", "client_id", "created_ns", "fill_count", "filled", "history", "id", "is_working", "lots", "origin", "quote",
        "side", "status", "symbol", "ticks", "updated_ns",
    )  # fmt: skip

    def __init__(self, order_id: int, account: str, ask: OrderAsk, now_ns: int) -> None:
        self.id = order_id
        self.account = account
        self.ask = ask
        self.symbol = ask.symbol
        self.side = ask.side
        self.client_id = ask.client_id
        self.cancel_id = ""
        self.ticks = ask.ticks
        self.lots = ask.lots
        self.filled = 0
        self.quote = ZERO
        self.status = "NEW"
        self.is_working = True
        self.created_ns = now_ns
        self.updated_ns = now_ns
        self.fill_count = 0
        self.origin = "user"
        """`user`, `market` (SimVenue's own liquidity), `liquidation`, `adl`, `elsewhere` (the person's own hand)."""
        self.history: list[tuple[int, str, int, Decimal]] = []

    @property
    def left(self) -> int:
        return self.lots - self.filled

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    def note(self, now_ns: int) -> None:
        self.updated_ns = now_ns
        self.history.append((now_ns, self.status, self.filled, self.quote))

    def at(self, view_ns: int) -> tuple[int, str, int, Decimal] | None:
        """How it stood at a time; None when it was not there yet."""
        for step in reversed(self.history):
            if step[0] <= view_ns:
                return step
        return None


@dataclass(slots=True)
class Execution:
    """One side of a trade, as its account sees it.

    Parameters
    ----------
    visible_ns : int
        From when on lists show it; later than `ns` only by script.
    """

    id: int
    order: Order
    ticks: int
    lots: int
    quote: Decimal
    commission: Decimal
    commission_asset: str
    ns: int
    is_maker: bool
    realized: Decimal = ZERO
    visible_ns: int = 0
    is_busted: bool = False


@dataclass(frozen=True, slots=True)
class PublicTrade:
    """A trade on the tape."""

    id: int
    symbol: str
    ticks: int
    lots: int
    ns: int
    buyer_is_maker: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of an account's ledger: why a balance changed. `ref` is the trade id or what else caused it."""

    ns: int
    asset: str
    delta: Decimal
    kind: str
    symbol: str = ""
    ref: str = ""


class Position:
    """One side of a position. `lots` is signed; `cost` is what the open lots cost in sum, never below zero."""

    __slots__ = ("cost", "history", "lots", "realized", "side", "symbol", "updated_ns")

    def __init__(self, symbol: str, side: str) -> None:
        self.symbol = symbol
        self.side = side
        self.lots = 0
        self.cost = ZERO
        self.realized = ZERO
        self.updated_ns = 0
        self.history: list[tuple[int, int, Decimal]] = []

    def apply(self, signed_lots: int, ticks: int, market: Market, now_ns: int) -> Decimal:
        """Book an execution; returns what was realized by it."""
        realized = ZERO
        closing = min(abs(signed_lots), abs(self.lots)) if (self.lots > 0) != (signed_lots > 0) else 0
        if closing:
            part = self.cost if closing == abs(self.lots) else cut(self.cost * closing / abs(self.lots))
            worth = market.notional(ticks, closing)
            realized = worth - part if self.lots > 0 else part - worth
            self.cost -= part
            self.lots += closing if signed_lots > 0 else -closing
        opening = abs(signed_lots) - closing
        if opening:
            self.cost += market.notional(ticks, opening)
            self.lots += opening if signed_lots > 0 else -opening
        self.realized += realized
        self.updated_ns = now_ns
        self.history.append((now_ns, self.lots, self.cost))
        return realized

    def entry(self, market: Market) -> Decimal:
        return self.cost / market.amount(abs(self.lots)) if self.lots else ZERO

    def at(self, view_ns: int) -> tuple[int, Decimal]:
        """Lots and cost at a time."""
        for ns, lots, cost in reversed(self.history):
            if ns <= view_ns:
                return lots, cost
        return 0, ZERO
