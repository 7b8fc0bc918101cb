"""One market as it stands: when its price may be used, and what its prices are."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest

from botcore.markets.market_state import MarketState
from botcore.model.enums import PriceType
from botcore.model.market_events import BarClosed, BookDiff, BookSnapshot, FeedEnded, QuoteTick, TradeTick
from tests.support.bench import instrument

ETH = instrument()
MARKET = ETH.market
SECOND = 10**9


def state(max_age_ns: int | None = None) -> MarketState:
    return MarketState(ETH, max_age_ns)


def quoted(max_age_ns: int | None = None) -> MarketState:
    made = state(max_age_ns)
    made.apply(QuoteTick(MARKET, 1_000, 10_000, 10_003))
    return made


def test_nothing_is_known_of_a_fresh_market() -> None:
    made = state()
    assert not made.is_usable(0) and math.isnan(made.mid()) and made.mid_half_ticks() is None
    assert all(made.price(kind).is_nan() for kind in PriceType)


def test_a_quote_makes_it_usable() -> None:
    made = quoted()
    assert made.is_usable(10**18), "a candle's quote stands until the next one"
    assert made.price(PriceType.BestBid) == Decimal("100.00") and made.price(PriceType.BestAsk) == Decimal("100.03")
    assert made.price(PriceType.MidPrice) == Decimal("100.015") and made.mid_half_ticks() == 20_003
    assert made.mid() == pytest.approx(100.015)


@pytest.mark.parametrize(("age", "usable"), [(0, True), (5 * SECOND, True), (5 * SECOND + 1, False)])
def test_a_stale_market_is_not_used(age: int, usable: bool) -> None:
    assert quoted(5 * SECOND).is_usable(1_000 + age) is usable


@pytest.mark.parametrize(
    ("bids", "asks", "usable"), [([(99, 1)], [(101, 1)], True), ([], [(101, 1)], False), ([(99, 1)], [], False), ([(102, 1)], [(101, 1)], False)]
)
def test_a_one_sided_or_crossed_book_is_not_used(bids: list[tuple[int, int]], asks: list[tuple[int, int]], usable: bool) -> None:
    made = state()
    made.apply(BookSnapshot(MARKET, 1, 7, bids, asks))
    assert made.is_usable(1) is usable


def test_a_locked_quote_is_used() -> None:
    """Candles have bid = ask."""
    made = state()
    made.apply(QuoteTick(MARKET, 1, 100, 100))
    assert made.is_usable(1)


def test_a_gap_is_counted_and_the_market_not_used_until_the_next_snapshot() -> None:
    made = state()
    made.apply(BookSnapshot(MARKET, 1, 7, [(99, 1)], [(101, 1)]))
    made.apply(BookDiff(MARKET, 2, 8, 8, -1, [(100, 1)], []))
    assert made.is_usable(2) and made.book.best_bid == 100 and made.gaps == 0
    made.apply(BookDiff(MARKET, 3, 10, 10, -1, [], []))
    assert not made.is_usable(3) and made.gaps == 1
    made.apply(BookSnapshot(MARKET, 4, 12, [(99, 1)], [(101, 1)]))
    assert made.is_usable(4)


def test_an_old_diff_is_no_gap() -> None:
    made = state()
    made.apply(BookSnapshot(MARKET, 1, 7, [(99, 1)], [(101, 1)]))
    made.apply(BookDiff(MARKET, 2, 5, 7, -1, [], []))
    assert made.is_usable(2) and made.gaps == 0


def test_an_ended_recording_is_not_used() -> None:
    made = quoted()
    made.apply(FeedEnded(MARKET, 2_000))
    assert made.ended and not made.is_usable(2_000)


def test_a_trade_is_the_last_price_and_goes_into_the_candles() -> None:
    made = state()
    made.apply(TradeTick(MARKET, 60 * SECOND, 10_050, 2_000, True))
    made.apply(TradeTick(MARKET, 121 * SECOND, 10_060, 1_000, True))
    assert made.price(PriceType.LastTrade) == Decimal("100.60")
    assert made.candles.base.tail(1).tolist() == [[60.0, *[pytest.approx(100.5)] * 4, pytest.approx(2.0)]]


def test_a_closed_bar_goes_into_the_candles() -> None:
    made = state()
    made.apply(BarClosed(MARKET, 60 * SECOND, 0, 60 * SECOND, 1.0, 2.0, 0.5, 1.5, 7.0))
    assert made.candles.base.tail(1).tolist() == [[0.0, 1.0, 2.0, 0.5, 1.5, 7.0]]


def test_unknown_kinds_of_price_are_nan() -> None:
    assert quoted().price(PriceType.InventoryCost).is_nan()
