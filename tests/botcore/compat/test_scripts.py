"""Scripts in the dialect of `StrategyV2Base` that decide by themselves: by hand and by actions, their orders' events, their candles, their end."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from botcore.executors.data_types import config_values
from botcore.model.actions import StoreExecutorAction
from botcore.model.enums import CloseType, PositionMode, TradeType
from botcore.model.instrument import Market
from tests.support.bench import PERP, SPOT, instrument
from tests.support.paper_bench import PaperBench
from tests.support.user_code import Stage, bar, history

D = Decimal


def quotes(tmp_path: Path, connector: str = SPOT, **values: Any) -> Stage:
    bench = PaperBench(instrument(connector=connector))
    return Stage("scripts.two_quotes", tmp_path, bench, settings={"exchange": connector, "trading_pair": "ETH-USDT", "order_amount": 1, **values})


def test_quotes_by_hand_are_orders_with_the_scripts_ids(tmp_path: Path) -> None:
    stage = quotes(tmp_path, PERP)
    stage.tick()
    script = stage.controller.script
    orders = script.get_active_orders(PERP)
    assert [(order.is_buy, order.quantity, order.price) for order in orders] == [(True, D(1), D("99.900")), (False, D(1), D("100.100"))]
    assert [info.id for info in stage.infos] == [order.client_order_id for order in orders]
    assert {info.type for info in stage.infos} == {"order_executor"}
    stage.tick(3)
    assert len(stage.infos) == 2, "it is not asked to quote again before its time"
    stage.tick(3)
    for _ in range(3):
        stage.tick()
    assert [info.close_type for info in stage.infos[:2]] == [CloseType.EARLY_STOP, CloseType.EARLY_STOP]
    assert len(script.get_active_orders(PERP)) == 2
    assert {item[0] for item in script.told} == {"created", "cancelled"}
    assert "Orders:" in stage.controller.to_format_status()


def test_older_scripts_show_their_executors_as_those_of_main(tmp_path: Path) -> None:
    stage = quotes(tmp_path, PERP)
    stage.tick()
    orchestrator = stage.controller.script.executor_orchestrator
    lines = [executor.to_format_status() for executor in orchestrator.executors["main"]]
    assert [line.partition(":")[0] for line in lines] == [f"order_executor {info.id}" for info in stage.infos]
    assert len(orchestrator.active_executors["main"]) == len(orchestrator.active_executors[stage.controller.id]) == 2
    with pytest.raises(KeyError, match="other"):
        orchestrator.executors["other"]


@pytest.mark.parametrize("amount", [Decimal(0), Decimal(-1)])
def test_an_order_of_nothing_fails_and_the_script_goes_on(tmp_path: Path, amount: Decimal) -> None:
    """What a budget checker has cut down to nothing is sent by many scripts all the same."""
    stage = quotes(tmp_path)
    script, told = stage.controller.script, []
    script.did_fail_order = told.append
    script.on_tick = lambda: told.append(script.buy(SPOT, "ETH-USDT", amount, price=Decimal(99))) if not told else None
    for _ in range(3):
        stage.tick()
    order_id, failure = told
    assert (failure.order_id, failure.error_message.partition(" ETH ")[0]) == (order_id, "the amount is below the lot size 0.001")


def test_a_fill_is_told_while_its_order_is_active_and_once(tmp_path: Path) -> None:
    stage = quotes(tmp_path, PERP, refresh_s=600)
    stage.tick()
    stage.tick()
    stage.bench.price(99)
    for _ in range(3):
        stage.tick()
    script = stage.controller.script
    (filled,) = (item for item in script.told if item[0] == "filled")
    _, order_id, side, amount, price, is_active = filled
    assert (side, amount, price, is_active) == (TradeType.BUY, D(1), D("99.9"), True)
    assert ("completed", order_id, D(1)) in script.told
    assert [order.is_buy for order in script.get_active_orders(PERP)] == [False]
    assert stage.controller.positions_held[0].amount == 1
    assert script.get_performance_report().volume_traded == D("99.9")


def test_what_the_account_cannot_pay_is_not_sent(tmp_path: Path) -> None:
    stage = quotes(tmp_path, SPOT)
    connector = stage.controller.script.connectors[SPOT]
    has = connector.get_available_balance("ETH")
    assert has < 1_000_000
    stage.tick()
    sides = {info.side for info in stage.infos}
    assert sides == ({TradeType.BUY, TradeType.SELL} if has >= 1 else {TradeType.BUY})


def way_stage(tmp_path: Path) -> Stage:
    of = instrument()
    closes = np.round(100 + 0.1 * np.arange(20), 2)
    bench = PaperBench(of, history={of.market: history(closes)})
    return Stage("scripts.one_way", tmp_path, bench, settings={"exchange": PERP})


def test_actions_of_a_script_are_its_own_and_it_ends_itself(tmp_path: Path) -> None:
    stage = way_stage(tmp_path)
    assert stage.config.perpetual_settings() == {Market(PERP, "ETH-USDT"): (4, PositionMode.ONEWAY)}
    for _ in range(3):
        stage.tick()
    (info,) = stage.infos
    script = stage.controller.script
    assert (info.type, info.controller_id, info.is_trading) == ("position_executor", "c1", True)
    assert script.started == [pytest.approx(script.current_timestamp, abs=5)], "started once"
    assert len(script.slow.candles_df) == 2
    assert script.get_executors_by_controller("c1") == [info]
    for number in range(2):
        bar(stage.bench, 90 - number, number)
        for _ in range(3):
            stage.tick()
    assert info.close_type is CloseType.EARLY_STOP
    assert len(stage.infos) == 1, "after it has ended itself it is asked no more"
    assert len(script.executors_info_to_df(stage.infos)) == 1


def test_what_a_script_is_told_that_it_earned_is_the_bots_own_report(tmp_path: Path) -> None:
    """An executor that was let go still counts: no sum over what is still to be seen."""
    stage = way_stage(tmp_path)
    for _ in range(3):
        stage.tick()
    for number in range(2):
        bar(stage.bench, 90 - number, number)
        for _ in range(3):
            stage.tick()
    (info,) = stage.infos
    script, report = stage.controller.script, stage.bot.orchestrator.report("c1")
    stage.bot.orchestrator.execute(StoreExecutorAction(controller_id="c1", executor_id=info.id))
    assert stage.infos == []
    told = script.get_performance_report()
    assert told.volume_traded == report.volume_traded == info.filled_amount_quote > 0
    assert (told.global_pnl_quote, told.close_type_counts) == (report.global_pnl_quote, {CloseType.EARLY_STOP: 1})


def test_the_config_of_a_script_survives_storage(tmp_path: Path) -> None:
    stage = way_stage(tmp_path)
    again = stage.spec.config_class.model_validate(config_values(stage.config))
    assert again == stage.config
    assert (again.settings.leverage, again.settings.position_mode) == (4, PositionMode.ONEWAY)


def test_a_script_without_a_config_and_with_a_name_for_paper(tmp_path: Path) -> None:
    stage = Stage("scripts.three_buys", tmp_path, PaperBench(instrument(connector="binance")))
    assert stage.config.markets() == {Market("binance", "ETH-USDT")}
    assert stage.config.is_paper_only
    for _ in range(8):
        stage.tick()
    script = stage.controller.script
    assert script.created == 3
    orders = script.get_active_orders("binance_paper_trade")
    assert len(orders) >= 3
    assert {(order.quantity, order.price) for order in orders} == {(D(1), D(100) * D(0.99))}
    assert {info.connector_name for info in stage.infos} == {"binance"}
    count = len(stage.infos)
    stage.tick()
    assert len(stage.infos) == count, "it has ended itself"
    assert list(script.connectors) == ["binance_paper_trade"]
    assert "binance_paper_trade" in stage.controller.to_format_status()[2]


def test_configs_name_venues_without_what_says_paper(tmp_path: Path) -> None:
    stage = quotes(tmp_path, PERP)
    again: Any = stage.spec.config_class.model_validate({"settings": {"exchange": f"{SPOT}_paper_trade"}})
    assert (again.settings.exchange, again.is_paper_only) == (SPOT, False)


def test_a_script_shows_its_markets_and_finds_them_by_what_they_are_called(tmp_path: Path) -> None:
    stage = Stage("scripts.shows_markets", tmp_path, PaperBench(instrument(connector="binance")))
    stage.bench.quote(99, 101, size=7)
    stage.tick()
    head, prices, _, base, quote = (line.split() for line in stage.controller.to_format_status())
    assert head == ["Exchange", "Market", "Best", "Bid", "Price", "Best", "Ask", "Price", "Mid", "Price", "Volume"]
    assert prices[:5] == ["binance_paper_trade", "ETH-USDT", "99.0", "101.0", "100.0"]
    assert D(prices[5]) == 7, "what is offered up to a percent above the mid"
    assert (base[:2], quote[:2]) == (["binance_PaperTrade", "ETH"], ["binance_PaperTrade", "USDT"])
    assert quote[2:] == ["100000.0", "100000.0"]
