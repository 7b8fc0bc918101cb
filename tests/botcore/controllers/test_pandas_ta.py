"""`pandas_ta` and `talib` as controllers written for Hummingbot import them: names of columns, values by formulas of our own, never loaded at start."""

from __future__ import annotations

import subprocess
import sys
import warnings
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
import talib

from botcore.controllers import pandas_ta as ta

ROWS = 400


@pytest.fixture
def frame() -> pd.DataFrame:
    generator = np.random.default_rng(3)
    close = 100 + np.cumsum(generator.standard_normal(ROWS))
    spread = generator.random((2, ROWS))
    return pd.DataFrame(
        {
            "open": np.roll(close, 1),
            "high": np.maximum(close, np.roll(close, 1)) + spread[0],
            "low": np.minimum(close, np.roll(close, 1)) - spread[1],
            "close": close,
            "volume": generator.random(ROWS) * 10,
        }
    )


def wilder(values: pd.Series, length: int) -> pd.Series:
    """Wilder's average, seeded with a plain mean."""
    values = values.dropna()
    seeded = values.iloc[length - 1 :].copy()
    seeded.iloc[0] = values.iloc[:length].mean()
    return seeded.ewm(alpha=1 / length, adjust=False).mean()


def ema(values: pd.Series, length: int) -> pd.Series:
    values = values.dropna()
    seeded = values.iloc[length - 1 :].copy()
    seeded.iloc[0] = values.iloc[:length].mean()
    return seeded.ewm(span=length, adjust=False).mean()


def true_range(frame: pd.DataFrame) -> pd.Series:
    before = frame["close"].shift()
    return pd.concat([frame["high"] - frame["low"], (frame["high"] - before).abs(), (frame["low"] - before).abs()], axis=1).max(axis=1).iloc[1:]


def same(found: pd.Series, expected: pd.Series) -> None:
    found = found.dropna()
    assert found.index.tolist() == expected.index.tolist()
    np.testing.assert_allclose(found.to_numpy(), expected.to_numpy(), rtol=1e-9, atol=1e-9)


# ---- names and values ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "params", "columns"),
    [
        ("bbands", {"length": 100, "std": 2.0}, ["BBL_100_2.0", "BBM_100_2.0", "BBU_100_2.0", "BBB_100_2.0", "BBP_100_2.0"]),
        ("bbands", {"length": 20, "std": 2}, ["BBL_20_2.0", "BBM_20_2.0", "BBU_20_2.0", "BBB_20_2.0", "BBP_20_2.0"]),
        ("bbands", {"length": 20, "lower_std": 2.0, "upper_std": 3}, [f"BB{letter}_20_2.0_3.0" for letter in "LMUBP"]),
        ("macd", {"fast": 21, "slow": 42, "signal": 9}, ["MACD_21_42_9", "MACDh_21_42_9", "MACDs_21_42_9"]),
        ("supertrend", {"length": 20, "multiplier": 4.0}, ["SUPERT_20_4.0", "SUPERTd_20_4.0", "SUPERTl_20_4.0", "SUPERTs_20_4.0"]),
        ("adx", {"length": 14}, ["ADX_14", "DMP_14", "DMN_14"]),
        ("stoch", {}, ["STOCHk_14_3_3", "STOCHd_14_3_3"]),
        ("natr", {"length": 14}, ["NATR_14"]),
        ("atr", {"length": 14}, ["ATRr_14"]),
        ("rsi", {"length": 14}, ["RSI_14"]),
        ("ema", {"length": 20}, ["EMA_20"]),
        ("sma", {"length": 20}, ["SMA_20"]),
        ("donchian", {"lower_length": 20, "upper_length": 20}, ["DCL_20_20", "DCM_20_20", "DCU_20_20"]),
        ("kc", {"length": 20}, ["KCLe_20_2", "KCBe_20_2", "KCUe_20_2"]),
        ("mfi", {"length": 14}, ["MFI_14"]),
        ("obv", {}, ["OBV"]),
    ],
)
def test_columns_have_the_names_that_files_read(frame: pd.DataFrame, name: str, params: dict[str, float], columns: list[str]) -> None:
    before = list(frame.columns)
    made = getattr(frame.ta, name)(**params)
    assert list(made.columns if isinstance(made, pd.DataFrame) else [made.name]) == columns
    assert list(frame.columns) == before
    getattr(frame.ta, name)(append=True, **params)
    assert list(frame.columns) == before + columns and not frame[columns].iloc[-1].isna().all()


