"""Rows CO-2 to CO-8 on the bases themselves, without a shipped controller in between; and inventory skew and cooldown, which are ours.

Rows PH-* and HZ-19 stand in tests/botcore/orchestrator (test_holds.py, test_orchestrator.py, test_standing.py) and tests/botcore/strategies/test_changes.py (PH-13, PH-15).
"""

from __future__ import annotations

from typing import Any

import pytest

from botcore.controllers.directional import DirectionalTradingControllerBase, DirectionalTradingControllerConfigBase
from botcore.controllers.market_making import MarketMakingControllerBase, MarketMakingControllerConfigBase
from botcore.executors.data_types import ExecutionStrategy, ExecutorConfigBase, OrderExecutorConfig, PositionExecutorConfig
from botcore.executors.info import ExecutorInfo
from botcore.model.enums import CloseType, OrderType, RunnableStatus, TradeType
from botcore.orchestrator.holds import PositionHold
from tests.support.bench import PERP, SECOND_NS, SPOT, D, instrument, make_fill
from tests.support.venue_bench import VenueBench

BUY, SELL = TradeType.BUY, TradeType.SELL
PAIR = "ETH-USDT"


class Maker(MarketMakingControllerBase):
    def get_executor_config(self, level_id: str, price: Any, amount: Any) -> ExecutorConfigBase | None:
        config = self.config
        return PositionExecutorConfig(
            level_id=level_id,
            connector_name=config.connector_name,
            trading_pair=config.trading_pair,
            entry_price=price,
            amount=amount,
            side=self.get_trade_type_from_level_id(level_id),
            triple_barrier_config=self.triple_barrier,
        )


def maker(connector: str = SPOT, price: Any = 100, **changes: Any) -> tuple[VenueBench, Maker]:
    bench = VenueBench(instrument(connector=connector), instrument("BTC-USDT", connector), price=price)
    values: dict[str, Any] = {
        "controller_name": "of_test",
        "connector_name": connector,
        "trading_pair": PAIR,
        "total_amount_quote": D(1000),
        "buy_spreads": "0.01,0.02",
        "sell_spreads": "0.01,0.02",
        "buy_amounts_pct": "50,50",
        "sell_amounts_pct": "60,40",
        "leverage": 1,
    }
    controller = Maker(MarketMakingControllerConfigBase(**(values | changes)), bench.market_data)
    controller.update_processed_data()
    return bench, controller


def held(bench: VenueBench, amount: Any, of: Any = None) -> Any:
    of = of or bench.instrument
    hold = PositionHold(of)
    hold.add(make_fill(of, BUY if D(amount) > 0 else SELL, 100, abs(D(amount)), trade_id=f"t{amount}"))
    return hold.summary(D(100))


def test_co_2_required_base_of_the_sell_levels() -> None:
    """1000 quote, weights 50 50 60 40: the sells are half of it, 500 quote, 5 base at 100."""
    _, controller = maker()
    assert controller.get_required_base_amount(D(100)) == 5


@pytest.mark.parametrize(
    ("required", "there", "expected"),
    [("1", "0.99", None), ("10", "0", (BUY, 10)), ("10", "15", (SELL, 5))],
)
def test_co_3_rebalance_by_the_threshold(required: str, there: str, expected: tuple[TradeType, int] | None) -> None:
    bench, controller = maker(total_amount_quote=D(required) * 200, position_rebalance_threshold_pct=D("0.05"))
    controller.positions_held = [held(bench, there)] if D(there) else []
    wanted = controller.check_position_rebalance()
    if expected is None:
        assert wanted is None
        return
    assert isinstance(wanted, OrderExecutorConfig)
    assert (wanted.side, wanted.amount, wanted.execution_strategy, wanted.level_id) == (*expected, ExecutionStrategy.MARKET, "position_rebalance")


def test_co_3_perpetual_and_running_rebalance_need_none() -> None:
    _, perpetual = maker(PERP)
    assert perpetual.check_position_rebalance() is None
    bench, spot = maker()
    wanted = spot.check_position_rebalance()
    assert wanted is not None
    info = ExecutorInfo(wanted, "x-1", "main", bench.clock.now_ns)
    info.status = RunnableStatus.RUNNING
    spot.executors_info = [info]
    assert spot.check_position_rebalance() is None


def test_co_4_both_sides_of_the_pair_are_netted_and_other_pairs_left_out() -> None:
    bench, controller = maker(PERP)
    controller.positions_held = [held(bench, 10), held(bench, -3), held(bench, 1, bench.instruments[1])]
    assert controller.get_current_base_position() == 7


