"""How fast the order book is, beside a pure-Python one in the same run.

The two take turns on the same work, so what disturbs the machine disturbs both: ratios hold where nanoseconds do not. Every workload ends
with a comparison of the two books; a fast wrong book is not a result.
"""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
import orjson

from benchmarks.naive_book import NaiveBook
from botcore.markets.order_book import OrderBook

Level = tuple[int, int]
Book = OrderBook | NaiveBook
Timed = tuple[str, float]
"""(name of the workload, seconds per operation)"""

SEED = 20_240_808
MID_TICKS = 500_000
LEVELS = 1_000
DIFFS = 2_000
PER_DIFF = 20
UNIT_LOTS = 1_000
USDM = "l2/hftbacktest_binance_usdm_btcusdt_20240808.gz"


@dataclass(frozen=True, slots=True)
class Diff:
    """One message of a venue, in ticks and lots."""

    first_id: int
    last_id: int
    prev_id: int
    bids: list[Level]
    asks: list[Level]


@dataclass(frozen=True, slots=True)
class Workload:
    """A snapshot and the diffs that follow it."""

    bids: list[Level]
    asks: list[Level]
    update_id: int
    diffs: list[Diff]

    @property
    def level_count(self) -> int:
        return sum(len(diff.bids) + len(diff.asks) for diff in self.diffs)

    def open(self, kind: Callable[[], Book]) -> Book:
        """A book that stands at the snapshot."""
        book = kind()
        book.snapshot(self.bids, self.asks, self.update_id, 0)
        return book

    def play(self, book: Book) -> Book:
        for diff in self.diffs:
            book.apply_diff(diff.first_id, diff.last_id, diff.prev_id, diff.bids, diff.asks, 0)
        return book


# ---- workloads -------------------------------------------------------------------------------------------------------
def synthetic(seed: int = SEED) -> Workload:
    """About 1,000 levels a side; of the updates 42 % change a level, 29 % add and 29 % remove one, 70 % are near the touch."""
    random = np.random.default_rng(seed)
    sides = [_first_side(random, sign) for sign in (-1, 1)]
    bids, asks = sorted(sides[0].items(), reverse=True), sorted(sides[1].items())
    diffs = []
    for number in range(DIFFS):
        changes: tuple[list[Level], list[Level]] = ([], [])
        for _ in range(PER_DIFF):
            which = int(random.integers(2))
            changes[which].append(_change(random, sides[which], -1 if which == 0 else 1))
        first_id = 1 + number * PER_DIFF
        diffs.append(Diff(first_id, first_id + PER_DIFF - 1, first_id - 1, *changes))
    return Workload(bids, asks, 0, diffs)


def _first_side(random: np.random.Generator, sign: int) -> dict[int, int]:
    offsets = random.choice(2 * LEVELS, LEVELS, replace=False) + 1
    return {MID_TICKS + sign * int(offset): int(random.integers(1, 5 * UNIT_LOTS)) for offset in offsets}


def _change(random: np.random.Generator, side: dict[int, int], sign: int) -> Level:
    """One update of a side, applied to `side` as well."""
    reach = 40 if random.random() < 0.7 else 2 * LEVELS
    price = MID_TICKS + sign * int(random.integers(1, reach + 1))
    lots = int(random.integers(1, 5 * UNIT_LOTS))
    if price in side and random.random() < 0.41:
        del side[price]
        return price, 0
    side[price] = lots
    return price, lots


