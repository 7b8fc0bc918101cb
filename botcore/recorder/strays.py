"""What a connection to a venue asks the records at its start: which pairs were ever traded, and from when on their executions may be missing there.

Whose an order was that the process has forgotten, `stray_records` knows.
"""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from botcore.recorder import tables
from botcore.recorder.queries import LIVE, runtime_value
from botcore.recorder.tables import last_ns_key


def traded_pairs(connection: Connection, account: str, connector_name: str, since_ns: int = 0) -> list[str]:
    """Pairs that an intent was written for since a market time, in alphabetical order."""
    intents = tables.intents
    wanted = (intents.c.account == account, intents.c.connector_name == connector_name, intents.c.created_ns >= since_ns)
    return list(connection.execute(select(intents.c.trading_pair).where(*wanted).distinct().order_by(intents.c.trading_pair)).scalars())


def unread_since_ns(connection: Connection, account: str, connector_name: str, traded_since_ns: int = 0) -> dict[str, int]:
    """Pair -> time from which its executions may be missing in the records, where nobody has written down how far they were read.

    That is when its oldest living executor was made or one of its holds changed last, and in any case the account's last record: after that nobody listened. Pairs
    in which nothing lives and nothing was ordered since `traded_since_ns` are left out.
    """
    last_ns = runtime_value(connection, last_ns_key(account))
    found = dict.fromkeys(traded_pairs(connection, account, connector_name, traded_since_ns), last_ns) if last_ns else {}
    executors, holds = tables.executors, tables.holds
    for bot_id in _bots(connection):
        lives = (executors.c.bot_id == bot_id) & executors.c.status.in_(LIVE)
        there = (executors.c.account == account) & (executors.c.connector_name == connector_name)
        pair = executors.c.trading_pair
        rows = connection.execute(select(pair, func.min(executors.c.created_ns)).where(lives, there).group_by(pair)).all()
        found |= {trading_pair: min(created_ns, found.get(trading_pair, created_ns)) for trading_pair, created_ns in rows}
    legs = tables.legs
    there = (legs.c.account == account) & (legs.c.connector_name == connector_name) & legs.c.status.in_(LIVE)
    of_legs = select(legs.c.trading_pair, executors.c.created_ns).join(executors, executors.c.executor_id == legs.c.executor_id).where(there)
    for trading_pair, created_ns in connection.execute(of_legs):
        found[trading_pair] = min(created_ns, found.get(trading_pair, created_ns))
    held = (holds.c.account == account) & (holds.c.connector_name == connector_name) & (holds.c.net_amount_base != "0")
    for trading_pair, updated_ns in connection.execute(select(holds.c.trading_pair, holds.c.updated_ns).where(held)):
        found[trading_pair] = min(updated_ns, found.get(trading_pair, updated_ns))
    return found


def _bots(connection: Connection) -> list[str]:
    """Ids of all bots that ever had an executor: one step in an index for each, however many executors there were."""
    bot_id = tables.executors.c.bot_id
    found: list[str] = []
    while (next_id := connection.execute(select(func.min(bot_id)).where(bot_id > (found[-1] if found else ""))).scalar_one()) is not None:
        found.append(next_id)
    return found
