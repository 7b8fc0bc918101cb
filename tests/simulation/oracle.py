"""The judge: what the records say, held against the venues' own ledgers, when everything has come to rest. Numbers are exact."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from botcore.model.events import FactKind
from botcore.model.order import Purpose
from botcore.orders.ids import is_condors
from botcore.recorder.rows import intent_of
from tests.simulation.funding import judge_funding
from tests.simulation.ledger import Ledger, VenueTrade
from tests.simulation.sizes import judge_grids, most_of
from tests.simulation.watcher import ENDED, Watcher

ZERO = Decimal(0)
Breach = Callable[[str, str], None]
PNL_TOLERANCE = Decimal("1e-9")
"""Averages are quotients."""


def booked_rows(watcher: Watcher) -> dict[tuple[str, str, str], dict[str, Any]]:
    """Executions in the records. After an older database was put back, positions that its executors do not have any more are booked as somebody else's trades:
    nothing of the records that are gone could explain them. I2 says whether they are right."""
    return {key: row for key, row in watcher.fills.items() if not (watcher.lost and key[2].startswith("external-"))}


def judge(watcher: Watcher, ledgers: Iterable[Ledger], breach: Breach) -> None:
    """Everything that needs nothing but rows and ledgers."""
    ledgers = list(ledgers)
    excess: dict[str, Decimal] = {}
    for ledger in ledgers:
        excess.update(unasked(ledger))
        judge_orders(watcher, ledger, breach)
        judge_fills(watcher, ledger, breach)
        judge_position(watcher, ledger, breach)
        judge_balances(watcher, ledger, breach)
        judge_funding(watcher, ledger, breach)
    judge_intents(watcher, breach)
    judge_executors(watcher, ledgers, excess, breach)
    judge_facts(watcher, breach)


def unasked(ledger: Ledger) -> dict[str, Decimal]:
    """Client order id -> base that an executor could not know of when it replaced what was left of the order: what was traded beyond its size, or, of an order that
    something on the way sent twice (R13), by either of the two; the other one alone may have been told first, as over."""
    excess = ledger.excess()
    effects: dict[str, list[Decimal]] = defaultdict(list)
    for order in ledger.orders():
        if order.client_order_id in excess:
            effects[order.client_order_id].append(order.filled)
    return {name: max(excess[name], sum(filled, ZERO) - min(filled)) for name, filled in effects.items()}


def judge_orders(watcher: Watcher, ledger: Ledger, breach: Breach, is_ours: Callable[[str], bool] = is_condors) -> None:
    """I3, I4, I8: one effect for each intent, each written before, and nothing of ours that still works."""
    attempts: dict[str, list[Any]] = defaultdict(list)
    excess = ledger.excess()
    for order in ledger.orders():
        if not is_ours(order.client_order_id):
            continue
        if intent_of(order.client_order_id) not in watcher.intents:
            breach("I4", f"{ledger.name} has {order.client_order_id}, of which there is no intent")
        if order.is_open:
            breach("I8", f"{ledger.name} still works {order.client_order_id} ({order.side} {order.amount} {order.trading_pair})")
        attempts[intent_of(order.client_order_id)].append(order)
    for intent_id, orders in attempts.items():
        intent = watcher.intents.get(intent_id)
        filled = sum((order.filled for order in orders), ZERO)
        strange = sum((excess.get(name, ZERO) for name in {order.client_order_id for order in orders}), ZERO)
        if intent is not None and filled - strange > Decimal(intent["amount"]):
            breach("I3", f"intent {intent_id} asked for {intent['amount']}, {filled} was traded")
        for order in orders:
            if order.client_order_id not in excess and sum(other.client_order_id == order.client_order_id for other in orders) > 1:
                breach("I3", f"{order.client_order_id} had two effects")
    names = {order.client_order_id for order in ledger.orders()}
    for client_order_id, row in watcher.orders.items():
        if row["connector_name"] != ledger.name:
            continue
        if row["state"] not in ENDED:
            breach("I11", f"order {client_order_id} is {row['state']} in the records")
        is_external = watcher.lost and watcher.intents.get(row["intent_id"], {}).get("purpose") == Purpose.EXTERNAL.value
        if Decimal(row["filled_amount"]) and client_order_id not in names and not is_external:
            breach("I5", f"order {client_order_id} has executions in the records, and {ledger.name} never had it")


def judge_fills(watcher: Watcher, ledger: Ledger, breach: Breach, is_ours: Callable[[str], bool] = is_condors) -> None:
    """I5, I6: every execution once, none that did not happen, and each as it was."""
    booked = {(key[1], key[2]): row for key, row in booked_rows(watcher).items() if key[0] == ledger.name}
    traded = {(trade.trading_pair, trade.trade_id): trade for trade in ledger.trades() if is_ours(trade.client_order_id)}
    for key in sorted(traded.keys() - booked.keys()):
        trade = traded[key]
        breach("I5", f"{ledger.name} executed {trade.trade_id} of {trade.client_order_id} ({trade.side} {trade.amount}), it is not booked")
    others = {(trade.trading_pair, trade.trade_id): trade for trade in ledger.trades() if not is_condors(trade.client_order_id)}
    for key in sorted(booked.keys() - traded.keys()):
        if _is_forced(watcher, booked[key], others.get((key[0], key[1].partition(".")[0]))):
            continue
        breach("I5", f"execution {key} of {booked[key]['client_order_id']} is booked, {ledger.name} knows nothing of it")
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for key in traded.keys() & booked.keys():
        trade, row = traded[key], booked[key]
        found = (Decimal(row["price"]), Decimal(row["amount"]), row["trade_type"], row["client_order_id"], Decimal(row["fee_amount"]))
        expected = (trade.price, trade.amount, trade.side, trade.client_order_id, trade.fee)
        if found != expected or (trade.fee and row["fee_asset"] != trade.fee_asset):
            breach("I5", f"execution {key} at {ledger.name} was {expected}, {found} is booked")
        sums[trade.client_order_id] += trade.amount
    external = {row["client_order_id"] for row in watcher.fills.values()} - {row["client_order_id"] for row in booked_rows(watcher).values()}
    for client_order_id, row in watcher.orders.items():
        if client_order_id in external:
            continue
        if row["connector_name"] == ledger.name and Decimal(row["filled_amount"]) != sums.get(client_order_id, ZERO):
            breach("I6", f"order {client_order_id} counts {row['filled_amount']}, its executions make {sums.get(client_order_id, ZERO)}")


def _is_forced(watcher: Watcher, row: dict[str, Any], trade: VenueTrade | None) -> bool:
    """O17: whether an execution of the venue's own order (or a share of it) is booked as it was."""
    if trade is None or watcher.intents[intent_of(row["client_order_id"])]["purpose"] != Purpose.EXTERNAL.value:
        return False
    whole = Decimal(row["amount"]) == trade.amount
    fits = (Decimal(row["price"]), row["trade_type"]) == (trade.price, trade.side) and Decimal(row["amount"]) <= trade.amount
    return fits and (not whole or (Decimal(row["fee_amount"]), row["fee_asset"]) == (trade.fee, trade.fee_asset))


