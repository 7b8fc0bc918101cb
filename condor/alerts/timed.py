"""What is told because of the time: repeats of what is critical, digests, reports, what the second channel is handed. Called every few seconds; rows say what is due."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from botcore.recorder.journal import Journal
from botcore.recorder.queries import last_event_id
from condor.alerts.digests import digest_round, is_due
from condor.alerts.escalation import escalate, to_hand_on
from condor.alerts.expand import CURSOR
from condor.alerts.repeats import repeat
from condor.alerts.reports import is_report_due, report_round
from condor.host import WallClock
from condor.store import Connection
from condor.store.alert_threads import due_repeats, prune_threads
from condor.store.common import cursor

PRUNE_ROUNDS = 1000


class TimedAlerts:
    """See the module.

    Parameters
    ----------
    standing : callable
        What a digest says of the moment, as (name, value).
    on_queued : callable
        Called when something was put into the outbox.
    second : str
        Front end of the second channel; empty for none.
    on_facts : callable
        Called when facts wait that nobody has been told of: what services write down with a change wakes nobody by itself.
    refused_ms : callable
        Since when Telegram refuses us (401), or somebody else holds the token (409); None while it does not.
    """

    def __init__(
        self,
        journal: Journal,
        wall: WallClock,
        standing: Callable[[], Sequence[tuple[str, str]]],
        on_queued: Callable[[], None],
        second: str = "",
        refused_ms: Callable[[], int | None] = lambda: None,
        on_facts: Callable[[], None] = lambda: None,
    ) -> None:
        self._journal = journal
        self._wall = wall
        self._standing = standing
        self._on_queued = on_queued
        self._second = second
        self._refused_ms = refused_ms
        self._on_facts = on_facts
        self._rounds = 0

    async def round(self) -> None:
        """Queue what is due; nothing is written when nothing is."""
        now_ms = self._wall.wall_ms()
        self._rounds += 1
        if self._rounds % PRUNE_ROUNDS == 0:
            await asyncio.wrap_future(self._journal.run(lambda connection: prune_threads(connection, now_ms)))
        refused_ms = self._refused_ms()

        def look(connection: Connection) -> tuple[bool, bool]:
            is_away = bool(self._second) and bool(to_hand_on(connection, now_ms, refused_ms=refused_ms, second=self._second))
            is_unread = last_event_id(connection) > (cursor(connection, CURSOR) or 0)
            return is_away or bool(due_repeats(connection, now_ms)) or is_due(connection, now_ms) or is_report_due(connection, now_ms), is_unread

        is_something_due, is_unread = await asyncio.wrap_future(self._journal.read(look))
        if is_unread:
            self._on_facts()
        if not is_something_due:
            return
        standing = list(self._standing())

        def write(connection: Connection) -> int:
            handed_on = escalate(connection, now_ms, refused_ms=refused_ms, second=self._second) if self._second else 0
            return handed_on + repeat(connection, now_ms) + digest_round(connection, now_ms, standing) + report_round(connection, now_ms)

        if await asyncio.wrap_future(self._journal.run(write)):
            self._on_queued()
