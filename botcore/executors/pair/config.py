"""Config of the pair executor: two positions that are opened and closed together (statistical arbitrage)."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, model_validator

from botcore.core.config import OrderTypeField, Side
from botcore.executors.data_types import ConfigValue, ExecutorConfigBase, Ratio
from botcore.model.enums import OrderType, TradeType


class PairLeg(ConfigValue):
    """One of the two positions."""

    connector_name: str
    trading_pair: str
    side: Side
    amount_quote: Annotated[Decimal, Field(gt=0)]
    leverage: Annotated[int, Field(ge=1, le=125)] = 1


class PairExecutorConfig(ExecutorConfigBase):
    """Open two legs, watch their PnL together, close both at once.

    Parameters
    ----------
    take_profit, stop_loss : Decimal, optional
        Fractions of the quote value of both legs together.
    time_limit : int, optional
        Seconds.
    open_order_type : OrderType
        MARKET takes both legs at once. LIMIT rests both at their own side of the book; with the first fill of either, both are completed at market.
    """

    type: Literal["pair_executor"] = "pair_executor"
    long: PairLeg
    short: PairLeg
    take_profit: Ratio | None = None
    stop_loss: Ratio | None = None
    time_limit: Annotated[int, Field(gt=0)] | None = None
    open_order_type: OrderTypeField = OrderType.MARKET

    @model_validator(mode="after")
    def _fits(self) -> PairExecutorConfig:
        if self.long.side is not TradeType.BUY or self.short.side is not TradeType.SELL:
            raise ValueError(
                f"expected a long leg with side BUY and a short leg with side SELL, found {self.long.side.name} and {self.short.side.name}"
            )
        if self.open_order_type not in (OrderType.MARKET, OrderType.LIMIT):
            raise ValueError(f"expected open_order_type MARKET or LIMIT, found {self.open_order_type.name}")
        if (self.long.connector_name, self.long.trading_pair) == (self.short.connector_name, self.short.trading_pair):
            raise ValueError(f"expected two different markets, found {self.long.connector_name} {self.long.trading_pair} twice")
        return self
