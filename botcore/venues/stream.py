"""`SupervisedStream`: one stream of a venue that is kept alive for ever.

It opens a socket within the connection budget, says the opening messages, sees to it that what is wanted is what is subscribed to, and notices when a channel goes silent
though the socket lives. Before a socket's life is over, or when the venue says farewell, another one is opened; the old one goes when the new one delivers
everything, so that nothing is missed (and some messages come twice). Whatever of it dies is brought back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable
from random import Random

from botcore.venues.backoff import Backoff, ConnectionBudget
from botcore.venues.dialect import Channel, Subscription
from botcore.venues.intake import Intake
from botcore.venues.link import Link, LinkTerms
from botcore.venues.live_spec import AgeSpec, ConnectionSpec, TimeoutSpec
from botcore.venues.port import Port, SocketClosed
from botcore.venues.stream_hooks import Opening, Speech, StreamHooks, StreamRefused, StreamStatus
from botcore.venues.subscriptions import Acked, Watch
from botcore.venues.tasks import Tasks

OVERLAP_S = 5.0
"""How long the old socket goes on after the new one delivers: one of them may lag behind the other."""

CONSUMED_IN_A_ROW = 64
"""Messages given to the consumer before others get their turn; fewer than are read, so that what can't be consumed is seen as a full queue."""

QUEUE_BYTES = 64 * 1024 * 1024


