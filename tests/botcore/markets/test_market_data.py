"""What deciders may know of the markets: in base amounts and prices, NaN where nothing is known."""

from __future__ import annotations

import math
from decimal import Decimal

import numpy as np
import pytest

from botcore.core.clock import Clock
from botcore.markets.candles_config import CandlesConfig
from botcore.markets.market_data import CANDLE_COLUMNS, MarketDataProvider
from botcore.markets.market_state import MarketState
from botcore.model.enums import ClockMode, PriceType, TradeType
from botcore.model.errors import ConfigError
from botcore.model.market_events import BarClosed, BookSnapshot
from tests.support.bench import instrument

D = Decimal
ETH = instrument(connector="venue", tick="1", lot="0.1", min_notional="5")
WHERE = ("venue", "ETH-USDT")
SECOND_NS = 10**9


def provider(with_book: bool = True) -> MarketDataProvider:
    state = MarketState(ETH)
    if with_book:
        bids, asks = [(99, 10), (98, 20), (97, 30)], [(101, 10), (102, 20), (103, 30)]
        state.apply(BookSnapshot(ETH.market, 1, 1, bids, asks))
    clock = Clock(ClockMode.BACKTEST, start_ns=5 * SECOND_NS // 2)
    return MarketDataProvider(clock, {ETH.market: state}, lambda connector, asset: (D(10), D(7)))


def bars(of: MarketDataProvider, count: int) -> None:
    for minute in range(count):
        of.state(*WHERE).apply(BarClosed(ETH.market, 0, minute * 60 * SECOND_NS, 60 * SECOND_NS, 1, 2, 0.5, minute, 7))


# ---- section L of the scenarios, in base ---------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("volume", "is_buy", "price", "found"), [(1.5, True, 102, 1.5), (3, True, 102, 3), (10, True, math.nan, 6), (4, False, 97, 4)]
)
def test_price_for_volume(volume: float, is_buy: bool, price: float, found: float) -> None:
    """OB-1."""
    result = provider().get_price_for_volume(*WHERE, volume, is_buy)
    assert result.result_price == pytest.approx(price, nan_ok=True) and result.result_volume == pytest.approx(found)
    assert result.query_volume == volume and math.isnan(result.query_price)


@pytest.mark.parametrize(
    ("volume", "is_buy", "price", "found"), [(2, True, 101.5, 2), (3, False, 295 / 3, 3), (10, True, math.nan, 6), (0, True, math.nan, 0)]
)
def test_vwap_for_volume(volume: float, is_buy: bool, price: float, found: float) -> None:
    """OB-2."""
    result = provider().get_vwap_for_volume(*WHERE, volume, is_buy)
    assert result.result_price == pytest.approx(price, nan_ok=True) and result.result_volume == pytest.approx(found)


@pytest.mark.parametrize(
    ("price", "is_buy", "quote", "base"), [(102, True, 305, 3), (98, False, 295, 3), (102.9, True, 305, 3), (97.1, False, 295, 3)]
)
def test_volumes_for_price(price: float, is_buy: bool, quote: float, base: float) -> None:
    """OB-4, also for prices between two ticks."""
    assert provider().get_quote_volume_for_price(*WHERE, price, is_buy).result_volume == pytest.approx(quote)
    assert provider().get_volume_for_price(*WHERE, price, is_buy).result_volume == pytest.approx(base)


@pytest.mark.parametrize(
    ("quote", "is_buy", "price"),
    [(101, True, 101), (203, True, 102), (614, True, 103), (700, True, math.nan), (99, False, 99), (600, False, math.nan)],
)
def test_price_for_quote_volume(quote: float, is_buy: bool, price: float) -> None:
    assert provider().get_price_for_quote_volume(*WHERE, quote, is_buy).result_price == pytest.approx(price, nan_ok=True)


@pytest.mark.parametrize(("tick", "lot"), [("0.1", "0.001"), ("0.00000001", "0.1"), ("0.1", "0.00001"), ("0.0001", "0.001")])
def test_quote_volume_of_whole_levels_finds_all_of_them(tick: str, lot: str) -> None:
    """0.1 times 0.001 is no round number as a float: none of the lots may be lost by that, and the last level counts."""
    of = instrument(connector="venue", tick=tick, lot=lot)
    state = MarketState(of)
    asks = [(1229, 4728), (1230, 1), (1234, 1), (4001, 2999)]
    state.apply(BookSnapshot(of.market, 1, 1, [(1228, 5)], asks))
    data = MarketDataProvider(Clock(ClockMode.BACKTEST), {of.market: state})
    for count in range(1, len(asks) + 1):
        quote = sum(of.notional(ticks, lots) for ticks, lots in asks[:count])
        base = of.amount(sum(lots for _, lots in asks[:count]))
        result = data.get_price_for_quote_volume(*WHERE, float(quote), True)
        assert result.result_price == pytest.approx(float(of.price(asks[count - 1][0]))) and result.result_volume == pytest.approx(float(base))
    assert math.isnan(data.get_price_for_quote_volume(*WHERE, float(quote) * 1.001, True).result_price)


