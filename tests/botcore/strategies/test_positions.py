"""Positions that somebody else has changed: rows O17 (liquidation, deleveraging), O18 (closed by hand), O19 (trade taken back) of the fault catalogue."""

from __future__ import annotations

from typing import Any

import pytest

from botcore.executors.data_types import TripleBarrierConfig
from botcore.model.enums import CloseType, TradeType
from botcore.model.events import FactKind
from botcore.model.order import OrderState, Purpose
from tests.support.live_bench import D, LiveBench
from tests.support.lossy_venue import Line

BARRIERS = TripleBarrierConfig(stop_loss=D("0.05"))


def holding(*bots: str, line: Line | None = None, crashes: bool = False, amount: str = "1") -> tuple[LiveBench, list[Any]]:
    """One long executor of each bot, filled at 99."""
    bench = LiveBench(line=line, bots=bots or ("bot",), crashes=crashes)
    bench.venue.partial = 0
    executors = [bench.start(bot_id, triple_barrier_config=BARRIERS, amount=D(amount)) for bot_id in bots or ("bot",)]
    bench.run(1)
    bench.price(9_900)
    bench.run(2)
    assert all(executor.custom_info()["exposure_base"] == D(amount) for executor in executors)
    return bench, executors


def somebody_trades(bench: LiveBench, side: TradeType, lots: int) -> None:
    """Another client, the liquidation engine, a correction: an execution on our account that is not of an order of ours."""
    bench.venue.somebody_trades(bench.instrument, side, lots)


def told(bench: LiveBench, kind: str) -> list[dict[str, Any]]:
    return [fact.payload for fact in bench.records.facts if fact.kind == kind]


def agree(bench: LiveBench) -> None:
    exposure = sum((executor.custom_info()["exposure_base"] for executor in bench.running), D(0))
    assert bench.held() + exposure == bench.instrument.amount(bench.venue.position(bench.instrument.market))
    assert bench.connector.own.of(bench.instrument).net == bench.venue.position(bench.instrument.market)


def test_o18_position_that_was_closed_by_hand_ends_its_executor_and_nothing_is_sold_again() -> None:
    bench, (executor,) = holding()
    somebody_trades(bench, TradeType.SELL, 1000)
    bench.run(34)
    assert not executor.is_closed, "a stream may be late, and answers old"
    bench.run(4)
    assert (executor.is_closed, executor.close_type) == (True, CloseType.EXTERNAL)
    (fact,) = told(bench, FactKind.POSITION_ADJUSTED)
    assert (fact["venue_amount"], fact["booked_amount"], fact["price"]) == ("0.000", "1.000", "99.00")
    assert [order.request.purpose for order in bench.records.submitted] == [Purpose.OPEN, Purpose.EXTERNAL]
    assert not any(what == "create" and name != bench.records.submitted[0].client_order_id for what, name in bench.venue.requests)
    assert bench.held_lots() == 0
    agree(bench)


def test_o18_exit_before_the_difference_is_believed_can_not_turn_the_position_around() -> None:
    bench, (executor,) = holding()
    somebody_trades(bench, TradeType.SELL, 1000)
    bench.run(2)
    bench.orchestrator.stop(executor.id)
    bench.run(60)
    assert executor.is_closed
    assert bench.venue.position(bench.instrument.market) == 0
    agree(bench)


def test_o17_deleveraging_takes_a_part_and_the_rest_is_watched_on() -> None:
    bench, (executor,) = holding()
    somebody_trades(bench, TradeType.SELL, 400)
    bench.run(38)
    assert executor.custom_info()["exposure_base"] == D("0.6")
    assert not executor.is_closed
    bench.price(9_000)
    bench.run(3)
    assert (executor.is_closed, executor.close_type) == (True, CloseType.STOP_LOSS)
    agree(bench)


def test_o17_liquidation_ends_the_executors_of_all_bots_on_the_market() -> None:
    bench, executors = holding("bot", "two")
    somebody_trades(bench, TradeType.SELL, 2000)
    bench.run(38)
    assert [executor.close_type for executor in executors] == [CloseType.EXTERNAL] * 2
    agree(bench)


