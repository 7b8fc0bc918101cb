"""Benches on which the trading core is tried: everything of it is real, only the world around it is in the test's hands.

`VenueBench` has a venue that says what the test says (accept, fill, refuse ...), for one executor or orchestrator at a time. `PaperBench` is a whole
`TradingRuntime` with paper exchanges on markets that the test quotes by hand. Both keep market time by hand and records in memory.
"""

from __future__ import annotations

import dataclasses
import json
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from botcore.backtesting.engine import BacktestJob
from botcore.backtesting.source import RecordedMarket
from botcore.connectors.base import ConnectorBase, OutgoingRequest
from botcore.connectors.paper.exchange import PaperRules
from botcore.connectors.paper.models import FeeModel
from botcore.controllers.base import ControllerBase, ControllerConfigBase
from botcore.controllers.catalog import ControllerSpec
from botcore.core.bus import EventBus
from botcore.core.clock import Clock
from botcore.core.steps import Stepper
from botcore.data.candle_csv import CandleTable, read_candles
from botcore.executors.catalog import executor_factories
from botcore.markets.market_data import MarketDataProvider
from botcore.markets.market_state import MarketState
from botcore.model.enums import ClockMode, InstrumentKind, PositionMode, TradeType
from botcore.model.events import (
    ExecutorChanged,
    ExecutorEnded,
    Fact,
    HoldChanged,
    OrderAccepted,
    OrderClosed,
    OrderFilled,
    OrderSubmitted,
    PartFault,
    TallyChanged,
)
from botcore.model.instrument import Instrument, Market
from botcore.model.market_events import UNKNOWN_DEPTH, BookSnapshot, MarketEvent, QuoteTick, TradeTick
from botcore.model.order import Fee, Fill, OrderRequest, OrderState, Purpose
from botcore.model.records import BotRecords, ExecutorRecord, FillRecord, OrderRecord
from botcore.model.times import NEVER
from botcore.model.venue_updates import CancelRefused, OrderEnded, OrderTaken, OrderTraded
from botcore.orchestrator.orchestrator import ExecutorOrchestrator
from botcore.orchestrator.reporting import reporting_asset
from botcore.orders.ids import IdSource
from botcore.orders.tracker import Order
from botcore.risk.gate import RiskGate
from botcore.risk.limits import RiskLimits
from botcore.strategies.desk import Desk
from botcore.strategies.runtime import MarketPlan, TradingRuntime
from botcore.strategies.strategy_v2 import StrategyV2Base

try:
    from tests.support.data import recorded
except ImportError:

    def recorded(relpath: str) -> Path:
        """A recording beside the project; the test is skipped where there is none."""
        path = Path(__file__).parents[2].parent / "shared" / "data" / relpath
        if not path.is_file():
            pytest.skip(f"needs the recording {relpath} in ../shared/data")
        return path


D = Decimal
SECOND_NS = 1_000_000_000
T0_S = 1_234_567_890
"""Market time at which a bench begins: that of the numeric scenarios."""
T0_NS = T0_S * SECOND_NS

PERP, SPOT = "venue_perpetual", "venue"
Money = Decimal | str | int


def instrument(
    pair: str = "ETH-USDT",
    connector: str = PERP,
    *,
    tick: str = "0.01",
    lot: str = "0.001",
    min_amount: str = "0",
    min_notional: str = "0",
) -> Instrument:
    """An instrument; a connector whose name ends in `_perpetual` trades perpetuals."""
    kind = InstrumentKind.LINEAR_PERPETUAL if connector.endswith("_perpetual") else InstrumentKind.SPOT
    return Instrument(Market(connector, pair), kind, D(tick), D(lot), D(min_amount), D(min_notional))


def ticks_of(of: Instrument, price: Money) -> int:
    scaled = D(price) / of.tick_size
    assert scaled == int(scaled), f"{price} is not on the tick grid of {of}"
    return int(scaled)


def lots_of(of: Instrument, amount: Money) -> int:
    scaled = D(amount) / of.lot_size
    assert scaled == int(scaled), f"{amount} is not on the lot grid of {of}"
    return int(scaled)


