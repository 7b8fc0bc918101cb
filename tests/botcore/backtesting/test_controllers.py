"""Shipped controllers over a recorded month of one minute candles: every entry is explained by the candles that had closed, every ending by the prices that came.

Market makers renew their quotes every ten minutes here, not every one or two as in their examples, so that a month is a matter of seconds; `docs/controllers.md` has the
examples themselves over the same month (`python -m benchmarks.month`).
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pandas_ta_classic
import pytest
import talib

from botcore.backtesting.engine import BacktestRun, run_backtest
from botcore.controllers.catalog import shipped_controllers
from botcore.data.candle_csv import CandleTable
from botcore.executors.info import ExecutorInfo
from botcore.model.enums import CloseType, TradeType
from tests.botcore.controllers.test_macd_bb_v1 import reference as macd_bb
from tests.botcore.controllers.test_pmm_dynamic import reference as lean
from tests.support.bench import PERP, SECOND_NS, D, backtest_job, instrument, recorded_table

MONTH = "candles/nautilus_btcperp_1m_20211231_20220201.csv.gz"
WEEK = 10_080
MONTH_BARS = 45_031
MAKER, TAKER = D("0.0002"), D("0.0005")
BB: dict[str, Any] = {"interval": "1m", "bb_length": 50}
EXITS: dict[str, Any] = {"stop_loss": "0.01", "take_profit": "0.004", "time_limit": 3600, "cooldown_time": 300}
BAND: dict[str, Any] = {"start_price": 40_000, "end_price": 47_000, "limit_price": 38_000, "take_profit": "0.004", "max_open_orders": 5}
QUOTES: dict[str, Any] = {"buy_spreads": "0.001,0.002", "sell_spreads": "0.001,0.002", "executor_refresh_time": 600}
JOBS: dict[str, dict[str, Any]] = {
    "pmm_simple": EXITS | QUOTES | {"take_profit": "0.002"},
    "bollinger_v2": BB | EXITS,
    "macd_bb_v1": BB | EXITS | {"bb_long_threshold": 0.2, "bb_short_threshold": 0.8},
    "supertrend_v1": EXITS | {"interval": "1m", "percentage_threshold": 0.002},
    "dman_v3": BB | {"dynamic_order_spread": True, "dca_spreads": "0.1,0.5,0.9", "trailing_stop": "0.006,0.002", "time_limit": 14_400},
    "bollingrid": BB | EXITS | {"min_spread_between_orders": "0.001", "take_profit": "0.002"},
    "grid_strike": BAND,
    "multi_grid_strike": {"grids": "low BUY 36000 40000 34000 0.5; high BUY 44000 47000 42000 0.5", "take_profit": "0.004"},
    "pmm_dynamic": EXITS | {"interval": "1m", "buy_spreads": "1,2", "sell_spreads": "1,2", "executor_refresh_time": 600},
    "dman_maker_v2": {
        "buy_spreads": "0.001",
        "sell_spreads": "0.001",
        "dca_spreads": "0,0.002,0.005",
        "dca_amounts": "1,1,2",
        "stop_loss": "0.01",
        "take_profit": "0.002",
    },
    "avellaneda_stoikov": {"executor_refresh_time": 600, "min_spread": "0.002", "order_amount_shape_factor": 0},
}


@cache
def table_of(bars: int) -> CandleTable:
    return recorded_table(MONTH, slice(bars))


def run_of(name: str, bars: int = MONTH_BARS, **values: Any) -> BacktestRun:
    base = {"connector_name": PERP, "trading_pair": "BTC-USDT", "total_amount_quote": 10_000, "leverage": 5, "position_mode": "ONEWAY"}
    spec = shipped_controllers()[name]
    of = instrument("BTC-USDT", tick="0.5", lot="0.00001", min_notional="5")
    return run_backtest(backtest_job([(spec, spec.config_class(**(base | values)))], table_of(bars), of, maker=str(MAKER), taker=str(TAKER)))


@cache
def ran(name: str) -> tuple[CandleTable, BacktestRun]:
    return table_of(MONTH_BARS), run_of(name, **JOBS[name])


def closed_before(table: CandleTable, info: ExecutorInfo) -> int:
    """Index of the last candle that had closed when an executor was created; a backtest's candle closes with its last quote, a millisecond before its end."""
    return int(np.searchsorted(table.open_ms, info.created_ns // 1_000_000 - 59_999, side="right")) - 1


def bar_of(table: CandleTable, ts_ns: int) -> int:
    """Index of the candle within which something happened; what happens at its last moment is its own."""
    return max(0, int(np.searchsorted(table.open_ms, (ts_ns - 1) // 1_000_000, side="right")) - 1)


# ---- all -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", JOBS)
def test_run_goes_through_and_its_sums_agree(name: str) -> None:
    _, run = ran(name)
    fills = [fill for fill, _ in run.fills]
    assert run.faults == []
    assert len(fills) > 100
    assert run.report.fees_quote == sum(fill.notional * (MAKER if fill.is_maker else TAKER) for fill in fills)
    assert sum(run.report.close_type_counts.values()) == len(run.executors)
    cash = -sum(fill.trade_type.sign * fill.notional for fill in fills) - run.report.fees_quote
    left = sum((fill.trade_type.sign * fill.amount for fill in fills), D(0))
    last = float(ran(name)[0].close[-1])
    if name != "avellaneda_stoikov":
        assert abs(float(left)) * last < 5, "flat at the end, but for dust below the smallest order"
    assert run.equity[-1] - 100_000 == pytest.approx(float(cash) + float(left) * last, abs=abs(float(left)) * 50 + 1e-6)


# ---- signals -------------------------------------------------------------------------------------------------------
def percent_b(closes: np.ndarray) -> np.ndarray:
    upper, _, lower = talib.BBANDS(np.asarray(closes, dtype=float), 50, 2.0, 2.0)
    return np.asarray((closes - lower) / (upper - lower))


@pytest.mark.parametrize("name", ["bollinger_v2", "dman_v3", "bollingrid"])
def test_every_entry_stands_beyond_a_band_of_the_closed_candles(name: str) -> None:
    table, run = ran(name)
    position = percent_b(table.close)
    sides = Counter(info.side for info in run.executors)
    assert min(sides[TradeType.BUY], sides[TradeType.SELL]) > 50
    for info in run.executors:
        stands = position[closed_before(table, info)]
        assert stands < 1e-6 if info.side is TradeType.BUY else stands > 1 - 1e-6


@pytest.mark.parametrize("name", ["bollinger_v2", "macd_bb_v1", "supertrend_v1", "dman_v3", "bollingrid"])
def test_entries_of_a_side_rest_for_the_cooldown_and_are_two_at_most(name: str) -> None:
    _, run = ran(name)
    for side in (TradeType.BUY, TradeType.SELL):
        own = sorted((info for info in run.executors if info.side is side), key=lambda info: info.created_ns)
        assert all(later.created_ns - earlier.created_ns > 300 * SECOND_NS for earlier, later in pairwise(own))
        for info in own:
            assert sum(other.created_ns <= info.created_ns < other.close_ns for other in own) <= 2


def test_bollinger_v2_trades_as_bollinger_v1_does() -> None:
    first, second = run_of("bollinger_v1", **JOBS["bollinger_v2"]), ran("bollinger_v2")[1]
    assert len(first.fills) > 1000
    assert [(fill.ts_ns, fill.trade_type, fill.price_ticks, fill.lots) for fill, _ in first.fills] == [
        (fill.ts_ns, fill.trade_type, fill.price_ticks, fill.lots) for fill, _ in second.fills
    ]


def test_every_entry_of_macd_bb_v1_has_its_four_conditions_in_pandas() -> None:
    table, run = ran("macd_bb_v1")
    config = shipped_controllers()["macd_bb_v1"].config_class(**(JOBS["macd_bb_v1"] | {"connector_name": PERP}))
    assert len(run.executors) > 100
    for info in run.executors[::5]:
        end = closed_before(table, info) + 1
        *_, signal = macd_bb(np.asarray(table.close[end - config.records : end], dtype=float), config)
        assert info.side is not None and signal == info.side.sign


def test_every_entry_of_supertrend_v1_goes_with_the_trend_of_pandas_ta_and_near_its_line() -> None:
    table, run = ran("supertrend_v1")
    assert len(run.executors) > 100
    for info in run.executors[::5]:
        end = closed_before(table, info) + 1
        window = pd.DataFrame({name: np.asarray(getattr(table, name)[end - 220 : end], dtype=float) for name in ("high", "low", "close")})
        line, trend = pandas_ta_classic.supertrend(window["high"], window["low"], window["close"], 20, 4.0).iloc[-1, :2]
        assert info.side is not None and info.side.sign == trend
        assert abs(window["close"].iloc[-1] - line) / window["close"].iloc[-1] < 0.002


# ---- quotes --------------------------------------------------------------------------------------------------------
def test_quotes_of_pmm_simple_stand_at_their_spreads_and_end_as_their_prices_say() -> None:
    """A profit is taken by a resting order: 0.2 % less two maker's fees, to a tick; where the price had jumped beyond it the order takes, at that price and a taker's
    fee. A stop is at market and may find a jump."""
    table, run = ran("pmm_simple")
    ended = Counter(info.close_type for info in run.executors if info.has_fills)
    assert min(ended[CloseType.TAKE_PROFIT], ended[CloseType.STOP_LOSS], ended[CloseType.TIME_LIMIT]) > 100
    exact = 0
    for info in run.executors:
        assert info.side is not None
        spread = 0.001 * (1 + int(str(info.level_id)[-1]))
        mid = float(info.config.entry_price) / (1 - info.side.sign * spread)
        opened = bar_of(table, info.created_ns)
        assert table.low[opened] - 0.5 <= mid <= table.high[opened] + 0.5
        if info.close_type is CloseType.TAKE_PROFIT:
            assert info.net_pnl_pct > D("0.0013") - D("0.00004")
            exact += abs(info.net_pnl_pct - D("0.0016")) < D("0.00004")
        elif info.close_type is CloseType.STOP_LOSS:
            assert D("-0.03") < info.net_pnl_pct <= D("-0.01") + D("0.0006")
        elif info.close_type is CloseType.TIME_LIMIT:
            assert info.close_ns - info.created_ns == pytest.approx(3600 * SECOND_NS, abs=SECOND_NS)
    assert exact > 0.85 * ended[CloseType.TAKE_PROFIT]


# ---- ladders and spreads -------------------------------------------------------------------------------------------
def test_ladders_of_dman_v3_are_as_wide_as_the_bands_were() -> None:
    table, run = ran("dman_v3")
    upper, middle, _ = talib.BBANDS(np.asarray(table.close, dtype=float), 50, 2.0, 2.0)
    for info in run.executors:
        at = closed_before(table, info)
        half = (upper[at] - middle[at]) / middle[at]
        first, _, last = (float(price) for price in info.config.prices)
        mid = first / (1 - info.side.sign * 0.1 * half) if info.side else 0
        assert abs(last / mid - 1) == pytest.approx(0.9 * half, rel=1e-6)


def test_spreads_of_pmm_dynamic_are_the_true_ranges_of_pandas_ta() -> None:
    """Two quotes of one moment, at a and b true ranges from the reference price: their prices p and q give NATR = (p - q) / (q a - p b)."""
    table, run = ran("pmm_dynamic")
    config = shipped_controllers()["pmm_dynamic"].config_class(**JOBS["pmm_dynamic"])
    ranges = {"buy_0": -1, "buy_1": -2, "sell_0": 1, "sell_1": 2}
    moments: dict[int, dict[int, ExecutorInfo]] = {}
    for info in run.executors:
        moments.setdefault(info.created_ns, {})[ranges[str(info.level_id)]] = info
    pairs = [levels for levels in moments.values() if len(levels) > 1]
    assert len(pairs) > 5
    for levels in pairs:
        (a, first), (b, second), *_ = levels.items()
        end = closed_before(table, first) + 1
        candles = np.column_stack(
            [np.asarray(getattr(table, name)[end - config.records : end], dtype=float) for name in ("open", "high", "low", "close")]
        )
        _, natr = lean(candles, config)
        p, q = float(first.config.entry_price), float(second.config.entry_price)
        assert (p - q) / (q * a - p * b) == pytest.approx(natr, rel=1e-6)


def test_every_stop_of_dman_maker_v2_lost_about_its_stop_loss_and_every_profit_gained_more_than_its_target() -> None:
    _, run = ran("dman_maker_v2")
    ended = Counter(info.close_type for info in run.executors if info.has_fills)
    assert ended[CloseType.TAKE_PROFIT] > 100 and ended[CloseType.STOP_LOSS] > 5
    for info in run.executors:
        if info.close_type is CloseType.STOP_LOSS:
            # net of fees; a candle's price may jump over the stop
            assert D("-0.03") < info.net_pnl_pct < D("-0.0095")
        if info.close_type is CloseType.TAKE_PROFIT:
            assert info.net_pnl_pct > D("0.001")


# ---- grids ---------------------------------------------------------------------------------------------------------
def check_grids(table: CandleTable, grids: list[ExecutorInfo], start: float, end: float, limit: float) -> None:
    """One after the other, opened inside the band, ended by the price that says so."""
    for earlier, later in pairwise(grids):
        assert later.created_ns >= earlier.close_ns
    for info in grids:
        opened, ended = bar_of(table, info.created_ns), bar_of(table, info.close_ns)
        near = slice(max(opened - 1, 0), opened + 1)
        assert table.low[near].min() <= end and table.high[near].max() >= start
        last = slice(max(ended - 1, 0), ended + 1)
        if info.close_type is CloseType.TAKE_PROFIT:
            assert table.high[last].max() >= end
        elif info.close_type is CloseType.STOP_LOSS:
            assert table.low[last].min() <= limit
        else:
            assert info.close_type is CloseType.EARLY_STOP and ended == len(table.close) - 1


def test_grids_of_grid_strike_begin_and_end_with_their_band() -> None:
    table, run = ran("grid_strike")
    check_grids(table, run.executors, 40_000, 47_000, 38_000)
    assert run.report.close_type_counts[CloseType.STOP_LOSS] == 1, (
        "the market fell through 38,000 in January 2022 and came back into the band no more"
    )
    assert run.executors[-1].close_type is CloseType.STOP_LOSS and run.executors[-1].net_pnl_quote < 0
    # a level just below the end may pay more in fees than its last steps earned; all of them together earned
    assert sum(info.net_pnl_quote for info in run.executors[:-1]) > 0


def test_grids_of_multi_grid_strike_each_live_in_their_own_band() -> None:
    table, run = ran("multi_grid_strike")
    for name, band in (("low", (36_000, 40_000, 34_000)), ("high", (44_000, 47_000, 42_000))):
        own = [info for info in run.executors if info.level_id == name]
        assert own and all(info.config.total_amount_quote == 5_000 for info in own)
        check_grids(table, own, *band)


# ---- inventory -----------------------------------------------------------------------------------------------------
def inventories(run: BacktestRun) -> np.ndarray:
    """Inventory in quote after each fill."""
    held, values = D(0), []
    for fill, _ in run.fills:
        held += fill.trade_type.sign * fill.amount
        values.append(float(held * fill.price))
    return np.array(values)


def test_inventory_stays_within_the_budget_and_aversion_makes_it_small() -> None:
    """What the paper shows: who leans against the inventory holds less of it. At a factor of 1 a full inventory moves the quotes by half a spread."""
    values = JOBS["avellaneda_stoikov"]
    run, careless = (run_of("avellaneda_stoikov", WEEK, **values, risk_factor=factor) for factor in (1, 0.001))
    for each in (ran("avellaneda_stoikov")[1], run, careless):
        assert np.abs(inventories(each)).max() < 10_000 * 1.1, "the budget, and what the price moved since"
    assert inventories(run).std() < 0.9 * inventories(careless).std()
