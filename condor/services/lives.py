"""The whole life of an executor, and how those that have ended did so: from the records."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from botcore.recorder.journal import Journal
from botcore.recorder.queries import executor_by_id
from condor.hosts import ACCOUNT_OF, PAPER
from condor.result_views import LifeView
from condor.services.history import executor_view_of
from condor.store import Connection
from condor.store.bots import bot_by_id
from condor.store.results import account_of, fills_of, orders_of
from condor.users import Actor, Role, require

MODE_OF = {account: mode for mode, account in ACCOUNT_OF.items()}


class LifeService:
    """See the module."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    async def of(self, actor: Actor, executor_id: str) -> LifeView | None:
        """An executor with its orders and fills, as last written down; None when there is no such id."""
        require(actor, Role.VIEWER, "looking at executors")

        def read(connection: Connection) -> LifeView | None:
            found = executor_by_id(connection, executor_id)
            if found is None:
                return None
            bot_id, record, _ = found
            row = bot_by_id(connection, bot_id)
            view = executor_view_of(record, bot_id, row.title if row is not None else bot_id)
            mode = MODE_OF.get(account_of(connection, executor_id) or "", PAPER)
            orders, fills = orders_of(connection, executor_id), fills_of(connection, executor_id)
            return LifeView(view, mode, record.config, tuple(orders), tuple(fills), record.created_ns, record.close_ns, _levels(record.state))

        return await asyncio.wrap_future(self._journal.read(read))


def _levels(state: Mapping[str, Any]) -> tuple[Decimal, ...]:
    """Prices of a grid's levels, as it has laid them out; none for others."""
    levels = state.get("levels")
    if not isinstance(levels, list):
        return ()
    return tuple(Decimal(str(level["price"])) for level in levels if isinstance(level, dict) and "price" in level)
