"""Live markets of one venue: books, last trades and candles, kept up to date by supervised streams and, where that is not enough, by asking.

A message goes straight from its bytes into the book that it is about. Every time a channel begins to deliver (again), what it can't tell is asked for:
a snapshot of the book, the candles that closed meanwhile.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from botcore.markets.book_scanner import BookScanner
from botcore.markets.book_sync import BookSync
from botcore.markets.market_state import MarketState
from botcore.markets.sync_states import SyncRules, SyncState
from botcore.model.instrument import Instrument
from botcore.model.market_events import BarClosed
from botcore.model.times import SECOND_NS
from botcore.venues.caller import Caller
from botcore.venues.dialect import Channel, Dialect, Heard, Peek, Subscription, Unreadable
from botcore.venues.live_spec import LiveSpec
from botcore.venues.market_streams import MarketStreams
from botcore.venues.means import Means
from botcore.venues.stream import SupervisedStream
from botcore.venues.stream_hooks import Opening, StreamHooks
from botcore.venues.tasks import Tasks
from botcore.venues.wire import NoReply

BASE_INTERVAL_S = 60
HISTORY = 1_000
CANDLES_RETRY_S = 15


@dataclass(slots=True)
class _Watched:
    """One market. `bars` are candles that closed while older ones are being asked for."""

    state: MarketState
    sync: BookSync
    is_filling: bool = False
    next_fill_ns: int = 0
    has_candles: bool = False
    bars: list[BarClosed] = field(default_factory=list)


class LiveBooks:
    """See the module."""

    def __init__(self, name: str, dialect: Dialect, spec: LiveSpec, means: Means, tasks: Tasks, on_trouble: Callable[[str], None]) -> None:
        self._name = name
        self._dialect = dialect
        self._caller: Caller = means.caller
        self._spec = spec
        self._tasks = tasks
        self._now_ns = means.now_ns
        self._on_trouble = on_trouble
        self._watched: dict[str, _Watched] = {}
        self._means = means
        self._streams: dict[str, MarketStreams] = {}

    def _at(self, url: str) -> MarketStreams:
        """The sockets of an address: venues keep books and candles on different ones."""
        streams = self._streams.get(url)
        if streams is None:
            streams = self._streams[url] = MarketStreams(partial(self._make, url), self._spec.connections.subscriptions, self._tasks.tell)
        return streams

    def _make(self, url: str, number: int) -> SupervisedStream:
        means, spec = self._means, self._spec

        async def opening() -> Opening:
            return Opening(url)

        hooks = StreamHooks(
            self._on_message,
            on_down=lambda reason: self._on_down(stream),
            on_subscribed=self._on_subscribed,
            on_refused=self._on_refused,
            on_shed=lambda count: self._on_shed(stream, count),
            on_fault=self._tasks.tell,
        )
        stream = SupervisedStream(
            f"{self._name} markets {number}",
            means.port,
            self._dialect,
            opening,
            means.budget,
            hooks,
            means.now_ns,
            means.rng,
            connections=spec.connections,
            timeouts=spec.timeouts,
            ages=spec.ages,
        )
        return stream

    # ---- life ------------------------------------------------------------------------------------------------------
    async def close(self) -> None:
        for streams in self._streams.values():
            await streams.close()

    def renew(self, reason: str) -> None:
        """Open the streams anew; books begin again with them."""
        for watched in self._watched.values():
            watched.sync.on_connect(self._now_ns())
        for streams in self._streams.values():
            streams.renew(reason)

    def watch(self, state: MarketState) -> None:
        """Keep a market up to date from now on."""
        instrument = state.instrument
        scanner = BookScanner(self._spec.book.keys(), instrument.tick_size, instrument.lot_size)
        rules = SyncRules(snapshot_depth=self._spec.book.depth, stale_ns=int(self._spec.ages.book * SECOND_NS))
        self._watched[instrument.market.trading_pair] = _Watched(state, BookSync(state, scanner, rules))
        wanted: defaultdict[str, list[Subscription]] = defaultdict(list)
        for pair in self._watched:
            for sub in self._wanted(pair):
                wanted[self._dialect.market_url(sub.channel)].append(sub)
        for url, subs in wanted.items():
            self._at(url).want(subs)

    def rules_changed(self, instrument: Instrument) -> None:
        """Other bounds, the same ticks and lots: what is built on this market from now on knows them."""
        watched = self._watched.get(instrument.market.trading_pair)
        if watched is not None:
            watched.state.instrument = instrument

    @staticmethod
    def _wanted(pair: str) -> tuple[Subscription, ...]:
        return (Subscription(Channel.BOOK, pair), Subscription(Channel.TRADES, pair), Subscription(Channel.CANDLES, pair, "1m"))

    # ---- what the stream tells ---------------------------------------------------------------------------------------
    def _on_message(self, message: bytes, received_ns: int, peek: Peek) -> None:
        watched = self._watched.get(peek.trading_pair)
        if watched is None:
            return
        if peek.heard is Heard.BOOK:
            watched.sync.on_diff(message, received_ns)
            if watched.sync.state is not SyncState.READY:
                self._look(peek.trading_pair, watched, received_ns)
            return
        try:
            if peek.heard is Heard.TRADE:
                watched.state.last_trade_ticks = self._dialect.trade(message).price_ticks
            elif peek.heard is Heard.CANDLE:
                bar = self._dialect.candle(message)
                if bar is not None:
                    self._on_bar(watched, bar)
        except Unreadable as error:
            self._on_trouble(f"a {peek.heard.value} message of {peek.trading_pair} can't be read: {error}")

    def _on_bar(self, watched: _Watched, bar: BarClosed) -> None:
        if watched.has_candles and not watched.is_filling:
            watched.state.candles.on_bar(bar)
        else:
            watched.bars.append(bar)

    def _on_subscribed(self, begun: tuple[Subscription, ...]) -> None:
        now_ns = self._now_ns()
        for sub in begun:
            watched = self._watched.get(sub.trading_pair)
            if watched is None:
                continue
            if sub.channel is Channel.BOOK:
                watched.sync.on_connect(now_ns)
            elif sub.channel is Channel.CANDLES:
                watched.has_candles = False
                watched.next_fill_ns = now_ns

    def _on_down(self, stream: SupervisedStream) -> None:
        for sub in stream.wanted():
            watched = self._watched.get(sub.trading_pair)
            if watched is not None and sub.channel is Channel.BOOK:
                watched.sync.on_disconnect(self._now_ns())
            elif watched is not None and sub.channel is Channel.CANDLES:
                watched.has_candles = False

    def _on_refused(self, sub: Subscription, reason: str) -> None:
        self._on_trouble(f"{sub.channel.value} of {sub.trading_pair} is not to be had: {reason or 'the venue gave no reason'}")

    def _on_shed(self, stream: SupervisedStream, count: int) -> None:
        self._on_trouble(f"{count} market messages could not be read in time and were thrown away; books are fetched anew")
        self._on_subscribed(tuple(stream.wanted()))

    # ---- what is asked for -------------------------------------------------------------------------------------------
    def on_tick(self, now_ns: int) -> None:
        """Look at every market: books age and break also in silence."""
        for pair, watched in self._watched.items():
            watched.sync.on_tick(now_ns)
            self._look(pair, watched, now_ns)
            if not watched.has_candles and not watched.is_filling and now_ns >= watched.next_fill_ns:
                watched.is_filling = True
                self._tasks.once(f"{self._name}: candles of {pair}", partial(self._fill, pair, watched))

    def _look(self, pair: str, watched: _Watched, now_ns: int) -> None:
        if watched.sync.wants_snapshot(now_ns):
            watched.sync.on_asked(now_ns)
            self._tasks.once(f"{self._name}: book of {pair}", lambda: self._fetch(pair, watched.sync))

    async def _fetch(self, pair: str, sync: BookSync) -> None:
        answer = await self._caller.call(self._dialect.depth_call(pair))
        now_ns = self._now_ns()
        if isinstance(answer.reply, NoReply) or not answer.is_accepted:
            sync.on_no_snapshot(now_ns, answer.outcome.text or "no answer")
        else:
            sync.on_snapshot(answer.reply.body, answer.sent_ns, now_ns)

    async def _fill(self, pair: str, watched: _Watched) -> None:
        """Ask for the candles that closed before the stream told of them."""
        try:
            answer = await self._caller.call(self._dialect.candles_call(pair, BASE_INTERVAL_S, None, HISTORY))
            if isinstance(answer.reply, NoReply) or not answer.is_accepted:
                return
            now_ns = self._now_ns()
            for start, *values in self._dialect.candles(answer.reply).tolist():
                open_ns = int(start) * SECOND_NS
                close_ns = open_ns + BASE_INTERVAL_S * SECOND_NS
                if close_ns <= now_ns:
                    watched.state.candles.on_bar(BarClosed(watched.state.instrument.market, close_ns, open_ns, BASE_INTERVAL_S * SECOND_NS, *values))
            for bar in watched.bars:
                watched.state.candles.on_bar(bar)
            watched.has_candles = True
        except Unreadable as error:
            self._on_trouble(f"candles of {pair} can't be read: {error}")
        finally:
            watched.bars.clear()
            watched.is_filling = False
            watched.next_fill_ns = self._now_ns() + CANDLES_RETRY_S * SECOND_NS

    # ---- how they stand ----------------------------------------------------------------------------------------------
    def ages(self, now_ns: int) -> tuple[tuple[str, str, float | None], ...]:
        """(pair, state of its book, seconds since its last message or None) of every market."""
        return tuple(
            (pair, watched.sync.state.value, watched.sync.age_ns(now_ns) / 1e9 if watched.sync.last_message_ns else None)
            for pair, watched in self._watched.items()
        )
