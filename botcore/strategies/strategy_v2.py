"""`StrategyV2Base`: one running bot.

Its tick goes one way: executors look at the market (barriers, refreshes), controllers look at executors and decide, their actions are carried out at once. It
knows no venue, no chat and no wall clock; live, paper and backtest run the same object.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any, Final

from mypy_extensions import mypyc_attr

from botcore.controllers.base import ControllerBase
from botcore.core.bus import EventBus
from botcore.core.clock import Clock
from botcore.core.steps import Stepper
from botcore.markets.market_data import MarketDataProvider
from botcore.model.actions import ExecutorAction
from botcore.model.events import FactKind, PartFault
from botcore.model.times import NEVER
from botcore.orchestrator.orchestrator import ExecutorOrchestrator

MAX_ACTIONS: Final = 10_000
"""More decisions of one step are a controller that has lost its way."""


class ControllerSeat:
    """A controller on its bot's clock: asked only when it may have something to decide.

    Attributes
    ----------
    fault : str
        Why it was stopped; empty while it runs.
    quiet_until_ns : int
        Market time before which it is not asked unless an executor changes.
    """

    __slots__ = ("_name", "_orchestrator", "_seen_version", "_shelf", "_stepper", "controller", "fault", "quiet_until_ns")

    def __init__(self, controller: ControllerBase, orchestrator: ExecutorOrchestrator, stepper: Stepper) -> None:
        self.controller = controller
        self._stepper = stepper
        self._name = step_name(orchestrator.bot_id, controller.id)
        self.fault = ""
        self._orchestrator = orchestrator
        self._shelf = orchestrator.shelf(controller.id)
        self._seen_version = -1
        self.quiet_until_ns = 0

    def on_tick(self, now_ns: int) -> None:
        shelf = self._shelf
        if now_ns < self.quiet_until_ns and shelf.version == self._seen_version:
            return
        controller, orchestrator = self.controller, self._orchestrator
        self._seen_version = shelf.version
        ended = shelf.ended
        actions = self._decide(shelf.infos, orchestrator.positions(controller.id))
        for action in actions:
            orchestrator.execute(action)
        if shelf.ended == ended:
            # its own actions are no news to it, unless one of them was refused at once
            self._seen_version = shelf.version
        self.quiet_until_ns = self._ask(controller.quiet_until_ns)

    def __repr__(self) -> str:
        return f"<controller {self.controller.id} of {self._orchestrator.bot_id}>"

    def _decide(self, infos: list[Any], positions: list[Any]) -> list[ExecutorAction]:
        """What the controller wants now; its own code has run to its end when this comes back."""
        return self._ask(lambda: _taken(self.controller.step(infos, positions)))  # type: ignore[no-any-return]

    def _ask(self, call: Callable[[], Any]) -> Any:
        """Make one call into the controller's code.

        Raises
        ------
        Exception
            Whatever it raises; what would end the process or the task that turns the clock becomes a RuntimeError.
        """
        limit = self._stepper.limit
        if limit is None:
            return call()
        limit.name(self._name)
        try:
            return self._stepper.limited(self, call)
        except (Exception, KeyboardInterrupt):
            raise
        except BaseException as error:
            raise RuntimeError(f"raised {type(error).__name__}: {error}") from error
        finally:
            limit.name("")

    def wish(self) -> tuple[int, bool]:
        """When it wants to be stepped, and whether an executor has changed since it looked: then it wants the next event too."""
        quiet_until_ns = self.quiet_until_ns
        return quiet_until_ns or NEVER, not quiet_until_ns or self._shelf.version != self._seen_version


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
    ) -> None:
        self.bot_id = bot_id
        self.orchestrator = orchestrator
        self.market_data = market_data
        self.seats = [ControllerSeat(controller, orchestrator, clock.stepper) for controller in controllers]
        self.is_stopping = False
        self._keep_position = False
        self._clock = clock
        self._bus = bus
        self._on_idle = on_idle
        self._running = list(self.seats)

    def __repr__(self) -> str:
        return f"<bot {self.bot_id}>"

    @property
    def controllers(self) -> list[ControllerBase]:
        return [seat.controller for seat in self.seats]

    # ---- time ------------------------------------------------------------------------------------------------------
    def on_tick(self, now_ns: int) -> None:
        self.orchestrator.on_tick(now_ns)
        if self.is_stopping:
            self._finish_stop()
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

    # ---- stop ------------------------------------------------------------------------------------------------------
    def stop(self, *, keep_position: bool = False) -> None:
        """No more decisions; every executor ends, closing what it holds or handing it to a position hold."""
        if self.is_stopping:
            return
        self.is_stopping = True
        self._keep_position = keep_position
        for executor in self.orchestrator.running:
            self.orchestrator.stop(executor.id, keep_position=keep_position)
        self._finish_stop()

    def _finish_stop(self) -> None:
        if not self.orchestrator.running and self._on_idle is not None:
            on_idle, self._on_idle = self._on_idle, None
            on_idle(self)


def step_name(bot_id: str, controller_id: str) -> str:
    """How a controller's step is called for those who look at it from outside."""
    return f"{bot_id}/{controller_id}"


def _taken(given: Any) -> list[ExecutorAction]:
    """What a controller returned, as a list.

    Raises
    ------
    TypeError, ValueError
        If it is not a reasonable number of executor actions.
    """
    actions = list(islice(given, MAX_ACTIONS + 1))
    if len(actions) > MAX_ACTIONS:
        raise ValueError(f"expected at most {MAX_ACTIONS} actions of one step, found more")
    for action in actions:
        if not isinstance(action, ExecutorAction):
            raise TypeError(f"expected executor actions, found {type(action).__name__}")
    return actions
