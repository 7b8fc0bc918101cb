"""Recorded candles: what is wrong anywhere is refused with its row, what is right is read to the last digit."""

from __future__ import annotations

import gzip
from decimal import Decimal
from pathlib import Path

import pytest

from botcore.data.candle_csv import CandleTable, inferred_rules, read_candles
from botcore.model.errors import DataError
from tests.support.data import recorded

HEADER = "ts_ms,open,high,low,close,volume"
T0 = 1_723_075_200_000


def row(minute: int, values: str = "100.1,100.5,99.9,100.2,3.5") -> str:
    return f"{T0 + 60_000 * minute},{values}"


def written(tmp_path: Path, lines: list[str], name: str = "day.csv") -> Path:
    path = tmp_path / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def read(tmp_path: Path, lines: list[str]) -> CandleTable:
    return read_candles(written(tmp_path, lines))


def refusal(tmp_path: Path, lines: list[str]) -> str:
    with pytest.raises(DataError) as found:
        read(tmp_path, lines)
    return str(found.value)


# ---- what is right -------------------------------------------------------------------------------------------------
def test_a_plain_file(tmp_path: Path) -> None:
    table = read(tmp_path, [HEADER, row(0), row(1, "1,4,0.5,2,0"), row(2)])
    assert len(table) == 3 and table.interval_s == 60 and table.gaps == 0
    assert table.open_ms.tolist() == [T0, T0 + 60_000, T0 + 120_000]
    assert (table.open[1], table.high[1], table.low[1], table.close[1], table.volume[1]) == (1, 4, 0.5, 2, 0)


@pytest.mark.parametrize(
    "lines", [[row(0), row(1)], ["", HEADER, "", row(0), "   ", row(1), ""], [HEADER.upper().replace(",", " , "), row(0), row(1)]]
)
def test_header_blank_lines_and_case_do_not_matter(tmp_path: Path, lines: list[str]) -> None:
    assert len(read(tmp_path, lines)) == 2


def test_other_line_ends_and_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "day.csv"
    path.write_bytes(b"\xef\xbb\xbf" + "\r\n".join([HEADER, row(0), row(1)]).encode())
    assert len(read_candles(path)) == 2


@pytest.mark.parametrize("name", ["day.csv.gz", "day.csv"])
def test_gzip_is_known_by_its_bytes_not_its_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(gzip.compress("\n".join([HEADER, row(0), row(1)]).encode()))
    assert len(read_candles(path)) == 2


def test_missing_bars_are_counted(tmp_path: Path) -> None:
    table = read(tmp_path, [row(0), row(1), row(2), row(5), row(6)])
    assert table.gaps == 2 and table.interval_s == 60


def test_a_sparse_recording_keeps_its_real_interval(tmp_path: Path) -> None:
    """Only bars with trades: most steps are two minutes, some three, and one is one."""
    minutes = [0, 2, 4, 6, 9, 11, 14, 15]
    table = read(tmp_path, [row(minute) for minute in minutes])
    assert table.interval_s == 60 and table.gaps == 8


# ---- what is wrong: the row is named --------------------------------------------------------------------------------
BROKEN = [
    (row(2).rpartition(",")[0], "candle 3: expected 6 columns"),
    (row(2) + ",7", "candle 3: expected 6 columns"),
    (row(2, "100.1,x,99.9,100.2,3.5"), "candle 3: expected a number for high, found 'x'"),
    (row(2, "100.1,,99.9,100.2,3.5"), "candle 3: expected a number for high, found ''"),
    (row(2, "nan,100.5,99.9,100.2,3.5"), "candle 3: expected finite numbers"),
    (row(2, "100.1,inf,99.9,100.2,3.5"), "candle 3: expected finite numbers"),
    (row(2, "0,100.5,0,100.2,3.5"), "candle 3: expected prices above 0"),
    (row(2, "100.1,100.5,-1,100.2,3.5"), "candle 3: expected prices above 0"),
    (row(2, "100.1,100.5,99.9,100.2,-1"), "candle 3: expected a volume of 0 or more"),
    (row(2, "100.1,100.15,99.9,100.2,1"), "candle 3: expected high to be the highest"),
    (row(2, "100.1,100.5,100.15,100.2,1"), "candle 3: expected low to be the lowest"),
    (row(1), "candle 3: expected a time after"),
    (row(0), "candle 3: expected a time after"),
    (f"{T0 + 150_000},1,1,1,1,1", "expected a step of"),
]


@pytest.mark.parametrize(("broken", "words"), BROKEN)
def test_a_broken_row_is_named(tmp_path: Path, broken: str, words: str) -> None:
    found = refusal(tmp_path, [HEADER, row(0), row(1), broken, *(row(minute) for minute in range(3, 200))])
    assert words in found and found.startswith("day.csv")


