"""What people type: units, ambiguity, and forms that come from the config models."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from botcore.controllers.catalog import shipped_controllers
from condor import units
from condor.configs import Configs
from condor.create import markets_of
from condor.errors import UserError
from condor.forms import Form, PairUnknown, answer_text, check_draft, default_answers, form_of, read_answer, read_pair
from condor.home import find_home
from condor.units import Ambiguous


@pytest.mark.parametrize(("text", "value"), [("0.4%", "0.004"), ("25bp", "0.0025"), ("25 bps", "0.0025"), ("0", "0"), ("1 percent", "0.01")])
def test_ratios_are_read_by_their_sign(text: str, value: str) -> None:
    assert units.ratio(text) == Decimal(value)


def test_a_bare_number_for_a_ratio_offers_both_readings() -> None:
    with pytest.raises(Ambiguous) as caught:
        units.ratio("0.1")
    assert caught.value.readings == ("0.1%", "10%")


@pytest.mark.parametrize("text", ["abc", "nan", "inf", "1e99", "", "--1", "1,2,3"])
def test_what_is_no_number_is_refused_with_what_was_expected(text: str) -> None:
    with pytest.raises(UserError, match="expected"):
        units.number(text)


@pytest.mark.parametrize(("text", "value"), [("500", 500), ("$1,500", 1500), ("2k", 2000), ("1.5m", 1_500_000), ("250 USDT", 250)])
def test_amounts(text: str, value: int) -> None:
    assert units.amount(text) == value


@pytest.mark.parametrize(("text", "seconds"), [("90", 90), ("45s", 45), ("15m", 900), ("1h30m", 5400), ("2d", 172_800)])
def test_durations_both_ways(text: str, seconds: int) -> None:
    assert units.duration(text) == seconds
    assert units.duration(units.duration_text(seconds)) == seconds


@pytest.mark.parametrize("text", ["btc/usdt", "BTCUSDT", "btc usdt", "Btc-Usdt", "btc"])
def test_pairs_however_they_are_typed(text: str) -> None:
    assert read_pair(text, ["BTC-USDT", "ETH-USDT"]) == "BTC-USDT"


def test_unknown_pair_names_the_close_ones() -> None:
    with pytest.raises(PairUnknown) as caught:
        read_pair("BTC-UDST", ["BTC-USDT", "ETH-USDT"])
    assert "BTC-USDT" in caught.value.close


@pytest.fixture
def configs(tmp_path: Path) -> Configs:
    return Configs(find_home(tmp_path))


@pytest.mark.parametrize("name", list(shipped_controllers()))
def test_every_question_has_an_answer_that_reads_back(configs: Configs, name: str) -> None:
    markets = markets_of(configs)
    spec = configs.spec(name)
    answers = default_answers(form_of(spec.config_class, markets), configs.example(name))
    form = form_of(spec.config_class, markets, answers.get("connector_name"))
    assert check_draft(form, answers) == []
    assert len(form.steps) >= 6
    for question in (*form.steps, *form.advanced):
        assert question.prompt
        text = answer_text(question, answers.get(question.name))
        if text == "-":
            continue
        again = {**answers, question.name: read_answer(question, text, markets, answers)}
        model, same = spec.config_class.model_validate(again), spec.config_class.model_validate(answers)
        assert getattr(model, question.name) == getattr(same, question.name), question.name


@pytest.mark.parametrize(
    ("field", "text"),
    [("total_amount_quote", "-5"), ("stop_loss", "-1%"), ("leverage", "0"), ("leverage", "2.5"), ("take_profit", "nan"), ("time_limit", "soon")],
)
def test_answers_that_do_not_hold_are_refused(configs: Configs, field: str, text: str) -> None:
    spec, markets = configs.spec("pmm_simple"), markets_of(configs)
    form = form_of(spec.config_class, markets)
    answers = default_answers(form, configs.example("pmm_simple"))
    assert refused(form, field, text, markets, answers)


def refused(form: Form, field: str, text: str, markets: dict[str, list[str]], answers: dict[str, Any]) -> bool:
    """Whether an answer is kept out, by its reading or by its model."""
    try:
        value = read_answer(form.question(field), text, markets, answers)
    except UserError as error:
        return "expected" in str(error)
    return bool(check_draft(form, {**answers, field: value}, field))


def test_every_shipped_file_loads(configs: Configs, tmp_path: Path) -> None:
    home = find_home(tmp_path)
    assert len(configs.venues) == 17
    for path in home.conf_files("controllers").values():
        assert configs.load(path).config.markets()
