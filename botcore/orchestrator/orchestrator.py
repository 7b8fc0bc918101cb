"""`ExecutorOrchestrator`: carries out actions, steps the executors of one bot, and sees to it that none ends unaccounted.

An executor that ends with something in hand passes its fills to a position hold in the same moment, that is in the same transaction. An executor whose
own code raises is taken off, its orders are cancelled and its fills go to a hold; the others never notice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any, Final

from botcore.core.bus import EventBus
from botcore.core.clock import Clock
from botcore.executors.base import ExecutorBase
from botcore.executors.data_types import ExecutorConfigBase
from botcore.executors.desk import OrderDesk, Surroundings
from botcore.executors.info import ExecutorInfo
from botcore.markets.market_data import MarketDataProvider
from botcore.model.actions import CreateExecutorAction, ExecutorAction, StopExecutorAction, StoreExecutorAction
from botcore.model.enums import CloseType, PositionMode, PriceType, RunnableStatus, TradeType
from botcore.model.errors import ConfigError, nearest
from botcore.model.events import ExecutorChanged, ExecutorEnded, Fact, FactKind, HoldChanged, PartFault, PositionLost, TallyChanged
from botcore.model.order import Fill
from botcore.model.times import NEVER
from botcore.orchestrator.facts import closed_payload, held_payload, market_of, opened_payload
from botcore.orchestrator.holds import HoldBook, PositionHold, PositionSummary
from botcore.orchestrator.performance import Funding, PerformanceReport, Tally, merge

# members of enums as names of this module: compiled code reads them without a lookup
TERMINATED: Final = RunnableStatus.TERMINATED

ExecutorFactory = Callable[..., ExecutorBase[Any]]


LIQUIDATED: Final = "the venue liquidated the position"


class Shelf:
    """Executors of one controller, as the controller sees them.

    Attributes
    ----------
    infos : list of ExecutorInfo
        The latest closed ones in the order of their end, then the live ones in the order of their start.
    version : int
        Grows whenever anything here changes; a controller that saw the same version has nothing new to decide about.
    ended : int
        Executors that have ended.
    """

    __slots__ = ("_closed", "_keep_closed", "ended", "funding", "infos", "tally", "version")

    def __init__(self, controller_id: str, keep_closed: int) -> None:
        self.infos: list[ExecutorInfo] = []
        self.tally = Tally(controller_id)
        self.funding = Funding()
        self.version = 0
        self.ended = 0
        self._closed = 0
        self._keep_closed = keep_closed

    def open(self, info: ExecutorInfo) -> None:
        """A new live executor."""
        self.infos.append(info)
        self.version += 1

    def close(self, info: ExecutorInfo) -> None:
        """An executor has ended: it moves behind the other closed ones, and the oldest of them is forgotten."""
        infos = self.infos
        for position in range(self._closed, len(infos)):
            if infos[position] is info:
                del infos[position]
                break
        infos.insert(self._closed, info)
        if self._closed == self._keep_closed:
            del infos[0]
        else:
            self._closed += 1
        self.ended += 1
        self.version += 1

    def fund(self, amount_quote: Decimal | None) -> None:
        """A share of a funding payment; None where it has no rate."""
        self.funding.add(amount_quote)
        self.version += 1

    def drop(self, executor_id: str) -> None:
        """Forget a closed executor."""
        for position in range(self._closed):
            if self.infos[position].id == executor_id:
                del self.infos[position]
                self._closed -= 1
                self.version += 1
                return

    def active(self) -> list[ExecutorInfo]:
        return self.infos[self._closed :]


class ExecutorOrchestrator:
    """Keeper of one bot's executors.

    Parameters
    ----------
    desk : OrderDesk
        Handed to every executor.
    factories : dict of str to callable
        Executor type -> class.
    new_id : callable
        Gives executor ids that are unique in the data folder.
    mode_of : callable
        Connector name -> position mode of its account.
    keep_closed : int
        Closed executors that a controller still sees.
    """

    def __init__(
        self,
        desk: OrderDesk,
        market_data: MarketDataProvider,
        clock: Clock,
        bus: EventBus,
        factories: dict[str, ExecutorFactory],
        new_id: Callable[[], str],
        mode_of: Callable[[str], PositionMode],
        keep_closed: int = 100,
    ) -> None:
        self.bot_id = desk.bot_id
        self.holds = HoldBook()
        self.around = Surroundings(desk, market_data, self)
        self._market_data = market_data
        self._clock = clock
        self._bus = bus
        self._factories = factories
        self._new_id = new_id
        self._mode_of = mode_of
        self._keep_closed = keep_closed
        self._executors: dict[str, ExecutorBase[Any]] = {}
        self._running: list[ExecutorBase[Any]] = []
        self._stale = False
        self._shelves: dict[str, Shelf] = {}
        # the recorder subscribes before any bot is built; a backtest has none
        self._is_recorded = bus.has(ExecutorChanged)

    # ---- actions ---------------------------------------------------------------------------------------------------
    def execute(self, action: ExecutorAction) -> None:
        """Carry out one decision; stopping what has ended and storing what is gone are no-ops."""
        if isinstance(action, CreateExecutorAction):
            self.create(action.executor_config, action.controller_id)
        elif isinstance(action, StopExecutorAction):
            self.stop(action.executor_id, keep_position=action.keep_position)
        elif isinstance(action, StoreExecutorAction):
            self._store(action)

    def create(self, config: ExecutorConfigBase, controller_id: str) -> ExecutorBase[Any]:
        """Start an executor.

        Raises
        ------
        ConfigError
            If no executor of this type is known here.
        """
        factory = self._factory(config.type)
        now_ns = self._clock.now_ns
        executor_id = config.id if config.id and config.id not in self._executors else self._new_id()
        executor = factory(config, self.around, executor_id, controller_id, now_ns)
        self._take_in(executor)
        self._clock.stepper.guard_limited(executor, self.executor_faulted, executor.start, now_ns)
        if self._bus.has(Fact) and not executor.is_closed:
            self._publish(FactKind.EXECUTOR_OPENED, executor, opened_payload(executor))
        return executor

    def restore(self, executor: ExecutorBase[Any]) -> None:
        """Take up an executor of an earlier process; it goes on with the next tick."""
        self._take_in(executor)

    def _take_in(self, executor: ExecutorBase[Any]) -> None:
        self._executors[executor.id] = executor
        self._running.append(executor)
        self.shelf(executor.controller_id).open(executor.info)
        self.executor_changed(executor)

    def _factory(self, kind: str) -> ExecutorFactory:
        factory = self._factories.get(kind)
        if factory is None:
            raise ConfigError(f"unknown executor type {kind!r}{nearest(kind, self._factories)}")
        return factory

    def stop(self, executor_id: str, *, keep_position: bool = False) -> bool:
        """End an executor early; False when it is not running here."""
        executor = self._executors.get(executor_id)
        if executor is None:
            return False
        self._clock.stepper.guard_limited(executor, self.executor_faulted, executor.stop, self._clock.now_ns, keep_position)
        return True

    def _store(self, action: StoreExecutorAction) -> None:
        if action.executor_id not in self._executors:
            self.shelf(action.controller_id).drop(action.executor_id)

    # ---- time ------------------------------------------------------------------------------------------------------
    def on_tick(self, now_ns: int) -> None:
        """Step the executors that may have something to do."""
        if self._stale:
            self._sweep()
        due = [executor for executor in self._running if executor.wake_ns <= now_ns]
        if due:
            self._clock.stepper.step_limited(due, now_ns, self.executor_faulted)

    def wish(self) -> tuple[int, bool]:
        """(earliest market time at which an executor wants to be stepped, whether one wants every market event)."""
        timed_ns, wants_each = NEVER, False
        for executor in self._running:
            wake_ns = executor.wake_ns
            if wake_ns < timed_ns and executor.status is not TERMINATED:
                if wake_ns:
                    timed_ns = wake_ns
                else:
                    wants_each = True
        return timed_ns, wants_each

    def _sweep(self) -> None:
        """Let go of executors that have ended since the last tick."""
        self._stale = False
        self._running = [executor for executor in self._running if executor.status is not TERMINATED]

    # ---- what executors tell (ExecutorListener) --------------------------------------------------------------------
    # called from within an executor's step, which may be broken off anywhere: books and records of the bot are shielded
    def executor_changed(self, executor: ExecutorBase[Any]) -> None:
        self._shelves[executor.controller_id].version += 1
        if self._is_recorded:
            stepper = self._clock.stepper
            stepper.shield()
            try:
                self._bus.publish(ExecutorChanged(self.bot_id, executor))
            finally:
                stepper.unshield()

    def executor_closed(self, executor: ExecutorBase[Any]) -> None:
        self._shielded(self._close, executor)

    def late_fill(self, executor: ExecutorBase[Any], fill: Fill) -> None:
        self._shielded(self._late_fill, executor, fill)

    def executor_told(self, executor: ExecutorBase[Any], kind: str, **values: Any) -> None:
        if self._bus.has(Fact):
            self._shielded(self._publish, kind, executor, market_of(executor) | values)

    def _shielded(self, call: Callable[..., None], *args: Any) -> None:
        stepper = self._clock.stepper
        stepper.shield()
        try:
            call(*args)
        finally:
            stepper.unshield()

    def _close(self, executor: ExecutorBase[Any]) -> None:
        """Account for an ended executor: its fills go to a hold or its result to the tally, and the world is told."""
        held = executor.held_fills()
        for fill in held:
            self._hold(fill, executor)
        info, shelf = executor.info, self.shelf(executor.controller_id)
        info.freeze()
        shelf.tally.add(info, handed_over=bool(held))
        shelf.close(info)
        self._executors.pop(executor.id, None)
        self._stale = True
        self._bus.publish(ExecutorEnded(self.bot_id, info))
        if self._bus.has(TallyChanged):
            self._bus.publish(TallyChanged(self.bot_id, shelf.tally))
        if self._bus.has(Fact):
            self._publish(FactKind.EXECUTOR_CLOSED, executor, closed_payload(executor))

    def _late_fill(self, executor: ExecutorBase[Any], fill: Fill) -> None:
        self._hold(fill, executor)
        self._publish(FactKind.POSITION_HELD, executor, held_payload(executor, fill))

    def executor_faulted(self, executor: ExecutorBase[Any], error: Exception) -> None:
        """An executor's code raised: get out of the market with it, whatever state it is in."""
        reason = f"{type(error).__name__}: {error}"
        self._bus.publish(PartFault(FactKind.EXECUTOR_FAULT, self._clock.now_ns, reason, self.bot_id, executor.controller_id, executor.id))
        if executor.is_closed:
            return
        self._clock.stepper.guard_limited(executor, lambda _part, _error: None, executor.abandon, self._clock.now_ns, reason)
        if not executor.is_closed:
            # abandoning raised too: bury it as it is; its fills are in the records and its orders carry our prefix
            executor.status = executor.info.status = TERMINATED
            executor.close_type = executor.info.close_type = CloseType.POSITION_HOLD if executor.has_fills else CloseType.FAILED
            executor.info.close_ns = self._clock.now_ns
            self.executor_closed(executor)

    def wake_at(self, when_ns: int) -> None:
        self._clock.wake_at(when_ns)

    def position_lost(self, event: PositionLost) -> None:
        """The venue closed everything on a market: executors there end, their fills and all holds are settled at its price."""
        where = event.market
        for executor in self.running:
            if executor.has_fills and any(exposure.market == where for exposure in executor.exposures()):
                self._clock.stepper.guard_limited(executor, self.executor_faulted, executor.abandon, self._clock.now_ns, LIQUIDATED, CloseType.FAILED)
        for hold in self.holds.of():
            if hold.instrument.market == where and hold.net_amount_base:
                hold.close_at(hold.instrument.price(event.price_ticks))
                self._bus.publish(HoldChanged(self.bot_id, hold))

    def _hold(self, fill: Fill, executor: ExecutorBase[Any]) -> None:
        self.hold(fill, executor.controller_id, executor.side_of(fill))

    def hold(self, fill: Fill, controller_id: str, side: TradeType) -> None:
        """Put a fill that no executor watches into the controller's hold; `side` is that of whoever sent the order."""
        hold = self.holds.add(fill, controller_id, self._mode_of(fill.instrument.market.connector_name), side)
        if hold is not None:
            self._bus.publish(HoldChanged(self.bot_id, hold))

    def _publish(self, kind: str, executor: ExecutorBase[Any], payload: dict[str, Any]) -> None:
        self._bus.publish(Fact(kind, self._clock.now_ns, self.bot_id, executor.controller_id, executor.id, payload))

    # ---- reading ---------------------------------------------------------------------------------------------------
    def shelf(self, controller_id: str) -> Shelf:
        shelf = self._shelves.get(controller_id)
        if shelf is None:
            shelf = self._shelves[controller_id] = Shelf(controller_id, self._keep_closed)
        return shelf

    @property
    def running(self) -> tuple[ExecutorBase[Any], ...]:
        """Executors that have not terminated."""
        return tuple(self._executors.values())

    def executor(self, executor_id: str) -> ExecutorBase[Any] | None:
        return self._executors.get(executor_id)

    def positions(self, controller_id: str | None = None) -> list[PositionSummary]:
        """Holds at the present mid."""
        return [hold.summary(self._mark(hold)) for hold in self.holds.of(controller_id)]

    def _mark(self, hold: PositionHold) -> Any:
        market = hold.instrument.market
        return self._market_data.get_price_by_type(market.connector_name, market.trading_pair, PriceType.MidPrice)

    def report(self, controller_id: str | None = None) -> PerformanceReport:
        """Performance of one controller, or of the whole bot."""
        shelves: Iterable[Shelf]
        funding = Funding()
        if controller_id is None:
            shelves = self._shelves.values()
            tally = merge([shelf.tally for shelf in shelves])
        else:
            shelves = [self.shelf(controller_id)]
            tally = self.shelf(controller_id).tally
        active = [info for shelf in shelves for info in shelf.active()]
        for shelf in shelves:
            funding.quote += shelf.funding.quote
            funding.unpriced = funding.unpriced or shelf.funding.unpriced
        return tally.report(active, self.positions(controller_id), funding)