@pytest.mark.parametrize(
    ("time", "words"),
    [
        ("1723075200", "seconds"),
        ("1723075200000000", "microseconds"),
        ("1723075200000000000", "nanoseconds"),
        ("12", "milliseconds since 1970, found 12"),
    ],
)
def test_a_wrong_unit_of_time_is_recognised(tmp_path: Path, time: str, words: str) -> None:
    assert words in refusal(tmp_path, [f"{time},1,1,1,1,1", f"{int(time) + 60},1,1,1,1,1"])


@pytest.mark.parametrize("lines", [[""], [HEADER], [HEADER, row(0)]])
def test_too_few_candles(tmp_path: Path, lines: list[str]) -> None:
    assert "expected at least two candles" in refusal(tmp_path, lines)


def test_other_columns_are_refused(tmp_path: Path) -> None:
    found = refusal(tmp_path, ["date,open,high,low,close,volume", row(0), row(1)])
    assert "expected the columns ts_ms,open" in found and "found date,open" in found


def test_bars_shorter_than_a_second_are_refused(tmp_path: Path) -> None:
    assert "whole seconds" in refusal(tmp_path, [f"{T0 + 500 * number},1,1,1,1,1" for number in range(4)])


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.csv: can't read the file"):
        read_candles(tmp_path / "gone.csv")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="can't read the file"):
        read_candles(tmp_path)


@pytest.mark.parametrize("keep", [0.3, 0.9])
def test_a_cut_off_gzip(tmp_path: Path, keep: float) -> None:
    whole = gzip.compress("\n".join(row(minute, f"{minute + 1}.5,{minute + 2},1,2,3") for minute in range(300)).encode())
    path = tmp_path / "cut.csv.gz"
    path.write_bytes(whole[: int(len(whole) * keep)])
    with pytest.raises(DataError, match=r"cut\.csv\.gz: the gzip data is damaged"):
        read_candles(path)


def test_binary_rubbish(tmp_path: Path) -> None:
    path = tmp_path / "rubbish.csv"
    path.write_bytes(bytes(range(128, 256)) * 10)
    with pytest.raises(DataError, match="found binary data"):
        read_candles(path)


def test_a_message_names_no_path_of_this_machine(tmp_path: Path) -> None:
    assert str(tmp_path) not in refusal(tmp_path, [HEADER, "x,y"])


# ---- inferred rules ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("prices", "tick"),
    [
        ("46319.5,46320,46319,46319.5", "0.1"),
        ("46319.50,46320.00,46319.00,46319.50", "0.1"),
        ("46319,46320,46319,46319.0", "1"),
        ("0.00001234,0.00001235,0.00001234,0.00001234", "0.00000001"),
        ("1.2e-05,1.3e-05,1.1e-05,1.2e-05", "0.000001"),
        ("0.09946999000000001,0.1,0.09,0.09947", "0.00000001"),
    ],
)
def test_the_tick_is_the_last_decimal_in_use(prices: str, tick: str) -> None:
    assert inferred_rules([f"{T0},{prices},1"] * 3, 1.0)[0] == Decimal(tick)


def test_a_few_rows_with_noise_do_not_make_the_tick() -> None:
    lines = [f"{T0},1.25,1.5,1.0,1.25,1"] * 3000
    lines[7] = f"{T0},1.255,1.5,1.0,1.25,1"
    assert inferred_rules(lines, 1.25)[0] == Decimal("0.01")


@pytest.mark.parametrize(("price", "lot"), [(60_000.0, "1e-7"), (1.0, "0.01"), (100.0, "0.0001"), (1e-6, "1"), (1e9, "1e-8")])
def test_a_lot_is_worth_about_a_cent(price: float, lot: str) -> None:
    assert inferred_rules([f"{T0},1,1,1,1,1"], price)[1] == Decimal(lot)


# ---- real recordings -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "rows", "interval_s", "gaps", "tick"),
    [
        ("lean_bybit_btcusdt_1m", 1440, 60, 0, "0.01"),
        ("lean_binance_btcusd_perp_1m", 1439, 60, 1, "0.1"),
        ("lean_coinbase_btcusd_1d", 1318, 86_400, 34, "0.01"),
        ("freqtrade_ETH_BTC-5m", 5760, 300, 0, "1e-8"),
        ("lean_coinbase_btcusd_1s", 11_520, 1, 247_675, "0.01"),
    ],
)
def test_real_recordings(name: str, rows: int, interval_s: int, gaps: int, tick: str) -> None:
    table = read_candles(recorded(f"candles/{name}.csv.gz"))
    assert (len(table), table.interval_s, table.gaps, table.tick_size) == (rows, interval_s, gaps, Decimal(tick))


def test_a_recording_of_quotes_is_no_recording_of_candles() -> None:
    with pytest.raises(DataError, match="expected the columns ts_ms,open"):
        read_candles(recorded("candles/lean_bybit_btcusdt_1m_quotes.csv.gz"))
