"""Numeric scenarios AR-* and XE-*, HZ-16 and HZ-17: executors whose two legs match each other, and the hazards of their references."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from botcore.executors.arbitrage.executor import ArbitrageExecutor
from botcore.executors.data_types import ConnectorPair
from botcore.executors.matched import is_same_asset
from botcore.executors.xemm.executor import XEMMExecutor
from botcore.model.enums import CloseType, OrderType, RunnableStatus, TradeType
from botcore.model.events import FactKind
from botcore.model.order import OrderState
from botcore.risk.limits import RiskLimits
from botcore.strategies.strategy_v2 import StrategyV2Base
from tests.support.bench import D, instrument
from tests.support.two_venues import HERE, THERE, TwoVenues, arbitrage, xemm
from tests.support.venue_bench import VenueBench

BUY, SELL = TradeType.BUY, TradeType.SELL
RUNNING, SHUTTING_DOWN, TERMINATED = RunnableStatus.RUNNING, RunnableStatus.SHUTTING_DOWN, RunnableStatus.TERMINATED


# ---- arbitrage -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("one", "other", "same"),
    [("ETH", "WETH", True), ("ETH", "BTC", False), ("BUSD", "USDT", True), ("USDC", "USDC.E", True), ("SOL", "USOL", True), ("ETH", "STETH", False)],
)
def test_ar_1_what_is_interchangeable(one: str, other: str, same: bool) -> None:
    assert is_same_asset(one, other) is is_same_asset(other, one) is same


@pytest.mark.parametrize(("one", "other", "same"), [("ETH-USDT", "WETH-USDT", True), ("ETH-USDT", "BTC-USDT", False), ("ETH-BUSD", "ETH-USDT", True)])
def test_ar_1_pairs_that_an_executor_takes(one: str, other: str, same: bool) -> None:
    bench = VenueBench(instrument(one, HERE), instrument(other, THERE))
    pairs = (ConnectorPair(connector_name=HERE, trading_pair=one), ConnectorPair(connector_name=THERE, trading_pair=other))
    executor = bench.start(arbitrage(buying_market=pairs[0], selling_market=pairs[1]))
    assert executor.close_type is (None if same else CloseType.FAILED)
    assert same or "can't be sold as" in executor.info.reason


def test_a_market_is_named_by_names_in_their_order_or_as_text() -> None:
    named = ConnectorPair(connector_name=HERE, trading_pair="ETH-USDT")
    assert named == ConnectorPair(HERE, "ETH-USDT") == ConnectorPair.model_validate(f"{HERE}:eth-usdt")
    assert tuple(named) == (HERE, "ETH-USDT")
    with pytest.raises(TypeError, match="expected a connector and a pair, found"):
        ConnectorPair(HERE, "ETH-USDT", "BTC-USDT")


def test_ar_2_costs_that_eat_the_profit_keep_it_waiting() -> None:
    bench = TwoVenues(100, 102)
    executor: ArbitrageExecutor = bench.start(arbitrage())
    bench.tick()
    assert executor.profitability() == 0
    assert (executor.status, bench.at(HERE), bench.at(THERE)) == (RUNNING, [], [])


def test_ar_3_both_legs_leave_in_the_same_step() -> None:
    bench = TwoVenues(100, 104)
    executor = bench.start(arbitrage())
    assert executor.status is SHUTTING_DOWN
    (bought,), (sold,) = bench.at(HERE), bench.at(THERE)
    assert (bought.request.trade_type, sold.request.trade_type) == (BUY, SELL)
    assert {bought.request.order_type, sold.request.order_type} == {OrderType.MARKET}
    assert bought.request.lots == sold.request.lots == 1000


def test_ar_4_ar_5_net_98_and_98_percent_of_what_buying_cost() -> None:
    bench = TwoVenues(100, 200)
    executor = bench.start(arbitrage())
    bench.fill(bench.at(HERE)[0], 100, fee=1)
    assert executor.status is SHUTTING_DOWN, "one leg is not the end"
    bench.fill(bench.at(THERE)[0], 200, fee=1)
    assert (executor.status, executor.close_type) == (TERMINATED, CloseType.COMPLETED)
    assert (executor.info.net_pnl_quote, executor.info.net_pnl_pct) == (98, D("0.98"))
    assert executor.info.filled_amount_quote == 300 and executor.info.cum_fees_quote == 2
    held = {hold.connector_name: hold.amount for hold in bench.orchestrator.positions()}
    assert held == {HERE: 1, THERE: -1}, "both venues' inventory is accounted for"


def test_facts_of_an_executor_of_two_markets_name_both() -> None:
    """The alert of its end says where it traded, and one of a late fill the market of that fill."""
    bench = TwoVenues(100, 104)
    bench.start(arbitrage())
    bought, sold = bench.at(HERE)[0], bench.at(THERE)[0]
    bench.fill(bought, 100, fee=1)
    bench.fill(sold, 104, fee=1)
    told = {fact.kind: fact.payload["legs"] for fact in bench.records.facts}
    opened, closed = told[FactKind.EXECUTOR_OPENED], told[FactKind.EXECUTOR_CLOSED]
    assert [(leg["connector_name"], leg["trading_pair"], leg["side"], leg["entry_price"]) for leg in opened] == [
        (HERE, "ETH-USDT", "BUY", None),
        (THERE, "ETH-USDT", "SELL", None),
    ]
    assert [(leg["connector_name"], leg["entry_price"]) for leg in closed] == [(HERE, "100.00"), (THERE, "104.00")]


def test_ar_5_a_leg_that_is_always_refused_has_the_other_traded_back() -> None:
    bench = TwoVenues(100, 104)
    executor = bench.start(arbitrage())
    bench.fill(bench.at(HERE)[0], 100, fee=1)
    for _ in range(300):
        for order in bench.live_at(THERE):
            bench.venues[THERE].reject(order)
        bench.tick()
    assert 10 < len(bench.at(THERE)) <= 12, "with a pause between the tries, and an end"
    back = bench.at(HERE)[-1]
    assert (back.request.trade_type, back.request.lots) == (SELL, 1000)
    bench.fill(back, 99, fee=1)
    assert (executor.status, executor.close_type) == (TERMINATED, CloseType.FAILED)
    assert executor.info.net_pnl_quote == -3 and bench.orchestrator.positions() == []
    assert "traded back" in executor.info.reason


def test_ar_5_each_refused_leg_counts_and_the_fourth_of_three_is_the_end() -> None:
    """The budget is each leg's own: `retries` shows the larger count."""
    bench = TwoVenues(100, 104)
    executor = bench.start(arbitrage())
    executor.max_retries = 3
    bench.venues[HERE].reject(bench.at(HERE)[0])
    assert executor.retries == 1
    bench.venues[THERE].reject(bench.at(THERE)[0])
    assert [leg.retries for leg in executor.legs] == [1, 1]
    counted = []
    for _ in range(30):
        bench.tick()
        for order in bench.live_at(HERE):
            bench.venues[HERE].reject(order)
            counted.append(executor.retries)
    assert counted == [2, 3, 4]
    for order in bench.live_at(THERE):
        bench.venues[THERE].reject(order)
    bench.tick(60)
    assert (executor.status, executor.close_type) == (TERMINATED, CloseType.FAILED)
    assert len(bench.at(HERE)) == 4


