"""`condor backtest` over two markets: the recordings of 2022-12-13 on Binance and Bybit, and a synthetic pair, with results that are explained."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from botcore.backtesting.engine import run_backtest
from botcore.backtesting.result import result_of
from botcore.data.candle_csv import read_candles
from botcore.model.errors import UserError
from condor.backtests import build_job, page_of
from condor.configs import Configs
from condor.create import create_config
from condor.home import Home
from condor.settings import Settings
from tests.support.cointegrated import write_synthetic_pair
from tests.support.data import CHECKOUT, recorded

BINANCE = "candles/lean_binance_btcbusd_1m.csv.gz"
"""BTC-BUSD: the dollar of its quote asset is taken for USDT."""
BYBIT, BYBIT_PERP = "candles/lean_bybit_btcusdt_1m.csv.gz", "candles/lean_bybit_btcusdt_perp_1m.csv.gz"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home", CHECKOUT / "conf")
    made.make()
    return made


def run(home: Home, name: str, given: list[str], data: list[str], fee: str, balances: list[str]) -> dict[str, Any]:
    """Ask the wizard's questions with some answers given, then run the config that it wrote."""
    path = create_config(home, name, None, given, lambda _: None)
    configs = Configs(home)
    job = build_job(configs.load(path), data, configs, Settings(), fee=Decimal(fee), balances=balances)
    found = result_of(job, run_backtest(job))
    assert found["faults"] == []
    assert "never within one bar" in page_of(found, name), "what a candle can't say of two markets is said"
    return found


def net(found: dict[str, Any], **where: Any) -> Decimal:
    """Signed base that was filled."""
    fills = [fill for fill in found["fills"] if all(fill[key] == value for key, value in where.items())]
    return sum((Decimal(fill["amount"]) * (1 if fill["side"] == "BUY" else -1) for fill in fills), Decimal(0))


def files(*named: tuple[str, str]) -> list[str]:
    return [f"{market}={recorded(name)}" for market, name in named]


ARBITRAGE = [
    "exchange_pair_1=binance:BTC-USDT",
    "exchange_pair_2=bybit:BTC-USDT",
    "total_amount_quote=1000",
    "max_executors_imbalance=5",
]
XEMM = [
    "maker_connector=bybit",
    "taker_connector=binance",
    "buy_levels_targets_amount=0.0005,500",
    "sell_levels_targets_amount=0.0005,500",
    "min_profitability=0.03%",
    "max_profitability=0.5%",
]
MONEY = ["USDT=10000", "BTC=1"]


# ---- what never was ------------------------------------------------------------------------------------------------
def test_the_same_candles_twice_hold_no_arbitrage_and_no_free_hedge(home: Home) -> None:
    """Whatever the path within a bar: a market never differs from itself, so nothing can be earned, however little it would cost. What a maker's order catches is hedged
    at the price that caught it."""
    data = files(("binance:BTC-USDT", BINANCE), ("bybit:BTC-USDT", BINANCE))
    none = run(home, "arbitrage_controller", [*ARBITRAGE, "min_profitability=0"], data, "0", MONEY)
    assert (none["summary"]["trades"], none["fills"]) == (0, [])
    found = run(home, "xemm_multiple_levels", XEMM, data, "0", MONEY)
    done = [executor for executor in found["executors"] if executor["close_type"] == "COMPLETED"]
    assert len(done) > 20, "quotes are met by the market"
    # 0.03 bitcoin, hedged at a price that may be a tick better where a line runs between two
    assert max(Decimal(executor["net_pnl_quote"]) for executor in done) <= Decimal("0.03") * Decimal("0.02")


def chances(least: Decimal) -> dict[int, Decimal]:
    """Every open and close of both recordings at which buying on one and selling on the other earned more than `least`, after a fee of 0.00005 each: ms -> fraction."""
    ours, theirs = (read_candles(recorded(name)) for name in (BINANCE, BYBIT))
    assert (ours.open_ms == theirs.open_ms).all()
    found = {}
    for column, at in (("open", 0), ("close", 59_999)):
        for ms, here, there in zip(ours.open_ms.tolist(), getattr(ours, column).tolist(), getattr(theirs, column).tolist(), strict=True):
            low, high = sorted((Decimal(str(here)), Decimal(str(there))))
            profit = (high - low) / low - Decimal("0.0001")
            if profit > least:
                found[ms + at] = profit
    return found


# ---- the recorded day ----------------------------------------------------------------------------------------------
def test_arbitrage_between_binance_and_bybit(home: Home) -> None:
    data = files(("binance:BTC-USDT", BINANCE), ("bybit:BTC-USDT", BYBIT))
    money = MONEY
    given = [*ARBITRAGE, "min_profitability=0.05%"]
    found = run(home, "arbitrage_controller", given, data, "0.00005", money)
    done = [executor for executor in found["executors"] if executor["close_type"] == "COMPLETED"]
    assert len(done) >= 5
    for executor in done:
        # both fees are in it; amounts differ by what the fee took of the bought base
        assert Decimal(executor["net_pnl_quote"]) > Decimal("0.0004") * 1000
    assert abs(net(found)) <= len(done) * Decimal("0.00001"), "what was bought on one venue was sold on the other"
    assert abs(net(found, connector_name="binance")) <= 5 * Decimal("0.0582"), "and at most five trades one way: 1,000 USDT are 0.058 bitcoin"
    there = chances(Decimal("0.0005"))
    for executor in done:
        # the difference that stood in both files at that moment, and nothing else
        assert executor["closed_ms"] in there
        assert float(executor["net_pnl_pct"]) == pytest.approx(float(there[executor["closed_ms"]]), abs=2e-6)
    first = min(there)
    assert min(executor["closed_ms"] for executor in done) == first, "the first chance of the day is taken"
    none = run(home, "arbitrage_controller", [*ARBITRAGE[:3], "min_profitability=5%"], data, "0.001", money)
    assert (none["summary"]["trades"], none["fills"]) == (0, [])


