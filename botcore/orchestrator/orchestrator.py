"""`ExecutorOrchestrator`: carries out actions, steps the executors of one bot, and sees to it that none ends unaccounted.

An executor that ends with something in hand passes its fills to a position hold in the same moment, that is in the same transaction. An executor whose
own code raises is taken off, its orders are cancelled and its fills go to a hold; the others never notice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from botcore.core.bus import EventBus
from botcore.core.clock import Clock
from botcore.executors.base import ExecutorBase
from botcore.executors.data_types import ExecutorConfigBase, TripleBarrierConfig
from botcore.executors.desk import OrderDesk, Surroundings
from botcore.executors.info import ExecutorInfo
from botcore.markets.market_data import MarketDataProvider
from botcore.model.actions import CreateExecutorAction, ExecutorAction, StopExecutorAction, StoreExecutorAction
from botcore.model.enums import CloseType, PositionMode, RunnableStatus
from botcore.model.errors import ConfigError, nearest
from botcore.model.events import ExecutorChanged, Fact, FactKind, PartFault, PositionLost
from botcore.model.order import Fill
from botcore.orchestrator.accounting import Accounting
from botcore.orchestrator.drawdowns import Drawdowns
from botcore.orchestrator.facts import market_of, opened_payload
from botcore.orchestrator.holding import HoldKeeper
from botcore.orchestrator.holds import HoldBook, PositionSummary
from botcore.orchestrator.performance import PerformanceReport
from botcore.orchestrator.results import Results
from botcore.orchestrator.roster import Roster
from botcore.orchestrator.shelf import Shelf, Shelves

# a member of an enum as a name of this module: compiled code reads it without a lookup
TERMINATED: Final = RunnableStatus.TERMINATED

ExecutorFactory = Callable[..., ExecutorBase[Any]]

LIQUIDATED: Final = "the venue liquidated the position"


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
    asset : str
        What the bot's results are told in, and what its limits are in: results in other quote assets are converted.
    keep_closed : int
        Closed executors that a controller still sees.

    Attributes
    ----------
    holds : HoldBook
        What is held after its executors ended; `hold_keeper` alone changes it.
    results : Results
        What executors and holds come to, and the asset that this is told in.
    drawdowns : Drawdowns
        How far that fell from its peaks.
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
        asset: str,
        keep_closed: int = 100,
    ) -> None:
        self.bot_id = desk.bot_id
        self.holds = HoldBook()
        self.around = Surroundings(desk, market_data, self)
        self._clock = clock
        self._bus = bus
        self._factories = factories
        self._new_id = new_id
        self._roster = Roster()
        self._shelves = Shelves(keep_closed)
        self.results = Results(asset, self.holds, self._shelves, market_data)
        self.drawdowns = Drawdowns(self.bot_id, self.holds, self._shelves, self.results, clock, bus)
        self.hold_keeper = HoldKeeper(self.bot_id, self.holds, self._shelves, market_data, bus, mode_of)
        self._accounting = Accounting(self.bot_id, self._roster, self._shelves, self.results, self.hold_keeper, clock, bus, self._publish)
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

    def create(self, config: ExecutorConfigBase, controller_id: str) -> ExecutorBase[Any] | None:
        """Start an executor; None where the same was refused again and again, and its next try is not due (see `refused`), or while
        the bot is paused.

        Raises
        ------
        ConfigError
            If no executor of this type is known here.
        """
        factory = self._factory(config.type)
        now_ns = self._clock.now_ns
        executor_id = config.id if config.id and self._roster.get(config.id) is None else self._new_id()
        shelf = self.shelf(controller_id)
        refusal = shelf.refusals.waiting(config, now_ns) or shelf.refusals.paused(config, self.pause_reason)
        if refusal is not None:
            info = ExecutorInfo(config, executor_id, controller_id, now_ns)
            shelf.refuse(info, refusal)
            return None
        executor = factory(config, self.around, executor_id, controller_id, now_ns)
        self._take_in(executor)
        self._clock.stepper.guard_limited(executor, self.executor_faulted, executor.start, now_ns)
        if not executor.is_closed:
            shelf.refusals.started(config)
        if self._bus.has(Fact) and not executor.is_closed:
            self._publish(FactKind.EXECUTOR_OPENED, executor, opened_payload(executor))
        return executor

    def new_executor_id(self) -> str:
        """An id for an executor, unique in the data folder."""
        return self._new_id()

    def restore(self, executor: ExecutorBase[Any]) -> None:
        """Take up an executor of an earlier process; it goes on with the next tick."""
        self._take_in(executor)

    def _take_in(self, executor: ExecutorBase[Any]) -> None:
        self._roster.add(executor)
        self.results.begun(executor)
        self.shelf(executor.controller_id).open(executor.info)
        self.executor_changed(executor)

    def _factory(self, kind: str) -> ExecutorFactory:
        factory = self._factories.get(kind)
        if factory is None:
            raise ConfigError(f"unknown executor type {kind!r}{nearest(kind, self._factories)}")
        return factory

    def set_barriers(self, executor_id: str, triple: TripleBarrierConfig) -> None:
        """Have a running executor take over other barriers, if its kind can."""
        executor = self._roster.get(executor_id)
        if executor is not None:
            self._clock.stepper.guard_limited(executor, self.executor_faulted, executor.set_barriers, triple, self._clock.now_ns)

    def _store(self, action: StoreExecutorAction) -> None:
        if self._roster.get(action.executor_id) is None:
            self.shelf(action.controller_id).drop(action.executor_id)

    # ---- stopping ----------------------------------------------------------------------------------------------------
    def stop(self, executor_id: str, *, keep_position: bool = False) -> bool:
        """End an executor early; False when it is not running here."""
        executor = self._roster.get(executor_id)
        if executor is None:
            return False
        self._clock.stepper.guard_limited(executor, self.executor_faulted, executor.stop, self._clock.now_ns, keep_position)
        return True

    def stop_controller(self, controller_id: str, *, keep_position: bool = False) -> None:
        """End all executors of one controller that run; those that are ending keep to it."""
        for executor in self.running:
            if executor.controller_id == controller_id:
                self.stop(executor.id, keep_position=keep_position)

    def force(self, executor_id: str, reason: str) -> None:
        """End an executor now whatever happens; what it holds goes to a hold, and a person is told."""
        executor = self._roster.get(executor_id)
        if executor is not None:
            if self._bus.has(Fact):
                self._publish(FactKind.STOP_FORCED, executor, market_of(executor) | {"reason": reason})
            self._clock.stepper.guard_limited(executor, self.executor_faulted, executor.abandon, self._clock.now_ns, reason)

    # ---- pause -----------------------------------------------------------------------------------------------------
    def pause(self, reason: str) -> None:
        """No new entries until `resume`, whoever wants one: executors that hold nothing end, resting entries of the others are cancelled, and what is held keeps its
        exits."""
        desk = self.around.desk
        self._set_pause(reason)
        for executor in self.running:
            if not executor.has_fills:
                self.stop(executor.id)
        for order in desk.resting_entries():
            if self._roster.get(getattr(order.owner, "id", "")) is order.owner:
                desk.cancel(order)

    def resume(self) -> None:
        """Allow entries again."""
        self._set_pause("")

    def _set_pause(self, reason: str) -> None:
        self.around.desk.paused = reason
        for shelf in self._shelves.all.values():
            shelf.refusals.forget_pause()

    @property
    def pause_reason(self) -> str:
        """Why no entries are made; empty while they may be."""
        return self.around.desk.paused

    # ---- time ------------------------------------------------------------------------------------------------------
    def on_tick(self, now_ns: int) -> None:
        """Step the executors that may have something to do."""
        self.hold_keeper.on_tick()
        due = self._roster.due(now_ns)
        if due:
            self._clock.stepper.step_limited(due, now_ns, self.executor_faulted)

    def wish(self) -> tuple[int, bool]:
        """(earliest market time at which an executor wants to be stepped, whether one wants every market event)."""
        return self._roster.wish()

    # ---- what executors tell (ExecutorListener) --------------------------------------------------------------------
    # called from within an executor's step, which may be broken off anywhere: books and records of the bot are shielded
    def executor_changed(self, executor: ExecutorBase[Any]) -> None:
        shelf = self._shelves.of(executor.controller_id)
        shelf.version += 1
        shelf.standing.changed(executor)
        if self._is_recorded:
            stepper = self._clock.stepper
            stepper.shield()
            try:
                self._bus.publish(ExecutorChanged(self.bot_id, executor))
            finally:
                stepper.unshield()

    def executor_closed(self, executor: ExecutorBase[Any]) -> None:
        self._shielded(self._accounting.close, executor)

    def late_fill(self, executor: ExecutorBase[Any], fill: Fill) -> None:
        self._shielded(self._accounting.late_fill, executor, fill)

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
        self.hold_keeper.settle(event)

    def _publish(self, kind: str, executor: ExecutorBase[Any], payload: dict[str, Any]) -> None:
        self._bus.publish(Fact(kind, self._clock.now_ns, self.bot_id, executor.controller_id, executor.id, payload))

    # ---- reading ---------------------------------------------------------------------------------------------------
    def shelf(self, controller_id: str) -> Shelf:
        """What one controller has."""
        return self._shelves.of(controller_id)

    @property
    def running(self) -> tuple[ExecutorBase[Any], ...]:
        """Executors that have not terminated."""
        return self._roster.all()

    def executor(self, executor_id: str) -> ExecutorBase[Any] | None:
        return self._roster.get(executor_id)

    def changes(self) -> int:
        """Grows whenever anything about any executor changes."""
        return sum(shelf.version for shelf in self._shelves.all.values())

    def positions(self, controller_id: str | None = None) -> list[PositionSummary]:
        """Holds at the present mid."""
        return self.results.positions(controller_id)

    def report(self, controller_id: str | None = None) -> PerformanceReport:
        """Performance of one controller, or of the whole bot."""
        return self.results.report(controller_id, self.drawdowns.of(controller_id).worst)
