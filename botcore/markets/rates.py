"""`RateOracle`: what one asset is worth in another, directly, inversely or over several markets; what is not known is not known.

The result is exact: rates are multiplied and divided as fractions and rounded once, at the end.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction

from botcore.markets.market_state import MarketState
from botcore.model.enums import PriceType
from botcore.model.instrument import Market, split_pair

MAX_HOPS = 4


class RateOracle:
    """See the module.

    Parameters
    ----------
    now_ns : callable
        Market time.
    markets : mapping of Market to MarketState
        Live mapping of the open markets: their mids are used while they can be trusted.
    max_age_ns : int
        After so long a price that was put in is not used any more.
    """

    def __init__(self, now_ns: Callable[[], int], markets: Mapping[Market, MarketState], max_age_ns: int) -> None:
        self._now_ns = now_ns
        self._markets = markets
        self._max_age_ns = max_age_ns
        self._put: dict[str, tuple[Decimal, int]] = {}

    def put(self, trading_pair: str, price: Decimal, ts_ns: int) -> None:
        """A price from elsewhere, such as a venue's list of tickers; one that is older than what is here changes nothing."""
        known = self._put.get(trading_pair)
        if known is None or known[1] <= ts_ns:
            self._put[trading_pair] = price, ts_ns

    def rate(self, asset: str, quote: str) -> Decimal | None:
        """Units of `quote` for one of `asset`; None when no chain of fresh prices leads from one to the other."""
        if asset == quote:
            return Decimal(1)
        edges = self._edges()
        direct = edges.get(asset, {}).get(quote)
        if direct is not None:
            return _decimal(direct)
        found: dict[str, Fraction] = {asset: Fraction(1)}
        line = deque([(asset, 0)])
        while line:
            here, hops = line.popleft()
            for there, price in edges.get(here, {}).items():
                if there in found or not price:
                    continue
                found[there] = found[here] * price
                if there == quote:
                    return _decimal(found[there])
                if hops + 1 < MAX_HOPS:
                    line.append((there, hops + 1))
        return None

    def _edges(self) -> dict[str, dict[str, Fraction]]:
        """From asset to asset: price of one step. A price that was given beats one that is its inverse; a price of 0 has no inverse."""
        prices = self._prices()
        edges: dict[str, dict[str, Fraction]] = {}
        for pair, price in prices.items():
            base, quote = split_pair(pair)
            if price:
                edges.setdefault(quote, {}).setdefault(base, 1 / price)
        for pair, price in prices.items():
            base, quote = split_pair(pair)
            edges.setdefault(base, {})[quote] = price
        return edges

    def _prices(self) -> dict[str, Fraction]:
        now_ns = self._now_ns()
        prices = {pair: Fraction(price) for pair, (price, ts_ns) in self._put.items() if now_ns - ts_ns <= self._max_age_ns}
        for market, state in self._markets.items():
            if state.is_usable(now_ns):
                prices[market.trading_pair] = Fraction(state.price(PriceType.MidPrice))
        return prices


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / value.denominator
