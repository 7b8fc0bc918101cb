"""A small live book in the test's hands: messages written as Binance writes them, times in milliseconds."""

from __future__ import annotations

import json
from decimal import Decimal

from botcore.markets.book_keys import BookKeys
from botcore.markets.book_scanner import BookScanner
from botcore.markets.book_sync import BookSync
from botcore.markets.checksums import Checksum
from botcore.markets.market_state import MarketState
from botcore.markets.sync_states import SyncRules
from tests.support.bench import instrument

MS = 1_000_000
Levels = dict[int | float, int | float]
BIDS: Levels = {99: 1, 98: 2, 97: 3}
ASKS: Levels = {101: 1, 102: 2, 103: 3}


class BookBench:
    """A book with tick and lot 1 (or as given), connected at 0 ms.

    Parameters
    ----------
    max_age_ms : int, optional
        Age beyond which the market counts as stale.
    """

    def __init__(
        self,
        rules: SyncRules | None = None,
        *,
        chained: bool = False,
        checksum: Checksum | None = None,
        keys: BookKeys | None = None,
        max_age_ms: int | None = None,
        tick: str = "1",
        lot: str = "1",
        connected: bool = True,
    ) -> None:
        self.chained = chained
        self.market = MarketState(instrument(tick=tick, lot=lot), None if max_age_ms is None else max_age_ms * MS)
        self.book = self.market.book
        self.scanner = BookScanner(keys or BookKeys(prev_id="pu" if chained else ""), Decimal(tick), Decimal(lot))
        self.sync = BookSync(self.market, self.scanner, rules, checksum)
        self.now_ms = 0
        if connected:
            self.sync.on_connect(0)

    # ---- time
    def wait(self, ms: int) -> BookBench:
        """Time passes and everybody hears of it."""
        self.now_ms += ms
        self.sync.on_tick(self.now_ns)
        return self

    @property
    def now_ns(self) -> int:
        return self.now_ms * MS

    @property
    def wants(self) -> bool:
        return self.sync.wants_snapshot(self.now_ns)

    @property
    def usable(self) -> bool:
        return self.market.is_usable(self.now_ns)

    # ---- messages
    def diff(self, first: int, last: int, bids: Levels | None = None, asks: Levels | None = None, prev: int | None = None, **more: object) -> bool:
        return self.sync.on_diff(self.diff_bytes(first, last, bids, asks, prev, **more), self.now_ns)

    def diff_bytes(
        self, first: int, last: int, bids: Levels | None = None, asks: Levels | None = None, prev: int | None = None, **more: object
    ) -> bytes:
        chain = {"pu": first - 1 if prev is None else prev} if self.chained else {}
        return json.dumps(
            {"e": "depthUpdate", "E": 1, "U": first, "u": last, **chain, **more, "b": pairs(bids or {}), "a": pairs(asks or {})}
        ).encode()

    def snapshot(self, last: int, bids: Levels | None = None, asks: Levels | None = None, asked_ms: int | None = None, **more: object) -> bool:
        asked_ns = (self.now_ms if asked_ms is None else asked_ms) * MS
        return self.sync.on_snapshot(snapshot_bytes(last, bids, asks, **more), asked_ns, self.now_ns)

    def ready(self, last: int = 10, bids: Levels | None = None, asks: Levels | None = None) -> BookBench:
        self.snapshot(last, bids, asks)
        assert self.sync.is_ready, self.sync.problem
        return self

    @property
    def sides(self) -> tuple[dict[int, int], dict[int, int]]:
        return dict(self.book.levels(True, 10**6)), dict(self.book.levels(False, 10**6))


def snapshot_bytes(last: int, bids: Levels | None = None, asks: Levels | None = None, **more: object) -> bytes:
    sides = {"bids": pairs(BIDS if bids is None else bids), "asks": pairs(ASKS if asks is None else asks)}
    return json.dumps({"lastUpdateId": last, **more, **sides}).encode()


def pairs(levels: Levels) -> list[list[str]]:
    return [[str(price), str(size)] for price, size in levels.items()]
