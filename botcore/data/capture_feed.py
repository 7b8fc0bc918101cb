"""Recorded Binance streams as a market: the wire's own depth, trades and REST snapshot, line by line.

Two kinds of logs are read. One line is `<local receive time in ns> <json>`, or `<seconds>: <json>` with REST replies as
`<url> -> <seconds>: <json>` in a file of their own. Events carry the local receive time: that is when a bot would have known. Diffs
that arrive before the snapshot are kept and applied if they are newer, as the venue's manual demands.
"""

from __future__ import annotations

import gzip
import heapq
import lzma
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from botcore.markets.order_book import OrderBook
from botcore.model.errors import DataError
from botcore.model.instrument import Instrument
from botcore.model.market_events import BookDiff, BookSnapshot, FeedEnded, Level, MarketEvent, TradeTick
from botcore.model.times import NEVER

SECOND_NS = 1_000_000_000
_SYMBOL = re.compile(r"[?&]symbol=([A-Za-z0-9]+)")


@dataclass(frozen=True, slots=True)
class CaptureLine:
    """One message: when it was received, where it stands, what it says, and for which symbol (REST replies name it in the address)."""

    ts_ns: int
    file: str
    number: int
    message: dict[str, Any]
    symbol: str


@dataclass(frozen=True, slots=True)
class CaptureInfo:
    """What a capture holds: upper-case symbol -> number of messages, and the decimals in use of the chosen symbol."""

    symbols: dict[str, int]
    first_ns: int
    last_ns: int
    tick_size: Decimal
    lot_size: Decimal


# ---- lines ---------------------------------------------------------------------------------------------------------
def read_lines(paths: Iterable[Path]) -> Iterator[CaptureLine]:
    """Messages of all files, merged by time."""
    return iter(heapq.merge(*(_file_lines(path) for path in paths), key=lambda line: line.ts_ns))


