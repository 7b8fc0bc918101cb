"""What is believed of a venue: rows R*, O* of the fault catalogue and HZ-23, each on one order."""

from __future__ import annotations

from typing import Any

from botcore.model.enums import OrderType, TradeType
from botcore.model.events import FactKind, OrderClosed
from botcore.model.order import OrderRequest, OrderState, Purpose
from botcore.venues.line import Ask, Created, Reported, Told
from botcore.venues.wire import NoReply, Outcome, Verdict
from tests.support.bench import SECOND_NS
from tests.support.live_bench import D, LiveBench, Owner
from tests.support.lossy_venue import Line


def calm(bench: LiveBench) -> None:
    bench.venue.line = Line()


def kinds(bench: LiveBench) -> list[str]:
    return bench.records.fact_kinds()


def creates(bench: LiveBench) -> list[str]:
    return [client_order_id for what, client_order_id in bench.venue.requests if what == "create"]


# ---- outcomes of a create --------------------------------------------------------------------------------------------
def test_r1_create_that_never_arrived_is_absent_only_after_the_deadline() -> None:
    bench = LiveBench(line=Line(drop_before=1))
    order = bench.submit()
    bench.run(10.5)
    assert order.state is OrderState.UNKNOWN
    assert kinds(bench) == [FactKind.ORDER_UNKNOWN]
    calm(bench)
    bench.run(29)
    assert order.state is OrderState.UNKNOWN, "39.5 s after sending the venue may still take it or hide it"
    bench.run(8)
    assert order.state is OrderState.FAILED
    assert order.reason == "never arrived at the venue"
    asked = {what for what, _ in bench.venue.requests}
    assert asked == {"create", "query", "open orders", "trades"}
    assert len(creates(bench)) == 1


def test_r2_hz_23_create_times_out_and_the_order_lives() -> None:
    bench = LiveBench(line=Line(drop_after=1, stream_drop=1))
    order = bench.submit()
    bench.run(10.5)
    assert order.state is OrderState.UNKNOWN
    calm(bench)
    bench.run(3)
    assert order.state is OrderState.OPEN
    assert order.exchange_order_id == "v1"
    assert kinds(bench) == [FactKind.ORDER_UNKNOWN, FactKind.ORDER_FOUND]
    assert len(bench.venue.orders) == 1


def test_r3_create_times_out_and_the_order_is_filled_when_it_is_found() -> None:
    owner = Owner()
    bench = LiveBench(line=Line(drop_after=1, stream_drop=1))
    order = bench.submit(owner=owner)
    bench.run(2)
    bench.venue.partial = 0
    bench.price(9_900)
    bench.run(9)
    assert order.state is OrderState.UNKNOWN
    calm(bench)
    bench.run(5)
    assert (order.state, order.filled_lots) == (OrderState.FILLED, 1000)
    assert bench.booked() == ["t1"]
    assert owner.events[-1].state is OrderState.FILLED


def test_r4_order_that_arrives_after_our_time_limit_is_found() -> None:
    bench = LiveBench(line=Line(late=1, late_s=4.9, drop_after=1, stream_drop=1))
    order = bench.submit()
    # our side has given up; the request is still under way and arrives within its window
    bench.connector.inbox.append(Created(order.client_order_id, NoReply("timeout", left=True)))
    bench.step()
    assert order.state is OrderState.UNKNOWN
    assert bench.venue.orders == []
    calm(bench)
    bench.run(12)
    assert order.state is OrderState.OPEN


def test_r5_server_errors_are_unknown_whether_the_order_lives_or_not() -> None:
    for line, end in ((Line(error_after=1, stream_drop=1), OrderState.OPEN), (Line(error_before=1), OrderState.FAILED)):
        bench = LiveBench(line=line)
        order = bench.submit()
        bench.run(1)
        assert kinds(bench)[0] == FactKind.ORDER_UNKNOWN
        calm(bench)
        bench.run(60)
        assert order.state is end
        assert len(creates(bench)) == 1


def test_r6_definite_refusal_fails_at_once_with_the_venues_words() -> None:
    owner = Owner()
    bench = LiveBench(line=Line(drop_before=1))
    order = bench.submit(owner=owner)
    bench.connector.inbox.append(Created(order.client_order_id, Outcome(Verdict.REFUSED, -2010, "Account has insufficient balance.")))
    bench.step()
    assert (order.state, order.reason) == (OrderState.FAILED, "Account has insufficient balance.")
    assert isinstance(owner.events[-1], OrderClosed)
    assert len(bench.connector.doubts) == 0


