"""`UserStreamKeeper`: an account's own stream, with its key where the venue has one.

News are passed on as the dialect reads them, from old and new socket alike while one takes over from the other: the same execution twice is harmless, its trade id tells.
Whenever something may have been missed, `on_gap` says so, and the session asks for what it missed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from botcore.venues.account_news import AccountNews, StreamExpired
from botcore.venues.backoff import ConnectionBudget
from botcore.venues.caller import Caller
from botcore.venues.dialect import Credentials, Dialect, Peek, Subscription, Unreadable, UserStream
from botcore.venues.live_spec import AgeSpec, ConnectionSpec, TimeoutSpec
from botcore.venues.offset import VenueOffset
from botcore.venues.port import Port
from botcore.venues.stream import SupervisedStream
from botcore.venues.stream_hooks import Opening, StreamHooks, StreamRefused, StreamStatus
from botcore.venues.tasks import Tasks
from botcore.venues.wire import Reply, Verdict

RENEW_AGAIN_S = 60.0
"""Pause after a renewal of the key that was not answered."""

GAP_PAUSE_S = 5.0
"""Least time between two calls of `on_gap`."""

GONE = (Verdict.REFUSED, Verdict.NOT_FOUND, Verdict.DENIED)
"""Answers to a renewal that mean that the key is no longer good."""


def _nothing(*_args: object) -> None:
    """A hook that nobody listens to."""


@dataclass(frozen=True, slots=True)
class UserStreamHooks:
    """What the keeper tells; plain functions, called in the loop's thread.

    Parameters
    ----------
    on_news : callable
        (news, received_ns)
    on_open : callable
        The stream is there, for the first time or after it was down: reconcile.
    on_down : callable
        (reason): nothing is heard of the account; once per outage.
    on_gap : callable
        (reason): something may have been missed though the stream is there: ask for executions and open orders. Not more often than every 5 s.
    on_fault : callable
        (what, error)
    """

    on_news: Callable[[list[AccountNews], int], None]
    on_open: Callable[[], None] = _nothing
    on_down: Callable[[str], None] = _nothing
    on_gap: Callable[[str], None] = _nothing
    on_fault: Callable[[str, BaseException], None] = _nothing


class UserStreamKeeper:
    """See the module.

    Parameters
    ----------
    now_ns : callable
        The clock of `received_ns`.
    keepalive : (bytes, float), optional
        A message to send every so many seconds, where the venue has pings of its own.
    """

    def __init__(
        self,
        dialect: Dialect,
        caller: Caller,
        port: Port,
        offset: VenueOffset,
        credentials: Credentials,
        budget: ConnectionBudget,
        hooks: UserStreamHooks,
        now_ns: Callable[[], int],
        rng: Random,
        *,
        name: str = "account",
        connections: ConnectionSpec | None = None,
        timeouts: TimeoutSpec | None = None,
        ages: AgeSpec | None = None,
        keepalive: tuple[bytes, float] | None = None,
    ) -> None:
        self._dialect = dialect
        self._caller = caller
        self._offset = offset
        self._credentials = credentials
        self._hooks = hooks
        self._name = name
        self._tasks = Tasks(hooks.on_fault)
        self._source: UserStream | None = None
        self._opened = asyncio.Event()
        self._gap = ""
        self._has_gap = asyncio.Event()
        self._missed = ""
        self._stream = SupervisedStream(
            name,
            port,
            dialect,
            self._opening,
            budget,
            StreamHooks(
                on_message=self._on_message,
                on_open=self._on_open,
                on_renewed=self._on_renewed,
                on_down=hooks.on_down,
                on_silent=self._on_silent,
                on_fault=hooks.on_fault,
            ),
            now_ns,
            rng,
            connections=connections,
            timeouts=timeouts,
            ages=ages,
            is_private=True,
            keepalive=keepalive,
        )

    # ---- for the session -----------------------------------------------------------------------------------------
    def start(self) -> None:
        self._tasks.keep(f"{self._name}: key", self._renew_key)
        self._tasks.keep(f"{self._name}: gaps", self._tell_gaps)
        self._stream.start()

    async def close(self) -> None:
        """End the stream and all work; no hook is called any more."""
        await self._stream.close()
        await self._tasks.close()

    @property
    def is_open(self) -> bool:
        return self._stream.is_open

    def status(self) -> StreamStatus:
        return self._stream.status()

    def renew(self, reason: str) -> None:
        """Something speaks against this stream: take a new one, with a new key, and tell a gap once it is there."""
        self._missed = reason
        self._stream.renew(reason)

    # ---- opening -----------------------------------------------------------------------------------------------------
    async def _opening(self) -> Opening:
        if not self._offset.is_known and not await self._caller.meter.measure():
            raise StreamRefused("the venue's clock could not be read")
        key_call = self._dialect.user_key_call()
        reply: Reply | None = None
        if key_call is not None:
            answer = await self._caller.call(key_call)
            if not answer.is_accepted or not isinstance(answer.reply, Reply):
                raise StreamRefused(f"no key for the account's stream: {answer.outcome.text or answer.outcome.verdict.value}")
            reply = answer.reply
        try:
            self._source = self._dialect.user_stream(reply, self._credentials, self._offset.timestamp_ms())
        except Unreadable as error:
            raise StreamRefused(f"no key for the account's stream: {error}") from error
        self._opened.set()
        return Opening(self._source.url, self._source.opening)

    async def _renew_key(self) -> None:
        """Keep the key of the newest socket good."""
        while True:
            self._opened.clear()
            source = self._source
            if source is None or source.renew is None or source.renew_s <= 0:
                await self._opened.wait()
                continue
            pause_s = source.renew_s
            while not await self._opens_within(pause_s):
                answer = await self._caller.call(source.renew)
                if answer.outcome.verdict in GONE:
                    self.renew(f"the key of the account's stream is no longer good: {answer.outcome.text}")
                    await self._opens_within(source.renew_s)
                    break
                pause_s = source.renew_s if answer.is_accepted else min(RENEW_AGAIN_S, source.renew_s)

    async def _opens_within(self, seconds: float) -> bool:
        """Whether another socket was opened in that time."""
        try:
            async with asyncio.timeout(seconds):
                await self._opened.wait()
        except TimeoutError:
            return False
        return True

    # ---- hearing -----------------------------------------------------------------------------------------------------
    def _on_message(self, message: bytes, received_ns: int, _peek: Peek) -> None:
        try:
            news = self._dialect.user_news(message)
        except Unreadable as error:
            self._tasks.tell(f"{self._name}: a message of the account can't be read", error)
            self._tell_gap(f"a message of the account can't be read: {error}")
            return
        for item in news:
            if isinstance(item, StreamExpired):
                self.renew(item.reason)
        if news:
            self._hooks.on_news(news, received_ns)

    def _on_open(self) -> None:
        self._missed = ""
        self._hooks.on_open()

    def _on_renewed(self) -> None:
        if self._missed:
            self._tell_gap(self._missed)
            self._missed = ""

    def _on_silent(self, _sub: Subscription | None, age_s: float) -> None:
        self._missed = f"the account's stream said nothing for {age_s:.0f} s"

    def _tell_gap(self, reason: str) -> None:
        self._gap = reason
        self._has_gap.set()

    async def _tell_gaps(self) -> None:
        while True:
            await self._has_gap.wait()
            self._has_gap.clear()
            self._hooks.on_gap(self._gap)
            await asyncio.sleep(GAP_PAUSE_S)