def _file_lines(path: Path) -> Iterator[CaptureLine]:
    name = path.name
    opener: Any = lzma.open if name.endswith(".xz") else gzip.open if name.endswith(".gz") else open
    try:
        with opener(path, "rt", encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                parsed = _parse_line(line, name, number)
                if parsed is not None:
                    yield parsed
    except (OSError, EOFError, lzma.LZMAError, UnicodeDecodeError) as error:
        raise DataError(f"{name}: can't read the capture ({type(error).__name__}); get the file again") from None


def _parse_line(line: str, name: str, number: int) -> CaptureLine | None:
    brace = line.find("{")
    if brace < 0:
        return None
    head = line[:brace].strip()
    symbol = ""
    if " <- " in head or " <-> " in head:
        return None
    if " -> " in head:
        address, _, head = head.partition(" -> ")
        found = _SYMBOL.search(address)
        symbol = found[1].upper() if found else ""
    try:
        ts_ns = int(head) if head.isdigit() else int(Decimal(head.rstrip(":")) * SECOND_NS)
        message = orjson.loads(line[brace:])
    except (InvalidOperation, ValueError):
        raise DataError(f"{name}, line {number}: expected '<time> <json>' as Binance streams are logged, found {line[:60].strip()!r}") from None
    data = message.get("data", message)
    if not isinstance(data, dict):
        return None  # streams of all symbols at once come as arrays; none of them tells of one book
    if not symbol:
        symbol = str(data.get("s") or str(message.get("stream", "")).partition("@")[0]).upper()
    return CaptureLine(ts_ns, name, number, data, symbol)


def inspect_capture(paths: list[Path], symbol: str = "") -> CaptureInfo:
    """Look through a capture once.

    Parameters
    ----------
    symbol : str
        Venue's symbol whose decimals are wanted; the most frequent one when empty.

    Raises
    ------
    DataError
        If the files can't be read or hold no depth of that symbol.
    """
    counts: dict[str, int] = {}
    decimals: dict[str, tuple[int, int]] = {}
    first = last = 0
    for line in read_lines(paths):
        if line.symbol:
            counts[line.symbol] = counts.get(line.symbol, 0) + 1
        first, last = first or line.ts_ns, line.ts_ns
        if line.message.get("e") == "depthUpdate":
            prices, sizes = decimals.get(line.symbol, (0, 0))
            try:
                for price, size in (*line.message["b"], *line.message["a"]):
                    prices, sizes = max(prices, _decimals(price)), max(sizes, _decimals(size))
            except (LookupError, TypeError, ValueError, AttributeError):
                raise _not_binance(line, "depthUpdate", line.symbol) from None
            decimals[line.symbol] = prices, sizes
    chosen = symbol.upper() or max(decimals, key=lambda key: counts[key], default="")
    if chosen not in decimals:
        found = ", ".join(counts) or "none"
        raise DataError(f"{paths[0].name}: expected depth updates of {chosen or 'a symbol'}, found messages of {found}")
    tick_size, lot_size = (Decimal(1).scaleb(-places) for places in decimals[chosen])
    return CaptureInfo(counts, first, last, tick_size, lot_size)


def _not_binance(line: CaptureLine, kind: str, symbol: str) -> DataError:
    return DataError(f"{line.file}, line {line.number}: a {kind} message of {symbol} is not as Binance sends it")


def _decimals(text: str) -> int:
    return len(text.rstrip("0").partition(".")[2])


# ---- feed ----------------------------------------------------------------------------------------------------------
class CaptureFeed:
    """One symbol of a capture; implements `MarketFeed`.

    Parameters
    ----------
    paths : list of Path
        Files of one capture: streams, and REST replies where they are logged apart.
    symbol : str, optional
        Venue's symbol; the pair without its dash by default.

    Attributes
    ----------
    off_grid : int
        Book prices and sizes that are not on the instrument's grid; they are rounded outward.
    """

    def __init__(self, instrument: Instrument, paths: list[Path], symbol: str = "") -> None:
        self.instrument = instrument
        self.off_grid = 0
        self._paths = paths
        self._symbol = (symbol or instrument.market.trading_pair.replace("-", "")).upper()
        self._begin()
        if self.next_ns() == NEVER:
            raise DataError(f"{paths[0].name}: expected depth of {self._symbol}, found no snapshot that its updates follow")

    def _begin(self) -> None:
        self._lines = read_lines(self._paths)
        self._events: deque[MarketEvent] = deque()
        self._early: list[BookDiff] = []
        self._book = OrderBook()
        self._standing: BookSnapshot | None = None
        self._last_ns = 0
        self._taken = 0
        self._has_ended = False

    def next_ns(self) -> int:
        if self._standing is not None:
            return self._standing.ts_ns
        self._fill()
        return self._events[0].ts_ns if self._events else NEVER

    def pop(self) -> MarketEvent:
        if self._standing is not None:
            standing, self._standing = self._standing, None
            return standing
        self._fill()
        self._taken += 1
        event = self._events.popleft()
        self._mirror(event)
        return event

    def history(self, interval_s: int, count: int) -> np.ndarray:
        """Empty: a capture has no candles."""
        return np.empty((0, 6))

    def state(self) -> dict[str, Any]:
        return {"taken": self._taken}

    def restore(self, state: dict[str, Any]) -> None:
        """Read up to where `state` was taken; a snapshot of the standing book comes first."""
        self._begin()
        for _ in range(state["taken"]):
            if self.next_ns() == NEVER:
                break
            self.pop()
        if self._book.is_ready:
            book = self._book
            bids, asks = book.levels(True, book.depth(True)), book.levels(False, book.depth(False))
            self._standing = BookSnapshot(self.instrument.market, self._last_ns, book.last_update_id, bids, asks)

    def _mirror(self, event: MarketEvent) -> None:
        """Keep the book along, so that a restart can begin with a snapshot."""
        self._last_ns = event.ts_ns
        if isinstance(event, BookSnapshot):
            self._book.snapshot(event.bids, event.asks, event.update_id, event.ts_ns)
        elif isinstance(event, BookDiff):
            self._book.apply_diff(event.first_id, event.last_id, event.prev_id, event.bids, event.asks, event.ts_ns)

    # ---- messages --------------------------------------------------------------------------------------------------
    def _fill(self) -> None:
        """Read on until there is an event."""
        while not self._events and not self._has_ended:
            line = next(self._lines, None)
            if line is None:
                self._has_ended = True
                if self._last_ns:
                    self._events.append(FeedEnded(self.instrument.market, self._last_ns))
                return
            # a REST snapshot that was logged among the streams names no symbol
            if line.symbol == self._symbol or (not line.symbol and "lastUpdateId" in line.message):
                self._take(line)

    def _take(self, line: CaptureLine) -> None:
        message = line.message
        ts_ns = max(line.ts_ns, self._last_ns)
        kind = message.get("e")
        try:
            if kind == "depthUpdate":
                self._depth(message, ts_ns)
            elif kind in ("trade", "aggTrade"):
                if self._book.is_ready and message.get("X", "MARKET") == "MARKET":
                    self._events.append(self._trade(message, ts_ns))
            elif "lastUpdateId" in message:
                self._snapshot(message, ts_ns)
        except (LookupError, TypeError, ValueError, InvalidOperation):
            raise _not_binance(line, kind or "snapshot", self._symbol) from None

    def _depth(self, message: dict[str, Any], ts_ns: int) -> None:
        market = self.instrument.market
        bids, asks = self._levels(message["b"], True), self._levels(message["a"], False)
        diff = BookDiff(market, ts_ns, message["U"], message["u"], message.get("pu", -1), bids, asks)
        if self._book.is_ready or self._events:
            self._events.append(diff)
        else:
            self._early.append(diff)

    def _snapshot(self, message: dict[str, Any], ts_ns: int) -> None:
        if self._book.is_ready:
            return
        bids, asks = self._levels(message["bids"], True), self._levels(message["asks"], False)
        snapshot = BookSnapshot(self.instrument.market, ts_ns, message["lastUpdateId"], bids, asks)
        self._events.append(snapshot)
        for diff in self._early:
            if diff.last_id > snapshot.update_id:
                diff.ts_ns = ts_ns
                self._events.append(diff)
        self._early.clear()

    def _trade(self, message: dict[str, Any], ts_ns: int) -> TradeTick:
        ticks, lots = self._scaled(message["p"], self.instrument.tick_size, up=False), self._scaled(message["q"], self.instrument.lot_size, up=False)
        return TradeTick(self.instrument.market, ts_ns, ticks, max(1, lots), bool(message["m"]))

    def _levels(self, rows: list[list[str]], is_bid: bool) -> list[Level]:
        tick, lot = self.instrument.tick_size, self.instrument.lot_size
        levels = [(self._scaled(row[0], tick, up=not is_bid), self._scaled(row[1], lot, up=False)) for row in rows]
        return [level for level in levels if level[0] > 0]

    def _scaled(self, text: str, step: Decimal, *, up: bool) -> int:
        scaled, rest = divmod(Decimal(text), step)
        if not rest:
            return int(scaled)
        self.off_grid += 1
        return int(scaled) + up
