"""Between the venue and its clients: the place where things go wrong. The HTTP server and users in the same process both come through here.

It waits with asyncio only, so a loop with virtual time serves as well. What is due later is given to the venue, whose `advance` somebody must call: `Front.run` does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from tests.fakes.simvenue.faults import SECOND, Fault, Faults
from tests.fakes.simvenue.sessions import Session
from tests.fakes.simvenue.spoil import ghosted, spoiled, subject_of
from tests.fakes.simvenue.venue import SimVenue
from tests.fakes.simvenue.wire import Answer, Problem, dump


@dataclass(frozen=True, slots=True)
class Dropped:
    """No answer will come; the connection is gone."""

    reason: str


class Front:
    """See the module."""

    def __init__(self, venue: SimVenue, now_ns: Callable[[], int], seed: int = 1) -> None:
        self.venue = venue
        self._now = now_ns
        self.faults = Faults(now_ns, seed)
        self.sessions: dict[int, FrontSession] = {}
        self._previous: Answer | None = None
        self._sooner = asyncio.Event()
        venue.on_sooner = self._sooner.set
        self.attempts: list[int] = []
        """When sockets were asked for (I13)."""

    async def run(self) -> None:
        """Let the venue's time pass until canceled."""
        while True:
            self.venue.advance()
            self._sooner.clear()
            wait = max(0.0, (self.venue.next_ns() - self._now()) / SECOND)
            try:
                await asyncio.wait_for(self._sooner.wait(), min(wait, 1.0))
            except TimeoutError:
                continue

    # ---- requests ----------------------------------------------------------------------------------------------------------
    async def request(self, method: str, target: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Answer | Dropped:
        """The venue's answer, or what becomes of it."""
        if not self.faults.any:
            answer = self._previous = self.venue.handle(method, target, headers, body)
            return answer
        subject = f"{method} {target.partition('?')[0]}"
        slow = self.faults.pick("latency", subject)
        if slow is not None:
            await asyncio.sleep(self.faults.random.random() * slow.delay_s)
        lost = await self._lost_before(subject, method, target, headers, body)
        if lost is not None:
            return lost
        lag = self.faults.pick("read_lag", subject) if method == "GET" else None
        answer = self.venue.handle(method, target, headers, body, lag_ns=int(lag.delay_s * SECOND) if lag else 0)
        if self.faults.pick("dup_exec", subject) is not None:
            self.venue.handle(method, target, headers, body)
        # a refusal names no order: nobody could tell that it is another request's
        other = self._previous if self._previous is not None and self._previous.status == 200 else None
        self._previous = answer
        return await self._lost_after(subject, answer, other)

    async def _lost_before(
        self, subject: str, method: str, target: str, headers: Mapping[str, str] | None, body: bytes
    ) -> Answer | Dropped | None:  # fmt: skip
        fault = self.faults.pick("drop_before", subject)
        if fault is not None:
            await self._wait(fault)
            return Dropped("lost before it arrived")
        fault = self.faults.pick("late_accept", subject)
        if fault is not None:
            arrived = self._now()
            self.venue.at(
                arrived + int(fault.delay_s * SECOND), lambda: self.venue.dialect_late(method, target, headers, body, arrived)
            )  # fmt: skip
            return Dropped("worked on later")
        fault = self.faults.pick("hang", subject, after=False)
        if fault is not None:
            await self._wait(fault)
            return Dropped("hang")
        fault = self.faults.pick("status", subject, after=False)
        return None if fault is None else self._status(fault)

    async def _lost_after(self, subject: str, answer: Answer, other: Answer | None) -> Answer | Dropped:
        fault = self.faults.pick("drop_after", subject)
        if fault is not None:
            await self._wait(fault)
            return Dropped("answer lost")
        fault = self.faults.pick("hang", subject, after=True)
        if fault is not None:
            await self._wait(fault)
            return Dropped("hang")
        fault = self.faults.pick("status", subject, after=True)
        if fault is not None:
            return self._status(fault)
        fault = self.faults.pick("body", subject)
        return answer if fault is None else spoiled(answer, fault.body, self.faults.random, other)

    async def _wait(self, fault: Fault) -> None:
        if fault.delay_s:
            await asyncio.sleep(fault.delay_s)

    def _status(self, fault: Fault) -> Answer:
        headers = {"Content-Type": "application/json;charset=UTF-8"}
        if fault.retry_after:
            headers["Retry-After"] = fault.retry_after
        if not fault.code:
            return Answer(fault.status, headers | {"Content-Type": "text/html"}, b"<html><body>" + str(fault.status).encode() + b"</body></html>")
        return Answer(fault.status, headers, dump({"code": fault.code, "msg": fault.msg}))

    # ---- sockets -------------------------------------------------------------------------------------------------------------
    def connect(self, target: str, push: Callable[[bytes], None], close: Callable[[int, str], None]) -> FrontSession:
        """Open a socket.

        Raises
        ------
        Problem
            When the handshake is answered by an error.
        """
        self.attempts.append(self._now())
        fault = self.faults.pick("refuse", target.partition("?")[0])
        if fault is not None:
            raise Problem(fault.code, fault.msg or "refused", fault.status)
        return FrontSession(self, target, push, close)

    def close_all(self, code: int = 1001, reason: str = "going away") -> None:
        for session in list(self.sessions.values()):
            session.session.shut(code, reason)

    def shutdown_notice(self) -> None:
        """Tell all sockets that the server goes down; they are closed ten minutes later."""
        for session in list(self.sessions.values()):
            session.session.farewell()
        self.venue.at(self._now() + 600 * SECOND, self.close_all)


class FrontSession:
    """One socket with its faults."""

    def __init__(self, front: Front, target: str, push: Callable[[bytes], None], close: Callable[[int, str], None]) -> None:
        self._front = front
        self._push = push
        self._close = close
        self.is_dead = False
        """Half-open: the other side is gone without a word; a real socket would miss its pongs now."""
        self._kept: bytes | None = None
        self._backlog: list[bytes] | None = None
        self._behind_ns = 0
        self.session: Session = front.venue.connect(target, self._told, self._ended)
        front.sessions[self.session.number] = self

    def receive(self, message: bytes) -> None:
        if not self.is_dead:
            self.session.receive(message)

    def closed(self) -> None:
        """The client is gone."""
        self._front.sessions.pop(self.session.number, None)
        self.session.closed()

    def _ended(self, code: int, reason: str) -> None:
        self._front.sessions.pop(self.session.number, None)
        if not self.is_dead:
            self._close(code, reason)

    def _told(self, message: bytes) -> None:
        faults = self._front.faults
        if self.is_dead:
            return
        if not faults.any and self._kept is None and self._backlog is None and not self._behind_ns:
            self._push(message)
            return
        subject = subject_of(message)
        if subject == "ack":
            if not faults.pick("drop_ack", subject):
                self._later(message, subject)
            return
        if faults.pick("halfopen", subject):
            self.is_dead = True
            return
        if faults.pick("stall", subject) or faults.pick("gap", subject):
            return
        fault = faults.pick("close", subject)
        if fault is not None:
            self._front.venue.at(self._front.venue.engine.now_ns, partial(self.session.shut, fault.code or 1006, fault.msg))
            return
        if subject.startswith("user:") and faults.pick("expire", subject):
            venue = self._front.venue
            for key in venue.engine.accounts:
                venue.at(venue.engine.now_ns, partial(venue.users.expire, key))
        fault = faults.pick("ghost", subject)
        if fault is not None:
            message = ghosted(message, fault.msg)
        self._order(message, subject)

    def _order(self, message: bytes, subject: str) -> None:
        faults = self._front.faults
        if self._kept is None and faults.pick("reorder", subject):
            self._kept = message
            return
        self._later(message, subject)
        if faults.pick("dup", subject):
            self._later(message, subject)
        if self._kept is not None:
            kept, self._kept = self._kept, None
            self._later(kept, subject)

    def _later(self, message: bytes, subject: str) -> None:
        venue, faults = self._front.venue, self._front.faults
        if self._backlog is not None:
            self._backlog.append(message)
            return
        fault = faults.pick("backpressure", subject)
        if fault is not None:
            self._backlog = [message]
            venue.at(venue.engine.now_ns + int(fault.delay_s * SECOND), self._flush)
            return
        fault = faults.pick("ws_latency", subject)
        now = venue.engine.now_ns
        if fault is None and self._behind_ns <= now:
            self._push(message)
            return
        delay = int(fault.delay_s * faults.random.random() * SECOND) if fault is not None else 0
        self._behind_ns = max(self._behind_ns, now + delay)
        venue.at(self._behind_ns, lambda: self._deliver(message))

    def _deliver(self, message: bytes) -> None:
        if self.session.is_open and not self.is_dead:
            self._push(message)

    def _flush(self) -> None:
        backlog, self._backlog = self._backlog or [], None
        for message in backlog:
            self._deliver(message)
