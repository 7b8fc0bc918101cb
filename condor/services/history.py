"""What has been: ended executors, one by one and page by page."""

from __future__ import annotations

import asyncio
from decimal import Decimal

from botcore.model.records import ExecutorRecord, FillRecord
from botcore.recorder.journal import Journal
from botcore.recorder.queries import closed_executors, executor_by_id
from condor.services.bot_views import joined
from condor.store import Connection
from condor.store.bots import bot_by_id
from condor.store.results import close_types
from condor.users import Actor, Role, require
from condor.views import ExecutorView, HistoryPage


class HistoryService:
    """Ended executors, from the records."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    async def page(self, actor: Actor, *, bot_id: str | None = None, close_type: str | None = None, offset: int = 0, limit: int = 8) -> HistoryPage:
        """Executors that have ended with at least one fill, newest first; of one bot, or those that have ended in one way."""
        require(actor, Role.VIEWER, "looking at the history")

        def read(connection: Connection) -> HistoryPage:
            ways = close_types(connection, bot_id)
            known = sum(count for name, count in ways if close_type in (None, name))
            rows, total = closed_executors(connection, bot_id=bot_id, close_type=close_type, offset=offset, limit=limit, total=known)
            titles: dict[str, str] = {}
            for owner, _ in rows:
                if owner not in titles:
                    row = bot_by_id(connection, owner)
                    titles[owner] = row.title if row is not None else owner
            return HistoryPage(
                tuple(executor_view_of(record, owner, titles[owner]) for owner, record in rows),
                offset,
                total,
                tuple(item for item in ways if item[0]),
            )

        return await asyncio.wrap_future(self._journal.read(read))

    async def executor(self, actor: Actor, executor_id: str) -> tuple[ExecutorView, list[FillRecord]] | None:
        """One executor as it was last written down, with its fills; None when there is no such id."""
        require(actor, Role.VIEWER, "looking at executors")

        def read(connection: Connection) -> tuple[ExecutorView, list[FillRecord]] | None:
            found = executor_by_id(connection, executor_id)
            if found is None:
                return None
            owner, record, fills = found
            row = bot_by_id(connection, owner)
            return executor_view_of(record, owner, row.title if row is not None else owner), fills

        return await asyncio.wrap_future(self._journal.read(read))


def executor_view_of(record: ExecutorRecord, bot_id: str, title: str) -> ExecutorView:
    """An executor as it was last written down."""
    amount = record.config.get("amount")
    return ExecutorView(
        record.executor_id,
        bot_id,
        title,
        record.controller_id,
        record.type,
        record.status,
        record.side,
        record.connector_name or joined(leg.connector_name for leg in record.legs),
        record.trading_pair or joined(leg.trading_pair for leg in record.legs),
        record.config.get("level_id"),
        None if amount is None else Decimal(str(amount)),
        record.entry_price,
        record.exit_price,
        record.net_pnl_quote,
        record.net_pnl_pct,
        record.fees_quote,
        record.volume_quote,
        max(0, record.close_ns - record.created_ns) / 1e9,
        record.close_type,
        record.reason,
        False,
    )
