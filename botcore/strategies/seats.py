"""`ControllerSeat`: a controller's place on its bot's clock.

It is asked only when it may have something to decide, and not at all while its kill switch is on, while it begins with positions whose price is not known yet,
or after its own code has raised.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Any, Final

from botcore.controllers.base import ControllerBase
from botcore.controllers.waiting import Waiter
from botcore.core.steps import Stepper
from botcore.model.actions import ExecutorAction
from botcore.model.times import NEVER
from botcore.orchestrator.orchestrator import ExecutorOrchestrator

MAX_ACTIONS: Final = 10_000
"""More decisions of one step are a controller that has lost its way."""


class ControllerSeat:
    """See the module.

    Attributes
    ----------
    fault : str
        Why it was stopped; empty while it runs.
    quiet_until_ns : int
        Market time before which it is not asked unless an executor changes.
    is_killed : bool
        Whether its kill switch has ended its executors.
    """

    __slots__ = ("_name", "_orchestrator", "_pending", "_seen_version", "_shelf", "_stepper", "controller", "fault", "is_killed", "quiet_until_ns")

    def __init__(self, controller: ControllerBase, orchestrator: ExecutorOrchestrator, stepper: Stepper, waiter: Waiter | None = None) -> None:
        self.controller = controller
        self._stepper = stepper
        self._name = step_name(orchestrator.bot_id, controller.id)
        self.fault = ""
        self._orchestrator = orchestrator
        self._shelf = orchestrator.shelf(controller.id)
        self._seen_version = -1
        self.quiet_until_ns = 0
        self.is_killed = False
        self._pending: Any = None
        controller.take_seat(orchestrator.new_executor_id, waiter, lambda: orchestrator.report(controller.id))

    def on_tick(self, now_ns: int) -> None:
        shelf, controller = self._shelf, self.controller
        if bool(controller.config.manual_kill_switch) is not self.is_killed:
            self._turn_switch()
        if self.is_killed or shelf.initial:
            return
        if now_ns < self.quiet_until_ns and shelf.version == self._seen_version and not controller.has_queued:
            return
        orchestrator = self._orchestrator
        self._seen_version = shelf.version
        ended = shelf.ended
        actions = self._decide(shelf.infos, orchestrator.positions(controller.id))
        for action in actions:
            orchestrator.execute(action)
        if shelf.ended == ended:
            # its own actions are no news to it, unless one of them was refused at once
            self._seen_version = shelf.version
        self.quiet_until_ns = 0 if controller.is_waiting else self._ask(controller.quiet_until_ns)

    # ---- switch ----------------------------------------------------------------------------------------------------
    def _turn_switch(self) -> None:
        """The kill switch was turned: its executors end, or it goes on."""
        self.is_killed = bool(self.controller.config.manual_kill_switch)
        if self.is_killed:
            self.leave()
            self._orchestrator.stop_controller(self.controller.id)
        else:
            self._shelf.drawdown.begin_anew()
            self.look_again()

    def leave(self) -> None:
        """It decides nothing from now on: what it waited for and asked for is forgotten."""
        controller = self.controller
        controller.give_up_waiting()
        controller.drop_queued()
        self._ask(controller.rest)

    def look_again(self) -> None:
        """Ask it with the next tick, whatever it said before."""
        self.quiet_until_ns = 0
        self._seen_version = -1

    # ---- config ----------------------------------------------------------------------------------------------------
    @property
    def config(self) -> Any:
        """Its config, or the one that waits for the next tick."""
        return self.controller.config if self._pending is None else self._pending

    @config.setter
    def config(self, config: Any) -> None:
        self._pending = config

    def take_config(self, open_feed: Callable[[Any], None]) -> None:
        """Take over the config that waits: at once and as a whole, between two decisions."""
        controller, config = self.controller, self._pending
        if config is None:
            return
        self._pending = None
        before = controller.config
        controller.give_up_waiting()
        controller.update_config(config)
        self.look_again()
        for wanted in self._ask(controller.get_candles_config):
            open_feed(wanted)
        for executor_id, barriers in self._ask(lambda: list(controller.barrier_changes(before, self._shelf.active()))):
            self._orchestrator.set_barriers(executor_id, barriers)
        if bool(controller.config.manual_kill_switch) is not self.is_killed:
            self._turn_switch()

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
        if self.is_killed:
            return NEVER, False
        quiet_until_ns = self.quiet_until_ns
        return quiet_until_ns or NEVER, not quiet_until_ns or self._shelf.version != self._seen_version


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
