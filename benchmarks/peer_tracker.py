"""An order tracker with the habits that `reference/performance.md` measured in a widely used peer, written anew and frozen: the baseline of `bench_updates`.

Its habits: amounts are Decimals; every message looks its order up in a dictionary that is merged from the active, the recently closed and the lost orders; recently
closed orders are kept with the time at which they expire, and each look walks them; every change makes an event that all listeners get, who pick theirs by id.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from time import monotonic

TTL_S = 30.0
CAPACITY = 1_000


@dataclass
class PeerOrder:
    """One order."""

    name: str
    amount: Decimal
    price: Decimal
    state: str = "PENDING_CREATE"
    exchange_id: str | None = None
    filled_base: Decimal = Decimal(0)
    filled_quote: Decimal = Decimal(0)
    fills: dict[str, TradeUpdate] = field(default_factory=dict)
    updated_s: float = 0.0

    @property
    def is_done(self) -> bool:
        return self.state in ("CANCELED", "FILLED", "FAILED") or self.filled_base >= self.amount


@dataclass(frozen=True)
class TradeUpdate:
    """An execution."""

    trade_id: str
    name: str
    price: Decimal
    base: Decimal
    fee: Decimal
    at_s: float


@dataclass(frozen=True)
class PeerEvent:
    """What listeners get."""

    at_s: float
    name: str
    price: Decimal
    base: Decimal
    trade_id: str


class PeerTracker:
    """See the module."""

    def __init__(self) -> None:
        self.listeners: list[Callable[[PeerEvent], None]] = []
        self._active: dict[str, PeerOrder] = {}
        self._closed: dict[str, tuple[float, PeerOrder]] = {}
        self._lost: dict[str, PeerOrder] = {}

    @property
    def cached(self) -> dict[str, PeerOrder]:
        now_s = monotonic()
        return {name: order for name, (until_s, order) in self._closed.items() if until_s > now_s}

    @property
    def fillable(self) -> dict[str, PeerOrder]:
        return {**self._active, **self.cached, **self._lost}

    def track(self, order: PeerOrder) -> None:
        self._active[order.name] = order

    def apply_state(self, name: str, state: str, exchange_id: str) -> None:
        order = self.fillable.get(name)
        if order is None:
            return
        order.state, order.exchange_id, order.updated_s = state, exchange_id, monotonic()
        self._tell(PeerEvent(order.updated_s, name, order.price, order.amount, ""))
        if order.is_done:
            self._close(order)

    def apply_fill(self, update: TradeUpdate) -> bool:
        order = self.fillable.get(update.name)
        if order is None or update.trade_id in order.fills:
            return False
        order.fills[update.trade_id] = update
        order.filled_base += update.base
        order.filled_quote += update.base * update.price
        order.updated_s = update.at_s
        self._tell(PeerEvent(update.at_s, update.name, update.price, update.base, update.trade_id))
        if order.is_done:
            order.state = "FILLED"
            self._close(order)
        return True

    def _close(self, order: PeerOrder) -> None:
        self._active.pop(order.name, None)
        self._closed[order.name] = (monotonic() + TTL_S, order)
        while len(self._closed) > CAPACITY:
            del self._closed[next(iter(self._closed))]

    def _tell(self, event: PeerEvent) -> None:
        for listener in self.listeners:
            listener(event)
