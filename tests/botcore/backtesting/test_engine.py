"""The backtest engine on recorded candles: the same bytes every time, sums that agree with each other, and orders that obey the market."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from decimal import Decimal
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from botcore.backtesting.engine import BacktestJob, BacktestRun, run_backtest
from botcore.backtesting.metrics import drawdown
from botcore.backtesting.result import result_of
from botcore.connectors.paper.models import ThroughQueue
from botcore.controllers.base import ControllerBase, ControllerConfigBase
from botcore.controllers.bollinger_v1 import BollingerV1Config
from botcore.controllers.catalog import shipped_controllers
from botcore.controllers.pmm_simple import PMMSimpleConfig
from botcore.model.enums import CloseType, PositionMode, TradeType
from botcore.model.errors import ConfigError
from tests.support.bench import PERP, SPOT, D, backtest_job, instrument, recorded_table, spec_of

PERP_DAY = "candles/lean_binance_btcusd_perp_1m.csv.gz"
SPOT_DAY = "candles/lean_bybit_btcusdt_1m.csv.gz"
REFRESH_S = 50


def maker(connector: str = PERP, **changes: Any) -> Any:
    values = {
        "connector_name": connector,
        "trading_pair": "BTC-USDT",
        "total_amount_quote": D(10_000),
        "buy_spreads": "0.0005,0.001",
        "sell_spreads": "0.0005,0.001",
        "executor_refresh_time": REFRESH_S,
        "cooldown_time": 7,
        "stop_loss": "0.004",
        "take_profit": "0.001",
        "time_limit": 1000,
        "trailing_stop": "0.0008,0.0003",
        "leverage": 5,
    }
    return shipped_controllers()["pmm_simple"], PMMSimpleConfig(**(values | changes))


def bollinger(**changes: Any) -> Any:
    values = {
        "connector_name": PERP,
        "trading_pair": "BTC-USDT",
        "total_amount_quote": D(10_000),
        "interval": "3m",
        "bb_length": 20,
        "cooldown_time": 100,
        "stop_loss": "0.004",
        "take_profit": "0.003",
        "time_limit": 2000,
        "leverage": 5,
    }
    return shipped_controllers()["bollinger_v1"], BollingerV1Config(**(values | changes))


def job_of(name: str) -> BacktestJob:
    """Jobs on a day of one minute candles, by name."""
    perpetual = instrument("BTC-USDT", tick="0.1", lot="0.00001", min_notional="5")
    spot = instrument("BTC-USDT", SPOT, tick="0.01", lot="0.00001", min_notional="5")
    if name == "maker":
        return backtest_job([maker()], recorded_table(PERP_DAY), perpetual, taker="0.0005")
    if name == "oneway":
        return backtest_job([maker(position_mode="ONEWAY")], recorded_table(PERP_DAY), perpetual, taker="0.0005", queue=ThroughQueue())
    if name == "bollinger":
        return backtest_job([bollinger()], recorded_table(PERP_DAY), perpetual, taker="0.0005", slippage=D("0.0001"))
    if name == "both":
        return backtest_job([maker(id="maker"), bollinger(id="bollinger", position_mode=PositionMode.HEDGE)], recorded_table(PERP_DAY), perpetual)
    assert name == "spot"
    return backtest_job([maker(SPOT)], recorded_table(SPOT_DAY, slice(600)), spot, maker="0.001", taker="0.001", from_received=True)


NAMES = ["maker", "oneway", "bollinger", "both", "spot"]


@cache
def ran(name: str) -> tuple[BacktestJob, BacktestRun, dict[str, Any]]:
    job = job_of(name)
    run = run_backtest(job)
    return job, run, result_of(job, run)


def as_bytes(result: dict[str, Any]) -> bytes:
    return json.dumps(result, sort_keys=False).encode()


# ---- the same every time -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", NAMES)
def test_second_run_gives_the_same_bytes(name: str) -> None:
    job = job_of(name)
    assert as_bytes(result_of(job, run_backtest(job))) == as_bytes(ran(name)[2])


def test_another_process_with_another_hash_seed_gives_the_same_bytes() -> None:
    expected = as_bytes(ran("both")[2])
    root = Path(__file__).parents[3]
    code = "import sys; from tests.botcore.backtesting.test_engine import as_bytes, ran; sys.stdout.buffer.write(as_bytes(ran('both')[2]))"
    environment = os.environ | {"PYTHONHASHSEED": "12345", "PYTHONPATH": str(root)}
    done = subprocess.run([sys.executable, "-c", code], cwd=root, env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout == expected


@pytest.mark.parametrize("name", NAMES)
def test_run_is_worth_testing(name: str) -> None:
    """Guards the other tests: many trades, several ways to end, no fault."""
    _, run, _ = ran(name)
    assert run.faults == []
    assert len(run.fills) > 40
    assert len(run.report.close_type_counts) >= 3


# ---- sums that agree -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", NAMES)
def test_fees_volume_and_counts_are_those_of_the_fills(name: str) -> None:
    _, run, result = ran(name)
    fills, summary = [fill for fill, _ in run.fills], result["summary"]
    assert run.report.fees_quote == sum(fill.fee.in_quote for fill in fills)
    assert run.report.volume_traded == sum(fill.notional for fill in fills)
    assert D(summary["fees_quote"]) == run.report.fees_quote
    assert (summary["fills"], summary["maker_fills"]) == (len(fills), sum(fill.is_maker for fill in fills))
    assert summary["executors"] == len(run.executors) == sum(summary["close_types"].values())
    assert summary["trades"] == sum(info.has_fills for info in run.executors)
    assert len({fill.trade_id for fill in fills}) == len(fills)


@pytest.mark.parametrize("name", NAMES)
def test_net_pnl_is_the_change_of_equity_and_the_cash_of_the_fills(name: str) -> None:
    job, run, _ = ran(name)
    cash, base = Decimal(0), Decimal(0)
    for fill, _ in run.fills:
        cash -= fill.trade_type.sign * fill.notional
        base += fill.trade_type.sign * fill.amount
        if fill.fee.asset == fill.instrument.base:
            base -= fill.fee.amount
        else:
            cash -= fill.fee.amount
    last = D(str(round(float(next(iter(job.markets.values())).table.close[-1]), 6)))
    net = run.report.global_pnl_quote
    assert net is not None
    assert abs(net - (cash + base * last)) < D("1e-9")
    opening = float(job.opening["USDT"])
    assert run.equity[-1] - opening == pytest.approx(float(net), abs=1e-6)
    held = sum((position.amount for position in run.report.positions_summary), D(0))
    assert base == held, "everything was closed at the end, or somebody has it"
    if not run.report.positions_summary:
        assert sum((info.net_pnl_quote for info in run.executors), D(0)) == net
    assert bool(run.report.positions_summary) is (name in ("spot", "oneway")), "spot keeps inventory; ONEWAY leaves dust where exits meet"


@pytest.mark.parametrize("name", NAMES)
def test_pnl_of_an_executor_is_the_cash_of_its_own_fills(name: str) -> None:
    _, run, _ = ran(name)
    checked = 0
    for info in run.executors:
        own = [fill for fill, executor_id in run.fills if executor_id == info.id]
        base = sum((fill.trade_type.sign * fill.amount for fill in own), D(0))
        if not own or base or any(fill.fee.asset != fill.instrument.quote for fill in own):
            continue
        checked += 1
        assert info.net_pnl_quote == sum(-fill.trade_type.sign * fill.notional - fill.fee.amount for fill in own)
        assert info.cum_fees_quote == sum(fill.fee.amount for fill in own)
    assert checked > 15 or name == "spot"


@pytest.mark.parametrize("name", NAMES)
def test_equity_has_a_mark_at_every_bar_and_its_figures_fit(name: str) -> None:
    job, run, result = ran(name)
    table = next(iter(job.markets.values())).table
    assert len(run.equity) == len(table) + 1
    assert (np.diff(run.equity_ms) >= 0).all()
    assert run.equity[0] == pytest.approx(float(job.opening["USDT"]), rel=1e-4)
    worst = max(float(run.equity[: end + 1].max() - value) for end, value in enumerate(run.equity))
    assert result["summary"]["max_drawdown_quote"] == pytest.approx(worst, abs=1e-6) == drawdown(run.equity).quote
    assert result["summary"]["sharpe_basis"].startswith("hourly")


# ---- orders that obey the market -----------------------------------------------------------------------------------
@pytest.mark.parametrize("name", NAMES)
def test_every_fill_stands_inside_its_bar_and_after_its_order(name: str) -> None:
    job, run, _ = ran(name)
    table = next(iter(job.markets.values())).table
    slip = float(next(iter(job.rules.values())).slippage)
    created = {info.id: info.created_ns for info in run.executors}
    tick = float(next(iter(job.markets.values())).instrument.tick_size)
    for fill, executor_id in run.fills:
        assert fill.ts_ns > created[executor_id], "nothing trades on the event it was born in"
        row = min(int(np.searchsorted(table.open_ms, fill.ts_ns // 1_000_000, side="right")) - 1, len(table) - 1)
        price = float(fill.price)
        # a quote stands until the next one: between two bars the close before counts too
        low, high = (float(edge) for edge in (min(table.low[row], table.close[row - 1]), max(table.high[row], table.close[row - 1])))
        if fill.is_maker:
            assert low - tick <= price <= high + tick or _gap(table, row, price)
        else:
            assert low * (1 - slip) - 2 * tick <= price <= high * (1 + slip) + 2 * tick


def _gap(table: Any, row: int, price: float) -> bool:
    """A resting order in a gap between two bars trades at its own price."""
    edges = sorted((float(table.close[row - 1]), float(table.open[row])))
    return edges[0] <= price <= edges[1]


def test_unfilled_levels_are_refreshed_to_the_second() -> None:
    """Also while other levels hold positions: an executor that wants every event does not hide the controller's own time."""
    _, run, _ = ran("maker")
    end_ns = int(run.equity_ms[-1]) * 1_000_000
    ages = [
        (info.close_ns - info.created_ns) / 1e9
        for info in run.executors
        if info.close_type is CloseType.EARLY_STOP and not info.has_fills and info.close_ns < end_ns - 60_000_000_000
    ]
    assert len(ages) > 1000
    assert {round(age, 3) for age in ages} == {float(REFRESH_S)}


