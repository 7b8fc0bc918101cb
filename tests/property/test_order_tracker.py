"""The Cython tracker against a naive model: fills once for ever, states only forward, bounded memory."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from botcore.model.enums import InstrumentKind, OrderType, PositionAction, TradeType
from botcore.model.instrument import Instrument, Market
from botcore.model.order import TERMINAL, OrderRequest, OrderState, Purpose
from botcore.orders.moves import MOVES
from botcore.orders.tracker import UNKNOWN_ORDER, OrderTracker

PAIR = Instrument(Market("sim", "BTC-USDT"), InstrumentKind.SPOT, Decimal("0.1"), Decimal("0.001"))
STATES = list(OrderState)


def request(lots: int = 100) -> OrderRequest:
    return OrderRequest(PAIR, TradeType.BUY, OrderType.LIMIT, lots, 500, PositionAction.NIL, Purpose.OPEN, "b", "c", "x")


def tracked(lots: int = 100, keep: int = 2000) -> OrderTracker:
    tracker = OrderTracker(keep)
    tracker.track(request(lots), "o", None, 1)
    return tracker


class Machine(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.tracker = tracked()
        self.order = self.tracker.get("o")
        self.fills: dict[str, tuple[int, int]] = {}
        self.was_terminal = False

    @rule(trade=st.integers(0, 6), lots=st.integers(1, 60), ticks=st.integers(1, 900))
    def fill(self, trade: int, lots: int, ticks: int) -> None:
        name = f"t{trade}"
        news = self.tracker.apply_fill("o", name, ticks, lots, 5)
        assert news == (0 if name in self.fills else lots)
        self.fills.setdefault(name, (ticks, lots))

    @rule(state=st.sampled_from(STATES))
    def move(self, state: OrderState) -> None:
        before = self.order.state
        news = self.tracker.apply_state("o", state, 6)
        assert self.order.state == (state if news else before)
        if news:
            assert state in MOVES[before]

    @rule()
    def ask_cancel(self) -> None:
        asked = self.tracker.ask_cancel("o")
        assert not (asked and self.order.is_done)

    @invariant()
    def fills_are_summed_whatever_the_state(self) -> None:
        if not hasattr(self, "tracker"):
            return
        assert self.order.filled_lots == sum(lots for _, lots in self.fills.values())
        assert self.order.cost == sum(ticks * lots for ticks, lots in self.fills.values())

    @invariant()
    def terminal_absorbs(self) -> None:
        if not hasattr(self, "tracker"):
            return
        if self.was_terminal:
            assert self.order.state in TERMINAL
        self.was_terminal = self.order.state in TERMINAL
        assert self.order.is_done == self.was_terminal
        assert self.tracker.open_count == (0 if self.was_terminal else 1)


TestTracker = Machine.TestCase
TestTracker.settings = settings(max_examples=150, stateful_step_count=25, deadline=None)


def test_unknown_orders_are_told_apart_from_old_news() -> None:
    tracker = tracked()
    assert tracker.apply_fill("nobody", "t", 1, 1, 1) == UNKNOWN_ORDER
    assert tracker.get("nobody") is None


def test_complete_fill_closes_the_order_and_a_late_one_still_counts() -> None:
    tracker = tracked(10)
    assert tracker.apply_fill("o", "t1", 500, 10, 2) == 10
    order = tracker.get("o")
    assert order is not None
    assert order.state is OrderState.FILLED
    assert tracker.apply_fill("o", "t2", 500, 3, 3) == 3
    assert order.filled_lots == 13


def test_a_fill_after_the_cancel_counts() -> None:
    tracker = tracked(10)
    assert tracker.apply_state("o", OrderState.OPEN, 2)
    assert tracker.apply_state("o", OrderState.CANCELED, 3)
    assert tracker.apply_fill("o", "t1", 500, 4, 4) == 4
    order = tracker.get("o")
    assert order is not None
    assert (order.state, order.filled_lots) == (OrderState.CANCELED, 4)


def test_memory_is_bounded_by_the_closed_ones_that_are_kept() -> None:
    tracker = OrderTracker(50)
    for number in range(5000):
        name = f"o{number}"
        tracker.track(request(), name, None, number)
        tracker.apply_state(name, OrderState.OPEN, number, f"v{number}")
        tracker.apply_state(name, OrderState.CANCELED, number)
    assert tracker.open_count == 0
    assert len(tracker) <= 51
    assert tracker.get("o0") is None
    assert tracker.by_exchange_id("v0") is None
    assert tracker.by_exchange_id("v4999") is not None


def test_two_orders_never_share_an_id() -> None:
    with pytest.raises(ValueError, match="o"):
        tracked().track(request(), "o", None, 2)
