"""Controllers of the home through configs, wizard, services and command line: approval, forms, precedence, stepping in a backtest."""

from __future__ import annotations

import json
import shutil
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from botcore.backtesting.engine import run_backtest
from botcore.executors.data_types import config_values
from botcore.model.errors import ConfigError, UserError
from condor.approvals import ApprovalNeeded
from condor.configs import Configs
from condor.create import create_config, markets_of
from condor.forms import answer_text, check_draft, default_answers, form_of, read_answer
from condor.home import find_home
from condor.services.code import CodeService
from condor.users import Actor, Forbidden, Role
from tests.support.bench import backtest_job, instrument, recorded_table
from tests.support.instance import condor
from tests.support.user_code import HOME, write

OWNER = Actor(1, "owner", Role.OWNER, "local", 1)
MINI = (
    "from pydantic import Field\n"
    "from hummingbot.strategy_v2.controllers import ControllerBase, ControllerConfigBase\n"
    "class MiniConfig(ControllerConfigBase):\n"
    "    controller_name: str = 'NAME'\n"
    "    connector_name: str = Field(default='binance_perpetual', json_schema_extra={'prompt': lambda mi: 'Which venue: ', 'prompt_on_new': True})\n"
    "    trading_pair: str = Field(..., json_schema_extra={'prompt_on_new': True})\n"
    "    size: float = 1.5\n"
    "class Mini(ControllerBase):\n"
    '    """A small one."""\n'
    "    def determine_executor_actions(self):\n        return []\n"
)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    shutil.copytree(HOME / "controllers", tmp_path / "controllers")
    return tmp_path


def mini(home: Path, name: str, path: str = "") -> None:
    write(home, path or f"generic/{name}.py", MINI.replace("NAME", name))


def test_a_file_of_the_home_wins_over_a_shipped_controller(home: Path) -> None:
    shipped = Configs(find_home(home), 1).spec("pmm_simple")
    mini(home, "pmm_simple", "market_making/pmm_simple.py")
    own = Configs(find_home(home), 1).spec("pmm_simple")
    assert (shipped.origin, own.origin.partition(" ")[0]) == ("", "controllers/market_making/pmm_simple.py")
    assert own.kind == "market_making"


def test_listing_runs_no_code(home: Path) -> None:
    write(home, "generic/loud.py", "raise SystemExit('ControllerBase')\n")
    names = dict(Configs(find_home(home)).listed())
    assert names["loud"] == "of this home, controllers/generic/loud.py"
    assert names["examples.hands_on"] == "of this home, controllers/generic/examples/hands_on.py"
    assert "pmm_simple" in names


def test_a_package_that_names_its_classes_is_one_controller(home: Path) -> None:
    mini(home, "whole", "generic/whole/controller.py")
    write(home, "generic/whole/__init__.py", "")
    names = Configs(find_home(home), 1).user_code.names()
    assert "whole.controller" in names, "nothing says that this package is a controller"
    write(home, "generic/whole/__init__.py", "from .controller import Mini as WholeController, MiniConfig\n")
    configs = Configs(find_home(home), 1)
    assert configs.user_code.names()["whole"] == "controllers/generic/whole/__init__.py"
    assert "whole.controller" not in configs.user_code.names()
    assert configs.spec("whole").config_class.model_fields["controller_name"].default == "whole"


def test_scripts_of_both_bases_are_listed(home: Path) -> None:
    shutil.copytree(HOME / "scripts", home / "scripts")
    listed = Configs(find_home(home), 1).user_code.scripts()
    assert {"scripts.three_buys", "scripts.two_quotes", "scripts.one_way"} <= set(listed)


def test_the_wrong_folder_is_told(home: Path) -> None:
    path = home / "x.yml"
    path.write_text("controller_name: band_reversal\ncontroller_type: generic\n")
    with pytest.raises(ConfigError, match="band_reversal is of controller_type directional_trading, found 'generic'"):
        Configs(find_home(home), 1).load(path)


