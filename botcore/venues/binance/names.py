"""Binance's names of pairs: base and quote without a dash."""

from __future__ import annotations

from collections.abc import Mapping

from botcore.model.instrument import Instrument, split_pair
from botcore.venues.dialect import Unreadable
from botcore.venues.reading import short


def symbol_of(trading_pair: str) -> str:
    """`BTC-USDT` -> `BTCUSDT`; pairs whose symbol is anything else are never listed (see `rules`)."""
    base, quote = split_pair(trading_pair)
    return base + quote


class Names:
    """The instruments that are known, by symbol."""

    def __init__(self) -> None:
        self._by_symbol: dict[str, Instrument] = {}
        self._by_stream: dict[bytes, str] = {}

    def learn(self, instruments: Mapping[str, Instrument]) -> None:
        """Replace what was known."""
        self._by_symbol = {symbol_of(pair): instrument for pair, instrument in instruments.items()}
        self._by_stream = {symbol.lower().encode(): found.market.trading_pair for symbol, found in self._by_symbol.items()}

    def find(self, symbol: str) -> Instrument | None:
        """The instrument of a symbol; None when it is not ours to trade."""
        return self._by_symbol.get(symbol)

    def get(self, symbol: str) -> Instrument:
        """The instrument of a symbol.

        Raises
        ------
        Unreadable
            If it is not known.
        """
        found = self._by_symbol.get(symbol)
        if found is None:
            raise Unreadable(f"symbol: {short(symbol)} is not known here")
        return found

    def of_pair(self, trading_pair: str) -> Instrument:
        """The instrument of a pair.

        Raises
        ------
        Unreadable
            If it is not known.
        """
        return self.get(symbol_of(trading_pair))

    def pair_in(self, lowered: bytes) -> str:
        """Pair of a symbol as it stands in the name of a stream; '' when it is not known."""
        return self._by_stream.get(lowered, "")
