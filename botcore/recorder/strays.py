"""What a connection to a venue asks the records: whose is this order, how far were executions read, which pairs were ever traded.

The answers are for orders and fills that the process does not know any more: of executors long closed, of bots that are gone, of before a crash.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import BigInteger, Connection, cast, func, select

from botcore.orders.ids import serial_of
from botcore.recorder import tables
from botcore.recorder.queries import LIVE, runtime_value
from botcore.recorder.rows import intent_of
from botcore.recorder.tables import last_ns_key


@dataclass(frozen=True, slots=True)
class OrderOwner:
    """Whose an order is and what it was sent for, as it was written before it left.

    Parameters
    ----------
    price : Decimal, optional
        None for an order at market.
    state : str, optional
        How the order was last written down (`OrderState`); None when this attempt of its intent was never written.
    filled_amount : Decimal
        In base, as booked.
    """

    account: str
    bot_id: str
    controller_id: str
    executor_id: str
    connector_name: str
    trading_pair: str
    trade_type: str
    order_type: str
    purpose: str
    position_action: str
    amount: Decimal
    price: Decimal | None
    created_ns: int
    state: str | None
    filled_amount: Decimal


def owner_of(connection: Connection, client_order_id: str) -> OrderOwner | None:
    """Who sent an order, also long ago; None when no intent of that name was ever written."""
    intents, orders = tables.intents, tables.orders
    query = (
        select(intents, orders.c.state, orders.c.filled_amount)
        .outerjoin(orders, (orders.c.intent_id == intents.c.intent_id) & (orders.c.client_order_id == client_order_id))
        .where(intents.c.intent_id == intent_of(client_order_id))
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    return OrderOwner(
        row.account,
        row.bot_id,
        row.controller_id,
        row.executor_id,
        row.connector_name,
        row.trading_pair,
        row.trade_type,
        row.order_type,
        row.purpose,
        row.position_action,
        Decimal(row.amount),
        None if row.price is None else Decimal(row.price),
        row.created_ns,
        row.state,
        Decimal(row.filled_amount or 0),
    )


def last_trade_id(connection: Connection, account: str, connector_name: str, trading_pair: str) -> str | None:
    """Trade id of the newest execution that is booked; None when there is none. Ids that are numbers are compared as such."""
    fills = tables.fills
    of_market = (fills.c.account == account) & (fills.c.connector_name == connector_name) & (fills.c.trading_pair == trading_pair)
    newest = fills.c.ts_ns.desc(), cast(fills.c.trade_id, BigInteger).desc(), fills.c.trade_id.desc()
    found: str | None = connection.execute(select(fills.c.trade_id).where(of_market).order_by(*newest).limit(1)).scalar_one_or_none()
    return found


def is_booked(connection: Connection, account: str, connector_name: str, trading_pair: str, trade_id: str) -> bool:
    """Whether an execution is in the records."""
    fills = tables.fills
    key = (fills.c.account == account, fills.c.connector_name == connector_name, fills.c.trading_pair == trading_pair, fills.c.trade_id == trade_id)
    return connection.execute(select(fills.c.trade_id).where(*key)).first() is not None


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


def largest_serial(connection: Connection) -> int:
    """The largest serial that any row carries in an id of ours: what counts when the counter itself was lost."""
    ids = [*connection.execute(select(tables.intents.c.intent_id)).scalars(), *connection.execute(select(tables.executors.c.executor_id)).scalars()]
    return max((serial_of(our_id) for our_id in ids), default=0)