def test_o19_trade_that_is_taken_back_is_booked_as_its_opposite() -> None:
    bench, (executor,) = holding()
    # the venue corrects a part of the entry: the execution stays in its lists, the position does not
    somebody_trades(bench, TradeType.SELL, 250)
    bench.run(38)
    assert executor.custom_info()["exposure_base"] == D("0.75")
    (adjustment,) = [fill for fill, _ in bench.records.fills if fill.trade_id.startswith("external-")]
    assert (adjustment.trade_type, adjustment.amount) == (TradeType.SELL, D("0.25"))
    assert len(told(bench, FactKind.POSITION_ADJUSTED)) == 1


def test_o17_what_was_booked_from_outside_is_there_after_a_kill() -> None:
    bench, _ = holding(crashes=True)
    somebody_trades(bench, TradeType.SELL, 400)
    bench.run(38)
    bench.kill("sent")
    bench.run(45)
    (again,) = bench.running
    assert again.custom_info()["exposure_base"] == D("0.6")
    assert len([fill for fill, _ in bench.records.fills if fill.trade_id.startswith("external-")]) == 1
    agree(bench)


def test_o17_hold_shrinks_before_an_executor_does() -> None:
    bench, (executor,) = holding()
    bench.orchestrator.stop(executor.id, keep_position=True)
    bench.run(1)
    watched = bench.start(triple_barrier_config=BARRIERS)
    bench.price(9_900)
    bench.run(2)
    somebody_trades(bench, TradeType.SELL, 1300)
    bench.run(38)
    assert bench.held_lots() == 0
    bench.run(40)
    assert watched.custom_info()["exposure_base"] == D("0.7")
    agree(bench)


def test_o18_position_that_somebody_opened_is_told_once_and_never_touched() -> None:
    bench, (executor,) = holding()
    somebody_trades(bench, TradeType.BUY, 500)
    requests = len([what for what, _ in bench.venue.requests if what in ("create", "cancel")])
    bench.run(60)
    assert [fact["amount"] for fact in told(bench, FactKind.POSITION_UNACCOUNTED)] == ["0.500"]
    assert len([what for what, _ in bench.venue.requests if what in ("create", "cancel")]) == requests
    bench.orchestrator.stop(executor.id)
    bench.run(3)
    assert executor.is_closed
    assert bench.venue.position(bench.instrument.market) == 500


def test_o18_order_that_somebody_canceled_is_not_sent_again() -> None:
    bench = LiveBench()
    executor = bench.start()
    bench.run(1)
    bench.venue.end(bench.venue.orders[0], OrderState.CANCELED)
    bench.run(30)
    assert (executor.is_closed, executor.close_type) == (True, CloseType.EXTERNAL)
    assert len(bench.records.submitted) == 1


def test_o18_rest_of_an_entry_that_somebody_canceled_is_given_up_and_what_is_held_is_watched() -> None:
    bench = LiveBench()
    executor = bench.start(triple_barrier_config=BARRIERS)
    bench.run(1)
    bench.venue.trade(bench.venue.orders[0], 9_900, 300)
    bench.venue.end(bench.venue.orders[0], OrderState.CANCELED)
    bench.run(10)
    assert len(bench.records.submitted) == 1
    bench.price(9_400)
    bench.run(3)
    assert (executor.close_type, bench.venue.position(bench.instrument.market)) == (CloseType.STOP_LOSS, 0)


@pytest.mark.parametrize("lag_s", [0, 8])
def test_lost_execution_is_found_and_not_taken_for_somebody_elses(lag_s: int) -> None:
    """The position says it first; the question that follows brings the execution."""
    bench, (executor,) = holding(line=Line(lag_s=lag_s))
    bench.venue.line = Line(stream_drop=1, lag_s=lag_s)
    bench.orchestrator.stop(executor.id)
    bench.run(60)
    assert (executor.is_closed, executor.close_type) == (True, CloseType.EARLY_STOP)
    assert told(bench, FactKind.POSITION_ADJUSTED) == []
    agree(bench)
