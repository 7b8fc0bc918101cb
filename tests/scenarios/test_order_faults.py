"""Rows O5, O6, O11, O12, O13, O16, O21, O22, O24 of the fault catalogue: executors before a venue that cuts, refuses and is silent."""

from __future__ import annotations

from typing import Any

import pytest

from botcore.executors.data_types import PositionExecutorConfig, TripleBarrierConfig
from botcore.model.enums import CloseType, PositionAction, TradeType
from botcore.model.events import FactKind
from botcore.model.order import OrderState, Purpose
from botcore.model.refusals import RefusalKind, kind_of
from botcore.risk.limits import RiskLimits
from botcore.venues.line import Ask as AskKind
from botcore.venues.line import Reported, Told, Traded
from botcore.venues.wire import OrderReport, Outcome, Verdict
from tests.support.bench import PERP, SPOT, D, instrument
from tests.support.live_bench import LiveBench
from tests.support.lossy_venue import Line
from tests.support.venue_bench import VenueBench

BARRIERS = TripleBarrierConfig(stop_loss=D("0.02"), take_profit=D("0.05"))


def holding(lots: int = 1000, **options: Any) -> tuple[LiveBench, Any]:
    """A long executor with a part or all of its entry filled at 99."""
    bench = LiveBench(**options)
    bench.venue.partial = 0
    executor = bench.start(triple_barrier_config=BARRIERS)
    bench.run(1)
    bench.venue.trade(bench.venue.orders[0], 9_900, lots)
    bench.run(1)
    return bench, executor


def position(bench: LiveBench) -> int:
    return bench.venue.position(bench.instrument.market)


def facts(bench: LiveBench, kind: str) -> list[dict[str, Any]]:
    return [fact.payload for fact in bench.records.facts if fact.kind == kind]


def closes(bench: LiveBench) -> list[Any]:
    return [order for order in bench.records.submitted if order.request.purpose is Purpose.CLOSE]


def test_o5_stop_fires_from_the_first_fill_and_the_entry_is_canceled() -> None:
    bench, executor = holding(300)
    bench.venue.best_bid = bench.venue.best_ask = 9_650
    bench.state.book.set_quote(9_650, 10**9, 9_650, 10**9, bench.clock.now_ns)
    bench.run(3)
    assert (executor.is_closed, executor.close_type) == (True, CloseType.STOP_LOSS)
    assert bench.venue.orders[0].state is OrderState.CANCELED
    assert (position(bench), [order.lots for order in closes(bench)]) == (0, [300])


def test_o6_exit_that_the_venue_cuts_is_followed_by_one_for_the_remainder() -> None:
    bench, executor = holding()

    def cut(order: Any) -> None:
        if order.request.purpose is Purpose.CLOSE and len(closes(bench)) == 1:
            bench.venue.trade(order, 9_900, 400)
            bench.venue.end(order, OrderState.EXPIRED, "the book had no more depth")

    bench.venue.script.append(cut)
    trade = bench.venue.trade
    bench.venue.trade = lambda order, ticks, lots: trade(order, ticks, lots) if order.state is not OrderState.EXPIRED else None  # type: ignore[assignment,method-assign,return-value]
    bench.orchestrator.stop(executor.id)
    bench.run(5)
    assert [order.lots for order in closes(bench)] == [1000, 600]
    assert (executor.is_closed, position(bench)) == (True, 0)


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (OrderState.EXPIRED, "IOC: the rest was not filled"),
        (OrderState.EXPIRED, "self-trade prevention"),
        (OrderState.EXPIRED, "good till date"),
        (OrderState.FAILED, "post-only order would take"),
    ],
)
def test_o11_end_by_the_venue_keeps_its_reason_and_is_quoted_again_slower_and_slower(state: OrderState, reason: str) -> None:
    bench = VenueBench()
    executor = bench.start(config())
    if state is OrderState.EXPIRED:
        bench.venue.accept(bench.orders[0])
    bench.venue.end(bench.orders[0], state, reason)
    gaps, before = [], bench.clock.now_ns
    for _ in range(120):
        bench.tick()
        if len(bench.live()) == 1 and bench.live()[0].created_ns > before:
            gaps.append(round((bench.live()[0].created_ns - before) / 1e9))
            before = bench.clock.now_ns
            bench.venue.end(bench.live()[0], state, reason)
    assert executor.info.reason == reason
    assert gaps[:6] == [1, 2, 4, 8, 16, 30]


def config(**changes: Any) -> Any:
    values = {"trading_pair": "ETH-USDT", "connector_name": PERP, "side": TradeType.BUY, "entry_price": D(99), "amount": D(1)} | changes
    return PositionExecutorConfig(**values, triple_barrier_config=BARRIERS)


def test_o11_bounded_then_given_up() -> None:
    bench = VenueBench()
    executor = bench.start(config())
    for _ in range(300):
        for order in bench.live():
            bench.venue.end(order, OrderState.FAILED, "post-only order would take")
        bench.tick(31)
    assert (executor.is_closed, executor.close_type) == (True, CloseType.FAILED)
    assert len(bench.orders) == 11


