"""dman_maker_v2: ladders at the levels, their prices and amounts, and the sooner refresh of the first level."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from botcore.controllers.catalog import shipped_controllers
from botcore.executors.dca.config import DCAExecutorConfig, DCAMode
from botcore.model.enums import CloseType, TradeType
from tests.support.bench import D
from tests.support.candle_seat import CandleSeat, config_of
from tests.support.paper_bench import PaperBench

TWO: dict[str, Any] = {"buy_spreads": "0.01,0.02", "sell_spreads": "0.01", "dca_spreads": "0,0.01,0.03", "dca_amounts": "1,1,2"}


def test_each_level_is_a_ladder_from_its_price_on() -> None:
    """Level buy_0 at 99 for 1000/3 quote; orders 0, 1 and 3 % below it, with 1/4, 1/4 and 1/2 of its base."""
    seat = CandleSeat(config_of("dman_maker_v2", stop_loss="0.05", take_profit="0.01", time_limit=600, **TWO))
    created = {wanted.level_id: wanted for wanted in seat.created()}
    assert created.keys() == {"buy_0", "buy_1", "sell_0"}
    buy = created["buy_0"]
    assert isinstance(buy, DCAExecutorConfig)
    assert buy.prices == [D(99), D("98.01"), D("96.03")]
    base = D(1000) / 3 / 99
    assert buy.amounts_quote == pytest.approx([base * D("0.25") * 99, base * D("0.25") * D("98.01"), base * D("0.5") * D("96.03")])
    assert (buy.side, buy.mode, buy.stop_loss, buy.take_profit, buy.time_limit) == (TradeType.BUY, DCAMode.MAKER, D("0.05"), D("0.01"), 600)
    assert created["sell_0"].prices == [D(101), D("102.01"), D("104.03")]


def test_amounts_left_out_are_all_alike() -> None:
    config = config_of("dman_maker_v2", dca_spreads="0.01,0.02", dca_amounts="")
    assert config.ladder() == [(D("0.01"), D("0.5")), (D("0.02"), D("0.5"))]


def test_first_level_is_refreshed_sooner_and_the_seat_is_woken_for_it() -> None:
    seat = CandleSeat(config_of("dman_maker_v2", executor_refresh_time=300, top_executor_refresh_time=20, **TWO))
    begin_ns = seat.bench.clock.now_ns
    infos = {wanted.level_id: seat.take_in(wanted) for wanted in seat.created()}
    assert seat.controller.quiet_until_ns() == begin_ns + 20_000_000_000
    seat.pass_time(19)
    assert seat.stopped() == []
    seat.pass_time(1)
    assert seat.stopped() == [infos["buy_0"].id, infos["sell_0"].id]
    infos["buy_0"].has_fills = True
    assert seat.stopped() == [infos["sell_0"].id], "a ladder that is trading stays"
    seat.close(infos["sell_0"], CloseType.EARLY_STOP)
    (again,) = seat.created()
    assert again.level_id == "sell_0"
    seat.pass_time(280)
    assert seat.stopped() == [infos["buy_1"].id], "the others at the refresh time, once"


@pytest.mark.parametrize("wrong", [{"dca_amounts": "1,2"}, {"dca_spreads": ""}, {"dca_spreads": "0.1,0.2,1.0"}, {"top_executor_refresh_time": 0}])
def test_configs_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        config_of("dman_maker_v2", **(TWO | wrong))


def test_defaults_are_those_of_strategy_v2() -> None:
    plain = type(config_of("dman_maker_v2"))()
    assert plain.dca_spreads == [D("0.01"), D("0.02"), D("0.04"), D("0.08")]
    assert plain.dca_amounts == [D("0.1"), D("0.2"), D("0.4"), D("0.8")]
    assert plain.top_executor_refresh_time is None and plain.executor_activation_bounds is None


def test_bot_adds_on_the_way_down_and_leaves_the_whole_at_its_profit() -> None:
    """500 quote at 99: half at 99, half 1 % below; average 98.5 falls behind a price of 99.2 by more than the take profit of 0.5 %."""
    bench = PaperBench()
    values = {"buy_spreads": "0.01", "sell_spreads": "0.5", "dca_spreads": "0,0.01", "dca_amounts": "1,1", "take_profit": "0.005", "stop_loss": "0.1"}
    bot = bench.bot((shipped_controllers()["dman_maker_v2"], config_of("dman_maker_v2", **values)))
    bench.settle(3)
    bench.price("98.90")
    bench.settle(3)
    bench.price("97.90")
    bench.settle(3)
    buy = next(executor for executor in bot.orchestrator.running if executor.config.side is TradeType.BUY)
    assert buy.info.custom_info["filled_amount"] == pytest.approx(D("5.050"), abs=D("0.002"))
    bench.price("99.20")
    bench.settle(3)
    assert bot.orchestrator.report().close_type_counts == {CloseType.TAKE_PROFIT: 1}
    assert bot.orchestrator.report().realized_pnl_quote > 2
    assert bench.records.faults == []
