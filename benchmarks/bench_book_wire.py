"""How fast a live book is, from the bytes of a venue's message to the level in the book, beside the ways in which it is usually done.

`run` compares with plain Python (`json`, and the frozen `naive_book`), so it runs everywhere. `python -m benchmarks.bench_book_wire --peer` compares with
hummingbot's own Cython book and the way that its Binance connector takes, in an environment of its own in which that package is installed: it is no
dependency of this project, and nothing of it stands here.

The workloads are one message each of about 20 levels, made up, and the recorded Binance futures stream where it is present. All ways of a comparison take turns in
every round; what is printed are medians, and ratios are medians of the rounds' ratios. Every way must end with the same book.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from statistics import median
from time import perf_counter
from typing import Any

from benchmarks.bench_book import MID_TICKS, UNIT_LOTS, USDM, synthetic
from benchmarks.naive_book import NaiveBook
from botcore.markets.book_keys import BookKeys
from botcore.markets.book_scanner import BookScanner
from botcore.markets.order_book import OrderBook

KEYS = BookKeys(prev_id="pu")
TICK, LOT = Decimal("0.1"), Decimal("0.001")
PLACES = 1, 3


@dataclass(frozen=True, slots=True)
class WireWork:
    """A snapshot and the diffs after it, as bytes; tick 0.1 and lot 0.001."""

    name: str
    snapshot: bytes
    diffs: list[bytes]
    level_count: int


Way = Callable[[WireWork], tuple[float, Any]]
"""Does a workload; returns (seconds, the book at the end)."""


# ---- workloads -------------------------------------------------------------------------------------------------------
def synthetic_wire() -> WireWork:
    """The messages of `bench_book.synthetic`, written as Binance writes them."""
    work = synthetic()
    snapshot = json.dumps({"lastUpdateId": work.update_id, "bids": _texts(work.bids), "asks": _texts(work.asks)}, separators=(",", ":")).encode()
    diffs = [
        json.dumps(
            {
                "stream": "btcusdt@depth@0ms",
                "data": {
                    "e": "depthUpdate", "E": 1723161256299, "T": 1723161256298, "s": "BTCUSDT", "U": diff.first_id, "u": diff.last_id, "pu": diff.prev_id,
                    "b": _texts(diff.bids), "a": _texts(diff.asks),
                },
            },
            separators=(",", ":"),
        ).encode()
        for diff in work.diffs
    ]  # fmt: skip
    return WireWork("synthetic", snapshot, diffs, work.level_count)


def recorded_wire() -> WireWork | None:
    """The recorded Binance futures stream; None where the recordings are absent."""
    import os
    from pathlib import Path

    root = Path(os.environ.get("CONDOR_TEST_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")
    if not (root / USDM).is_file():
        return None
    snapshot, diffs, count = b"", [], 0
    with gzip.open(root / USDM, "rb") as lines:
        for line in lines:
            raw = line.rstrip(b"\n").partition(b" ")[2]
            if b'"lastUpdateId"' in raw:
                snapshot = raw
            elif b'"depthUpdate"' in raw:
                diffs.append(raw)
    last_id = json.loads(snapshot)["lastUpdateId"]
    newer = [raw for raw in diffs if json.loads(raw)["data"]["u"] > last_id]
    count = sum(len(data["b"]) + len(data["a"]) for data in (json.loads(raw)["data"] for raw in newer))
    return WireWork("recorded", snapshot, newer, count)


def _texts(levels: list[tuple[int, int]]) -> list[list[str]]:
    return [[f"{ticks // 10}.{ticks % 10}0", f"{lots // 1000}.{lots % 1000:03d}"] for ticks, lots in levels]


# ---- ways ------------------------------------------------------------------------------------------------------------
def by_scanner(work: WireWork) -> tuple[float, Any]:
    """Bytes to book in C."""
    scanner, book = BookScanner(KEYS, TICK, LOT), OrderBook()
    scanner.apply_snapshot(book, work.snapshot, 0)
    apply_diff = scanner.apply_diff
    begin = perf_counter()
    for raw in work.diffs:
        apply_diff(book, raw, 0)
    return perf_counter() - begin, book


def by_pairs(work: WireWork) -> tuple[float, Any]:
    """Pairs of floats to book; reading the bytes is not counted."""
    scanner, book = BookScanner(KEYS, TICK, LOT), OrderBook()
    scanner.apply_snapshot(book, work.snapshot, 0)
    diffs = [(data["U"], data["u"], data["pu"], *_floats(data)) for data in (json.loads(raw)["data"] for raw in work.diffs)]
    apply_pairs = scanner.apply_pairs
    begin = perf_counter()
    for first_id, last_id, prev_id, bids, asks in diffs:
        apply_pairs(book, first_id, last_id, prev_id, bids, asks, 0)
    return perf_counter() - begin, book


def _floats(data: dict[str, Any]) -> tuple[list[list[float]], list[list[float]]]:
    bids, asks = ([[float(price), float(size)] for price, size in data[side]] for side in "ba")
    return bids, asks


def by_plain_python(work: WireWork) -> tuple[float, Any]:
    """`json` and the frozen naive book, whole numbers out of the text."""
    book = NaiveBook()
    data = json.loads(work.snapshot)
    book.snapshot(_whole(data["bids"]), _whole(data["asks"]), data["lastUpdateId"], 0)
    begin = perf_counter()
    for raw in work.diffs:
        data = json.loads(raw)["data"]
        book.apply_diff(data["U"], data["u"], data["pu"], _whole(data["b"]), _whole(data["a"]), 0)
    return perf_counter() - begin, book


def _whole(rows: list[list[str]]) -> list[tuple[int, int]]:
    return [(int(price.replace(".", "")) // 10, int(size.replace(".", ""))) for price, size in rows]


def by_sync(work: WireWork) -> tuple[float, Any]:
    """All that a live book does with a message: sequence, sense, age."""
    from botcore.markets.book_sync import BookSync
    from botcore.markets.market_state import MarketState
    from botcore.model.enums import InstrumentKind
    from botcore.model.instrument import Instrument, Market

    market = MarketState(Instrument(Market("sim", "BTC-USDT"), InstrumentKind.LINEAR_PERPETUAL, TICK, LOT))
    sync = BookSync(market, BookScanner(KEYS, TICK, LOT))
    sync.on_connect(0)
    sync.on_snapshot(work.snapshot, 0, 0)
    on_diff = sync.on_diff
    begin = perf_counter()
    for raw in work.diffs:
        on_diff(raw, 1)
    seconds = perf_counter() - begin
    if not sync.is_ready:
        raise AssertionError(f"the book is {sync.state.value}: {sync.problem}")
    return seconds, market.book


# ---- the run ---------------------------------------------------------------------------------------------------------
def run(rounds: int = 7) -> dict[str, float]:
    """Measure everything that needs no peer.

    Returns
    -------
    dict
        `<workload>_wire.ns` (a level from bytes), `.naive_ns` and `.ratio`; `<workload>_pairs.ns`; `<workload>_sync.us` (a whole message).
    """
    found: dict[str, float] = {}
    for work in (synthetic_wire(), recorded_wire()):
        if work is None:
            continue
        timed = take_turns({"wire": by_scanner, "pairs": by_pairs, "sync": by_sync, "naive": by_plain_python}, work, rounds)
        per_level = {name: [seconds / work.level_count * 1e9 for seconds in times] for name, times in timed.items()}
        found[f"{work.name}_wire.ns"] = median(per_level["wire"])
        found[f"{work.name}_wire.naive_ns"] = median(per_level["naive"])
        found[f"{work.name}_wire.ratio"] = ratio(timed["naive"], timed["wire"])
        found[f"{work.name}_pairs.ns"] = median(per_level["pairs"])
        found[f"{work.name}_sync.us"] = median(timed["sync"]) / len(work.diffs) * 1e6
    return found


def take_turns(ways: dict[str, Way], work: WireWork, rounds: int) -> dict[str, list[float]]:
    """Seconds of each way in each round; the books at the end must be one."""
    timed: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        books = {}
        for name, way in ways.items():
            seconds, books[name] = way(work)
            timed[name].append(seconds)
        ends = [[book.levels(is_bid, 10**6) for is_bid in (True, False)] for book in books.values()]
        if any(end != ends[0] for end in ends):
            raise AssertionError(f"the books of {', '.join(books)} differ: the measures mean nothing")
    return timed


def ratio(slow: list[float], fast: list[float]) -> float:
    return median(a / b for a, b in zip(slow, fast, strict=True))


# ---- hummingbot ------------------------------------------------------------------------------------------------------
class PeerBook:
    """hummingbot's book, with `levels` in ticks and lots for the comparison at the end."""

    def __init__(self, snapshot: bytes) -> None:
        from hummingbot.connector.exchange.binance.binance_order_book import BinanceOrderBook

        self.kind = BinanceOrderBook
        self.book = BinanceOrderBook()
        message = BinanceOrderBook.snapshot_message_from_exchange(json.loads(snapshot), 0.0, {"trading_pair": "BTC-USDT"})
        self.book.apply_snapshot(message.bids, message.asks, message.update_id)

    def levels(self, is_bid: bool, count: int) -> list[tuple[int, int]]:
        entries = self.book.bid_entries() if is_bid else self.book.ask_entries()
        return [(round(row.price * 10), round(row.amount * 1000)) for row in entries][:count]


