"""Config of avellaneda_stoikov."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator

from botcore.controllers.barrier_fields import BlankRatio, blank_is_none
from botcore.controllers.candle_fields import CandleFields
from botcore.core.config import PositionModeField, ask
from botcore.model.enums import PositionMode

OptionalPositive = Annotated[Annotated[float, Field(gt=0)] | None, BeforeValidator(blank_is_none)]
OptionalShape = Annotated[Annotated[float, Field(ge=0)] | None, BeforeValidator(blank_is_none)]


class AvellanedaStoikovConfig(CandleFields):
    """Market maker after Avellaneda and Stoikov.

    Parameters
    ----------
    total_amount_quote : Decimal
        The largest inventory, long or short, in quote.
    order_amount_pct : Decimal
        Size of a plain order as a fraction of it; its inverse is q_max, the inventory limit in orders.
    risk_factor : float
        How much a full inventory moves the reservation price, in half spreads of a maker who fears no risk; sets gamma where it is not given.
    gamma : float, optional
        Risk aversion, for each order's worth of money; the inventory q counts in orders.
    kappa : float, optional
        Decay of the arrivals for each fraction of the mid (2000: e times fewer for 0.05 % more).
    order_amount_shape_factor : float, optional
        eta: 0 never makes orders smaller; where it is not given, an order that adds to a full inventory is 1/q_max of a plain one.
    inventory_target_base_pct : Decimal
        Inventory that it wants, as a fraction of `total_amount_quote`; q is the distance from it.
    min_spread : Decimal
        Least distance of ask and bid, a fraction of the mid: twice the maker's fee at least, or a round trip loses.
    time_horizon : int
        T in seconds.
    is_rolling : bool
        T - t is always the whole horizon; otherwise sessions of that length follow each other in UTC, and inventory is less feared towards the end of one.
    volatility_buffer_size, trading_intensity_buffer_size : int
        Closed candles for sigma and kappa.
    stop_loss : Decimal, optional
        Unrealised loss of the inventory, as a fraction of `total_amount_quote`, at which it is closed at market; quotes come back after `cooldown_time`.
    """

    controller_name: Literal["avellaneda_stoikov"] = "avellaneda_stoikov"
    controller_type: str = "market_making"
    connector_name: Annotated[str, Field(json_schema_extra=ask("On which venue?", unit="connector"))] = "binance_perpetual"
    trading_pair: Annotated[str, Field(json_schema_extra=ask("Which pair?", unit="pair"))] = "WLD-USDT"
    leverage: Annotated[int, Field(ge=1, le=125, json_schema_extra=ask("Leverage?", unit="times", suggest=("1", "2", "5", "10")))] = 1
    position_mode: Annotated[PositionModeField, Field(json_schema_extra=ask("Position mode?", new=False))] = PositionMode.ONEWAY
    interval: Annotated[str, Field(json_schema_extra=ask("Candle interval?", suggest=("1m", "3m", "5m"), group="levels"))] = "1m"
    order_amount_pct: Annotated[
        Decimal,
        Field(gt=0, le=1, json_schema_extra=ask("Size of an order?", updatable=True, unit="ratio", suggest=("5%", "10%", "20%"), group="levels")),
    ] = Decimal("0.1")
    risk_factor: Annotated[float, Field(gt=0, json_schema_extra=ask("Risk factor?", updatable=True, suggest=("0.5", "1", "2"), group="levels"))] = 1.0
    min_spread: Annotated[
        Decimal,
        Field(
            ge=0,
            lt=1,
            json_schema_extra=ask("Least distance of buy and sell?", updatable=True, unit="ratio", suggest=("0.05%", "0.1%"), group="levels"),
        ),
    ] = Decimal(0)
    executor_refresh_time: Annotated[
        int, Field(gt=0, json_schema_extra=ask("Renew quotes after?", updatable=True, unit="seconds", suggest=("15s", "1m", "5m"), group="levels"))
    ] = 60
    gamma: Annotated[OptionalPositive, Field(json_schema_extra=ask("Risk aversion gamma?", new=False, updatable=True))] = None
    kappa: Annotated[OptionalPositive, Field(json_schema_extra=ask("Decay of arrivals kappa?", new=False, updatable=True))] = None
    order_amount_shape_factor: Annotated[OptionalShape, Field(json_schema_extra=ask("Shape of the amounts eta?", new=False, updatable=True))] = None
    inventory_target_base_pct: Annotated[
        Decimal, Field(ge=-1, le=1, json_schema_extra=ask("Inventory that it wants?", new=False, updatable=True, unit="ratio"))
    ] = Decimal(0)
    time_horizon: Annotated[int, Field(gt=0, json_schema_extra=ask("Horizon?", new=False, unit="seconds", suggest=("1h", "1d")))] = 3600
    is_rolling: Annotated[bool, Field(json_schema_extra=ask("Rolling horizon?", new=False))] = True
    volatility_buffer_size: Annotated[int, Field(ge=2, le=1500, json_schema_extra=ask("Candles for the volatility?", new=False))] = 200
    trading_intensity_buffer_size: Annotated[int, Field(ge=2, le=1500, json_schema_extra=ask("Candles for the intensity?", new=False))] = 200
    stop_loss: Annotated[
        BlankRatio,
        Field(json_schema_extra=ask("Stop loss of the inventory?", updatable=True, unit="ratio", suggest=("off", "2%", "5%"), group="exits")),
    ] = None
    cooldown_time: Annotated[
        int, Field(ge=0, json_schema_extra=ask("Wait after a stop loss?", new=False, updatable=True, unit="seconds", suggest=("5m", "1h")))
    ] = 300

    @field_validator("position_mode")
    @classmethod
    def _one_way(cls, value: PositionMode) -> PositionMode:
        if value is not PositionMode.ONEWAY:
            raise ValueError("expected ONEWAY: its sells close what its buys have opened, and in HEDGE mode both would only grow")
        return value

    @property
    def records(self) -> int:
        return max(self.volatility_buffer_size + 1, self.trading_intensity_buffer_size)

    @property
    def order_amount_quote(self) -> Decimal:
        """A plain order in quote."""
        return self.total_amount_quote * self.order_amount_pct

    @property
    def most_orders(self) -> float:
        """q_max."""
        return float(1 / self.order_amount_pct)
