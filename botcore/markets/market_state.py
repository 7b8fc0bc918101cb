"""All that is known of one market: book, last trade, candles. Feeds write it event by event; nobody else does."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from botcore.markets.candles import CandleBook
from botcore.markets.funding import FundingInfo
from botcore.markets.order_book import NO_ASK, NO_BID, OrderBook
from botcore.markets.price_watch import PriceWatch
from botcore.model.enums import PriceType
from botcore.model.instrument import Instrument
from botcore.model.market_events import BarClosed, BookDiff, BookSnapshot, FeedEnded, MarketEvent, QuoteTick, TradeTick

# members of enums as names of this module: compiled code reads them without a lookup
MID_PRICE: Final = PriceType.MidPrice

NAN: Final = Decimal("NaN")


class MarketState:
    """One market as it stands.

    Parameters
    ----------
    instrument : Instrument
        What is traded; its ticks and lots are the book's scale.
    max_age_ns : int, optional
        Age of the last event beyond which the market counts as stale; None where a quote stands until the next one (candles).

    Attributes
    ----------
    funding : FundingInfo, optional
        What a perpetual's venue last told; None while it told nothing.
    quarantined : bool
        Whether a live book is in sequence and yet not to be used (crossed, locked, one-sided, silent); `BookSync` says so.
    """

    __slots__ = ("_age_limit_ns", "book", "candles", "ended", "funding", "gaps", "instrument", "last_trade_ticks", "quarantined", "ts_ns", "watch")

    def __init__(self, instrument: Instrument, max_age_ns: int | None = None) -> None:
        self.instrument = instrument
        self.book = OrderBook()
        self.candles = CandleBook()
        self.watch = PriceWatch()
        self.last_trade_ticks = 0
        self.ts_ns = 0
        self.gaps = 0
        self.ended = False
        self.quarantined = False
        self.funding: FundingInfo | None = None
        self._age_limit_ns = max_age_ns

    # ---- written by feeds ------------------------------------------------------------------------------------------
    def apply(self, event: MarketEvent) -> None:
        """Take one event of this market."""
        self.ts_ns = event.ts_ns
        if type(event) is QuoteTick:
            self.book.set_quote(event.bid_ticks, event.bid_lots, event.ask_ticks, event.ask_lots, event.ts_ns)
            self.last_trade_ticks = event.bid_ticks
        elif type(event) is BookDiff:
            applied = self.book.apply_diff(event.first_id, event.last_id, event.prev_id, event.bids, event.asks, event.ts_ns)
            if not self.book.is_ready and applied:
                self.gaps += 1
        elif type(event) is TradeTick:
            self.last_trade_ticks = event.price_ticks
            instrument = self.instrument
            self.candles.on_trade(event.ts_ns, event.price_ticks * instrument.tick, event.lots * instrument.lot, not event.buyer_is_maker)
        elif type(event) is BarClosed:
            self.candles.on_bar(event)
        elif type(event) is BookSnapshot:
            self.book.snapshot(event.bids, event.asks, event.update_id, event.ts_ns)
        elif type(event) is FeedEnded:
            self.ended = True

    # ---- read by everybody -----------------------------------------------------------------------------------------
    def is_usable(self, now_ns: int) -> bool:
        """False while the price can't be trusted: no book, a gap in it, crossed, one-sided, quarantined, stale, or at the end of a recording."""
        book = self.book
        if not book.is_ready or self.ended or self.quarantined or book.best_bid == NO_BID or book.best_ask == NO_ASK or book.best_bid > book.best_ask:
            return False
        return self._age_limit_ns is None or now_ns - self.ts_ns <= self._age_limit_ns

    @property
    def is_torn(self) -> bool:
        """Whether the book is damaged: its bids reach its asks where that can't be. What it shows is no price."""
        return self.quarantined and self.book.best_bid >= self.book.best_ask

    def mid_half_ticks(self) -> int | None:
        """Twice the mid in ticks, exact; None when a side is empty or the book is torn."""
        book = self.book
        if book.best_bid == NO_BID or book.best_ask == NO_ASK or (self.quarantined and self.is_torn):
            return None
        return book.best_bid + book.best_ask

    def mid(self) -> float:
        """Mid price; NaN when it is not known."""
        half = self.mid_half_ticks()
        return float("nan") if half is None else half * self.instrument.tick * 0.5

    def price(self, kind: PriceType) -> Decimal:
        """A price as Decimal; NaN when it is not known."""
        book, instrument = self.book, self.instrument
        if kind is MID_PRICE:
            half = self.mid_half_ticks()
            return NAN if half is None else half * instrument.tick_size / 2
        if kind is PriceType.BestBid:
            return NAN if book.best_bid == NO_BID or self.is_torn else instrument.price(book.best_bid)
        if kind is PriceType.BestAsk:
            return NAN if book.best_ask == NO_ASK or self.is_torn else instrument.price(book.best_ask)
        if kind is PriceType.LastTrade:
            return instrument.price(self.last_trade_ticks) if self.last_trade_ticks else NAN
        return NAN
