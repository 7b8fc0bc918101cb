"""How fast the order tracker is, beside one in plain Python with the same duties: ids, states that only go forward, fills once for ever."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from decimal import Decimal
from statistics import median
from time import perf_counter
from typing import Any

from botcore.model.enums import InstrumentKind, OrderType, PositionAction, TradeType
from botcore.model.instrument import Instrument, Market
from botcore.model.order import TERMINAL, OrderRequest, OrderState, Purpose
from botcore.orders.moves import MOVES
from botcore.orders.tracker import OrderTracker

PAIR = Instrument(Market("sim", "BTC-USDT"), InstrumentKind.SPOT, Decimal("0.1"), Decimal("0.001"))
REQUEST = OrderRequest(PAIR, TradeType.BUY, OrderType.LIMIT, 10, 500, PositionAction.NIL, Purpose.OPEN, "b", "c", "x")
LIVES = 20_000


class NaiveOrder:
    def __init__(self, request: OrderRequest, name: str, now_ns: int) -> None:
        self.request, self.name, self.created_ns = request, name, now_ns
        self.state, self.filled_lots, self.cost = OrderState.PENDING_CREATE, 0, 0
        self.trades: set[str] = set()


class NaiveTracker:
    """The measured part of `OrderTracker`, with the same names."""

    def __init__(self, keep_closed: int = 2000) -> None:
        self._orders: dict[str, NaiveOrder] = {}
        self._closed: OrderedDict[str, None] = OrderedDict()
        self._keep = keep_closed

    def track(self, request: OrderRequest, name: str, owner: Any, now_ns: int) -> None:
        self._orders[name] = NaiveOrder(request, name, now_ns)

    def apply_state(self, name: str, state: OrderState, ts_ns: int, exchange_order_id: str | None = None) -> bool:
        order = self._orders.get(name)
        if order is None or state not in MOVES[order.state]:
            return False
        self._move(order, state)
        return True

    def apply_fill(self, name: str, trade_id: str, price_ticks: int, lots: int, ts_ns: int) -> int:
        order = self._orders.get(name)
        if order is None or trade_id in order.trades:
            return 0
        order.trades.add(trade_id)
        order.filled_lots += lots
        order.cost += lots * price_ticks
        if order.state not in TERMINAL:
            self._move(order, OrderState.FILLED if order.filled_lots >= order.request.lots else OrderState.PARTIALLY_FILLED)
        return lots

    def _move(self, order: NaiveOrder, state: OrderState) -> None:
        order.state = state
        if state in TERMINAL:
            self._closed[order.name] = None
            if len(self._closed) > self._keep:
                del self._orders[self._closed.popitem(last=False)[0]]


def lives(kind: Callable[[], Any]) -> float:
    """Seconds for one order's life: tracked, open, a fill, the same fill again, the rest."""
    tracker, names = kind(), [f"cdr-1-{number}-1" for number in range(LIVES)]
    begin = perf_counter()
    for name in names:
        tracker.track(REQUEST, name, None, 1)
        tracker.apply_state(name, OrderState.OPEN, 2, name)
        tracker.apply_fill(name, "t1", 500, 4, 3)
        tracker.apply_fill(name, "t1", 500, 4, 3)
        tracker.apply_fill(name, "t2", 500, 6, 4)
    return (perf_counter() - begin) / LIVES


def run(rounds: int = 7) -> dict[str, float]:
    """`life.ns`, `life.naive_ns` (medians) and `life.ratio`, naive by ours."""
    pairs = [(lives(OrderTracker), lives(NaiveTracker)) for _ in range(rounds)]
    return {
        "life.ns": median(ours for ours, _ in pairs) * 1e9,
        "life.naive_ns": median(naive for _, naive in pairs) * 1e9,
        "life.ratio": median(naive / ours for ours, naive in pairs),
    }
