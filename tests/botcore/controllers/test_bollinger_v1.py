"""bollinger_v1: %B against a pandas reference, signals at the thresholds, entries a side, cooldown, and no look into the future."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from botcore.controllers.bollinger_v1 import BollingerV1Config, BollingerV1Controller, bollinger_percent_b
from botcore.controllers.catalog import shipped_controllers
from botcore.executors.info import ExecutorInfo
from botcore.model.actions import CreateExecutorAction
from botcore.model.enums import CloseType, OrderType, RunnableStatus, TradeType
from botcore.model.instrument import Market
from botcore.model.market_events import BarClosed
from tests.support.bench import PERP, SECOND_NS, T0_S, D, instrument
from tests.support.paper_bench import PaperBench
from tests.support.venue_bench import VenueBench

BUY, SELL = TradeType.BUY, TradeType.SELL
BAR_S = 60
FIRST_S = T0_S // 180 * 180


def config(**changes: Any) -> BollingerV1Config:
    values = {
        "connector_name": PERP,
        "trading_pair": "ETH-USDT",
        "total_amount_quote": D(1000),
        "interval": "1m",
        "bb_length": 20,
        "leverage": 5,
    } | changes
    return BollingerV1Config(**values)


def closes_of(count: int, seed: int = 5) -> np.ndarray:
    steps = np.random.default_rng(seed).normal(0, 0.4, count)
    return np.round(100 + np.cumsum(steps), 2)


def pandas_percent_b(closes: np.ndarray, length: int, width: float) -> pd.Series:
    """The usual reading of Bollinger bands: rolling mean and population deviation."""
    series = pd.Series(closes)
    mean, deviation = series.rolling(length).mean(), series.rolling(length).std(ddof=0)
    return (series - (mean - width * deviation)) / (2 * width * deviation)


class Seat:
    """The controller in front of a market whose candles close when the test says so."""

    def __init__(self, of: BollingerV1Config, price: Any = 100) -> None:
        self.bench = VenueBench(instrument(), price=price)
        self.bench.state.candles.set_base(BAR_S)
        self.controller = BollingerV1Controller(of, self.bench.market_data)
        for candles in self.controller.get_candles_config():
            self.bench.market_data.initialize_candles_feed(candles)
        self.infos: list[ExecutorInfo] = []
        self.bars = 0

    def bar(self, close: float) -> list[Any]:
        """One more closed candle, then the controller's step."""
        open_ns = (FIRST_S + self.bars * BAR_S) * SECOND_NS
        end_ns = open_ns + BAR_S * SECOND_NS
        self.bars += 1
        if end_ns > self.bench.clock.now_ns:
            self.bench.clock.tick(end_ns)
        self.bench.state.apply(BarClosed(self.bench.instrument.market, end_ns, open_ns, BAR_S * SECOND_NS, close, close, close, close, 1.0))
        return self.step()

    def step(self) -> list[Any]:
        return list(self.controller.step(self.infos, []))

    def take_in(self, action: CreateExecutorAction) -> ExecutorInfo:
        info = ExecutorInfo(action.executor_config, f"x-{len(self.infos)}", "main", self.bench.clock.now_ns)
        info.status = RunnableStatus.RUNNING
        self.infos.append(info)
        return info

    def signal(self, signal: int) -> list[Any]:
        """The decision on a given signal."""
        self.controller.processed_data = {"signal": signal}
        self.controller.executors_info = self.infos
        return self.controller.determine_executor_actions()

    def pass_time(self, seconds: float) -> None:
        self.bench.clock.tick(self.bench.clock.now_ns + int(seconds * SECOND_NS))


# ---- the indicator -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("length", "width"), [(20, 2.0), (100, 2.0), (5, 1.5), (3, 1.0)])
def test_percent_b_is_that_of_pandas(length: int, width: float) -> None:
    closes = closes_of(400)
    expected = pandas_percent_b(closes, length, width)
    for end in range(length, len(closes) + 1):
        assert bollinger_percent_b(closes[end - length : end], width) == pytest.approx(expected[end - 1], abs=1e-6)


