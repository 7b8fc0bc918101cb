"""`/panic`: entries off, orders canceled, verified; if asked for, positions closed, verified. It goes on until that is so at every account, over restarts.

In this order: the risk gates are latched in memory, latch and bots' rows are written in one transaction, bots end, orders are canceled, accounts are looked at. A disk
that takes nothing holds none of this up for more than `DISK_S`. Nothing here is asked of a bot's controller.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import Any

from botcore.executors.base import ExecutorBase
from botcore.model.errors import UserError
from botcore.model.events import Fact, FactKind
from botcore.recorder.journal import Journal
from condor.host import WallClock
from condor.hosts import Host, Hosts
from condor.manager import BotManager
from condor.panic.accounts import AccountEyes, AccountSight
from condor.panic.closing import Account, HoldCloser
from condor.panic.states import Goal, Phase, is_at_rest, moved
from condor.services.bots import Claim
from condor.store import Connection
from condor.store.common import write_audit
from condor.store.panels import AlreadyDone
from condor.store.panic import HeldRow, PanicRow, clear_panic, halt_reason, held_rows, panic_row, put_panic, stop_all
from condor.users import Actor, Role, require
from condor.views import PanicAccountView, PanicView

log = logging.getLogger(__name__)

EVERY_S = 0.5
RESTING_ROUNDS = 10
"""At rest it looks only every so many rounds: an order may still turn up."""

DISK_S = 0.5
REPORT_S = (15.0, 60.0, 300.0, 900.0, 3600.0)
"""Pauses before each report of what is not done yet; the last one repeats until somebody acknowledges it."""

MIN_REASON = 4


class PanicService:
    """See the module."""

    def __init__(self, hosts: Hosts, manager: BotManager, journal: Journal, wall: WallClock) -> None:
        self._hosts = hosts
        self._manager = manager
        self._journal = journal
        self._wall = wall
        self._eyes = AccountEyes(hosts, manager)
        self._closer = HoldCloser(hosts, manager)
        self._row: PanicRow | None = None
        self._phases: dict[Account, Phase] = {}
        self._sights: list[AccountSight] = []
        self._rounds = 0
        self._reports = 0
        self._report_s = 0.0
        self._acknowledged = False

    # ---- doing -----------------------------------------------------------------------------------------------------
    async def begin(self, actor: Actor, claim: Claim, *, flatten: bool) -> PanicView:
        """Stop everything; asked for again while it stands it goes on as it is, or goes on to close too.

        Comes back when the entries are off, durably, and every cancel is on its way.
        """
        require(actor, Role.OPERATOR, "stopping everything", is_emergency=True)
        before, row = self._row, self._begun(actor, flatten=flatten)
        self._take(row)
        now_ms = self._wall.wall_ms()

        def write(connection: Connection) -> None:
            claim(connection)
            put_panic(connection, row, now_ms)
            write_audit(connection, now_ms, actor, "panic" if before is None else "panic_again", "trading", after=row.goal)

        written = asyncio.ensure_future(asyncio.wrap_future(self._journal.run(write)))
        await asyncio.wait({written}, timeout=DISK_S)
        if written.done() and isinstance(written.exception(), AlreadyDone) and before is not None:
            if self._row is row:
                # a button that was used closes nothing that somebody only froze since
                self._take(before)
            raise AlreadyDone("everything was stopped already")
        if written.done() and written.exception() is not None:
            # the latch must be on the disk whatever became of the button
            self._journal.run(lambda connection: put_panic(connection, row, now_ms))
        written.add_done_callback(_looked_at)
        if self._row is not None:
            # it is None when the owner released it while this was being written
            self._act()
            self._say_begun(self._row, actor.name or str(actor.user_id))
        return self.view()

    def _say_begun(self, row: PanicRow, by: str) -> None:
        """Once for each goal. The word goes before the note that it was said: a process that dies in between says it twice, never not at all."""
        if not row.is_begun:
            self._tell(FactKind.PANIC_BEGUN, {"by": by, "goal": row.goal})
            self._note(replace(row, is_begun=True))

    def _begun(self, actor: Actor, *, flatten: bool) -> PanicRow:
        goal = Goal.FLATTEN if flatten else Goal.FREEZE
        if self._row is None:
            return PanicRow(goal.value, f"{actor.name or actor.user_id} ({actor.front})", self._wall.wall_ms())
        return replace(self._row, goal=Goal.FLATTEN.value, is_told=False, is_begun=False) if flatten and self._row.goal != Goal.FLATTEN else self._row

    def resume(self) -> None:
        """Go on with what an earlier process has begun; call before bots are put together, for their rows must say that they end."""
        row = self._journal.read(panic_row).result()
        if row is not None:
            self._journal.run(lambda connection: stop_all(connection, close=row.goal == Goal.FLATTEN)).result()
            self._take(row)
            # no process before this one has said so if it died at once, or if nothing ran
            self._say_begun(row, row.by)

    async def release(self, actor: Actor, reason: str, claim: Claim) -> None:
        """Let bots be started again; what was stopped stays stopped."""
        require(actor, Role.OWNER, "releasing a panic")
        row, reason = self._row, " ".join(reason.split())[:200]
        if row is None:
            raise UserError("nothing was stopped by /panic")
        if len(reason) < MIN_REASON:
            raise UserError("expected a reason in words: what was wrong, and why it is right to go on; it is kept in the audit")
        now_ms = self._wall.wall_ms()

        def write(connection: Connection) -> None:
            claim(connection)
            clear_panic(connection)
            write_audit(connection, now_ms, actor, "release", "panic", before=f"{row.goal} by {row.by}", after=reason)

        # no round may write it down again behind this
        self._row = None
        try:
            await asyncio.wrap_future(self._journal.run(write))
        except BaseException:
            self._row = self._row or row
            raise
        if self._row is not None:
            # it was stopped again meanwhile
            return
        self._manager.stopped_all = None
        self._closer.let_go()
        self._sights, self._phases = [], {}
        self._hosts.release()
        self._tell(FactKind.TRADING_RELEASED, {"by": f"{actor.name or actor.user_id}: {reason}"})

    def acknowledge(self, actor: Actor) -> None:
        """Somebody knows what is left: it is worked on, and told again only when that changes."""
        require(actor, Role.OPERATOR, "acknowledging a panic's report", is_emergency=True)
        if self._row is not None and not self._acknowledged:
            now_ms = self._wall.wall_ms()
            self._journal.run(lambda connection: write_audit(connection, now_ms, actor, "panic_seen", "trading"))
        self._acknowledged = True

    # ---- going on --------------------------------------------------------------------------------------------------
    async def round(self) -> None:
        """Look, cancel, close, report; the scheduler calls this."""
        row = self._row
        if row is None:
            return
        self._act()
        self._rounds += 1
        if self._sights and self._is_done(row) and self._rounds % RESTING_ROUNDS:
            return
        # behind what this moment's fills have brought about
        for host in self._hosts.all():
            host.recorder.flush(None)
        bots = set(self._manager.running)
        rows = await asyncio.wrap_future(self._journal.run(held_rows))
        if self._row is not row or bots - set(self._manager.running):
            # what a bot has handed to its holds while it ended is not in these rows
            return
        self._look(Goal(row.goal), rows)
        closing = {account for account, phase in self._phases.items() if phase is Phase.CLOSING}
        if row.goal == Goal.FLATTEN:
            await self._closer.close(self._eyes.closable(rows), closing, self._now_s())
            self._dispatch()
        if self._row is row:
            self._report(row)

    def _take(self, row: PanicRow) -> None:
        """Latched from this moment on, whatever the disk does."""
        if self._row is None or self._row.goal != row.goal:
            self._reports, self._report_s, self._acknowledged = 0, self._now_s() + REPORT_S[0], False
            self._phases.update(dict.fromkeys(self._phases, Phase.CANCELLING))
            self._eyes.forget()
        self._row = row
        self._manager.stopped_all = halt_reason(row)
        self._hosts.halt(halt_reason(row))

    def _act(self) -> None:
        """What needs no disk and no venue: bots end, orders that nobody ends by himself are canceled, and all that leaves at once."""
        assert self._row is not None
        self._hosts.halt(halt_reason(self._row))
        self._closer.look()
        self._manager.stop_all(close=self._row.goal == Goal.FLATTEN, but=self._closer.bots)
        for host in self._hosts.all():
            host.clock.stepper.guard(host, _not_canceled, cancel_strays, host)
        self._dispatch()

    def _dispatch(self) -> None:
        for host in self._hosts.all():
            host.clock.step(host.runtime.dispatch)

    def _look(self, goal: Goal, rows: list[HeldRow]) -> None:
        self._sights = self._eyes.look(goal, rows)
        for seen in self._sights:
            account = seen.mode, seen.name
            before = self._phases.get(account, Phase.CANCELLING)
            self._phases[account] = after = moved(goal, before, seen.sight)
            if after is not before:
                log.warning("panic: %s (%s) is %s", seen.name, seen.mode, after)
                self._acknowledged = False

    # ---- telling ---------------------------------------------------------------------------------------------------
    def _report(self, row: PanicRow) -> None:
        """Once when all is done; before that now and then until somebody acknowledges it."""
        if self._is_done(row):
            if not row.is_told:
                # in this order: a report that is written down as told must be on its way
                self._tell(FactKind.PANIC_REPORT, self.payload())
                self._note(replace(row, is_told=True))
            return
        if row.is_told:
            if self._now_s() < self._report_s:
                # an earlier process has said so, and this one looks again
                return
            # something has turned up after the last word
            self._note(replace(row, is_told=False))
            self._report_s = self._now_s()
        if self._now_s() >= self._report_s and not self._acknowledged:
            self._reports += 1
            self._report_s = self._now_s() + REPORT_S[min(self._reports, len(REPORT_S) - 1)]
            self._tell(FactKind.PANIC_REPORT, self.payload())

    def _note(self, row: PanicRow) -> None:
        self._row = row
        now_ms = self._wall.wall_ms()
        self._journal.run(lambda connection: put_panic(connection, row, now_ms)).add_done_callback(_looked_at)

    def _is_done(self, row: PanicRow) -> bool:
        goal = Goal(row.goal)
        return bool(self._sights) and not self._unwatched(goal) and all(is_at_rest(goal, phase) for phase in self._phases.values())

    def _unwatched(self, goal: Goal) -> dict[str, str]:
        """Bots whose positions nobody can close now; it does not matter to a freeze, which leaves positions where they are."""
        return {} if goal is Goal.FREEZE else {**self._manager.broken, **self._closer.problems}

    def view(self) -> PanicView:
        """How far it is."""
        row = self._row
        if row is None:
            return PanicView(None, "", 0, True, (), ())
        goal = Goal(row.goal)
        accounts = tuple(
            PanicAccountView(
                seen.mode,
                seen.title,
                self._phases[seen.mode, seen.name].value,
                is_at_rest(goal, self._phases[seen.mode, seen.name]),
                seen.orders,
                seen.positions,
                seen.left,
                seen.why,
            )
            for seen in self._sights
        )
        troubles = tuple(f"{bot_id}: {problem}" for bot_id, problem in {**self._manager.broken, **self._closer.problems}.items())
        return PanicView(row.goal, row.by, row.since_ms, self._is_done(row), accounts, troubles)

    def payload(self) -> dict[str, Any]:
        """The same for alerts and programs."""
        view = self.view()
        accounts = [{name: getattr(account, name) for name in PanicAccountView.__slots__} for account in view.accounts]
        values = {"goal": view.goal, "by": view.by, "since_ms": view.since_ms, "is_done": view.is_done}
        return values | {"accounts": accounts, "troubles": list(view.troubles)}

    def _tell(self, kind: str, payload: dict[str, Any]) -> None:
        host = self._hosts.paper
        host.bus.publish(Fact(kind, host.clock.now_ns, payload=payload))
        host.recorder.flush(None)

    def _now_s(self) -> float:
        return self._wall.monotonic_ns() / 1e9


def cancel_strays(host: Host) -> None:
    """Cancel every order whose executor is not there to do so; a living one cancels its own, and its exit must not be taken from it."""
    for connector in host.runtime.connectors.values():
        for order in connector.tracker.open_orders():
            owner = order.owner
            if not isinstance(owner, ExecutorBase) or owner.is_closed:
                connector.cancel(order.client_order_id)


def _not_canceled(host: Host, error: Exception) -> None:
    log.error("orders could not be canceled: %s", error, exc_info=error)


def _looked_at(written: Any) -> None:
    """Nobody waits for this write any more."""
    if not written.cancelled() and written.exception() is not None and not isinstance(written.exception(), AlreadyDone):
        log.error("what /panic has done could not be written down", exc_info=written.exception())