def test_co_4_the_same_pair_at_another_venue_is_left_out() -> None:
    bench, controller = maker(PERP)
    controller.positions_held = [held(bench, 10), held(bench, 5, instrument(connector="other_perpetual"))]
    assert controller.get_current_base_position() == 10


class Signaller(DirectionalTradingControllerBase):
    def update_processed_data(self) -> None:
        return None


def directional(**changes: Any) -> tuple[VenueBench, Signaller]:
    bench = VenueBench()
    config = DirectionalTradingControllerConfigBase(controller_name="of_test", connector_name=PERP, trading_pair=PAIR, leverage=1, **changes)
    return bench, Signaller(config, bench.market_data)


def test_co_5_half_a_base_and_one_action() -> None:
    """100 quote over 2 executors at 100 are 0.5 base each."""
    _, controller = directional(total_amount_quote=100, max_executors_per_side=2)
    controller.processed_data["signal"] = 1
    (action,) = controller.step([], [])
    config = action.executor_config  # type: ignore[attr-defined]
    assert (config.amount, config.side, config.entry_price) == (D("0.5"), BUY, 100)
    assert config.triple_barrier_config.open_order_type is OrderType.MARKET


@pytest.mark.parametrize("running", [BUY, SELL])
def test_co_6_each_side_is_counted_by_itself(running: TradeType) -> None:
    bench, controller = directional(total_amount_quote=100, max_executors_per_side=1)
    config = controller.get_executor_config(running, D(100), D(1))
    info = ExecutorInfo(config, "x-1", "main", bench.clock.now_ns)
    info.status = RunnableStatus.RUNNING
    controller.executors_info = [info]
    assert not controller.can_create_executor(running)
    assert controller.can_create_executor(running.opposite)
    assert controller.can_create_executor(-running.sign) and not controller.can_create_executor(running.sign)


def test_co_7_empty_is_empty() -> None:
    _, controller = directional()
    assert controller.filter_executors(executors=[]) == []


def test_co_8_missing_weights_are_equal() -> None:
    _, controller = maker(buy_amounts_pct=None, sell_amounts_pct=None)
    assert {level: quote.quote for level, quote in controller.levels.items()} == dict.fromkeys(("buy_0", "buy_1", "sell_0", "sell_1"), 250)


# ---- of ours -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("there", "buy", "sell"),
    [
        ("0", "99", "101"),
        # half of the budget is held: both quotes are lower by half of 2 %
        ("5", "98.01", "99.99"),
        ("-5", "99.99", "102.01"),
        # never more than the whole skew
        ("50", "97.02", "98.98"),
    ],
)
def test_quotes_lean_against_the_inventory(there: str, buy: str, sell: str) -> None:
    bench, controller = maker(PERP, inventory_skew="0.02")
    controller.positions_held = [held(bench, there)] if D(there) else []
    assert [controller.get_price_and_amount(level)[0] for level in ("buy_0", "sell_0")] == [D(buy), D(sell)]


def test_spot_inventory_that_the_sells_need_is_no_surplus() -> None:
    bench, controller = maker(inventory_skew="0.02")
    controller.positions_held = [held(bench, "5")]
    assert controller.skewed_price(D(100)) == 100


@pytest.mark.parametrize(
    "close_type", [CloseType.TAKE_PROFIT, CloseType.TIME_LIMIT, CloseType.STOP_LOSS, CloseType.TRAILING_STOP, CloseType.EARLY_STOP]
)
@pytest.mark.parametrize("traded", [True, False])
def test_level_cools_down_after_every_executor_that_traded(close_type: CloseType, traded: bool) -> None:
    """Strategy V2 cools down after a stop loss only; a quote that was replaced unfilled comes back at once."""
    bench, controller = maker(PERP, cooldown_time=15)
    config = controller.get_executor_config("buy_0", D(99), D(1))
    info = ExecutorInfo(config, "x-1", "main", bench.clock.now_ns)
    info.status, info.close_type, info.close_ns, info.has_fills = RunnableStatus.TERMINATED, close_type, bench.clock.now_ns, traded
    rests = traded or close_type is CloseType.STOP_LOSS
    for passed_s, level_is_free in ((0, not rests), (14, not rests), (15, True)):
        bench.clock.tick(info.close_ns + passed_s * SECOND_NS)
        created = {action.executor_config.level_id for action in controller.step([info], [])}  # type: ignore[attr-defined]
        assert ("buy_0" in created) is level_is_free, passed_s
