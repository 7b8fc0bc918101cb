"""Order tracker rows of the numeric scenarios (OT-*, HZ-21, HZ-23): amount 1000 lots. Where ours differs on purpose, the test says how."""

from __future__ import annotations

import pytest

from botcore.model.events import FactKind, OrderAccepted, OrderClosed, OrderFilled
from botcore.model.order import Fill, OrderState
from botcore.orders.tracker import UNKNOWN_ORDER, OrderTracker
from botcore.venues.line import Created, Reported
from botcore.venues.wire import OrderReport, Outcome, Verdict
from tests.support.bench import T0_NS, make_fill
from tests.support.live_bench import D, LiveBench, Owner
from tests.support.lossy_venue import Line

NS = T0_NS


def tracked(keep_closed: int = 2000) -> tuple[OrderTracker, LiveBench]:
    bench = LiveBench()
    return OrderTracker(keep_closed), bench


def report(bench: LiveBench, client_order_id: str, state: OrderState, filled: int = 0, fills: tuple[Fill, ...] = ()) -> Reported:
    return Reported(OrderReport(client_order_id, "v1", "ETH-USDT", state, 1000, filled, bench.clock.now_ns, "", fills))


def silent_bench() -> LiveBench:
    """A venue that takes requests and says nothing: the test speaks for it."""
    bench = LiveBench()
    bench.venue.create = lambda order: None  # type: ignore[method-assign]
    bench.venue.ask = lambda kind, order: None  # type: ignore[method-assign]
    return bench


def of_kind(owner: Owner, kind: type) -> list[object]:
    return [event for event in owner.events if type(event) is kind]


def test_ot_1_tracked_is_open_and_ended_is_kept() -> None:
    bench = silent_bench()
    order = bench.submit()
    assert bench.connector.tracker.open_count == 1
    bench.connector.inbox.append(report(bench, order.client_order_id, OrderState.CANCELED))
    bench.step()
    assert bench.connector.tracker.open_count == 0
    assert bench.connector.tracker.get(order.client_order_id) is order


def test_ot_2_the_newest_thousand_closed_orders_are_kept() -> None:
    tracker, bench = tracked(1000)
    wanted = bench.submit().request
    for number in range(1001):
        tracker.track(wanted, f"o{number}", None, NS)
        tracker.apply_state(f"o{number}", OrderState.CANCELED, NS)
    assert len(tracker) == 1000
    assert tracker.get("o0") is None
    assert tracker.get("o1") is not None


def test_ot_3_open_is_told_once_with_the_venues_id() -> None:
    bench, owner = silent_bench(), Owner()
    order = bench.submit(owner=owner)
    for _ in range(2):
        bench.connector.inbox.append(report(bench, order.client_order_id, OrderState.OPEN))
        bench.step()
    assert len(of_kind(owner, OrderAccepted)) == 1
    assert order.exchange_order_id == "v1"


@pytest.mark.parametrize("state", [OrderState.CANCELED, OrderState.FAILED])
def test_ot_4_an_end_is_told_once(state: OrderState) -> None:
    bench, owner = silent_bench(), Owner()
    order = bench.submit(owner=owner)
    for _ in range(2):
        bench.connector.inbox.append(report(bench, order.client_order_id, state))
        bench.step()
    (closed,) = of_kind(owner, OrderClosed)
    assert closed.state is state  # type: ignore[attr-defined]


def test_ot_5_filled_without_executions_is_no_end() -> None:
    """The reference completes the order with nothing filled; ours waits for the executions, and says so when they don't come."""
    bench, owner = silent_bench(), Owner()
    order = bench.submit(owner=owner)
    for state in (OrderState.PARTIALLY_FILLED, OrderState.FILLED):
        bench.connector.inbox.append(report(bench, order.client_order_id, state, 1000))
        bench.step()
    assert (order.is_open, order.filled_lots) == (True, 0)
    assert not of_kind(owner, OrderClosed)
    bench.run(45)
    assert bench.records.fact_kinds() == [FactKind.FILLS_MISSING]
    assert order.is_open


def test_ot_6_fee_of_an_execution_is_kept_as_it_was_paid() -> None:
    bench, owner = silent_bench(), Owner()
    order = bench.submit(owner=owner)
    fill = make_fill(bench.instrument, order.request.trade_type, "99", "0.5", trade_id="t1", order_id=order.client_order_id, fee="0.5")
    bench.connector.inbox.append(report(bench, order.client_order_id, OrderState.PARTIALLY_FILLED, 500, (fill,)))
    bench.step()
    (filled,) = of_kind(owner, OrderFilled)
    assert (filled.fill.fee.amount, filled.fill.fee.asset) == (D("0.5"), "USDT")  # type: ignore[attr-defined]
    assert order.filled_lots == 500


