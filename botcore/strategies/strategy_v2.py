"""`StrategyV2Base`: one running bot.

Its tick goes one way: executors look at the market (barriers, refreshes), controllers look at executors and decide, their actions are carried out at once. It
knows no venue, no chat and no wall clock; live, paper and backtest run the same object.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from mypy_extensions import mypyc_attr

from botcore.controllers.base import ControllerBase
from botcore.controllers.waiting import Waiter
from botcore.core.bus import EventBus
from botcore.core.clock import Clock
from botcore.markets.market_data import MarketDataProvider
from botcore.model.errors import UserError, nearest
from botcore.model.events import Fact, FactKind, PartFault
from botcore.model.times import MINUTE_NS
from botcore.orchestrator.orchestrator import ExecutorOrchestrator
from botcore.strategies.bot_limits import BotLimits, Breach
from botcore.strategies.seats import ControllerSeat, step_name
from botcore.strategies.shutdown import PATIENCE_NS, Shutdown

__all__ = ["BotLimits", "Breach", "ControllerSeat", "StrategyV2Base", "step_name"]


@mypyc_attr(allow_interpreted_subclasses=True)
class StrategyV2Base:
    """One bot.

    Parameters
    ----------
    bot_id : str
    controllers : sequence of ControllerBase
        Decision units; their ids are unique within the bot.
    orchestrator : ExecutorOrchestrator
    on_idle : callable, optional
        Called once when a stop has ended all executors.
    waiter : Waiter, optional
        Whoever can wait for something outside on behalf of its controllers.
    limits : BotLimits, optional
        How much it may lose from a peak.
    on_breach : callable, optional
        Told of each limit that was reached, after it took effect, so that somebody writes it down.
    """

    def __init__(
        self,
        bot_id: str,
        controllers: Sequence[ControllerBase],
        orchestrator: ExecutorOrchestrator,
        market_data: MarketDataProvider,
        clock: Clock,
        bus: EventBus,
        on_idle: Callable[[StrategyV2Base], None] | None = None,
        waiter: Waiter | None = None,
        limits: BotLimits | None = None,
        on_breach: Callable[[StrategyV2Base, Breach], None] | None = None,
    ) -> None:
        self.bot_id = bot_id
        self.orchestrator = orchestrator
        self.market_data = market_data
        self.seats = [ControllerSeat(controller, orchestrator, clock.stepper, waiter) for controller in controllers]
        self._limits = limits or BotLimits()
        self._is_limited = self._limits.are_set
        self._look_ns = 0
        self.shutdown: Shutdown | None = None
        self._on_breach = on_breach
        self._changed: list[ControllerSeat] = []
        self._clock = clock
        self._bus = bus
        self._on_idle = on_idle
        self._running = list(self.seats)

    def __repr__(self) -> str:
        return f"<bot {self.bot_id}>"

    @property
    def controllers(self) -> list[ControllerBase]:
        return [seat.controller for seat in self.seats]

    @property
    def is_stopping(self) -> bool:
        return self.shutdown is not None

    # ---- time ------------------------------------------------------------------------------------------------------
    def on_tick(self, now_ns: int) -> None:
        if self._changed:
            self._take_configs()
        self.orchestrator.on_tick(now_ns)
        if self._is_limited or now_ns >= self._look_ns:
            self._look_ns = now_ns + MINUTE_NS
            self.orchestrator.drawdowns.observe()
        if self.shutdown is not None:
            self._finish_stop()
            return
        if self._is_limited:
            self._check_limits()
            if self.is_stopping:
                return
        self._clock.stepper.step_all(self._running, now_ns, self._controller_fault)

    def wish(self) -> tuple[int, bool]:
        """(earliest market time at which an executor or a controller wants to be stepped, whether one wants every market event)."""
        next_ns, wants_each = self.orchestrator.wish()
        if not self.is_stopping:
            for seat in self._running:
                seat_ns, seat_wants_each = seat.wish()
                if seat_ns < next_ns:
                    next_ns = seat_ns
                wants_each = wants_each or seat_wants_each
        return next_ns, wants_each

    def _controller_fault(self, seat: Any, error: Exception) -> None:
        """Stop a controller that raised; its executors keep their barriers and the other controllers go on."""
        seat.fault = f"{type(error).__name__}: {error}"
        self._running = [other for other in self._running if other is not seat]
        self._bus.publish(PartFault(FactKind.CONTROLLER_FAULT, self._clock.now_ns, seat.fault, self.bot_id, seat.controller.id))

    def bench(self, controller_id: str, reason: str) -> None:
        """Do not ask a controller any more; its executors go on."""
        for seat in self.seats:
            if seat.controller.id == controller_id:
                seat.fault = reason
                self._running = [other for other in self._running if other is not seat]

    def seat(self, controller_id: str) -> ControllerSeat:
        """The seat of a controller; UserError when there is none."""
        for seat in self.seats:
            if seat.controller.id == controller_id:
                return seat
        raise UserError(f"there is no controller {controller_id}{nearest(controller_id, [seat.controller.id for seat in self.seats])}")

    # ---- config while it runs --------------------------------------------------------------------------------------
    def reconfigure(self, controller_id: str, config: Any) -> None:
        """Have a controller take over the updatable fields of another config (see `updates.updated`) with the next tick, as a whole; one that was stopped by a
        fault is asked again when that turns its kill switch off."""
        seat = self.seat(controller_id)
        seat.config = config
        if seat not in self._changed:
            self._changed.append(seat)

    def _take_configs(self) -> None:
        changed, self._changed = self._changed, []
        for seat in changed:
            was_killed = seat.is_killed
            self._clock.stepper.guard(seat, self._controller_fault, seat.take_config, self.market_data.initialize_candles_feed)
            if was_killed and not seat.is_killed and seat not in self._running:
                seat.fault = ""
                self._running = [other for other in self.seats if other is seat or other in self._running]

    @property
    def limits(self) -> BotLimits:
        """How much it may lose from a peak, and in a day."""
        return self._limits

    @limits.setter
    def limits(self, limits: BotLimits) -> None:
        self._limits = limits
        self._is_limited = limits.are_set

    # ---- limits ----------------------------------------------------------------------------------------------------
    def _check_limits(self) -> None:
        """End a controller, or the bot, that has lost more than it may."""
        limits, drawdowns = self.limits, self.orchestrator.drawdowns
        if limits.max_global_drawdown_quote is not None and drawdowns.whole.drop > limits.max_global_drawdown_quote:
            breach = Breach("", drawdowns.whole.drop, drawdowns.whole.peak, limits.max_global_drawdown_quote)
            self.stop()
            self._tell(breach)
            return
        if limits.max_day_loss_quote is not None and drawdowns.whole.day_loss > limits.max_day_loss_quote:
            self.stop()
            self._tell(Breach("", drawdowns.whole.day_loss, drawdowns.whole.begun, limits.max_day_loss_quote, is_day=True))
            return
        most = limits.max_controller_drawdown_quote
        if most is None:
            return
        for seat in self.seats:
            drawdown = drawdowns.of(seat.controller.id)
            if drawdown.drop > most and not seat.is_killed:
                seat.config = seat.config.model_copy(update={"manual_kill_switch": True})
                self._clock.stepper.guard(seat, self._controller_fault, seat.take_config, self.market_data.initialize_candles_feed)
                self._tell(Breach(seat.controller.id, drawdown.drop, drawdown.peak, most))

    def _tell(self, breach: Breach) -> None:
        payload = {
            "controller_id": breach.controller_id,
            "drawdown_quote": format(breach.drop, "f"),
            "peak_quote": format(breach.peak, "f"),
            "limit_quote": format(breach.limit, "f"),
            "is_day": breach.is_day,
        }
        self._bus.publish(Fact(FactKind.DRAWDOWN_REACHED, self._clock.now_ns, self.bot_id, breach.controller_id, payload=payload))
        if self._on_breach is not None:
            self._on_breach(self, breach)

    # ---- stop ------------------------------------------------------------------------------------------------------
    def stop(self, *, keep_position: bool = False, patience_ns: int = PATIENCE_NS) -> None:
        """No more decisions; every executor ends, closing what it holds or handing it to a position hold (see `Shutdown`)."""
        if self.shutdown is not None:
            return
        self.shutdown = Shutdown(self.orchestrator, self._clock.now_ns, keep_position=keep_position, patience_ns=patience_ns)
        for seat in self._running:
            self._clock.stepper.guard(seat, self._controller_fault, seat.leave)
        self.shutdown.begin()
        self._finish_stop()

    def _finish_stop(self) -> None:
        assert self.shutdown is not None
        if self.shutdown.is_over(self._clock.now_ns) and self._on_idle is not None:
            on_idle, self._on_idle = self._on_idle, None
            on_idle(self)
