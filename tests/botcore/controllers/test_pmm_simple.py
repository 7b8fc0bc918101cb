"""pmm_simple: levels, sizes, refresh, cooldown and spot inventory, with the numbers of the reference (CO-*)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from botcore.connectors.paper.exchange import PaperRules
from botcore.connectors.paper.models import FeeModel
from botcore.controllers.catalog import shipped_controllers
from botcore.controllers.pmm_simple import PMMSimpleConfig, PMMSimpleController
from botcore.executors.data_types import ExecutionStrategy, OrderExecutorConfig, PositionExecutorConfig
from botcore.executors.info import ExecutorInfo
from botcore.model.actions import CreateExecutorAction, StopExecutorAction
from botcore.model.enums import CloseType, OrderType, RunnableStatus, TradeType
from botcore.orchestrator.holds import PositionHold
from tests.support.bench import PERP, SECOND_NS, SPOT, D, instrument, make_fill
from tests.support.paper_bench import PaperBench
from tests.support.venue_bench import VenueBench

BUY, SELL = TradeType.BUY, TradeType.SELL


def config(**changes: Any) -> PMMSimpleConfig:
    values = {"connector_name": PERP, "trading_pair": "ETH-USDT", "total_amount_quote": D(1000), "leverage": 5} | changes
    return PMMSimpleConfig(**values)


class Seat:
    """A controller with made-up executors in front of a quoted market."""

    def __init__(self, of: PMMSimpleConfig, price: Any = 100, **rules: str) -> None:
        self.bench = VenueBench(instrument(connector=of.connector_name, **rules), price=price)
        self.controller = PMMSimpleController(of, self.bench.market_data)
        self.infos: list[ExecutorInfo] = []
        self.positions: list[Any] = []

    def step(self) -> list[Any]:
        return list(self.controller.step(self.infos, self.positions))

    def created(self) -> dict[str, PositionExecutorConfig]:
        return {action.executor_config.level_id: action.executor_config for action in self.step() if isinstance(action, CreateExecutorAction)}

    def stopped(self) -> list[str]:
        return [action.executor_id for action in self.step() if isinstance(action, StopExecutorAction)]

    def take_in(self) -> None:
        """Let every executor that it asks for run, unfilled."""
        for level_id, wanted in self.created().items():
            info = ExecutorInfo(wanted, f"x-{level_id}-{len(self.infos)}", "main", self.bench.clock.now_ns)
            info.status = RunnableStatus.RUNNING
            self.infos.append(info)

    def close(self, level_id: str, close_type: CloseType) -> None:
        info = next(info for info in self.infos if info.level_id == level_id and not info.is_done)
        info.status, info.close_type, info.close_ns = RunnableStatus.TERMINATED, close_type, self.bench.clock.now_ns
        self.infos.remove(info)
        self.infos.insert(sum(other.is_done for other in self.infos), info)

    def pass_time(self, seconds: float) -> None:
        self.bench.clock.tick(self.bench.clock.now_ns + int(seconds * SECOND_NS))


# ---- levels --------------------------------------------------------------------------------------------------------
def test_levels_prices_and_amounts() -> None:
    """Spreads 1 % and 2 % around 100, 1000 quote over four equal levels: 250 quote each."""
    seat = Seat(config(buy_spreads="0.01,0.02", sell_spreads="0.01,0.02"))
    created = seat.created()
    assert {level: (wanted.side, wanted.entry_price) for level, wanted in created.items()} == {
        "buy_0": (BUY, 99),
        "buy_1": (BUY, 98),
        "sell_0": (SELL, 101),
        "sell_1": (SELL, 102),
    }
    for wanted in created.values():
        assert wanted.amount == 250 / wanted.entry_price


def test_levels_are_taken_from_the_mid() -> None:
    seat = Seat(config(buy_spreads="0.01", sell_spreads="0.01"), price=None)
    seat.bench.quote(90, 110)
    assert {level: wanted.entry_price for level, wanted in seat.created().items()} == {"buy_0": 99, "sell_0": 101}


def test_weights_share_the_budget_over_both_sides() -> None:
    seat = Seat(config(buy_spreads="0.01,0.02", sell_spreads="0.01", buy_amounts_pct="1,3", sell_amounts_pct="4"))
    quotes = {level: wanted.amount * wanted.entry_price for level, wanted in seat.created().items()}
    assert {level: quote.quantize(D("1e-9")) for level, quote in quotes.items()} == {"buy_0": 125, "buy_1": 375, "sell_0": 500}


def test_co_8_missing_weights_are_equal() -> None:
    assert config(buy_spreads="0.01,0.02", sell_spreads="0.03").level_quotes(BUY) == [D(1000) / 3] * 2


def test_one_side_may_be_empty() -> None:
    assert set(Seat(config(buy_spreads="0.01", sell_spreads="")).created()) == {"buy_0"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"buy_spreads": "", "sell_spreads": ""},
        {"buy_spreads": "0.01,0.02", "buy_amounts_pct": "1"},
        {"buy_spreads": "0.01,-0.02"},
        {"buy_spreads": "0.01;0.02"},
        {"total_amount_quote": 0},
        {"executor_refresh_time": 0},
        {"leverage": 126},
        {"stop_los": "0.01"},
    ],
)
def test_configs_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        config(**wrong)


def test_barriers_and_leverage_of_a_level() -> None:
    seat = Seat(config(stop_loss="0.03", take_profit="0.02", time_limit=2700, trailing_stop="0.015,0.003", leverage=7))
    wanted = seat.created()["buy_0"]
    barriers = wanted.triple_barrier_config
    assert (barriers.stop_loss, barriers.take_profit, barriers.time_limit) == (D("0.03"), D("0.02"), 2700)
    assert barriers.trailing_stop is not None and barriers.trailing_stop.trailing_delta == D("0.003")
    assert (barriers.open_order_type, barriers.take_profit_order_type, wanted.leverage) == (OrderType.LIMIT, OrderType.LIMIT, 7)


def test_defaults_are_those_of_strategy_v2() -> None:
    plain = PMMSimpleConfig()
    assert (plain.executor_refresh_time, plain.cooldown_time, plain.leverage) == (300, 15, 20)
    assert (plain.stop_loss, plain.take_profit, plain.time_limit) == (D("0.03"), D("0.02"), 2700)
    assert (plain.buy_spreads, plain.position_rebalance_threshold_pct) == ([D("0.01"), D("0.02")], D("0.05"))
    assert shipped_controllers()["pmm_simple"].kind == "market_making"


# ---- refresh and cooldown ------------------------------------------------------------------------------------------
def test_levels_with_an_executor_are_not_created_again() -> None:
    seat = Seat(config())
    seat.take_in()
    assert len(seat.infos) == 4
    assert seat.step() == []


def test_refresh_stops_what_stood_unfilled_for_the_refresh_time() -> None:
    seat = Seat(config(executor_refresh_time=30))
    seat.take_in()
    filled = seat.infos[0]
    filled.has_fills = True
    seat.pass_time(29.999)
    assert seat.stopped() == []
    seat.pass_time(0.001)
    assert sorted(seat.stopped()) == sorted(info.id for info in seat.infos[1:]), "what has a fill is left to its barriers"


def test_executor_that_is_shutting_down_is_neither_stopped_again_nor_replaced() -> None:
    seat = Seat(config(executor_refresh_time=30))
    seat.take_in()
    for info in seat.infos:
        info.status = RunnableStatus.SHUTTING_DOWN
    seat.pass_time(100)
    assert seat.step() == []


@pytest.mark.parametrize(
    ("close_type", "pause_s"),
    [
        (CloseType.STOP_LOSS, 20),
        (CloseType.EARLY_STOP, 0),
        (CloseType.TAKE_PROFIT, 0),
        (CloseType.TIME_LIMIT, 0),
        (CloseType.FAILED, 20),
        (CloseType.INSUFFICIENT_BALANCE, 20),
    ],
)
def test_level_rests_after_a_stop_loss_and_after_a_refusal(close_type: CloseType, pause_s: int) -> None:
    seat = Seat(config(cooldown_time=20))
    seat.take_in()
    seat.close("buy_0", close_type)
    if pause_s:
        assert seat.created() == {}
        seat.pass_time(pause_s - 0.001)
        assert seat.created() == {}
        seat.pass_time(0.001)
    assert set(seat.created()) == {"buy_0"}


def test_refusal_pauses_at_least_15_seconds() -> None:
    seat = Seat(config(cooldown_time=0))
    seat.take_in()
    seat.close("buy_0", CloseType.FAILED)
    seat.pass_time(14.9)
    assert seat.created() == {}
    seat.pass_time(0.1)
    assert set(seat.created()) == {"buy_0"}


def test_quiet_time_covers_no_moment_at_which_it_would_have_decided() -> None:
    """What it says about its sleep is held against asking it every second."""
    seat = Seat(config(executor_refresh_time=30, cooldown_time=20))
    seat.take_in()
    seat.close("sell_1", CloseType.STOP_LOSS)
    quiet_until_ns = 0
    for _ in range(60):
        actions = seat.step()
        if actions:
            assert seat.bench.clock.now_ns >= quiet_until_ns
        quiet_until_ns = seat.controller.quiet_until_ns()
        for action in actions:
            if isinstance(action, StopExecutorAction):
                level = next(info.level_id for info in seat.infos if info.id == action.executor_id)
                seat.close(level, CloseType.EARLY_STOP)
                quiet_until_ns = 0
        if any(isinstance(action, CreateExecutorAction) for action in actions):
            seat.take_in()
            quiet_until_ns = 0
        seat.pass_time(1)
    assert len(seat.infos) > 8


def test_kill_switch_and_missing_price_decide_nothing() -> None:
    assert Seat(config(manual_kill_switch=True)).step() == []
    seat = Seat(config(), price=None)
    assert seat.step() == []
    seat.bench.quote(100)
    assert len(seat.step()) == 4


# ---- spot inventory ------------------------------------------------------------------------------------------------
def spot(**changes: Any) -> PMMSimpleConfig:
    return config(connector_name=SPOT, **changes)


def held(amount: Any) -> Any:
    of = instrument(connector=SPOT)
    hold = PositionHold(of)
    hold.add(make_fill(of, BUY if D(amount) > 0 else SELL, 100, abs(D(amount)), trade_id="1"))
    return hold.summary(D(100))


def rebalance(seat: Seat) -> OrderExecutorConfig | None:
    found = [action.executor_config for action in seat.step() if isinstance(action.executor_config, OrderExecutorConfig)]
    return found[0] if found else None


def test_co_2_required_base_of_the_sell_levels() -> None:
    """Total 1000, buy weights 50/50, sell weights 60/40, reference 100: the sells have half of it, 5 base."""
    seat = Seat(spot(buy_amounts_pct="50,50", sell_amounts_pct="60,40"))
    assert seat.controller.get_required_base_amount(D(100)) == 5


@pytest.mark.parametrize(("in_hold", "expected"), [(None, (BUY, 10)), ("15", (SELL, 5)), ("9.5", None), ("9.499", (BUY, D("0.501"))), ("10.5", None)])
def test_co_3_inventory_is_brought_to_what_the_sells_need(in_hold: str | None, expected: tuple[TradeType, Any] | None) -> None:
    """Required 10, threshold 5 %."""
    seat = Seat(spot(total_amount_quote=2000))
    seat.positions = [] if in_hold is None else [held(in_hold)]
    wanted = rebalance(seat)
    if expected is None:
        assert wanted is None
        return
    assert wanted is not None
    assert (wanted.side, wanted.amount, wanted.execution_strategy, wanted.level_id) == (*expected, ExecutionStrategy.MARKET, "position_rebalance")


def test_co_3_perpetual_needs_no_inventory() -> None:
    assert rebalance(Seat(config())) is None


def test_co_3_nothing_is_sold_while_the_inventory_is_under_way() -> None:
    seat = Seat(spot())
    wanted = rebalance(seat)
    assert wanted is not None
    info = ExecutorInfo(wanted, "x", "main", seat.bench.clock.now_ns)
    info.status = RunnableStatus.RUNNING
    seat.infos.append(info)
    assert rebalance(seat) is None


def test_co_4_holds_of_the_pair_add_up() -> None:
    """+10 and -3 make 7; another pair does not count. Required 10, so 3 are missing."""
    seat = Seat(spot(total_amount_quote=2000))
    other = instrument("BTC-USDT", SPOT)
    btc = PositionHold(other)
    btc.add(make_fill(other, BUY, 100, 50, trade_id="1"))
    seat.positions = [held("10"), held("-3"), btc.summary(D(100))]
    wanted = rebalance(seat)
    assert wanted is not None and (wanted.side, wanted.amount) == (BUY, 3)


def test_skip_rebalance_and_refused_rebalance_leave_the_inventory_alone() -> None:
    assert rebalance(Seat(spot(skip_rebalance=True))) is None
    seat = Seat(spot())
    wanted = rebalance(seat)
    assert wanted is not None
    info = ExecutorInfo(wanted, "x", "main", seat.bench.clock.now_ns)
    info.status, info.close_type, info.close_ns = RunnableStatus.TERMINATED, CloseType.FAILED, seat.bench.clock.now_ns
    seat.infos.append(info)
    assert rebalance(seat) is None
    seat.pass_time(15)
    assert rebalance(seat) is not None


def test_co_7_empty_filter_stays_empty() -> None:
    seat = Seat(config())
    seat.take_in()
    seat.step()
    assert seat.controller.filter_executors(executors=[]) == []
    assert len(seat.controller.filter_executors()) == 4
    assert [info.level_id for info in seat.controller.filter_executors(filter_func=lambda info: info.side is SELL)] == ["sell_0", "sell_1"]


# ---- whole ---------------------------------------------------------------------------------------------------------
def maker_bench(connector: str, **balances: Any) -> tuple[PaperBench, Any]:
    of = instrument(connector=connector)
    rules = PaperRules(of.kind, FeeModel(D("0.0002"), D("0.0005")))
    bench = PaperBench(of, rules=rules, balances={name: D(value) for name, value in balances.items()})
    wanted = config(
        connector_name=connector, buy_spreads="0.01", sell_spreads="0.01", executor_refresh_time=30, take_profit="0.005", stop_loss="0.02"
    )
    return bench, bench.bot((shipped_controllers()["pmm_simple"], wanted))


def resting(bench: PaperBench) -> list[tuple[str, Decimal]]:
    return sorted((order.request.trade_type.name, bench.instrument.price(order.price_ticks)) for order in bench.exchange.orders.values())


def test_bot_quotes_refreshes_around_the_new_mid_and_takes_its_profit() -> None:
    bench, bot = maker_bench(PERP, USDT=10_000)
    bench.settle()
    assert resting(bench) == [("BUY", 99), ("SELL", 101)]
    bench.price("100.50")
    bench.settle(25)
    assert resting(bench) == [("BUY", 99), ("SELL", 101)], "not before the refresh time"
    bench.settle(10)
    # amounts of 500 / 99.495 and 500 / 101.505; prices round so that nobody pays more than asked
    assert resting(bench) == [("BUY", D("99.49")), ("SELL", D("101.51"))]
    bench.price("99.40")
    bench.settle(2)
    assert resting(bench) == [("SELL", D("99.99")), ("SELL", D("101.51"))], "the take profit of the buy, and the other level"
    bench.price("100.00")
    bench.settle(2)
    report = bot.orchestrator.report()
    assert report.close_type_counts[CloseType.TAKE_PROFIT] == 1
    lots = D("5.025")
    entry, profit = lots * D("99.49"), lots * D("99.99")
    assert report.realized_pnl_quote == profit - entry - (entry + profit) * D("0.0002")
    assert bench.records.faults == []


def test_spot_bot_buys_its_inventory_first_and_then_quotes_both_sides() -> None:
    bench, bot = maker_bench(SPOT, USDT=10_000)
    bench.settle(6)
    (hold,) = bot.orchestrator.positions()
    assert (hold.amount, hold.side) == (5, BUY)
    assert resting(bench) == [("BUY", 99), ("SELL", 101)]
    assert bench.exchange.ledger.total("ETH") == 5


def test_bot_without_money_does_not_hammer_the_venue() -> None:
    bench, bot = maker_bench(PERP, USDT=1)
    bench.settle(60)
    counts = bot.orchestrator.report().close_type_counts
    assert set(counts) == {CloseType.INSUFFICIENT_BALANCE}
    assert counts[CloseType.INSUFFICIENT_BALANCE] <= 2 * 5, "one try a level every 15 s"
    assert bench.records.submitted == []
