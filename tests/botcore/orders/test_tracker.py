"""Life of an order in the tracker: was this news, and is every fill counted exactly once?"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from botcore.model.enums import OrderType, TradeType
from botcore.model.errors import CondorError
from botcore.model.order import TERMINAL, Fee, Fill, OrderRequest, OrderState
from botcore.orders.moves import MOVES
from botcore.orders.tracker import UNKNOWN_ORDER, Order, OrderTracker
from tests.support.bench import instrument

S = OrderState
ETH = instrument()
ID = "cdr-0-1-1"
INT64_MAX = 2**63 - 1


def request(lots: int = 10) -> OrderRequest:
    return OrderRequest(ETH, TradeType.BUY, OrderType.LIMIT, lots, 10_000)


def tracked(lots: int = 10, keep_closed: int = 2000) -> tuple[OrderTracker, Order]:
    tracker = OrderTracker(keep_closed)
    return tracker, tracker.track(request(lots), ID, "owner", 100)


def bring_to(tracker: OrderTracker, state: OrderState) -> None:
    """Bring the order to a state without a fill."""
    if state is not S.PENDING_CREATE:
        assert tracker.apply_state(ID, state, 101)


# ---- tracking ------------------------------------------------------------------------------------------------------
def test_a_tracked_order_is_open_and_pending(  # OT-1
) -> None:
    tracker, order = tracked()
    assert order.state is S.PENDING_CREATE
    assert order.is_open and not order.is_done and not order.is_working
    assert tracker.get(ID) is order and tracker.open_orders() == [order] and tracker.open_count == 1
    assert order.owner == "owner" and order.instrument is ETH
    assert (order.created_ns, order.updated_ns, order.filled_lots, order.cost) == (100, 100, 0, 0)


def test_the_same_id_is_not_tracked_twice() -> None:
    tracker, order = tracked()
    with pytest.raises(ValueError, match="tracked already"):
        tracker.track(request(), ID, None, 0)
    assert tracker.get(ID) is order and len(tracker) == 1


def test_a_closed_order_still_holds_its_id() -> None:
    tracker, _ = tracked()
    tracker.apply_state(ID, S.CANCELED, 1)
    with pytest.raises(ValueError, match="tracked already"):
        tracker.track(request(), ID, None, 0)


@pytest.mark.parametrize("lots", [0, -1])
def test_an_order_without_lots_is_refused(lots: int) -> None:
    tracker = OrderTracker()
    with pytest.raises(ValueError, match="at least one lot"):
        tracker.track(request(lots), ID, None, 0)
    assert tracker.get(ID) is None and tracker.open_count == 0


def test_open_orders_are_oldest_first() -> None:
    tracker = OrderTracker()
    for serial in (3, 1, 2):
        tracker.track(request(), f"cdr-0-{serial}-1", None, serial)
    tracker.apply_state("cdr-0-1-1", S.CANCELED, 9)
    assert [order.client_order_id for order in tracker.open_orders()] == ["cdr-0-3-1", "cdr-0-2-1"]


def test_the_list_of_open_orders_survives_changes_while_it_is_walked() -> None:
    tracker = OrderTracker()
    for serial in range(5):
        tracker.track(request(), f"cdr-0-{serial}-1", None, serial)
    for order in tracker.open_orders():
        tracker.apply_state(order.client_order_id, S.CANCELED, 9)
    assert tracker.open_count == 0


@pytest.mark.parametrize("name", ["filled_lots", "cost", "cancel_asked", "reason", "client_order_id", "lots"])
def test_nobody_else_writes_an_order(name: str) -> None:
    _, order = tracked()
    with pytest.raises(AttributeError):
        setattr(order, name, 1)


# ---- states --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("target", list(OrderState))
@pytest.mark.parametrize("source", list(OrderState))
def test_every_pair_of_states_obeys_the_table(source: OrderState, target: OrderState) -> None:
    tracker, order = tracked()
    bring_to(tracker, source)
    stale = tracker.stale_updates
    legal = target in MOVES[source]
    assert tracker.apply_state(ID, target, 200) is legal
    assert order.state is (target if legal else source)
    assert tracker.stale_updates - stale == (not legal and source is not target)
    assert order.is_open is (order.state not in TERMINAL)
    assert (ID in {o.client_order_id for o in tracker.open_orders()}) is order.is_open


def test_open_is_news_once() -> None:
    """OT-3: an update with the same state is no event."""
    tracker, order = tracked()
    assert tracker.apply_state(ID, S.OPEN, 200, "v1") is True
    assert tracker.apply_state(ID, S.OPEN, 300, "v1") is False
    assert order.is_working and order.exchange_order_id == "v1" and order.updated_ns == 200
    assert tracker.stale_updates == 0


@pytest.mark.parametrize("end", [S.CANCELED, S.FAILED, S.EXPIRED])
def test_an_ended_order_is_told_once_and_kept(end: OrderState) -> None:
    """OT-4."""
    tracker, order = tracked()
    assert tracker.apply_state(ID, end, 200, reason="too small") is True
    assert tracker.apply_state(ID, end, 300, reason="other") is False
    assert order.is_done and order.reason == "too small" and order.remaining_lots == 0
    assert tracker.get(ID) is order and tracker.open_count == 0


def test_open_after_cancel_is_old_news() -> None:
    """HZ-21: a read replica that lags says OPEN after CANCELED."""
    tracker, order = tracked()
    tracker.apply_state(ID, S.OPEN, 200, "v1")
    tracker.apply_state(ID, S.CANCELED, 300)
    assert tracker.apply_state(ID, S.OPEN, 250) is False
    assert order.state is S.CANCELED and order.updated_ns == 300 and tracker.stale_updates == 1


def test_open_does_not_take_back_a_wish_to_cancel() -> None:
    """HZ-21: the cancel stays asked when an older OPEN arrives."""
    tracker, order = tracked()
    tracker.apply_state(ID, S.OPEN, 200)
    assert tracker.ask_cancel(ID) is True
    tracker.apply_state(ID, S.OPEN, 150)
    assert order.cancel_asked and order.state is S.OPEN


def test_a_timed_out_submit_is_unknown_until_evidence() -> None:
    """HZ-23: submit times out, the venue has the order: UNKNOWN, then OPEN."""
    tracker, order = tracked()
    assert tracker.apply_state(ID, S.UNKNOWN, 200) is True
    assert order.is_open and not order.is_working and order.remaining_lots == 10
    assert tracker.apply_state(ID, S.PENDING_CREATE, 210) is False
    assert tracker.apply_state(ID, S.OPEN, 300, "v7") is True
    assert order.is_working and tracker.by_exchange_id("v7") is order


def test_an_older_time_stamp_does_not_turn_back_the_order() -> None:
    tracker, order = tracked()
    tracker.apply_state(ID, S.OPEN, 500)
    tracker.apply_fill(ID, "t1", 10_000, 1, 400)
    assert order.updated_ns == 500 and order.filled_lots == 1


def test_an_unknown_order_is_no_news() -> None:
    tracker, _ = tracked()
    assert tracker.apply_state("cdr-9-9-9", S.CANCELED, 1, "v9") is False
    assert tracker.by_exchange_id("v9") is None and tracker.stale_updates == 0


@pytest.mark.parametrize("state", [-1, -100, 2, 7, 15, 16, 127, 128, 300])
def test_a_state_that_does_not_exist_changes_nothing(state: int) -> None:
    tracker, order = tracked()
    assert tracker.apply_state(ID, state, 1) is False
    assert order.state is S.PENDING_CREATE and tracker.stale_updates == 1


# ---- the venue's id ------------------------------------------------------------------------------------------------
def test_the_first_exchange_id_stays() -> None:
    """OT-14: a mismatched id changes nothing."""
    tracker, order = tracked()
    tracker.apply_state(ID, S.OPEN, 200, "v1")
    tracker.apply_state(ID, S.CANCELED, 300, "v2")
    assert order.exchange_order_id == "v1"
    assert tracker.by_exchange_id("v1") is order and tracker.by_exchange_id("v2") is None


def test_a_stale_message_still_teaches_the_exchange_id() -> None:
    tracker, order = tracked()
    tracker.apply_fill(ID, "t1", 10_000, 10, 200)
    assert tracker.apply_state(ID, S.OPEN, 300, "v1") is False
    assert tracker.by_exchange_id("v1") is order


def test_a_fill_does_not_set_an_exchange_id() -> None:
    """OT-14."""
    tracker, order = tracked()
    tracker.apply_fill(ID, "t1", 10_000, 1, 200)
    assert order.exchange_order_id is None


def test_forgetting_an_order_leaves_the_id_of_its_namesake() -> None:
    """Venues that count order ids per pair give two orders the same one."""
    tracker = OrderTracker(keep_closed=1)
    for serial in (1, 2, 3):
        tracker.track(request(), f"cdr-0-{serial}-1", None, serial)
    tracker.apply_state("cdr-0-1-1", S.OPEN, 1, "v1")
    tracker.apply_state("cdr-0-2-1", S.OPEN, 1, "v1")
    tracker.apply_state("cdr-0-1-1", S.CANCELED, 2)
    tracker.apply_state("cdr-0-3-1", S.CANCELED, 2)
    assert tracker.get("cdr-0-1-1") is None
    assert tracker.by_exchange_id("v1") is tracker.get("cdr-0-2-1")


# ---- fills ---------------------------------------------------------------------------------------------------------
def test_a_fill_is_counted_once() -> None:
    """OT-13: the same trade id twice."""
    tracker, order = tracked()
    assert tracker.apply_fill(ID, "t1", 10_000, 4, 200) == 4
    assert tracker.apply_fill(ID, "t1", 10_000, 4, 300) == 0
    assert tracker.apply_fill(ID, "t1", 9_999, 6, 300) == 0
    assert (order.filled_lots, order.cost, order.remaining_lots) == (4, 40_000, 6)
    assert tracker.duplicate_fills == 2 and order.updated_ns == 200


def test_fills_make_an_order_partial_then_full() -> None:
    tracker, order = tracked()
    tracker.apply_fill(ID, "t1", 10_000, 4, 200)
    assert order.state is S.PARTIALLY_FILLED and order.is_working
    tracker.apply_fill(ID, "t2", 10_010, 6, 300)
    assert order.state is S.FILLED and order.is_done and not order.fills_pending
    assert order.cost == 4 * 10_000 + 6 * 10_010
    assert order.average_price == Decimal("100.06")
    assert tracker.open_count == 0


def test_a_fill_may_overtake_the_acknowledgement() -> None:
    tracker, order = tracked()
    assert tracker.apply_fill(ID, "t1", 10_000, 1, 200) == 1
    assert tracker.apply_state(ID, S.OPEN, 150, "v1") is False
    assert order.state is S.PARTIALLY_FILLED and order.exchange_order_id == "v1"


@pytest.mark.parametrize("end", sorted(TERMINAL))
def test_a_late_fill_counts_in_every_terminal_state(end: OrderState) -> None:
    tracker, order = tracked()
    bring_to(tracker, end)
    assert tracker.apply_fill(ID, "t1", 10_000, 3, 400) == 3
    assert order.state is end and order.filled_lots == 3 and order.cost == 30_000 and order.updated_ns == 400
    assert tracker.apply_fill(ID, "t1", 10_000, 3, 500) == 0


def test_late_fills_that_complete_a_cancelled_order_leave_it_cancelled() -> None:
    tracker, order = tracked()
    bring_to(tracker, S.CANCELED)
    tracker.apply_fill(ID, "t1", 10_000, 10, 400)
    assert order.state is S.CANCELED and order.filled_lots == 10 and tracker.open_count == 0


def test_filled_without_fills_waits_for_them() -> None:
    """OT-5: the venue says FILLED before the trades arrive."""
    tracker, order = tracked()
    tracker.apply_fill(ID, "t1", 10_000, 4, 150)
    assert tracker.apply_state(ID, S.FILLED, 200) is True
    assert order.fills_pending and order.filled_lots == 4 and order.is_done
    assert tracker.apply_fill(ID, "t2", 10_000, 6, 300) == 6
    assert not order.fills_pending and order.filled_lots == 10


def test_more_fills_than_lots_are_all_counted() -> None:
    """What the venue executed is the position, even when it is more than was asked."""
    tracker, order = tracked()
    assert tracker.apply_fill(ID, "t1", 10_000, 8, 200) == 8
    assert tracker.apply_fill(ID, "t2", 10_000, 8, 200) == 8
    assert order.filled_lots == 16 and order.is_overfilled and order.remaining_lots == 0
    assert order.state is S.FILLED


def test_an_order_that_is_full_is_not_overfilled() -> None:
    tracker, order = tracked()
    tracker.apply_fill(ID, "t1", 10_000, 10, 200)
    assert not order.is_overfilled


def test_a_fill_of_an_unknown_order_says_so() -> None:
    tracker, _ = tracked()
    assert tracker.apply_fill("cdr-9-9-9", "t1", 1, 1, 1) == UNKNOWN_ORDER == -1


@pytest.mark.parametrize(("ticks", "lots"), [(0, 1), (-1, 1), (1, 0), (1, -3)])
def test_a_nonsense_fill_raises_and_books_nothing(ticks: int, lots: int) -> None:
    tracker, order = tracked()
    with pytest.raises(ValueError, match="positive price and lots"):
        tracker.apply_fill(ID, "t1", ticks, lots, 200)
    assert order.filled_lots == 0 and order.state is S.PENDING_CREATE
    assert tracker.apply_fill(ID, "t1", 10_000, 1, 200) == 1, "a refused fill must not use up its trade id"


def test_the_same_trade_id_in_two_orders_is_two_fills() -> None:
    tracker, order = tracked()
    other = tracker.track(request(), "cdr-0-2-1", None, 1)
    assert tracker.apply_fill(ID, "t1", 10_000, 1, 1) == tracker.apply_fill("cdr-0-2-1", "t1", 10_000, 1, 1) == 1
    assert order.filled_lots == other.filled_lots == 1


def test_cost_is_exact_beyond_int64() -> None:
    tracker, order = tracked(lots=10**18)
    tracker.apply_fill(ID, "t1", 10**18, 4 * 10**17, 1)
    tracker.apply_fill(ID, "t2", 10**18 + 1, 6 * 10**17, 1)
    assert order.cost == 10**18 * 4 * 10**17 + (10**18 + 1) * 6 * 10**17


def test_filled_lots_raise_instead_of_wrapping() -> None:
    """Design section 5: overflow raises, never wraps."""
    tracker, order = tracked(lots=INT64_MAX)
    tracker.apply_fill(ID, "t1", 1, INT64_MAX - 1, 1)
    with pytest.raises((CondorError, OverflowError)):
        tracker.apply_fill(ID, "t2", 1, 2, 1)
    assert order.filled_lots == INT64_MAX - 1 and order.cost == INT64_MAX - 1
    assert tracker.apply_fill(ID, "t2", 1, 1, 1) == 1


def test_no_fill_no_average_price() -> None:
    _, order = tracked()
    assert order.average_price is None


# ---- cancelling ----------------------------------------------------------------------------------------------------
def test_a_cancel_is_asked_once() -> None:
    tracker, order = tracked()
    assert tracker.ask_cancel(ID) is True
    assert tracker.ask_cancel(ID) is False
    assert order.cancel_asked and order.is_open, "cancelling is a question, not a state"


def test_a_refused_cancel_may_be_asked_again() -> None:
    tracker, order = tracked()
    tracker.ask_cancel(ID)
    tracker.cancel_refused(ID)
    assert not order.cancel_asked and tracker.ask_cancel(ID) is True


@pytest.mark.parametrize("end", sorted(TERMINAL))
def test_a_done_order_is_not_cancelled(end: OrderState) -> None:
    tracker, _ = tracked()
    bring_to(tracker, end)
    assert tracker.ask_cancel(ID) is False


def test_an_unknown_order_is_not_cancelled() -> None:
    tracker, _ = tracked()
    assert tracker.ask_cancel("cdr-9-9-9") is False
    tracker.cancel_refused("cdr-9-9-9")


def test_a_fill_while_the_cancel_is_under_way_counts() -> None:
    tracker, order = tracked()
    tracker.apply_state(ID, S.OPEN, 100)
    tracker.ask_cancel(ID)
    assert tracker.apply_fill(ID, "t1", 10_000, 10, 200) == 10
    assert tracker.apply_state(ID, S.CANCELED, 300) is False
    assert order.state is S.FILLED


# ---- memory --------------------------------------------------------------------------------------------------------
def test_only_the_latest_closed_orders_are_kept() -> None:
    """OT-2: 1001 closed of which 1000 are kept; the oldest is gone, with its exchange id."""
    tracker = OrderTracker(keep_closed=1000)
    for serial in range(1001):
        tracker.track(request(), f"cdr-0-{serial}-1", None, 0)
        tracker.apply_state(f"cdr-0-{serial}-1", S.CANCELED, 1, f"v{serial}")
    assert len(tracker) == 1000 and tracker.open_count == 0
    assert tracker.get("cdr-0-0-1") is None and tracker.by_exchange_id("v0") is None
    assert tracker.get("cdr-0-1-1") is not None and tracker.by_exchange_id("v1") is not None
    assert tracker.apply_fill("cdr-0-0-1", "t", 1, 1, 1) == UNKNOWN_ORDER


def test_open_orders_are_never_forgotten() -> None:
    tracker = OrderTracker(keep_closed=1)
    tracker.track(request(), "cdr-0-0-1", None, 0)
    for serial in range(1, 50):
        tracker.track(request(), f"cdr-0-{serial}-1", None, 0)
        tracker.apply_state(f"cdr-0-{serial}-1", S.CANCELED, 1)
    assert tracker.get("cdr-0-0-1") is not None and len(tracker) == 2


def test_late_fills_do_not_settle_an_order_twice() -> None:
    tracker = OrderTracker(keep_closed=2)
    for serial in (1, 2):
        tracker.track(request(), f"cdr-0-{serial}-1", None, 0)
        tracker.apply_state(f"cdr-0-{serial}-1", S.CANCELED, 1)
    for trade in range(5):
        tracker.apply_fill("cdr-0-2-1", f"t{trade}", 1, 10, 1)
    assert len(tracker) == 2 and tracker.get("cdr-0-1-1") is not None


def test_memory_stays_bounded_over_many_orders() -> None:
    tracker = OrderTracker(keep_closed=10)
    for serial in range(20_000):
        client_id = f"cdr-0-{serial}-1"
        tracker.track(request(), client_id, None, serial)
        tracker.apply_state(client_id, S.OPEN, serial, f"v{serial}")
        tracker.apply_fill(client_id, f"t{serial}", 1, 10, serial)
    assert len(tracker) == 10
    assert sum(tracker.by_exchange_id(f"v{serial}") is not None for serial in range(20_000)) == 10


def test_a_tracker_keeps_at_least_one() -> None:
    with pytest.raises(ValueError, match="keep_closed"):
        OrderTracker(0)


# ---- adoption ------------------------------------------------------------------------------------------------------
def fill(trade_id: str, lots: int, ticks: int = 10_000) -> Fill:
    return Fill(ETH, trade_id, ID, TradeType.BUY, ticks, lots, Fee(Decimal(0), "USDT", Decimal(0)), 150, False)


def adopted(state: OrderState, fills: list[Fill], exchange_id: str | None = "v1") -> tuple[OrderTracker, Order]:
    tracker = OrderTracker()
    return tracker, tracker.adopt(request(), ID, "owner", 100, state, exchange_id, fills)


@pytest.mark.parametrize("state", list(OrderState))
def test_an_adopted_order_stands_where_it_was_written_down(state: OrderState) -> None:
    """OT-11."""
    tracker, order = adopted(state, [])
    assert order.state is state and order.owner == "owner" and order.created_ns == 100
    assert tracker.open_count == (state not in TERMINAL)
    assert tracker.by_exchange_id("v1") is order


def test_a_fill_from_before_the_restart_is_not_news_again() -> None:
    tracker, order = adopted(S.PARTIALLY_FILLED, [fill("t1", 4)])
    assert order.filled_lots == 4 and order.state is S.PARTIALLY_FILLED
    assert tracker.apply_fill(ID, "t1", 10_000, 4, 999) == 0
    assert tracker.apply_fill(ID, "t2", 10_000, 6, 999) == 6
    assert order.state is S.FILLED


def test_an_adopted_cancelled_order_keeps_its_fills_and_takes_late_ones() -> None:
    tracker, order = adopted(S.CANCELED, [fill("t1", 4)])
    assert order.state is S.CANCELED and order.filled_lots == 4
    assert tracker.apply_fill(ID, "t2", 10_000, 2, 999) == 2


def test_an_adopted_full_order_is_done() -> None:
    """OT-15."""
    tracker, order = adopted(S.FILLED, [fill("t1", 10)])
    assert order.is_done and not order.fills_pending and tracker.open_count == 0


def test_an_adopted_order_without_answer_has_no_exchange_id() -> None:
    _, order = adopted(S.UNKNOWN, [], None)
    assert order.exchange_order_id is None and order.state is S.UNKNOWN


# ---- nothing of it is copied ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("make", [lambda: tracked()[0], lambda: tracked()[1]])
def test_tracker_and_order_are_not_pickled(make: Callable[[], object]) -> None:
    import pickle

    with pytest.raises(TypeError):
        pickle.dumps(make())


def test_an_order_prints_what_matters() -> None:
    tracker, order = tracked()
    tracker.apply_fill(ID, "t1", 10_000, 4, 1)
    assert repr(order) == "<Order cdr-0-1-1 PARTIALLY_FILLED 4/10>"