def test_bands_are_their_formula(frame: pd.DataFrame) -> None:
    close = frame["close"]
    middle, deviation = close.rolling(100).mean(), close.rolling(100).std(ddof=0)
    made = frame.ta.bbands(length=100, std=2.0)
    same(made["BBM_100_2.0"], middle.dropna())
    same(made["BBP_100_2.0"], ((close - middle + 2 * deviation) / (4 * deviation)).dropna())
    same(made["BBB_100_2.0"], (100 * 4 * deviation / middle).dropna())
    same(ta.bbands(close, length=100, std=2.0)["BBU_100_2.0"], (middle + 2 * deviation).dropna())


def test_bands_of_two_widths_are_their_formula(frame: pd.DataFrame) -> None:
    close = frame["close"]
    middle, deviation = close.rolling(50).mean(), close.rolling(50).std(ddof=0)
    made = frame.ta.bbands(length=50, lower_std=1.0, upper_std=3.0)
    same(made["BBL_50_1.0_3.0"], (middle - deviation).dropna())
    same(made["BBU_50_1.0_3.0"], (middle + 3 * deviation).dropna())
    same(made["BBP_50_1.0_3.0"], ((close - middle + deviation) / (4 * deviation)).dropna())
    assert ta.bbands(close.head(10), length=50, lower_std=1.0) is None


def test_macd_is_its_formula(frame: pd.DataFrame) -> None:
    made = frame.ta.macd(fast=21, slow=42, signal=9)
    macd = (ema(frame["close"], 21) - ema(frame["close"], 42)).dropna()
    same(made["MACD_21_42_9"], macd)
    same(made["MACDs_21_42_9"], ema(macd, 9))
    same(made["MACDh_21_42_9"], (macd - ema(macd, 9)).dropna())


def test_averages_of_ranges_are_wilders(frame: pd.DataFrame) -> None:
    expected = wilder(true_range(frame), 14)
    same(frame.ta.atr(length=14), expected)
    same(ta.natr(frame["high"], frame["low"], frame["close"], length=14), 100 * expected / frame["close"].loc[expected.index])


def test_rsi_and_ema_are_their_formulas(frame: pd.DataFrame) -> None:
    steps = frame["close"].diff()
    gains, losses = wilder(steps.clip(lower=0), 14), wilder(-steps.clip(upper=0), 14)
    same(frame.ta.rsi(length=14), 100 * gains / (gains + losses))
    same(frame.ta.ema(length=20), ema(frame["close"], 20))


def test_supertrend_is_its_formula(frame: pd.DataFrame) -> None:
    length, multiplier = 20, 4.0
    reach = multiplier * wilder(true_range(frame), length)
    middle = ((frame["high"] + frame["low"]) / 2).loc[reach.index]
    lower, upper, close = (middle - reach).to_numpy().copy(), (middle + reach).to_numpy().copy(), frame["close"].loc[reach.index].to_numpy()
    trend = [1]
    for at in range(1, len(close)):
        if close[at] > upper[at - 1]:
            trend.append(1)
        elif close[at] < lower[at - 1]:
            trend.append(-1)
        else:
            trend.append(trend[-1])
            if trend[-1] > 0:
                lower[at] = max(lower[at], lower[at - 1])
            else:
                upper[at] = min(upper[at], upper[at - 1])
    made = frame.ta.supertrend(length=length, multiplier=multiplier)
    assert made["SUPERTd_20_4.0"].loc[reach.index].tolist() == trend
    line = np.where(np.array(trend) > 0, lower, upper)
    np.testing.assert_allclose(made["SUPERT_20_4.0"].loc[reach.index].to_numpy()[1:], line[1:], rtol=1e-9)
    assert set(trend) == {1, -1}


