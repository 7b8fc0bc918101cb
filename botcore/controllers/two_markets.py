"""What controllers of two markets share: a market as one answer (`binance:BTC-USDT`), and the pause after an executor that came to nothing."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated, Final

from pydantic import BeforeValidator

from botcore.executors.data_types import ConnectorPair, read_market
from botcore.executors.info import ExecutorInfo
from botcore.model.instrument import Market, split_pair

RETRY_NS: Final = 10_000_000_000
"""So long a controller waits after an executor that ended without a fill: what was refused a moment ago is refused again."""


MarketField = Annotated[ConnectorPair, BeforeValidator(read_market)]


def market_of(pair: ConnectorPair) -> Market:
    return Market(pair.connector_name, pair.trading_pair)


def base_of(pair: ConnectorPair) -> str:
    return split_pair(pair.trading_pair)[0]


def quote_of(pair: ConnectorPair) -> str:
    return split_pair(pair.trading_pair)[1]


def is_resting(executors: Iterable[ExecutorInfo], now_ns: int) -> bool:
    """Whether one of these ended without a fill a moment ago."""
    return any(info.is_done and not info.has_fills and now_ns < info.close_ns + RETRY_NS for info in executors)


def is_known(*values: Decimal | None) -> bool:
    """Whether all of these are numbers above 0."""
    return all(value is not None and value.is_finite() and value > 0 for value in values)
