"""Prices that somebody wants to hear of: rows, so that a restart forgets none."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Connection, delete, insert, select, update

from condor.store import tables
from condor.store.alerts import Chat, of_chat


@dataclass(frozen=True, slots=True)
class PriceAlert:
    """One price. `side` is above or below; a repeated one is armed again when the price has come back."""

    alert_id: int
    front: str
    chat_id: int
    user_id: int
    connector_name: str
    trading_pair: str
    side: str
    price: Decimal
    is_repeated: bool
    is_armed: bool

    def is_reached(self, price: Decimal) -> bool:
        return price >= self.price if self.side == "above" else price <= self.price


def add_price_alert(connection: Connection, alert: PriceAlert, wall_ms: int) -> int:
    values = {name: getattr(alert, name) for name in PriceAlert.__slots__ if name != "alert_id"} | {"price": format(alert.price, "f")}
    key = connection.execute(insert(tables.price_alerts).values(**values, created_ms=wall_ms)).inserted_primary_key
    assert key is not None
    return int(key[0])


def price_alerts(connection: Connection, chat: Chat | None = None) -> list[PriceAlert]:
    """Those of a chat, or all."""
    table = tables.price_alerts
    query = select(table).order_by(table.c.alert_id)
    if chat is not None:
        query = query.where(*of_chat(table, chat))
    found = []
    for row in connection.execute(query):
        values = {name: getattr(row, name) for name in PriceAlert.__slots__} | {"price": Decimal(row.price)}
        found.append(PriceAlert(**values))
    return found


def arm(connection: Connection, alert_id: int, *, is_armed: bool) -> bool:
    """Whether it may speak; False when it is gone."""
    table = tables.price_alerts
    return bool(connection.execute(update(table).where(table.c.alert_id == alert_id).values(is_armed=is_armed)).rowcount)


def drop_price_alert(connection: Connection, alert_id: int, chat: Chat | None = None) -> bool:
    """Forget one; False when it is gone already, or is another chat's."""
    table = tables.price_alerts
    where = [table.c.alert_id == alert_id, *(of_chat(table, chat) if chat is not None else ())]
    return bool(connection.execute(delete(table).where(*where)).rowcount)