def test_large_numbers_are_not_one_lot_or_tick_off() -> None:
    """536.24905177 at a lot of 0.00000001 is 53,624,905,177 lots, and as floats a little more; 563.3053355 at such a tick a little less."""
    of = instrument(connector="venue", tick="0.00000001", lot="0.00000001")
    state = MarketState(of)
    state.apply(BookSnapshot(of.market, 1, 1, [(1, 1)], [(56_330_533_549, 53_624_905_176), (56_330_533_550, 1)]))
    data = MarketDataProvider(Clock(ClockMode.BACKTEST), {of.market: state})
    assert data.get_price_for_volume(*WHERE, 536.24905176, True).result_price == pytest.approx(563.30533549, abs=1e-9)
    assert data.get_price_for_volume(*WHERE, 536.24905177, True).result_price == pytest.approx(563.3053355, abs=1e-9)
    assert math.isnan(data.get_vwap_for_volume(*WHERE, 536.24905178, True).result_price)
    assert data.get_volume_for_price(*WHERE, 563.3053355, True).result_volume == pytest.approx(536.24905177, abs=5e-9)


def test_an_empty_book_knows_no_price() -> None:
    empty = provider(with_book=False)
    for query in (empty.get_price_for_volume, empty.get_vwap_for_volume, empty.get_price_for_quote_volume):
        assert math.isnan(query(*WHERE, 1.0, True).result_price)
    assert empty.get_price_by_type(*WHERE).is_nan() and empty.touch(*WHERE, TradeType.BUY).is_nan()


# ---- prices, rules, balances ---------------------------------------------------------------------------------------
def test_prices_by_type_and_touch() -> None:
    of = provider()
    assert of.get_price_by_type(*WHERE) == 100 and of.get_price_by_type(*WHERE, PriceType.BestAsk) == 101
    assert of.touch(*WHERE, TradeType.BUY) == 99 and of.touch(*WHERE, TradeType.SELL) == 101


def test_time_is_market_time_in_seconds() -> None:
    assert provider().time() == 2.5 and provider().now_ns == 2_500_000_000


def test_quantizing_rounds_down() -> None:
    of = provider()
    assert of.quantize_order_price(*WHERE, D("100.9")) == 100 and of.quantize_order_amount(*WHERE, D("0.19")) == D("0.1")
    assert of.get_trading_rules(*WHERE).min_notional_size == 5


def test_balances_are_asked_where_they_are_and_nan_where_nobody_knows() -> None:
    of = provider()
    assert of.get_balance("venue", "USDT") == 10 and of.get_available_balance("venue", "USDT") == 7
    nobody = MarketDataProvider(Clock(ClockMode.BACKTEST), {})
    assert nobody.get_balance("venue", "USDT").is_nan() and nobody.get_available_balance("venue", "USDT").is_nan()


def test_a_market_that_is_not_open_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"market venue:ETH-USDC is not open here, did you mean venue:ETH-USDT\?"):
        provider().get_price_by_type("venue", "ETH-USDC")


def test_pairs_of_a_connector() -> None:
    assert provider().get_trading_pairs("venue") == ["ETH-USDT"] and provider().get_trading_pairs("other") == []


# ---- candles -------------------------------------------------------------------------------------------------------
def test_candles_as_array_and_as_frame() -> None:
    of = provider()
    bars(of, 5)
    assert of.candles(*WHERE, "1m", 2)[:, 0].tolist() == [180, 240]
    frame = of.get_candles_df(*WHERE, "1m", 3)
    assert list(frame.columns) == CANDLE_COLUMNS and frame["close"].tolist() == [2, 3, 4]
    frame.loc[:, "close"] = 99.0
    assert of.candles(*WHERE, "1m", 1)[0, 4] == 4, "the frame is the caller's own"


def test_candles_are_there_when_enough_have_closed() -> None:
    of, config = provider(), CandlesConfig(connector="venue", trading_pair="ETH-USDT", interval="5m", max_records=2)
    of.initialize_candles_feed(config)
    bars(of, 9)
    assert not of.has_candles(config)
    bars(of, 10)
    assert of.has_candles(config)


def test_an_interval_that_cannot_be_made_is_refused() -> None:
    of = provider()
    with pytest.raises(ConfigError, match="can't be made"):
        of.initialize_candles_feed(CandlesConfig(connector="venue", trading_pair="ETH-USDT", interval="1s"))
    with pytest.raises(ConfigError, match="unknown candle interval"):
        of.candles(*WHERE, "1minute", 5)
    assert of.candles(*WHERE, "1m", 5).shape == (0, 6) and of.candles(*WHERE, "1m", 5).dtype == np.float64
