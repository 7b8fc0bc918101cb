"""What one tick costs with 1,000 executors that each have an order resting, on the whole runtime (the aim is 2 ms), and a whole step of 1,000 filled ones (6 ms)."""

from __future__ import annotations

from decimal import Decimal
from statistics import median
from time import perf_counter
from typing import Any

from benchmarks.yardstick import yardstick
from botcore.executors.data_types import PositionExecutorConfig, TrailingStop, TripleBarrierConfig
from botcore.model.enums import InstrumentKind, OrderType, TradeType
from botcore.model.instrument import Instrument, Market
from botcore.risk.limits import RiskLimits
from botcore.strategies.strategy_v2 import StrategyV2Base
from tests.support.paper_bench import PaperBench

EXECUTORS = 1_000
TICKS = 200
AIM_MS = 2.0
STEP_AIM_MS = 6.0
DISTANCES: dict[str, Any] = {"stop_loss": Decimal("0.03"), "take_profit": Decimal("0.05"), "time_limit": 86_400}


def bench_with(count: int, barriers: TripleBarrierConfig) -> tuple[PaperBench, StrategyV2Base]:
    """A runtime whose bot has this many position executors below the market, or, when opened at market, filled ones."""
    pair = Instrument(Market("venue_perpetual", "BTC-USDT"), InstrumentKind.LINEAR_PERPETUAL, Decimal("0.1"), Decimal("0.001"))
    bench = PaperBench(pair, balances={"USDT": Decimal(10**9)}, limits=RiskLimits(max_orders_per_minute=10**6), price=50_000)
    bot = bench.runtime.build_bot("bench", [])
    bench.runtime.add_bot(bot)
    for number in range(count):
        config = PositionExecutorConfig(
            timestamp=bench.clock.time(),
            connector_name="venue_perpetual",
            trading_pair="BTC-USDT",
            side=TradeType.BUY,
            entry_price=Decimal(49_000 - number % 500),
            amount=Decimal("0.01"),
            triple_barrier_config=barriers,
        )
        bot.orchestrator.create(config, "maker")
    bench.tick()
    bench.tick()
    return bench, bot


def resting(opened_by: OrderType) -> PaperBench:
    """All of them have a limit order that rests: the entry, or the take profit."""
    barriers = TripleBarrierConfig(open_order_type=opened_by, take_profit_order_type=OrderType.LIMIT, **DISTANCES)
    bench, _ = bench_with(EXECUTORS, barriers)
    found = bench.runtime.connectors["venue_perpetual"].tracker.open_count
    if found != EXECUTORS:
        raise AssertionError(f"expected {EXECUTORS} resting orders, found {found}: the measure means nothing")
    return bench


def run_steps(rounds: int) -> float:
    """Median ms of a whole step of one second: all of them filled, four barriers each, the price another one, the reports of controller and bot."""
    trail = TrailingStop(activation_price=Decimal("0.01"), trailing_delta=Decimal("0.004"))
    bench, bot = bench_with(EXECUTORS, TripleBarrierConfig(open_order_type=OrderType.MARKET, trailing_stop=trail, **DISTANCES))
    orchestrator, times, found = bot.orchestrator, [], set()
    for number in range(rounds * TICKS):
        # up beyond the trailing stop's 1 %, and to and fro behind it: it follows the price, and is not reached
        bench.quote(50_000 + min(number, 800) + number % 100, after_s=0.5)
        begin = perf_counter()
        bench.tick()
        reports = orchestrator.report("maker"), orchestrator.report()
        times.append(perf_counter() - begin)
        found.add(reports[0].unrealized_pnl_quote)
    if sum(executor.has_fills for executor in orchestrator.running) != EXECUTORS or len(found) < TICKS:
        raise AssertionError("expected filled executors whose results move: the measure means nothing")
    return median(times) * 1e3


def run(rounds: int = 5) -> dict[str, float]:
    """`<what>.ms` of a tick with a quote (median) for resting entries and for positions with a resting take profit; `.ratio` is the yardstick by 100 ticks. `step.ms` is
    the whole step with reports over filled positions with four barriers."""
    found: dict[str, float] = {"aim_ms": AIM_MS, "step.aim_ms": STEP_AIM_MS}
    for name, opened_by in (("entries", OrderType.LIMIT), ("positions", OrderType.MARKET)):
        bench, times = resting(opened_by), []
        for number in range(rounds * TICKS):
            bench.quote(50_000 + number % 7, after_s=0.5)
            begin = perf_counter()
            bench.tick()
            times.append(perf_counter() - begin)
        found |= {f"{name}.ms": median(times) * 1e3, f"{name}.ratio": yardstick() / (median(times) * 100)}
    step_ms = run_steps(rounds)
    return found | {"step.ms": step_ms, "step.ratio": yardstick() / (step_ms / 1e3 * 100)}