def test_request_of_which_no_byte_left_fails_at_once() -> None:
    bench = LiveBench(line=Line(unsent=1))
    order = bench.submit()
    bench.run(1)
    assert order.state is OrderState.FAILED
    assert order.reason == "could not be sent: no route"


def test_r14_lagging_replica_buries_nothing() -> None:
    """For 25 s every question is answered from before the order was there."""
    bench = LiveBench(line=Line(drop_after=1, stream_drop=1))
    order = bench.submit()
    bench.run(10.5)
    bench.venue.line = Line(lag_s=0)
    for kind in Ask:
        for _ in range(5):
            said = Outcome(Verdict.NOT_FOUND if kind is Ask.QUERY else Verdict.ACCEPTED)
            bench.connector.inbox.append(Told(order.client_order_id, kind, said, bench.clock.now_ns))
    bench.step()
    assert order.state is OrderState.UNKNOWN
    bench.run(2)
    assert order.state is OrderState.OPEN


def test_r16_denied_key_stops_new_exposure_and_lets_exits_pass() -> None:
    bench = LiveBench(line=Line(drop_before=1))
    order = bench.submit()
    bench.connector.inbox.append(Created(order.client_order_id, Outcome(Verdict.DENIED, -2015, "Invalid API-key, IP, or permissions.")))
    bench.step()
    assert order.state is OrderState.FAILED
    assert kinds(bench) == [FactKind.ACCOUNT_DENIED]
    calm(bench)
    executor = bench.start()
    assert "denies the key" in executor.info.reason
    assert len(creates(bench)) == 1


def test_line_that_never_answers_counts_as_no_answer() -> None:
    bench = LiveBench()
    bench.venue.create = lambda order: None  # type: ignore[method-assign]
    order = bench.submit()
    bench.run(29)
    assert order.state is OrderState.PENDING_CREATE
    bench.run(2)
    assert order.state is OrderState.UNKNOWN


# ---- order of messages -----------------------------------------------------------------------------------------------
def test_o1_fill_before_the_answer() -> None:
    bench = LiveBench(line=Line(drop_after=1))
    order = bench.submit(price=None)
    bench.run(1)
    assert (order.state, order.filled_lots) == (OrderState.FILLED, 1000)
    bench.run(12)
    assert order.state is OrderState.FILLED
    assert FactKind.ORDER_UNKNOWN not in kinds(bench)


def test_o2_filled_before_its_trades_is_not_an_end_with_nothing() -> None:
    owner = Owner()
    bench = LiveBench(line=Line(stream_drop=1))
    order = bench.submit(owner=owner)
    bench.run(1)
    bench.venue.partial = 0
    bench.price(9_900)
    (at_venue,) = bench.venue.orders
    bench.connector.inbox.append(Reported(at_venue.history[-1][1]))
    bench.step()
    assert order.is_open, "the venue says filled, its executions have not come"
    bench.run(2)
    assert (order.state, order.filled_lots) == (OrderState.FILLED, 1000)
    assert [type(event).__name__ for event in owner.events] == ["OrderAccepted", "OrderFilled", "OrderClosed"]


def test_o3_cancel_that_crosses_a_fill_is_a_question() -> None:
    bench = LiveBench(line=Line(stream_drop=1))
    order = bench.submit()
    bench.run(1)
    bench.venue.partial = 0
    bench.price(9_900)
    bench.cancel(order)
    bench.run(4)
    assert (order.state, order.filled_lots) == (OrderState.FILLED, 1000)
    assert bench.booked() == ["t1"]
    assert len(bench.connector.cancels) == 0


def test_o4_canceled_report_waits_for_the_fills_that_it_counts() -> None:
    owner = Owner()
    bench = LiveBench(line=Line(stream_drop=1))
    order = bench.submit(owner=owner)
    bench.run(1)
    (at_venue,) = bench.venue.orders
    bench.venue.trade(at_venue, 9_900, 400)
    bench.cancel(order)
    bench.run(4)
    assert (order.state, order.filled_lots) == (OrderState.CANCELED, 400)
    assert [type(event).__name__ for event in owner.events] == ["OrderAccepted", "OrderFilled", "OrderClosed"]


