"""What must hold after a kill, at any moment, and what must hold when everything has come to rest."""

from __future__ import annotations

import json
import re
import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

from botcore.model.events import FactKind
from botcore.orders.ids import is_condors
from botcore.recorder.rows import intent_of
from condor.alerts.events import EVENTS, Level, event_of
from condor.notifications import SEVERITY
from tests.crash.ledger import Records, VenueBooks
from tests.simulation.oracle import judge
from tests.simulation.watcher import Breach

NEVER_HERE = frozenset({FactKind.POSITION_UNACCOUNTED, FactKind.ORDER_ADOPTED, FactKind.FILLS_MISSING, FactKind.BALANCE_SHORT})
"""What no kill may lead to: the records know every order and every execution."""

ALERT = re.compile(
    r"\d+ executors closed|closed · [A-Z_]+ · |No answer to an order|orders have no answer|Order found|orders were found|Order is not there"
)


def judge_running(records: Records, books: Iterable[VenueBooks], breach: Breach) -> None:
    """While bots trade: what the venue has of ours was written down before (I4), and no intent had two effects (I3).

    Parameters
    ----------
    records : Records
        Read after the books: what the venue has by now, we have written by now.
    """
    for book in books:
        filled: dict[str, Decimal] = defaultdict(Decimal)
        for order in book.orders():
            if not is_condors(order.client_order_id):
                continue
            intent = records.intents.get(intent_of(order.client_order_id))
            if intent is None:
                breach("I4", f"{book.name} has {order.client_order_id}, of which there is no intent")
            elif intent["created_ns"] > order.arrived_ns:
                breach(
                    "I4", f"{order.client_order_id} arrived at {book.name} {(intent['created_ns'] - order.arrived_ns) / 1e6:.1f} ms before its intent"
                )
            filled[intent_of(order.client_order_id)] += order.filled
        for intent_id, amount in filled.items():
            if intent_id in records.intents and amount > Decimal(records.intents[intent_id]["amount"]):
                breach("I3", f"intent {intent_id} asked for {records.intents[intent_id]['amount']}, {amount} was traded")


def unbooked(records: Records, books: Iterable[VenueBooks]) -> list[str]:
    """Executions of ours that are not in the records (I5 while bots trade: none for long)."""
    return [
        f"{book.name} {trade.trading_pair} {trade.trade_id} of {trade.client_order_id}"
        for book in books
        for trade in book.trades()
        if is_condors(trade.client_order_id) and (book.name, trade.trading_pair, trade.trade_id) not in records.fills
    ]


def judge_at_rest(records: Records, books: list[VenueBooks], home: Path, kills: int, breach: Breach) -> None:
    """Every bot has stopped and nothing is under way."""
    judge_running(records, books, breach)
    judge(records, books, breach)
    for book in books:
        for asset, gap in book.ledger["unexplained"].items():
            breach("I1", f"the venue's own books of {asset} at {book.name} are off by {gap}")
    for fact in records.told_facts:
        if fact["kind"] in NEVER_HERE:
            breach("records", f"{fact['kind']}: {fact['payload']}")
    judge_exits(records, breach)
    judge_words(records, _bot_messages(home), kills, breach)


def judge_exits(records: Records, breach: Breach) -> None:
    """O20: too much may be closed only by two orders that rested at the venue and met there while nobody was awake; never by an order that was sent beside them."""
    for kind, executor_id in records.facts:
        if kind != FactKind.OVER_CLOSED:
            continue
        traded: dict[str, Decimal] = defaultdict(Decimal)
        for row in records.fills.values():
            if row["executor_id"] == executor_id:
                traded[records.intents[intent_of(row["client_order_id"])]["purpose"]] += Decimal(row["amount"])
        if traded["stop"] + traded["take_profit"] <= traded["open"]:
            breach("O20", f"executor {executor_id} closed too much, and not by what rested at the venue: {dict(traded)}")


TOLD_LATE = ("not have reached you", "perhaps not arrived", "whether it has reached you", "could not be reached")
"""In messages of what may have arrived before, or could not be told for a while: they stand behind what is newer."""


def judge_words(records: Records, messages: dict[int, str], kills: int, breach: Breach) -> None:
    """I9: each fact that is told has one row and stands in the chat; at most one message was sent twice for each kill; order is kept."""
    by_event = defaultdict(list)
    for row in records.outbox:
        by_event[row["event_id"]].append(row)
    for fact in records.told_facts:
        # who has said nothing is not told of everything
        is_off = EVENTS[event_of(fact["kind"], json.loads(fact["payload"]))].default is Level.OFF
        if fact["kind"] in SEVERITY and len(by_event[fact["event_id"]]) != (not is_off):
            breach("I9", f"fact {fact['event_id']} ({fact['kind']}) has {len(by_event[fact['event_id']])} messages")
    closes: dict[int, int] = defaultdict(int)
    # an opening that waited until its end was told stands in the message of that end, which may overtake other openings
    ends = {row["message_id"] for row in records.outbox if json.loads(row["notice"])["kind"] == FactKind.EXECUTOR_CLOSED}
    last: dict[str, int] = defaultdict(int)
    for row in records.outbox:
        kind = json.loads(row["notice"])["kind"]
        message_id = row["message_id"] or 0
        if row["state"] != "sent" or message_id not in messages:
            breach("I9", f"fact {row['event_id']} ({kind}) is {row['state']} and not in the chat (message {message_id})")
            continue
        closes[message_id] += kind == FactKind.EXECUTOR_CLOSED
        if kind == FactKind.POSITION_OPENED and message_id in ends:
            continue
        if any(words in messages[message_id] for words in TOLD_LATE):
            continue
        # what is critical goes first: the third start within ten minutes is, the first is not
        lane = f"{kind} {row['severity']}"
        if message_id < last[lane]:
            breach("I9", f"fact {row['event_id']} ({kind}) was told before an earlier one")
        last[lane] = message_id
    for message_id, count in closes.items():
        text = messages[message_id]
        if (count and " closed" not in text) or (count > 1 and f"{count} executors closed" not in text):
            breach("I9", f"message {message_id} tells of {count} ends, it says {text.splitlines()[0]!r}")
    sent = {row["message_id"] for row in records.outbox}
    twice = [message_id for message_id, text in messages.items() if message_id not in sent and ALERT.search(text.splitlines()[0])]
    if len(twice) > kills:
        breach("I9", f"{len(twice)} alerts were sent twice in {kills} kills")


def _bot_messages(home: Path) -> dict[int, str]:
    """Message id -> text of everything that the bot has said."""
    connection = sqlite3.connect(f"file:{home / 'data' / 'chat.db'}?mode=ro", uri=True, timeout=10)
    try:
        found: list[dict[str, Any]] = [json.loads(row[0]) for row in connection.execute("SELECT message FROM messages")]
    finally:
        connection.close()
    return {message["message_id"]: message.get("text") or message.get("caption") or " " for message in found if message["from"]["is_bot"]}
