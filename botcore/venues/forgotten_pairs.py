"""Pairs in which an account may have traded while its records knew nothing of it (P8). Asked after the records were lost or an older copy was put back, and again within
the next two minutes, for what answers may lag behind (R14).

A venue that lists an account's payments over all pairs is asked for that list. One that does not is asked in every pair whose base asset the account has: what was
bought and wholly sold again is nothing that anybody holds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from math import inf

from botcore.model.instrument import Instrument
from botcore.model.records import Forgotten
from botcore.model.times import SECOND_NS
from botcore.venues.caller import Caller
from botcore.venues.dialect import Dialect, Unreadable
from botcore.venues.memory import VenueMemory
from botcore.venues.wire import NoReply

DONE = "forgotten"
AGAIN_S = (5, 30, 120)
"""Looks after the first one; venues' replicas lag by up to half a minute."""

OVERLAP_MS = 600_000
"""So much before the latest payment that was seen a later look begins: lists are not filled up in order of time."""

PAGE = 1000
"""Rows of a full page; there may be more."""


class ForgottenPairs:
    """See the module.

    Parameters
    ----------
    held : callable
        Asset -> what the account has of it, total.
    forgotten : Forgotten, optional
        The hole; None when the records are whole.
    now_ns : callable
        Monotonic.
    """

    def __init__(
        self,
        dialect: Dialect,
        caller: Caller,
        memory: VenueMemory,
        instruments: Mapping[str, Instrument],
        held: Callable[[], Mapping[str, Decimal]],
        forgotten: Forgotten | None,
        now_ns: Callable[[], int],
    ) -> None:
        self._dialect = dialect
        self._caller = caller
        self._memory = memory
        self._instruments = instruments
        self._held = held
        self._forgotten = forgotten
        self._now_ns = now_ns
        self._since_ms = 0 if forgotten is None else forgotten.since_ms
        self._found: set[str] | None = None
        self._asked_ns = 0
        self._began_ns: int | None = None
        self._left = list(AGAIN_S)

    @property
    def is_due(self) -> bool:
        """Whether there is a hole that nobody has filled up yet."""
        return self._forgotten is not None and self._memory.get(DONE) != str(self._forgotten.mark)

    @property
    def wait_s(self) -> float:
        """How long until it wants to be read again; infinite when it does not, or was not read to its end once."""
        if self._began_ns is None or not self.is_due:
            return inf
        return max(0.0, self._left[0] - (self._now_ns() - self._began_ns) / SECOND_NS)

    async def read(self) -> set[str] | str:
        """The pairs, none when there is no hole; why they could not be found out, as one phrase. The account's balances have been read by now."""
        if not self.is_due:
            return set()
        self._asked_ns = self._now_ns()
        if self._found is None or not self.wait_s:
            try:
                found = await self._ask()
            except Unreadable as error:
                found = str(error)
            if isinstance(found, str):
                return found
            self._found = found | (self._found or set())
        return self._found

    def filled(self) -> None:
        """All of them have been read to their ends."""
        if self._forgotten is None or not self.is_due:
            return
        if self._began_ns is None:
            self._began_ns = self._asked_ns
        while self._left and self._asked_ns >= self._began_ns + self._left[0] * SECOND_NS:
            self._left.pop(0)
        if not self._left:
            self._memory.put(DONE, str(self._forgotten.mark))

    async def _ask(self) -> set[str] | str:
        found: set[str] = set()
        since_ms = self._since_ms
        while (call := self._dialect.traded_call(since_ms)) is not None:
            answer = await self._caller.call(call)
            if isinstance(answer.reply, NoReply) or not answer.is_accepted:
                return f"the pairs that were traded could not be read: {answer.outcome.text or 'no answer'}"
            rows = self._dialect.traded(answer.reply)
            found |= {pair for pair, _ in rows if pair}
            last_ms = max((time_ms for _, time_ms in rows), default=0)
            if len(rows) < PAGE or last_ms <= since_ms:
                self._since_ms = max(self._since_ms, last_ms - OVERLAP_MS)
                return found
            since_ms = last_ms
        held = {asset for asset, amount in self._held().items() if amount}
        return {pair for pair, instrument in self._instruments.items() if instrument.base in held}