def test_o7_lost_cancel_is_sent_again_until_the_order_is_gone() -> None:
    bench = LiveBench(line=Line(stream_drop=1))
    order = bench.submit()
    bench.run(1)
    bench.venue.line = Line(drop_before=1, stream_drop=1)
    bench.cancel(order)
    bench.run(10.5)
    assert order.is_open
    calm(bench)
    bench.run(4)
    assert order.state is OrderState.CANCELED
    assert [what for what, _ in bench.venue.requests].count("cancel") == 2


def test_o8_cancel_before_the_venue_has_the_order_is_not_lost() -> None:
    bench = LiveBench(line=Line(late=1, late_s=4))
    order = bench.submit()
    bench.venue.line = Line()
    bench.cancel(order)
    bench.run(15)
    assert order.state is OrderState.CANCELED
    assert bench.venue.open_orders() == []


def test_o9_fill_after_the_cancel_is_booked_and_told() -> None:
    owner = Owner()
    bench = LiveBench()
    order = bench.submit(owner=owner)
    bench.run(1)
    bench.cancel(order)
    bench.run(2)
    assert order.state is OrderState.CANCELED
    bench.run(31)
    bench.venue.trade(bench.venue.orders[0], 9_900, 250)
    bench.run(3)
    assert (order.state, order.filled_lots) == (OrderState.CANCELED, 250)
    assert bench.booked() == ["t1"]
    (fact,) = bench.records.facts
    assert (fact.kind, fact.payload["state"], fact.payload["amount"], fact.payload["price"]) == (FactKind.LATE_FILL, "CANCELED", "0.250", "99.00")


def test_o10_overfill_is_booked_whole() -> None:
    bench = LiveBench()
    order = bench.submit()
    bench.run(1)
    bench.venue.trade(bench.venue.orders[0], 9_900, 900)
    bench.venue.trade(bench.venue.orders[0], 9_900, 300)
    bench.run(3)
    assert order.filled_lots == 1200
    assert order.is_overfilled
    assert sorted(bench.booked()) == ["t1", "t2"]
    assert kinds(bench) in ([], [FactKind.LATE_FILL]), "the second may come first: then it is the first that is late"


def test_o18_order_that_somebody_else_canceled_ends() -> None:
    bench = LiveBench(line=Line(stream_drop=1))
    order = bench.submit()
    bench.run(1)
    bench.venue.end(bench.venue.orders[0], OrderState.CANCELED)
    bench.connector.reconcile(bench.clock.now_ns)
    bench.run(2)
    assert order.state is OrderState.CANCELED


def test_live_order_that_the_venue_forgets_ends_after_the_deadline() -> None:
    bench = LiveBench()
    order = bench.submit()
    bench.run(1)
    bench.venue.orders.clear()
    bench.cancel(order)
    bench.run(35)
    assert order.is_open
    bench.run(15)
    assert (order.state, order.reason) == (OrderState.CANCELED, "the venue no longer knows the order")
    assert kinds(bench) == [FactKind.ORDER_ABSENT]


def test_executions_that_no_list_shows_are_told_and_a_canceled_order_ends_without_them() -> None:
    bench = LiveBench(line=Line(stream_drop=1))
    order = bench.submit()
    bench.run(1)
    (at_venue,) = bench.venue.orders
    bench.venue.trade(at_venue, 9_900, 400)
    at_venue.trades.clear()
    bench.cancel(order)
    bench.run(38)
    assert order.is_open
    bench.run(5)
    assert (order.state, order.filled_lots) == (OrderState.CANCELED, 0)
    position, fact = bench.records.facts
    assert (fact.kind, fact.payload["venue_amount"], fact.payload["booked_amount"]) == (FactKind.FILLS_MISSING, "0.400", "0.000")
    assert (position.kind, position.payload["amount"]) == (FactKind.POSITION_UNACCOUNTED, "0.400"), "and what they made is not nobody's secret"


# ---- money and permission --------------------------------------------------------------------------------------------
def test_i14_unknown_order_keeps_its_funds() -> None:
    bench = LiveBench(line=Line(drop_before=1))
    before = bench.connector.balance("USDT")[1]
    bench.submit(amount="2", price=10_000)
    bench.run(12)
    assert bench.connector.balance("USDT")[1] == before - D("200") * D("1.0004")