def test_what_talib_knows_too_is_the_same(frame: pd.DataFrame) -> None:
    high, low, close = (frame[name].to_numpy() for name in ("high", "low", "close"))
    for found, expected in [
        (frame.ta.adx(length=14)["ADX_14"], talib.ADX(high, low, close, 14)),
        (frame.ta.natr(length=14), talib.NATR(high, low, close, 14)),
        (frame.ta.rsi(length=14), talib.RSI(close, 14)),
        (frame.ta.bbands(length=20, std=2.0)["BBU_20_2.0"], talib.BBANDS(close, 20, 2.0, 2.0)[0]),
    ]:
        np.testing.assert_allclose(found.to_numpy(), expected, rtol=1e-9)
    # TA-Lib starts both averages of a MACD together: another beginning, the same from a few slow lengths on
    np.testing.assert_allclose(frame.ta.macd()["MACD_12_26_9"].to_numpy()[-50:], talib.MACD(close)[0][-50:], rtol=1e-8, atol=1e-10)


def test_streaming_says_the_same(frame: pd.DataFrame) -> None:
    from botcore.markets.indicators import AverageTrueRange, Macd, RelativeStrengthIndex

    macd, rsi, ranges = Macd(21, 42, 9), RelativeStrengthIndex(14), AverageTrueRange(14)
    for high, low, close in frame[["high", "low", "close"]].itertuples(index=False):
        macd.add_sample(close)
        rsi.add_sample(close)
        ranges.add_candle(high, low, close)
    assert macd.current_value == pytest.approx(frame.ta.macd(fast=21, slow=42, signal=9).iloc[-1].to_numpy(), rel=1e-10)
    assert rsi.current_value == pytest.approx(frame.ta.rsi(length=14).iloc[-1], rel=1e-10)
    assert ranges.normalized == pytest.approx(frame.ta.natr(length=14).iloc[-1], rel=1e-10)


def test_ichimoku_gives_two_frames(frame: pd.DataFrame) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        visible, span = frame.ta.ichimoku()
        plain, _ = ta.ichimoku(frame["high"], frame["low"], frame["close"])
    assert list(visible.columns) == ["ISA_9", "ISB_26", "ITS_9", "IKS_26", "ICS_26"] == list(plain.columns) and len(visible) == ROWS
    assert list(span.columns) == ["ISA_9", "ISB_26"] and len(span) == 26
    assert frame.head(10).ta.ichimoku() == (None, None)


# ---- the name --------------------------------------------------------------------------------------------------------
def test_a_file_imports_it_under_its_own_name(monkeypatch: pytest.MonkeyPatch, frame: pd.DataFrame) -> None:
    monkeypatch.setitem(sys.modules, "pandas_ta", ta)
    scope: dict[str, object] = {}
    exec("import pandas_ta as pta\nfrom pandas_ta import bbands, macd, natr, version", scope)
    assert isinstance(scope["pta"], ModuleType) and scope["version"] == "0.3.14b0"
    assert scope["bbands"](frame["close"], 20, 2.0).columns[0] == "BBL_20_2.0"  # type: ignore[operator]
    assert {"bbands", "macd", "natr", "Strategy", "version"} <= set(dir(ta))
    with pytest.raises(AttributeError, match="no_such"):
        _ = ta.no_such


def test_a_start_loads_none_of_it() -> None:
    code = "import sys, condor.cli, botcore.controllers.catalog; print([name for name in ('pandas_ta_classic', 'talib', 'pandas') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
