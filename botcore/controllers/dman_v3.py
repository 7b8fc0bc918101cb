"""dman_v3: mean reversion at the Bollinger bands, entered with a ladder instead of one order.

The signal is that of bollinger_v1. The ladder's orders stand at `dca_spreads` from the mid; with `dynamic_order_spread` these count in half widths of the bands,
so that the ladder is as wide as the market is restless. With `dynamic_target` stop loss, trailing stop and take profit count in half widths as well.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import BeforeValidator, Field, model_validator

from botcore.controllers.barrier_fields import BlankRatio, read_trailing_stop
from botcore.controllers.bollinger_fields import BollingerFields
from botcore.controllers.candle_fields import CandleReader
from botcore.controllers.directional import DirectionalTradingControllerBase
from botcore.controllers.ladder_fields import Multiples, OptionalBounds, OptionalWeights, shared_out, shares
from botcore.core.config import ask
from botcore.executors.data_types import ExecutorConfigBase, TrailingStop, TripleBarrierConfig
from botcore.executors.dca.config import DCAExecutorConfig, DCAMode
from botcore.model.enums import TradeType

Switch = Annotated[bool, BeforeValidator(lambda raw: False if raw in ("", None) else raw)]
"""Off where it is left empty, as Strategy V2 writes it."""


class DManV3Config(BollingerFields):
    """Directional: DCA ladders at the Bollinger bands.

    Parameters
    ----------
    dca_spreads : list of Decimal
        Distance of the ladder's orders from the mid: fractions, or multiples of the bands' half width with `dynamic_order_spread`.
    dca_amounts_pct : list of Decimal, optional
        Weights of the orders in quote; all alike when left out.
    dynamic_order_spread : bool
        The ladder's spreads count in half widths of the bands.
    dynamic_target : bool
        `stop_loss`, `take_profit` and `trailing_stop` are multiples of the bands' half width.
    activation_bounds : list of Decimal, optional
        How near the mid has to be, as a fraction, for the next order to be sent.
    take_profit : Decimal, optional
        None by default: Strategy V2 has the field here and leaves by its trailing stop only. What a file says is done.
    """

    controller_name: Literal["dman_v3"] = "dman_v3"
    take_profit: Annotated[
        BlankRatio, Field(json_schema_extra=ask("Take profit?", updatable=True, unit="ratio", suggest=("off", "1%", "2%"), group="exits"))
    ] = None
    trailing_stop: Annotated[
        Annotated[TrailingStop | None, BeforeValidator(read_trailing_stop)],
        Field(json_schema_extra=ask("Trailing stop (activation,delta)?", new=False, updatable=True, unit="ratios", group="exits")),
    ] = TrailingStop(activation_price=Decimal("0.015"), trailing_delta=Decimal("0.005"))
    dca_spreads: Annotated[
        Multiples,
        Field(json_schema_extra=ask("Spreads of the ladder?", unit="ratios", suggest=("0.1%, 1.8%, 15%, 25%", "0.1%, 0.5%, 1%, 2%"), group="levels")),
    ] = [Decimal("0.001"), Decimal("0.018"), Decimal("0.15"), Decimal("0.25")]
    dca_amounts_pct: Annotated[OptionalWeights, Field(json_schema_extra=ask("Weights of the ladder?", new=False))] = None
    dynamic_order_spread: Annotated[Switch, Field(json_schema_extra=ask("Spreads in half widths of the bands?", group="levels"))] = False
    dynamic_target: Annotated[Switch, Field(json_schema_extra=ask("Exits in half widths of the bands?", new=False))] = False
    activation_bounds: Annotated[
        OptionalBounds, Field(json_schema_extra=ask("Send an order within how much of the mid?", new=False, unit="ratios"))
    ] = None

    @model_validator(mode="after")
    def _ladder_fits(self) -> Self:
        if self.dca_amounts_pct is not None and len(self.dca_amounts_pct) != len(self.dca_spreads):
            raise ValueError(f"expected {len(self.dca_spreads)} dca_amounts_pct (one for each spread), found {len(self.dca_amounts_pct)}")
        if not self.dynamic_order_spread and max(self.dca_spreads) >= 1:
            raise ValueError(
                f"expected dca_spreads below 1 (a buy has to stand above zero) without dynamic_order_spread, found {max(self.dca_spreads)}"
            )
        return self

    def raw_weights(self) -> list[Decimal]:
        return self.dca_amounts_pct or [Decimal(1)] * len(self.dca_spreads)

    def weights(self) -> list[Decimal]:
        """Share of each order in the ladder's quote amount."""
        return shares(self.raw_weights())


class DManV3Controller(CandleReader, DirectionalTradingControllerBase):
    """See the module."""

    config: DManV3Config

    def read(self, rows: np.ndarray) -> dict[str, Any]:
        config = self.config
        bands = config.bands(rows[:, 4])
        # percent of the middle between the bands -> fraction from the middle to one of them
        half_width = bands.bandwidth / 200
        is_usable = half_width > 0 and (not config.dynamic_order_spread or float(max(config.dca_spreads)) * half_width < 1)
        return {
            "signal": config.signal_of(bands.percent_b) if is_usable else 0,
            "percent_b": bands.percent_b,
            "half_width": half_width,
        }

    def get_spread_multiplier(self) -> Decimal:
        """Half width of the bands when the spreads count in it, else 1."""
        return self._half_width() if self.config.dynamic_order_spread else Decimal(1)

    def _half_width(self) -> Decimal:
        return Decimal(repr(self.processed_data["half_width"]))

    def _exits(self) -> TripleBarrierConfig:
        return (
            self.triple_barrier.new_instance_with_adjusted_volatility(float(self._half_width()))
            if self.config.dynamic_target
            else self.triple_barrier
        )

    def get_executor_config(self, side: TradeType, price: Decimal, amount: Decimal) -> ExecutorConfigBase:
        config = self.config
        multiplier, barriers = self.get_spread_multiplier(), self._exits()
        return DCAExecutorConfig(
            timestamp=self.market_data_provider.time(),
            connector_name=config.connector_name,
            trading_pair=config.trading_pair,
            side=side,
            mode=DCAMode.MAKER,
            leverage=config.leverage,
            prices=[price * (1 - side.sign * spread * multiplier) for spread in config.dca_spreads],
            amounts_quote=shared_out(amount * price, config.raw_weights()),
            stop_loss=barriers.stop_loss,
            take_profit=barriers.take_profit,
            trailing_stop=barriers.trailing_stop,
            time_limit=barriers.time_limit,
            activation_bounds=config.activation_bounds,
        )
