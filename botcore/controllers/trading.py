"""`TradingController`: a controller that trades one market with a triple barrier."""

from __future__ import annotations

from typing import Any

from mypy_extensions import mypyc_attr

from botcore.controllers.barrier_changes import barrier_changes
from botcore.controllers.barrier_fields import TradingControllerConfig
from botcore.controllers.base import ControllerBase
from botcore.executors.data_types import TripleBarrierConfig
from botcore.executors.info import ExecutorInfo
from botcore.markets.market_data import MarketDataProvider

__all__ = ["TradingController", "TradingControllerConfig"]


@mypyc_attr(allow_interpreted_subclasses=True)
class TradingController(ControllerBase):
    """A controller whose executors share one triple barrier."""

    def __init__(self, config: TradingControllerConfig, market_data_provider: MarketDataProvider, *_unused: Any, **_ignored: Any) -> None:
        super().__init__(config, market_data_provider)
        self._barriers_of: TradingControllerConfig | None = None
        self._barriers = TripleBarrierConfig()

    @property
    def triple_barrier(self) -> TripleBarrierConfig:
        """Barriers of the present config; built once for each config."""
        if self._barriers_of is not self.config:
            self._barriers_of, self._barriers = self.config, self.config.triple_barrier_config
        return self._barriers

    def barrier_changes(self, before: Any, running: list[ExecutorInfo]) -> list[tuple[str, TripleBarrierConfig]]:
        return barrier_changes(before.triple_barrier_config, self.triple_barrier, running)
