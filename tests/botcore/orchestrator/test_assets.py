"""Results of several quote assets: kept apart exactly, told together at present rates, and not at all where a rate is not known."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from botcore.executors.arbitrage.config import ArbitrageExecutorConfig
from botcore.executors.data_types import ConnectorPair, PositionExecutorConfig, TripleBarrierConfig
from botcore.executors.position import PositionExecutor
from botcore.model.enums import CloseType, TradeType
from botcore.model.events import DrawdownChanged, Fact, FactKind
from botcore.model.instrument import Market
from botcore.model.records import DrawdownRecord
from botcore.orchestrator.reporting import reporting_asset
from botcore.strategies.bot_limits import BotLimits, Breach
from botcore.strategies.recovery import restore_bot
from botcore.strategies.strategy_v2 import StrategyV2Base
from tests.support.bench import PERP, SPOT, D, instrument
from tests.support.venue_bench import VenueBench

BUY = TradeType.BUY
IN_USDT = instrument("ETH-USDT", PERP)
IN_EUR = instrument("ETH-EUR", PERP)
BTC = instrument("BTC-USDT", PERP)
EUR = instrument("EUR-USDT", SPOT)


class Assets(VenueBench):
    """ETH against USDT and against EUR, all at 100; one EUR is 1.25 USDT where `has_rate`. Results are told in USDT."""

    def __init__(self, *, has_rate: bool = True, **more: Any) -> None:
        super().__init__(IN_USDT, IN_EUR, BTC, *([EUR] if has_rate else []), **more)
        if has_rate:
            self.quote("1.25", of=EUR)

    def opened(self, of: Any, amount: Any = 1, controller_id: str = "main") -> Any:
        executor = self.start(position(of.market.trading_pair, amount), controller_id)
        self.venue.trade(self.orders[-1], price=100)
        return executor

    def closed(self, of: Any, price: Any, amount: Any = 1, controller_id: str = "main") -> Any:
        executor = self.opened(of, amount, controller_id)
        self.orchestrator.stop(executor.id)
        self.send()
        self.venue.trade(self.orders[-1], price=price)
        assert executor.is_closed
        return executor


def position(pair: str, amount: Any = 1) -> PositionExecutorConfig:
    triple = TripleBarrierConfig(stop_loss=D("0.9"))
    return PositionExecutorConfig(
        trading_pair=pair, connector_name=PERP, side=BUY, entry_price=D(100), amount=D(amount), triple_barrier_config=triple
    )


def numbers(report: Any) -> tuple[Any, ...]:
    return report.realized_pnl_quote, report.unrealized_pnl_quote, report.global_pnl_quote, report.volume_traded, report.unpriced_assets


@pytest.mark.parametrize(
    ("pairs", "asset"),
    [
        (["ETH-USDT"], "USDT"),
        (["ETH-USDT", "ETH-EUR", "BTC-EUR"], "EUR"),
        (["ETH-USDT", "ETH-EUR"], "EUR"),
        (["BTC-USDT", "ETH-USDT", "ETH-BTC"], "USDT"),
        ([], ""),
    ],
)
def test_results_are_told_in_the_quote_asset_of_most_markets(pairs: list[str], asset: str) -> None:
    assert reporting_asset([Market(PERP, pair) for pair in pairs]) == asset


def test_results_of_two_quote_assets_are_converted_and_not_added() -> None:
    """Won 10 USDT and 8 EUR, open +4 EUR: 10 + 8 x 1.25 realised, 4 x 1.25 open."""
    bench = Assets()
    bench.closed(IN_USDT, 110)
    bench.closed(IN_EUR, 108)
    bench.opened(IN_EUR, 2)
    bench.quote(102, of=IN_EUR)
    for whose in (None, "main"):
        assert numbers(bench.orchestrator.report(whose)) == (20, 5, 25, 210 + (208 + 200) * D("1.25"), ())
    report = bench.orchestrator.report("main")
    assert [(each.asset, each.realized_pnl, each.unrealized_pnl, each.volume) for each in report.by_asset] == [
        ("EUR", 8, 4, 408),
        ("USDT", 10, 0, 210),
    ]
    assert bench.orchestrator.results.pnl("main") == 25
    assert (report.asset, report.closed_executors, report.winning_executors) == ("USDT", 2, 2)
    assert report.close_type_counts == {CloseType.EARLY_STOP: 2}


def test_a_rate_that_nobody_knows_makes_the_whole_unknown_and_is_named() -> None:
    bench = Assets(has_rate=False)
    bench.closed(IN_USDT, 110)
    bench.states[IN_EUR.market].book.clear()
    assert numbers(bench.orchestrator.report()) == (10, 0, 10, 210, ()), "nothing is in EUR yet: no rate is needed"
    bench.quote(100, of=IN_EUR)
    bench.closed(IN_EUR, 100)
    bench.states[IN_EUR.market].book.clear()
    report = bench.orchestrator.report()
    assert numbers(report) == (10, 0, 10, None, ("EUR",)), "even: worth 0 whatever an EUR is, and still named for its volume"
    bench.quote(100, of=IN_EUR)
    bench.closed(IN_EUR, 90)
    bench.states[IN_EUR.market].book.clear()
    report = bench.orchestrator.report()
    assert numbers(report) == (None, 0, None, None, ("EUR",))
    assert [(each.asset, each.global_pnl) for each in report.by_asset] == [("EUR", -10), ("USDT", 10)], "each for itself stays exact"
    assert bench.orchestrator.results.pnl("main") is None


def test_a_rate_may_lead_over_what_is_traded() -> None:
    """Without EUR-USDT: one ETH is 100 EUR and 150 USDT, so one EUR is 1.5 USDT."""
    bench = Assets(has_rate=False)
    bench.closed(IN_EUR, 108)
    bench.quote(150, of=IN_USDT)
    assert bench.orchestrator.report().global_pnl_quote == 12


def test_a_bot_whose_controllers_name_no_market_tells_its_results_in_what_it_earned() -> None:
    bench = Assets(has_rate=False)
    bench.closed(IN_USDT, 110)
    # as it begins after a restart: nothing runs, and the sums are back
    bench.orchestrator.results.asset = ""
    assert numbers(bench.orchestrator.report()) == (10, 0, 10, 210, ())
    assert bench.orchestrator.results.asset == "USDT"


# ---- limits --------------------------------------------------------------------------------------------------------
def limited(bench: Assets, **limits: Any) -> tuple[StrategyV2Base, list[Breach]]:
    breaches: list[Breach] = []
    bot = StrategyV2Base(
        "bot",
        [],
        bench.orchestrator,
        bench.market_data,
        bench.clock,
        bench.bus,
        limits=BotLimits(**limits),
        on_breach=lambda _bot, breach: breaches.append(breach),
    )
    return bot, breaches


def test_a_drawdown_counts_in_the_asset_of_the_limit() -> None:
    """A limit of 11 USDT: 9 EUR lost are 11.25 USDT."""
    bench = Assets()
    bot, breaches = limited(bench, max_global_drawdown_quote=11)
    bench.opened(IN_EUR)
    bench.quote(92, of=IN_EUR)
    bot.on_tick(bench.clock.now_ns)
    assert breaches == [] and bench.orchestrator.drawdowns.whole.drop == 10
    bench.quote(91, of=IN_EUR)
    bot.on_tick(bench.clock.now_ns)
    assert [(breach.drop, breach.limit) for breach in breaches] == [(D("11.25"), 11)] and bot.is_stopping


def test_a_rate_alone_moves_what_was_earned_and_an_unknown_one_is_not_looked_at() -> None:
    bench = Assets()
    bot, breaches = limited(bench, max_global_drawdown_quote=5)
    bench.closed(IN_EUR, 140)
    bot.on_tick(bench.clock.now_ns)
    assert bench.orchestrator.drawdowns.whole.peak == 50
    for of in (EUR, IN_USDT):
        bench.states[of.market].book.clear()
    bot.on_tick(bench.clock.now_ns)
    assert (breaches, bench.orchestrator.drawdowns.whole.drop) == ([], 0), "what is not known is no drop"
    bench.quote("1.1", of=EUR)
    bot.on_tick(bench.clock.now_ns)
    assert [(breach.peak, breach.drop) for breach in breaches] == [(50, 6)]


def test_only_what_changed_is_asked_whatever_the_rates_do() -> None:
    asked: list[str] = []

    class Counting(PositionExecutor):
        def traded(self) -> Any:
            asked.append(self.id)
            return super().traded()

    bench = Assets(factories={"position_executor": Counting})
    executors = [bench.opened(IN_EUR if number % 2 else IN_USDT) for number in range(10)]
    bench.orchestrator.drawdowns.observe()
    asked.clear()
    for rate in ("1.2", "1.3"):
        bench.quote(rate, of=EUR)
        bench.quote(101, of=IN_EUR)
        bench.orchestrator.drawdowns.observe()
        assert asked == [] and bench.orchestrator.shelf("main").pnl == 5 * D(rate)
    bench.orchestrator.stop(executors[1].id)
    bench.send()
    bench.venue.trade(bench.orders[-1], amount="0.5", price=101)
    bench.orchestrator.drawdowns.observe()
    assert asked == [executors[1].id]


# ---- executors of two assets ---------------------------------------------------------------------------------------
def test_an_executor_of_two_assets_adds_to_both_when_no_rate_is_known_as_it_ends() -> None:
    """It bought 1 for 100 USDT and sold it for 104 EUR: spot legs stay, so all of it is in its holds, each in its own asset."""
    here, there = instrument("ETH-USDT", "here"), instrument("ETH-EUR", "there")
    rate = instrument("EUR-USDT", "here")
    bench = VenueBench(here, there, rate)
    for venue in bench.venues.values():
        venue.fee_rate = lambda pair, is_maker: D(0)  # type: ignore[method-assign]
    bench.quote(104, of=there)
    bench.quote("1.25", of=rate)
    pairs = [ConnectorPair(connector_name=of.market.connector_name, trading_pair=of.market.trading_pair) for of in (here, there)]
    config = ArbitrageExecutorConfig(buying_market=pairs[0], selling_market=pairs[1], order_amount=D(1), min_profitability=D("0.01"))
    executor = bench.start(config)
    bench.states[rate.market].book.clear()
    for name, price in (("here", 100), ("there", 104)):
        order = bench.venues[name].requests[0]
        bench.venues[name].trade(order, price=price)
    assert executor.close_type is CloseType.COMPLETED and bench.records.faults == []
    assert executor.net_pnl_quote().is_nan(), "of both together nothing can be said"
    report = bench.orchestrator.report()
    assert {each.asset: each.volume for each in report.by_asset} == {"USDT": 100, "EUR": 104}
    assert [(part.asset, part.net_pnl) for part in executor.earned()] == [("USDT", -100), ("EUR", 104)]


# ---- restart -------------------------------------------------------------------------------------------------------
def test_each_assets_sums_come_back() -> None:
    bench = Assets()
    bench.closed(IN_USDT, 110)
    bench.closed(IN_EUR, 95)
    later = Assets()
    bot, _ = limited(later)
    restore_bot(bot, bench.records.bot_records(), later.venues, later.market_data)  # type: ignore[arg-type]
    assert later.orchestrator.report() == bench.orchestrator.report()
    assert later.orchestrator.results.pnl("main") == 10 - 5 * Decimal("1.25")


# ---- worth and peaks ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("has_rate", "worth"), [(True, "10.00"), (False, None)])
def test_the_end_of_an_executor_says_what_it_is_worth_where_results_are_told(has_rate: bool, worth: str | None) -> None:
    bench = Assets(has_rate=has_rate)
    told: list[Fact] = []
    bench.bus.subscribe(Fact, told.append)
    if not has_rate:
        # no way from EUR to USDT over ETH either
        bench.states[IN_USDT.market].book.clear()
    bench.closed(IN_EUR, 108)
    bench.quote(100, of=IN_USDT)
    bench.closed(IN_USDT, 110)
    payloads = [fact.payload for fact in told if fact.kind == FactKind.EXECUTOR_CLOSED]
    found = [(payload["net_pnl_quote"], payload["net_pnl_report"], payload["report_asset"]) for payload in payloads]
    assert [D(pnl) for pnl, _, _ in found] == [8, 10] and {asset for _, _, asset in found} == {"USDT"}
    assert [None if known is None else D(known) for _, known, _ in found] == [None if worth is None else D(worth), 10]


def restored(records: list[DrawdownRecord]) -> tuple[Assets, list[Fact]]:
    bench = Assets()
    told: list[Fact] = []
    bench.bus.subscribe(Fact, told.append)
    bench.orchestrator.drawdowns.restore(records)
    return bench, [fact for fact in told if fact.kind == FactKind.DRAWDOWN_ANEW]


def test_a_peak_in_another_asset_is_told_and_counted_anew() -> None:
    bench, told = restored([DrawdownRecord("", D(1000), D(30), "EUR"), DrawdownRecord("main", D(20), D(5), "USDT")])
    assert [(fact.controller_id, fact.payload) for fact in told] == [("", {"before": "EUR", "now": "USDT", "peak_quote": "1000"})]
    whole, main = bench.orchestrator.drawdowns.whole, bench.orchestrator.shelf("main").drawdown
    assert (main.peak, main.worst) == (20, 5)
    assert not whole.is_due(10**18), "nothing was seen yet: the old row stands"
    bench.closed(IN_USDT, 90)
    written: list[DrawdownRecord] = []
    bench.bus.subscribe(DrawdownChanged, lambda event: written.append(event.drawdown.record()))
    bench.orchestrator.drawdowns.observe()
    assert (whole.peak, whole.drop, whole.worst) == (-10, 0, 0), "from where it stands, not from 1,000 EUR"
    assert main.drop == 30
    assert {(record.controller_id, record.peak_quote, record.asset) for record in written} == {("", D(-10), "USDT"), ("main", D(20), "USDT")}


def test_a_peak_of_an_older_version_counts_and_gets_its_asset() -> None:
    bench, told = restored([DrawdownRecord("", D(50), D(0))])
    assert told == [] and bench.orchestrator.drawdowns.whole.peak == 50
    written: list[DrawdownRecord] = []
    bench.bus.subscribe(DrawdownChanged, lambda event: written.append(event.drawdown.record()))
    bench.orchestrator.drawdowns.observe()
    assert [(record.peak_quote, record.asset) for record in written if not record.controller_id] == [(D(50), "USDT")]
    bench.orchestrator.drawdowns.observe()
    assert len(written) == 1
