"""What the review says a config may cost and lose: for every shipped controller, and true to its own exits."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from botcore.controllers.catalog import shipped_controllers
from condor.configs import Configs
from condor.home import find_home
from condor.services.estimates import estimates
from handlers.html import WIDTH, pairs, visible_length
from tests.support.bench import instrument

TAKER = Decimal("0.0005")
MARKET = instrument("BTC-USDT", "binance_perpetual")


@pytest.fixture
def configs(tmp_path: Path) -> Configs:
    return Configs(find_home(tmp_path))


def config_of(configs: Configs, name: str, **changes: Any) -> Any:
    return configs.spec(name).config_class(**{**configs.example(name), "id": name, **changes})


@pytest.mark.parametrize("name", sorted(shipped_controllers()))
def test_every_controller_says_one_worst_case_and_nothing_of_it_is_cut_off(configs: Configs, name: str) -> None:
    rows = estimates(config_of(configs, name), MARKET, TAKER)
    worst = [row for row in rows if row[0] in ("if all are stopped out", "if it goes wrong", "no stop loss", "stop loss")]
    assert len(worst) == 1
    assert "…" not in str(pairs(rows))
    assert visible_length(str(pairs(worst))) <= WIDTH


def test_a_stop_loss_is_counted_with_the_fees_of_both_ways(configs: Configs) -> None:
    config = config_of(configs, "grid_strike", total_amount_quote="1000", stop_loss="0.05")
    assert dict(estimates(config, MARKET, TAKER))["if all are stopped out"] == "-51.00 USDT"


@pytest.mark.parametrize("name", ["grid_strike", "multi_grid_strike", "bollingrid"])
def test_a_grid_without_a_stop_loss_is_given_up_at_its_limit(configs: Configs, name: str) -> None:
    assert dict(estimates(config_of(configs, name, stop_loss=None), MARKET, TAKER))["if it goes wrong"] == "given up at its limit"


def test_the_stop_loss_of_a_pair_counts(configs: Configs) -> None:
    config = config_of(configs, "stat_arb", total_amount_quote="1000", sl_global="0.1")
    assert dict(estimates(config, MARKET, TAKER))["if all are stopped out"] == "-101.00 USDT"


def test_a_stop_loss_in_half_widths_of_the_bands_is_no_fraction_of_the_money(configs: Configs) -> None:
    rows = dict(estimates(config_of(configs, "dman_v3", dynamic_target=True, stop_loss="2"), MARKET, TAKER))
    assert rows["stop loss"] == "2 x half band"
    assert "if all are stopped out" not in rows


def test_a_config_that_nothing_stops_says_so(configs: Configs) -> None:
    rows = dict(estimates(config_of(configs, "pmm_simple", stop_loss=None), MARKET, TAKER))
    assert rows["no stop loss"] == "no limit to the loss"
