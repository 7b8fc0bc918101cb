"""Loading users' controllers: names are given to them only, and what is missing is refused with name and line before anything runs."""

from __future__ import annotations

import builtins
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from botcore.compat.linear import LinearRegression
from botcore.compat.loader import FileRefused
from botcore.compat.surface import surface_of
from botcore.compat.tools import format_df_for_printout
from botcore.model.errors import ConfigError
from condor.approvals import ApprovalNeeded, Approvals
from condor.user_code import UserCode, settings_model
from tests.support.user_code import HOME, load, write

BASE = "from hummingbot.strategy_v2.controllers import ControllerBase, ControllerConfigBase\n"
CLASSES = (
    "class MineConfig(ControllerConfigBase):\n    controller_name: str = 'mine'\n"
    "class Mine(ControllerBase):\n    def determine_executor_actions(self):\n        return []\n"
)


def refusal(tmp_path: Path, text: str) -> str:
    write(tmp_path, "generic/mine.py", text)
    with pytest.raises((ConfigError, FileRefused)) as found:
        load("mine", tmp_path, tmp_path)
    return str(found.value)


def test_names_are_given_to_the_file_only(tmp_path: Path) -> None:
    load("one_of_each", tmp_path)
    assert not any(name == "hummingbot" or name.startswith("hummingbot.") for name in sys.modules)
    with pytest.raises(ModuleNotFoundError):
        builtins.__import__("hummingbot")


@pytest.mark.parametrize("line", ["controller_name = 'mine'", "controller_name: str = 'mine'"])
def test_a_field_that_is_set_without_its_type_keeps_it(tmp_path: Path, line: str) -> None:
    """Files from the days of pydantic 1 do; pydantic 2 by itself refuses it."""
    write(tmp_path, "generic/mine.py", BASE + CLASSES.replace("controller_name: str = 'mine'", line))
    config = load("mine", tmp_path, tmp_path).config_class
    assert config().controller_name == "mine"
    with pytest.raises(ValueError, match="controller_name"):
        config(controller_name=3)


def test_every_module_path_of_the_list_is_there() -> None:
    paths = [
        "strategy_v2.controllers",
        "strategy_v2.controllers.controller_base",
        "strategy_v2.controllers.directional_trading_controller_base",
        "strategy_v2.controllers.market_making_controller_base",
        "strategy_v2.executors.data_types",
        "strategy_v2.executors.position_executor.data_types",
        "strategy_v2.executors.order_executor.data_types",
        "strategy_v2.executors.grid_executor.data_types",
        "strategy_v2.executors.dca_executor.data_types",
        "strategy_v2.executors.twap_executor.data_types",
        "strategy_v2.executors.xemm_executor.data_types",
        "strategy_v2.executors.arbitrage_executor.data_types",
        "strategy_v2.executors.lp_executor.data_types",
        "strategy_v2.models.base",
        "strategy_v2.models.executors",
        "strategy_v2.models.executors_info",
        "strategy_v2.models.executor_actions",
        "strategy_v2.utils.distributions",
        "strategy_v2.utils.common",
        "strategy_v2.utils.order_level_builder",
        "strategy_v2.runnable_base",
        "core.data_type.common",
        "core.gateway.gateway_http_client",
        "data_feed.candles_feed.data_types",
        "client.ui.interface_utils",
        "logger",
        "strategy.strategy_v2_base",
    ]
    assert {f"hummingbot.{path}" for path in paths} <= set(surface_of(""))


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (
            "from hummingbot.core.web_assistant import WebAssistant",
            "field WebAssistant: imports WebAssistant from hummingbot.core.web_assistant, which Condor does not have",
        ),
        (
            "from hummingbot.core.data_type.common import TradeTyp",
            "imports TradeTyp from hummingbot.core.data_type.common, where Condor has no such name",
        ),
        ("import a_module_that_nobody_has", "imports a_module_that_nobody_has, which is not installed here"),
        ("from controllers.generic.other import thing", "imports controllers.generic.other, which this home does not have"),
    ],
)
def test_a_missing_import_is_refused_with_name_and_line(tmp_path: Path, line: str, problem: str) -> None:
    text = refusal(tmp_path, BASE + "\n" + line + "\n" + CLASSES)
    assert text.startswith("controllers/generic/mine.py:3, field ")
    assert problem in text


