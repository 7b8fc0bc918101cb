"""`condor start`: scripts that run controllers, by their configs; scripts of the home are approved by being started, those that decide by themselves refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from botcore.model.errors import UserError
from condor.approvals import Approvals
from condor.configs import Configs
from condor.home import find_home
from condor.scripts import ScriptPlan, WithBot, read_plan
from condor.settings import Environment, Settings
from condor.wiring import Program, wall_clock

SCRIPT = (
    "import os\nfrom pydantic import Field\n"
    "from hummingbot.strategy.strategy_v2_base import StrategyV2Base, StrategyV2ConfigBase\n"
    "class MineConfig(StrategyV2ConfigBase):\n    script_file_name: str = Field(default_factory=lambda: os.path.basename(__file__))\n"
    "class Mine(StrategyV2Base):\n    pass\n"
)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    for folder in ("conf/scripts", "conf/controllers", "scripts"):
        (tmp_path / folder).mkdir(parents=True)
    for name, pair in (("first", "BTC-USDT"), ("second", "ETH-USDT")):
        text = f"id: {name}\ncontroller_name: pmm_simple\nconnector_name: binance_perpetual\ntrading_pair: {pair}\nleverage: 1\ntotal_amount_quote: 1000\n"
        (tmp_path / "conf" / "controllers" / f"{name}.yml").write_text(text)
    conf = "script_file_name: v2_with_controllers.py\ncontrollers_config: [first.yml, second.yml]\nmarkets: {}\ncandles_config: []\nmax_global_drawdown_quote: 50\n"
    (tmp_path / "conf" / "scripts" / "both.yml").write_text(conf)
    return tmp_path


def plan_of(home: Path, script: str, conf: str = "both") -> ScriptPlan:
    place = find_home(home)
    return read_plan(place, Configs(place, 1), script, conf)


@pytest.mark.parametrize("script", ["v2_with_controllers", "v2_with_controllers.py"])
def test_the_plain_script_needs_no_file(home: Path, script: str) -> None:
    plan = plan_of(home, script)
    assert [item.config.id for item in plan.controllers] == ["first", "second"]
    assert plan.limits.max_global_drawdown_quote == 50
    assert plan.limits.max_controller_drawdown_quote is None


def test_a_script_of_the_home_is_approved_by_being_started(home: Path) -> None:
    (home / "scripts" / "mine.py").write_text(SCRIPT)
    assert len(plan_of(home, "mine").controllers) == 2
    assert [(item.file, item.by) for item in Approvals(find_home(home).approvals).all()] == [("scripts/mine.py", "terminal")]


def test_a_script_that_decides_by_itself_is_refused(home: Path) -> None:
    (home / "scripts" / "mine.py").write_text(SCRIPT + "    def create_actions_proposal(self):\n        return []\n")
    with pytest.raises(UserError, match=r"scripts/mine.py decides by itself \(create_actions_proposal\)"):
        plan_of(home, "mine")


@pytest.mark.parametrize(
    ("script", "conf", "words"),
    [("v2_with_controler", "both", "there is no script"), ("v2_with_controllers", "nothing", "can't find the config nothing")],
)
def test_what_is_not_there_is_told(home: Path, script: str, conf: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        plan_of(home, script, conf)


async def test_the_instance_starts_one_bot_with_all_its_controllers(home: Path) -> None:
    settings = Settings.model_validate({"market": {"speed": 20}, "clock": {"tick_size": 0.25}})
    program = Program(find_home(home), settings, Environment(http="127.0.0.1:0"), wall_clock())
    instance = WithBot(program, plan_of(home, "v2_with_controllers"))
    try:
        await instance.start()
        (bot,) = program._manager.running.values()
        assert [seat.controller.id for seat in bot.strategy.seats] == ["first", "second"]
        assert bot.strategy.limits.max_global_drawdown_quote == 50
        assert bot.row.title == "both"
    finally:
        await instance.close()
