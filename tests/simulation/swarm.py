"""Swarm: each seed draws its own topology, its own subset of faults and its own deaths."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.simulation import kinds
from tests.simulation.disk import DiskFaults
from tests.simulation.plan import BotPlan, Crash, MarketPlan, Plan
from tests.support.lossy_venue import FAULTS

CORE_LABELS = (
    "journal.before_commit",
    "journal.after_commit",
    "journal.before_announce",
    "recorder.before_flush",
    "dispatch.before_send",
    "dispatch.after_send",
)
RECOVERY_LABELS = ("recovery.begin", "recovery.bot_restored", "recovery.reconciled")
LABELS = (*CORE_LABELS, "line.before_create", "line.after_create", "line.before_cancel", "line.after_cancel", *RECOVERY_LABELS)
PAIRS = ("ETH-USDT", "BTC-USDT", "SOL-USDT", "ADA-USDT")


@dataclass(frozen=True)
class Quoting:
    """How a market maker quotes in a world, for its prices and its smallest orders; spreads and take profit are fractions."""

    amounts: tuple[int, ...]
    spreads: tuple[float, float]
    take_profit: Decimal


QUOTING = Quoting((100, 400), (0.0005, 0.002), Decimal("0.003"))


def plan_of(seed: int, *, long: bool = False) -> Plan:
    """The plan of a seed: three simulated minutes, or up to an hour."""
    chance = random.Random(f"swarm {seed}")
    seconds = seconds_of(chance, long=long)
    markets = tuple(_market(chance, number) for number in range(chance.choice([1, 1, 2, 2, 3])))
    sites = [(market.connector_name, (market.trading_pair,)) for market in markets]
    bots = tuple(bot_of(chance, number, sites, QUOTING) for number in range(chance.choice([1, 1, 2])))
    crashes = crashes_of(chance, seconds, LABELS)
    stop_at = chance.uniform(30, seconds) if chance.random() < 0.3 else None
    if kinds.is_of_kinds(seed):
        markets = kinds.line_markets(seed, markets)
        bots = kinds.bots(seed, [(market.connector_name, (market.trading_pair,)) for market in markets])
    return Plan(seed, seconds, markets, bots, disk_of(chance), crashes, stop_one_at_s=stop_at)


def _market(chance: random.Random, number: int) -> MarketPlan:
    name = f"venue{number + 1}" + chance.choice(["", "_perpetual", "_perpetual"])
    chosen: dict[str, float] = {fault: strength for fault, strength in FAULTS.items() if chance.random() < 0.4}
    if chance.random() < 0.2:
        chosen = {}
    chosen["lag_s"] = chance.choice([0, 0, 5, 24])
    return MarketPlan(name, PAIRS[number], chance.choice([5, 15, 25]), chosen)


def seconds_of(chance: random.Random, *, long: bool) -> float:
    return chance.uniform(600, 3600) if long else 180.0


def bot_of(chance: random.Random, number: int, sites: Sequence[tuple[str, tuple[str, ...]]], quoting: Quoting) -> BotPlan:
    """A market maker at one of the sites (connector name, its pairs), or a chooser at all of them."""
    where, pairs = chance.choice(sites)
    if chance.random() < 0.3:
        amount = chance.choice(quoting.amounts) if len(quoting.amounts) > 1 else quoting.amounts[0]
        config: dict[str, Any] = {
            "id": f"pmm{number}",
            "controller_name": "pmm_simple",
            "connector_name": where,
            "trading_pair": pairs[0],
            "total_amount_quote": Decimal(amount),
            "buy_spreads": list(quoting.spreads),
            "sell_spreads": list(quoting.spreads),
            "executor_refresh_time": chance.choice([15, 40]),
            "cooldown_time": 5,
            "stop_loss": Decimal("0.006"),
            "take_profit": quoting.take_profit,
            "time_limit": chance.choice([30, 120]),
            "leverage": 1,
        }
        return BotPlan(f"bot{number}", "pmm_simple", config)
    markets = tuple((name, pair) for name, listed in sites for pair in listed)
    return BotPlan(f"bot{number}", "chooser", markets=markets, rate=chance.choice([0.1, 0.2, 0.4]))


def crashes_of(chance: random.Random, seconds: float, labels: Sequence[str]) -> tuple[Crash, ...]:
    """When and where the process dies."""
    return tuple(sorted((_crash(chance, seconds, labels) for _ in range(_deaths(chance, seconds))), key=lambda crash: crash.at_s))


def _deaths(chance: random.Random, seconds: float) -> int:
    return chance.choice([0, 1, 2, 4]) if seconds <= 200 else round(chance.uniform(0, seconds / 60))


def _crash(chance: random.Random, seconds: float, labels: Sequence[str]) -> Crash:
    down_s = chance.choice([0.05, 1, 5, 20])
    if chance.random() < 0.4:
        return Crash(chance.uniform(5, seconds - 5), down_s)
    return Crash(chance.uniform(1, seconds - 20), down_s, chance.choice(labels), chance.randint(0, 5))


def disk_of(chance: random.Random) -> DiskFaults:
    """A good disk, a slow or a broken one."""
    kind = chance.choice(["good", "good", "slow", "broken"])
    if kind == "slow":
        return DiskFaults(sync_ms=(5, 60), slow=0.02, slow_s=chance.choice([1, 8]))
    if kind == "broken":
        return DiskFaults(fail=chance.choice([0.01, 0.05]))
    return DiskFaults()
