"""`SqlFundingRecords`: which funding payments are booked, and who held what when one was paid.

Who held what at a time of the past is what executors and holds have now, less what was traded since: both stand in one snapshot of the records, for a fill is committed
together with what it changes.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from sqlalchemy import Connection, select

from botcore.model.instrument import Market
from botcore.recorder import tables
from botcore.recorder.journal import Journal
from botcore.recorder.queries import LIVE


class SqlFundingRecords:
    """Implements `FundingRecords` for one account."""

    def __init__(self, journal: Journal, account: str) -> None:
        self._journal = journal
        self._account = account

    def has_funding(self, market: Market, funding_id: str) -> bool:
        table = tables.funding
        where = (
            table.c.account == self._account,
            table.c.connector_name == market.connector_name,
            table.c.trading_pair == market.trading_pair,
            table.c.funding_id == funding_id,
        )
        return self._journal.read(
            lambda connection: connection.execute(select(table.c.funding_id).where(*where).limit(1)).first() is not None
        ).result()

    def exposures(self, market: Market, ts_ns: int) -> dict[tuple[str, str], Decimal]:
        return self._journal.read(lambda connection: exposures_at(connection, self._account, market, ts_ns)).result()

    def traded_since(self, market: Market, ts_ns: int) -> Decimal:
        return self._journal.read(lambda connection: sum(_traded(connection, self._account, market, ts_ns).values(), Decimal(0))).result()


def exposures_at(connection: Connection, account: str, market: Market, ts_ns: int) -> dict[tuple[str, str], Decimal]:
    """Signed base by (bot, controller) on a perpetual market at a time of the past; those that held nothing are left out. Nobody's holds have no bot."""
    found: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    executors, legs, holds = tables.executors, tables.legs, tables.holds
    for table, amount in ((executors, executors.c.exposure_base), (legs, legs.c.exposure_base), (holds, holds.c.net_amount_base)):
        of_market = (table.c.account == account, table.c.connector_name == market.connector_name, table.c.trading_pair == market.trading_pair)
        query = select(table.c.bot_id, table.c.controller_id, amount).where(*of_market)
        if table is not holds:
            query = query.where(table.c.status.in_(LIVE))
        for bot_id, controller_id, base in connection.execute(query):
            found[bot_id, controller_id] += Decimal(base)
    for holder, base in _traded(connection, account, market, ts_ns).items():
        found[holder] -= base
    return {holder: base for holder, base in found.items() if base}


def _traded(connection: Connection, account: str, market: Market, ts_ns: int) -> dict[tuple[str, str], Decimal]:
    """Signed base of executions after a time, by holder."""
    fills, found = tables.fills, defaultdict[tuple[str, str], Decimal](Decimal)
    query = select(fills.c.bot_id, fills.c.controller_id, fills.c.trade_type, fills.c.amount).where(
        fills.c.account == account,
        fills.c.connector_name == market.connector_name,
        fills.c.trading_pair == market.trading_pair,
        fills.c.ts_ns > ts_ns,
    )
    for bot_id, controller_id, side, amount in connection.execute(query):
        found[bot_id, controller_id] += Decimal(amount) if side == "BUY" else -Decimal(amount)
    return found
