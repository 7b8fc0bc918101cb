"""The stop that rests at the venue (`stop_on_venue`): sized to what is held after every fill, gone with the exit, adopted after a restart; O20 and O5 with it."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from botcore.executors.data_types import TripleBarrierConfig
from botcore.model.enums import CloseType, OrderType, PositionAction, TradeType
from botcore.model.events import FactKind
from botcore.model.order import OrderState, Purpose
from tests.support.bench import SPOT, D, instrument, quote_event
from tests.support.live_bench import LiveBench
from tests.support.lossy_venue import Line
from tests.support.venue_bench import VenueBench

BARRIERS = TripleBarrierConfig(stop_loss=D("0.02"), take_profit=D("0.05"))


def started(line: Line | None = None, **changes: Any) -> tuple[LiveBench, Any]:
    bench = LiveBench(line=line, stops=True, crashes=changes.pop("crashes", False))
    bench.venue.partial = 0
    executor = bench.start(**({"triple_barrier_config": BARRIERS} | changes))
    bench.run(1)
    return bench, executor


def fill(bench: LiveBench, lots: int, order: int = 0) -> None:
    bench.venue.trade(bench.venue.orders[order], bench.venue.orders[order].request.price_ticks or 9_900, lots)


def stops(bench: LiveBench) -> list[Any]:
    return [order for order in bench.venue.orders if order.request.purpose is Purpose.STOP]


def standing(bench: LiveBench) -> list[tuple[int, int | None]]:
    """(lots, trigger) of the stops that stand at the venue."""
    return [(order.lots - order.filled, order.request.price_ticks) for order in stops(bench) if order in bench.venue.open_orders()]


def position(bench: LiveBench) -> int:
    return sum(fill.trade_type.sign * fill.lots for fill in bench.venue.trades)


def unwatched_fall(bench: LiveBench, ticks: int) -> None:
    """The venue's market falls and our market data does not show it."""
    bench.venue.run(bench.clock.now_ns)
    bench.venue.quote(ticks)


def test_stop_rests_at_the_stop_loss_from_the_first_fill_and_grows_with_what_is_held() -> None:
    bench, _ = started()
    assert stops(bench) == []
    fill(bench, 300)
    bench.run(1)
    (first,) = stops(bench)
    request = first.request
    assert (request.order_type, request.position_action, request.trade_type) == (OrderType.STOP_MARKET, PositionAction.CLOSE, TradeType.SELL)
    assert standing(bench) == [(300, 9_702)]
    fill(bench, 500)
    bench.run(3)
    assert standing(bench) == [(800, 9_702)]
    assert first.state is OrderState.CANCELED


def test_stop_has_an_intent_before_it_is_sent() -> None:
    bench, executor = started()
    bench.records.is_durable = False
    fill(bench, 300)
    bench.run(2)
    assert [order.request.purpose for order in bench.records.submitted] == [Purpose.OPEN, Purpose.STOP]
    assert bench.records.submitted[1].request.executor_id == executor.id
    assert stops(bench) == [], "not before it is written down"


def test_two_stops_never_stand_side_by_side() -> None:
    """The old one has to have ended, whatever the line does: together they could close more than is held."""
    bench, _ = started()
    bench.venue.line = Line(drop_after=0.5, stream_drop=0.5)
    for _ in range(20):
        fill(bench, 40)
        for _ in range(20):
            bench.run(0.25)
            assert len(standing(bench)) <= 1
            assert sum(lots for lots, _ in standing(bench)) <= position(bench)


def test_o5_stop_at_the_venue_protects_while_our_market_data_stand_still() -> None:
    bench, executor = started()
    fill(bench, 1000)
    bench.run(1)
    unwatched_fall(bench, 9_650)
    bench.run(2)
    assert executor.is_closed
    assert executor.close_type is CloseType.STOP_LOSS
    assert position(bench) == 0
    assert executor.custom_info()["exposure_base"] == 0


def test_stop_that_fires_ends_the_entry_too() -> None:
    bench, executor = started()
    fill(bench, 400)
    bench.run(1)
    (stop,) = stops(bench)
    bench.venue._trade(stop, 9_700, 400)
    bench.run(3)
    assert executor.close_type is CloseType.STOP_LOSS
    assert bench.venue.orders[0].state is OrderState.CANCELED
    assert bench.venue.open_orders() == []


def test_own_stop_loss_takes_the_stop_off_and_closes_once() -> None:
    bench, executor = started()
    fill(bench, 1000)
    bench.run(1)
    # only our own feed falls: the venue's trigger is not touched
    bench.state.apply(quote_event(bench.instrument, bench.clock.now_ns, D(97)))
    bench.run(3)
    assert executor.close_type is CloseType.STOP_LOSS
    assert stops(bench)[0].state is OrderState.CANCELED
    closes = [order for order in bench.venue.orders if order.request.purpose is Purpose.CLOSE]
    assert [order.filled for order in closes] == [1000]
    assert position(bench) == 0


def test_exit_is_not_held_up_by_a_stop_whose_cancel_is_not_answered() -> None:
    bench, executor = started()
    fill(bench, 1000)
    bench.run(1)
    cancel = bench.venue.cancel
    bench.venue.cancel = lambda order: None  # type: ignore[method-assign]
    bench.orchestrator.stop(executor.id)
    bench.send()
    bench.run(1.5)
    assert position(bench) == 1000, "a moment is given to the cancel"
    bench.run(2)
    assert position(bench) == 0
    assert not executor.is_closed, "the stop still stands"
    bench.venue.cancel = cancel  # type: ignore[method-assign]
    assert bench.venue.open_orders()


