"""One bot in front of a venue behind a bad line: clock, bus, gate, desk, orchestrator and a real `ExchangeConnector`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from botcore.connectors.live.account import Account
from botcore.connectors.live.doubts import BeliefRules
from botcore.connectors.live.exchange import ExchangeConnector
from botcore.connectors.live.fees import Rate, no_rate
from botcore.connectors.live.venue_side import VenueSide
from botcore.core.bus import EventBus
from botcore.core.clock import Clock
from botcore.core.steps import Stepper
from botcore.executors.catalog import executor_factories
from botcore.executors.data_types import PositionExecutorConfig, TripleBarrierConfig
from botcore.markets.market_data import MarketDataProvider
from botcore.markets.market_state import MarketState
from botcore.model.enums import ClockMode, OrderType, TradeType
from botcore.model.events import StrayFill, StrayOrder
from botcore.model.instrument import Market
from botcore.model.order import TERMINAL, OrderRequest, OrderState
from botcore.model.records import BotRecords, FillRecord, HoldRecord, IntentRecord
from botcore.orchestrator.orchestrator import ExecutorOrchestrator
from botcore.orders.ids import IdSource
from botcore.orders.tracker import Order
from botcore.risk.gate import RiskGate
from botcore.risk.limits import RiskLimits
from botcore.strategies.desk import Desk
from botcore.strategies.positions import PositionKeeper
from botcore.strategies.recovery import restore_bot
from botcore.strategies.strategy_v2 import StrategyV2Base
from botcore.strategies.strays import UNOWNED, StrayKeeper
from tests.support.bench import PERP, SECOND_NS, T0_NS, instrument, quote_event
from tests.support.lossy_venue import Line, LossyVenue
from tests.support.memory_records import MemoryRecords, fill_record, order_record
from tests.support.order_owner import Owner as Owner

D = Decimal


def controller_of(bot_id: str) -> str:
    return "main" if bot_id == "bot" else bot_id


@dataclass(frozen=True)
class Durable:
    """What is on disk."""

    records: dict[str, BotRecords]
    orders: list[str]
    fills: list[Any]
    executors: dict[str, Any]
    holds: dict[Any, Any]
    tallies: dict[str, Any]
    serial: int


class LiveBench:
    """Ticks every 250 ms of market time; the market stands at 100 until it is moved."""

    def __init__(
        self,
        seed: int = 1,
        line: Line | None = None,
        rules: BeliefRules | None = None,
        *,
        crashes: bool = False,
        stops: bool = False,
        limits: RiskLimits | None = None,
        connector: str = PERP,
        bots: Sequence[str] = ("bot",),
        rate: Rate = no_rate,
        min_notional: str = "0",
    ) -> None:
        self.name = connector
        self.instrument = instrument(connector=connector, min_notional=min_notional)
        self._bot_ids = bots
        self._rate = rate
        self.clock = Clock(ClockMode.REALTIME, start_ns=T0_NS, stepper=Stepper())
        self.strays: list[Any] = []
        self.kills = 0
        self.intents: dict[str, IntentRecord] = {}
        self._rules = rules or BeliefRules()
        self._crashes = crashes
        self._stops = stops
        self._limits = limits or RiskLimits()
        self._durable: Durable | None = None
        self.venue = LossyVenue(lambda: self.clock.now_ns, lambda news: self.connector.inbox.append(news), seed, line)
        self.state = MarketState(self.instrument)
        self._boot(serial=1)
        self._write()
        self.price(10_000)

    def _boot(self, serial: int) -> None:
        """Everything that a process builds at its start."""
        self.bus = EventBus()
        self.records = MemoryRecords(self.bus)
        self.bus.subscribe(StrayOrder, self.strays.append)
        self.bus.subscribe(StrayFill, self.strays.append)
        account = Account(D("0.0004"))
        account.set_balances({"USDT": (D(1_000_000), D(1_000_000)), "ETH": (D(1_000_000), D(1_000_000))}, complete=True)
        self.ids = IdSource(start=serial)
        pairs = {self.instrument.market.trading_pair: self.instrument}
        side = VenueSide(self.venue, self._rules, pairs, account, self._stops, self._rate)
        self.connector = ExchangeConnector(self.name, self.clock, self.bus, self.ids, side)
        self.market_data = MarketDataProvider(self.clock, {self.instrument.market: self.state})
        self.gate = RiskGate(self._limits, self.market_data)
        self.connectors = {self.name: self.connector}
        self.bots = {bot_id: self._orchestrator(bot_id) for bot_id in self._bot_ids}
        self.orchestrator = self.bots[self._bot_ids[0]]
        self.keeper = StrayKeeper(self.bus, self.clock, self.connectors, lambda bot_id: self.bots.get(bot_id), self)
        self.positions = PositionKeeper(
            self.bus, self.clock, self.connectors, self.market_data, lambda: list(self.bots.values()), self.keeper.unwatched
        )

    def _orchestrator(self, bot_id: str) -> ExecutorOrchestrator:
        desk = Desk(bot_id, self.connectors, self.gate, self.clock)
        return ExecutorOrchestrator(
            desk, self.market_data, self.clock, self.bus, dict(executor_factories()), self.ids.executor_id, desk.position_mode, "USDT"
        )

    @property
    def running(self) -> list[Any]:
        """Executors of all bots that have not ended."""
        return [executor for bot in self.bots.values() for executor in bot.running]

    # ---- dying and coming back -----------------------------------------------------------------------------------------
    def kill(self, when: str) -> None:
        """Die in the next moment (`before` its records are written, `written`, or `sent`), and start again from what was written."""
        if when != "before":
            self.records.flush((lambda: self.connector.send(self.connector.take_outbox())) if when == "sent" else None)
            self._write()
        durable = self._durable
        assert durable is not None
        self.kills += 1
        self.venue.process_died()
        self._boot(durable.serial)
        for hold in durable.holds.values():
            lots = self.instrument.lots(hold.net_amount_base)
            self.connector.own.hold(self.instrument, hold.bucket, lots, self.instrument.floor_ticks(hold.breakeven_price))
        for bot_id, orchestrator in self.bots.items():
            bot = StrategyV2Base(bot_id, [], orchestrator, self.market_data, self.clock, self.bus)
            restore_bot(bot, durable.records[bot_id], self.connectors, self.market_data)
        self.connector.account.set_position(
            self.instrument.market.trading_pair, "net", self.venue.position(self.instrument.market), self.clock.now_ns
        )
        records = self.records
        adopted = [self.connector.tracker.get(client_order_id) for client_order_id in durable.orders]
        records.submitted[:0] = [order for order in adopted if order is not None]
        records.fills[:0] = durable.fills
        records._executors = durable.executors | records.executors
        records.holds = durable.holds | records.holds
        records.tallies = durable.tallies | records.tallies
        self.connector.reconcile(self.clock.now_ns)
        self.venue.backfill(self.clock.now_ns - 120 * SECOND_NS)

    def _write(self) -> None:
        """What a crash leaves: values as they stood when the records were written."""
        records = self.records
        for order in records.submitted:
            known = self.intents.get(order.client_order_id)
            if known is None or OrderState[known.order.state] not in TERMINAL:
                request = order.request
                self.intents[order.client_order_id] = IntentRecord(request.bot_id, request.controller_id, order_record(order))
        self._durable = Durable(
            {bot_id: records.bot_records([controller_of(bot_id)]) for bot_id in self._bot_ids},
            [order.client_order_id for order in records.submitted],
            list(records.fills),
            dict(records.executors),
            dict(records.holds),
            dict(records.tallies),
            self.ids.serial,
        )

    # ---- StrayRecords ------------------------------------------------------------------------------------------------
    def intent(self, client_order_id: str) -> IntentRecord | None:
        return self.intents.get(client_order_id)

    def fills(self, client_order_id: str) -> list[FillRecord]:
        return [fill_record(fill, executor_id) for fill, executor_id in self.records.fills if fill.client_order_id == client_order_id]

    def hold(self, bot_id: str, controller_id: str, market: Market, bucket: str) -> HoldRecord | None:
        return self.records.holds.get((controller_id, *market, bucket))

    def holds(self, connector_name: str) -> list[HoldRecord]:
        return list(self.records.holds.values())

    def owned_holds(self, connector_name: str) -> list[tuple[str, HoldRecord]]:
        whose = {"main": "bot", UNOWNED: ""}
        return [(whose.get(record.controller_id, record.controller_id), record) for record in self.records.holds.values()]

    # ---- the world -------------------------------------------------------------------------------------------------
    def price(self, ticks: int) -> None:
        """The market moves to a price in ticks of 0.01."""
        self.venue.run(self.clock.now_ns)
        self.venue.quote(ticks)
        self.state.apply(quote_event(self.instrument, self.clock.now_ns, ticks * self.instrument.tick_size))

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds * 4)):
            self.step()

    def step(self) -> None:
        now_ns = self.clock.now_ns + SECOND_NS // 4
        # the stream of positions is a step behind
        held = self.venue.position(self.instrument.market)
        self.venue.run(now_ns)
        self.connector.account.set_position(self.instrument.market.trading_pair, "net", held, self.clock.now_ns)
        self.clock.tick(now_ns)
        self.connector.on_tick(now_ns)
        self.positions.on_tick(now_ns)
        for bot in self.bots.values():
            bot.on_tick(now_ns)
        self.send()

    def send(self) -> None:
        if self._crashes:
            self._write()
        self.records.flush(lambda: self.connector.send(self.connector.take_outbox()))

    # ---- orders ------------------------------------------------------------------------------------------------------
    def submit(self, amount: str = "1", price: int | None = 9_900, side: TradeType = TradeType.BUY, owner: Any = None) -> Order:
        """Send an order; a price in ticks, or None for one at market."""
        lots = self.instrument.lots(D(amount))
        kind = OrderType.MARKET if price is None else OrderType.LIMIT
        order = self.connector.submit(OrderRequest(self.instrument, side, kind, lots, price), owner or Owner())
        self.send()
        return order

    def cancel(self, order: Order) -> None:
        self.connector.cancel(order.client_order_id)
        self.send()

    def start(self, bot_id: str = "bot", **changes: Any) -> Any:
        values: dict[str, Any] = {
            "trading_pair": self.instrument.market.trading_pair,
            "connector_name": self.name,
            "side": TradeType.BUY,
            "entry_price": D("99"),
            "amount": D(1),
            "triple_barrier_config": TripleBarrierConfig(stop_loss=D("0.02"), take_profit=D("0.01"), time_limit=60),
            **changes,
        }
        executor = self.bots[bot_id].create(PositionExecutorConfig(**values), controller_of(bot_id))
        self.send()
        return executor

    # ---- what must hold ----------------------------------------------------------------------------------------------
    def booked(self) -> list[str]:
        """Trade ids that were booked, in the order of booking."""
        return [fill.trade_id for fill, _ in self.records.fills]

    def held_lots(self) -> int:
        """Signed lots of all position holds."""
        return int(self.held() / self.instrument.lot_size)

    def held(self) -> Decimal:
        """Signed base of all position holds."""
        return sum((hold.net_amount_base for bot in self.bots.values() for hold in bot.holds.of()), D(0))
