"""`Instance`: one life of the process. It builds what a start builds, from nothing but what the disk holds, and turns the clock until it is killed."""

from __future__ import annotations

import asyncio
from decimal import ROUND_CEILING, Decimal
from typing import Any

from sqlalchemy import select

from botcore.connectors.base import ConnectorBase
from botcore.controllers.catalog import shipped_controllers
from botcore.core.bus import EventBus
from botcore.core.clock import Clock
from botcore.markets.market_data import MarketDataProvider
from botcore.markets.market_state import MarketState
from botcore.model.enums import ClockMode, RunnableStatus
from botcore.model.events import OrderSubmitted
from botcore.model.instrument import Instrument, Market
from botcore.model.order import OrderState
from botcore.model.records import HoldRecord
from botcore.orders.ids import IdSource
from botcore.recorder import tables
from botcore.recorder.queries import load_bot, runtime_value
from botcore.recorder.recorder import MarketsRecorder
from botcore.recorder.rows import read_record
from botcore.recorder.stray_records import SqlStrayRecords
from botcore.risk.gate import RiskGate
from botcore.risk.limits import RiskLimits
from botcore.strategies.recovery import restore_bot
from botcore.strategies.runtime import TradingRuntime
from botcore.strategies.strategy_v2 import StrategyV2Base
from condor.store.guard import RecordsGuard
from tests.simulation.disk import SimJournal
from tests.simulation.loop import SimProcess
from tests.simulation.plan import BotPlan
from tests.simulation.stops import loss_of, markets_of, stop_of

MS = 1_000_000
RESERVE_NS = 10_000 * MS
"""Between two tries to set the reserve aside again (the program takes 30 s; a simulation is short)."""

ACCOUNT = "live"


class Strays(SqlStrayRecords):
    """What the records know of strays, the holds of all bots included."""

    def holds(self, connector_name: str) -> list[HoldRecord]:
        holds = tables.holds
        query = select(holds).where(holds.c.account == self._account, holds.c.connector_name == connector_name)
        return self._journal.read(lambda connection: [read_record(HoldRecord, row) for row in connection.execute(query)]).result()