@pytest.mark.parametrize(
    "name", ["band_reversal", "quiet_maker", "ladder_maker", "one_of_each", "examples.hands_on", "packaged", "global_close", "two_venues"]
)
def test_each_has_a_form_whose_defaults_hold(home: Path, name: str) -> None:
    configs = Configs(find_home(home), 1)
    spec = configs.spec(name)
    form = form_of(spec.config_class, markets_of(configs))
    assert form.steps, "something is asked"
    assert all(question.prompt and not callable(question.prompt) for question in (*form.steps, *form.advanced))
    answers = default_answers(form, {})
    assert check_draft(form, answers) == []


def test_prompts_of_both_styles_are_asked(home: Path) -> None:
    configs = Configs(find_home(home), 1)
    form = form_of(configs.spec("two_venues").config_class, {})
    asked = {question.name: question for question in (*form.steps, *form.advanced)}
    assert asked["maker_connector"].prompt == "Enter the maker connector:"
    assert asked["maker_connector"].unit == "connector"
    assert asked["taker_trading_pair"].prompt == "Taker trading pair?", "its function needs an instance"
    assert asked["min_profitability"].is_updatable
    assert asked["max_profitability"] in form.advanced


def test_create_asks_a_controller_of_the_home(home: Path) -> None:
    mini(home, "mini")
    said: list[str] = []
    path = create_config(find_home(home), "mini", None, ["trading_pair=BTC-USDT", "size=2.5"], said.append)
    assert path.name == "mini-btc-usdt.yml"
    loaded = Configs(find_home(home)).load(path)
    assert (loaded.config.size, loaded.config.id) == (2.5, "mini-btc-usdt")  # type: ignore[attr-defined]
    assert said[0].startswith("using controllers/generic/mini.py ")


def test_dotted_names_are_created_and_loaded(home: Path) -> None:
    path = create_config(find_home(home), "examples.hands_on", None, ["trading_pair=ETH-USDT"], lambda _: None)
    assert Configs(find_home(home)).load(path).spec.name == "examples.hands_on"


# ---- approval --------------------------------------------------------------------------------------------------------
class Journal:
    """Runs what it is given at once."""

    def __init__(self) -> None:
        self.rows: list[Any] = []

    def run(self, write: Any) -> Any:
        import concurrent.futures

        class Taker:
            def execute(_, statement: Any) -> Any:
                if statement.is_insert:
                    self.rows.append(statement.compile().params)
                return SimpleNamespace(scalar_one_or_none=lambda: None)

        done: concurrent.futures.Future[Any] = concurrent.futures.Future()
        done.set_result(write(Taker()))
        return done


class Wall:
    def wall_ms(self) -> int:
        return 77


async def test_the_owner_approves_the_hash_that_was_shown_and_nothing_else(home: Path) -> None:
    mini(home, "mini")
    configs = Configs(find_home(home))
    with pytest.raises(ApprovalNeeded):
        configs.spec("mini")
    journal: Any = Journal()
    wall: Any = Wall()
    service = CodeService(configs, journal, wall)
    shown = {view.name: view for view in service.files()}["mini"]
    assert shown.approved_by is None
    with pytest.raises(Forbidden):
        await service.approve(Actor(2, "t", Role.TRADER, "local", 1), "mini", shown.digest)
    write(home, "generic/mini.py", MINI.replace("NAME", "mini") + "# other\n")
    with pytest.raises(UserError, match="has changed since it was shown"):
        await service.approve(OWNER, "mini", shown.digest)
    assert not journal.rows
    fresh = {view.name: view for view in service.files()}["mini"]
    assert (await service.approve(OWNER, "mini", fresh.digest[:12])).approved_by == "local 1"
    assert journal.rows[0]["action"] == "approve_code"
    assert configs.spec("mini").summary == "A small one."