def peer_by_wire(work: WireWork) -> tuple[float, Any]:
    """As its connector does: `json`, message, rows, book."""
    peer = PeerBook(work.snapshot)
    read, apply_diffs, metadata = peer.kind.diff_message_from_exchange, peer.book.apply_diffs, {"trading_pair": "BTC-USDT"}
    begin = perf_counter()
    for raw in work.diffs:
        message = read(json.loads(raw)["data"], 0.0, metadata)
        apply_diffs(message.bids, message.asks, message.update_id)
    return perf_counter() - begin, peer


def peer_by_rows(work: WireWork) -> tuple[float, Any]:
    """Rows that are made before the clock runs."""
    from hummingbot.core.data_type.order_book_row import OrderBookRow

    peer = PeerBook(work.snapshot)
    diffs = []
    for raw in work.diffs:
        data = json.loads(raw)["data"]
        rows = [[OrderBookRow(price, size, data["u"]) for price, size in side] for side in _floats(data)]
        diffs.append((*rows, data["u"]))
    apply_diffs = peer.book.apply_diffs
    begin = perf_counter()
    for bids, asks, update_id in diffs:
        apply_diffs(bids, asks, update_id)
    return perf_counter() - begin, peer


def vwap(book: OrderBook, units: int, calls: int) -> float:
    lots = units * UNIT_LOTS
    begin = perf_counter()
    for _ in range(calls):
        book.vwap_for_lots(True, lots)
    return (perf_counter() - begin) / calls


