"""bollingrid: a signal from the Bollinger bands opens a grid around the price instead of a position.

The grid is measured in widths w of the bands (upper - lower, as a fraction of the middle). A buy signal at price p opens a BUY grid from p (1 - w * start) to
p (1 + w * end) that is given up at p (1 - w * limit); a sell signal mirrors it. So it buys while the price is down there and leaves when it has come back
into the bands. `take_profit` is that of each level, the other barriers are of the whole grid.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from botcore.controllers.bollinger_fields import BollingerFields
from botcore.controllers.candle_fields import CandleReader
from botcore.controllers.directional import DirectionalTradingControllerBase
from botcore.core.config import ask
from botcore.executors.data_types import ExecutorConfigBase
from botcore.executors.grid.config import GridExecutorConfig
from botcore.model.enums import OrderType, TradeType

Widths = Annotated[float, Field(gt=0, le=10)]


class BollinGridConfig(BollingerFields):
    """Directional: grids at the Bollinger bands.

    Parameters
    ----------
    grid_start_price_coefficient : float
        How far the grid reaches against the signal, in widths of the bands.
    grid_end_price_coefficient : float
        How far it reaches in the signal's direction.
    grid_limit_price_coefficient : float
        Where it is given up: beyond the start.
    """

    controller_name: Literal["bollingrid"] = "bollingrid"
    take_profit: Annotated[
        Annotated[Decimal, Field(gt=0)],
        Field(json_schema_extra=ask("Profit of each level?", updatable=True, unit="ratio", suggest=("0.2%", "1%", "2%"), group="exits")),
    ] = Decimal("0.02")
    grid_start_price_coefficient: Annotated[Widths, Field(json_schema_extra=ask("Grid behind the price, in band widths?", group="levels"))] = 0.25
    grid_end_price_coefficient: Annotated[Widths, Field(json_schema_extra=ask("Grid ahead of the price, in band widths?", group="levels"))] = 0.75
    grid_limit_price_coefficient: Annotated[Widths, Field(json_schema_extra=ask("Give up how far behind, in band widths?", group="levels"))] = 0.35
    min_spread_between_orders: Annotated[
        Decimal, Field(gt=0, json_schema_extra=ask("Smallest step between levels?", unit="ratio", suggest=("0.1%", "0.5%"), group="levels"))
    ] = Decimal("0.005")
    order_frequency: Annotated[int, Field(ge=0, json_schema_extra=ask("Wait between two batches?", new=False, unit="seconds"))] = 2
    max_orders_per_batch: Annotated[int, Field(ge=1, json_schema_extra=ask("Orders sent at a time?", new=False))] = 1
    min_order_amount_quote: Annotated[Decimal, Field(gt=0, json_schema_extra=ask("Smallest order?", new=False, unit="quote"))] = Decimal(6)
    max_open_orders: Annotated[int, Field(ge=1, json_schema_extra=ask("Open orders at a time?", suggest=("2", "5", "10"), group="levels"))] = 5

    @model_validator(mode="after")
    def _limit_beyond_start(self) -> Self:
        if self.grid_limit_price_coefficient <= self.grid_start_price_coefficient:
            raise ValueError(
                f"expected grid_limit_price_coefficient above grid_start_price_coefficient (the grid is given up beyond its start), "
                f"found {self.grid_limit_price_coefficient} and {self.grid_start_price_coefficient}"
            )
        return self

    def _open_order_type(self) -> OrderType:
        """Levels rest: Strategy V2 passes on MARKET, the order type of its directional positions, and so buys every level at once wherever the price is."""
        return OrderType.LIMIT

    @property
    def widest(self) -> float:
        return max(self.grid_start_price_coefficient, self.grid_end_price_coefficient, self.grid_limit_price_coefficient)


class BollinGridController(CandleReader, DirectionalTradingControllerBase):
    """See the module."""

    config: BollinGridConfig

    def read(self, rows: np.ndarray) -> dict[str, Any]:
        config = self.config
        bands = config.bands(rows[:, 4])
        width = bands.bandwidth / 100
        # a market without width has no grid, and no grid reaches below zero
        is_usable = width > 0 and width * config.widest < 1
        return {"signal": config.signal_of(bands.percent_b) if is_usable else 0, "percent_b": bands.percent_b, "width": width}

    def get_executor_config(self, side: TradeType, price: Decimal, amount: Decimal) -> ExecutorConfigBase:
        config = self.config
        behind, ahead, limit = (
            price * (1 + side.sign * direction * Decimal(repr(self.processed_data["width"] * widths)))
            for direction, widths in (
                (-1, config.grid_start_price_coefficient),
                (1, config.grid_end_price_coefficient),
                (-1, config.grid_limit_price_coefficient),
            )
        )
        return GridExecutorConfig(
            timestamp=self.market_data_provider.time(),
            connector_name=config.connector_name,
            trading_pair=config.trading_pair,
            side=side,
            start_price=min(behind, ahead),
            end_price=max(behind, ahead),
            limit_price=limit,
            total_amount_quote=amount * price,
            leverage=config.leverage,
            min_spread_between_orders=config.min_spread_between_orders,
            min_order_amount_quote=config.min_order_amount_quote,
            max_open_orders=config.max_open_orders,
            max_orders_per_batch=config.max_orders_per_batch,
            order_frequency=config.order_frequency,
            triple_barrier_config=self.triple_barrier,
        )
