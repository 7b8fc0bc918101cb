"""multi_grid_strike: several grids on one market, each in its own band with its own share of the budget.

Each grid lives as the one of grid_strike does. A grid that is taken out of the config or switched off is stopped; one whose numbers change goes on as it was
begun, and the next one in its place has the new numbers.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from botcore.controllers.barrier_changes import barrier_changes
from botcore.controllers.base import ControllerBase
from botcore.controllers.grid_fields import GridFields, check_band
from botcore.core.config import ConfigModel, Side, ask
from botcore.executors.data_types import TripleBarrierConfig
from botcore.executors.info import ExecutorInfo
from botcore.model.actions import CreateExecutorAction, ExecutorAction, StopExecutorAction
from botcore.model.enums import RunnableStatus
from botcore.model.times import NEVER

SWITCHES = {"on": True, "off": False}


class GridConfig(ConfigModel):
    """One grid.

    Parameters
    ----------
    grid_id : str
        Its executors are found again by this name.
    amount_quote_pct : Decimal
        Share of `total_amount_quote`, a fraction.
    enabled : bool
        False stops it and opens no other.
    """

    grid_id: Annotated[str, Field(pattern=r"^[a-zA-Z0-9_.-]{1,32}$")]
    start_price: Annotated[Decimal, Field(gt=0)]
    end_price: Annotated[Decimal, Field(gt=0)]
    limit_price: Annotated[Decimal, Field(gt=0)]
    side: Side
    amount_quote_pct: Annotated[Decimal, Field(gt=0, le=1)]
    enabled: bool = True

    @model_validator(mode="after")
    def _band_fits(self) -> Self:
        check_band(self.side, self.start_price, self.end_price, self.limit_price, self.grid_id)
        return self


def read_grids(raw: Any) -> Any:
    """Grids as people type them, separated by `;`: `name BUY start end limit share`, `off` at the end of one that is switched off."""
    if not isinstance(raw, str):
        return raw
    return [_read_grid(piece.split()) for piece in raw.replace("\n", ";").split(";") if piece.strip()]


def _read_grid(words: list[str]) -> dict[str, Any]:
    names = ("grid_id", "side", "start_price", "end_price", "limit_price", "amount_quote_pct")
    enabled = SWITCHES.get(words[-1].lower())
    values = words if enabled is None else words[:-1]
    if len(values) != len(names):
        raise ValueError(f"expected name side start end limit share (for example low BUY 90000 95000 88000 0.5), found {' '.join(words)!r}")
    grid: dict[str, Any] = dict(zip(names, values, strict=True))
    if values[-1].endswith("%"):
        grid["amount_quote_pct"] = _fraction(values[-1])
    return grid if enabled is None else grid | {"enabled": enabled}


def _fraction(text: str) -> Decimal:
    try:
        return Decimal(text.removesuffix("%")) / 100
    except ArithmeticError:
        raise ValueError(f"expected a share such as 0.5 or 50%, found {text!r}") from None


class MultiGridStrikeConfig(GridFields):
    """Several grids on one market.

    Parameters
    ----------
    grids : list of GridConfig
        As mappings, or as text (`read_grids`). Their shares sum to one at most.
    """

    controller_name: Literal["multi_grid_strike"] = "multi_grid_strike"
    controller_type: str = "generic"
    grids: Annotated[
        Annotated[list[GridConfig], Field(min_length=1)],
        BeforeValidator(read_grids),
        Field(json_schema_extra=ask("Grids (name side start end limit share; next)?", updatable=True, group="levels")),
    ] = []

    @field_validator("grids")
    @classmethod
    def _distinct(cls, grids: list[GridConfig]) -> list[GridConfig]:
        names = [grid.grid_id for grid in grids]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"expected every grid_id once, found {twice} again")
        return grids

    @model_validator(mode="after")
    def _budget_holds(self) -> Self:
        total = sum((grid.amount_quote_pct for grid in self.grids if grid.enabled), Decimal(0))
        if total > 1:
            raise ValueError(f"expected shares (amount_quote_pct) that sum to 1 at most, found {total}")
        return self


class MultiGridStrikeController(ControllerBase):
    """See the module."""

    config: MultiGridStrikeConfig

    def barrier_changes(self, before: Any, running: list[ExecutorInfo]) -> list[tuple[str, TripleBarrierConfig]]:
        return barrier_changes(before.triple_barrier_config, self.config.triple_barrier_config, running)

    def update_processed_data(self) -> Any:
        config = self.config
        self.processed_data = {"mid_price": self.market_data_provider.get_price_by_type(config.connector_name, config.trading_pair)}

    def determine_executor_actions(self) -> list[ExecutorAction]:
        wanted = {grid.grid_id: grid for grid in self.config.grids if grid.enabled}
        live = {info.level_id for info in self.executors_info if not info.is_done}
        opened = [grid for name, grid in wanted.items() if name not in live and self._may_open(grid)]
        waits = wanted.keys() - live - {grid.grid_id for grid in opened}
        self._quiet_until_ns = 0 if waits else NEVER
        return [*self._stops(wanted), *(self._creation(grid) for grid in opened)]

    def _may_open(self, grid: GridConfig) -> bool:
        mid: Decimal = self.processed_data["mid_price"]
        if mid.is_nan() or not grid.start_price <= mid <= grid.end_price:
            return False
        own = [info for info in self.executors_info if info.level_id == grid.grid_id]
        return not self.config.is_resting(own, self.market_data_provider.now_ns)

    def _creation(self, grid: GridConfig) -> ExecutorAction:
        config, now = self.config, self.market_data_provider.time()
        quote = config.total_amount_quote * grid.amount_quote_pct
        executor = config.grid(grid.side, grid.start_price, grid.end_price, grid.limit_price, quote, grid.grid_id, now)
        return CreateExecutorAction(controller_id=config.id, executor_config=executor)

    def _stops(self, wanted: dict[str, GridConfig]) -> list[ExecutorAction]:
        """Stop grids that are not wanted any more."""
        config = self.config
        gone = [info for info in self.executors_info if info.status is RunnableStatus.RUNNING and info.level_id not in wanted]
        return [StopExecutorAction(controller_id=config.id, executor_id=info.id, keep_position=config.keep_position) for info in gone]
