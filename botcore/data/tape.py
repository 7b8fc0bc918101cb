"""The tape: all recorded and generated markets of one runtime, merged in the order of their time.

It is the first part on the clock. Every event goes the same short way: requests that reached the paper exchange before it act on the book as it
was, the event changes what is known of the market, and resting orders that the market has now reached trade.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from botcore.core.clock import Clock
from botcore.data.feed import MarketFeed
from botcore.markets.market_state import MarketState
from botcore.model.market_events import BarClosed, FeedEnded, MarketEvent
from botcore.model.times import NEVER


class Matcher(Protocol):
    """The exchange side of a market: what trades when the market moves."""

    @property
    def has_news(self) -> bool:
        """Whether it has messages that nobody has read."""

    def before(self, event: MarketEvent) -> None: ...

    def after(self, event: MarketEvent) -> None: ...


@dataclass(slots=True)
class Channel:
    """One feed, the state that it writes and the exchange that trades on it."""

    feed: MarketFeed
    state: MarketState
    exchange: Matcher


class Tape:
    """Feeds of a runtime, merged.

    Attributes
    ----------
    on_bar, on_end : callable, optional
        Told of every closed bar, and once when a recording has no more data.
    """

    def __init__(self) -> None:
        self.on_bar: Callable[[BarClosed], None] | None = None
        self.on_end: Callable[[FeedEnded], None] | None = None
        self._channels: list[Channel] = []

    @property
    def channels(self) -> tuple[Channel, ...]:
        return tuple(self._channels)

    def add(self, feed: MarketFeed, state: MarketState, exchange: Matcher) -> None:
        """Play a feed from now on; its next event must not be older than the clock (older ones count as due at once)."""
        self._channels = [*self._channels, Channel(feed, state, exchange)]

    def due_ns(self) -> int:
        """Time of the earliest event that has not been played; `NEVER` at the end of all recordings."""
        channels = self._channels
        if len(channels) == 1:
            return channels[0].feed.next_ns()
        return min((channel.feed.next_ns() for channel in channels), default=NEVER)

    def on_tick(self, now_ns: int) -> None:
        """Play everything up to now."""
        self.play(now_ns)

    def play(self, now_ns: int) -> bool:
        """Play everything up to now; True when an exchange has something to say about it."""
        channels = self._channels
        while True:
            channel = self._next()
            if channel is None or channel.feed.next_ns() > now_ns:
                break
            self._play(channel, channel.feed.pop())
        has_news = False
        for channel in channels:
            channel.state.candles.on_time(now_ns)
            channel.state.watch.now_ns = now_ns
            has_news = has_news or channel.exchange.has_news
        return has_news

    def play_quietly(self, before_ns: int, clock: Clock) -> bool:
        """Play the events before a time at which a part wants to be stepped, and let the clock pass with them; True when an exchange got news on the way."""
        channels = self._channels
        while True:
            channel = self._next()
            if channel is None:
                return False
            event_ns = channel.feed.next_ns()
            if event_ns >= before_ns:
                return False
            clock.skip_to(event_ns)
            event = channel.feed.pop()
            self._play(channel, event)
            has_news = channel.exchange.has_news
            for other in channels:
                other.state.candles.on_time(event_ns)
                other.state.watch.now_ns = event_ns
            if has_news:
                return True

    def _next(self) -> Channel | None:
        """The channel whose event comes next."""
        channels = self._channels
        if len(channels) == 1:
            return channels[0]
        return min(channels, key=_due, default=None)

    def _play(self, channel: Channel, event: MarketEvent) -> None:
        channel.exchange.before(event)
        channel.state.apply(event)
        channel.exchange.after(event)
        if type(event) is BarClosed:
            if self.on_bar is not None:
                self.on_bar(event)
        elif type(event) is FeedEnded and self.on_end is not None:
            self.on_end(event)

    def states(self) -> dict[str, dict[str, Any]]:
        """Market -> position of its feed, for the paper exchange's store."""
        return {str(channel.state.instrument.market): channel.feed.state() for channel in self._channels}


def _due(channel: Channel) -> int:
    return channel.feed.next_ns()


def timeline(tape: Tape, clock: Clock) -> Iterator[int]:
    """Times at which a replay ticks, until the tape ends.

    Market events at which no part has anything to do are played without a tick: every part has said until when it sleeps, and an exchange that
    trades wakes them. Ticking there as well would change nothing; the parity tests do exactly that.
    """
    while True:
        tape_ns = tape.due_ns()
        if tape_ns == NEVER:
            return
        wish_ns, wants_each = clock.wish()
        if wants_each:
            yield min(wish_ns, max(tape_ns, clock.now_ns))
        elif wish_ns <= tape_ns:
            yield wish_ns
        elif tape.play_quietly(wish_ns, clock):
            yield clock.now_ns
