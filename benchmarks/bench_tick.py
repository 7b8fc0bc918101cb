"""What one tick costs with 1,000 executors that each have an order resting, on the whole runtime; the aim is 2 ms."""

from __future__ import annotations

from decimal import Decimal
from statistics import median
from time import perf_counter

from benchmarks.yardstick import yardstick
from botcore.executors.data_types import PositionExecutorConfig, TripleBarrierConfig
from botcore.model.enums import InstrumentKind, OrderType, TradeType
from botcore.model.instrument import Instrument, Market
from botcore.risk.limits import RiskLimits
from tests.support.paper_bench import PaperBench

EXECUTORS = 1_000
TICKS = 200
AIM_MS = 2.0


def bench_with(count: int, opened_by: OrderType) -> PaperBench:
    """A runtime whose bot has this many executors, each with a limit order that rests: its entry, or, when opened at market, its take profit."""
    pair = Instrument(Market("venue_perpetual", "BTC-USDT"), InstrumentKind.LINEAR_PERPETUAL, Decimal("0.1"), Decimal("0.001"))
    bench = PaperBench(pair, balances={"USDT": Decimal(10**9)}, limits=RiskLimits(max_orders_per_minute=10**6), price=50_000)
    bot = bench.runtime.build_bot("bench", [])
    bench.runtime.add_bot(bot)
    barriers = TripleBarrierConfig(
        stop_loss=Decimal("0.03"), take_profit=Decimal("0.02"), time_limit=86_400, open_order_type=opened_by, take_profit_order_type=OrderType.LIMIT
    )
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
    resting = bench.runtime.connectors["venue_perpetual"].tracker.open_count
    if resting != count:
        raise AssertionError(f"expected {count} resting orders, found {resting}: the measure means nothing")
    return bench


def run(rounds: int = 5) -> dict[str, float]:
    """`<what>.ms` of a tick with a quote (median) for resting entries and for positions with a resting take profit; `.ratio` is the yardstick by 100 ticks."""
    found: dict[str, float] = {"aim_ms": AIM_MS}
    for name, opened_by in (("entries", OrderType.LIMIT), ("positions", OrderType.MARKET)):
        bench, times = bench_with(EXECUTORS, opened_by), []
        for number in range(rounds * TICKS):
            bench.quote(50_000 + number % 7, after_s=0.5)
            begin = perf_counter()
            bench.tick()
            times.append(perf_counter() - begin)
        found |= {f"{name}.ms": median(times) * 1e3, f"{name}.ratio": yardstick() / (median(times) * 100)}
    return found