def quote_event(
    of: Instrument, ts_ns: int, bid: Money, ask: Money | None = None, bid_size: Money | None = None, ask_size: Money | None = None
) -> QuoteTick:
    """A quote; depth is unlimited where no size is given."""
    return QuoteTick(
        of.market,
        ts_ns,
        ticks_of(of, bid),
        ticks_of(of, bid if ask is None else ask),
        UNKNOWN_DEPTH if bid_size is None else lots_of(of, bid_size),
        UNKNOWN_DEPTH if ask_size is None else lots_of(of, ask_size),
    )


def make_fill(
    of: Instrument,
    side: TradeType,
    price: Money,
    amount: Money,
    *,
    trade_id: str,
    order_id: str = "o-1",
    fee: Money = 0,
    fee_asset: str | None = None,
    fee_in_quote: Money | None = "same",
    ts_ns: int = T0_NS,
) -> Fill:
    """A fill; its fee is in quote unless an asset is given, `fee_in_quote=None` makes it unpriced."""
    fee = D(fee)
    in_quote = fee if fee_in_quote == "same" else None if fee_in_quote is None else D(fee_in_quote)
    return Fill(
        of, trade_id, order_id, side, ticks_of(of, price), lots_of(of, amount), Fee(fee, fee_asset or of.quote, in_quote), ts_ns, is_maker=False
    )


# ---- records in memory ---------------------------------------------------------------------------------------------
class MemoryRecords:
    """Gathers what a recorder would write; `bot_records` is what a restart would read, everything JSON-ready having gone through JSON."""

    def __init__(self, bus: EventBus) -> None:
        self.submitted: list[Order] = []
        self.fills: list[tuple[Fill, str]] = []
        self.accepted: list[Order] = []
        self.closed: list[OrderClosed] = []
        self.ended: list[Any] = []
        self.faults: list[PartFault] = []
        self.facts: list[Fact] = []
        self.holds: dict[tuple[str, str, str, str], Any] = {}
        self.tallies: dict[str, Any] = {}
        self._executors: dict[str, ExecutorRecord] = {}
        self._changed: dict[str, Any] = {}
        self.flushes = 0
        self.is_durable = True
        """Set to False to keep everything that was asked to be sent from leaving."""
        bus.subscribe(OrderSubmitted, lambda event: self.submitted.append(event.order))
        bus.subscribe(OrderAccepted, lambda event: self.accepted.append(event.order))
        bus.subscribe(OrderFilled, lambda event: self.fills.append((event.fill, event.order.request.executor_id)))
        bus.subscribe(OrderClosed, self.closed.append)
        bus.subscribe(ExecutorEnded, lambda event: self.ended.append(event.info))
        bus.subscribe(ExecutorChanged, self._on_executor)
        bus.subscribe(HoldChanged, self._on_hold)
        bus.subscribe(TallyChanged, self._on_tally)
        bus.subscribe(PartFault, self.faults.append)
        bus.subscribe(Fact, self.facts.append)

    def flush(self, then: Callable[[], None] | None) -> None:
        self.flushes += 1
        assert self.executors is not None
        if then is not None and self.is_durable:
            then()

    def _on_executor(self, event: ExecutorChanged) -> None:
        self._changed[event.executor.id] = event.executor  # type: ignore[attr-defined]

    @property
    def executors(self) -> dict[str, ExecutorRecord]:
        """Executors as they are written: their records are taken at a flush, as the recorder does, or now."""
        for executor in self._changed.values():
            record = executor.record()
            plain = json.loads(json.dumps({"config": record.config, "state": record.state}))
            self._executors[record.executor_id] = dataclasses.replace(record, **plain)
        self._changed.clear()
        return self._executors

    def _on_hold(self, event: HoldChanged) -> None:
        record = event.hold.record()
        self.holds[(record.controller_id, record.connector_name, record.trading_pair, record.bucket)] = record

    def _on_tally(self, event: TallyChanged) -> None:
        record = event.tally.record()
        self.tallies[record.controller_id, record.asset] = record

    def fact_kinds(self) -> list[str]:
        return [fact.kind for fact in self.facts]

    def carry_over(self, older: MemoryRecords, trackers: Sequence[Any]) -> None:
        """Be the same store after a restart: `trackers` have adopted the orders that are still of interest."""
        adopted = [tracker.get(order.client_order_id) for order in older.submitted for tracker in trackers]
        self.submitted[:0] = [order for order in adopted if order is not None]
        self.fills[:0] = older.fills
        self._executors = older.executors | self.executors
        self.holds = older.holds | self.holds
        self.tallies = older.tallies | self.tallies

    def bot_records(self, controller_ids: Sequence[str] | None = None) -> BotRecords:
        """What recovery of a bot starts from; all controllers belong to it unless some are named."""

        def own(records: Any) -> list[Any]:
            return [record for record in records if controller_ids is None or record.controller_id in controller_ids]

        executors = own(self.executors.values())
        running = [record for record in executors if record.status != "TERMINATED"]
        closed = sorted((record for record in executors if record.status == "TERMINATED"), key=lambda record: record.close_ns)
        waiting = {order.request.executor_id for order in self.submitted if order.is_open}
        orphans = [record for record in closed if record.executor_id in waiting]
        alive = {record.executor_id for record in (*running, *orphans)}
        orders = [order_record(order) for order in self.submitted if order.request.executor_id in alive]
        fills = [fill_record(fill, executor_id) for fill, executor_id in self.fills if executor_id in alive]
        return BotRecords(running, closed, orders, fills, own(self.holds.values()), own(self.tallies.values()), orphans)


