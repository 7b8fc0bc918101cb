"""Candles per second of a whole `pmm_simple` backtest with the controller's defaults over 31 recorded days; the aim is 30,000."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path
from time import perf_counter

from benchmarks.yardstick import yardstick
from botcore.backtesting.engine import BacktestJob, run_backtest
from botcore.backtesting.source import RecordedMarket
from botcore.connectors.paper.exchange import PaperRules
from botcore.connectors.paper.models import FeeModel
from botcore.controllers.catalog import shipped_controllers
from botcore.data.candle_csv import read_candles
from botcore.model.enums import InstrumentKind
from botcore.model.instrument import Instrument, Market

RECORDING = "candles/nautilus_btcperp_1m_20211231_20220201.csv.gz"
AIM = 30_000


def recording() -> Path | None:
    root = Path(os.environ.get("CONDOR_TEST_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")
    return root / RECORDING if (root / RECORDING).is_file() else None


def job_of(path: Path) -> BacktestJob:
    """The controller's own defaults, 1,000 USDT, leverage 5, one-way."""
    market = Market("binance_perpetual", "BTC-USDT")
    values = {
        "id": "bench",
        "controller_name": "pmm_simple",
        "connector_name": market.connector_name,
        "trading_pair": market.trading_pair,
        "total_amount_quote": 1000,
        "leverage": 5,
        "position_mode": "ONEWAY",
    }
    spec = shipped_controllers()["pmm_simple"]
    instrument = Instrument(market, InstrumentKind.LINEAR_PERPETUAL, Decimal("0.1"), Decimal("0.00001"), min_notional=Decimal(5))
    rules = PaperRules(InstrumentKind.LINEAR_PERPETUAL, FeeModel(Decimal("0.0002"), Decimal("0.0004")))
    recorded = RecordedMarket(instrument, read_candles(path), "inferred")
    return BacktestJob(
        [(spec, spec.config_class.model_validate(values))], {market: recorded}, {market.connector_name: rules}, {"USDT": Decimal(10_000)}
    )


def run(rounds: int = 3) -> dict[str, float]:
    """`candles_per_s` (best of the rounds), `backtest.ratio`: the yardstick's 100,000 steps a second by candles a second, inverted."""
    path = recording()
    if path is None:
        print(f"bench_backtest: skipped, the recording {RECORDING} is not on this machine (CONDOR_TEST_DATA)")
        return {}
    best = 0.0
    for _ in range(rounds):
        job = job_of(path)
        count = sum(len(market.table) for market in job.markets.values())
        begin = perf_counter()
        run_backtest(job)
        best = max(best, count / (perf_counter() - begin))
    return {"candles_per_s": best, "candles_per_s.aim": AIM, "backtest.ratio": best * yardstick() / 1000}
