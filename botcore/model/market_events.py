"""What a market does: the values that feeds emit, in the order of their time.

Prices and sizes are in the instrument's ticks and lots, already converted by the feed that read them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from botcore.model.instrument import Market

Level = tuple[int, int]
"""(ticks, lots)"""

UNKNOWN_DEPTH: Final = 10**15
"""Lots that a quote stands for when its source has no depth (candles): enough for any order, far from overflow."""


@dataclass(slots=True, init=False)
class QuoteTick:
    """Best bid and ask. From candles both are the same price and the depth is `UNKNOWN_DEPTH`."""

    market: Market
    ts_ns: int
    bid_ticks: int
    ask_ticks: int
    bid_lots: int
    ask_lots: int

    # written out, here and below: it is compiled, and what a dataclass would generate is not
    def __init__(
        self, market: Market, ts_ns: int, bid_ticks: int, ask_ticks: int, bid_lots: int = UNKNOWN_DEPTH, ask_lots: int = UNKNOWN_DEPTH
    ) -> None:
        self.market = market
        self.ts_ns = ts_ns
        self.bid_ticks = bid_ticks
        self.ask_ticks = ask_ticks
        self.bid_lots = bid_lots
        self.ask_lots = ask_lots


@dataclass(slots=True)
class BookSnapshot:
    """A whole book; replaces what was known."""

    market: Market
    ts_ns: int
    update_id: int
    bids: list[Level]
    asks: list[Level]


@dataclass(slots=True)
class BookDiff:
    """Changed levels; 0 lots removes a level.

    Parameters
    ----------
    first_id, last_id : int
        Range of update ids in this message.
    prev_id : int
        `last_id` of the message before, or -1 where the venue does not say.
    """

    market: Market
    ts_ns: int
    first_id: int
    last_id: int
    prev_id: int
    bids: list[Level]
    asks: list[Level]


@dataclass(slots=True)
class TradeTick:
    """A public trade; `buyer_is_maker` means that a seller took a resting bid."""

    market: Market
    ts_ns: int
    price_ticks: int
    lots: int
    buyer_is_maker: bool


@dataclass(slots=True, init=False)
class BarClosed:
    """A finished candle; prices float64 quote per base, volume in base, `open_ns` the time at which it opened.

    `extra` is what some sources tell beside it: quote volume, number of trades, base and quote volume that takers bought.
    """

    market: Market
    ts_ns: int
    open_ns: int
    interval_ns: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    extra: tuple[float, float, float, float] | None

    def __init__(
        self,
        market: Market,
        ts_ns: int,
        open_ns: int,
        interval_ns: int,
        open: float,
        high: float,
        low: float,
        close: float,
        volume: float,
        extra: tuple[float, float, float, float] | None = None,
    ) -> None:
        self.market = market
        self.ts_ns = ts_ns
        self.open_ns = open_ns
        self.interval_ns = interval_ns
        self.open = open
        self.high = high
        self.low = low
        self.close = close
        self.volume = volume
        self.extra = extra


@dataclass(slots=True)
class FeedEnded:
    """A recorded feed has no more data."""

    market: Market
    ts_ns: int


MarketEvent = QuoteTick | BookSnapshot | BookDiff | TradeTick | BarClosed | FeedEnded