def peer_vwap(peer: PeerBook, units: int, calls: int) -> float:
    begin = perf_counter()
    for _ in range(calls):
        peer.book.get_vwap_for_volume(True, units)
    return (perf_counter() - begin) / calls


def run_beside_peer(rounds: int = 7) -> dict[str, float]:
    """Everything beside hummingbot."""
    found: dict[str, float] = {}
    for work in (synthetic_wire(), recorded_wire()):
        if work is None:
            continue
        ways: dict[str, Way] = {"wire": by_scanner, "peer_wire": peer_by_wire, "pairs": by_pairs, "peer_rows": peer_by_rows}
        timed = take_turns(ways, work, rounds)
        for name, times in timed.items():
            found[f"{work.name}_{name}.ns"] = median(times) / work.level_count * 1e9
        found[f"{work.name}_wire.ratio"] = ratio(timed["peer_wire"], timed["wire"])
        found[f"{work.name}_pairs.ratio"] = ratio(timed["peer_rows"], timed["pairs"])
        mine, peer = by_scanner(work)[1], peer_by_rows(work)[1]
        for units in (5, 25, 100):
            pairs = [(vwap(mine, units, 20_000), peer_vwap(peer, units, 200)) for _ in range(5 * rounds)]
            answer = mine.vwap_for_lots(True, units * UNIT_LOTS) / 10
            if abs(peer.book.get_vwap_for_volume(True, units).result_price - answer) > 1e-6 * MID_TICKS:
                raise AssertionError("the two averages differ")
            found[f"{work.name}_vwap_{units}.ns"] = median(ours for ours, _ in pairs) * 1e9
            found[f"{work.name}_peer_vwap_{units}.ns"] = median(theirs for _, theirs in pairs) * 1e9
            found[f"{work.name}_vwap_{units}.ratio"] = median(theirs / ours for ours, theirs in pairs)
    return found


if __name__ == "__main__":
    for name, value in (run_beside_peer() if "--peer" in sys.argv else run()).items():
        print(f"{name:36}{value:12.2f}")
