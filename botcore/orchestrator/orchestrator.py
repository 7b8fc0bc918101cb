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
from botcore.executors.data_types import ExecutorConfigBase, TripleBarrierConfig
from botcore.executors.desk import OrderDesk, Surroundings
from botcore.executors.exposure import Earned
from botcore.executors.info import ExecutorInfo
from botcore.markets.market_data import MarketDataProvider
from botcore.markets.order_book import NO_ASK, NO_BID
from botcore.model.actions import CreateExecutorAction, ExecutorAction, StopExecutorAction, StoreExecutorAction
from botcore.model.enums import CloseType, PositionAction, PositionMode, PriceType, RunnableStatus, TradeType
from botcore.model.errors import ConfigError, nearest
from botcore.model.events import DrawdownChanged, ExecutorChanged, ExecutorEnded, Fact, FactKind, HoldChanged, PartFault, PositionLost, TallyChanged
from botcore.model.instrument import Market, quote_of
from botcore.model.order import Fill
from botcore.model.records import DrawdownRecord
from botcore.model.refusals import PAUSED
from botcore.model.times import NEVER
from botcore.orchestrator.drawdown import Drawdown
from botcore.orchestrator.facts import barriers_of, closed_payload, held_payload, market_of, opened_payload
from botcore.orchestrator.holds import HoldBook, PositionHold, PositionSummary
from botcore.orchestrator.performance import Funding, PerformanceReport, Tally, report_of
from botcore.orchestrator.refused import Refusal, Refusals
from botcore.orchestrator.reporting import Rates, add_known, worth_of
from botcore.orchestrator.standing import Standing

# members of enums as names of this module: compiled code reads them without a lookup
TERMINATED: Final = RunnableStatus.TERMINATED
CLOSE: Final = PositionAction.CLOSE

ExecutorFactory = Callable[..., ExecutorBase[Any]]


LIQUIDATED: Final = "the venue liquidated the position"


