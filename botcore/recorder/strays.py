"""What a connection to a venue asks the records at its start: which pairs were ever traded (whose an order was, `stray_records` knows)."""

from __future__ import annotations

from sqlalchemy import Connection, select

from botcore.recorder import tables


def traded_pairs(connection: Connection, account: str, connector_name: str, since_ns: int = 0) -> list[str]:
    """Pairs that an intent was written for since a market time, in alphabetical order."""
    intents = tables.intents
    wanted = (intents.c.account == account, intents.c.connector_name == connector_name, intents.c.created_ns >= since_ns)
    return list(connection.execute(select(intents.c.trading_pair).where(*wanted).distinct().order_by(intents.c.trading_pair)).scalars())
