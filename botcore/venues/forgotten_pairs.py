"""Pairs in which an account may have traded while its records knew nothing of it (P8). Asked once after the records were lost or an older copy was put back.

A venue that lists an account's payments over all pairs is asked for that list. One that does not is asked in every pair whose base asset the account has: what was
bought and wholly sold again is nothing that anybody holds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from botcore.model.instrument import Instrument
from botcore.model.records import Forgotten
from botcore.venues.caller import Caller
from botcore.venues.dialect import Dialect, Unreadable
from botcore.venues.memory import VenueMemory
from botcore.venues.wire import NoReply

DONE = "forgotten"
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
    """

    def __init__(
        self,
        dialect: Dialect,
        caller: Caller,
        memory: VenueMemory,
        instruments: Mapping[str, Instrument],
        held: Callable[[], Mapping[str, Decimal]],
        forgotten: Forgotten | None,
    ) -> None:
        self._dialect = dialect
        self._caller = caller
        self._memory = memory
        self._instruments = instruments
        self._held = held
        self._forgotten = forgotten
        self._found: set[str] | None = None

    @property
    def is_due(self) -> bool:
        """Whether there is a hole that nobody has filled up yet."""
        return self._forgotten is not None and self._memory.get(DONE) != str(self._forgotten.mark)

    async def read(self) -> set[str] | str:
        """The pairs, none when there is no hole; why they could not be found out, as one phrase. Asks once; the account's balances have been read by now."""
        if self._forgotten is None or not self.is_due:
            return set()
        if self._found is None:
            try:
                found = await self._ask(self._forgotten.since_ms)
            except Unreadable as error:
                found = str(error)
            if isinstance(found, str):
                return found
            self._found = found
        return self._found

    def filled(self) -> None:
        """All of them have been read to their ends."""
        if self._forgotten is not None and self.is_due:
            self._memory.put(DONE, str(self._forgotten.mark))

    async def _ask(self, since_ms: int) -> set[str] | str:
        found: set[str] = set()
        while (call := self._dialect.traded_call(since_ms)) is not None:
            answer = await self._caller.call(call)
            if isinstance(answer.reply, NoReply) or not answer.is_accepted:
                return f"the pairs that were traded could not be read: {answer.outcome.text or 'no answer'}"
            rows = self._dialect.traded(answer.reply)
            found |= {pair for pair, _ in rows if pair}
            last_ms = max((time_ms for _, time_ms in rows), default=0)
            if len(rows) < PAGE or last_ms <= since_ms:
                return found
            since_ms = last_ms
        held = {asset for asset, amount in self._held().items() if amount}
        return {pair for pair, instrument in self._instruments.items() if instrument.base in held}
