"""The command line: exit codes and one clear sentence for every mistake."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from condor.doctor import EXTENSIONS
from tests.support.data import zigzag
from tests.support.instance import Instance, condor

CONFIG = """id: demo
controller_name: pmm_simple
connector_name: binance_perpetual
trading_pair: BTC-USDT
total_amount_quote: 1000
buy_spreads: [0.002]
sell_spreads: [0.002]
stop_loss: 0.01
take_profit: 0.004
time_limit: 1800
leverage: 1
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "demo.yml"
    path.write_text(CONFIG)
    return path


def test_version_is_printed() -> None:
    done = condor("version")
    assert (done.returncode, done.stdout.split()[0]) == (0, "condor")


def test_backtest_twice_gives_the_same_bytes(tmp_path: Path, config: Path) -> None:
    data = zigzag(tmp_path / "btc.csv")
    outputs = []
    for number in (1, 2):
        out = tmp_path / f"out{number}.json"
        done = condor("backtest", str(config), "--data", str(data), "--json", str(out), "--home", str(tmp_path / f"home{number}"))
        assert done.returncode == 0, done.stderr
        outputs.append(out.read_bytes())
    assert outputs[0] == outputs[1]
    result = json.loads(outputs[0])
    assert result["executors"]
    assert result["fills"]
    assert result["equity"]
    assert str(tmp_path) not in outputs[0].decode()
    assert list(result) == sorted(result)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("total_amount_quote: 1000", "total_amount_qoute: 1000"), ["demo.yml:5", "total_amount_qoute", "did you mean total_amount_quote"]),
        (("total_amount_quote: 1000", "total_amount_quote: .nan"), ["demo.yml:5", "total_amount_quote"]),
        (("total_amount_quote: 1000", "total_amount_quote: -5"), ["demo.yml:5", "total_amount_quote"]),
        (("total_amount_quote: 1000", "total_amount_quote: lots"), ["demo.yml:5", "total_amount_quote"]),
        (("pmm_simple", "pmm_simpel"), ["demo.yml:2", "did you mean pmm_simple"]),
        (("binance_perpetual", "binance_perpetul"), ["demo.yml:3", "did you mean binance_perpetual"]),
        (("leverage: 1", "leverage: [1"), ["demo.yml:"]),
    ],
)
def test_c2_c3_c4_wrong_config_is_refused_with_file_line_and_nearest_name(
    tmp_path: Path, config: Path, change: tuple[str, str], words: list[str]
) -> None:
    config.write_text(CONFIG.replace(*change))
    done = condor("backtest", str(config), "--data", str(zigzag(tmp_path / "btc.csv", 20)))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr


def test_unknown_candle_interval_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "bands.yml"
    path.write_text("controller_name: bollinger_v1\nconnector_name: binance_perpetual\ntrading_pair: BTC-USDT\ninterval: 3min\n")
    done = condor("backtest", str(path), "--data", str(zigzag(tmp_path / "btc.csv", 20)))
    assert done.returncode == 2
    assert "bands.yml:4" in done.stderr
    assert "did you mean 3m" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--data", "missing.csv"], "missing.csv"),
        (["--data", "binance:ETH-USDT={data}"], "binance_perpetual:BTC-USDT"),
        ([], "--data FILE"),
        (["--data", "{data}", "--fee", "two"], "--fee"),
        (["--data", "{data}", "--balance", "USDT=-1"], "balance"),
    ],
)
def test_wrong_backtest_arguments_end_with_two(tmp_path: Path, config: Path, arguments: list[str], words: str) -> None:
    data = zigzag(tmp_path / "btc.csv", 20)
    done = condor("backtest", str(config), *(item.replace("{data}", str(data)) for item in arguments))
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ("markt: {speed: 2}\n", ["condor.yml:1", "did you mean market"]),
        ("market:\n  sped: 2\n", ["condor.yml:2", "did you mean speed"]),
        ("market:\n  speed: fast\n", ["condor.yml:2", "speed"]),
        ("market: {pairs: [BTC-UDST]}\n", ["BTC-UDST", "did you mean BTC-USDT"]),
        ("market: {source: replay}\n", ["replay"]),
        ("market: [\n", ["condor.yml"]),
    ],
)
def test_wrong_settings_keep_the_program_from_starting(tmp_path: Path, settings: str, words: list[str]) -> None:
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "condor.yml").write_text(settings)
    done = condor("run", "--home", str(tmp_path), CONDOR_HTTP="127.0.0.1:0")
    assert done.returncode == 2, done.stdout
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr


