"""Funding payments, read from the venue's list: with pair, time and id, each once. A stream only says that there were some (on cross margin not even for which pair), and
nothing at all while nobody listens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from botcore.venues.account_news import FundingPaid
from botcore.venues.caller import Caller
from botcore.venues.dialect import Dialect, Unreadable
from botcore.venues.memory import VenueMemory
from botcore.venues.tasks import Tasks
from botcore.venues.wire import NoReply

MARK = "funding"
"""Key of the time up to which payments were read."""

MARGIN_MS = 3_600_000
"""A list may show a payment late: so far before the mark it is read again."""

LOOK_S = (1.0, 5.0, 30.0, 120.0)
"""Pauses after which the list is read when the stream tells of a payment, until it shows something new."""

EVERY_MS = 600_000
PAGE = 1000
KEPT = 4_096


class FundingReader:
    """See the module.

    Parameters
    ----------
    deliver : callable
        Takes each payment; it may get one again after a restart, and knows it by its id.
    on_trouble : callable
        Told, in one sentence, of a list that can't be read.
    unread_ms : int, optional
        From when on payments may be missing in the records; counts where the mark is not remembered.
    """

    def __init__(
        self,
        dialect: Dialect,
        caller: Caller,
        tasks: Tasks,
        memory: VenueMemory,
        wall_ms: Callable[[], int],
        deliver: Callable[[FundingPaid], None],
        on_trouble: Callable[[str], None],
        unread_ms: int | None = None,
    ) -> None:
        self._dialect = dialect
        self._caller = caller
        self._tasks = tasks
        self._memory = memory
        self._wall_ms = wall_ms
        self._deliver = deliver
        self._on_trouble = on_trouble
        self._unread_ms = unread_ms
        self._seen: dict[tuple[str, str], None] = {}
        self._lock = asyncio.Lock()
        self._is_looking = False
        self._is_reading = False
        self._read_ms = 0

    def moved(self) -> None:
        """The stream tells of a payment."""
        if not self._is_looking:
            self._is_looking = True
            self._tasks.once("funding", self._look)

    async def _look(self) -> None:
        try:
            for pause_s in LOOK_S:
                await asyncio.sleep(pause_s)
                if await self.read():
                    return
        finally:
            self._is_looking = False

    def missed(self) -> None:
        """Nobody listened for a while: the list is read once, beside everything else, for no order waits for it."""
        if not self._is_reading:
            self._is_reading = True
            self._tasks.once("funding missed", self._read_missed)

    async def _read_missed(self) -> None:
        try:
            await self.read()
        finally:
            self._is_reading = False

    async def read_if_due(self) -> None:
        """Read what the stream may have lost, now and then."""
        if self._wall_ms() >= self._read_ms + EVERY_MS:
            await self.read()

    async def read(self) -> int:
        """Read from the mark on; returns how many payments were new."""
        async with self._lock:
            try:
                return await self._read()
            except Unreadable as error:
                self._on_trouble(f"the list of funding payments can't be read: {error}")
                return 0

    async def _read(self) -> int:
        stored, new = self._memory.get(MARK), 0
        if stored is None:
            stored = str(self._wall_ms() if self._unread_ms is None else self._unread_ms)
            self._memory.put(MARK, stored)
        since_ms = int(stored) - MARGIN_MS
        while (call := self._dialect.funding_call(since_ms)) is not None:
            answer = await self._caller.call(call)
            if isinstance(answer.reply, NoReply) or not answer.is_accepted:
                return new
            rows = self._dialect.funding(answer.reply)
            self._read_ms = self._wall_ms()
            for paid in rows:
                new += self._take(paid)
            if rows:
                last_ms = max(paid.ts_ns for paid in rows) // 1_000_000
                self._memory.put(MARK, str(max(int(stored), last_ms)))
                if len(rows) >= PAGE and last_ms > since_ms:
                    since_ms = last_ms
                    continue
            return new
        return new

    def _take(self, paid: FundingPaid) -> bool:
        name = (paid.trading_pair, paid.funding_id)
        if name in self._seen:
            return False
        if len(self._seen) >= KEPT:
            del self._seen[next(iter(self._seen))]
        self._seen[name] = None
        self._deliver(paid)
        return True
