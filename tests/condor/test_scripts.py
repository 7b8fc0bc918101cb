"""`condor start`: scripts that run controllers, by their configs, and scripts that decide by themselves; those of the home are approved by being started."""

from __future__ import annotations

import shutil
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from botcore.model.enums import PositionMode
from botcore.model.errors import UserError
from condor.approvals import Approvals
from condor.configs import Configs
from condor.create import create_script_config
from condor.home import find_home
from condor.hosts import LIVE
from condor.scripts import ScriptPlan, WithBot, read_plan
from tests.support.programs import made
from tests.support.user_code import HOME
from tests.support.waiting import until

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


def has_orders(tracker: Any) -> bool:
    return len(tracker.open_orders()) >= 4


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


def test_a_script_that_decides_by_itself_runs_no_controllers_beside_that(home: Path) -> None:
    (home / "scripts" / "mine.py").write_text(SCRIPT + "    def create_actions_proposal(self):\n        return []\n")
    with pytest.raises(UserError, match=r"scripts/mine.py decides by itself \(create_actions_proposal\), so it can't run controllers beside that"):
        plan_of(home, "mine")
    (home / "conf" / "scripts" / "alone.yml").write_text("script_file_name: mine.py\n")
    with pytest.raises(UserError, match="names no market"):
        plan_of(home, "mine", "alone")
    (home / "conf" / "scripts" / "alone.yml").write_text("markets: {binance: [ETH-USDT]}\nmax_global_drawdown_quote: 7\n")
    plan = plan_of(home, "mine", "alone")
    assert [item.spec.name for item in plan.controllers] == ["scripts.mine"]
    assert plan.limits.max_global_drawdown_quote == 7


def test_a_script_that_only_looks_at_markets_of_its_own_is_a_bot_of_its_own(home: Path) -> None:
    shutil.copy(HOME / "scripts" / "shows_markets.py", home / "scripts")
    (home / "conf" / "scripts" / "shows.yml").write_text("{}\n")
    plan = plan_of(home, "shows_markets", "shows")
    (loaded,) = plan.controllers
    assert {str(market) for market in loaded.config.markets()} == {"binance:ETH-USDT"}
    assert len(plan_of(home, "shows_markets").controllers) == 2, "a config that names controllers runs them"


def test_the_plain_script_may_have_a_file_that_decides(home: Path) -> None:
    (home / "scripts" / "v2_with_controllers.py").write_text(
        "from hummingbot.client.hummingbot_application import HummingbotApplication\n"
        + SCRIPT
        + "    def on_tick(self):\n        super().on_tick()\n"
    )
    assert len(plan_of(home, "v2_with_controllers").controllers) == 2


@pytest.mark.parametrize(
    ("script", "conf", "words"),
    [("v2_with_controler", "both", "there is no script"), ("v2_with_controllers", "nothing", "can't find the config nothing")],
)
def test_what_is_not_there_is_told(home: Path, script: str, conf: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        plan_of(home, script, conf)


async def test_the_instance_starts_one_bot_with_all_its_controllers(home: Path) -> None:
    program = made(home)
    instance = WithBot(program, plan_of(home, "v2_with_controllers"))
    try:
        await instance.start()
        (bot,) = program._manager.running.values()
        assert [seat.controller.id for seat in bot.strategy.seats] == ["first", "second"]
        assert bot.strategy.limits.max_global_drawdown_quote == 50
        assert bot.row.title == "both"
    finally:
        await instance.close()


async def test_p2_a_program_that_died_and_is_started_by_the_same_line_has_the_bot_once_whatever_mode_its_account_is_in(home: Path) -> None:
    """Its controllers want HEDGE and ONEWAY on one account: the last one's holds as in Strategy V2, and what stands there when it comes back is watched."""
    second = home / "conf" / "controllers" / "second.yml"
    second.write_text(second.read_text() + "position_mode: ONEWAY\n")
    before: set[str] = set()
    for times in range(2):
        program = made(home)
        try:
            await WithBot(program, plan_of(home, "v2_with_controllers")).start()
            assert program._manager.broken == {}
            (bot,) = program._manager.running.values()
            orchestrator, connector = bot.strategy.orchestrator, program._host.runtime.connectors["binance_perpetual"]
            assert connector.position_mode() is PositionMode.ONEWAY
            if times:
                assert before <= {executor.id for executor in orchestrator.running}, "what it had is watched"
            await until(partial(has_orders, connector.tracker))
            before = {executor.id for executor in orchestrator.running}
        finally:
            await program.close()
    assert before


def test_the_config_of_a_script_is_asked_for(home: Path) -> None:
    shutil.copy(HOME / "scripts" / "two_quotes.py", home / "scripts")
    path = create_script_config(
        find_home(home), "two_quotes.py", lambda question, now: "bybit" if question.name == "exchange" else "", ["order_amount=0.5"], print
    )
    assert path == home / "conf" / "scripts" / "two_quotes.yml"
    plan = plan_of(home, "two_quotes", "two_quotes")
    (loaded,) = plan.controllers
    settings: Any = loaded.config.settings  # type: ignore[attr-defined]
    assert (settings.exchange, settings.trading_pair, settings.order_amount, settings.refresh_s) == ("bybit", "ETH-USDT", Decimal("0.5"), 5)
    with pytest.raises(UserError, match="there is no script 'two_quote' in scripts/ of the home, did you mean two_quotes"):
        create_script_config(find_home(home), "two_quote", None, [], print)


async def test_a_script_that_decides_trades_on_paper_and_comes_back(home: Path) -> None:
    shutil.copy(HOME / "scripts" / "two_quotes.py", home / "scripts")
    (home / "conf" / "scripts" / "mine.yml").write_text(
        "exchange: binance\ntrading_pair: ETH-USDT\norder_amount: 0.01\nspread: 0.0005\nrefresh_s: 30\n"
    )
    program = made(home)
    try:
        await WithBot(program, plan_of(home, "two_quotes", "mine")).start()
        (bot,) = program._manager.running.values()
        await until(lambda: len(bot.strategy.orchestrator.shelf("mine").infos) >= 2)
        assert [seat.fault for seat in bot.strategy.seats] == [""]
        assert {info.type for info in bot.strategy.orchestrator.shelf("mine").infos} == {"order_executor"}
        before = {info.id for info in bot.strategy.orchestrator.shelf("mine").infos}
    finally:
        await program.close()
    again = made(home)
    try:
        await again.start()
        (bot,) = again._manager.running.values()
        script = bot.strategy.controllers[0].script  # type: ignore[attr-defined]
        await until(lambda: len(script.told) > 0)
        assert [seat.fault for seat in bot.strategy.seats] == [""]
        assert not [item for item in script.told if item[0] == "created" and item[1] in before], "what it had is no news"
    finally:
        await again.close()


async def test_a_script_for_paper_trades_no_real_money(home: Path) -> None:
    shutil.copy(HOME / "scripts" / "three_buys.py", home / "scripts")
    (home / "conf" / "scripts" / "three.yml").write_text("{}\n")
    program = made(home, {})
    try:
        with pytest.raises(UserError, match=r"scripts.three_buys names connectors that are for paper only \(..._paper_trade\)"):
            await WithBot(program, plan_of(home, "three_buys", "three"), LIVE).start()
        assert not program._manager.running
    finally:
        await program.close()
