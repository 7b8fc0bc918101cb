"""`SqlStrayRecords`: what the records know of an order that the process has forgotten, for whoever adopts it (`botcore.strategies.strays`).

Only what is committed is seen. That is enough: what is younger is still known to the tracker, and never comes here.
"""

from __future__ import annotations

import logging

from sqlalchemy import Connection, select

from botcore.model.enums import RunnableStatus
from botcore.model.instrument import Market
from botcore.model.records import FillRecord, HoldRecord, IntentRecord, OrderRecord
from botcore.recorder import tables
from botcore.recorder.journal import Journal
from botcore.recorder.rows import intent_of, read_record

log = logging.getLogger(__name__)

ENDED = RunnableStatus.TERMINATED.name


class SqlStrayRecords:
    """Implements `StrayRecords` for one account."""

    def __init__(self, journal: Journal, account: str) -> None:
        self._journal = journal
        self._account = account

    def intent(self, client_order_id: str) -> IntentRecord | None:
        return self._journal.read(lambda connection: _intent(connection, client_order_id)).result()

    def fills(self, client_order_id: str) -> list[FillRecord]:
        query = select(tables.fills).where(tables.fills.c.account == self._account, tables.fills.c.client_order_id == client_order_id)
        return self._journal.read(lambda connection: [read_record(FillRecord, row) for row in connection.execute(query)]).result()

    def hold(self, bot_id: str, controller_id: str, market: Market, bucket: str) -> HoldRecord | None:
        holds = tables.holds
        query = select(holds).where(
            holds.c.account == self._account,
            holds.c.bot_id == bot_id,
            holds.c.controller_id == controller_id,
            holds.c.connector_name == market.connector_name,
            holds.c.trading_pair == market.trading_pair,
            holds.c.bucket == bucket,
        )

        def read(connection: Connection) -> HoldRecord | None:
            row = connection.execute(query).one_or_none()
            return None if row is None else read_record(HoldRecord, row)

        return self._journal.read(read).result()

    def holds(self, connector_name: str) -> list[HoldRecord]:
        return [record for _, record in self.owned_holds(connector_name)]

    def owned_holds(self, connector_name: str) -> list[tuple[str, HoldRecord]]:
        holds = tables.holds
        query = select(holds).where(holds.c.account == self._account, holds.c.connector_name == connector_name)
        found = []
        for row in self._journal.read(lambda connection: connection.execute(query).all()).result():
            try:
                found.append((row.bot_id, read_record(HoldRecord, row)))
            except (ArithmeticError, ValueError) as error:
                # its bot is told to be broken; the holds of the others count all the same
                log.critical("the hold of %s in %s can't be read: %r", row.bot_id, row.trading_pair, error)
        return found


def _intent(connection: Connection, client_order_id: str) -> IntentRecord | None:
    intents, orders, executors = tables.intents, tables.orders, tables.executors
    query = (
        select(intents, orders.c.client_order_id, orders.c.exchange_order_id, orders.c.state, orders.c.reason, executors.c.status)
        .join(orders, orders.c.intent_id == intents.c.intent_id)
        .outerjoin(executors, executors.c.executor_id == intents.c.executor_id)
        .where(intents.c.intent_id == intent_of(client_order_id), orders.c.client_order_id == client_order_id)
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else IntentRecord(row.bot_id, row.controller_id, read_record(OrderRecord, row), row.status not in (None, ENDED))
