"""Config of the arbitrage executor, under the names, defaults and units of Strategy V2."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from botcore.executors.data_types import ConnectorPair, ExecutorConfigBase, Price


class ArbitrageExecutorConfig(ExecutorConfigBase):
    """Buy on one market and sell on another at the same time, when that earns enough.

    Parameters
    ----------
    order_amount : Decimal
        Base.
    min_profitability : Decimal
        Fraction, after costs.
    gas_conversion_price : Decimal, optional
        Price of the chain's own token in quote, for markets that are paid in gas.
    """

    type: Literal["arbitrage_executor"] = "arbitrage_executor"
    buying_market: ConnectorPair
    selling_market: ConnectorPair
    order_amount: Annotated[Decimal, Field(gt=0)]
    min_profitability: Decimal
    gas_conversion_price: Price | None = None