def order_record(order: Order) -> OrderRecord:
    request, of = order.request, order.instrument
    return OrderRecord(
        order.client_order_id,
        order.exchange_order_id,
        request.executor_id,
        of.market.connector_name,
        of.market.trading_pair,
        request.trade_type.name,
        request.order_type.name,
        request.purpose.value,
        request.position_action.name,
        of.amount(order.lots),
        None if request.price_ticks is None else of.price(request.price_ticks),
        order.state.name,
        order.created_ns,
    )


def fill_record(fill: Fill, executor_id: str) -> FillRecord:
    market, fee = fill.instrument.market, fill.fee
    return FillRecord(
        market.connector_name,
        market.trading_pair,
        fill.trade_id,
        fill.client_order_id,
        executor_id,
        fill.trade_type.name,
        fill.price,
        fill.amount,
        fee.amount,
        fee.asset,
        fee.in_quote,
        fill.is_maker,
        fill.ts_ns,
    )


# ---- a venue in the test's hands -----------------------------------------------------------------------------------
class ScriptedVenue(ConnectorBase):
    """A connector to a venue that does nothing by itself: the test says what it answers.

    Attributes
    ----------
    requests, cancels : list
        Orders that left, and orders whose cancel was asked.
    """

    def __init__(self, of: Sequence[Instrument], clock: Clock, bus: EventBus, ids: IdSource) -> None:
        super().__init__(of[0].market.connector_name, clock, bus, ids)
        self.instruments = {item.market.trading_pair: item for item in of}
        self.requests: list[Order] = []
        self.cancels: list[Order] = []
        self.pays = True
        self.mode = PositionMode.ONEWAY
        self.reducible: int | None = None
        """What an exit may reduce; None: whatever it asks for."""
        self.answers: dict[str, list[Any]] = {}
        """What `reconcile` hears of an order, by client order id."""
        self._trades = 0
        self._exchange_ids = 0

    # ---- ConnectorBase
    def send(self, requests: list[OutgoingRequest]) -> None:
        for request in requests:
            (self.cancels if request.is_cancel else self.requests).append(request.order)

    def on_tick(self, now_ns: int) -> None: ...

    def reconcile(self, now_ns: int) -> None:
        for order in self.tracker.open_orders():
            for update in self.answers.get(order.client_order_id, []):
                self.apply(update)

    def balance(self, asset: str) -> tuple[Decimal, Decimal]:
        return D(1_000_000), D(1_000_000)

    def can_pay(self, request: OrderRequest, ticks: int) -> bool:
        return self.pays

    def instrument(self, trading_pair: str) -> Instrument:
        return self.instruments[trading_pair]

    def position_mode(self) -> PositionMode:
        return self.mode

    def reducible_lots(self, request: OrderRequest) -> int:
        if not request.instrument.is_perpetual:
            return 0
        return request.lots if self.reducible is None else self.reducible

    # ---- what the venue says
    def accept(self, order: Order) -> None:
        self._exchange_ids += 1
        self.apply(OrderTaken(order.client_order_id, f"ex-{self._exchange_ids}", self._clock.now_ns))

    def trade(
        self,
        order: Order,
        amount: Money | None = None,
        price: Money | None = None,
        *,
        fee: Money = 0,
        asset: str | None = None,
        rate: Money | None = 1,
    ) -> Fill:
        """A fill of an order: all that remains unless an amount is given, at its limit unless a price is given.

        Parameters
        ----------
        rate : optional
            Quote per unit of the fee's asset; None leaves the fee unpriced.
        """
        of = order.instrument
        self._trades += 1
        ticks = order.request.price_ticks if price is None else ticks_of(of, price)
        assert ticks is not None, "a market order's fill needs a price"
        lots = order.remaining_lots if amount is None else lots_of(of, amount)
        paid = Fee(D(fee), asset or of.quote, None if rate is None else D(fee) * D(rate))
        fill = Fill(of, f"t-{self._trades}", order.client_order_id, order.request.trade_type, ticks, lots, paid, self._clock.now_ns, False)
        self.apply(OrderTraded(fill))
        return fill

    def end(self, order: Order, state: OrderState = OrderState.CANCELED, reason: str = "") -> None:
        self.apply(OrderEnded(order.client_order_id, state, reason, self._clock.now_ns))

    def reject(self, order: Order, reason: str = "the venue does not like it") -> None:
        self.end(order, OrderState.FAILED, reason)

    def refuse_cancel(self, order: Order) -> None:
        self.apply(CancelRefused(order.client_order_id, "too late", self._clock.now_ns))


