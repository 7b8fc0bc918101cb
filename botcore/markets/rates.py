"""`RateOracle`: what one asset is worth in another, directly, inversely or over several markets; what is not known is not known.

The result is exact: rates are multiplied and divided as fractions and rounded once, at the end.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from botcore.markets.market_state import MarketState
from botcore.model.enums import PriceType
from botcore.model.instrument import Market, split_pair

MAX_HOPS = 4


Edge = tuple[Fraction, int]
"""price of one step, and market time (ns) of its latest news"""


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate, and the market time of the oldest price in it."""

    value: Decimal
    as_of_ns: int


class RateOracle:
    """See the module.

    Parameters
    ----------
    now_ns : callable
        Market time.
    markets : mapping of Market to MarketState
        Live mapping of the open markets: their mids are used while they can be trusted, before a price that was put in. Of several venues with the same pair the
        first by name counts.
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
        found = self.reading(asset, quote)
        return None if found is None else found.value

    def reading(self, asset: str, quote: str, avoided: Collection[str] = ()) -> Rate | None:
        """`rate` with the age of the oldest price in it; no chain goes through an asset that is avoided."""
        now_ns = self._now_ns()
        if asset == quote:
            return Rate(Decimal(1), now_ns)
        edges = self._edges(now_ns)
        direct = edges.get(asset, {}).get(quote)
        if direct is not None:
            return Rate(_decimal(direct[0]), direct[1])
        found: dict[str, Edge] = {asset: (Fraction(1), now_ns)}
        line = deque([(asset, 0)])
        while line:
            here, hops = line.popleft()
            so_far, as_of_ns = found[here]
            for there, (price, ts_ns) in edges.get(here, {}).items():
                if there in found or not price or (there in avoided and there != quote):
                    continue
                found[there] = so_far * price, min(as_of_ns, ts_ns)
                if there == quote:
                    return Rate(_decimal(found[there][0]), found[there][1])
                if hops + 1 < MAX_HOPS:
                    line.append((there, hops + 1))
        return None

    def _edges(self, now_ns: int) -> dict[str, dict[str, Edge]]:
        """From asset to asset: price of one step. A price that was given beats one that is its inverse; a price of 0 has no inverse."""
        prices = self._prices(now_ns)
        edges: dict[str, dict[str, Edge]] = {}
        for pair, (price, ts_ns) in prices.items():
            base, quote = split_pair(pair)
            if price:
                edges.setdefault(quote, {}).setdefault(base, (1 / price, ts_ns))
        for pair, edge in prices.items():
            base, quote = split_pair(pair)
            edges.setdefault(base, {})[quote] = edge
        return edges

    def _prices(self, now_ns: int) -> dict[str, Edge]:
        prices = {pair: (Fraction(price), ts_ns) for pair, (price, ts_ns) in self._put.items() if now_ns - ts_ns <= self._max_age_ns}
        for market, state in sorted(self._markets.items(), key=_name, reverse=True):
            if state.is_usable(now_ns):
                prices[market.trading_pair] = Fraction(state.price(PriceType.MidPrice)), state.ts_ns
        return prices


def _name(item: tuple[Market, MarketState]) -> Market:
    return item[0]


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / value.denominator
