"""What a person asked of one executor: that it ends. The row of the audit is what a restart goes by, as by a bot's row: a death behind it takes nothing back."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, select

from condor.store import tables
from condor.store.audit import DONE, write_audit
from condor.users import Actor

CANCEL_ORDER, CLOSE = "cancel_order", "close"
CANCELLING, KEEPING, CLOSING = "cancelling", "stop and keep", "close at market"


def ask_cancel(connection: Connection, wall_ms: int, actor: Actor, bot_id: str, executor_id: str) -> None:
    """Note that an order by hand is to be taken back; what it has filled stays held."""
    write_audit(connection, wall_ms, actor, CANCEL_ORDER, f"{bot_id}/{executor_id}", before="at work", after=CANCELLING)


def ask_close(connection: Connection, wall_ms: int, actor: Actor, bot_id: str, executor_id: str, *, keep_position: bool) -> None:
    """Note that an executor is to end, and what becomes of its position."""
    write_audit(connection, wall_ms, actor, CLOSE, f"{bot_id}/{executor_id}", before="running", after=KEEPING if keep_position else CLOSING)


def ends_asked(connection: Connection, of: Iterable[tuple[str, str]]) -> list[tuple[str, str, bool]]:
    """(bot, executor, whether it keeps its position) of those among these (bot, executor) that a person has asked to end, in the order of asking."""
    table, wanted = tables.audit, {f"{bot_id}/{executor_id}": (bot_id, executor_id) for bot_id, executor_id in of}
    if not wanted:
        return []
    query = select(table.c.target, table.c.after).where(table.c.action.in_((CANCEL_ORDER, CLOSE)), table.c.result == DONE)
    rows = connection.execute(query.order_by(table.c.audit_id))
    return [(*wanted[row.target], row.after != CLOSING) for row in rows if row.target in wanted]