def test_wrong_environment_is_named(tmp_path: Path) -> None:
    assert "CONDOR_CHAT" in condor("run", "--home", str(tmp_path), CONDOR_CHAT="irc").stderr
    assert "CONDOR_TELEGRAM_TOKEN" in condor("run", "--home", str(tmp_path), CONDOR_CHAT="telegram").stderr
    assert "CONDOR_HTTP" in condor("run", "--home", str(tmp_path), CONDOR_HTTP="0.0.0.0:80").stderr


def test_p17_another_database_is_refused_in_one_sentence(tmp_path: Path) -> None:
    done = condor("run", "--home", str(tmp_path), CONDOR_DB_URL="postgresql://somewhere/condor")
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert "CONDOR_DB_URL" in done.stderr and "SQLite" in done.stderr
    assert not (tmp_path / "data").exists()


def test_create_writes_a_config_that_backtests(tmp_path: Path) -> None:
    home = tmp_path / "home"
    done = condor(
        "create", "--controller-config", "pmm_simple", "--defaults", "--set", "total_amount_quote=2k", "--set", "stop_loss=2%", "--home", str(home)
    )
    assert done.returncode == 0, done.stderr
    written = next((home / "conf" / "controllers").glob("*.yml"))
    assert "total_amount_quote: '2000'" in written.read_text()
    tested = condor("backtest", written.stem, "--data", str(zigzag(tmp_path / "btc.csv", 60)), "--home", str(home))
    assert tested.returncode == 0, tested.stderr
    wrong = condor("create", "--controller-config", "pmm_simple", "--defaults", "--set", "take_profit=0.1", "--home", str(home))
    assert wrong.returncode == 2
    assert "0.1%" in wrong.stderr
    assert "did you mean pmm_simple" in condor("create", "--controller-config", "pmm_simpl", "--home", str(home)).stderr


def test_doctor_verify_link_and_reset_on_an_idle_home(tmp_path: Path) -> None:
    home = str(tmp_path)
    healthy = condor("doctor", "--home", home)
    assert healthy.returncode == 0
    # four Cython extensions and the lane
    assert healthy.stdout.count("compiled") == len(EXTENSIONS) + 1
    assert "nothing to verify" in condor("verify", "--home", home).stdout
    assert condor("link", "--home", home).returncode == 2
    assert condor("reset-paper", "--home", home).returncode == 0


@pytest.mark.parametrize("spoil", ["pages", "schema", "text", "half", "page"])
def test_p7_damaged_records_go_to_quarantine_and_trading_is_halted(tmp_path: Path, spoil: str) -> None:
    """Bots that are not known would be positions that nobody watches: what can be read goes on in a new file, and nothing is opened until the owner has looked."""
    instance = Instance(tmp_path).start()
    instance.person().start_bot()
    instance.stop()
    path = tmp_path / "data" / "condor.db"
    content = bytearray(path.read_bytes())
    if spoil == "pages":
        for place in range(8192, len(content), 512):
            content[place : place + 64] = bytes(64)
    elif spoil == "schema":
        content[2500:4096] = b"\x9f" * 1596
    elif spoil == "text":
        content = bytearray(b"this is no database" * 100)
    elif spoil == "half":
        del content[len(content) // 2 :]
    else:
        place = content.index(b"bot_started")
        content[place // 4096 * 4096 : place // 4096 * 4096 + 40] = b"\xff" * 40
    path.write_bytes(content)
    looked = condor("verify", "--home", str(tmp_path))
    assert looked.returncode == 1 and "condor.db: sound" not in looked.stdout and "Traceback" not in looked.stderr
    assert path.read_bytes() == content, "looking changes nothing"
    try:
        instance.start()
        (kept,) = (tmp_path / "data" / "quarantine").rglob("condor.db")
        assert kept.read_bytes() == content
        said = [line for line in (tmp_path / "stderr.txt").read_text().splitlines() if "records were damaged" in line]
        assert len(said) == 1 and str(kept.relative_to(tmp_path)) in said[0]
        person = instance.person()
        person.wait_text("No new positions", "records were damaged")
        assert "records were damaged" in person.send("/status", "📊")["text"]
        if spoil == "page":
            assert instance.rows("SELECT state FROM bots") == [("running",)]
        if spoil == "text":
            assert "nothing could be read back" in said[0]
    finally:
        instance.kill()
    assert condor("verify", "--home", str(tmp_path)).returncode == 0


def test_verify_finds_a_broken_database_and_a_fill_without_its_order(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "condor.db").write_bytes(b"this is no database" * 100)
    broken = condor("verify", "--home", str(tmp_path))
    assert broken.returncode == 1
    assert "can't be read" in broken.stdout
