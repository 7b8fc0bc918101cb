"""Config of a liquidity position at an AMM pool, under the names, defaults and units of Strategy V2. Its venue, the Gateway, comes later."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from botcore.core.config import Side
from botcore.executors.data_types import ExecutorConfigBase, Price
from botcore.model.enums import TradeType

NO_GATEWAY = "no Gateway is configured: liquidity positions need one (CONDOR_GATEWAY_URL)"


class LPExecutorConfig(ExecutorConfigBase):
    """One concentrated-liquidity position.

    Parameters
    ----------
    connector_name : str
        Network, e.g. solana-mainnet-beta.
    lp_provider : str
        "dex/type", e.g. meteora/clmm.
    upper_limit_price, lower_limit_price : Decimal, optional
        Beyond them the position is closed.
    """

    type: Literal["lp_executor"] = "lp_executor"
    connector_name: str
    lp_provider: str
    swap_provider: str | None = None
    pool_address: str
    trading_pair: str
    lower_price: Price
    upper_price: Price
    base_amount: Annotated[Decimal, Field(ge=0)] = Decimal(0)
    quote_amount: Annotated[Decimal, Field(ge=0)] = Decimal(0)
    side: Side = TradeType.RANGE
    upper_limit_price: Price | None = None
    lower_limit_price: Price | None = None
    extra_params: dict[str, Any] | None = None
    keep_position: bool = False

    @model_validator(mode="after")
    def _fits(self) -> LPExecutorConfig:
        if self.lower_price >= self.upper_price:
            raise ValueError(f"expected lower_price below upper_price, found {self.lower_price} and {self.upper_price}")
        if not self.base_amount and not self.quote_amount:
            raise ValueError("expected a base_amount or a quote_amount above 0, found 0 and 0")
        return self
