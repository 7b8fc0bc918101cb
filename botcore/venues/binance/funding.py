"""Funding rates, from replies to `premiumIndex`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from botcore.markets.funding import FundingInfo
from botcore.venues.binance.names import Names
from botcore.venues.dialect import Unreadable
from botcore.venues.reading import Row, ms, number, positive, text

LARGEST_RATE: Final = Decimal("0.1")
"""The venue caps a payment at a few per cent (`fundingInfo`); more is no rate."""

LATEST_MS: Final = 60_000
"""For so long after a payment the venue may still name its time as the next one."""


def funding_rates(rows: Sequence[Row], names: Names) -> Mapping[str, FundingInfo | Unreadable]:
    """By pair; a row that can't be read stands for its own pair only."""
    found: dict[str, FundingInfo | Unreadable] = {}
    for row in rows:
        instrument = names.find(text(row, "symbol"))
        if instrument is None:
            continue
        pair = instrument.market.trading_pair
        try:
            found[pair] = _read(row, pair)
        except Unreadable as error:
            found[pair] = error
    return found


def _read(row: Row, pair: str) -> FundingInfo:
    """The rate is the one that longs will pay shorts at `nextFundingTime`, as it stands now: contracts that pay none have '' and 0 there."""
    rate, next_ms, told_ms = number(row, "lastFundingRate"), ms(row, "nextFundingTime"), ms(row, "time")
    if abs(rate) > LARGEST_RATE:
        raise Unreadable(f"lastFundingRate: {rate} is out of range")
    if next_ms + LATEST_MS < told_ms:
        raise Unreadable(f"nextFundingTime: {next_ms} is over at {told_ms}")
    return FundingInfo(pair, positive(row, "indexPrice"), positive(row, "markPrice"), next_ms // 1000, rate, told_ms * 1_000_000)