def test_o20_exit_and_stop_both_fill_and_the_excess_is_traded_back() -> None:
    """Reduce-only forbids it on an account of its own; beside another bot's position it can happen."""
    bench, executor = started()
    fill(bench, 1000)
    bench.run(1)
    (stop,) = stops(bench)
    cancel = bench.venue.cancel
    bench.venue.cancel = lambda order: None  # type: ignore[method-assign]
    bench.orchestrator.stop(executor.id)
    bench.send()
    bench.run(3)
    assert position(bench) == 0
    extra = bench.venue.trade(stop, 9_700, 400)
    bench.venue.cancel = cancel  # type: ignore[method-assign]
    bench.run(60)
    assert extra.trade_id in bench.booked()
    assert executor.is_closed
    assert position(bench) == 0
    told = [fact for fact in bench.records.facts if fact.kind == FactKind.OVER_CLOSED]
    assert [fact.payload["amount"] for fact in told] == ["0.400"]


def test_refused_stop_is_tried_again_slower_and_told_once() -> None:
    bench, executor = started()
    bench.venue.line = Line(refuse=1)
    fill(bench, 1000)
    bench.run(120)
    tries = [order for order in bench.records.submitted if order.request.purpose is Purpose.STOP]
    assert 5 <= len(tries) <= 9
    assert bench.records.fact_kinds().count(FactKind.STOP_REFUSED) == 1
    assert not executor.is_closed, "our own stop loss does not depend on it"
    assert executor.retries == 0, "and the budget of the exit is untouched"
    bench.venue.line = Line()
    bench.run(31)
    assert standing(bench) == [(1000, 9_702)]


def test_stop_is_adopted_after_a_kill() -> None:
    bench, executor = started(crashes=True)
    fill(bench, 1000)
    bench.run(1)
    bench.kill("sent")
    bench.run(3)
    (again,) = bench.orchestrator.running
    assert again.id == executor.id
    assert len(stops(bench)) == 1, "the one that stands is kept"
    bench.orchestrator.stop(again.id)
    bench.run(3)
    assert (again.is_closed, bench.venue.open_orders(), position(bench)) == (True, [], 0)


def test_stop_that_filled_while_we_were_dead_is_found() -> None:
    bench, executor = started(crashes=True)
    fill(bench, 1000)
    bench.run(1)
    unwatched_fall(bench, 9_650)
    bench.kill("before")
    bench.run(3)
    assert bench.orchestrator.running == ()
    record = bench.records.executors[executor.id]
    assert (record.close_type, record.exposure_base) == ("STOP_LOSS", 0)
    assert sorted(bench.booked()) == ["t1", "t2"]


def test_p1_o20_an_exit_after_a_restart_waits_to_hear_of_the_stop() -> None:
    """It was begun before the kill; the stop fired meanwhile, and the venue's answers take five seconds. Found by killing real processes."""
    bench, executor = started(crashes=True)
    fill(bench, 1000)
    bench.run(1)
    bench.venue.line = Line(stream_drop=1)
    unwatched_fall(bench, 9_650)
    assert position(bench) == 0
    bench.venue.cancel = lambda order: None  # type: ignore[method-assign]
    bench.orchestrator.stop(executor.id)
    bench.send()
    bench.run(1.75)
    asked: list[Any] = []
    ask, bench.venue.ask = bench.venue.ask, lambda *question: asked.append(question)  # type: ignore[method-assign,assignment]
    bench.venue.backfill = lambda since_ns: None  # type: ignore[method-assign]
    bench.kill("sent")
    bench.run(5)
    exits = [order for order in bench.records.submitted if order.request.purpose is Purpose.CLOSE]
    assert (exits, position(bench)) == ([], 0), "nothing is sent beside a stop of which nothing is known"
    bench.venue.ask = ask  # type: ignore[method-assign]
    for question in asked:
        ask(*question)
    bench.run(5)
    assert (bench.orchestrator.running, position(bench)) == ((), 0)
    assert FactKind.OVER_CLOSED not in bench.records.fact_kinds()


def test_p1_an_exit_after_a_restart_does_not_wait_for_ever() -> None:
    bench, executor = started(crashes=True)
    fill(bench, 1000)
    bench.run(1)
    bench.venue.cancel = lambda order: None  # type: ignore[method-assign]
    bench.orchestrator.stop(executor.id)
    bench.send()
    bench.venue.ask = lambda *question: None  # type: ignore[method-assign]
    bench.kill("sent")
    bench.run(14)
    assert position(bench) == 1000
    bench.run(2)
    assert position(bench) == 0


def test_no_stop_where_the_config_the_venue_or_the_kind_of_market_has_none() -> None:
    bench, _ = started(triple_barrier_config=TripleBarrierConfig(stop_loss=D("0.02"), stop_on_venue=False))
    fill(bench, 1000)
    bench.run(2)
    assert stops(bench) == []
    plain = LiveBench()
    plain.venue.partial = 0
    plain.start()
    plain.price(9_900)
    plain.run(2)
    assert stops(plain) == []
    spot = VenueBench(instrument(connector=SPOT))
    assert not spot.desk.keeps_stops(SPOT)


def test_stop_market_is_no_type_for_an_entry_or_a_take_profit() -> None:
    for name in ("open_order_type", "take_profit_order_type"):
        with pytest.raises(ValidationError, match="found STOP_MARKET"):
            TripleBarrierConfig(**{name: OrderType.STOP_MARKET})
