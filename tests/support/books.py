"""Recorded depth streams as they came over the wire, and the plainest book that can be built of them: the oracle of scanner and sync.

The oracle shares nothing with the code under test: it reads with `json`, counts in Decimal and keeps two dicts.
"""

from __future__ import annotations

import gzip
import json
import lzma
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from botcore.markets.book_keys import BookKeys
from botcore.markets.book_scanner import BookScanner
from botcore.markets.market_state import MarketState
from botcore.markets.order_book import OrderBook
from tests.support.bench import instrument
from tests.support.data import recorded

D = Decimal
Sides = tuple[list[tuple[Decimal, Decimal]], list[tuple[Decimal, Decimal]]]
SPOT_KEYS = BookKeys()
USDM_KEYS = BookKeys(prev_id="pu")
KUCOIN_KEYS = BookKeys("bids", "asks", "sequenceStart", "sequenceEnd", "", "time", "", "bids", "asks", "sequence")
OKX_KEYS = BookKeys("bids", "asks", "", "", "", "ts", "checksum", "bids", "asks", "")
KRAKEN_KEYS = BookKeys("b", "a", "", "", "", "", "c", "bs", "as", "", one_sided=True, stream_depth=1_000)


@dataclass(frozen=True, slots=True)
class Wire:
    """One message: when it was received, whether it is a snapshot, and its bytes."""

    ts_ns: int
    is_snapshot: bool
    raw: bytes


@dataclass(frozen=True, slots=True)
class Recording:
    """One symbol of a capture."""

    name: str
    keys: BookKeys
    tick_size: Decimal
    lot_size: Decimal
    messages: list[Wire] = field(repr=False)

    def market(self, max_age_ns: int | None = None) -> MarketState:
        return MarketState(instrument(tick=str(self.tick_size), lot=str(self.lot_size)), max_age_ns)

    def scanner(self) -> BookScanner:
        return BookScanner(self.keys, self.tick_size, self.lot_size)


# ---- captures --------------------------------------------------------------------------------------------------------
def hftbacktest(kind: str) -> Recording:
    """Five minutes of Binance BTCUSDT, `spot` or `usdm`, with one snapshot."""
    path = recorded(f"l2/hftbacktest_binance_{kind}_btcusdt_20240808.gz")
    messages = []
    with gzip.open(path, "rb") as lines:
        for line in lines:
            head, _, raw = line.rstrip(b"\n").partition(b" ")
            if b'"depthUpdate"' in raw:
                messages.append(Wire(int(head), False, raw))
            elif b'"lastUpdateId"' in raw:
                messages.append(Wire(int(head), True, raw))
    tick, lot, keys = ("0.01", "0.00001", SPOT_KEYS) if kind == "spot" else ("0.1", "0.001", USDM_KEYS)
    return Recording(f"{kind} BTCUSDT", keys, D(tick), D(lot), messages)


def cryptofeed_binance(venue: str) -> dict[str, Recording]:
    """Symbol -> recording, of `BINANCE` or `BINANCE_FUTURES`; steps are those of the venue's own rules of that day."""
    rules = {}
    for line in _lines(recorded(f"captures/cryptofeed_{venue}.0.xz")):
        if "exchangeInfo -> " in line:
            for entry in json.loads(line[line.index("{") :])["symbols"]:
                filters = {item["filterType"]: item for item in entry["filters"]}
                rules[entry["symbol"]] = D(filters["PRICE_FILTER"]["tickSize"]), D(filters["LOT_SIZE"]["stepSize"])
    found: dict[str, list[Wire]] = {}
    for line in _lines(recorded(f"captures/cryptofeed_{venue}.http.0.0.xz")):
        address, arrow, rest = line.partition(" -> ")
        if arrow and "/depth?symbol=" in address:
            symbol = address.partition("symbol=")[2].partition("&")[0]
            head, _, raw = rest.partition(": ")
            found.setdefault(symbol, []).append(Wire(_ns(head), True, raw.encode()))
    for line in _lines(recorded(f"captures/cryptofeed_{venue}.ws.1.0.xz")):
        head, _, raw = line.partition(": ")
        if raw.startswith('{"stream"') and '"depthUpdate"' in raw:
            found[json.loads(raw)["data"]["s"]].append(Wire(_ns(head), False, raw.encode()))
    keys = USDM_KEYS if "FUTURES" in venue else SPOT_KEYS
    return {
        symbol: Recording(f"{venue} {symbol}", keys, *rules[symbol], sorted(messages, key=lambda message: message.ts_ns))
        for symbol, messages in found.items()
    }


