"""`condor verify`: are the databases of a home sound, and do their rows agree with each other?

It only reads, also beside a running instance: each file's checks see one moment of it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

from botcore.orders.ids import serial_of
from botcore.recorder.migrate import known_schemas, newest_schema, schema_of
from botcore.recorder.sqlite_file import open_engine
from condor.home import Home
from condor.store import MIGRATIONS
from condor.store.audit import broken_links
from condor.store.salvage import DECIMALS
from condor.store.soundness import damage_of

MANY = 20
"""Faults of one check that are named; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Verified:
    """One database: what was looked at, and what is wrong."""

    name: str
    checked: tuple[str, ...]
    faults: tuple[str, ...]


Check = Callable[[sqlite3.Connection], Iterator[str]]


def verify(home: Home) -> Iterator[Verified]:
    """Every database that exists; no faults means sound. What waits in quarantine is named, not looked at."""
    for path, checks in ((home.database, RECORD_CHECKS), (home.paper_database, {}), (home.chat_database, {})):
        if path.is_file():
            yield _verified(path, checks)


def quarantined(home: Home) -> list[str]:
    """Damaged files that were put away, relative to the home."""
    return sorted(str(path.relative_to(home.root)) for path in home.quarantine.glob("*/*.db"))


def _verified(path: Path, checks: dict[str, Check]) -> Verified:
    damage = damage_of(path, thorough=True)
    if damage:
        faults = [line if line.startswith("can't") else f"integrity: {line}" for line in damage]
        return Verified(path.name, ("integrity",), tuple(faults))
    done, found = ["integrity"], []
    if checks:
        done.append("schema")
        found += _schema(path)
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=10)) as connection:
            connection.execute("BEGIN")
            for name, check in ({} if found else {"references": _references, **checks}).items():
                done.append(name)
                found += _first(check(connection))
                if found and check is _money:
                    # what is no number can't be added up
                    break
    except sqlite3.DatabaseError as error:
        found.append(f"can't be read: {error}")
    return Verified(path.name, tuple(done), tuple(found))


def _first(faults: Iterator[str]) -> list[str]:
    listed = list(faults)
    return listed if len(listed) <= MANY else [*listed[:MANY], f"and {len(listed) - MANY} more of the same kind"]


def _schema(path: Path) -> list[str]:
    engine = open_engine(path, read_only=True)
    try:
        with engine.connect() as connection:
            found, newest = schema_of(connection), newest_schema([MIGRATIONS])
    finally:
        engine.dispose()
    if found == newest:
        return []
    older = "an older Condor: the next start brings it up to date" if found <= known_schemas([MIGRATIONS]) else "another Condor"
    return [f"the schema is {', '.join(sorted(found)) or 'none'}, expected {', '.join(sorted(newest))} (written by {older})"]


def _references(connection: sqlite3.Connection) -> Iterator[str]:
    for row in connection.execute("PRAGMA foreign_key_check"):
        yield f"a row of {row[0]} refers to nothing in {row[2]}"


# ---- the rows of the records -----------------------------------------------------------------------------------------
def _money(connection: sqlite3.Connection) -> Iterator[str]:
    """Money is stored as text; a float that crept in would have lost digits."""
    for table, columns in DECIMALS.items():
        for column in columns:
            query = f"SELECT DISTINCT {column} FROM {table} WHERE {column} IS NOT NULL AND ({column} GLOB '*[^0-9.-]*' OR typeof({column}) <> 'text')"
            for (value,) in connection.execute(query):
                if not isinstance(value, str):
                    yield f"{table}.{column} holds {value!r}, which is not stored as text"
                elif not _is_decimal(value):
                    yield f"{table}.{column} holds {value!r}, which is no number"


def _is_decimal(value: str) -> bool:
    try:
        return Decimal(value).is_finite()
    except InvalidOperation:
        return False


def _intents(connection: sqlite3.Connection) -> Iterator[str]:
    """Every order has the intent that was written before it was sent, of the same account and market."""
    for (order,) in connection.execute("SELECT client_order_id FROM orders WHERE intent_id NOT IN (SELECT intent_id FROM intents)"):
        yield f"order {order} has no intent"
    query = (
        "SELECT o.client_order_id FROM orders o JOIN intents i ON i.intent_id = o.intent_id "
        "WHERE o.account <> i.account OR o.connector_name <> i.connector_name OR o.executor_id <> i.executor_id"
    )
    for (order,) in connection.execute(query):
        yield f"order {order} and its intent speak of different accounts, connectors or executors"


def _fills(connection: sqlite3.Connection) -> Iterator[str]:
    """Every execution belongs to an order of its account, connector and executor, and they add up to what the order says."""
    query = "SELECT f.trade_id, f.client_order_id FROM fills f LEFT JOIN orders o ON o.client_order_id = f.client_order_id WHERE o.client_order_id IS NULL"
    for trade_id, order in connection.execute(query):
        yield f"fill {trade_id} belongs to no order ({order})"
    query = (
        "SELECT f.trade_id, f.client_order_id FROM fills f JOIN orders o ON o.client_order_id = f.client_order_id "
        "WHERE o.account <> f.account OR o.connector_name <> f.connector_name OR o.executor_id <> f.executor_id"
    )
    for trade_id, order in connection.execute(query):
        yield f"fill {trade_id} and its order {order} speak of different accounts, connectors or executors"
    sums: dict[str, Decimal] = {}
    for order, amount in connection.execute("SELECT client_order_id, amount FROM fills"):
        sums[order] = sums.get(order, Decimal(0)) + Decimal(amount)
    for order, filled in connection.execute("SELECT client_order_id, filled_amount FROM orders"):
        if Decimal(filled) != sums.get(order, Decimal(0)):
            yield f"order {order} says that {filled} is filled, its fills say {sums.get(order, Decimal(0)):f}"


