"""The audit as people see it, and attempts that were refused."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from botcore.recorder.journal import Journal
from condor.host import WallClock
from condor.store.audit import REFUSED, audit_rows, write_audit
from condor.store.audit import AuditRow as AuditRow
from condor.users import Actor, Role, require

PAGE = 8
SAME_MS = 60_000


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Rows, the newest first; `next_below` leads to older ones, None at the end."""

    rows: tuple[AuditRow, ...]
    next_below: int | None


class AuditService:
    """See the module."""

    def __init__(self, journal: Journal, wall: WallClock) -> None:
        self._journal = journal
        self._wall = wall
        self._refused: dict[tuple[int, str, str], int] = {}

    async def page(self, actor: Actor, *, words: str = "", only_refused: bool = False, below: int | None = None) -> AuditPage:
        """Rows in whose action, target or person `words` stand.

        Parameters
        ----------
        below : int, optional
            `next_below` of the page before.
        """
        require(actor, Role.OWNER, "looking at the audit", is_emergency=True)
        result = REFUSED if only_refused else ""
        rows = await asyncio.wrap_future(
            self._journal.read(lambda connection: audit_rows(connection, words=words, result=result, below=below, limit=PAGE + 1))
        )
        more = len(rows) > PAGE
        return AuditPage(tuple(rows[:PAGE]), rows[PAGE - 1].audit_id if more else None)

    async def refused(self, actor: Actor, action: str, target: str, reason: str) -> None:
        """Somebody tried to change what they may not; tries of the same within a minute are one row."""
        now_ms, key = self._wall.wall_ms(), (actor.user_id, action, target)
        if now_ms - self._refused.get(key, -SAME_MS) < SAME_MS:
            return
        self._refused = {other: at_ms for other, at_ms in self._refused.items() if now_ms - at_ms < SAME_MS} | {key: now_ms}
        await asyncio.wrap_future(
            self._journal.run(lambda connection: write_audit(connection, now_ms, actor, action, target, result=REFUSED, reason=reason))
        )