def test_missing_imports_of_functions_are_found_too_and_all_at_once(tmp_path: Path) -> None:
    text = refusal(
        tmp_path, BASE + CLASSES + "    def later(self):\n        from hummingbot.nothing import A\n        from hummingbot.none import B\n"
    )
    first, second = text.splitlines()
    assert first.startswith("controllers/generic/mine.py:8, field A")
    assert second.startswith("controllers/generic/mine.py:9, field B")


def test_what_the_file_looks_after_itself_or_only_type_checkers_see_is_not_missed(tmp_path: Path) -> None:
    text = (
        "from typing import TYPE_CHECKING\n"
        + BASE
        + "if TYPE_CHECKING:\n    from hummingbot.connector.exchange_base import ExchangeBase\n"
        + "try:\n    import nobody_has_this\nexcept ImportError:\n    nobody_has_this = None\n"
        + CLASSES
    )
    write(tmp_path, "generic/mine.py", text)
    assert load("mine", tmp_path, tmp_path).name == "mine"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("x = TradeType.BYU", "there is no TradeType.BYU here; did you mean 'BUY'?"),
        ("def f(self):\n    return self.market_data_provider.get_prices_df()", "market_data_provider has no get_prices_df here"),
        ("def g():\n    return OrderExecutorConfig(amont=1)", "OrderExecutorConfig has no field 'amont' here"),
    ],
)
def test_missing_members_methods_and_fields_are_refused(tmp_path: Path, line: str, problem: str) -> None:
    head = "from hummingbot.core.data_type.common import TradeType\nfrom hummingbot.strategy_v2.executors.order_executor.data_types import OrderExecutorConfig\n"
    text = refusal(tmp_path, BASE + head + CLASSES + line + "\n")
    assert text.startswith(f"controllers/generic/mine.py:{9 + line.count(chr(10))}, ")
    assert problem.split("; did")[0] in text


