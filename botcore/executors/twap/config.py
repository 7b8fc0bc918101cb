"""Config of the TWAP executor, under the names, defaults and units of Strategy V2."""

from __future__ import annotations

from decimal import Decimal
from enum import Enum
from typing import Annotated, Literal

from pydantic import Field, model_validator

from botcore.core.config import Side, enum_reader
from botcore.executors.data_types import ExecutorConfigBase, Ratio
from botcore.model.enums import TradeType


class TWAPMode(Enum):
    """TAKER takes each slice at market, MAKER rests it near the mid and sends it again when it is not filled."""

    MAKER = "MAKER"
    TAKER = "TAKER"


class TWAPExecutorConfig(ExecutorConfigBase):
    """Trade an amount in equal slices over a time.

    Parameters
    ----------
    total_duration, order_interval : int
        Seconds; there are floor(duration / interval) + 1 slices.
    limit_order_buffer : Decimal, optional
        How far behind the mid a MAKER slice rests, as a fraction.
    order_resubmission_time : int, optional
        Seconds after which a MAKER slice that is not filled is taken back and sent again.
    """

    type: Literal["twap_executor"] = "twap_executor"
    connector_name: str
    trading_pair: str
    side: Side
    leverage: Annotated[int, Field(ge=1, le=125)] = 1
    total_amount_quote: Annotated[Decimal, Field(gt=0)]
    total_duration: Annotated[int, Field(gt=0)]
    order_interval: Annotated[int, Field(gt=0)]
    mode: Annotated[TWAPMode, enum_reader(TWAPMode)] = TWAPMode.TAKER
    limit_order_buffer: Ratio | None = None
    order_resubmission_time: Annotated[int, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _fits(self) -> TWAPExecutorConfig:
        if self.side is TradeType.RANGE:
            raise ValueError("expected BUY or SELL, found RANGE")
        if self.mode is TWAPMode.MAKER and self.limit_order_buffer is None:
            raise ValueError("a MAKER twap needs limit_order_buffer (how far behind the mid it rests), found none")
        if self.limit_order_buffer is not None and self.limit_order_buffer >= 1:
            raise ValueError(f"expected limit_order_buffer below 1 (a fraction), found {self.limit_order_buffer}")
        return self

    @property
    def is_maker(self) -> bool:
        return self.mode is TWAPMode.MAKER

    @property
    def number_of_orders(self) -> int:
        return self.total_duration // self.order_interval + 1

    @property
    def order_amount_quote(self) -> Decimal:
        """Nominal size of one slice."""
        return self.total_amount_quote / self.number_of_orders
