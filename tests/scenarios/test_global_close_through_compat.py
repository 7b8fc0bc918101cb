"""CO-9: the global take profit and stop loss of a Strategy V2 controller, through the compatibility layer, in the scenes of the table and on a paper market."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock, MagicMock

import pytest

from botcore.markets.market_data import MarketDataProvider
from botcore.model.enums import TradeType
from tests.support.bench import D
from tests.support.user_code import WHERE, Stage, load

BUY, SELL = TradeType.BUY, TradeType.SELL


@pytest.fixture
def controller(tmp_path: Path) -> Any:
    """The controller with stand-ins for market data and queue, as tests of such files build it."""
    spec = load("global_close", tmp_path)
    config = spec.config_class.model_validate({"id": "test", **WHERE})
    made: Any = spec.controller_class(config=config, market_data_provider=MagicMock(spec=MarketDataProvider), actions_queue=AsyncMock())
    made.entered = True
    made.processed_data = {"position_amount": D(1), "pnl_pct": D("0.05")}
    made.executors_info, made.positions_held = [], []
    return made


def exchange(controller: Any, amount: Any, side: TradeType | None) -> None:
    controller.exchange_position = MagicMock(return_value=(D(amount), side))


def closing(controller: Any, retries: int = 0) -> None:
    controller.phase, controller.close_side, controller.retries = "closing", BUY, retries


def test_co9_exchange_position_0_ends_the_close_and_cools_down(controller: Any) -> None:
    closing(controller, 1)
    exchange(controller, 0, None)
    assert controller.check() == []
    assert (controller.cooling_down, controller.phase, controller.close_side, controller.retries) == (True, None, None, 0)


def test_co9_stale_pnl_above_the_take_profit_does_not_trigger_again(controller: Any) -> None:
    controller.cooling_down = True
    exchange(controller, 0, None)
    assert controller.check() == []
    assert (controller.cooling_down, controller.phase) == (True, None)


def test_co9_cooling_ends_when_the_own_data_say_0(controller: Any) -> None:
    controller.cooling_down = True
    controller.processed_data["position_amount"] = D(0)
    assert controller.check() == []
    assert not controller.cooling_down


def test_co9_cooling_ends_when_a_new_exchange_position_appears(controller: Any) -> None:
    controller.cooling_down = True
    controller.positions_held = [MagicMock(trading_pair="ETH-USDT", side=BUY)]
    exchange(controller, 2, BUY)
    controller.check()
    assert (controller.cooling_down, controller.phase) == (False, "stopping")


@pytest.mark.parametrize(
    ("case", "retries", "there", "quantised"), [("retries", 3, (2, BUY), 2), ("flip", 0, (2, SELL), 2), ("dust", 0, ("1e-7", BUY), 0)]
)
def test_co9_aborts_do_not_cool_down(controller: Any, case: str, retries: int, there: Any, quantised: int) -> None:
    closing(controller, retries)
    exchange(controller, *there)
    controller.market_data_provider.quantize_order_amount = MagicMock(return_value=D(quantised))
    assert controller.check() == []
    assert (controller.phase, controller.retries, controller.cooling_down) == (None, 0, False)


def test_co9_on_a_paper_market_the_position_is_closed_once_and_nothing_follows(tmp_path: Path) -> None:
    stage = Stage("global_close", tmp_path, **WHERE)
    for _ in range(3):
        stage.tick()
    assert stage.controller.positions_held[0].amount == 1
    stage.bench.price(102)
    for _ in range(4):
        stage.tick()
    close = stage.infos[-1]
    assert (close.level_id, close.config.side, close.config.amount) == ("global_close", SELL, D(1))
    assert stage.controller.phase == "closing"
    for _ in range(2):
        stage.bench.quote(103)
        stage.tick()
    for _ in range(6):
        stage.tick()
    assert sum((held.amount for held in stage.controller.positions_held), Decimal(0)) == 0
    assert (stage.controller.phase, stage.controller.cooling_down) == (None, False)
    assert len([info for info in stage.infos if info.level_id == "global_close"]) == 1
    assert not [info for info in stage.infos if info.is_active]