def test_a_backtest_in_a_terminal_approves_and_records(home: Path, tmp_path: Path) -> None:
    rows = ["ts_ms,open,high,low,close,volume", *(f"{1_700_000_040_000 + n * 60_000},100,101,99,100,5" for n in range(90))]
    (home / "eth.csv").write_text("\n".join(rows) + "\n")
    (home / "mine.yml").write_text(
        "controller_name: one_of_each\nkind: market\nconnector_name: binance_perpetual\ntrading_pair: ETH-USDT\nleverage: 1\n"
    )
    done = condor("backtest", str(home / "mine.yml"), "--data", str(home / "eth.csv"), "--home", str(home))
    assert done.returncode == 0, done.stderr
    assert "controller controllers/generic/one_of_each.py " in done.stdout
    approved = [json.loads(line) for line in (home / "data" / "approved.jsonl").read_text().splitlines()]
    assert [(item["file"], item["by"]) for item in approved] == [("controllers/generic/one_of_each.py", "terminal")]


def test_a_refused_file_ends_a_backtest_with_name_and_line(home: Path) -> None:
    write(home, "generic/bad.py", "import nobody_has_this\n" + MINI.replace("NAME", "bad"))
    (home / "bad.yml").write_text("controller_name: bad\ntrading_pair: BTC-USDT\n")
    done = condor("backtest", str(home / "bad.yml"), "--data", "x.csv", "--home", str(home))
    assert done.returncode == 2
    assert "controllers/generic/bad.py:1, field nobody_has_this: imports nobody_has_this, which is not installed here" in done.stderr


@pytest.mark.parametrize("name", ["solana-mainnet-beta", "jupiter_solana_mainnet-beta", "uniswap/clmm", "raydium"])
def test_what_only_the_gateway_reaches_is_refused_with_the_reason_and_the_line_that_names_it(home: Path, name: str) -> None:
    mini(home, "swaps")
    (home / "swaps.yml").write_text(f"id: swaps\ncontroller_name: swaps\ntrading_pair: SOL-USDC\nconnector_name: {name}\n")
    with pytest.raises(ConfigError) as found:
        Configs(find_home(home), 1).load(home / "swaps.yml")
    why = f"{name} is reached through the Gateway only, and Condor has no Gateway yet: it can't trade there"
    assert str(found.value) == f"swaps.yml:4, field connector_name: {why}"


# ---- backtests -------------------------------------------------------------------------------------------------------
def test_in_a_backtest_candles_are_read_once_each_and_only_when_closed(home: Path) -> None:
    table = recorded_table("candles/lean_binance_btcusd_perp_1m.csv.gz", slice(0, 600))
    spec = Configs(find_home(home), 1).spec("band_reversal")
    of = instrument(pair="BTC-USDT", connector="binance_perpetual")
    seen: list[tuple[float, float]] = []

    class Watched(spec.controller_class):  # type: ignore[misc, name-defined]
        async def update_processed_data(self) -> None:
            await super().update_processed_data()
            seen.append((self.market_data_provider.time(), float(self.processed_data["features"]["timestamp"].iloc[-1])))

    import dataclasses

    values = {
        "connector_name": "binance_perpetual",
        "trading_pair": "BTC-USDT",
        "interval": "3m",
        "length": 20,
        "total_amount_quote": 1000,
        "cooldown_time": 60,
    }
    config = spec.config_class.model_validate(values)
    run = run_backtest(backtest_job([(dataclasses.replace(spec, controller_class=Watched), config)], table, of))
    assert not run.faults
    # 600 minutes are 200 bars of 3 minutes; the first decision needs 20, the last bar closes with the data
    assert 179 <= len(seen) <= 181
    # a bar's last quote comes 1 ms before its end
    assert min(now - opened for now, opened in seen) >= 179.99, "no bar is seen before it has closed"
    assert len({opened for _, opened in seen}) == len(seen)
    assert run.executors


