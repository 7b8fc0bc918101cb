"""The parts of the wizard by themselves: lines of several answers, questions for fields without any, what is proposed, what mends a draft."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from botcore.controllers.by_hand import ByHandConfig
from condor.configs import Configs
from condor.create import create_config
from condor.errors import UserError
from condor.forms import check_draft, default_answers, form_of, read_answer
from condor.home import find_home
from condor.nested import nested
from condor.services.proposals import proposed
from condor.services.purse import DayRange
from condor.services.remedies import band_fixes, too_small
from condor.services.sizes import ladder_of, too_many
from condor.shortcuts import read_shortcuts, with_values
from tests.support.bench import instrument

FIELDS = ["take_profit", "long.amount", "short.amount", "triple_barrier_config.stop_loss", "buy_spreads"]
MARKET = replace(instrument("BTC-USDT", "binance_perpetual"), min_notional=Decimal(5))


# ---- lines of several answers --------------------------------------------------------------------------------------
def test_a_line_of_answers_is_read_by_aliases_and_last_words_and_values_may_have_blanks() -> None:
    found = read_shortcuts(" tp = 0.4%  stop_loss=off buy_spreads=0.1%, 0.2%", FIELDS)
    assert found == [("take_profit", "0.4%"), ("triple_barrier_config.stop_loss", "off"), ("buy_spreads", "0.1%, 0.2%")]


def test_values_of_a_line_are_replaced_by_their_place() -> None:
    assert with_values(" tp = 0.3  lev=3 sl=0.2", {0: "0.3%", 2: "0.2%"}) == ("tp=0.3% sl=0.2%", "tp=0.3% lev=3 sl=0.2%")


@pytest.mark.parametrize("text", ["0.4%", "buy it tp=1%", "a sentence"])
def test_other_lines_are_answers_by_themselves(text: str) -> None:
    assert read_shortcuts(text, FIELDS) == []


@pytest.mark.parametrize(("text", "words"), [("amount=5", "long.amount or short.amount"), ("take_profti=1%", "did you mean take_profit")])
def test_names_that_stand_for_several_fields_or_none_are_refused(text: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        read_shortcuts(text, FIELDS)


# ---- fields without a question -------------------------------------------------------------------------------------
class Part(BaseModel):
    stop_loss: Decimal | None = None
    depth: int = 3


class Unasked(BaseModel):
    """As somebody writes a model who knows nothing of questions."""

    id: str = "main"
    trading_pair: str
    connector_name: str
    some_odd_number: int
    weights: list[Decimal] = [Decimal(1)]
    part: Part = Part()
    maybe: Part | None = None


def test_fields_without_a_question_are_asked_by_their_names_and_parts_one_by_one() -> None:
    markets = {"binance": ["BTC-USDT"]}
    form = form_of(Unasked, markets)
    assert [question.name for question in form.steps] == ["connector_name", "trading_pair", "some_odd_number", "part.stop_loss"]
    assert [question.name for question in form.advanced] == ["weights", "part.depth", "maybe.stop_loss", "maybe.depth"]
    answers = default_answers(form, {"part": {"stop_loss": "0.02"}})
    assert {fault.field for fault in check_draft(form, answers)} == {"connector_name", "trading_pair", "some_odd_number"}
    for name, text in (("connector_name", "binance"), ("trading_pair", "btc"), ("some_odd_number", "7"), ("weights", "1, 2"), ("part.depth", "9")):
        answers[name] = read_answer(form.question(name), text, markets, answers)
    assert check_draft(form, answers) == []
    model = Unasked.model_validate(nested(answers))
    assert (model.part.stop_loss, model.part.depth, model.weights, model.maybe) == (Decimal("0.02"), 9, [Decimal(1), Decimal(2)], None)


class Maybe(BaseModel):
    may_short: bool | None = None


@pytest.mark.parametrize(("text", "value"), [("yes", True), ("no", False), ("off", None), ("-", None)])
def test_no_is_an_answer_where_it_is_among_the_choices(text: str, value: bool | None) -> None:
    assert read_answer(form_of(Maybe, {}).question("may_short"), text, {}, {}) is value


def test_a_config_with_parts_is_written_by_create_as_it_is_read(tmp_path: Path) -> None:
    home = find_home(tmp_path)
    folder = tmp_path / "controllers" / "generic"
    folder.mkdir(parents=True)
    (folder / "parted.py").write_text(
        "from pydantic import BaseModel\n"
        "from hummingbot.strategy_v2.controllers.controller_base import ControllerBase, ControllerConfigBase\n\n\n"
        "class Part(BaseModel):\n    depth: int = 3\n\n\n"
        "class PartedConfig(ControllerConfigBase):\n    controller_name: str = 'parted'\n    part: Part = Part()\n\n\n"
        "class Parted(ControllerBase):\n    pass\n"
    )
    path = create_config(home, "parted", None, ["part={depth: 8}"], lambda _: None)
    assert yaml.safe_load(path.read_text())["part"] == {"depth": 8}
    assert Configs(home, 1).load(path).config.part.depth == 8  # type: ignore[attr-defined]


# ---- what is proposed ----------------------------------------------------------------------------------------------
def test_a_band_follows_the_days_range_and_says_so_or_that_there_are_no_candles() -> None:
    fields = dict.fromkeys(("start_price", "end_price", "limit_price"))
    day = DayRange(Decimal(97), Decimal(103), 24)
    values, why = proposed(fields, {"side": "BUY"}, MARKET, Decimal(100), day)
    assert [Decimal(values[name]) for name in fields] == [Decimal(97), Decimal(103), Decimal("95.5")]
    assert why["start_price"] == "-3.0 % of 100 because the 24 h range is 6.0 %"
    values, why = proposed(fields, {"side": "SELL"}, MARKET, Decimal(100), None)
    assert Decimal(values["limit_price"]) == Decimal(103) and "no candles yet" in why["limit_price"]
    assert proposed(fields, {}, MARKET, None, day) == ({}, {})
    assert proposed({"start_price": None}, {}, MARKET, Decimal(100), day) == ({}, {}), "who gave one price is left alone"


# ---- what mends it -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "answers",
    [
        {"start_price": "1", "end_price": "2", "limit_price": "0.5", "side": "BUY"},
        {"start_price": "1", "end_price": "1", "limit_price": "0.5", "side": "BUY"},
        {"start_price": "abc", "end_price": "2"},
        {},
    ],
)
def test_a_band_that_stands_right_or_is_none_needs_no_fix(answers: dict[str, Any]) -> None:
    assert band_fixes(answers) == ()


def config_of(tmp_path: Path, name: str, **changes: Any) -> Any:
    configs = Configs(find_home(tmp_path))
    return configs.spec(name).config_class(**{**configs.example(name), "id": name, **changes})


def test_weights_go_with_their_levels_and_the_most_levels_that_fit_are_kept(tmp_path: Path) -> None:
    config = config_of(
        tmp_path,
        "pmm_simple",
        total_amount_quote="22",
        buy_spreads="0.001,0.002,0.003",
        buy_amounts_pct="3,2,1",
        sell_spreads="0.001",
        sell_amounts_pct="3",
    )
    found = too_small(config, MARKET)
    assert found is not None
    assert found.fixes[0].label == "Use 3 levels"
    assert dict(found.fixes[0].changes) == {"buy_spreads": "0.001,0.002", "sell_spreads": "0.001", "buy_amounts_pct": "3,2", "sell_amounts_pct": "3"}
    assert found.fixes[1].changes == {"total_amount_quote": "45"}


def test_a_weight_of_a_slipped_finger_is_a_problem_and_no_fault(tmp_path: Path) -> None:
    config = config_of(tmp_path, "pmm_simple", buy_spreads="0.001", buy_amounts_pct="1e30", sell_spreads="0.001", sell_amounts_pct="1")
    found = too_small(config, MARKET)
    assert found is not None and "below the smallest order" in found.text


def test_a_budget_below_one_order_can_only_be_raised(tmp_path: Path) -> None:
    found = too_small(config_of(tmp_path, "bollinger_v1", total_amount_quote="4", max_executors_per_side=2), MARKET)
    assert found is not None and [fix.label for fix in found.fixes] == ["Raise the amount to 10"]


def by_hand(**values: Any) -> ByHandConfig:
    return ByHandConfig.model_validate({"executor": {"connector_name": "binance_perpetual", "trading_pair": "BTC-USDT", "side": "BUY", **values}})


def test_a_step_of_a_slipped_finger_is_a_problem_and_no_fault() -> None:
    found = too_small(by_hand(type="dca_executor", amounts_quote=["1e29", 1], prices=[9, 8]), MARKET)
    assert found is not None and [fix.label for fix in found.fixes] == ["Use 1 level"]


def test_ladders_and_slices_by_hand_are_made_fewer_with_the_same_whole() -> None:
    ladder = too_small(by_hand(type="dca_executor", amounts_quote=[4, 4, 4], prices=[9, 8, 7]), MARKET)
    assert ladder is not None and ladder.fixes[0].label == "Use 2 levels"
    assert ladder.fixes[0].changes == {"amounts_quote": ["6", "6"], "prices": ["9", "8"]}
    slices = too_small(by_hand(type="twap_executor", total_amount_quote=30, total_duration=100, order_interval=10), MARKET)
    assert slices is not None and slices.fixes[0].changes["order_interval"] > 10
    changed = by_hand(type="twap_executor", total_amount_quote=30, total_duration=100, order_interval=slices.fixes[0].changes["order_interval"])
    assert changed.executor.order_amount_quote >= 5  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "config",
    [
        by_hand(type="twap_executor", total_amount_quote=30, total_duration=300_000_000, order_interval=1),
        by_hand(
            type="grid_executor",
            start_price="1e-9",
            end_price="1e9",
            limit_price="1e-10",
            total_amount_quote="1e30",
            min_spread_between_orders="1e-9",
            triple_barrier_config={"take_profit": "0.01"},
        ),
    ],
    ids=["twap", "grid"],
)
def test_more_positions_than_anybody_means_are_not_counted_one_by_one(config: ByHandConfig) -> None:
    assert (too_many(config, MARKET, Decimal(100)) or 0) > 1_000
    assert ladder_of(config, MARKET, Decimal(100)) is None
