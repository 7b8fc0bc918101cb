"""`condor verify`: are the databases of a home sound, and do their rows agree with each other?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DatabaseError

from botcore.recorder.journal import open_engine
from condor.home import Home
from condor.store.soundness import damage_of

MONEY = {
    "fills": ("price", "amount", "fee_amount"),
    "orders": ("filled_amount",),
    "executors": ("exposure_base", "fees_quote", "volume_quote"),
    "holds": ("net_amount_base", "cost_quote", "realized_gross"),
}


def verify(home: Home) -> Iterator[tuple[str, list[str]]]:
    """(file, faults) of every database that exists; no faults means sound."""
    for path, checks in ((home.database, RECORD_CHECKS), (home.paper_database, ()), (home.chat_database, ())):
        if path.is_file():
            yield path.name, _faults(path, checks)


Check = Callable[[Connection], list[str]]


def _faults(path: Path, checks: tuple[Check, ...]) -> list[str]:
    damage = damage_of(path, thorough=True)
    if damage:
        return [line if line.startswith("can't") else f"integrity: {line}" for line in damage]
    engine: Engine = open_engine(path, read_only=True)
    try:
        with engine.connect() as connection:
            found = _references(connection)
            return found or [fault for check in checks for fault in check(connection)]
    except DatabaseError as error:
        return [f"can't be read: {error.orig}"]
    finally:
        engine.dispose()


def _references(connection: Connection) -> list[str]:
    broken = connection.execute(text("PRAGMA foreign_key_check")).all()
    return [f"a row of {row[0]} refers to nothing in {row[2]}" for row in broken[:20]]


def _orders_and_fills(connection: Connection) -> list[str]:
    """An order's filled amount is the sum of its fills."""
    sums: dict[str, Decimal] = {}
    for order_id, amount in connection.execute(text("SELECT client_order_id, amount FROM fills")):
        sums[order_id] = sums.get(order_id, Decimal(0)) + Decimal(amount)
    found = []
    for order_id, filled in connection.execute(text("SELECT client_order_id, filled_amount FROM orders")):
        if Decimal(filled) != sums.pop(order_id, Decimal(0)):
            found.append(f"order {order_id} says that {filled} is filled, its fills say otherwise")
    return found + [f"fills of {order_id} belong to no order" for order_id in sums]


def _intents(connection: Connection) -> list[str]:
    """Every order has the intent that was written before it was sent."""
    query = "SELECT client_order_id FROM orders WHERE intent_id NOT IN (SELECT intent_id FROM intents)"
    return [f"order {row[0]} has no intent" for row in connection.execute(text(query))]


def _ended_executors(connection: Connection) -> list[str]:
    """No executor ends with exposure unless a hold of its market has been written."""
    query = (
        "SELECT e.executor_id, e.exposure_base FROM executors e WHERE e.status = 'TERMINATED' AND NOT EXISTS ("
        "SELECT 1 FROM holds h WHERE h.bot_id = e.bot_id AND h.controller_id = e.controller_id AND h.trading_pair = e.trading_pair)"
    )
    return [f"executor {row[0]} ended with {row[1]} and there is no hold" for row in connection.execute(text(query)) if Decimal(row[1])]


def _live_executors(connection: Connection) -> list[str]:
    """A live executor belongs to a bot that is running or stopping."""
    query = (
        "SELECT e.executor_id, e.bot_id FROM executors e LEFT JOIN bots b ON b.bot_id = e.bot_id "
        "WHERE e.status != 'TERMINATED' AND (b.state IS NULL OR b.state NOT IN ('running', 'stopping'))"
    )
    return [f"executor {row[0]} is not ended, but its bot {row[1]} does not run" for row in connection.execute(text(query))]


def _money(connection: Connection) -> list[str]:
    """Money is stored as text; a float that crept in would have lost digits."""
    found = []
    for table, columns in MONEY.items():
        for column in columns:
            count = connection.execute(text(f"SELECT count(*) FROM {table} WHERE typeof({column}) != 'text'")).scalar_one()
            if count:
                found.append(f"{count} values of {table}.{column} are not stored as text")
    return found


RECORD_CHECKS: tuple[Check, ...] = (_money, _intents, _orders_and_fills, _ended_executors, _live_executors)