def test_xemm_on_bybit_hedged_on_binance(home: Home) -> None:
    data = files(("binance:BTC-USDT", BINANCE), ("bybit:BTC-USDT", BYBIT))
    found = run(home, "xemm_multiple_levels", XEMM, data, "0.00005", MONEY)
    done = [executor for executor in found["executors"] if executor["close_type"] == "COMPLETED"]
    assert len(done) > 5
    hedges = [fill for fill in found["fills"] if fill["connector_name"] == "binance"]
    quotes = [fill for fill in found["fills"] if fill["connector_name"] == "bybit"]
    assert len(hedges) >= len(quotes) and not any(fill["is_maker"] for fill in hedges)
    # a level left over a lot at most, and its fee in base
    assert abs(net(found)) <= len(done) * Decimal("0.00001") * 2
    net_pnl = sum((Decimal(executor["net_pnl_quote"]) for executor in done), Decimal(0))
    # quoted for 0.05 %, hedged at once: more than that on average is a hedge at a price that was not there. (Each market alone in its bar earned 0.11 %.)
    assert net_pnl < len(done) * 500 * Decimal("0.0005")
    # less, for a quote stands through its minute: what falls onto it is bitcoin, and the hedge has fallen with it
    assert 0.2 * len(done) < sum(Decimal(executor["net_pnl_quote"]) > 0 for executor in done) < 0.8 * len(done)
    for quote, hedge in pairwise(found["fills"]):
        if quote["connector_name"] == "bybit" and quote["is_maker"] and hedge["connector_name"] == "binance":
            assert 0 < hedge["ts_ns"] - quote["ts_ns"] <= 2, "hedged at once"


def test_hedge_of_a_bitcoin_on_bybit(home: Home) -> None:
    data = files(("binance:BTC-USDT", BINANCE), ("bybit_perpetual:BTC-USDT", BYBIT_PERP))
    given = ["spot_connector_name=binance", "hedge_connector_name=bybit_perpetual", "hedge_ratio=50%", "leverage=2"]
    found = run(home, "hedge_asset", given, data, "0.0005", ["USDT=20000", "BTC=1"])
    (fill,) = found["fills"]
    assert (fill["connector_name"], fill["side"], fill["amount"], fill["price"]) == ("bybit_perpetual", "SELL", "0.5", "17194")
    assert Decimal(fill["fee"]) == Decimal("0.5") * 17194 * Decimal("0.0005")
    (position,) = found["summary"]["positions"]
    # half a bitcoin short from 17194 to 17435.5
    assert (position["amount"], Decimal(position["unrealized_pnl_quote"])) == ("-0.5", Decimal("-120.75"))
    # what the accounts opened with: twice 20,000 and one bitcoin at its first price
    assert found["summary"]["opening_equity"] == "57212.12"


def test_statistical_arbitrage_over_a_synthetic_cointegrated_pair(home: Home, tmp_path: Path) -> None:
    """The pair is made, seed 7, and falls back to its line by construction: it shows that the machinery works, not that markets do so."""
    dominant, hedge = write_synthetic_pair(tmp_path, 7, 3000)
    data = [f"binance_perpetual:SOL-USDT={dominant}", f"binance_perpetual:ETH-USDT={hedge}"]
    given = ["total_amount_quote=1000", "min_amount_quote=100", "tp_global=0.1%", "lookback_period=100"]
    found = run(home, "stat_arb", given, data, "0", ["USDT=10000"])
    kinds = {executor["close_type"] for executor in found["executors"]}
    assert "FAILED" not in kinds, "no closing order is sent for what is closed already"
    closers = [executor for executor in found["executors"] if executor["type"] == "order_executor"]
    for pair in ("SOL-USDT", "ETH-USDT"):
        times = [(executor["created_ms"], executor["closed_ms"]) for executor in closers if executor["trading_pair"] == pair]
        assert len(times) > 3
        assert all(later >= ended for (_, ended), (later, _) in pairwise(times)), "one closing order of a leg at a time"
    held = {(each["connector_name"], each["trading_pair"], each["amount"]) for each in found["summary"]["positions"]}
    for pair in ("SOL-USDT", "ETH-USDT"):
        amounts = sum((Decimal(amount) for _, of, amount in held if of == pair), Decimal(0))
        assert amounts == net(found, trading_pair=pair), "holds are what was traded, side by side"
    assert Decimal(found["summary"]["net_pnl_quote"]) > 0, "it comes back by construction, and costs nothing here"


def test_a_file_without_its_market_is_refused(home: Home) -> None:
    path = create_config(home, "hedge_asset", None, [], lambda _: None)
    configs = Configs(home)
    with pytest.raises(UserError, match="name each file's market"):
        build_job(configs.load(path), [str(recorded(BINANCE))], configs, Settings())