def test_the_same_backtest_twice_is_the_same(home: Path) -> None:
    table = recorded_table("candles/lean_binance_btcusd_perp_1m.csv.gz", slice(0, 300))
    spec = Configs(find_home(home), 1).spec("quiet_maker")
    of = instrument(pair="BTC-USDT", connector="binance_perpetual")
    values = {"connector_name": "binance_perpetual", "trading_pair": "BTC-USDT", "total_amount_quote": 2000, "executor_refresh_time": 120}
    runs = [run_backtest(backtest_job([(spec, spec.config_class.model_validate(values))], table, of)) for _ in range(2)]
    assert runs[0].fills, "it trades"
    assert not runs[0].faults
    assert [fill for fill, _ in runs[0].fills] == [fill for fill, _ in runs[1].fills]


GRIDS = "[{band_id: low, start_price: 90, end_price: 110, limit_price: 80, side: 1, share: 0.5}]"


def test_markets_and_values_with_parts_are_asked_for(home: Path) -> None:
    given = ["market=binance_perpetual eth/usdt", f"bands={GRIDS}", "shares={ETH: 0.25, BTC: 0.5}", "bounds=0.01,0.02", "total_amount_quote=1000"]
    path = create_config(find_home(home), "bands", None, given, lambda _: None)
    configs = Configs(find_home(home), 1)
    config: Any = configs.load(path).config
    assert (config.market.connector_name, config.market.trading_pair) == ("binance_perpetual", "ETH-USDT")
    assert (config.bands[0].band_id, config.bands[0].end_price, config.bands[0].side.name) == ("low", 110, "BUY")
    assert (config.shares["BTC"], config.bounds, config.candles_config[0].max_records) == (Decimal("0.5"), [Decimal("0.01"), Decimal("0.02")], 5)
    assert config.barriers.take_profit == Decimal("0.001")
    form = form_of(type(config), markets_of(configs))
    assert [question.name for question in form.steps] == ["market", "total_amount_quote", "candles_config", "bands"]
    values = config_values(config)
    shown = {question.name: answer_text(question, values[question.name]) for question in (*form.steps, *form.advanced)}
    assert shown["market"] == "binance_perpetual:ETH-USDT"
    for question in (*form.steps, *form.advanced):
        # what stands on the card can be typed again
        answer = read_answer(question, shown[question.name], markets_of(configs), values)
        again = type(config).model_validate({**values, question.name: answer})
        assert getattr(again, question.name) == getattr(config, question.name), question.name
    for wrong, words in (("market=binance_perpetual", "expected a venue and a pair"), ("bands=[{", "as YAML"), ("market=nowhere:ETH-USDT", "venue")):
        with pytest.raises(UserError, match=words):
            create_config(find_home(home), "bands", None, [wrong], lambda _: None)


def test_a_trailing_stop_is_shown_as_it_is_typed(home: Path) -> None:
    configs = Configs(find_home(home), 1)
    model = configs.spec("band_reversal").config_class
    where = {"connector_name": "binance_perpetual", "trading_pair": "ETH-USDT"}
    config: Any = model.model_validate({**where, "trailing_stop": {"activation_price": "0.015", "trailing_delta": "0.003"}})
    question = form_of(model, markets_of(configs)).question("trailing_stop")
    values = config_values(config)
    shown = answer_text(question, values["trailing_stop"])
    assert shown == "1.5%, 0.3%"
    again: Any = model.model_validate({**values, "trailing_stop": read_answer(question, shown, markets_of(configs), values)})
    assert again.trailing_stop == config.trailing_stop


def test_an_example_of_a_shipped_controller_does_not_stand_in_the_way_of_the_homes(home: Path) -> None:
    text = (HOME / "controllers" / "generic" / "bands.py").read_text().replace('"bands"', '"multi_grid_strike"').replace("bands:", "grids:")
    write(home, "generic/multi_grid_strike.py", text.replace("config.bands", "config.grids"))
    path = create_config(find_home(home), "multi_grid_strike", None, [], lambda _: None)
    config: Any = Configs(find_home(home), 1).load(path).config
    # the shipped example writes its grids in a way of its own; what fits is taken
    assert (config.grids, config.leverage) == ([], Configs(find_home(home), 1).example("multi_grid_strike")["leverage"])