def test_nothing_of_a_refused_file_runs(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    refusal(tmp_path, f"open({str(mark)!r}, 'w')\nfrom hummingbot.nothing import A\n")
    assert not mark.exists()


def test_errors_of_the_file_itself_are_told_with_their_line(tmp_path: Path) -> None:
    assert "controllers/generic/mine.py:2: raised ZeroDivisionError while it was loaded" in refusal(tmp_path, BASE + "1 / 0\n" + CLASSES)
    assert "not valid Python" in refusal(tmp_path, "def\n")
    assert "defines no class that derives from ControllerBase" in refusal(tmp_path, BASE + CLASSES.partition("class Mine(")[0])


def test_dotted_names_folders_and_packages_are_found(tmp_path: Path) -> None:
    code = UserCode(HOME, Approvals(tmp_path / "a"))
    assert code.module_of("examples.hands_on") == ("controllers.generic.examples.hands_on", "generic")
    assert code.module_of("packaged") == ("controllers.generic.packaged.packaged", "generic")
    assert code.module_of("quiet_maker", "market_making") == ("controllers.market_making.quiet_maker", "market_making")
    assert code.module_of("../secret") is None
    assert set(code.names()) >= {"examples.hands_on", "packaged", "band_reversal", "one_of_each"}
    write(tmp_path, "one/same.py", BASE + CLASSES)
    write(tmp_path, "two/same.py", BASE + CLASSES)
    with pytest.raises(ConfigError, match="several controllers 'same'"):
        UserCode(tmp_path, Approvals(tmp_path / "a")).module_of("same")


def test_a_link_out_of_the_home_is_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside.py"
    outside.write_text(BASE + CLASSES)
    folder = tmp_path / "home" / "controllers" / "generic"
    folder.mkdir(parents=True)
    (folder / "mine.py").symlink_to(outside)
    assert UserCode(tmp_path / "home", Approvals(tmp_path / "a")).module_of("mine") is None


# ---- approval --------------------------------------------------------------------------------------------------------
def test_unapproved_code_does_not_run_and_one_approval_serves_until_the_file_changes(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    file = write(tmp_path, "generic/mine.py", f"open({str(mark)!r}, 'a').write('x')\n" + BASE + CLASSES)
    approvals = Approvals(tmp_path / "approved.jsonl")
    code = UserCode(tmp_path, approvals)
    with pytest.raises(ApprovalNeeded, match=r"controllers/generic/mine.py \(hash [0-9a-f]{12}\) is code that the owner has not approved yet"):
        code.spec("mine")
    assert not mark.exists()
    found: Any = code.find("mine")
    code.approve(found, "owner", 5)
    spec: Any = code.spec("mine")
    assert spec.origin == f"controllers/generic/mine.py {found.gathered.digest[:12]}"
    assert UserCode(tmp_path, approvals).spec("mine") is not None
    assert (tmp_path / "approved.jsonl").stat().st_mode & 0o777 == 0o600
    file.write_text(file.read_text() + "\n# changed\n")
    with pytest.raises(ApprovalNeeded):
        code.spec("mine")


def test_the_hash_covers_the_files_that_it_imports(tmp_path: Path) -> None:
    write(tmp_path, "generic/mine.py", BASE + "from controllers.generic.helper import A\n" + CLASSES)
    helper = write(tmp_path, "generic/helper.py", "A = 1\n")
    code = UserCode(tmp_path, Approvals(tmp_path / "a"))
    before: Any = code.find("mine")
    helper.write_text("A = 2\n")
    after: Any = code.find("mine")
    assert before.gathered.digest != after.gathered.digest


# ---- what its config does ------------------------------------------------------------------------------------------------
def config_class(tmp_path: Path, body: str, head: str = "") -> Any:
    text = (
        BASE + head + "from decimal import Decimal\nfrom typing import List, Optional\nfrom pydantic import Field, field_validator, model_validator\n"
    )
    fields = "".join(f"    {line}\n" for line in body.splitlines())
    write(
        tmp_path,
        "generic/mine.py",
        text
        + f"class MineConfig(ControllerConfigBase):\n    controller_name: str = 'mine'\n{fields}"
        + CLASSES.partition("\n")[2].partition("\n")[2],
    )
    return load("mine", tmp_path, tmp_path).config_class


@pytest.mark.parametrize("head", ["", "from __future__ import annotations\n"])
def test_a_value_without_a_type_is_a_field_and_a_default_of_none_may_be_none(tmp_path: Path, head: str) -> None:
    head_first = head + BASE
    text = (
        "from decimal import Decimal\nfrom typing import Optional\nfrom pydantic import Field\n"
        "class MineConfig(ControllerConfigBase):\n    controller_name: str = 'mine'\n"
        "    channel = 50\n    share = Field(default=0.05, ge=0)\n    entry: Decimal = Field(default=None)\n    other: Optional[int] = None\n"
        "class Mine(ControllerBase):\n    def determine_executor_actions(self):\n        return []\n"
    )
    write(tmp_path, "generic/mine.py", head_first + text)
    cls: Any = load("mine", tmp_path, tmp_path).config_class
    plain = cls.model_validate({"id": "m"})
    assert (plain.channel, plain.share, plain.entry, plain.other) == (50, 0.05, None, None)
    given = cls.model_validate({"id": "m", "channel": "60", "entry": "1.5"})
    assert (given.channel, given.entry) == (60, Decimal("1.5"))
    with pytest.raises(ValueError, match="share"):
        cls.model_validate({"id": "m", "share": -1})


def test_what_a_file_prints_is_a_line_of_the_log(tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
    """`condor run` says where it is on its output, a backtest its result: programs read that."""
    caplog.set_level("INFO")
    config_class(
        tmp_path, "size: int = 1", "import sys\nprint('markets', 3, sep=': ')\nprint('as', end='', file=sys.stderr)\nprint('ide', file=sys.stderr)\n"
    )
    assert capsys.readouterr() == ("", "aside\n")
    assert "markets: 3" in caplog.text


def test_candles_may_be_a_property_of_the_config(tmp_path: Path) -> None:
    head = "from hummingbot.data_feed.candles_feed.data_types import CandlesConfig\n"
    made = "[CandlesConfig(connector='binance', trading_pair='ETH-USDT', interval=self.interval, max_records=9)]"
    body = f"interval: str = '5m'\n@property\ndef candles_config(self):\n    return {made}"
    config = config_class(tmp_path, body, head).model_validate({"id": "m", "interval": "1h"})
    assert [(item.interval, item.max_records) for item in config.candles_config] == [("1h", 9)]
    assert {market.trading_pair for market in config.markets()} == {"ETH-USDT"}


def test_a_script_that_takes_no_config_has_none(tmp_path: Path) -> None:
    (tmp_path / "scripts").mkdir()
    text = (
        "from hummingbot.strategy.script_strategy_base import ScriptStrategyBase\n"
        "class Plain(ScriptStrategyBase):\n    markets = {'binance': {'ETH-USDT'}}\n"
        "    def __init__(self, connectors):\n        super().__init__(connectors)\n"
        "    def on_tick(self):\n        pass\n"
    )
    (tmp_path / "scripts" / "plain.py").write_text(text)
    assert settings_model(load("scripts.plain", tmp_path, tmp_path)) is Any
    assert settings_model(load("scripts.two_quotes", tmp_path)) is not Any


def test_a_validator_of_the_whole_model_may_set_fields(tmp_path: Path) -> None:
    """Assignments are validated: such a validator would be asked again about its own assignment, for ever."""
    body = "fast: int = 3\nslow: int = 9\nsum: int = 0\n@model_validator(mode='after')\ndef add(self):\n    self.sum = self.fast + self.slow\n    return self"
    cls = config_class(tmp_path, body)
    config = cls.model_validate({"id": "m", "slow": 20})
    assert config.sum == 23
    config.fast = "5"
    assert (config.fast, config.sum) == (5, 25)
    with pytest.raises(ValueError, match="fast"):
        config.fast = "five"


@pytest.mark.parametrize("code", ["{}['there']", "None.upper()", "1 / 0"])
def test_what_its_validators_raise_is_one_sentence_with_file_and_line(tmp_path: Path, code: str) -> None:
    body = f"side: str = 'BUY'\n@field_validator('side', mode='before')\n@classmethod\ndef read(cls, v):\n    return {code}"
    cls = config_class(tmp_path, body)
    with pytest.raises(ValueError, match=r"controllers/generic/mine\.py:11: raised \w+Error while the config was read"):
        cls.model_validate({"id": "m"})


def test_folders_that_a_file_asks_for_are_those_of_its_home(tmp_path: Path) -> None:
    head = "from hummingbot import data_path, prefix_path\nfrom hummingbot.client import settings\nfrom hummingbot.client.settings import CONF_DIR_PATH\n"
    cls = config_class(tmp_path, "where: str = f'{data_path()} {prefix_path()} {settings.CONTROLLERS_CONF_DIR_PATH} {CONF_DIR_PATH}'", head)
    assert cls.model_validate({"id": "m"}).where.split() == [str(tmp_path / part) for part in ("data", "", "conf/controllers", "conf")]


# ---- the small things --------------------------------------------------------------------------------------------------
def test_linear_regression_finds_the_plane_and_explains_its_share() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(200, 2))
    y = 3 + x @ [2.0, -1.0]
    line = LinearRegression().fit(x, y)
    assert line.coef_ == pytest.approx([2, -1])
    assert line.intercept_ == pytest.approx(3)
    assert line.predict([[1, 1]]) == pytest.approx([4])
    assert line.score(x, y) == pytest.approx(1)
    noisy = LinearRegression().fit(x, y + rng.normal(size=200))
    residual = y + 0 - noisy.predict(x)
    assert abs(residual.mean()) < 0.2
    assert LinearRegression(fit_intercept=False).fit([[1], [2]], [2, 4]).coef_ == pytest.approx([2])
    with pytest.raises(ValueError, match="two dimensions"):
        line.fit([1, 2], [1, 2])


def test_tables_are_text_with_a_frame() -> None:
    import pandas  # 0.3 s: only this test looks at a table

    text = format_df_for_printout(pandas.DataFrame({"pair": ["ETH-USDT", "B"], "n": [1.5, 20]}))
    assert text.splitlines() == [
        "+----------+-----+",
        "| pair     |   n |",
        "|----------+-----|",
        "| ETH-USDT | 1.5 |",
        "| B        |  20 |",
        "+----------+-----+",
    ]