def test_i14_a_leg_that_a_cap_of_ours_keeps_out_has_the_other_traded_back_at_once() -> None:
    bench = TwoVenues(100, 104, limits=RiskLimits(max_position_quote=D(102)))
    executor = bench.start(arbitrage())
    (bought,) = bench.at(HERE)
    bench.fill(bought, 100, fee=1)
    bench.tick(2)
    bench.tick()
    assert bench.at(THERE) == [] and bench.at(HERE)[-1].request.trade_type is SELL, "the sale would be worth 104: it is not waited for"
    bench.fill(bench.at(HERE)[-1], 100, fee=1)
    assert (executor.status, executor.close_type, bench.orchestrator.positions()) == (TERMINATED, CloseType.FAILED, [])
    assert "above the limit of 102" in executor.info.reason


def test_a_first_leg_that_can_not_leave_spares_the_second_and_a_stop_ends_it() -> None:
    bench = TwoVenues(100, 104, limits=RiskLimits(max_position_quote=D(50)))
    executor = bench.start(arbitrage())
    for _ in range(4):
        bench.tick(2)
    assert (executor.status, bench.at(HERE), bench.at(THERE)) == (RUNNING, [], []) and executor.retries > 1
    bench.orchestrator.stop(executor.id)
    assert (executor.status, executor.close_type) == (TERMINATED, CloseType.EARLY_STOP)