class VenueBench:
    """Clock, bus, gate, desk and orchestrator of one bot in front of a `ScriptedVenue`; quoted 100 / 100 at the start.

    Parameters
    ----------
    price : optional
        First quote; None leaves the book empty.
    """

    def __init__(
        self,
        *instruments: Instrument,
        price: Money | None = 100,
        limits: RiskLimits | None = None,
        factories: Mapping[str, Any] | None = None,
        keep_closed: int = 100,
        now_ns: int = T0_NS,
    ) -> None:
        self.instruments = instruments or (instrument(),)
        self.instrument = self.instruments[0]
        self.bus = EventBus()
        self.records = MemoryRecords(self.bus)
        self.clock = Clock(ClockMode.REALTIME, start_ns=now_ns, stepper=Stepper())
        self.states = {of.market: MarketState(of) for of in self.instruments}
        self.state = self.states[self.instrument.market]
        self.ids = IdSource()
        by_connector: dict[str, list[Instrument]] = {}
        for of in self.instruments:
            by_connector.setdefault(of.market.connector_name, []).append(of)
        self.venues = {name: ScriptedVenue(items, self.clock, self.bus, self.ids) for name, items in by_connector.items()}
        self.venue = self.venues[self.instrument.market.connector_name]
        self.market_data = MarketDataProvider(self.clock, self.states)
        self.gate = RiskGate(limits or RiskLimits(), self.market_data)
        self.desk = Desk("bot", self.venues, self.gate, self.clock)
        self.orchestrator = ExecutorOrchestrator(
            self.desk,
            self.market_data,
            self.clock,
            self.bus,
            dict(factories or executor_factories()),
            self.ids.executor_id,
            self.desk.position_mode,
            reporting_asset(self.states),
            keep_closed,
        )
        if price is not None:
            for of in self.instruments:
                self.quote(price, of=of)

    # ---- the market and time
    def quote(self, bid: Money, ask: Money | None = None, *, of: Instrument | None = None) -> None:
        """The market moves; nobody is stepped."""
        of = of or self.instrument
        self.states[of.market].apply(quote_event(of, self.clock.now_ns, bid, ask))

    def tick(self, seconds: float = 1) -> None:
        """Time goes on and everybody is stepped; requests leave."""
        self.clock.tick(self.clock.now_ns + int(seconds * SECOND_NS))
        self.orchestrator.on_tick(self.clock.now_ns)
        self.send()

    def price(self, bid: Money, ask: Money | None = None) -> None:
        """Quote, then one second later a tick."""
        self.quote(bid, ask)
        self.tick()

    def send(self) -> None:
        """Records are written, then requests leave."""
        self.records.flush(None)
        for venue in self.venues.values():
            venue.send(venue.take_outbox())

    # ---- executors
    def start(self, config: Any, controller_id: str = "main") -> Any:
        executor = self.orchestrator.create(config, controller_id)
        assert executor is not None, "the same was refused again and again"
        self.send()
        return executor

    @property
    def orders(self) -> list[Order]:
        """All orders that left, oldest first."""
        return self.venue.requests

    def live(self) -> list[Order]:
        return self.venue.tracker.open_orders()

    def sum_of(self, side: TradeType) -> Decimal:
        """Base that the venue has filled on one side."""
        return sum((fill.amount for fill, _ in self.records.fills if fill.trade_type is side), D(0))


