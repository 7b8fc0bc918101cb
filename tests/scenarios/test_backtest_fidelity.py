"""Numeric scenarios BT-*: what a candle may and may not do to an order. Decisions at the bar's close, 2 basis points a side, size 1."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from botcore.backtesting.engine import BacktestRun, run_backtest
from botcore.backtesting.metrics import drawdown, sharpe
from botcore.backtesting.result import summary_of
from botcore.connectors.paper.models import ThroughQueue
from botcore.executors.data_types import ExecutionStrategy, OrderExecutorConfig, PositionExecutorConfig, TrailingStop, TripleBarrierConfig
from botcore.model.enums import CloseType, OrderType, TradeType
from tests.support.bench import PERP, D, backtest_job, spec_of, table_of
from tests.support.one_executor import Once, OnceConfig

BUY, SELL = TradeType.BUY, TradeType.SELL


class Awake(Once):
    """With one executor it looks at every tick, so that nothing is skipped over."""

    def quiet_until_ns(self) -> int:
        return super().quiet_until_ns() if isinstance(self.config.executor, list) else 0


def run(
    bars: list[tuple[float, ...]], side: TradeType = BUY, entry: Any = None, rules: dict[str, Any] | None = None, bounds: Any = None, **barriers: Any
) -> BacktestRun:
    """One position on these bars; a limit entry when a price is given, else at market."""
    barriers = {"open_order_type": OrderType.LIMIT if entry is not None else OrderType.MARKET} | barriers
    executor = PositionExecutorConfig(
        trading_pair="ETH-USDT",
        connector_name=PERP,
        side=side,
        entry_price=None if entry is None else D(entry),
        amount=D(1),
        triple_barrier_config=TripleBarrierConfig(**barriers),
        activation_bounds=bounds,
    )
    result = run_backtest(backtest_job([(spec_of(Awake, OnceConfig), OnceConfig(executor=executor))], table_of(bars), **(rules or {})))
    assert result.faults == []
    return result


def only(result: BacktestRun) -> Any:
    (info,) = result.executors
    return info


def bar_of(result: BacktestRun, number: int) -> int:
    """Open time in s of the bar in which the n-th fill happened."""
    first_ms = int(result.equity_ms[0]) // 60_000 * 60_000
    return int((result.fills[number][0].ts_ns // 1_000_000 - first_ms) // 60_000 * 60)


def prices(result: BacktestRun) -> list[Decimal]:
    return [fill.price for fill, _ in result.fills]


def test_bt_1_limit_fills_at_its_price_in_the_bar_that_reaches_it() -> None:
    result = run([(0, 101, 101, 101, 101), (60, 101, 102, 101, 102), (120, 102, 102, 94, 95), (180, 95, 96, 95, 96)], entry=100)
    assert prices(result) == [100, 96]
    assert bar_of(result, 0) == 120
    assert only(result).net_pnl_quote == D("-4.0392")
    assert [fill.is_maker for fill, _ in result.fills] == [True, False]


def test_bt_2_limit_that_only_the_wick_touches_fills_and_one_that_nothing_touches_does_not() -> None:
    bars = [(0, 101, 101, 101, 101), (60, 101, 102, 99, 101), (120, 101, 101, 101, 101)]
    assert prices(run(bars, entry=100)) == [100, 101]
    untouched = run(bars, entry="98.99")
    assert untouched.fills == [] and only(untouched).close_type is CloseType.EARLY_STOP
    assert only(untouched).net_pnl_quote == 0


def test_bt_3_stop_in_a_wick_loses_although_the_bar_closes_higher() -> None:
    """Low 90, close 103, stop at 5 %: the reference earns +2.96 here."""
    result = run([(0, 100, 100, 100, 100), (60, 100, 104, 90, 103), (120, 103, 103, 103, 103)], stop_loss=D("0.05"))
    info = only(result)
    assert info.close_type is CloseType.STOP_LOSS
    # net PnL of -5 % with fees of 0.02 (entry) stands at 95.02
    assert prices(result) == [100, D("95.02")]
    assert info.net_pnl_quote == D("-4.98") - D("0.02") - D("95.02") * D("0.0002")


def test_bt_4_entry_bar_can_not_stop_what_was_opened_at_its_close() -> None:
    result = run([(0, 97, 100, 94, 100), (60, 100, 101, 100, 101)], stop_loss=D("0.05"))
    assert only(result).close_type is CloseType.EARLY_STOP, "closed at the end of the data"
    assert prices(result) == [100, 101]
    assert only(result).net_pnl_quote == D("0.9598")


def test_bt_5_take_profit_that_the_high_touches_is_taken_at_its_price() -> None:
    bars = [(0, 100, 100, 100, 100), (60, 100, 103, 100, 100), (120, 100, 100, 100, 100)]
    rested = run(bars, take_profit=D("0.02"), take_profit_order_type=OrderType.LIMIT)
    assert (only(rested).close_type, prices(rested)) == (CloseType.TAKE_PROFIT, [100, 102])
    assert only(rested).net_pnl_quote == 2 - D("0.02") - D("0.0204")
    by_market = run(bars, take_profit=D("0.02"))
    # net +2 % after the entry's fee of 0.02
    assert (only(by_market).close_type, prices(by_market)) == (CloseType.TAKE_PROFIT, [100, D("102.02")])


@pytest.mark.parametrize("side", [BUY, SELL])
def test_bt_6_bar_that_holds_both_stop_and_profit_stops(side: TradeType) -> None:
    """Nobody knows which came first inside the bar: the worse is assumed."""
    result = run([(0, 100, 100, 100, 100), (60, 100, 110, 90, 100)], side, stop_loss=D("0.05"), take_profit=D("0.05"))
    assert only(result).close_type is CloseType.STOP_LOSS


def test_bt_7_short_pays_its_fees_on_both_prices() -> None:
    result = run([(0, 100, 100, 100, 100), (60, 100, 100, 90, 90)], SELL)
    assert prices(result) == [100, 90]
    assert only(result).net_pnl_quote == D("9.962")


def test_gap_through_the_stop_fills_at_the_open_not_at_the_stop() -> None:
    result = run([(0, 100, 100, 100, 100), (60, 90, 92, 89, 91), (120, 91, 91, 91, 91)], stop_loss=D("0.05"))
    assert prices(result) == [100, 90]
    assert only(result).close_type is CloseType.STOP_LOSS


def test_gap_through_a_resting_limit_still_fills_at_its_own_price() -> None:
    result = run([(0, 101, 101, 101, 101), (60, 95, 96, 94, 96)], entry=100)
    assert prices(result)[0] == 100, "an order that rested is never better than its price"


def test_through_queue_needs_the_price_to_go_through() -> None:
    bars = [(0, 101, 101, 101, 101), (60, 101, 101, 100, 101), (120, 101, 101, "99.99", 101)]
    rows = [tuple(float(value) for value in bar) for bar in bars]
    assert bar_of(run(rows, entry=100), 0) == 60
    assert bar_of(run(rows, entry=100, rules={"queue": ThroughQueue()}), 0) == 120


@pytest.mark.parametrize("bounds", [None, [D("0.01"), D("0.01")]])
@pytest.mark.parametrize("entry", [None, 100, 99])
def test_time_limit_ends_between_two_market_events_at_its_own_second(entry: Any, bounds: Any) -> None:
    """Filled or not, with activation bounds or without: 90 s are 90 s, wherever the quotes of a bar stand."""
    result = run([(60 * number, 100, 100, 100, 100) for number in range(5)], entry=entry, bounds=bounds, time_limit=90)
    info = only(result)
    assert info.close_type is CloseType.TIME_LIMIT
    assert (info.close_ns - info.created_ns) / 1e9 == pytest.approx(90, abs=1e-3)


def test_position_that_wants_every_event_does_not_hide_the_time_limit_of_a_resting_order() -> None:
    filled, resting = (
        PositionExecutorConfig(
            trading_pair="ETH-USDT",
            connector_name=PERP,
            side=BUY,
            entry_price=price,
            amount=D(1),
            triple_barrier_config=TripleBarrierConfig(open_order_type=kind, time_limit=limit),
        )
        for price, kind, limit in ((None, OrderType.MARKET, None), (D(90), OrderType.LIMIT, 90))
    )
    bars = [(60 * number, 100.0, 100.0, 100.0, 100.0) for number in range(5)]
    result = run_backtest(backtest_job([(spec_of(Awake, OnceConfig), OnceConfig(executor=[filled, resting]))], table_of(bars)))
    info = next(info for info in result.executors if info.config.entry_price == 90)
    assert info.close_type is CloseType.TIME_LIMIT
    assert (info.close_ns - info.created_ns) / 1e9 == pytest.approx(90, abs=1e-3)


def test_trailing_stop_follows_the_walk_inside_a_bar() -> None:
    """Up to 110 in one bar and down in the next: armed at +9.98 % net, it leaves 2 % below the best."""
    trailing = TrailingStop(activation_price=D("0.05"), trailing_delta=D("0.02"))
    result = run([(0, 100, 100, 100, 100), (60, 100, 110, 100, 110), (120, 110, 110, 100, 100)], trailing_stop=trailing)
    assert only(result).close_type is CloseType.TRAILING_STOP
    assert prices(result) == [100, D("107.99")], "the first price that is strictly below 108"


def test_position_open_at_the_end_is_closed_at_the_last_quote() -> None:
    result = run([(0, 100, 100, 100, 100), (60, 100, 105, 99, 104)])
    assert prices(result) == [100, 104]
    assert only(result).close_type is CloseType.EARLY_STOP
    assert result.equity[-1] == pytest.approx(100_000 + 4 - 0.02 - 0.0208)


# ---- figures -------------------------------------------------------------------------------------------------------
MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000


def test_bt_8_sharpe_has_no_value_without_variance() -> None:
    days = np.arange(40) * DAY_MS
    assert sharpe(days, 1000 * 1.01 ** np.arange(40)).value is None, "every return is the same"
    assert sharpe(days, np.full(40, 1000.0)).value is None
    assert sharpe(days[:2] // 24, np.array([1000.0, 1010.0])).value is None, "one return"
    assert sharpe(np.empty(0, dtype=np.int64), np.empty(0)).value is None


def test_bt_8_sharpe_is_of_returns_not_of_the_level() -> None:
    """A level that rises by 1 from 1000 for 100 days: returns fall slowly from 0.1 %, so the ratio is huge; the reference says 1.7."""
    days = np.arange(100) * DAY_MS
    equity = 1000.0 + np.arange(100)
    returns = np.diff(equity) / equity[:-1]
    found = sharpe(days, equity)
    assert found.value == pytest.approx(returns.mean() / returns.std(ddof=1) * 365**0.5)
    assert found.value > 100
    assert sharpe(days + 365 * DAY_MS, equity).value == pytest.approx(found.value), "when it happened does not matter"
    assert sharpe(days, equity * 7).value == pytest.approx(found.value), "nor does the size of the account"


def test_sharpe_is_daily_from_30_days_on_and_hourly_below() -> None:
    rng = np.random.default_rng(3)

    def curve(span_ms: int) -> tuple[np.ndarray, np.ndarray]:
        times = np.arange(0, span_ms + 1, HOUR_MS)
        return times, 1000 * np.cumprod(1 + rng.normal(0, 0.001, len(times)))

    times, equity = curve(30 * DAY_MS)
    daily = equity[::24]
    returns = np.diff(daily) / daily[:-1]
    found = sharpe(times, equity)
    assert found.basis.startswith("daily")
    assert found.value == pytest.approx(returns.mean() / returns.std(ddof=1) * 365**0.5)
    times, equity = curve(30 * DAY_MS - HOUR_MS)
    returns = np.diff(equity) / equity[:-1]
    found = sharpe(times, equity)
    assert found.basis.startswith("hourly")
    assert found.value == pytest.approx(returns.mean() / returns.std(ddof=1) * 8760**0.5)


def test_sharpe_of_an_account_that_was_wiped_out_is_not_defined() -> None:
    assert sharpe(np.arange(5) * HOUR_MS, np.array([100.0, 50.0, 0.0, 10.0, 20.0])).value is None


def test_drawdown_is_the_largest_fall_from_a_peak() -> None:
    found = drawdown(np.array([100.0, 120.0, 90.0, 110.0, 200.0, 165.0, 210.0]))
    assert found.quote == 35 and found.ratio == pytest.approx(0.25)
    assert drawdown(np.array([1.0, 2.0, 3.0])).quote == 0
    assert drawdown(np.empty(0)).quote == 0


def test_bt_10_what_is_held_is_counted_once_and_no_executor_has_won_it() -> None:
    """1000 quote at 100 are 10 base; 5 of them are sold at 110, the mark is 105 at the end: realised 50, unrealised 25."""
    buy = OrderExecutorConfig(trading_pair="ETH-USDT", connector_name=PERP, side=BUY, amount=D(1000) / 100)
    sell = OrderExecutorConfig(
        trading_pair="ETH-USDT", connector_name=PERP, side=SELL, amount=D(5), price=D(110), execution_strategy=ExecutionStrategy.LIMIT
    )
    bars = [(0, 100, 100, 100, 100), (60, 100, 110, 100, 110), (120, 110, 110, 105, 105)]
    job = backtest_job(
        [(spec_of(Awake, OnceConfig), OnceConfig(executor=[buy, sell]))], table_of([tuple(map(float, bar)) for bar in bars]), maker="0", taker="0"
    )
    result = run_backtest(job)
    (hold,) = result.report.positions_summary
    assert (hold.amount, hold.breakeven_price, hold.realized_pnl_quote, hold.unrealized_pnl_quote) == (5, 100, 50, 25)
    summary = summary_of(job, result)
    assert summary["close_types"] == {"POSITION_HOLD": 2} and summary["trades"] == 2
    assert (summary["net_pnl_quote"], summary["volume_quote"]) == ("75", "1550")
    assert (summary["win_rate"], summary["profit_factor"]) == (None, None)
    assert [info.net_pnl_quote for info in result.executors] == [0, 0]


def test_bt_9_closing_a_winner_in_two_parts_leaves_no_invented_drawdown() -> None:
    """The reference's curve loses realised PnL when a hold closes: 0, 100, 100, 0."""
    bars = [(0, 100, 100, 100, 100), (60, 100, 110, 100, 110), (120, 110, 110, 110, 110), (180, 110, 110, 110, 110)]
    result = run(bars, rules={"maker": "0", "taker": "0"}, take_profit=D("0.10"), take_profit_order_type=OrderType.LIMIT)
    assert drawdown(result.equity).quote == 0
    assert result.equity[-1] == 100_010