# ---- sizes and money -------------------------------------------------------------------------------------------------
def test_o12_order_below_the_venues_minimum_is_refused_before_it_is_sent() -> None:
    bench = VenueBench(instrument(min_notional="100"))
    executor = bench.start(config())
    assert (executor.close_type, bench.orders) == (CloseType.FAILED, [])
    assert "smallest order value 100" in executor.info.reason


def test_o12_dust_of_a_position_is_held_and_named() -> None:
    """The fee was taken in base: what is left can't be sold."""
    bench = VenueBench(instrument(connector=SPOT, min_notional="5"))
    executor = bench.start(config(connector_name=SPOT, entry_price=D(100)))
    bench.venue.trade(bench.orders[0], fee="0.0005", asset="ETH", rate=100)
    bench.orchestrator.stop(executor.id)
    bench.send()
    assert bench.orders[-1].lots == 999, "net of the fee, whole lots"
    bench.venue.trade(bench.orders[-1], price=100)
    assert (executor.is_closed, executor.close_type) == (True, CloseType.EARLY_STOP)
    assert executor.info.reason.startswith("dust: 0.0005 ETH")
    (hold,) = bench.orchestrator.holds.of()
    assert hold.net_amount_base == D("0.0005")


def test_o12_exit_that_only_the_venue_finds_too_small_is_tried_bounded_and_then_held() -> None:
    bench, executor = holding()
    bench.venue.line = Line(refuse=1)
    bench.orchestrator.stop(executor.id)
    bench.run(600)
    assert (executor.is_closed, executor.close_type) == (True, CloseType.POSITION_HOLD)
    assert len(closes(bench)) == 11
    assert bench.held_lots() == position(bench) == 1000


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("insufficient balance: needs 5 USDT, available 1", RefusalKind.BALANCE),
        ("Account has insufficient balance for requested action.", RefusalKind.BALANCE),
        ("Margin is insufficient.", RefusalKind.BALANCE),
        ("could not be sent: no route", RefusalKind.UNREACHABLE),
        ("never arrived at the venue", RefusalKind.UNREACHABLE),
        ("Order would immediately match and take.", RefusalKind.OTHER),
        ("waits for the market: binance:ETH-USDT can't be trusted now", RefusalKind.WAITING),
        ("waits for its turn: more than 3 orders within a minute", RefusalKind.WAITING),
    ],
)
def test_o13_kinds_of_refusals(text: str, kind: RefusalKind) -> None:
    assert kind_of(text) is kind


def test_o13_entry_that_the_account_can_not_pay_is_one_clear_error() -> None:
    bench = VenueBench()
    executor = bench.start(config())
    bench.venue.reject(bench.orders[0], "Margin is insufficient.")
    for _ in range(30):
        bench.tick(10)
    assert (executor.close_type, executor.info.reason) == (CloseType.INSUFFICIENT_BALANCE, "Margin is insufficient.")
    assert len(bench.orders) == 1


def test_o13_rest_of_an_entry_that_can_not_be_paid_is_given_up_and_the_part_is_managed() -> None:
    bench = VenueBench()
    executor = bench.start(config())
    bench.venue.trade(bench.orders[0], "0.4")
    bench.venue.end(bench.orders[0], OrderState.EXPIRED, "expired")
    bench.tick(2)
    bench.venue.reject(bench.orders[1], "Margin is insufficient.")
    for _ in range(10):
        bench.tick(10)
    assert len(bench.orders) == 2
    bench.quote(96)
    bench.tick()
    assert (executor.close_type, bench.orders[-1].lots) == (CloseType.STOP_LOSS, 400)


def test_o13_exit_whose_base_somebody_took_is_tried_three_times_and_then_told() -> None:
    bench = VenueBench(instrument(connector=SPOT))
    executor = bench.start(config(connector_name=SPOT))
    bench.venue.trade(bench.orders[0])
    bench.orchestrator.stop(executor.id)
    bench.send()
    for _ in range(60):
        for order in bench.live():
            bench.venue.reject(order, "Account has insufficient balance for requested action.")
        bench.tick(5)
    assert len(bench.orders) == 1 + 3
    assert (executor.is_closed, executor.close_type) == (True, CloseType.POSITION_HOLD)
    (fact,) = [fact for fact in bench.records.facts if fact.kind == FactKind.EXIT_FAILED]
    assert (fact.payload["exposure_base"], fact.payload["reason"]) == ("1.000", "Account has insufficient balance for requested action.")


# ---- reduce-only -----------------------------------------------------------------------------------------------------
def test_o16_refused_reduce_only_exit_never_becomes_one_that_could_turn_the_position() -> None:
    """The venue's position is not what our fills make it: the exit stays reduce-only however often it is refused."""
    bench, executor = holding()
    bench.venue.trades.clear()
    bench.orchestrator.stop(executor.id)
    bench.run(15)
    assert closes(bench)
    assert {order.request.position_action for order in closes(bench)} == {PositionAction.CLOSE}
    assert position(bench) == 0


