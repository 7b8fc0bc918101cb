"""`ControllerBase`: what every decision unit is, under the names of Strategy V2.

A controller is asked on every tick on which it may have something to decide: `step` hands it the executors and holds that are its own and takes its
actions back in the same tick. The same input gives the same actions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from inspect import isawaitable
from typing import Any

from mypy_extensions import mypyc_attr

from botcore.controllers.config import ControllerConfigBase
from botcore.controllers.filters import ExecutorFilter
from botcore.controllers.helpers import ControllerHelpers
from botcore.controllers.updates import taken_over
from botcore.controllers.waiting import Wait, Waiter, begin
from botcore.executors.data_types import TripleBarrierConfig
from botcore.executors.info import ExecutorInfo
from botcore.markets.candles_config import CandlesConfig
from botcore.markets.market_data import MarketDataProvider
from botcore.model.actions import ExecutorAction

__all__ = ["ControllerBase", "ControllerConfigBase", "ExecutorFilter"]


@mypyc_attr(allow_interpreted_subclasses=True)
class ControllerBase(ControllerHelpers):
    """Base of all controllers.

    Attributes
    ----------
    processed_data : dict
        What `update_processed_data` worked out; the chat shows its plain numbers.
    executors_info : list of ExecutorInfo
        Executors of this controller: live ones and the latest closed ones.
    positions_held : list of PositionSummary
        Holds of this controller.
    """

    def __init__(self, config: Any, market_data_provider: MarketDataProvider, *_unused: Any, **_ignored: Any) -> None:
        super().__init__(config, market_data_provider)
        self.processed_data: dict[str, Any] = {}
        self._waiter: Waiter | None = None
        self._report_of_bot: Callable[[], Any] | None = None
        self._wait: Wait | None = None
        self._quiet_until_ns = 0

    def take_seat(self, new_id: Callable[[], str], waiter: Waiter | None = None, report: Callable[[], Any] | None = None) -> None:
        """Its bot gives it what it can't have by itself: ids for executors, whoever waits for something outside, and what it has earned."""
        self._new_id = new_id
        self._waiter = waiter
        self._report_of_bot = report

    def earned_report(self) -> Any:
        """What it has earned (`PerformanceReport`), kept by its bot from change to change; None while it belongs to none."""
        return None if self._report_of_bot is None else self._report_of_bot()

    # ---- what a controller defines ---------------------------------------------------------------------------------
    def update_processed_data(self) -> Any:
        """Work out what the decision needs; may be `async def`."""

    def determine_executor_actions(self) -> list[ExecutorAction]:
        """Decide."""
        raise NotImplementedError(f"{type(self).__name__} does not say what to do: it needs determine_executor_actions")

    def get_candles_config(self) -> list[CandlesConfig]:
        """Candles that must be complete before the first decision."""
        return list(self.config.candles_config)

    def quiet_until_ns(self) -> int:
        """Market time before which nothing will be decided unless an executor changes; 0 asks for every tick."""
        return self._quiet_until_ns

    def rest(self) -> None:
        """Nothing can be decided now; forget until when it would have been quiet."""
        self._quiet_until_ns = 0

    def barrier_changes(self, before: Any, running: list[ExecutorInfo]) -> list[tuple[str, TripleBarrierConfig]]:
        """Which of its running executors should get which barriers, now that its config has changed; `before` is the old one."""
        return []

    def to_format_status(self) -> list[str]:
        """Lines about it for people; the plain numbers of its data when a kind of controller does not say more."""
        return [f"{name}: {value}" for name, value in self.processed_data.items() if isinstance(value, int | float | Decimal | str)]

    def get_custom_info(self) -> dict[str, Any]:
        """What else others may be told of it; JSON-ready."""
        return {}

    # ---- one step --------------------------------------------------------------------------------------------------
    @property
    def is_ready(self) -> bool:
        return all(self.market_data_provider.has_candles(config) for config in self.get_candles_config())

    @property
    def is_waiting(self) -> bool:
        """Whether its data are still waited for."""
        return self._wait is not None

    @property
    def has_queued(self) -> bool:
        """Whether a helper was called from outside a step."""
        return bool(self._queued)

    def step(self, executors: list[ExecutorInfo], positions: list[Any]) -> Sequence[ExecutorAction]:
        """Look and decide once; while its data are waited for only what its helpers asked for is carried out."""
        self.executors_info = executors
        self.positions_held = positions
        if self.config.manual_kill_switch or not self.is_ready:
            self.give_up_waiting()
            self.rest()
            return ()
        if not self._have_data():
            self.rest()
            return self._take_queued()
        decided = self.determine_executor_actions()
        return [*self._take_queued(), *decided] if self._queued else decided

    def _have_data(self) -> bool:
        """Bring the data up to date; False while they are waited for."""
        wait = self._wait
        if wait is None:
            given = self.update_processed_data()
            if given is None or not isawaitable(given):
                return True
            wait = self._wait = begin(given, self._waiter)
        if not wait.is_over():
            return False
        self._wait = None
        wait.outcome()
        return True

    def give_up_waiting(self) -> None:
        """Its data are not wanted any more."""
        if self._wait is not None:
            wait, self._wait = self._wait, None
            wait.cancel()

    def _take_queued(self) -> list[ExecutorAction]:
        queued, self._queued = self._queued, []
        return queued

    def drop_queued(self) -> None:
        """Forget what its helpers asked for and was not carried out."""
        self._queued = []

    # ---- config ----------------------------------------------------------------------------------------------------
    def update_config(self, new_config: ControllerConfigBase) -> None:
        """Take over the updatable fields of another config of the same kind, all at once."""
        self.config = taken_over(self.config, new_config)