def test_time_limits_are_met_to_the_second() -> None:
    _, run, _ = ran("maker")
    ages = [round((info.close_ns - info.created_ns) / 1e9, 3) for info in run.executors if info.close_type is CloseType.TIME_LIMIT]
    assert ages and set(ages) == {1000.0}


def test_stop_loss_rests_its_level_for_the_cooldown() -> None:
    _, run, _ = ran("maker")
    stopped = [info for info in run.executors if info.close_type is CloseType.STOP_LOSS]
    assert stopped
    for info in stopped:
        later = [other.created_ns for other in run.executors if other.level_id == info.level_id and other.created_ns >= info.close_ns]
        assert not later or min(later) - info.close_ns >= 7_000_000_000


def test_bollinger_never_holds_more_than_its_maximum_a_side() -> None:
    _, run, _ = ran("bollinger")
    for side in (TradeType.BUY, TradeType.SELL):
        own = [info for info in run.executors if info.side is side]
        moments = sorted([(info.created_ns, 1) for info in own] + [(info.close_ns, -1) for info in own])
        held = np.cumsum([step for _, step in moments])
        assert held.max() <= 2
        starts = sorted(info.created_ns for info in own)
        assert all(later - earlier > 100_000_000_000 for earlier, later in pairwise(starts))


