"""Defects of the reference (`H:` lines of its specification) for which no row of the table stands; docs/defects.md names the test of each."""

from __future__ import annotations

from typing import Any

import pytest

from botcore.controllers.base import ControllerBase, ControllerConfigBase
from botcore.executors.arbitrage.config import ArbitrageExecutorConfig
from botcore.executors.arbitrage.executor import ArbitrageExecutor
from botcore.executors.data_types import ConnectorPair, ExecutionStrategy, OrderExecutorConfig, PositionExecutorConfig, TripleBarrierConfig
from botcore.executors.grid.config import GridExecutorConfig
from botcore.executors.xemm.config import XEMMExecutorConfig
from botcore.markets.candles_config import CandlesConfig
from botcore.model.actions import CreateExecutorAction
from botcore.model.enums import CloseType, OrderType, PositionMode, RunnableStatus, TradeType
from tests.support.bench import PERP, D, instrument, spec_of
from tests.support.paper_bench import PaperBench
from tests.support.venue_bench import VenueBench

BUY, SELL = TradeType.BUY, TradeType.SELL
PAIR = {"trading_pair": "ETH-USDT", "connector_name": PERP}


# ---- position ------------------------------------------------------------------------------------------------------
def test_limit_maker_entry_does_not_move_with_the_book_and_its_partial_fill_is_stopped() -> None:
    """Asked for at 101, held back to the touch at 100: filled by 0.3 there the stop of 5 % is at 95, whatever the book does to what would be quoted now."""
    bench = VenueBench()
    triple = TripleBarrierConfig(stop_loss=D("0.05"), open_order_type=OrderType.LIMIT_MAKER)
    executor = bench.start(PositionExecutorConfig(side=BUY, entry_price=D(101), amount=D(1), triple_barrier_config=triple, **PAIR))
    (entry,) = bench.orders
    assert bench.instrument.price(entry.request.price_ticks) == 100
    bench.venue.trade(entry, "0.3")
    bench.price(97)
    assert (executor.net_pnl_quote(), executor.custom_info()["current_position_average_price"]) == (D("-0.9"), 100)
    bench.price(95)
    assert executor.close_type is CloseType.STOP_LOSS
    assert [order.lots for order in bench.orders if order.request.trade_type is SELL] == [300]


# ---- order ---------------------------------------------------------------------------------------------------------
def test_order_that_is_half_filled_is_trading_so_nobody_refreshes_it() -> None:
    bench = VenueBench()
    executor = bench.start(OrderExecutorConfig(side=BUY, amount=D(1), price=D(100), execution_strategy=ExecutionStrategy.LIMIT, **PAIR))
    bench.venue.accept(bench.orders[0])
    assert executor.info.is_active and not executor.info.is_trading
    bench.venue.trade(bench.orders[0], "0.5")
    assert executor.info.is_active and executor.info.is_trading


# ---- grid ----------------------------------------------------------------------------------------------------------
def test_grid_that_has_traded_for_weeks_shows_and_writes_no_more_than_one_that_has_just_begun() -> None:
    bench = VenueBench(instrument(min_notional="1"), price=102)
    triple = TripleBarrierConfig(take_profit=D("0.01"), take_profit_order_type=OrderType.LIMIT)
    prices = {"start_price": D(90), "end_price": D(110), "limit_price": D(80)}
    executor = bench.start(GridExecutorConfig(total_amount_quote=D(10), min_order_amount_quote=D(6), triple_barrier_config=triple, **prices, **PAIR))
    sizes = []
    for _ in range(150):
        for _ in range(2):
            (order,) = bench.live()
            bench.venue.trade(order)
            bench.tick()
        sizes.append(len(str(executor.state())))
    info = executor.custom_info()
    assert info["level_cycles"] == 150 and info["position_size_base"] == 0
    assert len(info["fill_events"]) == len(info["filled_orders"]) == 100
    assert sizes[-1] - sizes[110] < 100, "beside its counters nothing grows"


# ---- arbitrage -----------------------------------------------------------------------------------------------------
def two_dollars(rate: Any) -> tuple[VenueBench, ArbitrageExecutor]:
    """ETH at 100 USDT here and 105 USDC there, without fees; one USDC is `rate` USDT."""
    bench = VenueBench(instrument("ETH-USDT", "here"), instrument("ETH-USDC", "there"), instrument("USDC-USDT", "rates"), price=None)
    for venue in bench.venues.values():
        venue.fee_rate = lambda pair, is_maker: D(0)  # type: ignore[method-assign]
    for of, price in zip(bench.instruments, (100, 105, rate), strict=True):
        if price is not None:
            bench.quote(price, of=of)
    config = ArbitrageExecutorConfig(
        buying_market=ConnectorPair(connector_name="here", trading_pair="ETH-USDT"),
        selling_market=ConnectorPair(connector_name="there", trading_pair="ETH-USDC"),
        order_amount=D(1),
        min_profitability=D("0.01"),
    )
    return bench, bench.start(config)


@pytest.mark.parametrize(("rate", "profit", "trades"), [(1, "0.05", True), ("0.9", "-0.055", False), (None, None, False)])
def test_a_dollar_that_lost_its_peg_is_converted_and_one_without_a_rate_is_not_traded(rate: Any, profit: str | None, trades: bool) -> None:
    bench, executor = two_dollars(rate)
    assert executor.profitability() == (None if profit is None else D(profit))
    assert bool(bench.venues["here"].requests) is trades


