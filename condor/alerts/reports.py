"""Reports that come by themselves: what is due becomes a notice of the outbox, and whoever sends it makes the file. One that was missed is sent once, late."""

from __future__ import annotations

from condor.alerts.digests import DAY_MS, KINDS, LATE_MS, WEEK_MS
from condor.alerts.events import OWN_SEVERITY, Own
from condor.alerts.rules import is_quiet
from condor.hosts import ACCOUNT_OF
from condor.store import Connection, outbox
from condor.store.alert_facts import facts_between
from condor.store.alerts import prefs_of
from condor.store.common import chat as chat_row
from condor.store.outbox import OutgoingNotice
from condor.store.report_plans import WEEKLY, ReportPlan, due_plans, put_plan
from condor.views import Notice

HOUR_MS = 3_600_000


def is_report_due(connection: Connection, now_ms: int) -> bool:
    """Whether a report is due for a chat that can be reached; a dead one keeps what is due until it is back."""
    return any(_is_there(connection, plan) for plan in due_plans(connection, now_ms))


def report_round(connection: Connection, now_ms: int) -> int:
    """Queue the reports that are due and plan the next ones; returns how many were queued."""
    queued = 0
    for plan in due_plans(connection, now_ms):
        if _is_there(connection, plan):
            queued += _queue(connection, plan, now_ms)
            put_plan(connection, plan, now_ms)
    return queued


def _is_there(connection: Connection, plan: ReportPlan) -> bool:
    row = chat_row(connection, plan.chat_id, plan.front)
    return row is not None and not row.is_dead


def _queue(connection: Connection, plan: ReportPlan, now_ms: int) -> int:
    span_ms = WEEK_MS if plan.every == WEEKLY else DAY_MS
    since_ms = plan.next_ms - span_ms
    if plan.only_changes and not facts_between(connection, ACCOUNT_OF[plan.mode], KINDS, since_ms, now_ms):
        return 0
    # in whole hours, back from the moment at which it is made: one that is late has all that has come in between
    hours = -(-(now_ms - since_ms) // HOUR_MS) if now_ms - plan.next_ms > LATE_MS else span_ms // HOUR_MS
    payload = {
        "every": plan.every,
        "form": plan.form,
        "mode": plan.mode,
        "user_id": plan.user_id,
        "period": f"{hours // 24}d" if hours % 24 == 0 else f"{hours}h",
    }
    prefs = prefs_of(connection, (plan.front, plan.chat_id))
    if now_ms - plan.next_ms > LATE_MS:
        payload |= {"due_ms": plan.next_ms, "zone": prefs.zone}
    notice = Notice(outbox.own_id(connection), Own.REPORT, "", "", "", "", now_ms, payload)
    is_silent = is_quiet(prefs, now_ms)
    outbox.put(connection, [OutgoingNotice(plan.front, plan.chat_id, OWN_SEVERITY[Own.REPORT], is_silent, notice)], now_ms)
    return 1
