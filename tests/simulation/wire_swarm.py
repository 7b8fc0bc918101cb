"""Swarm of the whole way: the fault catalogue's knobs for requests, sockets and the matching engine."""

from __future__ import annotations

import random
from decimal import Decimal

from tests.fakes.simvenue.faults import Fault
from tests.fakes.simvenue.script import MatchRule
from tests.simulation import kinds
from tests.simulation.funding import fundings_of
from tests.simulation.plan import Plan, WirePlan
from tests.simulation.spells import spells_of
from tests.simulation.swarm import CORE_LABELS, RECOVERY_LABELS, Quoting, bot_of, crashes_of, disk_of, seconds_of

ORDERS = "POST *rder"
WIRE_LABELS = (*CORE_LABELS, "port.before_write", "port.after_write", *RECOVERY_LABELS)
QUOTING = Quoting((2000,), (0.0003, 0.001), Decimal("0.002"))


def wire_plan_of(seed: int, *, long: bool = False) -> Plan:
    """The plan of a seed: three simulated minutes, or up to an hour."""
    chance = random.Random(f"wire swarm {seed}")
    seconds = seconds_of(chance, long=long)
    names = chance.choice([["binance"], ["binance_perpetual"], ["binance_perpetual"], ["binance", "binance_perpetual"]])
    venues = tuple(_venue(chance, name) for name in names)
    sites = [(venue.name, venue.pairs) for venue in venues]
    bots = tuple(bot_of(chance, number, sites, QUOTING) for number in range(chance.choice([1, 1, 2])))
    stop_at = chance.uniform(60, seconds) if chance.random() < 0.3 else None
    if kinds.is_of_kinds(seed):
        venues = kinds.wire_venues(seed, venues)
        bots = kinds.bots(seed, [(venue.name, venue.pairs) for venue in venues])
    return Plan(
        seed,
        seconds,
        (),
        bots,
        disk_of(chance),
        crashes_of(chance, seconds, WIRE_LABELS),
        tick_ms=500,
        stop_one_at_s=stop_at,
        venues=venues,
        unsent=chance.choice([0, 0, 0.05]),
        spells=spells_of(seed, seconds),
        fundings=fundings_of(seed, venues, seconds),
    )


def _venue(chance: random.Random, name: str) -> WirePlan:
    pairs = tuple(chance.sample(["ETH-USDT", "BTC-USDT", "SOL-USDT"], chance.choice([1, 1, 2])))
    calm = chance.random() < 0.15
    faults = () if calm else tuple(fault for fault in _faults(chance) if chance.random() < 0.3)
    rules = () if calm else tuple(rule for rule in _rules(chance) if chance.random() < 0.3)
    return WirePlan(name, pairs, chance.choice([0.0003, 0.0006, 0.001]), faults, rules)


def _faults(chance: random.Random) -> list[Fault]:
    """One of each kind, with strengths of its own."""
    uniform = chance.uniform
    return [
        Fault("drop_before", p=uniform(0.02, 0.15)),
        Fault("drop_before", on=ORDERS, p=uniform(0.1, 0.4), delay_s=uniform(0, 12)),
        Fault("drop_after", on=ORDERS, p=uniform(0.1, 0.4), delay_s=uniform(0, 12)),
        Fault("drop_after", on="DELETE *", p=uniform(0.1, 0.4)),
        Fault("drop_after", on="GET *", p=uniform(0.02, 0.2)),
        Fault("late_accept", on=ORDERS, p=uniform(0.05, 0.3), delay_s=uniform(0.5, 20)),
        Fault("status", on=ORDERS, p=uniform(0.05, 0.3), status=chance.choice([500, 502, 503, 504])),
        Fault("status", on=ORDERS, p=uniform(0.05, 0.3), status=503, code=-1007, msg="Timeout waiting for response from backend server.", after=True),
        Fault("status", on="GET *", p=uniform(0.02, 0.15), status=503),
        Fault("status", p=uniform(0.002, 0.02), status=429, code=-1003, msg="Too many requests.", retry_after=str(chance.randint(1, 8)), times=3),
        Fault("body", on=ORDERS, p=uniform(0.05, 0.3), body=chance.choice(["html", "truncated", "empty", "nan", "null", "missing", "enum", "other"])),
        Fault("body", on="GET *", p=uniform(0.02, 0.1), body=chance.choice(["html", "truncated", "empty", "nan", "null", "missing", "twice"])),
        Fault("hang", p=uniform(0.01, 0.05), delay_s=uniform(5, 20)),
        Fault("hang", on=ORDERS, p=uniform(0.05, 0.2), delay_s=uniform(8, 20), after=True),
        Fault("latency", p=uniform(0.1, 0.6), delay_s=uniform(0.2, 3)),
        Fault("read_lag", p=uniform(0.2, 1), delay_s=uniform(1, 20)),
        Fault("stall", on="user:*", p=uniform(0.05, 0.5)),
        Fault("stall", on="market:*", p=1.0, lasts_s=uniform(10, 60)),
        Fault("gap", on="market:*", p=uniform(0.001, 0.02)),
        Fault("reorder", p=uniform(0.005, 0.05)),
        Fault("dup", p=uniform(0.02, 0.3)),
        Fault("close", p=uniform(0.0005, 0.005)),
        Fault("halfopen", p=uniform(0.0002, 0.002)),
        Fault("ghost", on="market:*", p=uniform(0.001, 0.01)),
        Fault("backpressure", p=uniform(0.001, 0.01), delay_s=uniform(1, 8)),
        Fault("expire", on="user:*", p=uniform(0.01, 0.1)),
        Fault("drop_ack", on="ack", p=uniform(0.1, 0.5)),
        Fault("ws_latency", p=uniform(0.1, 0.5), delay_s=uniform(0.2, 5)),
        Fault("refuse", p=uniform(0.1, 0.5), status=503),
    ]


def _rules(chance: random.Random) -> list[MatchRule]:
    return [
        MatchRule("partial_then_cancel", p=chance.uniform(0.05, 0.3), times=-1, fraction=chance.uniform(0.1, 0.9)),
        MatchRule("fill_on_cancel", p=chance.uniform(0.05, 0.4), times=-1),
        MatchRule("late_fill", p=chance.uniform(0.02, 0.2), times=3, delay_s=chance.uniform(1, 40)),
        MatchRule("filled_before_trades", p=chance.uniform(0.05, 0.4), times=-1, delay_s=chance.uniform(0.5, 10)),
        MatchRule("fill_at_once", p=chance.uniform(0.05, 0.2), times=-1),
    ]
