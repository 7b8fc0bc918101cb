"""Two exits at once: the one that comes too late is no reason why the position ended, and says in plain words what happened to it."""

from __future__ import annotations

from typing import Any

import pytest

from botcore.executors.data_types import PositionExecutorConfig, TripleBarrierConfig
from botcore.model.enums import OrderType, TradeType
from botcore.model.events import FactKind
from botcore.model.order import OrderState, Purpose
from botcore.model.refusals import NOTHING_TO_REDUCE, RefusalKind, kind_of, reduces_nothing
from tests.support.bench import PERP, D
from tests.support.venue_bench import VenueBench


def holding() -> tuple[VenueBench, Any, Any]:
    """A position of 1 at 100 whose take profit rests; returns (bench, executor, take profit)."""
    bench = VenueBench()
    triple = TripleBarrierConfig(
        open_order_type=OrderType.MARKET, stop_loss=D("0.02"), take_profit=D("0.05"), take_profit_order_type=OrderType.LIMIT, stop_on_venue=False
    )
    config = PositionExecutorConfig(connector_name=PERP, trading_pair="ETH-USDT", side=TradeType.BUY, amount=D(1), triple_barrier_config=triple)
    executor = bench.start(config)
    (entry,) = bench.live()
    bench.venue.accept(entry)
    bench.venue.trade(entry, price=100)
    bench.tick()
    (profit,) = bench.live()
    assert profit.request.purpose is Purpose.TAKE_PROFIT
    bench.venue.accept(profit)
    return bench, executor, profit


def stopped(bench: VenueBench) -> dict[str, Any]:
    """The stop loss fires and what it sends is filled; returns what is told of the end."""
    for _ in range(40):
        bench.price(97)
        for order in bench.live():
            if order.request.purpose is Purpose.CLOSE:
                bench.venue.accept(order)
                bench.venue.trade(order, price=97)
            elif order.cancel_asked:
                bench.venue.end(order)
    bench.records.flush(None)
    (closed,) = [fact for fact in bench.records.facts if fact.kind == FactKind.EXECUTOR_CLOSED]
    return closed.payload


@pytest.mark.parametrize("reason", [NOTHING_TO_REDUCE, "ReduceOnly Order is rejected.", "reduce-only order, but there is no position to reduce"])
@pytest.mark.parametrize("stop_came_first", [True, False])
def test_a_refused_second_exit_is_no_reason_why_the_position_ended(reason: str, stop_came_first: bool) -> None:
    bench, executor, profit = holding()
    if stop_came_first:
        bench.price(97)
        assert profit.cancel_asked
    bench.venue.end(profit, OrderState.EXPIRED, reason)
    assert executor.info.reason == reason, "while something is held it says why the exit is not there"
    told = stopped(bench)
    assert (told["close_type"], told["reason"]) == ("STOP_LOSS", "")


def test_a_reason_of_another_sort_stays() -> None:
    bench, _, profit = holding()
    bench.venue.end(profit, OrderState.EXPIRED, "expired by the venue: maintenance")
    assert stopped(bench)["reason"] == "expired by the venue: maintenance"


def test_the_words_say_what_happened_and_decide_nothing_else() -> None:
    assert NOTHING_TO_REDUCE.startswith("nothing was left that this order could close") and "reduce" not in NOTHING_TO_REDUCE
    assert kind_of(NOTHING_TO_REDUCE) is RefusalKind.OTHER, "tried again as before, where something is left after all"
    assert reduces_nothing(NOTHING_TO_REDUCE) and not reduces_nothing("insufficient balance") and not reduces_nothing("")
