"""Config of an order that a person gives: one order, sent once."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from botcore.core.config import OrderTypeField, PositionActionField, Side
from botcore.executors.data_types import ExecutorConfigBase, Price
from botcore.model.enums import OrderType, PositionAction, TradeType

KIND = "single_order_executor"


class SingleOrderConfig(ExecutorConfigBase):
    """One order, sent once.

    Parameters
    ----------
    amount : Decimal
        Base.
    price : Decimal, optional
        Limit; a market order has none.
    position_action : PositionAction
        CLOSE for an order that only reduces what is held.
    expected_price : Decimal, optional
        The average price that whoever gave it was shown: what its executions are compared with.
    """

    type: Literal["single_order_executor"] = "single_order_executor"
    connector_name: str
    trading_pair: str
    side: Side
    amount: Annotated[Decimal, Field(gt=0)]
    order_type: OrderTypeField = OrderType.MARKET
    price: Price | None = None
    position_action: PositionActionField = PositionAction.OPEN
    leverage: Annotated[int, Field(ge=1, le=125)] = 1
    expected_price: Price | None = None

    @model_validator(mode="before")
    @classmethod
    def _of_first_version(cls, values: Any) -> Any:
        """The first version kept the middle of the book as well; nobody read it."""
        return {name: value for name, value in values.items() if name != "mid"} if isinstance(values, dict) else values

    @model_validator(mode="after")
    def _fits(self) -> SingleOrderConfig:
        if self.side is TradeType.RANGE:
            raise ValueError("expected BUY or SELL, found RANGE")
        if self.order_type is OrderType.STOP_MARKET:
            raise ValueError("expected MARKET, LIMIT or LIMIT_MAKER, found STOP_MARKET")
        if (self.order_type is OrderType.MARKET) != (self.price is None):
            found = "none" if self.price is None else f"{self.price:f}"
            raise ValueError(f"expected a price with a limit order and none with a market order, found {self.order_type.name} with {found}")
        return self