def recorded_usdm() -> Workload | None:
    """The recorded Binance futures stream, tick 0.1 and lot 0.001; None where the recordings are absent."""
    root = Path(os.environ.get("CONDOR_TEST_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")
    if not (root / USDM).is_file():
        return None
    snapshot, diffs = None, []
    with gzip.open(root / USDM, "rb") as lines:
        for line in lines:
            if b"depthUpdate" in line:
                data = orjson.loads(line.partition(b" ")[2])["data"]
                diffs.append(Diff(data["U"], data["u"], data["pu"], _scaled(data["b"]), _scaled(data["a"])))
            elif b"lastUpdateId" in line:
                snapshot = orjson.loads(line.partition(b" ")[2])
    assert snapshot is not None
    last_id = snapshot["lastUpdateId"]
    return Workload(_scaled(snapshot["bids"]), _scaled(snapshot["asks"]), last_id, [diff for diff in diffs if diff.last_id > last_id])


def _scaled(rows: list[list[str]]) -> list[Level]:
    return [(int(price.replace(".", "")) // 10, int(size.replace(".", ""))) for price, size in rows]


# ---- measures --------------------------------------------------------------------------------------------------------
def update_level(kind: Callable[[], Book], work: Workload) -> Timed:
    """Seconds for one level, one call a level."""
    book = work.open(kind)
    updates = [(is_bid, *level) for diff in work.diffs for is_bid, side in ((True, diff.bids), (False, diff.asks)) for level in side]
    update = book.update
    begin = perf_counter()
    for is_bid, ticks, lots in updates:
        update(is_bid, ticks, lots)
    return "update", (perf_counter() - begin) / len(updates)


def apply_diffs(kind: Callable[[], Book], work: Workload) -> Timed:
    """Seconds for one level, one call a message."""
    book = work.open(kind)
    begin = perf_counter()
    work.play(book)
    return "diff_level", (perf_counter() - begin) / work.level_count


def read_touch(kind: Callable[[], Book], work: Workload) -> Timed:
    """Seconds for best bid and best ask."""
    book = work.open(kind)
    begin = perf_counter()
    for _ in range(100_000):
        book.best_bid  # noqa: B018 - the read is what is measured
        book.best_ask  # noqa: B018
    return "touch", (perf_counter() - begin) / 100_000


def read_vwap(units: int) -> Callable[[Callable[[], Book], Workload], Timed]:
    """A measure of the average price of taking `units`; about 2.5 units stand at a price."""

    def vwap(kind: Callable[[], Book], work: Workload) -> Timed:
        book = work.open(kind)
        lots = units * UNIT_LOTS
        begin = perf_counter()
        for _ in range(5_000):
            book.vwap_for_lots(True, lots)
        return f"vwap_{units}", (perf_counter() - begin) / 5_000

    return vwap


def take_snapshot(kind: Callable[[], Book], work: Workload) -> Timed:
    """Seconds for replacing a whole book of 2 x 1,000 levels."""
    book = work.open(kind)
    begin = perf_counter()
    for _ in range(50):
        book.snapshot(work.bids, work.asks, 0, 0)
    return "snapshot", (perf_counter() - begin) / 50


MEASURES = (update_level, apply_diffs, read_touch, read_vwap(5), read_vwap(25), read_vwap(100), take_snapshot)


# ---- the run ---------------------------------------------------------------------------------------------------------
def run(rounds: int = 7) -> dict[str, float]:
    """Measure everything.

    Returns
    -------
    dict
        For every measure `<name>.ns` (ours) and `<name>.naive_ns`, both medians, and `<name>.ratio`, the median over the rounds of naive by
        ours. The recorded stream is `recorded_diff_level`, where it is present.
    """
    work = synthetic()
    _compare(work)
    found: dict[str, float] = {}
    for measure in MEASURES:
        found |= _measure(measure, work, rounds)
    recorded = recorded_usdm()
    if recorded is not None:
        _compare(recorded)
        found |= {f"recorded_{name}": value for name, value in _measure(apply_diffs, recorded, max(3, rounds // 2)).items()}
    return found


def _measure(measure: Callable[[Callable[[], Book], Workload], Timed], work: Workload, rounds: int) -> dict[str, float]:
    ours, naive = [], []
    for _ in range(rounds):
        name, seconds = measure(OrderBook, work)
        ours.append(seconds)
        naive.append(measure(NaiveBook, work)[1])
    ratios = [slow / fast for slow, fast in zip(naive, ours, strict=True)]
    return {f"{name}.ns": median(ours) * 1e9, f"{name}.naive_ns": median(naive) * 1e9, f"{name}.ratio": median(ratios)}


def _compare(work: Workload) -> None:
    """Both books must end the same."""
    ours, naive = (work.play(work.open(kind)) for kind in (OrderBook, NaiveBook))
    for is_bid in (True, False):
        if ours.levels(is_bid, 10**6) != naive.levels(is_bid, 10**6):
            raise AssertionError("the two books differ: the measures mean nothing")


if __name__ == "__main__":
    for name, value in run().items():
        print(f"{name:32}{value:12.1f}")
