"""Faults of configurations (C1 to C9 of reliability.md): each is refused in a sentence that says where, and what was there before stays."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest

from botcore.model.errors import ConfigError, UserError
from condor import private_file
from condor.configs import Configs
from condor.create import create_config
from condor.doctor import examine
from condor.home import find_home
from condor.scripts import read_plan
from condor.services.bots import BOT_ID
from condor.settings import load_settings
from condor.yaml_file import ConfigErrors, parse_yaml, read_yaml
from tests.support.panics import running
from tests.support.programs import OWNER, no_claim

GOOD = """controller_name: pmm_simple
connector_name: binance_perpetual
trading_pair: BTC-USDT
total_amount_quote: 1000
buy_spreads: [0.002]
sell_spreads: [0.002]
"""


def config_of(folder: Path, text: str) -> Any:
    path = folder / "mine.yml"
    path.write_text(text)
    return Configs(find_home(folder)).load(path)


def changed(line: str, to: str) -> str:
    assert line in GOOD
    return GOOD.replace(line, to)


def sentences(folder: Path, text: str) -> list[str]:
    """What is wrong with a config, one sentence each."""
    with pytest.raises(UserError) as caught:
        config_of(folder, text)
    errors = caught.value.errors if isinstance(caught.value, ConfigErrors) else [caught.value]
    return [str(error) for error in errors]


# ---- C1 ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: 1\nb: [1, 2\nc: 3\n", 3, "column"),
        ("a: 1\n\tb: 2\n", 2, "column 1"),
        ("a: 'never closed\n", 2, "column"),
        ("a: 1\na: 2\n", 2, "stands twice"),
        ("a: *nobody\n", 1, "undefined alias"),
        ("a: !!python/object/apply:os.system [echo]\n", 1, "could not determine a constructor"),
    ],
)
def test_c1_what_is_no_yaml_is_refused_with_line_and_column(text: str, line: int, words: str) -> None:
    with pytest.raises(ConfigError, match=rf"mine\.yml:{line}\b.*{words}"):
        parse_yaml(text.encode(), "mine.yml")


def test_c1_aliases_that_multiply_and_files_out_of_proportion_are_refused_at_once() -> None:
    bomb = "a0: &a0 [1, 2, 3, 4, 5, 6, 7, 8, 9]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))
    with pytest.raises(ConfigError, match="aliases multiply"):
        parse_yaml(bomb.encode(), "bomb.yml")
    with pytest.raises(ConfigError, match="expected at most 1048576 bytes"):
        parse_yaml(b"a: " + b"x" * (1 << 20), "large.yml")
    with pytest.raises(ConfigError, match="UTF-8 text, found byte 0xff"):
        parse_yaml(b"a: \xff", "bytes.yml")
    with pytest.raises(ConfigError, match="not valid YAML"):
        parse_yaml(b"[" * 100_000, "deep.yml")


# ---- C2, C3, C4 ----------------------------------------------------------------------------------------------------
def test_c2_all_faults_are_told_at_once_each_with_its_line(tmp_path: Path) -> None:
    text = GOOD.replace("1000", ".nan") + "stop_loss: -0.01\nleverage: 2.5\ntime_limit: soon\ntake_profit: .inf\ncooldown_time: [1]\n"
    found = sentences(tmp_path, text)
    lines = {"total_amount_quote": 4, "stop_loss": 7, "leverage": 8, "time_limit": 9, "take_profit": 10, "cooldown_time": 11}
    for field, line in lines.items():
        assert any(f"mine.yml:{line}" in said and field in said for said in found), (field, found)
    assert len(found) == len(lines)


@pytest.mark.parametrize("value", ["yes", "''", "{}", "0x10", "12:30", "-.inf", "1e400"])
def test_c2_what_only_looks_like_a_number_is_none(tmp_path: Path, value: str) -> None:
    (said,) = sentences(tmp_path, changed("total_amount_quote: 1000", f"total_amount_quote: {value}"))
    assert "mine.yml:4" in said and "total_amount_quote" in said


def test_c2_a_number_in_quotes_is_the_same_number(tmp_path: Path) -> None:
    assert config_of(tmp_path, changed("total_amount_quote: 1000", "total_amount_quote: '1e3'")).config.total_amount_quote == 1000


def test_c3_an_unknown_key_is_refused_with_the_nearest_one(tmp_path: Path) -> None:
    assert sentences(tmp_path, GOOD + "stop_los: 0.01\n") == ["mine.yml:7, field stop_los: unknown key, did you mean stop_loss?"]
    home = find_home(tmp_path)
    home.conf.mkdir()
    (home.conf / "condor.yml").write_text("market:\n  sped: 3\n")
    with pytest.raises(UserError, match=r"condor\.yml:2, field market\.sped: unknown key, did you mean speed\?"):
        load_settings(home)


def test_c4_unknown_controllers_connectors_and_pairs_are_told_the_nearest(tmp_path: Path) -> None:
    for line, to, words in (
        ("pmm_simple", "pmm_simpel", "mine.yml:1, field controller_name: unknown controller 'pmm_simpel', did you mean pmm_simple?"),
        (
            "binance_perpetual",
            "binance_perpetul",
            "mine.yml:2, field connector_name: unknown connector 'binance_perpetul', did you mean binance_perpetual?",
        ),
        ("pmm_simple", "qqqq", "(there are "),
    ):
        (said,) = sentences(tmp_path, changed(line, to))
        assert words in said


async def test_c4_a_pair_that_is_not_traded_there_is_told_before_anything_starts(tmp_path: Path) -> None:
    async with running(tmp_path) as program:
        draft = await program.services.drafts.begin(OWNER, "pmm_simple")
        with pytest.raises(ConfigError, match=r"BTC-USDD.*did you mean BTC-USD"):
            await program.services.bots.start(OWNER, "pmm_simple", {**draft.answers, "trading_pair": "BTC-USDD"}, no_claim)
        assert program._manager.running == {}


# ---- C5, C7 --------------------------------------------------------------------------------------------------------
async def test_c5_one_id_twice_in_a_bot_is_refused_and_bots_of_one_pair_are_apart(tmp_path: Path) -> None:
    async with running(tmp_path) as program:
        bots = program.services.bots
        values = (await program.services.drafts.begin(OWNER, "pmm_simple")).answers
        with pytest.raises(UserError, match="expected controllers with different ids, found one, one"):
            await bots.start_all(OWNER, [("pmm_simple", {**values, "id": "one"})] * 2, no_claim)
        assert program._manager.running == {}
        first = await bots.start(OWNER, "pmm_simple", {**values, "id": "one"}, no_claim)
        second = await bots.start(OWNER, "pmm_simple", {**values, "id": "one"}, no_claim)
        assert first.bot_id != second.bot_id and first.markets == second.markets
        owners = {bot_id: bot.strategy.orchestrator for bot_id, bot in program._manager.running.items()}
        assert set(owners) == {first.bot_id, second.bot_id} and len({id(one) for one in owners.values()}) == 2


NAMES = ("../../x", "..", "/etc/passwd", "CON", "a\0b", "x" * 300, "раypal", "a/b", "a\\b", "a b", "~root", "-rf", "")


@pytest.mark.parametrize("name", NAMES)
def test_c7_no_name_leads_out_of_its_folder(tmp_path: Path, name: str) -> None:
    home = find_home(tmp_path / "home")
    home.make()
    # what a name that leads out would find
    for place in (tmp_path / "x.py", tmp_path / "home" / "x.py"):
        place.write_text("raise SystemExit('this must not run')\n")
    configs = Configs(home, 1)
    with pytest.raises(UserError):
        configs.spec(name)
    with pytest.raises(UserError):
        create_config(home, name, None, [], lambda text: None)
    with pytest.raises(UserError):
        read_plan(home, configs, name, "none.yml")
    assert configs.user_code.spec(f"scripts.{name}") is None and list(home.conf.rglob("*.yml")) == []
    if name not in ("CON", "-rf"):
        assert not BOT_ID.fullmatch(name)


# ---- C8, C9 --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["api_key", "binance_api_secret", "SECRET_KEY", "private_key", "passphrase", "telegram_token", "password"])
def test_c8_a_secret_in_a_file_is_refused_and_not_repeated(tmp_path: Path, name: str) -> None:
    (said,) = sentences(tmp_path, GOOD + f"{name}: canaryKEY7Qm2\n")
    assert said.startswith(f"mine.yml:7, field {name}: keys and secrets never stand in a file") and "canary" not in said
    home = find_home(tmp_path)
    home.conf.mkdir()
    (home.conf / "condor.yml").write_text(f"market:\n  {name}: canaryKEY7Qm2\n")
    with pytest.raises(UserError, match="use /keys or condor connect"):
        load_settings(home)


def test_c8_what_is_written_is_its_owners_and_the_doctor_sees_what_others_may_change(tmp_path: Path) -> None:
    home = find_home(tmp_path)
    home.make()
    before = os.umask(0o022)
    try:
        path = create_config(home, "pmm_simple", None, [], lambda text: None)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600

    def finding() -> tuple[bool, str]:
        return next((found.is_ok, found.text) for found in examine(home) if found.name == "permissions")

    assert finding()[0]
    path.chmod(0o666)
    assert finding() == (False, f"everybody on this machine may change what is traded: take that right from conf/controllers/{path.name} (chmod o-w)")
    path.chmod(0o600)
    home.data.chmod(0o755)
    assert not finding()[0] and "chmod 700" in finding()[1]


@pytest.mark.parametrize("dies_in", ["fsync", "replace"])
def test_c9_whoever_dies_while_writing_a_config_leaves_none_or_the_whole(tmp_path: Path, dies_in: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Died(Exception):
        pass

    def died(*args: Any) -> None:
        raise Died

    home = find_home(tmp_path)
    home.make()
    with monkeypatch.context() as dying:
        dying.setattr(private_file.os if dies_in == "fsync" else Path, dies_in, died)
        with pytest.raises(Died):
            create_config(home, "pmm_simple", None, [], lambda text: None)
    assert home.conf_files("controllers").keys() == {path.stem for path in (home.shipped / "controllers").glob("*.yml")}, "nothing half is found"
    path = create_config(home, "pmm_simple", None, [], lambda text: None)
    assert read_yaml(path).data["controller_name"] == "pmm_simple"
    assert [left.name for left in path.parent.iterdir()] == [path.name], "nothing of the first try is left"