class LineRuntime(TradingRuntime):
    """The runtime in front of lines: markets are what the world says they are."""

    def __init__(self, *args: Any, instruments: dict[Market, Instrument], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._instruments = instruments

    def open_market(self, market: Market) -> MarketState:
        state = self.markets.get(market)
        if state is None:
            state = self.markets[market] = MarketState(self._instruments[market], 10_000 * MS)
        return state


class Instance:
    """See the module. This one speaks answers over lines; see `WireInstance` for the one that speaks bytes."""

    bus: EventBus
    clock: Clock
    runtime: TradingRuntime

    def __init__(self, world: Any, process: SimProcess, life: int) -> None:
        self.world = world
        self.process = process
        self.life = life
        self.reach = world.points.reach
        self.journal = SimJournal(world.disk, world.loop, process, self._disk_trouble, self.reach)
        self.ids = IdSource(epoch=world.epoch, start=self.recorded("serial") + 1)
        self.bots: dict[str, StrategyV2Base] = {}
        self.idle: set[str] = set()
        self.is_recovered = False
        self._beyond: dict[str, int] = {}
        self.guard = RecordsGuard(lambda: [self.gate] if self.is_open else [], world.disk, lambda: None, lambda text: None)
        self._look_ns = 0

    def recorded(self, key: str) -> int:
        return self.journal.read(lambda connection: runtime_value(connection, key)).result()

    # ---- start -------------------------------------------------------------------------------------------------------
    async def open(self) -> None:
        """What stands before the bots: runtime, recorder, accounts."""
        world, loop = self.world, self.world.loop
        self.bus = EventBus()
        self.clock = Clock(ClockMode.REALTIME, start_ns=loop.now_ns, tick_ns=world.plan.tick_ms * MS, on_fault=self._fault)
        now_ns = lambda: self.clock.now_ns  # noqa: E731
        recorder = MarketsRecorder(self.journal, self.bus, now_ns, lambda: loop.now_ns // MS, account=ACCOUNT, points=world.points)  # type: ignore[arg-type]
        self.bus.subscribe(OrderSubmitted, self._submitted)
        instruments = {venue.instrument.market: venue.instrument for venue in world.venues}
        strays = Strays(self.journal, ACCOUNT)  # type: ignore[arg-type]
        self.runtime = LineRuntime(
            self.clock, self.bus, None, recorder, RiskLimits(), self.ids, stray_records=strays, points=world.points, instruments=instruments
        )
        for venue in world.venues:
            connector = venue.connect(self.clock, self.bus, self.ids, self.reach)
            self.runtime.add_live(connector)
            self.runtime.open_market(venue.instrument.market)
        self.recorder = recorder

    def compare(self) -> None:
        """Hold every restored order against its venue."""
        for connector in self.connectors.values():
            connector.reconcile(self.clock.now_ns)
        for venue in self.world.venues:
            venue.backfill(self.clock.now_ns - 120_000 * MS)

    async def recover(self) -> None:
        """The way every start takes: build, give back, hold against the venues."""
        self.reach("recovery.begin")
        await self.open()
        for plan in self.world.plan.bots:
            bot = self._bot(plan)
            records = self.journal.read(lambda connection, bot_id=plan.bot_id: load_bot(connection, bot_id)).result()
            restore_bot(bot, records, self.connectors, self.market_data)
            self.reach("recovery.bot_restored")
            self.bots[plan.bot_id] = bot
            if plan.controller_name == "chooser":
                self.clock.add(self.world.driver(plan, bot, self.market_data, self.life), before=self.runtime.dispatch)
            self.runtime.add_bot(bot)
        self.compare()
        self.reach("recovery.reconciled")
        self.recorder.flush(None)
        for bot_id in sorted(self.world.stopping):
            self.stop(bot_id)
        self.is_recovered = True

    def _bot(self, plan: BotPlan) -> StrategyV2Base:
        controllers = []
        for market in plan.markets:
            self.runtime.open_market(Market(*market))
        if plan.controller_name != "chooser":
            spec = shipped_controllers()[plan.controller_name]
            controllers.append((spec, spec.config_class.model_validate(plan.config)))
        bot = self.runtime.build_bot(plan.bot_id, controllers, lambda bot: self.idle.add(bot.bot_id))
        bot.orchestrator._factories.update(self.world.factories)
        return bot

    # ---- time ------------------------------------------------------------------------------------------------------
    async def live(self) -> None:
        """Start, then one tick after the other."""
        loop = self.world.loop
        await self.recover()
        while True:
            tick_ns = self.clock.tick_ns
            await asyncio.sleep((tick_ns - loop.now_ns % tick_ns) / 1e9)
            self.tick()
            self._look_at_stops()
            self._look_at_reserve()

    def tick(self) -> None:
        self.clock.tick(self.world.loop.now_ns)

    def _look_at_stops(self) -> None:
        """O5: a position that has lost more than its stop allows is on its way out within a second, from the first fill on."""
        beyond = {}
        for executor in self.executors:
            stop = stop_of(executor)
            if stop is None or executor.status is not RunnableStatus.RUNNING or not executor.has_fills:
                continue
            if all(self.markets[market].is_usable(self.clock.now_ns) for market in markets_of(executor)) and loss_of(executor, self.markets) > stop:
                beyond[executor.id] = self._beyond.get(executor.id, 0) + 1
                if beyond[executor.id] == 1000 // self.world.plan.tick_ms:
                    self.world.breach(
                        "O5", f"executor {executor.id} has lost {loss_of(executor, self.markets):.4f}, its stop is at {stop}, and it does nothing"
                    )
        self._beyond = beyond

    # ---- what a person does ----------------------------------------------------------------------------------------------
    def stop(self, bot_id: str) -> None:
        """`/stop` of one bot; the order to stop is durable already."""
        bot = self.bots.get(bot_id)
        if bot is not None and not bot.is_stopping:
            bot.stop()

    # ---- what happens ------------------------------------------------------------------------------------------------
    def quote(self, market: Market, event: Any) -> None:
        """A message of a market stream."""
        state = self.markets.get(market)
        if state is not None:
            state.apply(event)

    def _fault(self, part: object, error: Exception) -> None:
        self.world.breach("fault", f"{part!r} raised {type(error).__name__}: {error}")
        raise error

    def _disk_trouble(self, text: str | None) -> None:
        """As the wiring does: no new risk while records can't be written."""
        self.guard.on_journal(text)

    def _look_at_reserve(self) -> None:
        """As the wiring does now and then: the halt is over when the reserve is there again."""
        if self.guard.trouble is not None and self.world.loop.now_ns >= self._look_ns:
            self._look_ns = self.world.loop.now_ns + RESERVE_NS
            self.guard.look()

    def _submitted(self, event: OrderSubmitted) -> None:
        """I12: nothing that adds risk is lined up while that is forbidden."""
        order = event.order
        self.world.log.add("submit", order.client_order_id, order.request.purpose.value, order.lots, order.state.name)
        if order.state is OrderState.FAILED or not order.request.purpose.adds_risk:
            return
        market = order.instrument.market
        reason = self.connectors[market.connector_name].closed_reason() or self.gate.halt_reason
        if reason is None and not self.markets[market].is_usable(self.clock.now_ns):
            reason = "the market can't be trusted"
        if reason is not None:
            self.world.breach("I12", f"{order.client_order_id} was submitted although {reason}")

    # ---- what it is made of --------------------------------------------------------------------------------------------
    @property
    def connectors(self) -> dict[str, ConnectorBase]:
        return self.runtime.connectors

    @property
    def market_data(self) -> MarketDataProvider:
        return self.runtime.market_data

    @property
    def markets(self) -> dict[Market, MarketState]:
        return self.runtime.markets

    @property
    def is_open(self) -> bool:
        """Whether there is a runtime yet."""
        return hasattr(self, "runtime")

    @property
    def gate(self) -> RiskGate:
        return self.runtime.gate

    # ---- for the oracle ------------------------------------------------------------------------------------------------
    @property
    def executors(self) -> list[Any]:
        return [executor for bot in self.bots.values() for executor in bot.orchestrator.running]

    def unrest(self) -> list[str]:
        """What is under way and must come to an end, one text for each, the same text while it is the same thing."""
        found = []
        for name, connector in sorted(self.connectors.items()):
            for order in connector.tracker.open_orders():
                if order.state is OrderState.UNKNOWN:
                    found.append(f"{order.client_order_id} is UNKNOWN at {name}")
                if order.client_order_id in getattr(connector, "doubts", ()):
                    found.append(f"{order.client_order_id} is looked for at {name}")
                if order.client_order_id in getattr(connector, "cancels", ()):
                    found.append(f"{order.client_order_id} is to be canceled at {name}")
            if len(getattr(connector, "endings", ())):
                found.append(f"{name} waits for executions")
            reason = connector.closed_reason()
            if reason is not None:
                found.append(f"{name} takes no new exposure: {reason}")
        if self.gate.halt_reason:
            found.append(f"trading is halted: {self.gate.halt_reason}")
        return found

    def sizes(self) -> dict[str, int]:
        """I19: what must not grow without bound."""
        orders = sum(connector.tracker.open_count for connector in self.connectors.values())
        inboxes = sum(len(getattr(connector, "inbox", ())) for connector in self.connectors.values())
        return {"open orders": orders, "inbox": inboxes, "backlog": self.journal.backlog, "tasks": self.world.loop.tasks_of(self.process)}

    def least(self, market: Market, mark: Decimal) -> Decimal:
        """Smallest base that a market trades at this price, in whole lots: what a fee leaves beside them can't be sold."""
        instrument = self.markets[market].instrument
        smallest = max(instrument.lot_size, instrument.min_amount, instrument.min_notional / mark)
        return (smallest / instrument.lot_size).to_integral_value(ROUND_CEILING) * instrument.lot_size

    def unrealized(self) -> Decimal:
        """Sum over all bots, at the present mids; NaN when one is unknown."""
        return sum((bot.orchestrator.report().unrealized_pnl_quote or Decimal("NaN") for bot in self.bots.values()), Decimal(0))
