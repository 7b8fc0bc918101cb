"""What a venue says of a key before it is trusted with anything: whether it may trade, and above all whether it may take money away.

Three questions that change nothing: the time, the key's rights, the account's position mode.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import TypeVar

from botcore.venues.caller import Answer, Caller
from botcore.venues.dialect import AccountRights, Credentials, Dialect, Unreadable
from botcore.venues.limiter import Limiter
from botcore.venues.live_spec import LiveSpec
from botcore.venues.memory import NoMemory
from botcore.venues.offset import VenueOffset
from botcore.venues.port import Port
from botcore.venues.wire import Call, Reply

T = TypeVar("T")

PATIENCE_S = 10.0
FAR_MS = 1_000.0
"""A machine's clock that is further off than this is worth a word; orders carry the venue's time whatever it shows."""


@dataclass(frozen=True, slots=True)
class Probe:
    """What was found out; None where the venue does not say, or did not answer.

    Parameters
    ----------
    trouble : str
        Why the key can't be used, in the venue's words; empty when it can.
    offset_ms : float, optional
        How far the venue's clock is ahead of this machine's.
    is_hedge : bool, optional
        Whether long and short positions stand side by side.
    """

    can_trade: bool | None = None
    can_withdraw: bool | None = None
    can_transfer: bool | None = None
    ip_restricted: bool | None = None
    offset_ms: float | None = None
    is_hedge: bool | None = None
    trouble: str = ""

    @property
    def refusal(self) -> str:
        """Why this key is not taken, as one sentence; empty when it is."""
        if self.trouble:
            return self.trouble
        if self.can_withdraw:
            return "this key may withdraw: switch withdrawals off at the venue (or make a key without them) and add it again"
        if self.can_transfer:
            return "this key may move funds to other accounts: switch internal transfers off at the venue and add it again"
        if self.can_trade is False:
            return "this key may not trade: allow it to at the venue and add it again"
        return ""

    @property
    def advice(self) -> tuple[str, ...]:
        """What should be better, and does not stand in the way."""
        found = []
        if self.can_withdraw is None:
            found.append("the venue does not say whether this key may withdraw: make sure that it may not")
        if self.ip_restricted is False:
            found.append("restrict the key to this machine's address at the venue: whoever copies it can use it from anywhere now")
        if self.offset_ms is not None and abs(self.offset_ms) > FAR_MS:
            where = "behind" if self.offset_ms > 0 else "ahead of"
            found.append(f"this machine's clock is {abs(self.offset_ms) / 1000:.1f} s {where} the venue's: set it by NTP")
        return tuple(found)


class Prober:
    """Asks with one key.

    Parameters
    ----------
    rights_at : (Dialect, LiveSpec), optional
        Where the key's rights are told, when this is not where it trades.
    """

    def __init__(
        self,
        dialect: Dialect,
        spec: LiveSpec,
        credentials: Credentials,
        port: Port,
        now_ns: Callable[[], int],
        wall_ms: Callable[[], int],
        rng: Random,
        rights_at: tuple[Dialect, LiveSpec] | None = None,
    ) -> None:
        self._dialect = dialect
        self._offset = VenueOffset(wall_ms)

        def caller(spoken: Dialect, live: LiveSpec) -> Caller:
            limiter = Limiter(live.limits, NoMemory(), wall_ms)
            return Caller(spoken, port, limiter, self._offset, credentials, now_ns, rng, timeouts=live.timeouts)

        self._caller = caller(dialect, spec)
        self._other = (rights_at[0], caller(*rights_at)) if rights_at is not None else None

    async def look(self) -> Probe:
        """Ask; never raises but for cancellation."""
        try:
            return await self._look()
        finally:
            await self._caller.close()
            if self._other is not None:
                await self._other[1].close()

    async def _look(self) -> Probe:
        if not await self._caller.meter.measure():
            return Probe(trouble="the venue's clock could not be read: it does not answer, or this machine has no network; try again")
        probe = Probe(offset_ms=self._offset.offset_ms)
        found = await self._rights(self._dialect, self._caller)
        if isinstance(found, str):
            return replace(probe, trouble=found)
        if found is not None:
            probe = _with(probe, found)
        if probe.can_withdraw is None and self._other is not None:
            told = await self._rights(*self._other)
            if isinstance(told, AccountRights):
                # whether it may trade here was told here
                probe = replace(_with(probe, told), can_trade=probe.can_trade)
        mode = self._dialect.mode_call()
        if mode is not None:
            answer = await self._caller.call(mode, PATIENCE_S)
            hedge = _read(answer, self._dialect.is_hedge)
            probe = replace(probe, is_hedge=hedge if isinstance(hedge, bool) else None)
        return probe

    async def _rights(self, dialect: Dialect, caller: Caller) -> AccountRights | str | None:
        """What the key may do, why that can't be told, or None where nobody tells."""
        call: Call | None = dialect.rights_call()
        if call is None:
            return None
        return _read(await caller.call(call, PATIENCE_S), dialect.rights)


def _with(probe: Probe, rights: AccountRights) -> Probe:
    return replace(
        probe,
        can_trade=rights.can_trade,
        can_withdraw=rights.can_withdraw,
        can_transfer=rights.can_transfer,
        ip_restricted=rights.ip_restricted,
    )


def _read(answer: Answer, reader: Callable[[Reply], T]) -> T | str:
    """What an answer says, or in words why it says nothing."""
    if not answer.is_accepted or not isinstance(answer.reply, Reply):
        code = f" ({answer.outcome.code})" if answer.outcome.code else ""
        return f"the venue says: {answer.outcome.text or 'nothing'}{code}"
    try:
        return reader(answer.reply)
    except Unreadable as error:
        return f"the venue's answer can't be read: {error}"
