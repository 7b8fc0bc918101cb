"""The provider's whole surface: feeds, frames with all columns, gaps, ages, rates over hops, funding, connectors to be read."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pytest

from botcore.core.clock import Clock
from botcore.markets.candles_config import CandlesConfig
from botcore.markets.funding import FundingInfo
from botcore.markets.intervals import INTERVALS, bucket_start_s
from botcore.markets.market_data import CANDLE_COLUMNS, MarketDataProvider
from botcore.markets.market_state import MarketState
from botcore.model.enums import ClockMode, PriceType
from botcore.model.errors import ConfigError
from botcore.model.instrument import Instrument, Market
from botcore.model.market_events import BarClosed, BookSnapshot, QuoteTick, TradeTick
from tests.support.bench import instrument

D = Decimal
SECOND_NS = 10**9
T0_S = 1_704_067_200
"""2024-01-01T00:00:00Z, a Monday: days, weeks and months begin here."""
WHERE = ("venue", "ETH-USDT")


@dataclass
class Pair:
    connector_name: str
    trading_pair: str


class Rig:
    """A provider over markets that open when they are asked for; a few are not to be had."""

    def __init__(self, pairs: tuple[str, ...] = ("ETH-USDT",), max_age_s: int | None = None) -> None:
        self.clock = Clock(ClockMode.BACKTEST, start_ns=T0_S * SECOND_NS)
        self.states: dict[Market, MarketState] = {}
        self._max_age_ns = None if max_age_s is None else max_age_s * SECOND_NS
        self.data = MarketDataProvider(self.clock, self.states, lambda _connector, _asset: (D(10), D(7)), self.open)
        for pair in pairs:
            self.open(Market("venue", pair))

    def open(self, market: Market) -> MarketState:
        if market.trading_pair.startswith("NONE"):
            raise ConfigError(f"there is no market {market}")
        if market not in self.states:
            of: Instrument = instrument(connector=market.connector_name, pair=market.trading_pair, tick="0.0001", lot="0.1", min_notional="5")
            self.states[market] = MarketState(of, self._max_age_ns)
        return self.states[market]

    def quote(self, pair: str, bid: str, ask: str, at_s: float = 0.0, connector: str = "venue") -> None:
        state = self.open(Market(connector, pair))
        of, ts_ns = state.instrument, int((T0_S + at_s) * SECOND_NS)
        state.apply(QuoteTick(of.market, ts_ns, of.floor_ticks(D(bid)), of.floor_ticks(D(ask)), 10, 10))

    def bar(
        self, minute: int, close: float = 1.0, volume: float = 1.0, extra: tuple[float, float, float, float] | None = None, step_s: int = 60
    ) -> None:
        of = self.states[Market(*WHERE)]
        open_ns = (T0_S + step_s * minute) * SECOND_NS
        of.apply(
            BarClosed(of.instrument.market, open_ns + step_s * SECOND_NS, open_ns, step_s * SECOND_NS, close, close, close, close, volume, extra)
        )

    def at(self, seconds: float) -> None:
        self.clock.now_ns = int((T0_S + seconds) * SECOND_NS)


def config(interval: str = "1m", records: int = 3, pair: str = "ETH-USDT") -> CandlesConfig:
    return CandlesConfig(connector="venue", trading_pair=pair, interval=interval, max_records=records)


# ---- candles: columns ------------------------------------------------------------------------------------------------
def test_a_frame_has_all_columns_and_no_nan() -> None:
    rig = Rig()
    for minute in range(3):
        rig.bar(minute, close=10 + minute)
    frame = rig.data.get_candles_df(*WHERE, "1m")
    assert list(frame.columns) == CANDLE_COLUMNS and len(CANDLE_COLUMNS) == 10
    assert not frame.isna().any().any()
    assert frame[CANDLE_COLUMNS[6:]].to_numpy().tolist() == [[0, 0, 0, 0]] * 3, "a source that does not tell leaves zeros"
    assert rig.data.get_candles_df(*WHERE, "1m", 0).shape == (0, 10)


def test_what_a_source_tells_beside_a_bar_is_kept_and_summed() -> None:
    rig = Rig()
    rig.data.initialize_candles_feed(config("5m", 1))
    for minute in range(10):
        rig.bar(minute, extra=(100.0 + minute, 3.0, 0.5, 50.0))
    assert rig.data.get_candles_df(*WHERE, "1m", 2)[CANDLE_COLUMNS[6:]].to_numpy().tolist() == [[108, 3, 0.5, 50], [109, 3, 0.5, 50]]
    five = rig.data.get_candles_df(*WHERE, "5m")[CANDLE_COLUMNS[6:]].to_numpy().tolist()
    assert five == [[510, 15, 2.5, 250], [535, 15, 2.5, 250]]
    later = rig.data.get_candles_df(*WHERE, "10m") if "10m" in INTERVALS else None
    assert later is None
    # an interval that is asked for afterwards grows out of the same bars
    for minute in range(10, 15):
        rig.bar(minute)
    assert rig.data.get_candles_df(*WHERE, "15m")[CANDLE_COLUMNS[6:]].to_numpy().tolist() == [[1045, 30, 5, 500]]


def test_what_stands_beside_a_bar_moves_with_it() -> None:
    rig = Rig()
    keep = rig.states[Market(*WHERE)].candles.base.keep
    for minute in range(2 * keep + 5):
        rig.bar(minute, extra=(float(minute), 1.0, 0.0, 0.0) if minute % 2 else None)
    frame = rig.data.get_candles_df(*WHERE, "1m", keep)
    minutes = (frame["timestamp"] - T0_S) / 60
    assert frame["quote_asset_volume"].tolist() == [minute if minute % 2 else 0 for minute in minutes]


def test_trades_tell_what_takers_did() -> None:
    rig = Rig()
    state = rig.states[Market(*WHERE)]
    of = state.instrument
    for second, price, lots, buyer_is_maker in [(1, "10", 10, False), (2, "11", 20, True), (3, "12", 30, False), (61, "12", 10, True)]:
        state.apply(TradeTick(of.market, (T0_S + second) * SECOND_NS, of.floor_ticks(D(price)), lots, buyer_is_maker))
    row = rig.data.get_candles_df(*WHERE, "1m").iloc[0]
    assert row[CANDLE_COLUMNS[1:]].tolist() == pytest.approx([10, 12, 10, 12, 6, 10 + 22 + 36, 3, 4, 46])


def test_candles_of_a_market_that_is_not_open_open_it() -> None:
    rig = Rig(())
    assert rig.data.get_candles_df("venue", "BTC-USDT", "5m").empty and rig.data.get_trading_pairs("venue") == ["BTC-USDT"]
    with pytest.raises(ConfigError, match="no market venue:NONE-USDT"):
        rig.data.get_candles_df("venue", "NONE-USDT", "5m")


# ---- candles: intervals ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("interval", [name for name in INTERVALS if name != "1s"])
def test_every_interval_grows_out_of_the_feed(interval: str) -> None:
    rig, seconds = Rig(), INTERVALS[interval]
    base_s = 60 if seconds <= 86_400 else 86_400
    bars = list(range(min(2_000, 4 * seconds // base_s + 40)))
    for bar in bars:
        rig.bar(bar, close=float(bar), step_s=base_s)
    frame = rig.data.get_candles_df(*WHERE, interval)
    # the first whole bucket: three days count from the epoch and begin within the data
    starts = [T0_S + base_s * bar for bar in bars]
    whole = sorted({bucket_start_s(start, seconds) for start in starts} - {bucket_start_s(starts[-1], seconds)})
    whole = [start for start in whole if start >= T0_S]
    assert frame["timestamp"].tolist()[: len(whole)] == whole and len(whole) >= 1
    for start, row in zip(whole, frame.itertuples(index=False), strict=False):
        inside = [bar for bar in bars if bucket_start_s(T0_S + base_s * bar, seconds) == start]
        assert (row.open, row.high, row.low, row.close, row.volume) == (inside[0], inside[-1], inside[0], inside[-1], len(inside))


def test_seconds_come_from_trades_only() -> None:
    rig = Rig()
    with pytest.raises(ConfigError, match="can't be made"):
        rig.data.get_candles_df(*WHERE, "1s")
    state = rig.states[Market(*WHERE)]
    of = state.instrument

    def trade(second: float, price: str) -> None:
        state.apply(TradeTick(of.market, int((T0_S + second) * SECOND_NS), of.floor_ticks(D(price)), 10, False))

    trade(0, "9")
    assert rig.data.get_candles_df(*WHERE, "1s").empty
    for second, price in [(0.2, "10"), (0.7, "11"), (1.5, "12"), (4.0, "13"), (5.0, "14")]:
        trade(second, price)
    frame = rig.data.get_candles_df(*WHERE, "1s")
    assert frame["close"].tolist() == pytest.approx([11, 12, 12, 12, 13])
    assert np.diff(frame["timestamp"]).tolist() == [1, 1, 1, 1]
    assert frame["n_trades"].tolist() == [2, 1, 0, 0, 1]


# ---- candles: gaps and age -------------------------------------------------------------------------------------------
def test_a_gap_is_marked_and_never_silently_closed() -> None:
    rig = Rig()
    rig.data.initialize_candles_feed(config("5m", 1))
    for minute in (0, 1, 2, 6, 7, 8, 9):
        rig.bar(minute, close=float(minute))
    assert rig.data.candle_gaps(*WHERE, "1m", 10).tolist() == [0, 0, 0, 1, 1, 1, 0, 0, 0, 0]
    assert rig.data.candle_gaps(*WHERE, "5m", 10).tolist() == [2, 1]
    frame = rig.data.get_candles_df(*WHERE, "1m", 5)
    assert frame.attrs["missing"] == 1 and frame.attrs["as_of_ns"] == (T0_S + 600) * SECOND_NS
    assert rig.data.get_candles_df(*WHERE, "1m", 4).attrs["missing"] == 0
    # an interval that is asked for later knows of them too
    for minute in range(10, 15):
        rig.bar(minute)
    assert rig.data.candle_gaps(*WHERE, "15m", 1).tolist() == [3]


def test_a_hole_too_large_to_fill_is_marked_on_the_bar_behind_it() -> None:
    rig = Rig()
    rig.bar(0)
    rig.bar(30_001)
    assert rig.data.candle_gaps(*WHERE, "1m", 5).tolist() == [0, 30_000]


def test_months_have_no_gaps_between_them() -> None:
    rig = Rig()
    for day in range(31 + 29 + 31):
        rig.bar(day, step_s=86_400)
        rig.data.initialize_candles_feed(config("1M", 1))
    assert rig.data.candle_gaps(*WHERE, "1M", 5).tolist() == [0, 0, 0]


def test_candles_say_how_old_they_are() -> None:
    rig = Rig()
    fresh = rig.data.candles_freshness(*WHERE, "1m")
    assert (fresh.as_of_ns, fresh.age_s, fresh.is_usable) == (0, math.inf, False)
    for minute in range(5):
        rig.bar(minute)
    rig.at(330)
    fresh = rig.data.candles_freshness(*WHERE, "1m")
    assert (fresh.as_of_ns, fresh.age_s, fresh.is_usable, fresh.missing) == ((T0_S + 300) * SECOND_NS, 30, True, 0)
    rig.at(420)
    assert not rig.data.candles_freshness(*WHERE, "1m").is_usable, "the next candle should have closed a minute ago"
    rig.bar(7)
    rig.at(480)
    fresh = rig.data.candles_freshness(*WHERE, "1m")
    assert fresh.missing == 2 and not fresh.is_usable
    assert rig.data.candles_freshness(*WHERE, "1m", 1).is_usable


# ---- candles: feeds --------------------------------------------------------------------------------------------------
def test_a_feed_with_enough_records_serves_again() -> None:
    rig = Rig()
    large = rig.data.get_candles_feed(config(records=5))
    assert rig.data.get_candles_feed(config(records=3)) is large and large.max_records == 5
    larger = rig.data.get_candles_feed(config(records=8))
    assert larger is not large and list(rig.data.candles_feeds) == ["venue_ETH-USDT_1m"]
    assert (larger.name, larger.trading_pair, larger.interval, larger.interval_in_seconds) == ("venue", "ETH-USDT", "1m", 60)
    rig.data.initialize_candles_feed_list([config("5m"), config("1h")])
    assert len(rig.data.candles_feeds) == 3
    larger.stop()
    rig.data.stop_candle_feed(config("5m"))
    rig.data.stop_candle_feed(config("5m"))
    assert list(rig.data.candles_feeds) == ["venue_ETH-USDT_1h"]


def test_a_feed_is_ready_when_it_is_full() -> None:
    rig = Rig()
    feed = rig.data.get_candles_feed(config(records=3))
    feed.start()
    for minute in range(3):
        assert not feed.ready
        rig.bar(minute)
    rig.at(200)
    assert feed.ready and feed.candles_df["timestamp"].tolist() == [T0_S, T0_S + 60, T0_S + 120] and feed.freshness.is_usable


async def test_history_is_cut_out_of_what_is_kept() -> None:
    rig = Rig()
    for minute in range(100):
        rig.bar(minute, close=float(minute))
    ask = rig.data.get_historical_candles_df
    assert (await ask(*WHERE, "1m"))["close"].tolist() == list(range(100))
    assert (await ask(*WHERE, "1m", T0_S + 600, T0_S + 720))["close"].tolist() == [10, 11, 12]
    assert (await ask(*WHERE, "1m", T0_S + 601, T0_S + 719))["close"].tolist() == [11]
    assert (await ask(*WHERE, "1m", None, T0_S + 720, 2))["close"].tolist() == [11, 12]
    assert (await ask(*WHERE, "1m", T0_S + 10**6))["close"].tolist() == []
    assert (await ask(*WHERE, "1m", T0_S + 720, T0_S + 600, 5))["close"].tolist() == []
    assert (await ask(*WHERE, "1m", max_cache_records=4))["close"].tolist() == [96, 97, 98, 99]


# ---- ready and fresh -------------------------------------------------------------------------------------------------
def test_ready_means_every_market_and_every_feed() -> None:
    rig = Rig(max_age_s=5)
    assert not rig.data.ready
    rig.quote("ETH-USDT", "99", "101")
    assert rig.data.ready and rig.data.get_connector("venue").ready
    rig.at(6)
    assert not rig.data.ready and not rig.data.get_connector("venue").ready, "stale"
    rig.quote("ETH-USDT", "99", "101", 6)
    rig.data.initialize_candles_feed(config(records=1))
    assert not rig.data.ready
    rig.bar(0)
    rig.at(60)
    assert rig.data.ready


def test_a_price_says_how_old_it_is() -> None:
    rig = Rig(max_age_s=60)
    assert rig.data.freshness(*WHERE).age_s == math.inf
    rig.quote("ETH-USDT", "99", "101", 10)
    rig.at(30)
    fresh = rig.data.freshness(*WHERE)
    assert (fresh.age_s, fresh.is_usable) == (20, True)
    assert rig.data.get_price_by_type(*WHERE, PriceType.MidPrice, max_age_s=20) == 100
    assert rig.data.get_price_by_type(*WHERE, PriceType.MidPrice, max_age_s=19.9).is_nan()
    rig.at(71)
    assert not rig.data.freshness(*WHERE).is_usable
    for kind in (PriceType.LastOwnTrade, PriceType.InventoryCost, PriceType.Custom):
        assert rig.data.get_price_by_type(*WHERE, kind).is_nan()


def test_a_book_as_two_frames() -> None:
    rig = Rig()
    state = rig.states[Market(*WHERE)]
    state.apply(BookSnapshot(state.instrument.market, 1, 77, [(990_000, 10), (980_000, 20)], [(1_010_000, 30)]))
    bids, asks = rig.data.get_order_book_snapshot(*WHERE)
    assert list(bids.columns) == ["price", "amount", "update_id"] == list(asks.columns)
    assert bids["price"].tolist() == pytest.approx([99, 98]) and bids["amount"].tolist() == pytest.approx([1, 2])
    assert asks.to_numpy().tolist() == [pytest.approx([101, 3, 77])]
    empty = Rig().data.get_order_book_snapshot(*WHERE)
    assert [len(side) for side in empty] == [0, 0] and list(empty[0].columns) == ["price", "amount", "update_id"]


# ---- rates and funding -----------------------------------------------------------------------------------------------
def test_ro_1_rates_over_hops_with_the_age_of_the_oldest_part() -> None:
    rig = Rig(())
    rig.quote("HBOT-USDT", "100", "100", 1)
    rig.quote("AAVE-USDT", "50", "50", 5)
    rig.quote("USDT-GBP", "0.75", "0.75", 9)
    rig.at(10)
    rates = {pair: rig.data.get_rate(pair) for pair in ("USDT-HBOT", "HBOT-AAVE", "AAVE-HBOT", "HBOT-GBP", "ZBOT-USDT", "HBOT-HBOT")}
    assert rates == {"USDT-HBOT": D("0.01"), "HBOT-AAVE": 2, "AAVE-HBOT": D("0.5"), "HBOT-GBP": 75, "ZBOT-USDT": None, "HBOT-HBOT": 1}
    reading = rig.data.rate_reading("HBOT-AAVE")
    assert reading is not None and reading.as_of_ns == (T0_S + 1) * SECOND_NS


def test_a_rate_out_of_a_stale_price_is_unknown() -> None:
    rig = Rig(("ETH-USDT",), max_age_s=5)
    rig.quote("ETH-USDT", "100", "100")
    assert rig.data.get_rate("ETH-USDT") == 100
    rig.at(6)
    assert rig.data.get_rate("ETH-USDT") is None
    rig.data.rates.put("ETH-USDT", D(90), rig.clock.now_ns)
    assert rig.data.get_rate("ETH-USDT") == 90
    rig.at(6 + 601)
    assert rig.data.get_rate("ETH-USDT") is None


def test_usd_counts_as_usdt_only_where_nothing_better_is_known() -> None:
    rig = Rig(())
    rig.quote("ETH-USDT", "100", "100")
    assert rig.data.get_rate("ETH-USD") == 100 and rig.data.get_rate("USD-USDT") == 1
    rig.quote("USDT-USD", "0.99", "0.99")
    assert rig.data.get_rate("ETH-USD") == 99


def test_rate_sources_open_their_markets_and_say_which_are_not_to_be_had() -> None:
    rig = Rig(())
    sources = [Pair("other", "BTC-USDT"), Pair("other", "NONE-USDT")]
    rig.data.initialize_rate_sources(sources)
    assert Market("other", "BTC-USDT") in rig.states and rig.data.rate_troubles == {"other:NONE-USDT": "there is no market other:NONE-USDT"}
    rig.quote("BTC-USDT", "50000", "50000", connector="other")
    assert rig.data.get_rate("BTC-USDT") == 50_000 and rig.data.get_rate("NONE-USDT") is None
    rig.data.remove_rate_sources(sources)
    assert rig.data.rate_troubles == {} and rig.data.get_rate("BTC-USDT") == 50_000


def test_funding_is_what_the_venue_last_told() -> None:
    rig = Rig()
    assert rig.data.get_funding_info(*WHERE) is None
    told = FundingInfo("ETH-USDT", D(100), D("100.1"), T0_S + 28_800, D("0.0001"), T0_S * SECOND_NS)
    rig.states[Market(*WHERE)].funding = told
    assert rig.data.get_funding_info(*WHERE) == told


# ---- connectors ------------------------------------------------------------------------------------------------------
def test_a_connector_is_read_under_its_own_names() -> None:
    rig = Rig()
    rig.quote("ETH-USDT", "99", "101")
    view = rig.data.get_connector("venue")
    assert (view.name, view.trading_pairs, list(view.trading_rules), list(view.order_books)) == ("venue", ["ETH-USDT"], ["ETH-USDT"], ["ETH-USDT"])
    assert view.get_mid_price("ETH-USDT") == 100 and view.get_price("ETH-USDT", True) == 101 and view.get_price("ETH-USDT", False) == 99
    assert view.get_price_by_type("ETH-USDT", PriceType.BestBid) == 99 and view.get_order_book("ETH-USDT").best_bid == 990_000
    assert (view.get_balance("USDT"), view.get_available_balance("USDT")) == (10, 7)
    assert view.quantize_order_price("ETH-USDT", D("1.00009")) == 1 and view.quantize_order_amount("ETH-USDT", D("0.19")) == D("0.1")
    assert list(rig.data.connectors) == ["venue"] and not view.is_perpetual


def test_a_connector_that_is_not_open_is_named() -> None:
    rig = Rig()
    with pytest.raises(ConfigError, match=r"connector venu is not open here, did you mean venue\?"):
        rig.data.get_connector("venu")
    reader = rig.data.get_non_trading_connector("other")
    assert reader.get_balance("USDT").is_nan() and reader.trading_pairs == [] and not reader.ready
    assert rig.data.get_connector_with_fallback("venue").get_balance("USDT") == 10
    assert rig.data.get_connector_with_fallback("other").get_available_balance("USDT").is_nan()


async def test_books_can_be_opened_at_run_time() -> None:
    rig = Rig(())
    assert await rig.data.initialize_order_books("venue", ["ETH-USDT", "NONE-USDT"]) == {"ETH-USDT": True, "NONE-USDT": False}
    assert rig.data.get_trading_pairs("venue") == ["ETH-USDT"]
    # others may read it: it is not closed under them
    assert await rig.data.remove_order_books("venue", ["ETH-USDT", "NONE-USDT"]) == {"ETH-USDT": True, "NONE-USDT": False}
    assert rig.data.get_trading_pairs("venue") == ["ETH-USDT"]
    with pytest.raises(ConfigError, match="not open here"):
        MarketDataProvider(rig.clock, {}).initialize_candles_feed(config())