@pytest.mark.parametrize("fills", [False, True])
def test_stop_of_a_bot_while_both_legs_are_out_sends_neither_again(fills: bool) -> None:
    bench = TwoVenues(100, 104)
    executor = bench.start(arbitrage())
    (bought,), (sold,) = bench.at(HERE), bench.at(THERE)
    bot = StrategyV2Base("bot", [], bench.orchestrator, bench.market_data, bench.clock, bench.bus)
    bot.stop()
    bench.venues[HERE].reject(bought)
    if fills:
        bench.fill(sold, 104)
        bench.tick()
        bench.fill(bench.at(HERE)[-1], 100)
    else:
        bench.venues[THERE].reject(sold)
    bench.tick(40)
    assert (executor.status, executor.close_type) == (TERMINATED, CloseType.EARLY_STOP)
    assert (len(bench.at(HERE)), len(bench.at(THERE))) == ((2, 1) if fills else (1, 1)), "only what is naked is matched"


def test_i14_a_quote_that_a_cap_keeps_out_leaves_what_is_hedged_alone() -> None:
    bench = TwoVenues(100, 104, fee="0", limits=RiskLimits(max_position_quote=D(150)))
    executor = bench.start(xemm(BUY, order_amount=D(1)))
    (quote,) = bench.at(HERE)
    bench.fill(quote, amount=D("0.6"))
    bench.tick()
    bench.fill(bench.at(THERE)[0], 104)
    bench.gate._limits = RiskLimits(max_position_quote=D(80))
    bench.venues[HERE].end(quote, OrderState.EXPIRED, "of the test")
    bench.tick(2)
    assert executor.status is RUNNING and "above the limit of 80" in executor.info.reason


@pytest.mark.parametrize("make", [lambda: arbitrage(min_profitability=D(1)), lambda: xemm(BUY, order_amount=D(1))], ids=["arbitrage", "xemm"])
def test_stop_that_keeps_where_there_is_nothing_to_keep_is_an_early_stop(make: Any) -> None:
    bench = TwoVenues(100, 104)
    executor = bench.start(make())
    bench.orchestrator.stop(executor.id, keep_position=True)
    for order in bench.live_at(HERE):
        bench.venues[HERE].end(order)
    assert (executor.status, executor.close_type) == (TERMINATED, CloseType.EARLY_STOP)


def test_a_naked_leg_that_nobody_takes_is_held_and_told() -> None:
    bench = TwoVenues(100, 104)
    executor = bench.start(arbitrage())
    bench.fill(bench.at(HERE)[0], 100)
    for _ in range(700):
        for name in (HERE, THERE):
            for order in bench.live_at(name):
                bench.venues[name].reject(order)
        bench.tick()
    assert (executor.status, executor.close_type) == (TERMINATED, CloseType.POSITION_HOLD)
    assert [(hold.connector_name, hold.amount) for hold in bench.orchestrator.positions()] == [(HERE, 1)]
    assert FactKind.EXIT_FAILED in bench.records.fact_kinds()


def test_a_chance_that_has_gone_before_anything_was_traded_is_not_chased() -> None:
    bench = TwoVenues(100, 104)
    executor = bench.start(arbitrage())
    bench.prices(100, 100)
    bench.venues[HERE].reject(bench.at(HERE)[0])
    bench.venues[THERE].reject(bench.at(THERE)[0])
    bench.tick()
    assert (executor.status, executor.close_type) == (TERMINATED, CloseType.FAILED)
    assert len(bench.at(HERE)) == len(bench.at(THERE)) == 1


