"""How much an executor may trade: what its config asks for, kind by kind, and what two legs owe each other."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from botcore.model.events import FactKind
from botcore.recorder.rows import intent_of
from tests.simulation.watcher import Watcher

ZERO = Decimal(0)
Breach = Callable[[str, str], None]
Rows = list[dict[str, Any]]
MOVED = Decimal("1.2")
"""How far a price may have moved between the sizing of an order and its execution; an order that left twice is far beyond."""
GRID_ROOM = Decimal("1.01")
"""Levels are whole lots."""
MATCHED = ("arbitrage_executor", "xemm_executor")
CLOSING = ("position_executor", "grid_executor", "dca_executor", "pair_executor")
"""Kinds that close what they have opened."""
HELD = "POSITION_HOLD"


def most_of(config: Mapping[str, Any], rows: Rows) -> Decimal | None:
    """Base that an executor may open on the market of these executions; None where its config says nothing of that.

    Parameters
    ----------
    config : mapping
        As it is written.
    rows : list of dict
        What it has opened there.
    """
    if "amounts_quote" in config:
        return sum((Decimal(amount) / Decimal(price) for amount, price in zip(config["amounts_quote"], config["prices"], strict=True)), ZERO)
    if "total_duration" in config:
        return Decimal(config["total_amount_quote"]) / min(Decimal(row["price"]) for row in rows) * MOVED
    if "long" in config:
        leg = config["long" if rows[0]["trade_type"] == "BUY" else "short"]
        return Decimal(leg["amount_quote"]) / Decimal(rows[0]["price"]) * MOVED
    amount = config.get("amount", config.get("order_amount"))
    return None if amount is None else Decimal(str(amount))


def judge_grids(watcher: Watcher, allowance: Mapping[str, Decimal], breach: Breach) -> None:
    """I3: a grid opens again what it has closed, but never holds more than its budget.

    Parameters
    ----------
    allowance : mapping
        Executor id -> base that the venue did on top, against all that it had said.
    """
    for executor_id, rows in _rows(watcher, ("grid_executor",)).items():
        config = json.loads(watcher.executors[executor_id]["config"])
        budget = Decimal(config["total_amount_quote"]) / Decimal(config["start_price"]) * GRID_ROOM
        held = peak = ZERO
        # what closes comes first within one moment: there is room for what opens then
        for row in sorted(rows, key=lambda row: (row["ts_ns"], row["trade_type"] == config["side"])):
            held += Decimal(row["amount"]) if row["trade_type"] == config["side"] else -Decimal(row["amount"])
            peak = max(peak, held)
        if peak > budget + allowance.get(executor_id, ZERO):
            breach("I3", f"grid {executor_id} held {peak}, its budget is {budget}")


def judge_ends(watcher: Watcher, least: Callable[[str, str], Decimal], breach: Breach) -> None:
    """I7: who was to close has closed and who was to match has matched, but for what is too little to be traded, or it has ended as one who holds.

    Parameters
    ----------
    least : callable
        Smallest base that a market trades.
    """
    for executor_id, rows in _rows(watcher, (*CLOSING, *MATCHED)).items():
        executor = watcher.executors[executor_id]
        if executor["close_type"] == HELD or executor["status"] != "TERMINATED" or watcher.facts[FactKind.LATE_FILL, executor_id]:
            continue
        left: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        for row in rows:
            left[row["connector_name"], row["trading_pair"]] += _signed(row)
        dust = {market: least(*market) for market in left}
        if executor["type"] in MATCHED:
            naked, limit = sum(left.values(), ZERO), sum(dust.values(), ZERO)
            if abs(naked) > limit:
                breach("I7", f"executor {executor_id} ended as {executor['close_type']} with {naked} on one side, {limit} is what can't be traded")
            continue
        for market, amount in left.items():
            if abs(amount) > dust[market]:
                breach("I7", f"executor {executor_id} ended as {executor['close_type']} with {amount} of {market} in hand")


def _signed(row: dict[str, Any]) -> Decimal:
    """Base that an execution brought, or took away, after a fee in base."""
    amount = Decimal(row["amount"]) if row["trade_type"] == "BUY" else -Decimal(row["amount"])
    is_in_base = row["fee_asset"] == row["trading_pair"].split("-", 1)[0]
    return amount - (Decimal(row["fee_amount"]) if is_in_base else ZERO)


def _rows(watcher: Watcher, types: Iterable[str]) -> dict[str, Rows]:
    """Executions of the executors of these types; those that have lost a part of their records are left out."""
    found: dict[str, Rows] = defaultdict(list)
    torn = {row["executor_id"] for row in watcher.fills.values() if intent_of(row["client_order_id"]) in watcher.lost}
    for row in watcher.fills.values():
        executor = watcher.executors.get(row["executor_id"])
        if executor is not None and executor["type"] in types and row["executor_id"] not in torn:
            found[row["executor_id"]].append(row)
    return found