def kucoin() -> dict[str, Recording]:
    """Pair -> recording; each update is numbered, and a price of 0 says that nothing has changed."""
    rules = {}
    for line in _lines(recorded("captures/cryptofeed_KUCOIN.0.xz")):
        if "/symbols -> " in line:
            for entry in json.loads(line[line.index("{") :])["data"]:
                rules[entry["symbol"]] = D(entry["priceIncrement"]), D(entry["baseIncrement"])
    found: dict[str, list[Wire]] = {}
    for line in _lines(recorded("captures/cryptofeed_KUCOIN.http.0.0.xz")):
        address, arrow, rest = line.partition(" -> ")
        if arrow and "symbol=" in address:
            head, _, raw = rest.partition(": ")
            found.setdefault(address.partition("symbol=")[2].partition("&")[0], []).append(Wire(_ns(head), True, raw.encode()))
    for line in _lines(recorded("captures/cryptofeed_KUCOIN.ws.1.0.xz")):
        head, _, raw = line.partition(": ")
        if raw.startswith("{") and '"trade.l2update"' in raw:
            found.setdefault(json.loads(raw)["data"]["symbol"], []).append(Wire(_ns(head), False, raw.encode()))
    return {
        pair: Recording(f"KUCOIN {pair}", KUCOIN_KEYS, *rules[pair], sorted(messages, key=lambda message: message.ts_ns))
        for pair, messages in found.items()
        if pair in rules
    }


def okx() -> dict[str, Recording]:
    """Instrument -> recording with the venue's checksum in each message, snapshot included."""
    rules = {}
    for line in _lines(recorded("captures/cryptofeed_OKX.0.xz")):
        if "instruments?" in line and " -> " in line:
            for entry in json.loads(line[line.index("{") :])["data"]:
                rules[entry["instId"]] = entry["tickSz"], entry["lotSz"]
    found: dict[str, list[Wire]] = {}
    for line in _lines(recorded("captures/cryptofeed_OKX.ws.1.0.xz")):
        head, _, raw = line.partition(": ")
        if raw.startswith('{"arg":{"channel":"books"'):
            message = json.loads(raw)
            found.setdefault(message["arg"]["instId"], []).append(Wire(_ns(head), message["action"] == "snapshot", raw.encode()))
    return {name: Recording(f"OKX {name}", OKX_KEYS, *map(D, rules[name]), messages) for name, messages in found.items()}


def kraken() -> dict[str, Recording]:
    """Pair -> recording, 1,000 levels deep, with the venue's checksum in each update."""
    rules = {}
    for line in _lines(recorded("captures/cryptofeed_KRAKEN.0.xz")):
        if "AssetPairs -> " in line:
            for entry in json.loads(line[line.index("{") :])["result"].values():
                rules[entry.get("wsname")] = entry["pair_decimals"], entry["lot_decimals"]
    found: dict[str, list[Wire]] = {}
    for line in _lines(recorded("captures/cryptofeed_KRAKEN.ws.50.0.xz")):
        head, _, raw = line.partition(": ")
        if raw.startswith("["):
            message = json.loads(raw)
            found.setdefault(message[-1], []).append(Wire(_ns(head), "as" in message[1], raw.encode()))
    return {
        pair: Recording(f"KRAKEN {pair}", KRAKEN_KEYS, D(1).scaleb(-rules[pair][0]), D(1).scaleb(-rules[pair][1]), messages)
        for pair, messages in found.items()
    }