def test_a_partly_filled_leg_is_completed_with_the_rest_only() -> None:
    bench = TwoVenues(100, 104)
    executor = bench.start(arbitrage())
    bench.fill(bench.at(HERE)[0], 100)
    bench.fill(bench.at(THERE)[0], 104, amount="0.4")
    bench.venues[THERE].end(bench.at(THERE)[0], OrderState.EXPIRED, "the book was too thin")
    bench.tick(2)
    assert bench.at(THERE)[-1].request.lots == 600
    bench.fill(bench.at(THERE)[-1], 103)
    assert executor.close_type is CloseType.COMPLETED


def test_an_unknown_fee_or_price_starts_nothing() -> None:
    bench = TwoVenues(100, 200)
    bench.venues[THERE].fee_rate = lambda pair, is_maker: None  # type: ignore[method-assign]
    executor = bench.start(arbitrage())
    assert executor.profitability() is None and executor.status is RUNNING and bench.at(HERE) == []
    other = bench.start(arbitrage(selling_market=ConnectorPair(connector_name=HERE, trading_pair="ETH-USDT")))
    assert other.close_type is CloseType.FAILED and "two different markets" in other.info.reason


def test_stopped_while_it_waits_is_an_early_stop_without_an_order() -> None:
    bench = TwoVenues(100, 100)
    executor = bench.start(arbitrage())
    bench.orchestrator.stop(executor.id)
    assert (executor.close_type, bench.at(HERE)) == (CloseType.EARLY_STOP, [])


# ---- cross-exchange market making ----------------------------------------------------------------------------------
def quoting(bench: TwoVenues, **changes: Any) -> XEMMExecutor:
    executor: XEMMExecutor = bench.start(xemm(**changes))
    bench.tick()
    for order in bench.live_at(HERE):
        bench.venues[HERE].accept(order)
    return executor


def test_xe_1_target_price_of_the_maker() -> None:
    bench = TwoVenues(100, 100, fee="0.0001")
    executor = quoting(bench)
    assert executor.custom_info()["tx_cost_pct"] == D("0.0002")
    assert round(executor.maker_price(), 7) == D("98.5027581")
    (quote,) = bench.at(HERE)
    assert (quote.request.order_type, quote.request.trade_type, quote.request.lots) == (OrderType.LIMIT, BUY, 100_000)
    assert bench.here.price(quote.request.price_ticks) == D("98.50"), "rounded so that it earns no less"


def test_xe_1_target_price_when_the_maker_sells() -> None:
    bench = TwoVenues(100, 100, fee="0.0001")
    executor = quoting(bench, maker_side=SELL)
    assert executor.maker_price() == D(100) / (1 - D("0.0152"))
    assert bench.here.price(bench.at(HERE)[0].request.price_ticks) == D("101.55")


@pytest.mark.parametrize(
    ("quoted_for", "maker", "taker", "profit", "keeps"),
    [("101.02", "99.50", 100, ".0048", False), ("101.02", "99.50", 103, ".0350", False), (100, "98.50", 100, ".0150", True)],
)
def test_xe_3_a_live_quote_that_earns_too_little_or_too_much_is_moved(quoted_for: Any, maker: str, taker: int, profit: str, keeps: bool) -> None:
    """The quote stands at `maker` because the taker's price was `quoted_for`; then that is `taker`."""
    bench = TwoVenues(100, quoted_for, fee="0.0001")
    executor = quoting(bench)
    (quote,) = bench.at(HERE)
    assert bench.here.price(quote.request.price_ticks) == D(maker) and not quote.cancel_asked
    bench.move(100, taker)
    found = executor.profitability(quote.request.price_ticks)
    assert found is not None and round(found, 4) == D(profit)
    assert quote.cancel_asked is not keeps
    assert bench.venues[HERE].cancels == ([] if keeps else [quote])


@pytest.mark.parametrize("is_beyond", [False, True])
@pytest.mark.parametrize("edge", ["min", "max"])
def test_xe_3_both_ends_of_the_range_are_inside(edge: str, is_beyond: bool) -> None:
    """At the last taker's price that earns .01 (or .02) after costs of .0002 the quote stays, a tick beyond it is moved."""
    bench = TwoVenues(100, 100, fee="0.0001", tick="0.0001")
    quoting(bench)
    (quote,) = bench.at(HERE)
    price, tick = bench.here.price(quote.request.price_ticks), bench.here.tick_size
    if edge == "min":
        taker = bench.there.price(bench.there.ceil_ticks(price * D("1.0102"))) - is_beyond * tick
    else:
        taker = bench.there.price(bench.there.floor_ticks(price * D("1.0202"))) + is_beyond * tick
    bench.move(100, taker)
    assert quote.cancel_asked is is_beyond