def test_o16_exit_beside_another_bot_on_the_other_side_may_leave_the_net_position() -> None:
    bench = LiveBench(bots=("bot", "two"))
    bench.venue.partial = 0
    long = bench.start(triple_barrier_config=BARRIERS)
    short = bench.start("two", side=TradeType.SELL, entry_price=D(101), triple_barrier_config=BARRIERS)
    bench.run(1)
    bench.price(9_900)
    bench.run(1)
    bench.price(10_100)
    bench.run(2)
    assert position(bench) == 0
    bench.bots["bot"].stop(long.id)
    bench.run(3)
    assert (long.is_closed, position(bench)) == (True, -1000)
    bench.bots["two"].stop(short.id)
    bench.run(3)
    assert (short.is_closed, position(bench)) == (True, 0)


# ---- two channels ----------------------------------------------------------------------------------------------------
def test_o21_one_execution_by_stream_list_and_answer_is_one() -> None:
    bench = LiveBench(line=Line(stream_drop=1))
    order = bench.submit()
    bench.run(1)
    (at_venue,) = bench.venue.orders
    fills = [bench.venue.trade(at_venue, 9_900, lots) for lots in (100, 200)]
    name = order.client_order_id
    # the answer counts both as one sum; executions come one by one, twice, in any order
    total = OrderReport(name, "v1", "ETH-USDT", OrderState.PARTIALLY_FILLED, 1000, 300, bench.clock.now_ns)
    bench.connector.inbox += [Reported(total), Traded(fills[1])]
    bench.step()
    assert order.filled_lots == 200, "a sum is no execution"
    bench.connector.inbox.append(Told(name, AskKind.TRADES, Outcome(Verdict.ACCEPTED), bench.clock.now_ns, None, tuple(fills)))
    bench.connector.inbox.append(Reported(bench.venue._report(at_venue, (fills[0],))))
    bench.run(2)
    assert (order.filled_lots, sorted(bench.booked())) == (300, ["t1", "t2"])


# ---- exits that don't come through -----------------------------------------------------------------------------------
def test_o22_refused_for_good_is_held_told_and_never_a_plain_failure() -> None:
    bench, executor = holding()
    bench.venue.line = Line(refuse=1)
    bench.orchestrator.stop(executor.id)
    bench.run(600)
    (fact,) = facts(bench, FactKind.EXIT_FAILED)
    assert (fact["exposure_base"], fact["reason"]) == ("1.000", "the venue does not like it")
    assert (executor.close_type, bench.held_lots()) == (CloseType.POSITION_HOLD, 1000)


@pytest.mark.parametrize("line", [Line(unsent=1), Line(drop_before=1), Line(error_before=1)])
def test_o24_exit_outlasts_two_hours_without_the_venue_and_is_told_every_five_minutes(line: Line) -> None:
    bench, executor = holding()
    bench.venue.line = line
    bench.orchestrator.stop(executor.id)
    bench.run(7_200)
    assert not executor.is_closed
    assert bench.venue.position(bench.instrument.market) == 1000
    reminders = facts(bench, FactKind.EXIT_STUCK)
    assert 20 <= len(reminders) <= 24
    assert reminders[-1]["exposure_base"] == "1.000"
    bench.venue.line = Line()
    bench.run(90)
    assert (executor.is_closed, position(bench)) == (True, 0)


def test_o24_exit_goes_on_after_a_kill_in_the_middle_of_the_outage() -> None:
    bench, executor = holding(crashes=True)
    bench.venue.line = Line(unsent=1)
    bench.orchestrator.stop(executor.id)
    bench.run(200)
    bench.kill("sent")
    bench.run(200)
    (again,) = bench.running
    assert facts(bench, FactKind.EXIT_STUCK)[0]["duration_s"] >= 300, "counted from the exit's begin, not from the restart"
    bench.venue.line = Line()
    bench.run(60)
    assert (again.is_closed, position(bench)) == (True, 0)


def test_w5_an_entry_waits_for_its_book_and_for_its_turn_and_has_its_tries_left() -> None:
    """A stream that is silent for ten minutes, or a burst of other orders, is nothing that an entry fails of."""
    bench = VenueBench(limits=RiskLimits(max_orders_per_minute=1))
    bench.state.book.clear()
    executor = bench.start(config())
    for _ in range(600):
        bench.tick()
    assert not executor.is_closed and executor.retries == 0
    assert executor.info.reason.startswith("waits for the market")
    bench.quote(100)
    for _ in range(31):
        bench.tick()
    assert len(bench.venue.tracker.open_orders()) == 1
    late = bench.start(config())
    assert late.info.reason.startswith("waits for its turn")
    for _ in range(95):
        bench.quote(100)
        bench.tick()
    assert late.retries == 0 and len(bench.venue.tracker.open_orders()) == 2