def test_i12_nothing_new_while_the_account_is_not_reconciled() -> None:
    bench = LiveBench()
    order = bench.submit()
    bench.run(1)
    bench.venue.line = Line(drop_before=1)
    bench.connector.reconcile(bench.clock.now_ns)
    executor = bench.start()
    assert "is being reconciled: 1 orders to go" in executor.info.reason
    calm(bench)
    bench.run(15)
    assert bench.connector.closed_reason() is None
    assert order.is_open


def test_w11_order_with_our_prefix_is_told_of_and_a_foreign_one_is_left_alone() -> None:
    bench = LiveBench()
    ours = bench.submit()
    bench.run(1)
    (at_venue,) = bench.venue.orders
    for name in ("cdr-7-99-1", "web_12345"):
        at_venue.client_order_id = name
        bench.venue.trade(at_venue, 9_900, 10)
    bench.run(2)
    assert {getattr(stray, "client_order_id", None) or stray.fill.client_order_id for stray in bench.strays} == {"cdr-7-99-1"}
    assert ours.filled_lots == 0
    assert {name for what, name in bench.venue.requests if what == "cancel"} == {"cdr-7-99-1"}, "ours is taken off, the foreign one is left alone"


def test_side_of_a_position_that_an_order_could_reduce() -> None:
    bench = LiveBench()
    bench.connector.account.set_position("ETH-USDT", "net", 500)
    sell = bench.submit(side=TradeType.SELL, price=11_000).request
    buy = bench.submit().request
    assert (bench.connector.reducible_lots(sell), bench.connector.reducible_lots(buy)) == (500, 0)
    assert bench.clock.now_ns % (SECOND_NS // 4) == 0


def test_p6_an_entry_that_waited_for_its_record_is_not_sent_into_another_market() -> None:
    bench = LiveBench()
    owner = Owner()
    entry = OrderRequest(bench.instrument, TradeType.BUY, OrderType.LIMIT, 100, 9_900, purpose=Purpose.OPEN)
    exit_ = OrderRequest(bench.instrument, TradeType.SELL, OrderType.LIMIT, 100, 10_100, purpose=Purpose.CLOSE)
    opening, closing = bench.connector.submit(entry, owner), bench.connector.submit(exit_, owner)
    waiting = bench.connector.take_outbox()
    bench.run(6)
    bench.connector.send(waiting)
    assert opening.state is OrderState.FAILED
    assert "writing it down took 6 s" in opening.reason
    assert [request for request in bench.venue.requests if request[0] == "create"] == [("create", closing.client_order_id)]


# ---- what the venue has removed --------------------------------------------------------------------------------------
def forgotten(bench: LiveBench, lots: int) -> Any:
    """An order that has traded a part, and of which the venue knows nothing but its executions."""
    order = bench.submit()
    bench.run(1)
    (at_venue,) = bench.venue.orders
    bench.venue.trade(at_venue, 9_900, lots)
    bench.run(2)
    assert order.filled_lots == lots
    bench.venue.forget(at_venue)
    return order


def test_r14_partly_filled_order_that_the_venue_has_removed_ends_after_the_deadline_with_its_fills() -> None:
    bench = LiveBench()
    order = forgotten(bench, 400)
    bench.connector.reconcile(bench.clock.now_ns)
    bench.run(35)
    assert order.is_open, "before the deadline nothing is proof"
    bench.run(20)
    assert (order.state, order.filled_lots, order.reason) == (OrderState.CANCELED, 400, "the venue no longer knows the order")
    assert kinds(bench) == [FactKind.ORDER_ABSENT]
    assert bench.connector.closed_reason() is None


def test_r14_execution_that_comes_while_the_order_is_looked_for_begins_the_search_anew() -> None:
    bench = LiveBench(line=Line(stream_drop=1))
    order = bench.submit()
    bench.run(1)
    (at_venue,) = bench.venue.orders
    bench.venue.trade(at_venue, 9_900, 400)
    bench.venue.forget(at_venue)
    bench.connector.reconcile(bench.clock.now_ns)
    bench.run(30)
    bench.venue.trade(at_venue, 9_900, 100)
    bench.venue.forget(at_venue)
    bench.run(20)
    assert (order.is_open, order.filled_lots) == (True, 500), "an order that trades is there"
    bench.run(80)
    assert (order.state, order.filled_lots) == (OrderState.CANCELED, 500)