def test_ot_7_executions_alone_complete_an_order() -> None:
    """The reference waits for the status; ours believes executions: nothing is left to fill."""
    bench, owner = silent_bench(), Owner()
    order = bench.submit(owner=owner)
    fill = make_fill(bench.instrument, order.request.trade_type, "99", "1", trade_id="t1", order_id=order.client_order_id)
    bench.connector.inbox.append(report(bench, order.client_order_id, OrderState.OPEN, 1000, (fill,)))
    bench.step()
    assert order.state is OrderState.FILLED
    assert len(of_kind(owner, OrderClosed)) == 1


@pytest.mark.parametrize("state", [OrderState.CANCELED, OrderState.OPEN])
def test_ot_10_order_whose_fate_was_open_takes_the_state_that_is_found(state: OrderState) -> None:
    """The reference keeps a lost order a failure for ever; ours was never a failure."""
    bench = silent_bench()
    order = bench.submit()
    bench.connector.inbox.append(Created(order.client_order_id, Outcome(Verdict.UNKNOWN, 503, "unavailable")))
    bench.step()
    assert order.state is OrderState.UNKNOWN
    bench.connector.inbox.append(report(bench, order.client_order_id, state))
    bench.step()
    assert order.state is state
    assert len(bench.connector.doubts) == 0


def test_ot_11_only_open_orders_are_asked_after_at_a_start() -> None:
    bench = LiveBench()
    tracker, wanted = bench.connector.tracker, bench.submit().request
    bench.run(1)
    for number, state in enumerate((OrderState.OPEN, OrderState.CANCELED, OrderState.FILLED, OrderState.FAILED)):
        tracker.adopt(wanted, f"o{number}", Owner(), NS, state, None, [])
    bench.venue.requests.clear()
    bench.connector.reconcile(bench.clock.now_ns)
    assert {name for _, name in bench.venue.requests} == {"o0", "cdr-0-1-1"}


def test_ot_13_same_trade_id_twice_is_one_execution() -> None:
    tracker, bench = tracked()
    tracker.track(bench.submit().request, "o", None, NS)
    assert tracker.apply_fill("o", "t1", 9_900, 400, NS) == 400
    assert tracker.apply_fill("o", "t1", 9_900, 400, NS) == 0
    assert tracker.get("o").filled_lots == 400  # type: ignore[union-attr]


def test_ot_14_messages_for_another_order_change_nothing() -> None:
    tracker, bench = tracked()
    order = tracker.track(bench.submit().request, "o", None, NS)
    assert not tracker.apply_state("other", OrderState.OPEN, NS + 5)
    assert tracker.apply_fill("other", "t1", 9_900, 400, NS) == UNKNOWN_ORDER
    tracker.apply_fill("o", "t1", 9_900, 400, NS)
    assert (order.updated_ns, order.exchange_order_id) == (NS, None)


def test_ot_15_order_that_was_written_full_comes_back_full() -> None:
    tracker, bench = tracked()
    wanted = bench.submit().request
    fill = make_fill(bench.instrument, wanted.trade_type, "99", "1", trade_id="t1", order_id="o")
    order = tracker.adopt(wanted, "o", None, NS, OrderState.FILLED, "v1", [fill])
    assert (order.is_done, order.filled_lots) == (True, 1000)
    without = tracker.adopt(wanted, "p", None, NS, OrderState.FILLED, "v2", [])
    assert without.fills_pending


def test_hz_21_old_open_does_not_take_back_a_cancel() -> None:
    tracker, bench = tracked()
    order = tracker.track(bench.submit().request, "o", None, NS)
    tracker.apply_state("o", OrderState.OPEN, NS + 1)
    tracker.ask_cancel("o")
    assert not tracker.apply_state("o", OrderState.OPEN, NS - 2)
    assert (order.cancel_asked, order.updated_ns) == (True, NS + 1)
    tracker.apply_state("o", OrderState.CANCELED, NS + 5)
    assert not tracker.apply_state("o", OrderState.OPEN, NS + 3)
    assert order.state is OrderState.CANCELED


def test_hz_23_submit_that_times_out_is_found_by_its_client_id() -> None:
    bench = LiveBench(line=Line(drop_after=1, stream_drop=1))
    order = bench.submit()
    bench.run(10.5)
    assert order.state is OrderState.UNKNOWN
    bench.venue.line = Line()
    bench.run(3)
    assert order.state is OrderState.OPEN
    assert [name for what, name in bench.venue.requests if what == "create"] == [order.client_order_id]
