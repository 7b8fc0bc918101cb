"""O12: what the venue would not let us close ends its executor as COMPLETED, is in a hold, and is said; nothing waits for ever."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from botcore.executors.data_types import PositionExecutorConfig, TripleBarrierConfig
from botcore.executors.dca.config import DCAExecutorConfig
from botcore.model.enums import CloseType, OrderType, TradeType
from botcore.model.events import FactKind
from botcore.strategies.recovery import restore_bot
from botcore.strategies.strategy_v2 import StrategyV2Base
from tests.support.bench import PERP, SPOT, D, instrument
from tests.support.venue_bench import VenueBench

BUY = TradeType.BUY


def position(amount: str, **barriers: Any) -> PositionExecutorConfig:
    triple = TripleBarrierConfig(**({"take_profit": D("0.1"), "take_profit_order_type": OrderType.LIMIT} | barriers))
    return PositionExecutorConfig(
        trading_pair="ETH-USDT", connector_name=SPOT, side=BUY, entry_price=D(100), amount=D(amount), triple_barrier_config=triple
    )


def ladder(amount: str) -> DCAExecutorConfig:
    return DCAExecutorConfig(
        trading_pair="ETH-USDT", connector_name=SPOT, side=BUY, amounts_quote=[D(amount) * 100], prices=[D(100)], take_profit=D("0.1")
    )


def said_and_held(bench: VenueBench, executor: Any, amount: str) -> None:
    assert (executor.is_closed, executor.close_type) == (True, CloseType.COMPLETED)
    assert executor.info.reason.startswith(f"dust: {amount} ETH is less than the venue trades")
    (hold,) = bench.orchestrator.positions("main")
    assert hold.amount == D(amount)
    (told,) = [fact.payload for fact in bench.records.facts if fact.kind == FactKind.EXECUTOR_CLOSED]
    assert (told["close_type"], told["exposure_base"]) == ("COMPLETED", amount)
    assert bench.live() == []


@pytest.mark.parametrize("config", [position, ladder])
@pytest.mark.parametrize("barriers", [{}, {"take_profit_order_type": OrderType.MARKET}, {"stop_loss": D("0.1")}, {"take_profit": None}])
def test_one_lot_less_its_fee_in_base(config: Any, barriers: dict[str, Any]) -> None:
    bench = VenueBench(instrument(connector=SPOT))
    executor = bench.start(config("0.001", **barriers) if config is position else config("0.001"))
    bench.venue.trade(bench.orders[0], fee="0.000001", asset="ETH", rate=100)
    bench.tick()
    said_and_held(bench, executor, "0.000999")
    assert len(bench.orders) == 1, "nothing was sent that the venue would refuse"


@pytest.mark.parametrize("config", [position, ladder])
def test_a_value_below_the_smallest_order_at_the_take_profit_too(config: Any) -> None:
    """0.05 bought for 5, the smallest order is 5: less a fee of 0.0025 it is 4.70 now, and at
    the take profit of 110 it would be 5.17. Less a fee of 0.006 it would be 4.84 there.
    """
    bench = VenueBench(instrument(connector=SPOT, min_notional="5"))
    sellable = bench.start(config("0.050"))
    bench.venue.trade(bench.orders[0], fee="0.0025", asset="ETH", rate=100)
    bench.tick(2)
    assert not sellable.is_closed
    stranded = bench.start(config("0.050"))
    order = next(order for order in bench.live() if order.request.executor_id == stranded.id)
    bench.venue.trade(order, fee="0.006", asset="ETH", rate=100)
    bench.tick()
    assert (stranded.close_type, sellable.is_closed) == (CloseType.COMPLETED, False)


def test_what_is_left_of_a_take_profit_and_of_an_entry_that_ended_half_filled() -> None:
    bench = VenueBench(instrument(connector=SPOT, min_amount="0.01"))
    executor = bench.start(position("1"))
    bench.venue.trade(bench.orders[0], "0.004")
    bench.venue.end(bench.orders[0])
    for _ in range(5):
        bench.tick()
    said_and_held(bench, executor, "0.004")


def test_an_unknown_price_ends_nothing_that_might_be_sold() -> None:
    bench = VenueBench(instrument(connector=SPOT, min_notional="5"))
    executor = bench.start(position("0.050"))
    bench.state.book.clear()
    bench.venue.trade(bench.orders[0], fee="0.006", asset="ETH", rate=100)
    bench.tick()
    assert not executor.is_closed
    bench.price(100)
    assert executor.close_type is CloseType.COMPLETED


def test_after_a_restart_too() -> None:
    bench = VenueBench(instrument(connector=SPOT))
    bench.start(position("0.001"))
    bench.venue.trade(bench.orders[0], fee="0.000001", asset="ETH", rate=100)
    later = VenueBench(instrument(connector=SPOT))
    bot = StrategyV2Base("bot", [], later.orchestrator, later.market_data, later.clock, later.bus)
    restore_bot(bot, bench.records.bot_records(), later.venues, later.market_data)  # type: ignore[arg-type]
    (executor,) = later.orchestrator.running
    later.tick()
    assert executor.close_type is CloseType.COMPLETED
    assert [hold.amount for hold in later.orchestrator.positions("main")] == [D("0.000999")]


@pytest.mark.parametrize("connector", [SPOT, PERP])
def test_more_than_the_venue_takes_in_one_order_is_no_dust_and_goes_in_slices(connector: str) -> None:
    """Two steps of 0.6 each, at most 1 an order: 1.2 are sold as 1 and 0.2."""
    bench = VenueBench(dataclasses.replace(instrument(connector=connector), max_amount=D(1)))
    config = DCAExecutorConfig(
        trading_pair="ETH-USDT", connector_name=connector, side=BUY, amounts_quote=[D(60), D(60)], prices=[D(100), D(100)], take_profit=D("0.1")
    )
    executor = bench.start(config)
    for _ in range(2):
        bench.venue.trade(bench.orders[-1], price=100)
        bench.tick()
    assert executor.info.is_trading
    bench.orchestrator.stop(executor.id)
    bench.send()
    for amount in ("1", "0.2"):
        order = bench.orders[-1]
        assert bench.instrument.amount(order.lots) == D(amount)
        bench.venue.trade(order, price=100)
        bench.send()
    assert (executor.is_closed, executor.close_type) == (True, CloseType.EARLY_STOP)
    assert all(hold.amount == 0 for hold in bench.orchestrator.positions("main"))
