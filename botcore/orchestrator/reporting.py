"""Sums of several assets in one: each asset is kept exactly for itself, and is converted when somebody wants the whole.

A rate that nobody knows is not known: the whole is then not known either, and the asset is named. It is never taken for 0, nor for 1.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Final

from botcore.executors.exposure import Earned
from botcore.model.instrument import Market, quote_of

ZERO: Final = Decimal(0)
ONE: Final = Decimal(1)

RateOf = Callable[[str, str], Decimal | None]
"""(asset, quote) -> units of `quote` for one of `asset`; None while no fresh price says."""


def reporting_asset(markets: Iterable[Market]) -> str:
    """The asset in which results on these markets are told together: the quote asset of most of them, of several the first by name; empty without markets."""
    counts = Counter(quote_of(market.trading_pair) for market in set(markets))
    return min(counts, key=lambda asset: (-counts[asset], asset), default="")


def add_known(sums: dict[str, Decimal | None], asset: str, value: Decimal | None) -> None:
    """Add to the sum of an asset; what is not known makes that sum unknown."""
    before = sums.get(asset, ZERO)
    sums[asset] = None if before is None or value is None else before + value


def worth_of(earned: Iterable[Earned], rates: Rates) -> Decimal | None:
    """What an executor has earned, in the reporting asset; None while a price or a rate that it needs is not known."""
    sums: dict[str, Decimal | None] = {}
    for part in earned:
        add_known(sums, part.asset, None if part.net_pnl.is_nan() else part.net_pnl)
    return rates.total(sums)


class Rates:
    """Rates into one asset, each looked up once: make one for each look.

    Parameters
    ----------
    asset : str
        What everything is converted into.
    """

    __slots__ = ("_found", "_rate_of", "asset")

    def __init__(self, asset: str, rate_of: RateOf) -> None:
        self.asset = asset
        self._rate_of = rate_of
        self._found: dict[str, Decimal | None] = {}

    def rate(self, asset: str) -> Decimal | None:
        """Units of the reporting asset for one of this; None while that is not known."""
        if asset == self.asset:
            return ONE
        if asset not in self._found:
            self._found[asset] = self._rate_of(asset, self.asset) if asset and self.asset else None
        return self._found[asset]

    def total(self, sums: Mapping[str, Decimal | None]) -> Decimal | None:
        """The whole; None while a part, or the rate of a part that is not 0, is not known."""
        total = ZERO
        for asset, value in sums.items():
            if value is None:
                return None
            if not value:
                continue
            if asset != self.asset:
                rate = self.rate(asset)
                if rate is None:
                    return None
                value = value * rate
            total += value
        return total