# ---- a whole runtime on markets in the test's hands ----------------------------------------------------------------
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


def spec_of(controller_class: type[ControllerBase], config_class: type[ControllerConfigBase] = ControllerConfigBase) -> ControllerSpec:
    """A controller of the test as the catalog would know it."""
    return ControllerSpec("of_test", "generic", config_class, controller_class, "a controller of a test")


# ---- backtests -----------------------------------------------------------------------------------------------------
def table_of(bars: Sequence[Sequence[float]], interval_s: int = 60, volume: float = 1.0) -> CandleTable:
    """Candles from (time in s, open, high, low, close)."""
    block = np.array(bars, dtype=float)
    open_ms = (block[:, 0] * 1000).astype(np.int64) + T0_S // 86_400 * 86_400_000
    columns = [block[:, column].copy() for column in range(1, 5)]
    return CandleTable(open_ms, *columns, np.full(len(block), volume), interval_s, 0, D("0.01"), D("0.001"))


def recorded_table(relpath: str, rows: slice = slice(None)) -> CandleTable:
    """Rows of a recording."""
    table = read_candles(recorded(relpath))
    columns = {name: getattr(table, name)[rows] for name in ("open_ms", "open", "high", "low", "close", "volume")}
    return dataclasses.replace(table, **columns)


def backtest_job(
    controllers: Sequence[tuple[ControllerSpec, ControllerConfigBase]],
    table: CandleTable,
    of: Instrument | None = None,
    *,
    maker: str = "0.0002",
    taker: str = "0.0002",
    opening: Mapping[str, Decimal] | None = None,
    **rules: Any,
) -> BacktestJob:
    """A job on one market; 2 basis points a side unless said otherwise."""
    of = of or instrument()
    paper = PaperRules(of.kind, FeeModel(D(maker), D(taker), rules.pop("from_received", False)), **rules)
    market = of.market
    return BacktestJob(controllers, {market: RecordedMarket(of, table, "test")}, {market.connector_name: paper}, opening or {of.quote: D(100_000)})


__all__ = [
    "NEVER",
    "PERP",
    "SECOND_NS",
    "SPOT",
    "T0_NS",
    "T0_S",
    "D",
    "HandFeed",
    "HandSource",
    "MemoryRecords",
    "PaperBench",
    "Purpose",
    "ScriptedVenue",
    "VenueBench",
    "backtest_job",
    "instrument",
    "lots_of",
    "make_fill",
    "quote_event",
    "recorded",
    "recorded_table",
    "spec_of",
    "table_of",
    "ticks_of",
]
