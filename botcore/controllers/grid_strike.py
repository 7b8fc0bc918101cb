"""grid_strike: one grid in a band of prices that a person has chosen.

While the mid is inside the band there is a grid in it: levels from `start_price` to `end_price`, each bought (or sold) and closed again at its own profit, as often
as the price comes by. Beyond `limit_price` the grid is given up; when the price comes back into the band, the next one is opened.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from botcore.controllers.barrier_changes import barrier_changes
from botcore.controllers.base import ControllerBase
from botcore.controllers.grid_fields import GridFields, check_band
from botcore.core.config import Side, ask
from botcore.executors.data_types import TripleBarrierConfig
from botcore.executors.info import ExecutorInfo
from botcore.model.actions import CreateExecutorAction, ExecutorAction
from botcore.model.enums import TradeType
from botcore.model.times import NEVER

PriceField = Annotated[Decimal, Field(gt=0)]


class GridStrikeConfig(GridFields):
    """One grid in a band.

    Parameters
    ----------
    start_price, end_price : Decimal
        Lowest and highest level, quote per base.
    limit_price : Decimal
        Where the grid is given up: below the band for BUY, above it for SELL.
    """

    controller_name: Literal["grid_strike"] = "grid_strike"
    controller_type: str = "generic"
    side: Annotated[Side, Field(json_schema_extra=ask("Buy or sell first?"))] = TradeType.BUY
    start_price: Annotated[PriceField, Field(json_schema_extra=ask("Lowest price of the grid?", updatable=True, group="levels"))] = Decimal("0.58")
    end_price: Annotated[PriceField, Field(json_schema_extra=ask("Highest price of the grid?", updatable=True, group="levels"))] = Decimal("0.95")
    limit_price: Annotated[PriceField, Field(json_schema_extra=ask("Give up beyond which price?", updatable=True, group="levels"))] = Decimal("0.55")

    @model_validator(mode="after")
    def _band_fits(self) -> Self:
        check_band(self.side, self.start_price, self.end_price, self.limit_price)
        return self


class GridStrikeController(ControllerBase):
    """See the module."""

    config: GridStrikeConfig

    def barrier_changes(self, before: Any, running: list[ExecutorInfo]) -> list[tuple[str, TripleBarrierConfig]]:
        return barrier_changes(before.triple_barrier_config, self.config.triple_barrier_config, running)

    def update_processed_data(self) -> Any:
        config = self.config
        mid = self.market_data_provider.get_price_by_type(config.connector_name, config.trading_pair)
        self.processed_data = {"mid_price": mid, "is_inside": not mid.is_nan() and config.start_price <= mid <= config.end_price}

    def determine_executor_actions(self) -> list[ExecutorAction]:
        config, now_ns = self.config, self.market_data_provider.now_ns
        is_busy = any(not info.is_done for info in self.executors_info)
        # while there is a grid, only its end is news
        self._quiet_until_ns = NEVER if is_busy else 0
        if is_busy or not self.processed_data["is_inside"] or config.is_resting(self.executors_info, now_ns):
            return []
        self._quiet_until_ns = NEVER
        now = self.market_data_provider.time()
        grid = config.grid(config.side, config.start_price, config.end_price, config.limit_price, config.total_amount_quote, None, now)
        return [CreateExecutorAction(controller_id=config.id, executor_config=grid)]