def judge_position(watcher: Watcher, ledger: Ledger, breach: Breach) -> None:
    """I2: what the executors still have and the holds hold is what the venue says, pair by pair."""
    held: dict[str, Decimal] = defaultdict(Decimal)
    for key, row in watcher.holds.items():
        if key[2] == ledger.name:
            held[key[3]] += Decimal(row["net_amount_base"])
    for row in watcher.executors.values():
        if row["connector_name"] == ledger.name and row["status"] != "TERMINATED":
            held[row["trading_pair"]] += Decimal(row["exposure_base"])
    for row in watcher.legs.values():
        if row["connector_name"] == ledger.name and row["status"] != "TERMINATED":
            held[row["trading_pair"]] += Decimal(row["exposure_base"])
    positions = ledger.positions()
    for pair in sorted(held.keys() | positions.keys()):
        if held.get(pair, ZERO) != positions.get(pair, ZERO):
            breach("I2", f"{ledger.name} holds {positions.get(pair, ZERO)} of {pair}, the records {held.get(pair, ZERO)}")


def judge_balances(watcher: Watcher, ledger: Ledger, breach: Breach) -> None:
    """I1: opening balance, booked executions and booked funding make the venue's balance, asset by asset.

    On a perpetual account what was traded is a result once it is closed: all that was bought and sold, with what is still open taken back at its cost.
    """
    balances = ledger.balances()
    if balances is None:
        return
    changed: dict[str, Decimal] = defaultdict(Decimal)
    for trade in ledger.trades():
        row = watcher.fills.get((ledger.name, trade.trading_pair, trade.trade_id))
        if row is not None or not is_condors(trade.client_order_id):
            _apply(changed, trade, ledger.is_perpetual)
    for row in watcher.funding.values():
        if row["connector_name"] == ledger.name:
            changed[row["asset"]] += Decimal(row["amount"])
    for asset, cost in ledger.open_cost().items() if ledger.is_perpetual else ():
        changed[asset] += cost
    for asset, (opening, now) in sorted(balances.items()):
        if opening + changed.get(asset, ZERO) != now:
            breach("I1", f"{asset} at {ledger.name} opened with {opening}, booked {changed.get(asset, ZERO)}, and is {now}")


def _apply(changed: dict[str, Decimal], trade: VenueTrade, is_perpetual: bool) -> None:
    base, quote = trade.trading_pair.split("-", 1)
    changed[trade.fee_asset] -= trade.fee
    changed[quote] -= trade.signed * trade.price
    if not is_perpetual:
        changed[base] += trade.signed