def test_percent_b_by_hand() -> None:
    """Closes 1, 2, 3, 4: mean 2.5, deviation sqrt(1.25); the last stands 1.5 above the mean of bands of 2 deviations."""
    assert bollinger_percent_b(np.array([1.0, 2.0, 3.0, 4.0]), 2.0) == pytest.approx(0.5 + 1.5 / (4 * 1.25**0.5))


def test_flat_candles_have_no_signal() -> None:
    assert bollinger_percent_b(np.full(20, 7.0), 2.0) == 0.5


def test_signal_on_every_bar_is_that_of_pandas_and_needs_a_full_window() -> None:
    closes = closes_of(300)
    seat = Seat(config(bb_long_threshold=0.1, bb_short_threshold=0.9, cooldown_time=0, max_executors_per_side=1000))
    expected = pandas_percent_b(closes, 20, 2.0)
    found = []
    for number, close in enumerate(closes):
        actions = seat.bar(float(close))
        if number < 19:
            assert actions == [] and seat.controller.processed_data == {"signal": 0}
            continue
        wanted = 1 if expected[number] < 0.1 else -1 if expected[number] > 0.9 else 0
        assert seat.controller.processed_data["signal"] == wanted
        assert seat.controller.processed_data["percent_b"] == pytest.approx(expected[number], abs=1e-9)
        found.append(wanted)
    assert {-1, 0, 1} == set(found)


def test_longer_interval_is_built_from_closed_bars_only() -> None:
    """3m candles out of 1m bars: the decision moves every third bar, on the close of that third bar."""
    closes = closes_of(120)
    seat = Seat(config(interval="3m", bb_length=5))
    expected = pandas_percent_b(closes[2::3], 5, 2.0)
    for number, close in enumerate(closes):
        seat.bar(float(close))
        done = (number + 1) // 3
        if done >= 5:
            assert seat.controller.processed_data["percent_b"] == pytest.approx(expected[done - 1], abs=1e-9)


def test_thresholds_are_strict() -> None:
    """%B of exactly the threshold is no signal."""
    closes = closes_of(20)
    value = bollinger_percent_b(closes, 2.0)
    for field, beyond, signal in (("bb_long_threshold", 1e-6, 1), ("bb_short_threshold", -1e-6, -1)):
        other = {"bb_short_threshold": 50.0} if field == "bb_long_threshold" else {"bb_long_threshold": -50.0}
        for threshold, expected in ((value, 0), (value + beyond, signal)):
            seat = Seat(config(**{field: threshold}, **other))
            for close in closes:
                seat.bar(float(close))
            assert seat.controller.processed_data["signal"] == expected


# ---- the decision --------------------------------------------------------------------------------------------------
def test_co_5_half_of_the_budget_at_the_mid_opens_at_market() -> None:
    """Total 100, two a side, price 100: 0.5 base."""
    seat = Seat(config(total_amount_quote=100, max_executors_per_side=2))
    (action,) = seat.signal(1)
    wanted = action.executor_config
    assert (wanted.side, wanted.amount, wanted.entry_price) == (BUY, D("0.5"), 100)
    assert wanted.triple_barrier_config.open_order_type is OrderType.MARKET
    (action,) = seat.signal(-1)
    assert action.executor_config.side is SELL
    assert seat.signal(0) == []


def test_co_6_the_other_side_does_not_count() -> None:
    """The reference lets one long with a maximum of 1 block every short."""
    seat = Seat(config(max_executors_per_side=1, cooldown_time=0))
    seat.take_in(seat.signal(1)[0])
    seat.pass_time(1)
    assert seat.signal(1) == []
    (action,) = seat.signal(-1)
    assert action.executor_config.side is SELL


