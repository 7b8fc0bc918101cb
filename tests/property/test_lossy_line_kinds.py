"""Ladders, TWAPs and chasers in front of a venue whose line drops, doubles, delays and contradicts, in a process that dies: the same judge as for positions."""

from __future__ import annotations

import os
import random
from typing import Any

import pytest

from botcore.executors.data_types import ExecutionStrategy, LimitChaserConfig, OrderExecutorConfig, TrailingStop
from botcore.executors.dca.config import DCAExecutorConfig, DCAMode
from botcore.executors.twap.config import TWAPExecutorConfig, TWAPMode
from botcore.model.enums import TradeType
from botcore.model.order import Purpose
from tests.support.bench import SPOT
from tests.support.live_bench import D, LiveBench
from tests.support.lossy_play import check, drawn_line, settle
from tests.support.lossy_venue import Line

SEEDS = int(os.environ.get("CONDOR_SEEDS", "100"))


def ladder(market: dict[str, Any], chance: random.Random, side: TradeType, ticks: int) -> DCAExecutorConfig:
    steps = [chance.randint(0, 30) + 30 * level for level in range(3)]
    return DCAExecutorConfig(
        **market,
        side=side,
        amounts_quote=[D(chance.randint(50, 150)) for _ in steps],
        prices=[D(ticks - side.sign * step) / 100 for step in steps],
        mode=chance.choice(list(DCAMode)),
        stop_loss=D("0.006"),
        take_profit=D("0.003"),
        trailing_stop=TrailingStop(activation_price=D("0.001"), trailing_delta=D("0.0005")) if chance.random() < 0.5 else None,
        time_limit=chance.randint(10, 60),
        activation_bounds=[D("0.002"), D("0.002")] if chance.random() < 0.5 else None,
    )


def plan(market: dict[str, Any], chance: random.Random, side: TradeType, ticks: int) -> TWAPExecutorConfig:
    return TWAPExecutorConfig(
        **market,
        side=side,
        total_amount_quote=D(chance.randint(100, 400)),
        total_duration=chance.randint(5, 40),
        order_interval=chance.randint(3, 10),
        mode=chance.choice(list(TWAPMode)),
        limit_order_buffer=D("0.001"),
        order_resubmission_time=chance.choice([None, 3, 8]),
    )


def chaser(market: dict[str, Any], chance: random.Random, side: TradeType, ticks: int) -> OrderExecutorConfig:
    return OrderExecutorConfig(
        **market,
        side=side,
        amount=D(chance.randint(1, 3)),
        price=D(ticks) / 100,
        execution_strategy=chance.choice([ExecutionStrategy.LIMIT_CHASER] * 3 + [ExecutionStrategy.LIMIT, ExecutionStrategy.MARKET]),
        chaser_config=LimitChaserConfig(distance=D("0.001"), refresh_threshold=D("0.001")),
    )


def trade(bench: LiveBench, chance: random.Random, seconds: int, kills: float, *, shorts: bool) -> None:
    """Executors of all kinds come, the market walks, some are stopped, the process dies now and then."""
    ticks = 10_000
    market = {"connector_name": bench.name, "trading_pair": bench.instrument.market.trading_pair}
    for _ in range(seconds):
        if chance.random() < 0.08:
            side = chance.choice([TradeType.BUY, TradeType.SELL]) if shorts else TradeType.BUY
            bench.orchestrator.create(chance.choice([ladder, plan, chaser])(market, chance, side, ticks), "main")
            bench.send()
        if chance.random() < 0.03 and bench.running:
            bench.orchestrator.stop(chance.choice(bench.running).id, keep_position=chance.random() < 0.3)
        ticks = max(9_000, ticks + chance.randint(-25, 25))
        bench.price(ticks)
        if chance.random() < kills:
            bench.connector.on_tick(bench.clock.now_ns)
            bench.orchestrator.on_tick(bench.clock.now_ns)
            bench.kill(chance.choice(["before", "written", "sent"]))
        bench.run(1)


def check_amounts(bench: LiveBench) -> None:
    """No ladder and no plan has opened more than it was to, at any price that the market had (9,000 to 11,000 ticks)."""
    opened: dict[str, Any] = {}
    for fill, executor_id in bench.records.fills:
        if bench.intents[fill.client_order_id].order.purpose == Purpose.OPEN.value:
            opened[executor_id] = opened.get(executor_id, 0) + fill.notional
    for executor_id, quote in opened.items():
        config = bench.records.executors[executor_id].config
        if "amounts_quote" in config:
            assert quote <= sum(D(amount) for amount in config["amounts_quote"]) * D("1.03"), executor_id
        elif "total_amount_quote" in config:
            assert quote <= D(config["total_amount_quote"]) * D("1.03"), executor_id


@pytest.mark.parametrize("seed", range(SEEDS))
def test_no_kind_loses_doubles_or_forgets(seed: int) -> None:
    chance = random.Random(50_000 + seed)
    bench = LiveBench(seed, drawn_line(chance) if seed % 4 else Line(), crashes=seed % 2 == 0, stops=seed % 3 == 0)
    trade(bench, chance, 120, kills=0.03 if seed % 2 == 0 else 0, shorts=True)
    settle(bench)
    check(bench)
    check_amounts(bench)


@pytest.mark.parametrize("seed", range(SEEDS // 2))
def test_no_kind_loses_doubles_or_forgets_on_spot_with_fees_in_base(seed: int) -> None:
    chance = random.Random(60_000 + seed)
    bench = LiveBench(seed, drawn_line(chance), crashes=seed % 2 == 0, connector=SPOT, min_notional="5")
    bench.venue.base_fee = D("0.00075")
    trade(bench, chance, 120, kills=0.03 if seed % 2 == 0 else 0, shorts=False)
    settle(bench)
    check(bench)
    check_amounts(bench)
