"""`MarketStreams`: any number of subscriptions, spread over as many sockets as the venue's limit for one socket demands."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from botcore.venues.dialect import Channel, Subscription
from botcore.venues.stream import SupervisedStream
from botcore.venues.stream_hooks import StreamStatus
from botcore.venues.tasks import OnFault, Tasks


class MarketStreams:
    """A subscription stays on its socket as long as it is wanted, whatever comes and goes beside it; a socket that nobody needs any more is closed.

    Parameters
    ----------
    make : callable
        (number) -> a `SupervisedStream` that was not started; all of them tell the same hooks.
    capacity : int
        Subscriptions of one socket.
    on_fault : callable
        (what, error): the closing of a socket broke.
    """

    def __init__(self, make: Callable[[int], SupervisedStream], capacity: int, on_fault: OnFault) -> None:
        self._make = make
        self._capacity = capacity
        self._streams: dict[int, SupervisedStream] = {}
        self._places: dict[Subscription, int] = {}
        self._tasks = Tasks(on_fault)
        self._made = 0

    def want(self, wanted: Iterable[Subscription]) -> None:
        """What is to be subscribed to from now on, all of it; must be called within a loop."""
        order = dict.fromkeys(wanted)
        for sub in [sub for sub in self._places if sub not in order]:
            del self._places[sub]
        loads = dict.fromkeys(self._streams, 0)
        for number in self._places.values():
            loads[number] += 1
        for sub in order:
            if sub not in self._places:
                place = next((number for number, load in loads.items() if load < self._capacity), None) or self._begin()
                self._places[sub] = place
                loads[place] = loads.get(place, 0) + 1
        for number, stream in list(self._streams.items()):
            if loads[number]:
                stream.want(sub for sub in order if self._places[sub] == number)
            else:
                del self._streams[number]
                self._tasks.once(f"{stream.name}: end", stream.close)

    def _begin(self) -> int:
        self._made += 1
        self._streams[self._made] = stream = self._make(self._made)
        stream.start()
        return self._made

    async def close(self) -> None:
        """End all sockets; no hook is called any more."""
        streams, self._streams = list(self._streams.values()), {}
        self._places.clear()
        for stream in streams:
            await stream.close()
        await self._tasks.finish()

    def renew(self, reason: str) -> None:
        """Let other sockets take over from all present ones."""
        for stream in self._streams.values():
            stream.renew(reason)

    @property
    def is_open(self) -> bool:
        """Whether every socket that is needed is there."""
        return all(stream.is_open for stream in self._streams.values())

    def actual(self) -> frozenset[Subscription]:
        """What was granted."""
        return frozenset(sub for stream in self._streams.values() for sub in stream.actual())

    def age_s(self, channel: Channel, trading_pair: str) -> float:
        """Seconds since a channel's last message; infinite when there was none."""
        return min((stream.age_s(channel, trading_pair) for stream in self._streams.values()), default=float("inf"))

    def status(self) -> list[StreamStatus]:
        return [stream.status() for stream in self._streams.values()]