@pytest.mark.parametrize(("side", "maker_price", "taker_price", "net"), [(BUY, 100, 200, 98), (SELL, 100, 200, -102)])
def test_xe_4_xe_5_profit_has_the_sign_of_the_trade(side: TradeType, maker_price: int, taker_price: int, net: int) -> None:
    bench = TwoVenues(100, 100, fee="0")
    executor = quoting(bench, maker_side=side, order_amount=D(1))
    bench.fill(bench.at(HERE)[0], maker_price, fee=1)
    bench.send()
    (hedge,) = bench.at(THERE)
    assert (hedge.request.order_type, hedge.request.trade_type, hedge.request.lots) == (OrderType.MARKET, side.opposite, 1000)
    bench.fill(hedge, taker_price, fee=1)
    bench.tick()
    assert (executor.status, executor.close_type) == (TERMINATED, CloseType.COMPLETED)
    assert executor.info.net_pnl_quote == net
    assert executor.info.filled_amount_quote == 300


def test_hz_16_a_fill_while_the_cancel_is_on_its_way_is_hedged_and_no_new_quote_goes_out_before() -> None:
    bench = TwoVenues(100, 100, fee="0.0001")
    quoting(bench)
    quote = bench.at(HERE)[0]
    bench.move(100, 104)
    assert quote.cancel_asked
    for _ in range(3):
        bench.tick()
    assert len(bench.at(HERE)) == 1
    bench.fill(quote, "98.5", amount="30")
    bench.send()
    (hedge,) = bench.at(THERE)
    assert hedge.request.lots == 30_000, "what was filled, in the same step"
    bench.venues[HERE].end(quote)
    bench.tick()
    assert bench.at(HERE)[-1].request.lots == 70_000, "only the rest is quoted again"


def test_hz_17_a_quote_that_is_not_acknowledged_is_one_quote() -> None:
    bench = TwoVenues(100, 100, fee="0.0001")
    bench.start(xemm())
    for _ in range(6):
        bench.tick()
    assert len(bench.at(HERE)) == 1 and bench.venues[HERE].cancels == []


def test_h2_every_partial_fill_is_hedged() -> None:
    bench = TwoVenues(100, 100, fee="0.0001")
    executor = quoting(bench)
    quote = bench.at(HERE)[0]
    for amount in ("10", "25", "65"):
        bench.fill(quote, "98.5", amount=amount)
        bench.send()
        bench.fill(bench.at(THERE)[-1], 100)
    bench.tick()
    assert [order.request.lots for order in bench.at(THERE)] == [10_000, 25_000, 65_000]
    assert executor.close_type is CloseType.COMPLETED and executor.naked() == 0


def test_a_fill_too_small_to_hedge_waits_for_the_next() -> None:
    bench = TwoVenues(100, 100, fee="0.0001", min_amount="5")
    quoting(bench)
    quote = bench.at(HERE)[0]
    bench.fill(quote, "98.5", amount="3")
    bench.tick()
    assert bench.at(THERE) == []
    bench.fill(quote, "98.5", amount="4")
    bench.send()
    assert [order.request.lots for order in bench.at(THERE)] == [7_000]


def test_h8_a_hedge_that_is_refused_is_sent_again_then_traded_back_then_held() -> None:
    bench = TwoVenues(100, 100, fee="0.0001")
    executor = quoting(bench)
    quote = bench.at(HERE)[0]
    bench.fill(quote, "98.5", amount="40")
    for _ in range(900):
        bench.send()
        for order in bench.live_at(THERE):
            bench.venues[THERE].reject(order)
        for order in bench.live_at(HERE):
            if order is quote and order.cancel_asked:
                bench.venues[HERE].end(order)
            elif order is not quote:
                bench.venues[HERE].reject(order)
        bench.tick()
    assert quote.cancel_asked, "no more is quoted while a hedge does not come through"
    assert any(order.request.trade_type is SELL for order in bench.at(HERE)), "it was tried to trade it back"
    assert (executor.status, executor.close_type) == (TERMINATED, CloseType.POSITION_HOLD)
    assert [(hold.connector_name, hold.amount) for hold in bench.orchestrator.positions()] == [(HERE, 40)]
    assert FactKind.EXIT_FAILED in bench.records.fact_kinds()


