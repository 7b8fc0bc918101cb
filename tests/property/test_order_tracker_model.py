"""Whatever comes in whatever order: the tracker agrees with a model of a dozen lines, and fills are counted exactly once."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from botcore.model.enums import OrderType, TradeType
from botcore.model.order import TERMINAL, OrderRequest, OrderState
from botcore.orders.moves import MOVES
from botcore.orders.tracker import UNKNOWN_ORDER, Order, OrderTracker
from tests.support.bench import instrument

ETH = instrument()
ORDERS = st.integers(0, 7).map(lambda number: f"cdr-0-{number}-1")
TRADES = st.integers(0, 5).map(lambda number: f"t{number}")
EXCHANGE_IDS = st.none() | st.integers(0, 4).map(lambda number: f"v{number}")
TIMES = st.integers(0, 1000)


@dataclass
class Known:
    """What must be true of one order."""

    lots: int
    state: OrderState = OrderState.PENDING_CREATE
    exchange_id: str | None = None
    trades: dict[str, tuple[int, int]] = field(default_factory=dict)
    cancel_asked: bool = False
    updated: int = 0

    @property
    def filled(self) -> int:
        return sum(lots for _, lots in self.trades.values())


class TrackerMachine(RuleBasedStateMachine):
    """Random messages, also doubled, late, out of order and for orders that nobody knows."""

    @initialize(keep=st.integers(1, 3))
    def begin(self, keep: int) -> None:
        self.keep = keep
        self.tracker = OrderTracker(keep)
        self.known: dict[str, Known] = {}
        self.closed: list[str] = []
        self.live: dict[str, Order] = {}

    def settle(self, order_id: str) -> None:
        self.closed.append(order_id)
        if len(self.closed) > self.keep:
            gone = self.closed.pop(0)
            del self.known[gone]
            del self.live[gone]

    @rule(order_id=ORDERS, lots=st.integers(1, 12), now=TIMES)
    def track(self, order_id: str, lots: int, now: int) -> None:
        request = OrderRequest(ETH, TradeType.BUY, OrderType.LIMIT, lots, 100)
        try:
            order = self.tracker.track(request, order_id, None, now)
        except ValueError:
            assert order_id in self.known
            return
        assert order_id not in self.known
        self.known[order_id] = Known(lots, updated=now)
        self.live[order_id] = order

    @rule(order_id=ORDERS, state=st.sampled_from(OrderState), now=TIMES, exchange_id=EXCHANGE_IDS)
    def say_state(self, order_id: str, state: OrderState, now: int, exchange_id: str | None) -> None:
        was_news = self.tracker.apply_state(order_id, state, now, exchange_id)
        known = self.known.get(order_id)
        if known is None:
            assert not was_news
            return
        known.exchange_id = known.exchange_id or exchange_id
        assert was_news == (state in MOVES[known.state])
        if was_news:
            known.state, known.updated = state, max(known.updated, now)
            if state in TERMINAL:
                self.settle(order_id)

    @rule(order_id=ORDERS, trade_id=TRADES, ticks=st.integers(1, 200), lots=st.integers(1, 9), now=TIMES)
    def say_fill(self, order_id: str, trade_id: str, ticks: int, lots: int, now: int) -> None:
        found = self.tracker.apply_fill(order_id, trade_id, ticks, lots, now)
        known = self.known.get(order_id)
        if known is None:
            assert found == UNKNOWN_ORDER
        elif trade_id in known.trades:
            assert found == 0
        else:
            assert found == lots
            known.trades[trade_id] = (ticks, lots)
            known.updated = max(known.updated, now)
            if known.state not in TERMINAL:
                full = known.filled >= known.lots
                known.state = OrderState.FILLED if full else OrderState.PARTIALLY_FILLED
                if full:
                    self.settle(order_id)

    @rule(order_id=ORDERS)
    def ask_cancel(self, order_id: str) -> None:
        known = self.known.get(order_id)
        may = known is not None and known.state not in TERMINAL and not known.cancel_asked
        assert self.tracker.ask_cancel(order_id) is may
        if known is not None and may:
            known.cancel_asked = True

    @rule(order_id=ORDERS)
    def refuse_cancel(self, order_id: str) -> None:
        self.tracker.cancel_refused(order_id)
        if order_id in self.known:
            self.known[order_id].cancel_asked = False

    @invariant()
    def orders_agree(self) -> None:
        if not hasattr(self, "tracker"):
            return
        for order_id, known in self.known.items():
            order = self.tracker.get(order_id)
            assert order is self.live[order_id]
            assert order.state is known.state
            assert order.filled_lots == known.filled
            assert order.cost == sum(ticks * lots for ticks, lots in known.trades.values())
            assert order.exchange_order_id == known.exchange_id
            assert order.cancel_asked is known.cancel_asked
            assert order.updated_ns == known.updated
            done = known.state in TERMINAL
            assert order.remaining_lots == (0 if done else max(0, known.lots - known.filled))
            assert order.is_overfilled is (known.filled > known.lots)

    @invariant()
    def sets_agree(self) -> None:
        if not hasattr(self, "tracker"):
            return
        assert len(self.tracker) == len(self.known)
        open_ids = [order_id for order_id, known in self.known.items() if known.state not in TERMINAL]
        assert [order.client_order_id for order in self.tracker.open_orders()] == open_ids
        assert self.tracker.open_count == len(open_ids)

    @invariant()
    def every_exchange_id_leads_to_a_known_order_of_that_id(self) -> None:
        if not hasattr(self, "tracker"):
            return
        for number in range(5):
            found = self.tracker.by_exchange_id(f"v{number}")
            assert found is None or (found.exchange_order_id == f"v{number}" and self.tracker.get(found.client_order_id) is found)


TestTracker = TrackerMachine.TestCase
TestTracker.settings = settings(max_examples=80, stateful_step_count=60, deadline=None, derandomize=True, database=None)
