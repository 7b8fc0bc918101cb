"""Numeric cases beyond the table, worked out by hand from sections 1 to 3 of the specification: other sides, fees in other assets, edges, ladders of one."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from botcore.controllers.distributions import Distributions
from botcore.executors.arbitrage.config import ArbitrageExecutorConfig
from botcore.executors.data_types import ConnectorPair, PositionExecutorConfig, TrailingStop, TripleBarrierConfig
from botcore.executors.dca.config import DCAExecutorConfig
from botcore.executors.twap.config import TWAPExecutorConfig
from botcore.executors.xemm.config import XEMMExecutorConfig
from botcore.model.enums import CloseType, OrderType, PositionMode, RunnableStatus, TradeType
from botcore.orchestrator.holds import HoldBook, PositionHold
from botcore.orchestrator.performance import report_of
from botcore.orchestrator.reporting import Rates
from tests.support.bench import PERP, SPOT, D, instrument, make_fill
from tests.support.venue_bench import VenueBench

BUY, SELL = TradeType.BUY, TradeType.SELL
PAIR = {"trading_pair": "ETH-USDT", "connector_name": PERP}
TERMINATED = RunnableStatus.TERMINATED


def position(side: TradeType = BUY, entry: Any = 100, amount: Any = 1, connector: str = PERP, **barriers: Any) -> PositionExecutorConfig:
    triple = TripleBarrierConfig(**barriers)
    return PositionExecutorConfig(
        trading_pair="ETH-USDT", connector_name=connector, side=side, entry_price=D(entry), amount=D(amount), triple_barrier_config=triple
    )


def opened(bench: VenueBench, config: Any, **fee: Any) -> Any:
    executor = bench.start(config)
    bench.venue.trade(bench.orders[-1], **fee)
    return executor


# ---- fees in other assets ------------------------------------------------------------------------------------------
def test_fee_in_base_is_paid_once_and_never_sold() -> None:
    """1 ETH at 100 less 0.001: at 110 it is -100 + 0.999 * 110 = 9.89, a part of the 100 that were paid; then 0.999 is sold for a fee of 0.1."""
    bench = VenueBench(instrument(connector=SPOT))
    executor = opened(bench, position(connector=SPOT, take_profit=D("0.0989")), fee="0.001", asset="ETH", rate=100)
    bench.quote(110)
    assert (executor.net_pnl_quote(), executor.net_pnl_pct(), executor.cum_fees_quote()) == (D("9.89"), D("0.0989"), D("0.1"))
    bench.price("109.99")
    assert executor.close_type is None
    bench.price(110)
    assert (executor.close_type, bench.orders[-1].lots) == (CloseType.TAKE_PROFIT, 999)
    bench.venue.trade(bench.orders[-1], price=110, fee="0.1")
    info = executor.info
    assert (info.net_pnl_quote, info.cum_fees_quote, info.filled_amount_quote) == (D("9.79"), D("0.2"), D(100) + D("0.999") * 110)
    assert bench.orchestrator.positions() == []


def test_fee_in_a_third_asset_counts_at_the_rate_of_its_fill() -> None:
    """0.0004 BNB at 500 are 0.2 USDT; what BNB costs later changes nothing. The stop of a short at 5 % then stands at 104.8."""
    bench = VenueBench()
    executor = opened(bench, position(SELL, stop_loss=D("0.05")), fee="0.0004", asset="BNB", rate=500)
    bench.price("104.79")
    assert (executor.net_pnl_quote(), executor.close_type) == (D("-4.99"), None)
    bench.price("104.80")
    assert (executor.net_pnl_pct(), executor.close_type) == (D("-0.05"), CloseType.STOP_LOSS)


def test_fee_without_a_rate_is_unknown_and_does_not_hold_up_the_stop() -> None:
    bench = VenueBench()
    executor = opened(bench, position(stop_loss=D("0.05")), fee="0.0004", asset="BNB", rate=None)
    assert executor.custom_info()["unpriced_fees"] is True and executor.cum_fees_quote() == 0
    bench.price(95)
    assert executor.close_type is CloseType.STOP_LOSS


# ---- shorts, leverage, small numbers, trailing ---------------------------------------------------------------------
def test_short_in_two_fills_and_two_exits_by_hand() -> None:
    """0.4 at 100 and 0.6 at 101 are 100.6; bought back 0.7 at 99 and 0.3 at 98: 100.6 - 98.7 - fees of 0.3 = 1.6 of 100.6."""
    bench = VenueBench()
    executor = bench.start(position(SELL, entry=100, take_profit=D("0.015")))
    (entry,) = bench.orders
    bench.venue.trade(entry, "0.4", price=100, fee="0.1")
    bench.venue.trade(entry, "0.6", price=101, fee="0.1")
    assert executor.custom_info()["current_position_average_price"] == D("100.6")
    bench.price(99)
    # (100.6 - 99 - 0.2) / 100.6 = 0.0139 is not enough, (100.6 - 98.89 - 0.2) / 100.6 = 0.01501 is
    assert executor.close_type is None
    bench.price("98.89")
    assert executor.close_type is CloseType.TAKE_PROFIT
    close = bench.orders[-1]
    bench.venue.trade(close, "0.7", price=99, fee="0.05")
    bench.venue.trade(close, "0.3", price=98, fee="0.05")
    assert (executor.status, executor.info.net_pnl_quote, executor.info.net_pnl_pct) == (TERMINATED, D("1.6"), D("1.6") / D("100.6"))
    assert executor.info.filled_amount_quote == D("100.6") + D("98.7")
    assert executor.info.custom_info["close_price"] == D("98.7")


@pytest.mark.parametrize("leverage", [1, 125])
def test_leverage_changes_no_fraction(leverage: int) -> None:
    """A stop of 5 % is 5 % of the position, not of its margin."""
    bench = VenueBench()
    executor = opened(bench, position(stop_loss=D("0.05")).model_copy(update={"leverage": leverage}))
    bench.price("95.01")
    assert (executor.net_pnl_pct(), executor.close_type) == (D("-0.0499"), None)
    bench.price(95)
    assert executor.close_type is CloseType.STOP_LOSS


@pytest.mark.parametrize("leverage", [0, -1, 126])
def test_leverage_that_no_venue_has_is_refused(leverage: int) -> None:
    with pytest.raises(ValidationError, match="leverage"):
        PositionExecutorConfig(side=BUY, amount=D(1), leverage=leverage, **PAIR)


def test_tiny_prices_and_lots_stay_exact() -> None:
    """123,456,789 lots of 1 at 0.00001234: 0.00001240 is +0.486 %, 7.40740734 quote."""
    bench = VenueBench(instrument(tick="0.00000001", lot="1"), price="0.00001234")
    executor = opened(bench, position(entry="0.00001234", amount=123_456_789, take_profit=D("0.00486")))
    bench.price("0.00001239")
    assert executor.close_type is None
    bench.price("0.00001240")
    assert (executor.close_type, executor.net_pnl_quote()) == (CloseType.TAKE_PROFIT, D("7.40740734"))


def test_trailing_stop_of_a_short_whose_distance_exceeds_its_activation() -> None:
    """Activation 0.5 %, distance 2 %: armed at +1 % the trigger is -1 %, it tightens to 0 at +2 % and closes at -0.01 %, not before."""
    bench = VenueBench()
    trailing = TrailingStop(activation_price=D("0.005"), trailing_delta=D("0.02"))
    executor = opened(bench, position(SELL, trailing_stop=trailing))
    found = []
    for price in ("99.5", "99", "100.9", "98", "99.9", "100"):
        bench.price(price)
        found.append(executor.custom_info()["trailing_stop_trigger_pct"])
    assert found == [None, D("-0.01"), D("-0.01"), 0, 0, 0] and executor.close_type is None
    bench.price("100.01")
    assert executor.close_type is CloseType.TRAILING_STOP


@pytest.mark.parametrize(
    ("side", "kind", "entry", "mid", "allowed"),
    [
        # LIMIT: BUY price >= mid (1 - 0.02), SELL price <= mid (1 + 0.02), both with equality
        (BUY, OrderType.LIMIT, "98", "100", True),
        (BUY, OrderType.LIMIT, "97.99", "100", False),
        (SELL, OrderType.LIMIT, "102", "100", True),
        (SELL, OrderType.LIMIT, "102.01", "100", False),
        # MARKET: BUY 100 (1 - 0.02) <= mid <= 100 (1 + 0.05), SELL 100 (1 - 0.05) <= mid <= 100 (1 + 0.02)
        (BUY, OrderType.MARKET, "100", "98", True),
        (BUY, OrderType.MARKET, "100", "97.99", False),
        (BUY, OrderType.MARKET, "100", "105", True),
        (BUY, OrderType.MARKET, "100", "105.01", False),
        (SELL, OrderType.MARKET, "100", "95", True),
        (SELL, OrderType.MARKET, "100", "94.99", False),
        (SELL, OrderType.MARKET, "100", "102", True),
        (SELL, OrderType.MARKET, "100", "102.01", False),
    ],
)
def test_activation_bounds_at_their_edges(side: TradeType, kind: OrderType, entry: str, mid: str, allowed: bool) -> None:
    bench = VenueBench(price=mid)
    config = position(side, entry, open_order_type=kind).model_copy(update={"activation_bounds": [D("0.02"), D("0.05")]})
    bench.start(config)
    bench.tick()
    assert bool(bench.orders) is allowed


@pytest.mark.parametrize(
    ("side", "profit", "far", "near", "gone"), [(BUY, "110", "104.76", "104.77", "104.75"), (SELL, "90", "94.74", "94.73", "94.75")]
)
def test_resting_take_profit_is_out_only_within_the_bounds(side: TradeType, profit: str, far: str, near: str, gone: str) -> None:
    """Bounds of 5 %: 110 is within reach from 110 / 1.05 = 104.762 on, 90 from 90 / 0.95 = 94.737 down; beyond it is taken back, and sent again."""
    bench = VenueBench()
    config = position(side, take_profit=D("0.1"), take_profit_order_type=OrderType.LIMIT).model_copy(update={"activation_bounds": [D("0.05")]})
    opened(bench, config)
    bench.price(far)
    assert len(bench.orders) == 1
    bench.price(near)
    resting = bench.orders[-1]
    assert (resting.instrument.price(resting.request.price_ticks), resting.lots) == (D(profit), 1000)
    bench.venue.accept(resting)
    bench.price(gone)
    assert bench.venue.cancels == [resting]
    bench.venue.end(resting)
    bench.tick(3)
    assert len(bench.orders) == 2
    bench.price(near)
    assert len(bench.orders) == 3


@pytest.mark.parametrize(
    ("side", "fills", "profit", "expected"),
    [
        # the average of 792.88 / 7 has no last digit; less an eighth of it is 99.11, in 28 digits 99.1099...98
        (SELL, [("113.27", 6), ("113.26", 1)], "0.125", "99.11"),
        (SELL, [("104.42", 18), ("104.44", 1)], "0.05", "99.20"),
        (BUY, [("66.66", 1), ("66.67", 2)], "0.5", "100"),
        (BUY, [("33.33", 2), ("33.34", 1)], "0.2", "40"),
    ],
)
def test_take_profit_of_an_average_without_a_last_digit_is_no_tick_off(
    side: TradeType, fills: list[tuple[str, int]], profit: str, expected: str
) -> None:
    bench, lots = VenueBench(price=fills[0][0]), sum(count for _, count in fills)
    config = position(side, fills[0][0], D(lots) / 1000, take_profit=D(profit), take_profit_order_type=OrderType.LIMIT)
    executor = bench.start(config)
    for price, count in fills:
        bench.venue.trade(bench.orders[0], D(count) / 1000, price=price)
    bench.tick()
    resting = bench.orders[-1]
    assert executor.filled_amount_quote() * 1000 == sum(D(price) * count for price, count in fills)
    assert bench.instrument.price(resting.request.price_ticks) == D(expected)


# ---- ladders and plans of one --------------------------------------------------------------------------------------
def test_ladder_of_one_level_is_a_position() -> None:
    """30 quote at 60 are 0.5; target average 60, largest loss 3. Short: +5 % net at 56.8 with a fee of 0.1, and "more than" needs a tick more."""
    bench = VenueBench(price=60)
    config = DCAExecutorConfig(side=SELL, amounts_quote=[D(30)], prices=[D(60)], take_profit=D("0.05"), stop_loss=D("0.1"), **PAIR)
    executor = opened(bench, config, fee="0.1")
    info = executor.custom_info()
    assert (info["target_position_average_price"], info["max_loss_quote"], info["n_levels"], bench.orders[0].lots) == (60, 3, 1, 500)
    bench.price("56.8")
    assert (executor.net_pnl_pct(), executor.close_type) == (D("0.05"), None)
    bench.price("56.79")
    assert executor.close_type is CloseType.TAKE_PROFIT


@pytest.mark.parametrize(("amounts", "prices"), [([], []), ([1, 2], [3]), ([0], [1]), ([1], [0])])
def test_ladders_of_nothing_are_refused(amounts: list[int], prices: list[int]) -> None:
    with pytest.raises(ValidationError):
        DCAExecutorConfig(side=BUY, amounts_quote=amounts, prices=prices, **PAIR)


@pytest.mark.parametrize(
    ("duration", "interval", "slots", "each"), [(10, 11, 1, "100"), (10, 10, 2, "50"), (59, 10, 6, None), (60, 10, 7, None), (3600, 60, 61, None)]
)
def test_slots_of_a_plan(duration: int, interval: int, slots: int, each: str | None) -> None:
    config = TWAPExecutorConfig(side=SELL, total_amount_quote=D(100), total_duration=duration, order_interval=interval, **PAIR)
    assert (config.number_of_orders, config.order_amount_quote) == (slots, D(100) / slots if each is None else D(each))


def test_distributions_of_one_are_their_start() -> None:
    assert [Distributions.linear(1, 3, 9), Distributions.fibonacci(1, 3), Distributions.arithmetic(1, 3, 9), Distributions.geometric(1, 3, 9)] == [
        [3]
    ] * 4
    assert Distributions.logarithmic(1, 10, 7, 3) == [3]
    # 0.4 + 2 (log10 3 - log10 2) = 0.4 + 2 * 0.17609125905568...
    assert Distributions.logarithmic(2, 10, 2)[1] == pytest.approx(D("0.75218251811136248"), abs=D("1e-16"))
    assert Distributions.linear(4, 1, 0) == [1, D(2) / 3, D(1) / 3, 0]
    assert Distributions.arithmetic(3, 1, -2) == [1, -1, -3]


# ---- two quote assets ----------------------------------------------------------------------------------------------
class TwoQuotes(VenueBench):
    """ETH-USDT here and ETH-EUR there, one euro is 1.25 dollars; fees of 0.1 % each."""

    def __init__(self, here: Any, there: Any) -> None:
        super().__init__(instrument("ETH-USDT", "here"), instrument("ETH-EUR", "there"), instrument("EUR-USDT", "rates"), price=None)
        for venue in self.venues.values():
            venue.fee_rate = lambda pair, is_maker: D("0.001")  # type: ignore[method-assign]
        for of, price in zip(self.instruments, (here, there, "1.25"), strict=True):
            self.quote(price, of=of)

    def pair(self, name: str) -> ConnectorPair:
        return ConnectorPair(connector_name=name, trading_pair=next(iter(self.venues[name].instruments)))


@pytest.mark.parametrize(("there", "profit"), [("80", "-0.002"), ("88", "0.098"), ("76", "-0.052")])
def test_arbitrage_converts_what_it_sells_for(there: str, profit: str) -> None:
    """Bought at 100 USDT, sold at 80 EUR = 100 USDT: nothing but the fees of 0.2 %."""
    bench = TwoQuotes(100, there)
    config = ArbitrageExecutorConfig(
        buying_market=bench.pair("here"), selling_market=bench.pair("there"), order_amount=D(1), min_profitability=D("0.05")
    )
    executor = bench.start(config)
    assert executor.profitability() == D(profit)
    assert bool(bench.venues["there"].requests) is (profit == "0.098")


def test_cross_exchange_quotes_and_results_are_in_the_makers_asset() -> None:
    """Taker 80 EUR = 100 USDT; target 1 % and costs 0.2 %: bought at 100 / 1.012. The hedge sells at 80 EUR for fees of 0.08 EUR = 0.1 USDT."""
    bench = TwoQuotes(99, 80)
    config = XEMMExecutorConfig(
        buying_market=bench.pair("here"),
        selling_market=bench.pair("there"),
        maker_side=BUY,
        order_amount=D(2),
        min_profitability=D("0.005"),
        target_profitability=D("0.01"),
        max_profitability=D("0.02"),
    )
    executor = bench.start(config)
    assert (executor.hedge_price(), executor.maker_price()) == (100, D(100) / D("1.012"))
    (quote,) = bench.venues["here"].requests
    assert quote.instrument.price(quote.request.price_ticks) == D("98.81")
    bench.venues["here"].trade(quote, fee="0.2")
    bench.send()
    (hedge,) = bench.venues["there"].requests
    bench.venues["there"].trade(hedge, price=80, fee="0.16")
    bench.tick()
    info = executor.info
    assert (executor.close_type, info.cum_fees_quote, info.filled_amount_quote) == (CloseType.COMPLETED, D("0.4"), D("197.62") + 200)
    assert info.net_pnl_quote == 200 - D("197.62") - D("0.4")
    assert info.net_pnl_pct == info.net_pnl_quote / D("197.62")


# ---- holds and reports ---------------------------------------------------------------------------------------------
def test_hold_through_zero_both_ways_with_fees() -> None:
    """Short 3 at 100, buy 5 at 90 (realised 30, long 2 at 90), sell 4 at 95 (10, short 2 at 95), buy 2 at 95 (0): 40 less fees of 4."""
    of = instrument()
    hold = PositionHold(of)
    found = []
    for number, (side, amount, price) in enumerate(((SELL, 3, 100), (BUY, 5, 90), (SELL, 4, 95), (BUY, 2, 95))):
        hold.add(make_fill(of, side, price, amount, trade_id=f"t{number}", fee=1))
        found.append((hold.net_amount_base, hold.breakeven_price, hold.realized_pnl_quote))
    assert found == [(-3, 100, -1), (2, 90, 28), (-2, 95, 37), (0, 0, 36)]
    assert (hold.volume_traded_quote, hold.cum_fees_quote) == (300 + 450 + 380 + 190, 4)
    assert hold.summary(None).global_pnl_quote == 36, "flat: no mark is needed"


def test_hedge_mode_flips_nothing() -> None:
    """Long 2 at 100 and short 3 at 110 stand side by side; the long's exit of 2 at 105 realises 10, the short's of 1 at 105 realises 5."""
    of, book = instrument(), HoldBook()
    for number, (side, of_side, amount, price) in enumerate(((BUY, BUY, 2, 100), (SELL, SELL, 3, 110), (SELL, BUY, 2, 105), (BUY, SELL, 1, 105))):
        book.add(make_fill(of, side, price, amount, trade_id=f"t{number}"), "main", PositionMode.HEDGE, of_side)
    found = {hold.bucket: (hold.net_amount_base, hold.breakeven_price, hold.realized_pnl_quote) for hold in book.of()}
    assert found == {"long": (0, 0, 10), "short": (-2, 110, 5)}


def test_percentages_of_a_report_are_of_the_volume_and_0_without_any() -> None:
    rates = Rates("USDT", lambda _asset, _quote: None)
    empty = report_of([], [], [], [], rates)
    assert (empty.realized_pnl_pct, empty.unrealized_pnl_pct, empty.global_pnl_pct, empty.global_pnl_quote) == (0, 0, 0, 0)
    hold = PositionHold(instrument())
    for number, (side, amount, price) in enumerate(((BUY, 4, 100), (SELL, 1, 120))):
        hold.add(make_fill(instrument(), side, price, amount, trade_id=f"t{number}", fee="0.5"))
    report = report_of([], [], [hold.summary(D(90))], [], rates)
    # realised 20 - 1, unrealised 3 * -10, volume 520
    assert (report.realized_pnl_quote, report.unrealized_pnl_quote, report.volume_traded) == (19, -30, 520)
    assert (report.realized_pnl_pct, report.global_pnl_pct) == (Decimal(19) / 520 * 100, Decimal(-11) / 520 * 100)