def test_stop_takes_the_quote_off_and_hedges_what_fills_meanwhile() -> None:
    bench = TwoVenues(100, 100, fee="0.0001")
    executor = quoting(bench)
    quote = bench.at(HERE)[0]
    bench.orchestrator.stop(executor.id)
    assert quote.cancel_asked
    bench.fill(quote, "98.5", amount="20")
    bench.venues[HERE].end(quote)
    assert executor.status is SHUTTING_DOWN
    bench.send()
    bench.fill(bench.at(THERE)[0], 100)
    bench.tick()
    assert (executor.status, executor.close_type, executor.naked()) == (TERMINATED, CloseType.EARLY_STOP, 0)


def test_o18_a_quote_that_a_person_takes_off_is_not_sent_again() -> None:
    bench = TwoVenues(100, 100, fee="0.0001")
    executor = quoting(bench)
    bench.venues[HERE].end(bench.at(HERE)[0])
    bench.tick(3)
    assert (executor.status, executor.close_type, len(bench.at(HERE))) == (TERMINATED, CloseType.EXTERNAL, 1)


def test_without_a_hedging_price_nothing_is_quoted_and_a_quote_is_taken_back() -> None:
    bench = TwoVenues(100, 100, fee="0.0001")
    quoting(bench)
    bench.states[bench.there.market].book.clear() if hasattr(bench.states[bench.there.market].book, "clear") else bench.quote(90, 110, of=bench.there)
    bench.tick()
    assert bench.at(HERE)[0].cancel_asked


def test_profitabilities_out_of_order_are_refused() -> None:
    with pytest.raises(ValidationError, match="min_profitability <= target"):
        xemm(min_profitability=D("0.02"))


@pytest.mark.parametrize("stage", ["quoted", "partly hedged", "hedge under way"])
def test_ps_4_xemm_goes_on_after_a_restart(stage: str) -> None:
    bench = TwoVenues(100, 100, fee="0.0001")
    executor = quoting(bench)
    quote = bench.at(HERE)[0]
    if stage != "quoted":
        bench.fill(quote, "98.5", amount="40")
        bench.send()
    if stage == "partly hedged":
        bench.fill(bench.at(THERE)[0], 100, amount="30")
    orders = [order for name in (HERE, THERE) for order in bench.at(name) if order.is_open]
    fills = [fill for fill, _ in bench.records.fills]
    again = XEMMExecutor(executor.config, bench.orchestrator.around, executor.id, "main", executor.created_ns)
    again.restore(executor.record().state, orders, fills)
    assert again.custom_info() == executor.custom_info() and again.naked() == executor.naked()
    before = [len(bench.at(name)) for name in (HERE, THERE)]
    again.on_tick(bench.clock.now_ns + 10**9)
    bench.send()
    assert [len(bench.at(name)) for name in (HERE, THERE)] == before, "what is under way is not sent twice"


def test_ps_4_an_arbitrage_with_one_leg_filled_goes_on_after_a_restart() -> None:
    bench = TwoVenues(100, 104)
    executor = bench.start(arbitrage())
    bench.fill(bench.at(HERE)[0], 100)
    bench.venues[THERE].reject(bench.at(THERE)[0])
    again = ArbitrageExecutor(executor.config, bench.orchestrator.around, executor.id, "main", executor.created_ns)
    again.restore(executor.record().state, [], [fill for fill, _ in bench.records.fills])
    assert again.naked() == 1
    again.on_tick(bench.clock.now_ns + 10**10)
    bench.send()
    assert bench.at(THERE)[-1].request.lots == 1000 and len(bench.at(THERE)) == 2


def total(bench: TwoVenues, name: str) -> Decimal:
    return sum((f.trade_type.sign * f.amount for f, _ in bench.records.fills if f.instrument.market.connector_name == name), D(0))
