"""Reports that come by themselves, for the chat that asks: planning them and ending them. Every change is in the audit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from botcore.model.errors import UserError
from botcore.recorder.journal import Journal
from condor.alerts.localtime import DAYS, time_text
from condor.host import WallClock
from condor.hosts import LIVE, PAPER
from condor.services.bots import Claim
from condor.services.reports import FORMS
from condor.store import Connection
from condor.store.audit import write_audit
from condor.store.report_plans import DAILY, drop_plans, plans_of, put_plan
from condor.store.report_plans import EVERY as EVERY
from condor.store.report_plans import WEEKLY as WEEKLY
from condor.store.report_plans import ReportPlan as ReportPlan
from condor.users import Actor, Role, refuse_frozen, require

T = TypeVar("T")

MODES = (PAPER, LIVE)


class ReportPlanService:
    """See the module."""

    def __init__(self, journal: Journal, wall: WallClock) -> None:
        self._journal = journal
        self._wall = wall

    async def all(self, actor: Actor) -> list[ReportPlan]:
        """What this chat is sent by itself."""
        require(actor, Role.VIEWER, "looking at reports")
        return await asyncio.wrap_future(self._journal.read(lambda connection: plans_of(connection, (actor.front, actor.chat_id))))

    async def plan(
        self, actor: Actor, every: str, form: str, mode: str, at_minute: int, claim: Claim, *, weekday: int = 0, only_changes: bool = False
    ) -> ReportPlan:
        """Have this chat be sent a report each day, or each week.

        Parameters
        ----------
        weekday : int
            Of a weekly one; 0 for Monday.
        only_changes : bool
            Whether it is left out where nothing has ended in its time.

        Raises
        ------
        UserError
            If it is neither daily nor weekly, or of no form or mode that there is.
        """
        self._may_change(actor)
        if every not in EVERY:
            raise UserError(f"expected {DAILY} or {WEEKLY}, found {every!r}")
        if form not in FORMS:
            raise UserError(f"expected {' or '.join(FORMS)}, found {form!r}")
        if mode not in MODES:
            raise UserError(f"expected {' or '.join(MODES)}, found {mode!r}")
        now_ms = self._wall.wall_ms()
        day = weekday if every == WEEKLY else -1
        plan = ReportPlan(actor.front, actor.chat_id, every, actor.user_id, form, mode, at_minute, day, only_changes)

        def write(connection: Connection) -> ReportPlan:
            claim(connection)
            write_audit(connection, now_ms, actor, "plan_report", f"chat {actor.chat_id}", after=plan_text(plan))
            return put_plan(connection, plan, now_ms)

        return await self._write(write)

    async def end(self, actor: Actor, every: str, claim: Claim) -> int:
        """Send this chat no more of them; `every` names one, empty stands for both. Returns how many there were."""
        self._may_change(actor)
        now_ms = self._wall.wall_ms()

        def write(connection: Connection) -> int:
            claim(connection)
            count = drop_plans(connection, (actor.front, actor.chat_id), every)
            if count:
                write_audit(connection, now_ms, actor, "plan_report", f"chat {actor.chat_id}", before=every or "all", after="off")
            return count

        return await self._write(write)

    @staticmethod
    def _may_change(actor: Actor) -> None:
        """In a group it concerns others too."""
        require(actor, Role.VIEWER if actor.chat_id > 0 else Role.OPERATOR, "planning reports")
        refuse_frozen(actor, Role.VIEWER)

    async def _write(self, work: Callable[[Connection], T]) -> T:
        return await asyncio.wrap_future(self._journal.run(work))


def plan_text(plan: ReportPlan) -> str:
    """`weekly Mon 09:00, CSV of paper, only when something has ended`."""
    day = f" {DAYS[plan.weekday].capitalize()}" if plan.weekday >= 0 else ""
    when = ", only when something has ended" if plan.only_changes else ""
    return f"{plan.every}{day} {time_text(plan.at_minute)}, {plan.form.upper()} of {plan.mode}{when}"