@pytest.mark.parametrize(("quote", "said"), [("EUR", "no price says what EUR is worth in USDT"), ("USDC", "")])
def test_what_is_traded_says_nothing_of_the_rate_between_its_quote_assets(quote: str, said: str) -> None:
    """By way of ETH itself a EUR would be 100 / 80 USDT: every quote would stand at the maker's own mid and seem to earn its target."""
    bench = VenueBench(instrument("ETH-USDT", "here"), instrument(f"ETH-{quote}", "there"), price=None)
    for of, price in zip(bench.instruments, (100, 80), strict=True):
        bench.quote(price, of=of)
        bench.venues[of.market.connector_name].fee_rate = lambda pair, is_maker: D(0)  # type: ignore[method-assign]
    executor = bench.start(
        XEMMExecutorConfig(
            buying_market=ConnectorPair(connector_name="here", trading_pair="ETH-USDT"),
            selling_market=ConnectorPair(connector_name="there", trading_pair=f"ETH-{quote}"),
            maker_side=BUY,
            order_amount=D(1),
            min_profitability=D("0.005"),
            target_profitability=D("0.01"),
            max_profitability=D("0.02"),
        )
    )
    bench.tick(5)
    assert (executor.hedge_price(), bench.venues["here"].requests) == (None, [])
    assert (executor.close_type, executor.info.reason) == (CloseType.FAILED if said else None, said)
    assert bench.market_data.get_rate(f"{quote}-USDT") == D("1.25"), "for what is worth what in a report it will do"


def test_early_stop_between_two_legs_abandons_neither() -> None:
    """Both legs are out, one is filled: a stop does not leave it naked, the other goes on until it is there."""
    bench, executor = two_dollars(1)
    (bought,), (sold,) = bench.venues["here"].requests, bench.venues["there"].requests
    bench.venues["here"].trade(bought, price=100)
    bench.orchestrator.stop(executor.id)
    bench.tick(30)
    assert executor.status is RunnableStatus.SHUTTING_DOWN and executor.naked() == 1
    bench.venues["there"].trade(sold, price=105)
    assert (executor.close_type, executor.naked(), executor.info.net_pnl_quote) == (CloseType.COMPLETED, 0, 5)


# ---- controllers and bots ------------------------------------------------------------------------------------------
class Config(ControllerConfigBase):
    controller_name: str = "of_test"
    connector_name: str = PERP
    trading_pair: str = "ETH-USDT"
    leverage: int = 1
    position_mode: PositionMode = PositionMode.ONEWAY


class Eager(ControllerBase):
    """Wants a new position at every step."""

    asked = 0

    def determine_executor_actions(self) -> list[Any]:
        self.asked += 1
        triple = TripleBarrierConfig(open_order_type=OrderType.MARKET)
        config = PositionExecutorConfig(side=BUY, amount=D("0.01"), triple_barrier_config=triple, **PAIR)
        return [CreateExecutorAction(controller_id=self.id, executor_config=config)]


class Waits(Eager):
    """Needs candles that never come."""

    def get_candles_config(self) -> list[CandlesConfig]:
        return [CandlesConfig(connector=PERP, trading_pair="ETH-USDT", interval="1m", max_records=500)]


def test_candles_that_do_not_come_hold_up_only_the_controller_that_wants_them() -> None:
    bench = PaperBench()
    bot = bench.bot((spec_of(Waits, Config), Config(id="waits")), (spec_of(Eager, Config), Config(id="eager")))
    bench.settle(5)
    waits, eager = bot.controllers
    assert (waits.asked, eager.asked) == (0, 5)


def test_nothing_is_opened_after_a_stop_or_after_the_kill_switch() -> None:
    """A controller that wants more at every step is not asked any more, and an order of risk that is asked for all the same never leaves."""
    bench = PaperBench()
    bot = bench.bot((spec_of(Eager, Config), Config(id="eager")))
    bench.settle(3)
    bench.runtime.gate.halt("of the test")
    bench.settle(3)
    tried = [order for order in bench.records.submitted if order.request.purpose.adds_risk]
    assert [order.filled_lots for order in tried] == [10] * 3 + [0] * (len(tried) - 3) and len(tried) > 3
    assert "of the test" in tried[-1].reason and not tried[-1].is_open
    asked = bot.controllers[0].asked
    bot.stop()
    bench.settle(5)
    assert bot.controllers[0].asked == asked
    assert not [order for order in bench.records.submitted if order.request.purpose.adds_risk and order not in tried]
    assert bot.orchestrator.running == ()


def test_more_executors_than_any_buffer_are_accounted_for_once() -> None:
    """The reference remembers the last 50: here 120 kept positions are 120 fills in the hold, however often the report is asked for."""
    bench = VenueBench(keep_closed=10)
    for _ in range(120):
        executor = bench.start(PositionExecutorConfig(side=BUY, entry_price=D(100), amount=D(1), **PAIR))
        bench.venue.trade(bench.orders[-1], fee="0.1")
        bench.orchestrator.stop(executor.id, keep_position=True)
        bench.orchestrator.report("main")
    (hold,) = bench.orchestrator.positions("main")
    report = bench.orchestrator.report("main")
    assert (hold.amount, hold.breakeven_price, hold.cum_fees_quote) == (120, 100, 12)
    assert (report.volume_traded, report.global_pnl_quote, report.close_type_counts) == (12_000, -12, {CloseType.POSITION_HOLD: 120})