class SupervisedStream:
    """See the module.

    Parameters
    ----------
    name : str
        For texts: `binance trades`, for example.
    speech : Speech
        A dialect.
    opening : callable
        Asked before each connection; `StreamRefused` counts as a failed attempt.
    budget : ConnectionBudget
        Shared by all streams of the venue.
    now_ns : callable
        The clock of `received_ns`.
    rng : Random
        For pauses and lifetimes.
    is_private : bool
        An account's stream: nothing of it is ever dropped, and the silence of its socket counts (`ages.user`), not that of its channels.
    keepalive : (bytes, float), optional
        A message to send every so many seconds, where the venue has pings of its own.
    queue_max : int
        Most messages that wait for the consumer.
    """

    def __init__(
        self,
        name: str,
        port: Port,
        speech: Speech,
        opening: Callable[[], Awaitable[Opening]],
        budget: ConnectionBudget,
        hooks: StreamHooks,
        now_ns: Callable[[], int],
        rng: Random,
        *,
        connections: ConnectionSpec | None = None,
        timeouts: TimeoutSpec | None = None,
        ages: AgeSpec | None = None,
        is_private: bool = False,
        keepalive: tuple[bytes, float] | None = None,
        queue_max: int = 20_000,
    ) -> None:
        self.name = name
        self._port = port
        self._opening = opening
        self._budget = budget
        self._hooks = hooks
        self._rng = rng
        self._connections = connections or ConnectionSpec()
        self._timeouts = timeouts or TimeoutSpec()
        self._pauses = Backoff(self._connections.first_pause_s, self._connections.longest_pause_s, rng)
        self._intake = Intake(queue_max, QUEUE_BYTES, None if is_private else self._shed)
        self._watch = Watch(ages or AgeSpec())
        self._terms = LinkTerms(speech, self._intake, self._watch, now_ns, self._timeouts.ack_s, is_private, keepalive)
        self._tasks = Tasks(hooks.on_fault)
        self._links: list[Link] = []
        self._wanted: dict[Subscription, None] = {}
        self._is_opening = False
        self._is_closing = False
        self._wake = asyncio.Event()
        self._attempts = 0
        self._last_close = ""
        self.is_open = False
        """Whether at least one socket is there with its opening acknowledged."""

    # ---- for its owner -----------------------------------------------------------------------------------------------
    def start(self) -> None:
        """Begin; must be called within a loop."""
        self._tasks.keep(f"{self.name}: stream", self._manage)
        self._tasks.keep(f"{self.name}: consumer", self._consume)

    async def close(self) -> None:
        """End all sockets and tasks; no hook is called any more."""
        self._is_closing = True
        await self._tasks.close()
        for link in self._links:
            # opened in the very last moment, and served by nobody
            await link.drop()
        self._links.clear()
        self.is_open = False

    def want(self, wanted: Iterable[Subscription]) -> None:
        """What is to be subscribed to from now on, all of it."""
        self._wanted = dict.fromkeys(wanted)
        for link in self._links:
            link.look()

    def renew(self, reason: str) -> None:
        """Let another socket take over from the present one, without a hole."""
        newest = self._newest()
        if newest is not None:
            newest.replace(reason)

    def wanted(self) -> Collection[Subscription]:
        return self._wanted.keys()

    def actual(self) -> frozenset[Subscription]:
        """What at least one socket was granted."""
        return frozenset(sub for link in self._links for sub in link.book.granted)

    def age_s(self, channel: Channel, trading_pair: str) -> float:
        """Seconds since a channel's last message; infinite when there was none."""
        return self._watch.age_s(channel, trading_pair, _loop_time())

    def status(self) -> StreamStatus:
        now = _loop_time()
        newest, last = self._newest(), self._watch.last_message
        return StreamStatus(
            self.name,
            self.is_open,
            0.0 if newest is None else now - newest.since,
            float("inf") if last is None else now - last,
            len(self._wanted),
            len(self.actual()),
            self._attempts,
            self._intake.shed,
            len(self._intake),
            self._last_close,
        )

    # ---- sockets -------------------------------------------------------------------------------------------------------
    def _newest(self) -> Link | None:
        return self._links[-1] if self._links else None

    async def _manage(self) -> None:
        """Open what is needed, retire what is not."""
        while True:
            self._wake.clear()
            now = _loop_time()
            due = self._retire(now)
            newest = self._newest()
            if newest is not None and not newest.leaving:
                if now >= newest.ends_at:
                    newest.replace("its lifetime is over")
                due.append(newest.ends_at)
            if (newest is None or newest.leaving) and not self._is_opening:
                self._is_opening = True
                if newest is not None:
                    self._count(newest)
                self._tasks.once(f"{self.name}: opener", self._open)
            try:
                async with asyncio.timeout_at(min((when for when in due if when > now), default=None)):
                    await self._wake.wait()
            except TimeoutError:
                pass

    def _retire(self, now: float) -> list[float]:
        """Let old sockets go once the newest delivers everything; when that is due."""
        due: list[float] = []
        if not self._links:
            return due
        *old, newest = self._links
        newest.retire_at = None
        for link in old:
            if not (newest.is_ready and newest.is_complete):
                link.retire_at = None
            elif link.retire_at is None:
                link.retire_at = now + OVERLAP_S
            if link.retire_at is not None:
                due.append(link.retire_at)
                if now >= link.retire_at:
                    link.retire()
        return due

    def _count(self, link: Link) -> None:
        """Take a socket's life into account for the next pause, once."""
        if not link.is_counted:
            link.is_counted = True
            self._pauses.lived(_loop_time() - link.since)

    async def _open(self) -> None:
        """One attempt to open a socket."""
        try:
            await asyncio.sleep(self._pauses.next_s())
            async with self._budget.attempt():
                self._attempts += 1
                opening = await self._opening()
                socket = await self._port.connect(opening.url, self._timeouts.connect_s)
            lifetime_s = self._connections.lifetime_s * (1 - 0.05 * self._rng.random())
            link = Link(socket, opening, self._terms, self, _loop_time(), lifetime_s)
            self._links.append(link)
            self._tasks.once(f"{self.name}: socket", lambda: self._serve(link))
        except (SocketClosed, StreamRefused) as error:
            self._failed(str(error))
        except Exception:
            self._failed("a fault of this program")
            raise
        finally:
            self._is_opening = False
            self._wake.set()

    def _failed(self, reason: str) -> None:
        self._pauses.failed()
        self._last_close = reason

    async def _serve(self, link: Link) -> None:
        """A socket's life, to its end."""
        try:
            reason = str(await link.serve())
        except GeneratorExit:
            # closed from outside: the loop is gone, and nobody is left to be told
            raise
        except BaseException:
            self._served(link, "a fault of this program")
            raise
        self._served(link, reason)

    def _served(self, link: Link, reason: str) -> None:
        """A socket is gone."""
        self._links.remove(link)
        if link.retire_at is None:
            # nobody was asked to take over from it
            self._last_close = reason
            self._count(link)
        if self.is_open and not any(other.is_ready for other in self._links):
            self.is_open = False
            self._tell("on_down", self._hooks.on_down, reason)
        self._wake.set()

    # ---- what links tell -----------------------------------------------------------------------------------------------
    def link_ready(self, link: Link) -> None:
        if not self.is_open:
            self.is_open = True
            self._tell("on_open", self._hooks.on_open)
        else:
            self._tell("on_renewed", self._hooks.on_renewed)

    def link_acked(self, link: Link, acked: Acked) -> None:
        begun = tuple(sub for sub in acked.granted if not self._delivers_already(link, sub))
        if begun:
            self._tell("on_subscribed", self._hooks.on_subscribed, begun)
        for sub in acked.refused:
            self._tell("on_refused", self._hooks.on_refused, sub, acked.reason)

    def _delivers_already(self, link: Link, sub: Subscription) -> bool:
        """Whether another socket carried it without a break."""
        return not self._watch.is_doubted(sub) and any(other is not link and sub in other.book.granted for other in self._links)

    def link_changed(self, link: Link) -> None:
        self._wake.set()

    def link_silent(self, link: Link, sub: Subscription | None, age_s: float) -> None:
        rounds = self._watch.count(sub)
        self._tell("on_silent", self._hooks.on_silent, sub, age_s)
        if sub is not None and rounds % 2 == 0:
            link.book.ask_again(sub)
            link.look()
        else:
            link.replace(f"{f'{sub.channel.value} of {sub.trading_pair}' if sub else 'the socket'} silent for {age_s:.0f} s")

    # ---- the consumer --------------------------------------------------------------------------------------------------
    async def _consume(self) -> None:
        on_message = self._hooks.on_message
        while True:
            taken = await self._intake.take(CONSUMED_IN_A_ROW)
            for message, received_ns, peek in taken:
                try:
                    on_message(message, received_ns, peek)
                except Exception as error:  # noqa: BLE001
                    self._tasks.tell(f"{self.name}: consumer", error)
            if len(taken) == CONSUMED_IN_A_ROW:
                # there may be more, and everybody else has his turn first; of fewer none is left, and the next `take` waits
                await asyncio.sleep(0)

    def _shed(self, count: int) -> None:
        self._tell("on_shed", self._hooks.on_shed, count)

    def _tell(self, name: str, hook: Callable[..., None], *args: object) -> None:
        """Call a hook; what breaks in it is reported and changes nothing here."""
        if self._is_closing:
            return
        try:
            hook(*args)
        except Exception as error:  # noqa: BLE001
            self._tasks.tell(f"{self.name}: {name}", error)


def _loop_time() -> float:
    return asyncio.get_running_loop().time()
