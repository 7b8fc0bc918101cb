"""Reports that chats want to be sent by themselves: rows, so that a start finds what is due, and what was due while nothing ran."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from condor.alerts.localtime import next_daily
from condor.store import tables
from condor.store.alerts import Chat, of_chat, prefs_of

DAILY, WEEKLY = "daily", "weekly"
EVERY = (DAILY, WEEKLY)


@dataclass(frozen=True, slots=True)
class ReportPlan:
    """One report that comes by itself, each day or each week.

    Parameters
    ----------
    at_minute : int
        Minute of the chat's local day.
    weekday : int
        0 for Monday; -1 for every day.
    only_changes : bool
        Whether it is left out where nothing has ended in its time.
    next_ms : int
        When it is due.
    """

    front: str
    chat_id: int
    every: str
    user_id: int
    form: str
    mode: str
    at_minute: int
    weekday: int = -1
    only_changes: bool = False
    next_ms: int = 0


def plans_of(connection: Connection, chat: Chat) -> list[ReportPlan]:
    """What a chat has asked for; the daily one first."""
    table = tables.report_plans
    return [ReportPlan(**row._mapping) for row in connection.execute(select(table).where(*of_chat(table, chat)).order_by(table.c.every))]


def due_plans(connection: Connection, now_ms: int) -> list[ReportPlan]:
    """Those whose time has come."""
    table = tables.report_plans
    query = select(table).where(table.c.next_ms <= now_ms).order_by(table.c.front, table.c.chat_id, table.c.every)
    return [ReportPlan(**row._mapping) for row in connection.execute(query)]


def put_plan(connection: Connection, plan: ReportPlan, now_ms: int) -> ReportPlan:
    """Plan it, or plan it anew; the next time is worked out here, by the chat's time zone."""
    zone = prefs_of(connection, (plan.front, plan.chat_id)).zone
    plan = replace(plan, next_ms=next_daily(zone, plan.at_minute, now_ms, plan.weekday))
    values = asdict(plan)
    keys = ["front", "chat_id", "every"]
    changed = {name: value for name, value in values.items() if name not in keys}
    connection.execute(upsert(tables.report_plans).values(values).on_conflict_do_update(index_elements=keys, set_=changed))
    return plan


def drop_plans(connection: Connection, chat: Chat, every: str = "") -> int:
    """Send them no more, or only the daily or the weekly one; returns how many there were."""
    table = tables.report_plans
    where = of_chat(table, chat) if not every else (*of_chat(table, chat), table.c.every == every)
    return int(connection.execute(delete(table).where(*where)).rowcount)


def drop_plans_by(connection: Connection, front: str, user_id: int) -> int:
    """Send no more of what this person has asked for, in whatever chat of this front end; returns how many there were."""
    table = tables.report_plans
    return int(connection.execute(delete(table).where(table.c.front == front, table.c.user_id == user_id)).rowcount)


def plan_anew(connection: Connection, chat: Chat, zone: str, now_ms: int) -> None:
    """Have a chat's reports come by another time zone."""
    table = tables.report_plans
    for plan in plans_of(connection, chat):
        next_ms = next_daily(zone, plan.at_minute, now_ms, plan.weekday)
        connection.execute(update(table).where(*of_chat(table, chat), table.c.every == plan.every).values(next_ms=next_ms))
