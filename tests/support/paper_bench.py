"""`PaperBench`: a whole `TradingRuntime` with paper exchanges on markets that the test quotes by hand. Time is kept by hand, records in memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from botcore.connectors.paper.exchange import PaperRules
from botcore.connectors.paper.models import FeeModel
from botcore.controllers.base import ControllerConfigBase
from botcore.controllers.catalog import ControllerSpec
from botcore.core.bus import EventBus
from botcore.core.clock import Clock
from botcore.markets.market_state import MarketState
from botcore.model.enums import ClockMode
from botcore.model.instrument import Instrument, Market
from botcore.model.market_events import BookSnapshot, MarketEvent, TradeTick
from botcore.model.times import NEVER
from botcore.orders.ids import IdSource
from botcore.risk.limits import RiskLimits
from botcore.strategies.runtime import MarketPlan, TradingRuntime
from botcore.strategies.strategy_v2 import StrategyV2Base
from tests.support.bench import SECOND_NS, T0_NS, D, Money, instrument, lots_of, quote_event, ticks_of
from tests.support.memory_records import MemoryRecords


class HandFeed:
    """A market that says what it is told to say."""

    def __init__(self, of: Instrument, history: np.ndarray | None = None) -> None:
        self.instrument = of
        self.events: deque[MarketEvent] = deque()
        self._history = np.empty((0, 6)) if history is None else history

    def next_ns(self) -> int:
        return self.events[0].ts_ns if self.events else NEVER

    def pop(self) -> MarketEvent:
        return self.events.popleft()

    def history(self, interval_s: int, count: int) -> np.ndarray:
        return self._history[-count:] if count else self._history

    def state(self) -> dict[str, Any]:
        return {}

    def restore(self, state: dict[str, Any]) -> None: ...


class HandSource:
    """Implements `MarketSource` for markets in the test's hands."""

    def __init__(
        self,
        instruments: Sequence[Instrument],
        rules: Mapping[str, PaperRules],
        balances: Mapping[str, Decimal],
        history: Mapping[Market, np.ndarray],
        interval_s: int,
    ) -> None:
        self.feeds: dict[Market, HandFeed] = {}
        self._instruments = {of.market: of for of in instruments}
        self._rules, self._balances, self._history = rules, balances, history
        self._interval_s = interval_s

    def rules(self, connector_name: str) -> PaperRules:
        return self._rules[connector_name]

    def balances(self, connector_name: str, of: Instrument) -> Mapping[str, Decimal]:
        return self._balances

    def plan(self, market: Market) -> MarketPlan:
        return MarketPlan(self._instruments[market], self._interval_s)

    def feed(self, state: MarketState, bias: Callable[[], int], now_ns: int) -> HandFeed:
        market = state.instrument.market
        feed = self.feeds[market] = HandFeed(state.instrument, self._history.get(market))
        return feed

    def history(self, market: Market, feed: HandFeed) -> np.ndarray:
        return feed.history(self._interval_s, 0)


class PaperBench:
    """A `TradingRuntime` in real time that is ticked by hand; every market is quoted 100 / 100 at the start.

    Parameters
    ----------
    rules : PaperRules or mapping of str to PaperRules, optional
        Without fees, 1 ns of latency and touch fills when left out.
    """

    def __init__(
        self,
        *instruments: Instrument,
        rules: PaperRules | Mapping[str, PaperRules] | None = None,
        balances: Mapping[str, Decimal] | None = None,
        limits: RiskLimits | None = None,
        history: Mapping[Market, np.ndarray] | None = None,
        interval_s: int = 60,
        price: Money | None = 100,
        now_ns: int = T0_NS,
    ) -> None:
        self.instruments = instruments or (instrument(),)
        self.instrument = self.instruments[0]
        named = (
            rules if isinstance(rules, Mapping) else {of.market.connector_name: rules or PaperRules(of.kind, FeeModel()) for of in self.instruments}
        )
        self.source = HandSource(self.instruments, named, balances or {"USDT": D(100_000)}, history or {}, interval_s)
        self.bus = EventBus()
        self.records = MemoryRecords(self.bus)
        self.part_faults: list[tuple[Any, Exception]] = []
        self.clock = Clock(ClockMode.REALTIME, start_ns=now_ns, on_fault=lambda part, error: self.part_faults.append((part, error)))
        self.runtime = TradingRuntime(self.clock, self.bus, self.source, self.records, limits or RiskLimits(), IdSource())
        for of in self.instruments:
            self.runtime.open_market(of.market)
        self.exchange = self.runtime.exchanges[self.instrument.market.connector_name]
        if price is not None:
            for of in self.instruments:
                self.quote(price, of=of)
            self.tick()

    # ---- the market and time
    def quote(self, bid: Money, ask: Money | None = None, *, of: Instrument | None = None, size: Money | None = None, after_s: float = 0.5) -> None:
        """A quote that comes `after_s` from now; it is played with the next tick."""
        of = of or self.instrument
        self.push(quote_event(of, self.clock.now_ns + int(after_s * SECOND_NS), bid, ask, size, size))

    def book(self, bids: Sequence[tuple[Money, Money]], asks: Sequence[tuple[Money, Money]], after_s: float = 0.5) -> None:
        of = self.instrument
        levels = [[(ticks_of(of, price), lots_of(of, size)) for price, size in side] for side in (bids, asks)]
        self.push(BookSnapshot(of.market, self.clock.now_ns + int(after_s * SECOND_NS), 1, *levels))

    def trade(self, price: Money, size: Money, *, buyer_is_maker: bool, after_s: float = 0.5) -> None:
        of = self.instrument
        self.push(TradeTick(of.market, self.clock.now_ns + int(after_s * SECOND_NS), ticks_of(of, price), lots_of(of, size), buyer_is_maker))

    def push(self, event: MarketEvent) -> None:
        self.source.feeds[event.market].events.append(event)

    def tick(self, seconds: float = 1) -> None:
        self.clock.tick(self.clock.now_ns + int(seconds * SECOND_NS))

    def price(self, bid: Money, ask: Money | None = None) -> None:
        self.quote(bid, ask)
        self.tick()

    def settle(self, ticks: int = 3) -> None:
        """Let requests arrive and answers come back on a quiet market."""
        for _ in range(ticks):
            self.tick()

    # ---- bots
    def bot(self, *controllers: tuple[ControllerSpec, ControllerConfigBase], bot_id: str = "bot", **options: Any) -> StrategyV2Base:
        bot = self.runtime.build_bot(bot_id, controllers, **options)
        self.runtime.add_bot(bot)
        return bot
