"""What an account has done since its day began, from the records: for the caps, which must not forget it with a restart."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Connection, or_, select

from botcore.model.order import Purpose
from botcore.recorder import tables
from botcore.recorder.queries import WORKING


@dataclass(frozen=True, slots=True)
class DayOrder:
    """An entry that was sent today, or still works.

    Parameters
    ----------
    price : Decimal, optional
        Its limit, or for an order at market what it has paid; None when it has paid nothing yet.
    """

    client_order_id: str
    trading_pair: str
    amount: Decimal
    filled: Decimal
    price: Decimal | None
    is_open: bool
    is_of_today: bool


@dataclass(frozen=True, slots=True)
class DayFill:
    """An execution of today: signed base and quote that it has moved."""

    trading_pair: str
    trade_id: str
    client_order_id: str
    amount: Decimal
    base: Decimal
    quote: Decimal
    ts_ns: int


def day_orders(connection: Connection, account: str, connector_name: str, since_ns: int) -> list[DayOrder]:
    """Entries of an account since a time, and older ones that still work."""
    intents, orders = tables.intents, tables.orders
    columns = (
        orders.c.client_order_id,
        intents.c.trading_pair,
        intents.c.amount,
        orders.c.filled_amount,
        intents.c.price,
        orders.c.average_price,
        orders.c.state,
        intents.c.created_ns,
    )
    query = (
        select(*columns)
        .join(orders, orders.c.intent_id == intents.c.intent_id)
        .where(
            intents.c.account == account,
            intents.c.connector_name == connector_name,
            intents.c.purpose == Purpose.OPEN.value,
            or_(intents.c.created_ns >= since_ns, orders.c.state.in_(WORKING)),
        )
    )
    found = []
    for row in connection.execute(query):
        price = row.price if row.price is not None else row.average_price
        found.append(
            DayOrder(
                row.client_order_id,
                row.trading_pair,
                Decimal(row.amount),
                Decimal(row.filled_amount),
                None if price is None else Decimal(price),
                row.state in WORKING,
                row.created_ns >= since_ns,
            )
        )
    return found


def day_fills(connection: Connection, account: str, connector_name: str, since_ns: int) -> list[DayFill]:
    """Executions of an account since a time. A fee that has no price is left out."""
    table = tables.fills
    query = select(table).where(table.c.account == account, table.c.connector_name == connector_name, table.c.ts_ns >= since_ns)
    found = []
    for row in connection.execute(query):
        amount, price = Decimal(row.amount), Decimal(row.price)
        sign = 1 if row.trade_type == "BUY" else -1
        fee = Decimal(row.fee_quote) if row.fee_quote is not None else Decimal(0)
        found.append(DayFill(row.trading_pair, row.trade_id, row.client_order_id, amount, sign * amount, -sign * amount * price - fee, row.ts_ns))
    return found


def day_funding(connection: Connection, account: str, connector_name: str, since_ns: int) -> list[tuple[str, Decimal, int]]:
    """(pair, quote, ns) of each share of a payment that has a price."""
    table = tables.funding
    query = select(table.c.trading_pair, table.c.amount_quote, table.c.ts_ns).where(
        table.c.account == account, table.c.connector_name == connector_name, table.c.ts_ns >= since_ns, table.c.amount_quote.is_not(None)
    )
    return [(row.trading_pair, Decimal(row.amount_quote), row.ts_ns) for row in connection.execute(query)]