def judge_intents(watcher: Watcher, breach: Breach) -> None:
    """I4, the other way: every intent has an order that says what became of it."""
    told = {row["intent_id"] for row in watcher.orders.values()}
    for intent_id in sorted(watcher.intents.keys() - watcher.lost - told):
        breach("I4", f"nothing is written of what became of intent {intent_id}")


def judge_executors(watcher: Watcher, ledgers: Iterable[Ledger], excess: Mapping[str, Decimal], breach: Breach) -> None:
    """I3, I7: no executor opened more than it was to, and each has ended.

    What the venue executed of an order after it had said that the order was over (O9) can't be told from the venue's word, so it may come on top of what replaced
    that order; then it must have been told. What it executed beyond an order's size (O10) is its own doing.
    """
    lost = watcher.lost
    strange: dict[str, Decimal] = defaultdict(Decimal)
    for client_order_id, row in watcher.orders.items():
        strange[watcher.intents.get(row["intent_id"], {}).get("executor_id", "")] += excess.get(client_order_id, ZERO)
    opened: dict[tuple[str, str, str], list[dict[str, Any]]] = defaultdict(list)
    late: dict[str, Decimal] = defaultdict(Decimal)
    came_late = {(ledger.name, trade.trading_pair, trade.trade_id) for ledger in ledgers for trade in ledger.trades() if trade.is_late}
    for key, row in booked_rows(watcher).items():
        if intent_of(row["client_order_id"]) in lost:
            # of an order that the records do not know any more: it is held, for nobody
            continue
        executor = watcher.executors.get(row["executor_id"])
        if executor is None:
            breach("I7", f"execution {row['trade_id']} belongs to executor {row['executor_id']!r}, of which nothing is written")
        elif watcher.intents.get(intent_of(row["client_order_id"]), {}).get("purpose") == Purpose.OPEN.value:
            opened[row["executor_id"], key[0], key[1]].append(row)
            if key in came_late:
                late[row["executor_id"]] += Decimal(row["amount"])
    for (executor_id, *_), rows in opened.items():
        wanted, amount = most_of(json.loads(watcher.executors[executor_id]["config"]), rows), sum((Decimal(row["amount"]) for row in rows), ZERO)
        if wanted is None:
            continue
        allowed = wanted + strange[executor_id]
        if amount - late[executor_id] > allowed:
            breach("I3", f"executor {executor_id} was to open {wanted}, it opened {amount}, {late[executor_id]} of it late")
        elif amount > allowed and not watcher.facts[FactKind.LATE_FILL, executor_id]:
            breach(
                "I3",
                f"executor {executor_id} was to open {wanted}, it opened {amount}, and nothing is told of the {late[executor_id]} that came late",
            )
    judge_grids(watcher, {name: strange[name] + late[name] for name in watcher.executors}, breach)
    for executor_id, row in watcher.executors.items():
        if row["status"] != "TERMINATED":
            breach("I11", f"executor {executor_id} is {row['status']} in the records")


def judge_facts(watcher: Watcher, breach: Breach) -> None:
    """I9: each end is told once, and nothing is told of an executor that did not end."""
    for executor_id, row in watcher.executors.items():
        told = watcher.facts[FactKind.EXECUTOR_CLOSED, executor_id]
        if told != (row["status"] == "TERMINATED"):
            breach("I9", f"executor {executor_id} is {row['status']}, its end was told {told} times")
    for (kind, executor_id), count in watcher.facts.items():
        if kind in (FactKind.CONTROLLER_FAULT, FactKind.EXECUTOR_FAULT, FactKind.PART_FAULT):
            breach("fault", f"{kind} {executor_id} x {count}")


def judge_pnl(watcher: Watcher, marks: Mapping[tuple[str, str], Decimal], reported: Decimal, breach: Breach) -> None:
    """I20: realised plus unrealised of all bots is what the executions are worth at these marks, fees paid."""
    worth = ZERO
    for row in watcher.fills.values():
        if not row["bot_id"]:
            # nobody's, since an older database was put back: held, and in no bot's report
            continue
        sign = 1 if row["trade_type"] == "BUY" else -1
        amount, mark = Decimal(row["amount"]), marks[row["connector_name"], row["trading_pair"]]
        worth += sign * amount * (mark - Decimal(row["price"]))
        base = row["trading_pair"].split("-", 1)[0]
        if row["fee_asset"] == base:
            worth -= Decimal(row["fee_amount"]) * mark
        elif row["fee_quote"] is not None:
            worth -= Decimal(row["fee_quote"])
    if reported.is_nan() or abs(reported - worth) > PNL_TOLERANCE:
        breach("I20", f"the bots report {reported}, their executions are worth {worth}")
