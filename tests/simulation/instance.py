"""`Instance`: one life of the process. It builds what a start builds, from nothing but what the disk holds, and turns the clock until it is killed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from botcore.connectors.base import ConnectorBase
from botcore.controllers.catalog import shipped_controllers
from botcore.core.bus import EventBus
from botcore.core.clock import Clock
from botcore.executors.catalog import executor_factories
from botcore.markets.market_data import MarketDataProvider
from botcore.markets.market_state import MarketState
from botcore.model.enums import ClockMode, RunnableStatus
from botcore.model.events import HoldChanged, OrderSubmitted, StrayFill
from botcore.model.instrument import Market
from botcore.model.order import OrderRequest, OrderState
from botcore.orchestrator.orchestrator import ExecutorOrchestrator
from botcore.orders.ids import IdSource
from botcore.recorder import tables
from botcore.recorder.journal import Op, Write
from botcore.recorder.queries import load_bot, runtime_value
from botcore.recorder.recorder import MarketsRecorder
from botcore.recorder.rows import fill_row, intent_of
from botcore.risk.gate import RiskGate
from botcore.risk.limits import RiskLimits
from botcore.strategies.desk import Desk
from botcore.strategies.recovery import restore_bot
from botcore.strategies.runtime import Dispatch
from botcore.strategies.strategy_v2 import StrategyV2Base
from tests.simulation.disk import SimJournal
from tests.simulation.loop import SimProcess
from tests.simulation.plan import BotPlan

if TYPE_CHECKING:
    from tests.simulation.world import World

MS = 1_000_000


class LabelledRecorder(MarketsRecorder):
    """Passes labelled points where the process may die."""

    reach: Callable[[str], None]

    def flush(self, then: Callable[[], None] | None) -> None:
        self.reach("recorder.before_flush")
        super().flush(None if then is None else lambda: self._sent(then))

    def _sent(self, then: Callable[[], None]) -> None:
        self.reach("dispatch.before_send")
        then()
        self.reach("dispatch.after_send")


class Instance:
    """See the module."""

    def __init__(self, world: World, process: SimProcess, life: int) -> None:
        self.world = world
        self.process = process
        self.life = life
        self.reach = world.points.reach
        loop = world.loop
        self.journal = SimJournal(world.disk, loop, process, self._disk_trouble, self.reach)
        self.bus = EventBus()
        self.clock = Clock(ClockMode.REALTIME, start_ns=loop.now_ns, tick_ns=world.plan.tick_ms * MS, on_fault=self._fault)
        self.recorder = LabelledRecorder(self.journal, self.bus, lambda: self.clock.now_ns, lambda: loop.now_ns // MS)
        self.recorder.reach = self.reach
        serial = self.journal.read(lambda connection: runtime_value(connection, "serial")).result()
        self.ids = IdSource(epoch=world.epoch, start=serial + 1)
        self.markets: dict[Market, MarketState] = {}
        self.connectors: dict[str, ConnectorBase] = {}
        self.market_data = MarketDataProvider(self.clock, self.markets)
        self.gate = RiskGate(RiskLimits(), self.market_data)
        self.bots: dict[str, StrategyV2Base] = {}
        self.idle: set[str] = set()
        self.bus.subscribe(StrayFill, self._stray_fill)
        self.bus.subscribe(OrderSubmitted, self._submitted)
        self.is_recovered = False
        self._beyond: dict[str, int] = {}

    # ---- start -------------------------------------------------------------------------------------------------------
    def recover(self) -> None:
        """The way every start takes: build, give back, hold against the venues."""
        self.reach("recovery.begin")
        dispatch = Dispatch(self.connectors, self.recorder)
        for venue in self.world.venues:
            market = venue.instrument.market
            self.markets[market] = MarketState(venue.instrument, 10_000 * MS)
            self.connectors[market.connector_name] = connector = venue.connect(self.clock, self.bus, self.ids, self.reach)
            self.clock.add(connector)
        for plan in self.world.plan.bots:
            bot = self._bot(plan)
            records = self.journal.read(lambda connection, bot_id=plan.bot_id: load_bot(connection, bot_id)).result()
            restore_bot(bot, records, self.connectors, self.market_data)
            self.reach("recovery.bot_restored")
            self.bots[plan.bot_id] = bot
            if plan.controller_name == "chooser":
                self.clock.add(self.world.driver(plan, bot, self.market_data, self.life))
            self.clock.add(bot)
        self.clock.add(dispatch)
        for connector in self.connectors.values():
            connector.reconcile(self.clock.now_ns)
        for venue in self.world.venues:
            venue.backfill(self.clock.now_ns - 120_000 * MS)
        self.reach("recovery.reconciled")
        self.recorder.flush(None)
        for bot_id in sorted(self.world.stopping):
            self.stop(bot_id)
        self.is_recovered = True

    def _bot(self, plan: BotPlan) -> StrategyV2Base:
        desk = Desk(plan.bot_id, self.connectors, self.gate, self.clock)
        factories: dict[str, Any] = {**executor_factories(), **self.world.factories}
        orchestrator = ExecutorOrchestrator(desk, self.market_data, self.clock, self.bus, factories, self.ids.executor_id, desk.position_mode)
        controllers = []
        if plan.controller_name != "chooser":
            spec = shipped_controllers()[plan.controller_name]
            controllers.append(spec.build(spec.config_class.model_validate(plan.config), self.market_data))
        return StrategyV2Base(plan.bot_id, controllers, orchestrator, self.market_data, self.clock, self.bus, lambda bot: self.idle.add(bot.bot_id))

    async def live(self) -> None:
        """Start, then one tick after the other."""
        loop = self.world.loop
        self.recover()
        while True:
            tick_ns = self.clock.tick_ns
            await asyncio.sleep((tick_ns - loop.now_ns % tick_ns) / 1e9)
            self.clock.tick(loop.now_ns)
            self._look_at_stops()

    def _look_at_stops(self) -> None:
        """O5: a position that has lost more than its stop allows is on its way out within a second, from the first fill on."""
        beyond = {}
        for executor in self.executors:
            stop = getattr(getattr(executor.config, "triple_barrier_config", None), "stop_loss", None)
            if stop is None or executor.status is not RunnableStatus.RUNNING or not executor.has_fills:
                continue
            if (
                self.markets[Market(executor.config.connector_name, executor.config.trading_pair)].is_usable(self.clock.now_ns)
                and executor.net_pnl_pct() < -stop
            ):
                beyond[executor.id] = self._beyond.get(executor.id, 0) + 1
                if beyond[executor.id] == 1000 // self.world.plan.tick_ms:
                    self.world.breach(
                        "O5", f"executor {executor.id} has lost {executor.net_pnl_pct():.4f}, its stop is at {stop}, and it does nothing"
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
        if text is not None:
            self.gate.halt("records can't be written")
        else:
            self.gate.release()

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

    def _stray_fill(self, stray: StrayFill) -> None:
        """An execution of an order that is no longer known: a hold of whoever sent it, unless it was booked before."""
        fill = stray.fill
        market = fill.instrument.market
        row = self.journal.read(lambda connection: _intent(connection, fill.client_order_id)).result()
        key = (market.connector_name, market.trading_pair, fill.trade_id)
        if row is None or self.journal.read(lambda connection: _is_booked(connection, key)).result():
            return
        request = OrderRequest(
            fill.instrument,
            fill.trade_type,
            None,
            fill.lots,
            bot_id=row.bot_id,
            controller_id=row.controller_id,
            executor_id=row.executor_id,  # type: ignore[arg-type]
        )
        orchestrator = self.bots[row.bot_id].orchestrator
        mode = self.connectors[market.connector_name].position_mode()
        hold = orchestrator.holds.add(fill, row.controller_id, mode, fill.trade_type)
        self.journal.commit([Write(tables.fills, fill_row(fill, request), Op.ADD)])
        if hold is not None:
            self.bus.publish(HoldChanged(row.bot_id, hold))

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

    def unrealized(self) -> Decimal:
        """Sum over all bots, at the present mids; NaN when one is unknown."""
        return sum((bot.orchestrator.report().unrealized_pnl_quote or Decimal("NaN") for bot in self.bots.values()), Decimal(0))


def _intent(connection: Any, client_order_id: str) -> Any:
    return connection.execute(tables.intents.select().where(tables.intents.c.intent_id == intent_of(client_order_id))).one_or_none()


def _is_booked(connection: Any, key: tuple[str, str, str]) -> bool:
    fills = tables.fills.c
    query = tables.fills.select().where(fills.connector_name == key[0], fills.trading_pair == key[1], fills.trade_id == key[2])
    return connection.execute(query).one_or_none() is not None
