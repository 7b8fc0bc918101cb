"""`Link`: one socket of a stream, from its opening messages to its end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Protocol

from botcore.venues.dialect import Heard, Peek, Subscription
from botcore.venues.intake import Intake
from botcore.venues.port import Socket, SocketClosed
from botcore.venues.stream_hooks import Opening, Speech
from botcore.venues.subscriptions import CHANNELS, Acked, SubscriptionBook, Watch

SHORTEST_CHECK_S, LONGEST_CHECK_S = 1.0, 15.0
"""How often a socket looks after itself when nothing happens: ten times within the shortest age that it watches, but within these."""

SEND_GAP_S = 0.25
"""Between two messages to the venue: some allow five a second on one socket, pongs included."""

BURST = 256
"""Messages read in a row before others get their turn."""

OURS = 4000
"""Close code of a socket that we gave up ourselves."""


@dataclass(frozen=True, slots=True)
class LinkTerms:
    """What a link is given by its stream.

    Parameters
    ----------
    keepalive : (bytes, float), optional
        A message to send every so many seconds, where the venue has pings of its own.
    """

    speech: Speech
    intake: Intake
    watch: Watch
    now_ns: Callable[[], int]
    ack_s: float
    is_private: bool
    keepalive: tuple[bytes, float] | None = None

    @property
    def check_s(self) -> float:
        """How often a socket looks after itself."""
        soonest = min(self.watch.shortest_s(self.is_private), self.keepalive[1] if self.keepalive else LONGEST_CHECK_S)
        return min(max(soonest / 10, SHORTEST_CHECK_S), LONGEST_CHECK_S)


class LinkOwner(Protocol):
    """What a link tells its stream."""

    def wanted(self) -> Collection[Subscription]: ...

    def link_ready(self, link: Link) -> None:
        """Its opening messages were acknowledged."""

    def link_acked(self, link: Link, acked: Acked) -> None: ...

    def link_changed(self, link: Link) -> None:
        """It became complete, or is to be replaced."""

    def link_silent(self, link: Link, sub: Subscription | None, age_s: float) -> None:
        """A channel, or the whole socket, said nothing for too long."""


class Link:
    """See the module. All times are loop times, seconds.

    Parameters
    ----------
    opening : Opening
        What it was opened with; its messages are sent first.
    """

    def __init__(self, socket: Socket, opening: Opening, terms: LinkTerms, owner: LinkOwner, since: float, lifetime_s: float) -> None:
        self.since = since
        self.ends_at = since + lifetime_s
        self.leaving = ""
        """Why another one is to take over; '' when that is not so."""
        self.is_ready = False
        self.is_complete = False
        self.is_counted = False
        """Whether its life was taken into account for the pauses."""
        self.retire_at: float | None = None
        self.book = SubscriptionBook(len(opening.messages) + 1, terms.ack_s)
        self._socket = socket
        self._opening = opening
        self._terms = terms
        self._owner = owner
        self._unacked = set(range(1, len(opening.messages) + 1))
        self._news = asyncio.Event()
        self._retired = asyncio.Event()
        self._kept_alive = since
        self._check_s = terms.check_s

    async def serve(self) -> SocketClosed:
        """Keep it going until it ends; why it did."""
        loop = asyncio.get_running_loop()
        works = [loop.create_task(work) for work in (self._read(), self._tend(), self._wait_for_retirement())]
        try:
            await _first_of(works)
            error = next(work.exception() for work in works if work.done())
        except GeneratorExit:
            # closed from outside: the loop is gone, and with it the socket
            raise
        except BaseException:
            await self._end(works)
            raise
        await self._end(works)
        if isinstance(error, SocketClosed):
            return error
        raise error or AssertionError("a link's work ended without a reason")

    async def _end(self, works: list[asyncio.Task[None]]) -> None:
        for work in works:
            work.cancel()
        await asyncio.gather(*works, return_exceptions=True)
        await self._socket.close()

    def retire(self) -> None:
        """End it: another one delivers."""
        self._retired.set()

    async def drop(self) -> None:
        """Close the socket of a link that was never served."""
        await self._socket.close()

    def look(self) -> None:
        """Something changed; look after the subscriptions now."""
        self._news.set()

    # ---- reading -----------------------------------------------------------------------------------------------------
    async def _read(self) -> None:
        terms, loop = self._terms, asyncio.get_running_loop()
        in_a_row = 0
        while True:
            message = await self._socket.receive()
            now = loop.time()
            terms.watch.message(now)
            peek = terms.speech.peek(message)
            if peek.heard is Heard.ACK:
                self._acknowledged(peek, now)
            elif peek.heard is Heard.FAREWELL:
                self.replace("the venue is about to close the socket")
            else:
                channel = CHANNELS.get(peek.heard)
                if channel is not None:
                    terms.watch.heard(channel, peek.trading_pair, now)
                    self.book.heard(channel, peek.trading_pair, now)
                if not terms.intake.put(message, terms.now_ns(), peek):
                    await terms.intake.room()
            in_a_row += 1
            if in_a_row >= BURST:
                in_a_row = 0
                await asyncio.sleep(0)

    def _acknowledged(self, peek: Peek, now: float) -> None:
        if peek.request_id in self._unacked:
            if not peek.granted:
                raise SocketClosed(OURS, f"the venue refuses the stream: {peek.reason or 'no reason given'}")
            self._unacked.discard(peek.request_id)
        else:
            self._owner.link_acked(self, self.book.acknowledged(peek, now))
        self._news.set()

    def replace(self, reason: str) -> None:
        """Have another one take over."""
        if not self.leaving:
            self.leaving = reason
            self._owner.link_changed(self)

    # ---- tending -----------------------------------------------------------------------------------------------------
    async def _tend(self) -> None:
        await self._open()
        while True:
            now = asyncio.get_running_loop().time()
            self._look_at_acks(now)
            await self._keep_alive(now)
            if await self._ask(now):
                await asyncio.sleep(SEND_GAP_S)
                continue
            self._look_at_silence(now)
            due = self.book.next_due()
            await self._nap(self._check_s if due is None else max(min(self._check_s, due - now), 0.001))

    async def _open(self) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._terms.ack_s
        for message in self._opening.messages:
            await self._say(message)
        while self._unacked:
            if loop.time() >= deadline:
                raise SocketClosed(OURS, f"{len(self._unacked)} opening messages were not acknowledged within {self._terms.ack_s:g} s")
            await self._nap(deadline - loop.time())
        self.is_ready = True
        self._owner.link_ready(self)

    def _look_at_acks(self, now: float) -> None:
        acked, hopeless = self.book.overdue(now)
        if acked.granted:
            self._owner.link_acked(self, acked)
        if hopeless:
            raise SocketClosed(OURS, hopeless)

    async def _ask(self, now: float) -> bool:
        """Send the next request of the book, if there is one."""
        wanted = self._owner.wanted()
        request = self.book.next_request(wanted, now)
        if request is None:
            is_complete = self.book.is_complete(wanted)
            if is_complete != self.is_complete:
                self.is_complete = is_complete
                self._owner.link_changed(self)
            return False
        speech = self._terms.speech
        encode = speech.subscribe if request.is_subscribe else speech.unsubscribe
        await self._say(encode(request.request_id, request.subscriptions))
        return True

    async def _keep_alive(self, now: float) -> None:
        keepalive = self._terms.keepalive
        if keepalive is not None and now - self._kept_alive >= keepalive[1]:
            self._kept_alive = now
            await self._say(keepalive[0])

    def _look_at_silence(self, now: float) -> None:
        if self.leaving:
            return
        watch = self._terms.watch
        for sub, age_s in watch.silent(self.book.granted, now):
            self._owner.link_silent(self, sub, age_s)
        if self._terms.is_private:
            age_s = watch.socket_silent_s(self.since, now)
            if age_s:
                self._owner.link_silent(self, None, age_s)

    async def _say(self, message: bytes) -> None:
        try:
            async with asyncio.timeout(self._terms.ack_s):
                await self._socket.send(message)
        except TimeoutError:
            raise SocketClosed(OURS, "the socket takes no more messages") from None

    async def _nap(self, seconds: float) -> None:
        """Wait for news, so long at most."""
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            pass
        self._news.clear()

    async def _wait_for_retirement(self) -> None:
        await self._retired.wait()
        raise SocketClosed(OURS, "another socket took over")


async def _first_of(works: list[asyncio.Task[None]]) -> None:
    """Wait until one of them is done. `asyncio.wait` keeps them in a set, whose order is another in each run: then no run is like another (I17)."""
    is_over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def over(done: asyncio.Task[None]) -> None:
        if not is_over.done():
            is_over.set_result(None)

    for work in works:
        work.add_done_callback(over)
    await is_over
