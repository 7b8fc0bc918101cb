"""`ControllerBase`: what every decision unit is, under the names of Strategy V2.

A controller is asked on every tick on which it may have something to decide: `step` hands it the executors and holds that are its own and takes its
actions back in the same tick. The same input gives the same actions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from mypy_extensions import mypyc_attr

from botcore.controllers.config import ControllerConfigBase
from botcore.executors.info import ExecutorInfo
from botcore.markets.candles_config import CandlesConfig
from botcore.markets.market_data import MarketDataProvider
from botcore.model.actions import ExecutorAction

__all__ = ["ControllerBase", "ControllerConfigBase"]


@mypyc_attr(allow_interpreted_subclasses=True)
class ControllerBase:
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
        self.config = config
        self.market_data_provider = market_data_provider
        self.executors_info: list[ExecutorInfo] = []
        self.positions_held: list[Any] = []
        self.processed_data: dict[str, Any] = {}

    @property
    def id(self) -> str:
        return str(self.config.id)

    # ---- what a controller defines ---------------------------------------------------------------------------------
    def update_processed_data(self) -> Any:
        """Work out what the decision needs."""

    def determine_executor_actions(self) -> list[ExecutorAction]:
        """Decide."""
        raise NotImplementedError(f"{type(self).__name__} does not say what to do: it needs determine_executor_actions")

    def get_candles_config(self) -> list[CandlesConfig]:
        """Candles that must be complete before the first decision."""
        return list(self.config.candles_config)

    def quiet_until_ns(self) -> int:
        """Market time before which nothing will be decided unless an executor changes; 0 asks for every tick."""
        return 0

    def rest(self) -> None:
        """Nothing can be decided now; forget until when it would have been quiet."""

    # ---- one step --------------------------------------------------------------------------------------------------
    @property
    def is_ready(self) -> bool:
        return all(self.market_data_provider.has_candles(config) for config in self.get_candles_config())

    def step(self, executors: list[ExecutorInfo], positions: list[Any]) -> Sequence[ExecutorAction]:
        """Look and decide once."""
        self.executors_info = executors
        self.positions_held = positions
        if self.config.manual_kill_switch or not self.is_ready:
            self.rest()
            return ()
        self.update_processed_data()
        return self.determine_executor_actions()

    def filter_executors(
        self, executors: Iterable[ExecutorInfo] | None = None, filter_func: Callable[[ExecutorInfo], bool] | None = None
    ) -> list[ExecutorInfo]:
        """Executors that fulfil a condition; all own ones are looked at when none are given (an empty list stays empty)."""
        source = self.executors_info if executors is None else executors
        return [info for info in source if filter_func is None or filter_func(info)]