def _exposures(connection: sqlite3.Connection) -> Iterator[str]:
    """What a live executor says that it holds on a market is the sum of its fills there, less fees that were taken in base."""
    query = (
        "SELECT f.executor_id, f.trade_type, f.amount, f.fee_amount, f.fee_asset, f.connector_name, f.trading_pair FROM fills f "
        "JOIN executors e ON e.executor_id = f.executor_id WHERE e.status <> 'TERMINATED'"
    )
    sums: dict[tuple[str, str, str], Decimal] = {}
    for executor, side, amount, fee, asset, connector, pair in connection.execute(query):
        change = Decimal(amount) * (1 if side == "BUY" else -1)
        if asset == pair.partition("-")[0]:
            change -= Decimal(fee)
        where = (executor, connector, pair)
        sums[where] = sums.get(where, Decimal(0)) + change
    # an executor of several markets has none of its own: its legs say what it holds
    said = (
        "SELECT executor_id, connector_name, trading_pair, exposure_base FROM executors WHERE status <> 'TERMINATED' AND trading_pair <> '' "
        "UNION ALL SELECT executor_id, connector_name, trading_pair, exposure_base FROM legs WHERE status <> 'TERMINATED'"
    )
    for executor, connector, pair, exposure in connection.execute(said):
        found = sums.pop((executor, connector, pair), Decimal(0))
        if Decimal(exposure) != found:
            yield f"executor {executor} says that it holds {exposure}, its fills say {found:f} ({connector}:{pair})"
    for (executor, connector, pair), amount in sums.items():
        if amount:
            yield f"executor {executor} has traded {amount:f} on {connector}:{pair} and no row says that it holds it"


def _legs(connection: sqlite3.Connection) -> Iterator[str]:
    """A leg ends with its executor, and belongs to the same bot and account."""
    query = (
        "SELECT l.executor_id, l.connector_name, l.trading_pair FROM legs l LEFT JOIN executors e ON e.executor_id = l.executor_id WHERE "
        "e.executor_id IS NULL OR e.status <> l.status OR e.close_type IS NOT l.close_type OR e.account <> l.account OR e.bot_id <> l.bot_id"
    )
    for executor, connector, pair in connection.execute(query):
        yield f"the leg {connector}:{pair} of executor {executor} does not stand as its executor does"


def _ended_executors(connection: sqlite3.Connection) -> Iterator[str]:
    """No executor ends with exposure unless a hold of its market has been written."""
    query = (
        "SELECT e.executor_id, e.exposure_base FROM {table} e WHERE e.status = 'TERMINATED' AND NOT EXISTS (SELECT 1 FROM holds h "
        "WHERE h.account = e.account AND h.bot_id = e.bot_id AND h.controller_id = e.controller_id AND h.trading_pair = e.trading_pair "
        "AND h.connector_name = e.connector_name)"
    )
    rows = [row for table in ("executors", "legs") for row in connection.execute(query.format(table=table))]
    for executor, exposure in rows:
        if Decimal(exposure):
            yield f"executor {executor} ended with {exposure} and there is no hold"


def _live_executors(connection: sqlite3.Connection) -> Iterator[str]:
    """A live executor belongs to a bot that is running or stopping, on the same account."""
    query = (
        "SELECT e.executor_id, e.bot_id, b.account FROM executors e LEFT JOIN bots b ON b.bot_id = e.bot_id "
        "WHERE e.status <> 'TERMINATED' AND (b.state IS NULL OR b.state NOT IN ('running', 'stopping') OR b.account <> e.account)"
    )
    for executor, bot, _ in connection.execute(query):
        yield f"executor {executor} is not ended, but its bot {bot} does not run on its account"


def _outbox(connection: sqlite3.Connection) -> Iterator[str]:
    """Every fact is queued once for a chat, and none is ahead of what was told."""
    twice = "SELECT event_id, front, chat_id, count(*) FROM outbox GROUP BY 1, 2, 3 HAVING count(*) > 1"
    for event, front, chat, count in connection.execute(twice):
        yield f"fact {event} is queued {count} times for chat {chat} ({front})"
    ahead = (
        "SELECT max(o.event_id), c.value FROM outbox o, cursors c WHERE c.name = 'notifications' GROUP BY c.value HAVING max(o.event_id) > c.value"
    )
    for event, cursor in connection.execute(ahead):
        yield f"fact {event} was told, but the cursor stands at {cursor}"


def _serial(connection: sqlite3.Connection) -> Iterator[str]:
    """No id was given out beyond the counter that the next start goes on from."""
    (value,) = connection.execute("SELECT coalesce((SELECT value FROM runtime WHERE key = 'serial'), '0')").fetchone()
    largest = max((serial_of(intent) for (intent,) in connection.execute("SELECT intent_id FROM intents")), default=0)
    if largest > int(value):
        yield f"the counter of ids stands at {value}, an intent has {largest}"


RECORD_CHECKS: dict[str, Check] = {
    "amounts are numbers": _money,
    "orders have intents": _intents,
    "fills add up to orders": _fills,
    "executors hold what their fills say": _exposures,
    "legs stand as their executors": _legs,
    "ended executors left holds": _ended_executors,
    "live executors have bots": _live_executors,
    "alerts are queued once": _outbox,
    "ids never repeat": _serial,
    "audit is a whole chain": broken_links,
}