def _lines(path: Path) -> Iterator[str]:
    with lzma.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            yield line.rstrip("\n")


def _ns(head: str) -> int:
    return int(D(head) * 10**9)


# ---- the oracle ------------------------------------------------------------------------------------------------------
class PlainBook:
    """Two dicts from Decimal price to Decimal size."""

    def __init__(self) -> None:
        self.bids: dict[Decimal, Decimal] = {}
        self.asks: dict[Decimal, Decimal] = {}
        self.last_id = -1
        self._early: list[dict[str, Any]] = []

    def take(self, bids: list[Any], asks: list[Any]) -> None:
        for side, levels in ((self.bids, bids), (self.asks, asks)):
            for price, size, *_ in levels:
                if D(size):
                    side[D(price)] = D(size)
                else:
                    side.pop(D(price), None)

    def take_binance(self, message: Wire) -> PlainBook:
        """The snapshot comes first wherever in the capture it stands; then each newer diff. Whether one is missing is not asked."""
        data = json.loads(message.raw)
        if message.is_snapshot:
            self.last_id = data["lastUpdateId"]
            self.take(data["bids"], data["asks"])
            early, self._early = self._early, []
            for diff in early:
                self._take_newer(diff)
        elif self.last_id < 0:
            self._early.append(data["data"])
        else:
            self._take_newer(data["data"])
        return self

    def _take_newer(self, diff: dict[str, Any]) -> None:
        if diff["u"] > self.last_id:
            self.take(diff["b"], diff["a"])
            self.last_id = diff["u"]

    def snapshot(self) -> bytes:
        """As Binance would send it."""
        sides = {name: [[str(price), str(size)] for price, size in side.items()] for name, side in (("bids", self.bids), ("asks", self.asks))}
        return json.dumps({"lastUpdateId": self.last_id, **sides}).encode()

    def levels(self, tick_size: Decimal, lot_size: Decimal) -> Sides:
        """(bids, asks), best first: prices on the tick grid, sizes in whole lots and at least one."""
        rounded = [
            [(price, max(lot_size, size // lot_size * lot_size)) for price, size in side.items() if price % tick_size == 0]
            for side in (self.bids, self.asks)
        ]
        return sorted(rounded[0], reverse=True), sorted(rounded[1])


def replay_binance(messages: Iterable[Wire]) -> PlainBook:
    """A whole capture with one snapshot."""
    book = PlainBook()
    for message in messages:
        book.take_binance(message)
    return book


def replay_kucoin(messages: Iterable[Wire]) -> PlainBook:
    """The snapshot, then every update with a higher number."""
    messages = list(messages)
    snapshot = json.loads(next(message.raw for message in messages if message.is_snapshot))["data"]
    book = PlainBook()
    book.take(snapshot["bids"], snapshot["asks"])
    book.last_id = int(snapshot["sequence"])
    for message in messages:
        if not message.is_snapshot and (data := json.loads(message.raw)["data"])["sequenceEnd"] > book.last_id:
            assert data["sequenceStart"] <= book.last_id + 1
            changes = {name: [change for change in data["changes"][name] if D(change[0])] for name in ("bids", "asks")}
            book.take(changes["bids"], changes["asks"])
            book.last_id = data["sequenceEnd"]
    return book


def levels_of(book: OrderBook, tick_size: Decimal, lot_size: Decimal) -> Sides:
    """(bids, asks) of a book as Decimals, best first."""
    bids, asks = ([(ticks * tick_size, lots * lot_size) for ticks, lots in book.levels(is_bid, 10**6)] for is_bid in (True, False))
    return bids, asks