class Shelf:
    """Executors of one controller, as the controller sees them.

    Attributes
    ----------
    infos : list of ExecutorInfo
        The latest closed ones in the order of their end, then the live ones in the order of their start.
    tallies, funding : dict
        By quote asset.
    version : int
        Grows whenever anything here changes; a controller that saw the same version has nothing new to decide about.
    ended : int
        Executors that have ended.
    initial : list
        Positions that it begins with and whose price is not known yet.
    pnl, is_open, is_converted, seen_version
        Its PnL when it was looked at last, whether that moves with the market, or with a rate, and the version that was seen then.
    """

    __slots__ = (
        "_closed",
        "_keep_closed",
        "controller_id",
        "drawdown",
        "ended",
        "funding",
        "infos",
        "initial",
        "is_converted",
        "is_open",
        "pnl",
        "refusals",
        "seen_version",
        "standing",
        "tallies",
        "version",
    )

    def __init__(self, controller_id: str, keep_closed: int) -> None:
        self.controller_id = controller_id
        self.infos: list[ExecutorInfo] = []
        self.tallies: dict[str, Tally] = {}
        self.funding: dict[str, Funding] = {}
        self.standing = Standing()
        self.refusals = Refusals()
        self.drawdown = Drawdown(controller_id)
        self.initial: list[Any] = []
        self.pnl: Decimal | None = None
        self.is_open = True
        self.is_converted = False
        self.seen_version = -1
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

    def tally(self, asset: str) -> Tally:
        """What its executors have come to in a quote asset."""
        tally = self.tallies.get(asset)
        if tally is None:
            tally = self.tallies[asset] = Tally(self.controller_id, asset)
        return tally

    def refuse(self, info: ExecutorInfo, refusal: Refusal) -> None:
        """Show a refused create that was not tried; it takes the place of the one before."""
        info.status, info.close_type, info.close_ns, info.reason = TERMINATED, refusal.close_type, info.created_ns, refusal.reason
        if refusal.last_id:
            self.drop(refusal.last_id)
        refusal.last_id = info.id
        self.close(info)

    def fund(self, asset: str, amount_quote: Decimal | None) -> None:
        """A share of a funding payment, in the quote asset of its market; None where it has no rate."""
        funding = self.funding.get(asset)
        if funding is None:
            funding = self.funding[asset] = Funding()
        funding.add(amount_quote)
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
    asset : str
        What the bot's results are told in, and what its limits are in: results in other quote assets are converted.
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
        asset: str,
        keep_closed: int = 100,
    ) -> None:
        self.bot_id = desk.bot_id
        self.asset = asset
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
        self._beginning: list[str] = []
        self._begun: set[tuple[str, Market]] = set()
        self.drawdown = Drawdown()
        self._paused: dict[str, Refusal] = {}
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
        executor_id = config.id if config.id and config.id not in self._executors else self._new_id()
        shelf = self.shelf(controller_id)
        refusal = shelf.refusals.waiting(config, now_ns) or self._pause_refusal(config, controller_id)
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
        self._executors[executor.id] = executor
        self._running.append(executor)
        if not self.asset:
            # no controller names a market: what is traded first says it
            self.asset = quote_of(getattr(executor.config, "trading_pair", ""))
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

    def stop_controller(self, controller_id: str, *, keep_position: bool = False) -> None:
        """End all executors of one controller that run; those that are ending keep to it."""
        for executor in self.running:
            if executor.controller_id == controller_id:
                self.stop(executor.id, keep_position=keep_position)

    # ---- pause -----------------------------------------------------------------------------------------------------
    def pause(self, reason: str) -> None:
        """No new entries until `resume`, whoever wants one: executors that hold nothing end, resting entries of the others are cancelled, and what is held keeps its
        exits."""
        desk = self.around.desk
        self._paused.clear()
        desk.paused = reason
        for executor in self.running:
            if not executor.has_fills:
                self.stop(executor.id)
        for order in desk.resting_entries():
            if self._executors.get(getattr(order.owner, "id", "")) is order.owner:
                desk.cancel(order)

    def resume(self) -> None:
        """Allow entries again."""
        self.around.desk.paused = ""
        self._paused.clear()

    @property
    def pause_reason(self) -> str:
        """Why no entries are made; empty while they may be."""
        return self.around.desk.paused

    def _pause_refusal(self, config: ExecutorConfigBase, controller_id: str) -> Refusal | None:
        """What stands for a create while the bot is paused; None for one that gets out of a position."""
        reason = self.around.desk.paused
        if not reason or getattr(config, "position_action", None) is CLOSE:
            return None
        refusal = self._paused.get(controller_id)
        if refusal is None:
            refusal = self._paused[controller_id] = Refusal()
            refusal.reason = f"{PAUSED}: {reason}"
        return refusal

    def changes(self) -> int:
        """Grows whenever anything about any executor changes."""
        return sum(shelf.version for shelf in self._shelves.values())

    def force(self, executor_id: str, reason: str) -> None:
        """End an executor now whatever happens; what it holds goes to a hold, and a person is told."""
        executor = self._executors.get(executor_id)
        if executor is not None:
            if self._bus.has(Fact):
                self._publish(FactKind.STOP_FORCED, executor, market_of(executor) | {"reason": reason})
            self._clock.stepper.guard_limited(executor, self.executor_faulted, executor.abandon, self._clock.now_ns, reason)

    def set_barriers(self, executor_id: str, triple: TripleBarrierConfig) -> None:
        """Have a running executor take over other barriers, if its kind can."""
        executor = self._executors.get(executor_id)
        if executor is not None:
            self._clock.stepper.guard_limited(executor, self.executor_faulted, self._move_barriers, executor, triple)

    def _move_barriers(self, executor: ExecutorBase[Any], triple: TripleBarrierConfig) -> None:
        before = barriers_of(executor.config)
        if executor.set_barriers(triple, self._clock.now_ns) and self._bus.has(Fact):
            after = barriers_of(executor.config)
            if after != before:
                self._publish(FactKind.BARRIER_MOVED, executor, market_of(executor) | {"cause": "config", "before": before, "after": after})

    # ---- what a controller begins with -----------------------------------------------------------------------------
    def begin_with(self, controller_id: str, positions: Iterable[Any]) -> None:
        """Take up positions that were there before (`InitialPositionConfig`), with the first tick at which their mid is known, and in place of older records of them.
        A second call for a market of this controller that was taken up is a no-op."""
        shelf = self.shelf(controller_id)
        fresh = [position for position in positions if (controller_id, _market_of(position)) not in self._begun]
        if fresh and not shelf.initial:
            shelf.initial = fresh
            self._beginning.append(controller_id)

    def has_begun(self, controller_id: str, market: Market) -> None:
        """What this controller began with on a market is in its records already."""
        self._begun.add((controller_id, market))
        shelf = self.shelf(controller_id)
        shelf.initial = [position for position in shelf.initial if _market_of(position) != market]

    def _begin(self) -> None:
        """Take up initial positions whose mid is known now."""
        for controller_id in self._beginning:
            shelf = self.shelf(controller_id)
            waiting: dict[Market, list[Any]] = {}
            for position in shelf.initial:
                waiting.setdefault(_market_of(position), []).append(position)
            for market, positions in waiting.items():
                mid = self._market_data.get_price_by_type(market.connector_name, market.trading_pair, PriceType.MidPrice)
                if not mid.is_nan():
                    self._begin_on(controller_id, market, positions, mid)
        self._beginning = [controller_id for controller_id in self._beginning if self.shelf(controller_id).initial]

    def _begin_on(self, controller_id: str, market: Market, positions: list[Any], mid: Decimal) -> None:
        instrument, mode = self._market_data.instrument(market.connector_name, market.trading_pair), self._mode_of(market.connector_name)
        brought = [
            PositionHold(instrument, self.holds.bucket(instrument, mode, position.side), controller_id, amount, amount * mid)
            for position in positions
            for amount in (position.side.sign * position.amount,)
        ]
        for key in {hold.key for hold in brought}:
            self.holds.drop(key)
        for hold in brought:
            self.holds.begin(hold)
        for hold in self.holds.of(controller_id):
            if hold.instrument.market == market:
                self._bus.publish(HoldChanged(self.bot_id, hold))
        self.has_begun(controller_id, market)
        self.shelf(controller_id).version += 1

    def _store(self, action: StoreExecutorAction) -> None:
        if action.executor_id not in self._executors:
            self.shelf(action.controller_id).drop(action.executor_id)

    # ---- time ------------------------------------------------------------------------------------------------------
    def on_tick(self, now_ns: int) -> None:
        """Step the executors that may have something to do."""
        if self._stale:
            self._sweep()
        if self._beginning:
            self._begin()
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
        shelf = self._shelves[executor.controller_id]
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
        earned = [] if held or not executor.has_fills else executor.earned()
        info.freeze()
        tallies = self._tally(shelf, executor, earned, handed_over=bool(held))
        shelf.close(info)
        shelf.standing.ended(executor.id)
        # nothing of it has left: it was refused on the spot, not by the venue
        shelf.refusals.ended(info, self._clock.now_ns, at_once=info.close_ns == info.created_ns)
        self._executors.pop(executor.id, None)
        self._stale = True
        self._bus.publish(ExecutorEnded(self.bot_id, info))
        if self._bus.has(TallyChanged):
            for tally in tallies:
                self._bus.publish(TallyChanged(self.bot_id, tally))
        if self._bus.has(Fact):
            rates = self._rates()
            self._publish(FactKind.EXECUTOR_CLOSED, executor, closed_payload(executor, rates.asset, worth_of(earned, rates)))

    def _tally(self, shelf: Shelf, executor: ExecutorBase[Any], earned: list[Earned], *, handed_over: bool) -> list[Tally]:
        """Count an ended executor, once, and add what it came to in each asset; gives what has changed."""
        counting = shelf.tally(earned[0].asset if earned else quote_of(getattr(executor.config, "trading_pair", "")) or self.asset)
        counting.count(executor.info, handed_over=handed_over)
        changed = {counting.asset: counting}
        for part in earned:
            changed[part.asset] = shelf.tally(part.asset)
            changed[part.asset].add(part)
        return list(changed.values())

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
                self.shelf(hold.controller_id).version += 1
                self._bus.publish(HoldChanged(self.bot_id, hold))

    def _hold(self, fill: Fill, executor: ExecutorBase[Any]) -> None:
        self.hold(fill, executor.controller_id, executor.side_of(fill))

    def hold(self, fill: Fill, controller_id: str, side: TradeType) -> None:
        """Put a fill that no executor watches into the controller's hold; `side` is that of whoever sent the order."""
        hold = self.holds.add(fill, controller_id, self._mode_of(fill.instrument.market.connector_name), side)
        if hold is not None:
            self.shelf(controller_id).version += 1
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

    def _closing_price(self, market: Market, is_long: bool) -> Decimal | None:
        """Price at which a position would be closed at market; None while nobody stands there, or the book is torn."""
        state = self._market_data.state(market.connector_name, market.trading_pair)
        ticks = state.book.best_bid if is_long else state.book.best_ask
        return None if state.is_torn or ticks in (NO_BID, NO_ASK) else state.instrument.price(ticks)

    def _rates(self) -> Rates:
        """Present rates into the asset that results are told in."""
        if not self.asset:
            # no controller names a market, and nothing of one market was begun here: what was earned, or is held, says it
            shelves = self._shelves.values()
            earned = {asset for shelf in shelves for asset in (*shelf.tallies, *shelf.funding, *shelf.standing.assets())}
            self.asset = min({*earned, *(hold.instrument.quote for hold in self.holds.of())} - {""}, default="")
        return Rates(self.asset, self._market_data.rates.rate)

    def pnl(self, controller_id: str, rates: Rates | None = None) -> Decimal | None:
        """Global PnL of a controller after fees, with funding; None while a price or a rate that it needs is not known."""
        shelf, rates = self.shelf(controller_id), rates or self._rates()
        sums = shelf.standing.pnl(self._closing_price)
        for asset, tally in shelf.tallies.items():
            add_known(sums, asset, tally.realized_quote)
        for asset, funding in shelf.funding.items():
            add_known(sums, asset, funding.quote)
        for hold in self.holds.of(controller_id):
            unrealized = hold.unrealized(self._mark(hold) if hold.net_amount_base else None)
            add_known(sums, hold.instrument.quote, None if unrealized is None else hold.realized_pnl_quote + unrealized)
        # what is the same in every asset needs no rate; a shelf of other assets moves with their rates too
        shelf.is_converted = any(value for asset, value in sums.items() if asset != self.asset)
        return rates.total(sums)

    def observe(self) -> None:
        """Look at the PnL of each controller and of the bot, for their drawdowns; a peak is written down, so that a restart does not forget it."""
        total: Decimal | None = Decimal(0)
        rates = self._rates()
        for controller_id, shelf in self._shelves.items():
            if shelf.seen_version != shelf.version or shelf.is_open or shelf.is_converted:
                shelf.seen_version = shelf.version
                shelf.is_open = shelf.standing.is_open() or any(hold.net_amount_base for hold in self.holds.of(controller_id))
                shelf.pnl = self.pnl(controller_id, rates)
                shelf.drawdown.see(shelf.pnl)
            pnl = shelf.pnl
            total = None if total is None or pnl is None else total + pnl
        self.drawdown.see(total)
        if self._bus.has(DrawdownChanged):
            now_ns = self._clock.now_ns
            for drawdown in (self.drawdown, *(shelf.drawdown for shelf in self._shelves.values())):
                drawdown.asset = rates.asset
                if drawdown.is_due(now_ns):
                    self._bus.publish(DrawdownChanged(self.bot_id, drawdown))

    def restore_drawdowns(self, records: Iterable[DrawdownRecord]) -> None:
        """Go on from the peaks that an earlier process wrote, once all else is restored; a peak in another asset than this bot reports in now says nothing here."""
        asset = self._rates().asset
        for record in records:
            whose = self.shelf(record.controller_id).drawdown if record.controller_id else self.drawdown
            if not whose.restore(record, asset):
                payload = {"before": record.asset, "now": asset, "peak_quote": format(record.peak_quote, "f")}
                self._bus.publish(Fact(FactKind.DRAWDOWN_ANEW, self._clock.now_ns, self.bot_id, record.controller_id, payload=payload))

    def begin_drawdowns(self) -> None:
        """A person starts the bot again: what it lost before is not counted against its limits."""
        for drawdown in (self.drawdown, *(shelf.drawdown for shelf in self._shelves.values())):
            drawdown.begin_with_next()

    def report(self, controller_id: str | None = None) -> PerformanceReport:
        """Performance of one controller, or of the whole bot."""
        if controller_id is None:
            shelves, worst = list(self._shelves.values()), self.drawdown.worst
        else:
            shelf = self.shelf(controller_id)
            shelves, worst = [shelf], shelf.drawdown.worst
        tallies = [tally for shelf in shelves for tally in shelf.tallies.values()]
        active = [shelf.standing.sums(self._closing_price) for shelf in shelves]
        return report_of(tallies, active, self.positions(controller_id), [shelf.funding for shelf in shelves], self._rates(), worst)


def _market_of(position: Any) -> Market:
    return Market(position.connector_name, position.trading_pair)
