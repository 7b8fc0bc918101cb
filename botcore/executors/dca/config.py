"""Config of the DCA executor, under the names, defaults and units of Strategy V2."""

from __future__ import annotations

from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from botcore.core.config import Side, enum_reader
from botcore.executors.data_types import ExecutorConfigBase, Price, Ratio, TrailingStop, TripleBarrierConfig
from botcore.model.enums import TradeType

TAKER_BOUNDS = [Decimal("0.0001"), Decimal("0.005")]
"""Activation bounds of a TAKER ladder that says none."""


class DCAMode(Enum):
    """MAKER rests limit orders, TAKER takes each level at market when the price comes to it."""

    MAKER = "MAKER"
    TAKER = "TAKER"


class DCAExecutorConfig(ExecutorConfigBase):
    """Enter in steps, at better and better prices, and leave the whole at once.

    Parameters
    ----------
    amounts_quote, prices : list of Decimal
        One for each level, in the order in which they are opened.
    take_profit, stop_loss : Decimal, optional
        Net PnL as a fraction of what was opened; more than `take_profit` closes, and so does `stop_loss` or worse, from the first fill on. The stop loss of a
        TAKER ladder is a fraction of the whole ladder's amount instead: it is allowed to lose that much, however much of it is filled.
    activation_bounds : list of Decimal, optional
        How near the mid has to be for a level to be opened: one fraction for MAKER, two for TAKER.
    stop_on_venue : bool
        Of ours: let a reduce-only stop rest at the venue at the stop loss, where a live perpetual venue can keep one.
    """

    type: Literal["dca_executor"] = "dca_executor"
    connector_name: str
    trading_pair: str
    side: Side
    leverage: Annotated[int, Field(ge=1, le=125)] = 1
    amounts_quote: Annotated[list[Annotated[Decimal, Field(gt=0)]], Field(min_length=1)]
    prices: Annotated[list[Price], Field(min_length=1)]
    take_profit: Ratio | None = None
    stop_loss: Ratio | None = None
    trailing_stop: TrailingStop | None = None
    time_limit: Annotated[int, Field(gt=0)] | None = None
    mode: Annotated[DCAMode, enum_reader(DCAMode)] = DCAMode.MAKER
    activation_bounds: list[Ratio] | None = None
    stop_on_venue: bool = True

    @field_validator("mode", mode="before")
    @classmethod
    def _of_strategy_v2(cls, raw: Any) -> Any:
        """Strategy V2 writes the mode as a number in some files: 1 MAKER, 2 TAKER."""
        return {1: DCAMode.MAKER, 2: DCAMode.TAKER}.get(raw, raw) if isinstance(raw, int) and not isinstance(raw, bool) else raw

    @model_validator(mode="after")
    def _fits(self) -> DCAExecutorConfig:
        if self.side is TradeType.RANGE:
            raise ValueError("expected BUY or SELL, found RANGE")
        if len(self.amounts_quote) != len(self.prices):
            raise ValueError(f"expected as many amounts_quote as prices, found {len(self.amounts_quote)} and {len(self.prices)}")
        bounds = self.bounds
        if bounds is not None and len(bounds) != (2 if self.mode is DCAMode.TAKER else 1) and not (self.mode is DCAMode.MAKER and len(bounds) == 2):
            raise ValueError(f"expected one activation bound for MAKER and two for TAKER, found {len(bounds)}")
        return self

    @property
    def barriers(self) -> TripleBarrierConfig:
        """The same barriers as those of one position; they close at market."""
        return TripleBarrierConfig(
            stop_loss=self.stop_loss,
            take_profit=self.take_profit,
            time_limit=self.time_limit,
            trailing_stop=self.trailing_stop,
            stop_on_venue=self.stop_on_venue,
        )

    @property
    def max_amount_quote(self) -> Decimal:
        return sum(self.amounts_quote, Decimal(0))

    @property
    def max_loss_quote(self) -> Decimal:
        """Loss at which the whole ladder is stopped; 0 without a stop loss."""
        return self.max_amount_quote * (self.stop_loss or 0)

    @property
    def target_average_price(self) -> Decimal:
        """Average of the prices, weighted by quote as Strategy V2 does; the true average of the fills is lower."""
        return sum((price * amount for price, amount in zip(self.prices, self.amounts_quote, strict=True)), Decimal(0)) / self.max_amount_quote

    @property
    def bounds(self) -> list[Decimal] | None:
        """Activation bounds that hold: a TAKER ladder always has some."""
        if self.activation_bounds is None and self.mode is DCAMode.TAKER:
            return TAKER_BOUNDS
        return self.activation_bounds
