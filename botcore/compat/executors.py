"""Executor configs as Strategy V2 files use them: ours, but their fields may be set, and a price that is NaN means none."""

from __future__ import annotations

from decimal import Decimal
from enum import Enum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from botcore.compat.stepping import executor_id
from botcore.executors import data_types as ours
from botcore.executors.arbitrage.config import ArbitrageExecutorConfig as _Arbitrage
from botcore.executors.dca.config import DCAExecutorConfig as _DCA
from botcore.executors.grid.config import GridExecutorConfig as _Grid
from botcore.executors.lp.config import LPExecutorConfig as _LP
from botcore.executors.twap.config import TWAPExecutorConfig as _TWAP
from botcore.executors.xemm.config import XEMMExecutorConfig as _XEMM

OPEN = ConfigDict(frozen=False, validate_assignment=True)

Unused = Annotated[Decimal, Field(exclude=True)]
"""A field that files may fill in and nothing here reads: it is not written down either."""


def _known_price(raw: Any) -> Any:
    """NaN stands for a price that nobody names."""
    return None if raw is not None and raw != raw else raw


class _Own(BaseModel):
    """What all configs of executors have in common here: an id from the beginning. Of two bases' settings the last one's count, so each says `OPEN` by itself."""

    id: str = Field(default_factory=executor_id)

    @field_validator("id", mode="before")
    @classmethod
    def _given_id(cls, raw: Any) -> Any:
        """None asks for an id."""
        return executor_id() if raw is None else raw


class TrailingStop(ours.TrailingStop):
    model_config = OPEN


class TripleBarrierConfig(ours.TripleBarrierConfig):
    model_config = OPEN

    @field_validator("open_order_type", "take_profit_order_type", "stop_loss_order_type", "time_limit_order_type", mode="before")
    @classmethod
    def _default(cls, raw: Any, info: Any) -> Any:
        return cls.model_fields[info.field_name].default if raw is None else raw


class LimitChaserConfig(ours.LimitChaserConfig):
    model_config = OPEN


class PositionExecutorConfig(_Own, ours.PositionExecutorConfig):
    model_config = OPEN

    _price = field_validator("entry_price", mode="before")(_known_price)


class OrderExecutorConfig(_Own, ours.OrderExecutorConfig):
    """The slippage fields are for swaps at a Gateway; an order at a venue has a price and a book."""

    model_config = OPEN

    slippage_pct: Unused = Decimal("0.05")
    slippage_multiplier: Unused = Decimal(5)
    max_slippage_pct: Unused = Decimal(5)

    _price = field_validator("price", mode="before")(_known_price)


class GridExecutorConfig(_Own, _Grid):
    model_config = OPEN


class DCAExecutorConfig(_Own, _DCA):
    model_config = OPEN


class TWAPExecutorConfig(_Own, _TWAP):
    model_config = OPEN


class XEMMExecutorConfig(_Own, _XEMM):
    model_config = OPEN


class ArbitrageExecutorConfig(_Own, _Arbitrage):
    model_config = OPEN


class LPExecutorStates(Enum):
    """How far a liquidity position is; stands as text in `custom_info["state"]`."""

    NOT_ACTIVE = "NOT_ACTIVE"
    OPENING = "OPENING"
    IN_RANGE = "IN_RANGE"
    OUT_OF_RANGE = "OUT_OF_RANGE"
    CLOSING = "CLOSING"
    SWAPPING = "SWAPPING"
    COMPLETE = "COMPLETE"
    FAILED = "FAILED"


class LPExecutorConfig(_Own, _LP):
    model_config = OPEN

    position_refresh_interval: Unused = Decimal(1)
    slippage_pct: Unused = Decimal("0.05")
    slippage_multiplier: Unused = Decimal(5)
    max_slippage_pct: Unused = Decimal(5)
