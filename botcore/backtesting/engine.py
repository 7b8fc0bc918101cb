"""Wire a bot to recorded candles, turn the clock to the end, close what is open, and hand over what happened."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

import numpy as np

from botcore.backtesting.observers import EquityProbe, MemoryRecorder
from botcore.backtesting.source import HistoricalSource, RecordedMarket
from botcore.connectors.paper.exchange import PaperRules
from botcore.controllers.base import ControllerConfigBase
from botcore.controllers.catalog import ControllerSpec
from botcore.core.bus import EventBus
from botcore.core.clock import Clock
from botcore.data.tape import timeline
from botcore.executors.info import ExecutorInfo
from botcore.model.enums import ClockMode
from botcore.model.errors import CondorError
from botcore.model.instrument import Market
from botcore.model.order import Fill
from botcore.model.times import MILLISECOND_NS, NEVER
from botcore.orchestrator.performance import PerformanceReport
from botcore.orders.ids import IdSource
from botcore.risk.limits import RiskLimits
from botcore.strategies.runtime import TradingRuntime
from botcore.strategies.strategy_v2 import StrategyV2Base

LAST_TICKS: Final = 1_000


@dataclass(frozen=True, slots=True)
class BacktestJob:
    """What to run.

    Parameters
    ----------
    controllers : sequence of (ControllerSpec, config)
    markets : mapping of Market to RecordedMarket
    rules : mapping of str to PaperRules
        Fees and simulation models per connector.
    opening : mapping of str to Decimal
        Balances of every account at the start.
    """

    controllers: Sequence[tuple[ControllerSpec, ControllerConfigBase]]
    markets: Mapping[Market, RecordedMarket]
    rules: Mapping[str, PaperRules]
    opening: Mapping[str, Decimal]
    limits: RiskLimits = field(default_factory=RiskLimits)
    bot_id: str = "backtest"


@dataclass(frozen=True, slots=True)
class BacktestRun:
    """What happened.

    Parameters
    ----------
    executors : list of ExecutorInfo
        All that were started, in the order of their end.
    fills : list of (Fill, executor id)
    equity_ms, equity : int64 [n], float64 [n]
        Marked-to-market equity in `quote` at every bar's close, and after the last exit.
    faults : list of str
        What raised; empty when the run went through.
    """

    executors: list[ExecutorInfo]
    fills: list[tuple[Fill, str]]
    equity_ms: np.ndarray
    equity: np.ndarray
    quote: str
    report: PerformanceReport
    faults: list[str]
    ticks: int


def run_backtest(job: BacktestJob) -> BacktestRun:
    """Run a job to the end of its data.

    Positions that are open at the end are closed at the last quote, fees included, as early stops.

    Raises
    ------
    ConfigError, UserError
        If the job can't be wired; what raises during the run is in `faults` instead.
    """
    begin_ns = min(int(market.table.open_ms[0]) for market in job.markets.values()) * MILLISECOND_NS
    bus = EventBus()
    recorder = MemoryRecorder(bus)
    clock = Clock(ClockMode.BACKTEST, start_ns=begin_ns - 1, on_fault=lambda part, error: recorder.fault(repr(part), error))
    source = HistoricalSource(job.markets, job.rules, job.opening)
    runtime = TradingRuntime(clock, bus, source, recorder, job.limits, IdSource())
    bot = runtime.build_bot(job.bot_id, job.controllers)
    runtime.add_bot(bot)
    quote = next(iter(runtime.markets.values())).instrument.quote
    probe = EquityProbe(runtime, quote)
    with _rare_collections():
        ticks = _turn(runtime, clock)
    _close_out(bot, clock)
    probe.mark(clock.now_ns)
    return BacktestRun(
        recorder.executors,
        recorder.fills,
        np.array(probe.times_ms, dtype=np.int64),
        np.array(probe.values),
        quote,
        bot.orchestrator.report(),
        recorder.faults,
        ticks,
    )


def _turn(runtime: TradingRuntime, clock: Clock) -> int:
    """Tick to the end of the tape; returns the number of ticks."""
    ticks = 0
    for now_ns in timeline(runtime.tape, clock):
        clock.tick(now_ns)
        ticks += 1
    return ticks


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Look for garbage cycles seldom: a run makes few, and keeps its many results to the end."""
    before = gc.get_threshold()
    gc.set_threshold(200_000, 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _close_out(bot: StrategyV2Base, clock: Clock) -> None:
    """Stop the bot at the last quote and let its exits through."""
    # the next wake may be an executor's time limit, hours later: nobody is forced for that
    bot.stop(patience_ns=NEVER)
    for _ in range(LAST_TICKS):
        if not bot.orchestrator.running:
            return
        wake_ns = clock.next_tick_ns(NEVER)
        clock.tick(clock.now_ns + 1 if wake_ns == NEVER else wake_ns)
    names = ", ".join(executor.id for executor in bot.orchestrator.running)
    raise CondorError(f"executors did not end after the last quote: {names}")
