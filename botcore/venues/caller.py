"""`Caller`: takes a call to the venue and brings back what became of it.

One call: its turn at the limiter, signature with the venue's time at the moment of leaving, the request, the dialect's reading of the reply. What was not processed for
sure (rate limit, wrong time) is repeated here, within the call's patience; a write whose fate is unknown never is.

A refusal names no order. It is believed because a connection carries one request at a time; once a reply has shown that this does not hold (R22), the refusals of all
writes that were under way then say nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from random import Random

from botcore.venues.backoff import Backoff
from botcore.venues.call_queue import Ticket
from botcore.venues.circuit import Circuit
from botcore.venues.dialect import Credentials, Dialect, Unreadable
from botcore.venues.limiter import Limiter, TurnedAway, lane_of
from botcore.venues.live_spec import TimeoutSpec
from botcore.venues.offset import OffsetMeter, TimeSample, VenueOffset
from botcore.venues.port import HttpRequest, Port
from botcore.venues.stats import CallHook, CallRecord, CallStats
from botcore.venues.wire import Access, Call, NoReply, Outcome, Priority, Reply, Verdict

PATIENCE_S = {Priority.CANCEL: 12.0, Priority.CREATE: 12.0, Priority.QUERY: 15.0, Priority.MARKET: 60.0}
"""Longest wait for leaving. With the longest wait for a reply it stays below the time after which a connector no longer waits for its answer (30 s)."""

TRIES = 6
"""How often one call is sent at most, when the venue says each time that it did not process it."""

STALE_TRIES = 2
"""How often a call is signed again because of its time."""

SHORTEST_BAN_S = 120.0
"""Of a 418 that does not say how long it lasts."""

QUIET_STATUSES = (429, 418, 503)
"""Replies whose Retry-After is obeyed whatever else they say."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a call.

    Parameters
    ----------
    outcome : Outcome
        UNKNOWN when nothing came back; whether anything left is told by the reply then.
    sent_ns : int
        When it left, or was held back: what the answer says is true of some moment after that.
    """

    outcome: Outcome
    reply: Reply | NoReply
    sent_ns: int

    @property
    def is_accepted(self) -> bool:
        return self.outcome.verdict is Verdict.ACCEPTED

    @property
    def said(self) -> Outcome | NoReply:
        """The form in which connectors hear of it."""
        return self.reply if isinstance(self.reply, NoReply) else self.outcome


class Caller:
    """See the module. One for each account (or none, for what needs no key) at a venue; the limiter and the offset are shared by all of them.

    Parameters
    ----------
    credentials : Credentials, optional
        None: signed calls are not sent.
    now_ns : callable
        The clock of `Answer.sent_ns`, ns; the same as the port's.
    rng : Random
        For the pauses of the circuit.
    hook : CallHook, optional
        Told of every request; a `CallStats` by default.
    on_denied : callable, optional
        Told when the venue says that the key may not do this.
    """

    def __init__(
        self,
        dialect: Dialect,
        port: Port,
        limiter: Limiter,
        offset: VenueOffset,
        credentials: Credentials | None,
        now_ns: Callable[[], int],
        rng: Random,
        *,
        timeouts: TimeoutSpec | None = None,
        hook: CallHook | None = None,
        on_denied: Callable[[Outcome], None] = lambda _outcome: None,
    ) -> None:
        self._dialect = dialect
        self._port = port
        self._limiter = limiter
        self._offset = offset
        self._credentials = credentials
        self._now_ns = now_ns
        self._timeouts = timeouts or TimeoutSpec()
        self.stats: CallHook = hook or CallStats()
        self._on_denied = on_denied
        self.circuit = Circuit(Backoff(1.0, 30.0, rng))
        self.meter = OffsetMeter(offset, self._sample)
        self.denied = ""
        self._mixed_up_at = -1.0
        """Loop time at which a reply was last seen that spoke of another order; -1 before the first."""

    async def call(self, call: Call, patience_s: float | None = None) -> Answer:
        """Make a call; never raises but for cancellation.

        Parameters
        ----------
        patience_s : float, optional
            Longest wait for leaving, tries included; by the call's priority if not given.
        """
        loop = asyncio.get_running_loop()
        patience_s = PATIENCE_S[call.priority] if patience_s is None else patience_s
        deadline = loop.time() + patience_s
        stale = 0
        for attempt in range(1, TRIES + 1):
            answer = await self._try(call, deadline)
            verdict = answer.outcome.verdict
            if verdict is Verdict.STALE_TIME:
                stale += 1
                self._offset.doubt()
                if stale > STALE_TRIES:
                    return answer
            elif verdict is not Verdict.LIMITED or loop.time() + self._limiter.rest_left_s() > deadline:
                return answer
            if attempt == TRIES or loop.time() >= deadline:
                return answer
        return answer

    async def close(self) -> None:
        """End the work of its own."""
        await self.meter.close()

    # ---- one try -----------------------------------------------------------------------------------------------------
    async def _try(self, call: Call, deadline: float) -> Answer:
        loop = asyncio.get_running_loop()
        started = loop.time()
        held_back = await self._held_back(call, deadline)
        if held_back is not None:
            return self._unsent(call, held_back, started)
        try:
            ticket = await self._limiter.acquire(call, max(deadline - loop.time(), 0.0))
        except TurnedAway as error:
            return self._unsent(call, str(error), started)
        return await self._send(call, ticket, started)

    async def _held_back(self, call: Call, deadline: float) -> str | None:
        """Why a call is not sent now; None when it may go."""
        if call.access is not Access.PUBLIC and self._credentials is None:
            return f"not sent: {call.name} needs an API key"
        is_poll = not call.is_write and call.priority >= Priority.QUERY
        if is_poll and not self.circuit.lets(asyncio.get_running_loop().time()):
            return f"not asked: {self.circuit.reason}; it is tried again from time to time"
        if call.access is Access.SIGNED and not self._offset.is_known:
            is_known = await self._measure_by(deadline)
            # a cancel with a doubtful time stamp does no harm: the venue refuses it, or the order is gone
            if not is_known and call.priority is not Priority.CANCEL:
                return "not sent: the venue's clock could not be read"
        return None

    async def _measure_by(self, deadline: float) -> bool:
        try:
            return await asyncio.wait_for(self.meter.measure(), max(deadline - asyncio.get_running_loop().time(), 0.0))
        except TimeoutError:
            return False

    def _unsent(self, call: Call, reason: str, started: float) -> Answer:
        waited_s = asyncio.get_running_loop().time() - started
        self.stats.on_call(CallRecord(call, Verdict.UNKNOWN, 0, waited_s, 0.0, left=False))
        return Answer(Outcome(Verdict.UNKNOWN, text=reason), NoReply(reason, left=False), self._now_ns())

    async def _send(self, call: Call, ticket: Ticket, started: float) -> Answer:
        loop = asyncio.get_running_loop()
        left = True
        sent_ns, leaving = self._now_ns(), loop.time()
        try:
            request = self._signed(call)
            if isinstance(request, str):
                left = False
                return self._unsent(call, request, started)
            reply = await self._port.request(request, lane_of(call), self._timeouts.total_s)
            left = not isinstance(reply, NoReply) or reply.left
        except GeneratorExit:
            ticket.drop()
            raise
        finally:
            ticket.close(left=left)
        outcome = self._read(call, reply, leaving)
        status = 0 if isinstance(reply, NoReply) else reply.status
        self.stats.on_call(CallRecord(call, outcome.verdict, status, leaving - started, loop.time() - leaving, left))
        return Answer(outcome, reply, sent_ns)

    def _signed(self, call: Call) -> HttpRequest | str:
        """The call as it goes out, or why there is no such thing."""
        try:
            return self._dialect.request(call, None if call.access is Access.PUBLIC else self._credentials, self._offset.timestamp_ms())
        except Exception as error:  # noqa: BLE001
            return f"not sent: the request could not be built ({type(error).__name__})"

    # ---- reading -----------------------------------------------------------------------------------------------------
    def _read(self, call: Call, reply: Reply | NoReply, leaving: float) -> Outcome:
        now = asyncio.get_running_loop().time()
        if isinstance(reply, NoReply):
            self.circuit.failed(now, reply.reason)
            return Outcome(Verdict.UNKNOWN, text=reply.reason)
        outcome = self._outcome(call, reply)
        self._obey(reply, outcome)
        if outcome.is_foreign:
            # whose reply this was, another call may have got ours: no connection of that lane is used again
            self._mixed_up_at = now
            self._port.renew(lane_of(call))
        elif call.is_write and reply.status >= 400 and leaving <= self._mixed_up_at:
            # a refusal names no order, so it may be that of another call
            outcome = Outcome(Verdict.UNKNOWN, outcome.code, f"{outcome.text}; but replies were mixed up, so nobody knows whose it is")
        if outcome.verdict is Verdict.DENIED:
            self.denied = outcome.text
            self._on_denied(outcome)
        elif outcome.verdict is Verdict.ACCEPTED and call.access is Access.SIGNED:
            self.denied = ""
        if outcome.verdict is Verdict.UNKNOWN and (reply.status == 403 or reply.status >= 500):
            self.circuit.failed(now, outcome.text or f"the venue answers {reply.status}")
        elif outcome.verdict is not Verdict.LIMITED:
            self.circuit.worked()
        return outcome

    def _outcome(self, call: Call, reply: Reply) -> Outcome:
        try:
            outcome = self._dialect.outcome(call, reply)
        except Exception as error:  # noqa: BLE001
            # the request is out: a reader that breaks must not turn that into something that is certain
            return Outcome(Verdict.UNKNOWN, text=f"the venue's answer could not be read ({type(error).__name__})")
        if outcome.text and self._credentials is not None:
            # its words go into records, logs and the chat, and it may have put our key into them
            hidden = self._credentials.hidden_in(outcome.text)
            return outcome if hidden == outcome.text else replace(outcome, text=hidden)
        return outcome

    def _obey(self, reply: Reply, outcome: Outcome) -> None:
        """Note what the venue says of its limits."""
        asked_s = retry_after_s(reply, self._offset.timestamp_ms()) if reply.status in QUIET_STATUSES else 0.0
        quiet_s = max(outcome.retry_after_s, asked_s, self._offset.seconds_until(outcome.banned_until_ms) if outcome.banned_until_ms else 0.0)
        if reply.status == 418:
            quiet_s = max(quiet_s, SHORTEST_BAN_S)
        if outcome.verdict is Verdict.LIMITED or quiet_s > 0:
            self._limiter.rest(quiet_s, outcome.text or f"the venue asked for quiet ({reply.status})")
        else:
            self._limiter.adopt(self._dialect.used_weight(reply))

    # ---- time ------------------------------------------------------------------------------------------------------
    async def _sample(self) -> TimeSample | None:
        """Ask for the venue's time once."""
        loop = asyncio.get_running_loop()
        call = self._dialect.time_call()
        try:
            ticket = await self._limiter.acquire(call, self._timeouts.total_s)
        except TurnedAway:
            return None
        started = loop.time()
        answer = await self._send(call, ticket, started)
        if isinstance(answer.reply, NoReply) or not answer.is_accepted:
            return None
        try:
            return TimeSample(started, loop.time(), self._dialect.server_time_ms(answer.reply))
        except Unreadable:
            return None


def retry_after_s(reply: Reply, venue_ms: int) -> float:
    """Seconds that a reply's Retry-After header asks for, a number or a date; 0 when it has none that can be read.

    Parameters
    ----------
    venue_ms : int
        The venue's time, used when the reply itself has no date.
    """
    text = reply.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        until_s = parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return 0.0
    try:
        now_s = parsedate_to_datetime(reply.headers.get("date", "")).timestamp()
    except (ValueError, TypeError, OverflowError):
        now_s = venue_ms / 1000
    return max(until_s - now_s, 1.0)
