"""Config of the XEMM executor, under the names, defaults and units of Strategy V2."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, model_validator

from botcore.core.config import Side
from botcore.executors.data_types import ConnectorPair, ExecutorConfigBase
from botcore.model.enums import TradeType


class XEMMExecutorConfig(ExecutorConfigBase):
    """Quote on one market (maker) at a price at which the fill can be hedged on another (taker) with profit.

    Parameters
    ----------
    maker_side : TradeType
        BUY: the buying market is the maker's.
    order_amount : Decimal
        Base.
    min_profitability, target_profitability, max_profitability : Decimal
        Fractions: quoted at the target, moved when the quote earns less than min or more than max.
    """

    type: Literal["xemm_executor"] = "xemm_executor"
    buying_market: ConnectorPair
    selling_market: ConnectorPair
    maker_side: Side
    order_amount: Annotated[Decimal, Field(gt=0)]
    min_profitability: Decimal
    target_profitability: Decimal
    max_profitability: Decimal

    @model_validator(mode="after")
    def _fits(self) -> XEMMExecutorConfig:
        if self.maker_side is TradeType.RANGE:
            raise ValueError("expected maker_side BUY or SELL, found RANGE")
        if not self.min_profitability <= self.target_profitability <= self.max_profitability:
            raise ValueError(
                "expected min_profitability <= target_profitability <= max_profitability, "
                f"found {self.min_profitability}, {self.target_profitability}, {self.max_profitability}"
            )
        return self

    @property
    def maker(self) -> ConnectorPair:
        return self.buying_market if self.maker_side is TradeType.BUY else self.selling_market

    @property
    def taker(self) -> ConnectorPair:
        return self.selling_market if self.maker_side is TradeType.BUY else self.buying_market