def test_cooldown_counts_from_the_newest_entry_of_that_side_and_is_strict() -> None:
    seat = Seat(config(max_executors_per_side=5, cooldown_time=300))
    info = seat.take_in(seat.signal(1)[0])
    info.status, info.close_type = RunnableStatus.TERMINATED, CloseType.TAKE_PROFIT
    assert len(seat.signal(-1)) == 1, "the other side rests on its own"
    seat.pass_time(300)
    assert seat.signal(1) == []
    seat.pass_time(0.001)
    assert len(seat.signal(1)) == 1


def test_executor_that_still_closes_takes_a_place() -> None:
    seat = Seat(config(max_executors_per_side=1, cooldown_time=0))
    info = seat.take_in(seat.signal(1)[0])
    seat.pass_time(10)
    info.status = RunnableStatus.SHUTTING_DOWN
    assert seat.signal(1) == []
    info.status = RunnableStatus.TERMINATED
    assert len(seat.signal(1)) == 1


def test_no_price_no_entry() -> None:
    seat = Seat(config(), price=None)
    assert seat.signal(1) == []


def test_candles_of_another_market_are_its_market_too() -> None:
    of = config(candles_connector="venue", candles_trading_pair="BTC-USDT")
    assert of.markets() == {Market(PERP, "ETH-USDT"), Market("venue", "BTC-USDT")}
    assert config(candles_connector="", candles_trading_pair="").markets() == {Market(PERP, "ETH-USDT")}


@pytest.mark.parametrize("wrong", [{"bb_length": 1}, {"bb_std": 0}, {"bb_long_threshold": 1.0}, {"max_executors_per_side": 0}])
def test_configs_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        config(**wrong)


def test_unknown_interval_is_refused_by_name() -> None:
    with pytest.raises(ValidationError, match="unknown candle interval '7m'"):
        config(interval="7m")


def test_defaults_are_those_of_strategy_v2() -> None:
    plain = BollingerV1Config()
    assert (plain.max_executors_per_side, plain.cooldown_time, plain.leverage, plain.interval) == (2, 300, 20, "3m")
    assert (plain.bb_length, plain.bb_std, plain.bb_long_threshold, plain.bb_short_threshold) == (100, 2.0, 0.0, 1.0)
    assert shipped_controllers()["bollinger_v1"].kind == "directional_trading"


# ---- whole ---------------------------------------------------------------------------------------------------------
def test_bot_buys_below_the_band_and_ends_by_its_take_profit() -> None:
    closes = closes_of(40)
    history = np.array([[FIRST_S + (number - 40) * BAR_S, close, close, close, close, 1.0] for number, close in enumerate(closes)])
    market = Market(PERP, "ETH-USDT")
    bench = PaperBench(history={market: history}, price=None)
    last = Decimal(str(closes[-1]))
    bench.price(last)
    bot = bench.bot(
        (shipped_controllers()["bollinger_v1"], config(take_profit="0.01", max_executors_per_side=1, bb_long_threshold=-0.2, bb_short_threshold=1.2))
    )
    bench.settle()
    assert bot.orchestrator.running == ()
    low = last - 6
    end_ns = bench.clock.now_ns + SECOND_NS // 2
    bench.push(BarClosed(market, end_ns, FIRST_S * SECOND_NS, BAR_S * SECOND_NS, float(low), float(low), float(low), float(low), 1.0))
    bench.price(low)
    bench.settle()
    (executor,) = bot.orchestrator.running
    assert (executor.config.side, executor.info.has_fills) == (BUY, True)
    assert executor.config.amount == D(1000) / low
    bench.settle(5)
    assert len(bot.orchestrator.running) == 1, "one signal, one entry"
    bench.price((low * D("1.011")).quantize(D("0.01")))
    bench.settle()
    assert bot.orchestrator.report().close_type_counts == {CloseType.TAKE_PROFIT: 1}
    assert bench.records.faults == []