def test_future_of_the_data_does_not_change_the_past() -> None:
    """Cut the recording in half: up to the cut, everything is as it was with all of it."""
    whole = ran("bollinger")[1]
    job = job_of("bollinger")
    (market, recorded_market), *_ = job.markets.items()
    cut = len(recorded_market.table) // 2
    half_job = backtest_job(
        list(job.controllers), recorded_table(PERP_DAY, slice(cut)), recorded_market.instrument, taker="0.0005", slippage=D("0.0001")
    )
    half = run_backtest(half_job)
    end_ns = int(half_job.markets[market].table.open_ms[-1]) * 1_000_000
    before = [(fill.trade_id, fill.ts_ns, fill.price, fill.lots) for fill, _ in whole.fills if fill.ts_ns < end_ns]
    assert before == [(fill.trade_id, fill.ts_ns, fill.price, fill.lots) for fill, _ in half.fills if fill.ts_ns < end_ns]
    assert len(before) > 20


# ---- what goes wrong -----------------------------------------------------------------------------------------------
def test_market_without_a_file_is_named() -> None:
    with pytest.raises(ConfigError, match=r"asks for venue_perpetual:ETH-USDT.*add --data"):
        run_backtest(backtest_job([maker(trading_pair="ETH-USDT")], recorded_table(PERP_DAY, slice(50)), instrument("BTC-USDT", tick="0.1")))


class Raiser(ControllerBase):
    """Raises at once."""

    def determine_executor_actions(self) -> list[Any]:
        raise RuntimeError("of the test")


class RaiserConfig(ControllerConfigBase):
    controller_name: str = "of_test"
    connector_name: str = PERP
    trading_pair: str = "BTC-USDT"


def test_controller_that_raises_is_in_the_faults_and_the_run_goes_through() -> None:
    of = instrument("BTC-USDT", tick="0.1", lot="0.00001")
    run = run_backtest(backtest_job([(spec_of(Raiser), RaiserConfig(id="sick")), maker(id="well")], recorded_table(PERP_DAY, slice(200)), of))
    assert run.faults == ["sick: RuntimeError: of the test"]
    assert run.fills and len(run.equity) == 201
