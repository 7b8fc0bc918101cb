"""Controllers in the dialect of Strategy V2 files, run unmodified: each base, each executor type, helpers, stepping, faults."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from botcore.compat.connectors import TradingConnectorView
from botcore.compat.market_data import Reads
from botcore.compat.perpetuals import Own
from botcore.compat.positions import seen_as
from botcore.connectors.paper.exchange import PaperRules
from botcore.connectors.paper.models import ConstantLatency, FeeModel
from botcore.controllers.updates import updated
from botcore.executors.catalog import executor_configs
from botcore.executors.data_types import ExecutionStrategy, OrderExecutorConfig, PositionExecutorConfig, TripleBarrierConfig, config_values
from botcore.model.enums import CloseType, OrderType, PositionMode, RunnableStatus, TradeType
from botcore.model.errors import ConfigError
from botcore.model.instrument import Market
from tests.support.bench import PERP, SECOND_NS, SPOT, D, instrument
from tests.support.paper_bench import PaperBench
from tests.support.user_code import WHERE, Stage, bar, history, load, write
from tests.support.venue_bench import VenueBench


def closes(count: int, seed: int = 3) -> np.ndarray:
    return np.round(100 + np.cumsum(np.random.default_rng(seed).normal(0, 0.3, count)), 2)


# ---- each executor type --------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("kind", "executor"),
    [
        ("position", "position_executor"),
        ("market", "order_executor"),
        ("limit", "order_executor"),
        ("maker", "order_executor"),
        ("chaser", "order_executor"),
        ("grid", "grid_executor"),
        ("dca", "dca_executor"),
        ("twap", "twap_executor"),
    ],
)
def test_each_executor_type_is_started_and_worked(kind: str, executor: str, tmp_path: Path) -> None:
    stage = Stage("one_of_each", tmp_path, **WHERE, kind=kind)
    for _ in range(4):
        stage.tick()
    (info,) = stage.infos
    assert info.type == executor
    assert info.controller_id == "c1"
    assert info.id == stage.controller.sent.id, "the file can find its executor by the config that it made"
    assert stage.bench.records.submitted, "an order has left"
    if kind in ("position", "market", "twap"):
        assert info.filled_amount_quote > 0
    if kind == "market":
        assert info.close_type is CloseType.POSITION_HOLD
        assert stage.controller.positions_held[0].amount == 1
        assert stage.controller.positions_held[0].side is TradeType.BUY


def test_barriers_that_a_file_set_after_construction_hold(tmp_path: Path) -> None:
    stage = Stage("one_of_each", tmp_path, **WHERE, kind="position")
    stage.tick()
    barriers = stage.infos[0].config.triple_barrier_config
    assert (barriers.time_limit, barriers.open_order_type, barriers.take_profit_order_type) == (600, OrderType.MARKET, OrderType.LIMIT)
    stage.tick(601)
    for _ in range(3):
        stage.tick()
    assert stage.infos[0].close_type is CloseType.TIME_LIMIT


@pytest.mark.parametrize("kind", ["xemm", "arbitrage"])
def test_executors_of_two_venues_in_the_dialect_of_older_files(kind: str, tmp_path: Path) -> None:
    bench = PaperBench(instrument(connector=PERP), instrument(connector="other_perpetual"))
    where = {"maker_connector": PERP, "taker_connector": "other_perpetual"}
    stage = Stage("two_venues", tmp_path, bench, kind=kind, **where)
    for _ in range(3):
        stage.tick()
    assert {info.type for info in stage.infos} == {f"{kind}_executor"}
    assert len(stage.infos) == (2 if kind == "xemm" else 1)
    assert {market.connector_name for market in stage.config.markets()} == {PERP, "other_perpetual"}
    assert "side" in stage.controller.to_format_status()[0] or stage.controller.to_format_status()[0].startswith("+")
    words = {
        "xemm": {"trade_profitability", "net_profitability", "target_profitability_pct", "order_amount", "tx_cost_pct", "maker_target_price"},
        "arbitrage": {"buy_connector", "sell_connector", "buy_pair", "sell_pair", "buy_price", "sell_price", "profit_pct", "tx_cost_pct", "failures"},
    }
    assert words[kind] <= set(stage.infos[0].custom_info)


def test_the_entry_is_remembered_after_its_end_by_executors_that_trade_and_by_those_that_never_did(tmp_path: Path) -> None:
    """Files count cooldowns from `open_order_last_update`: of a filled entry, and of one that was taken back."""
    stage = Stage("hands_over", tmp_path, **WHERE, refresh_s=4)
    for _ in range(7):
        stage.tick()
    (info,) = stage.infos
    assert (info.close_type, info.has_fills) == (CloseType.EARLY_STOP, False)
    assert info.custom_info["open_order_last_update"] == pytest.approx(info.close_timestamp, abs=1)
    for _ in range(4):
        stage.tick()
    assert len(stage.infos) == 2, "the next one came after the pause, not before"
    filled = stage.infos[-1]
    assert filled.timestamp - info.custom_info["open_order_last_update"] >= 5
    stage.bench.price(99)
    stage.tick()
    assert filled.is_trading
    at = filled.custom_info["open_order_last_update"]
    assert at == pytest.approx(stage.controller.market_data_provider.time(), abs=3)
    for _ in range(8):
        stage.tick()
    assert filled.close_type is CloseType.POSITION_HOLD
    assert filled.close_timestamp - at == pytest.approx(6, abs=1.1)
    assert filled.custom_info["open_order_last_update"] == at
    assert stage.controller.positions_held[0].amount == 1
    assert [info.id for info in stage.infos] == stage.controller.made, "ids are known when the configs are made"
    assert all(name.startswith("x-") for name in stage.controller.made)


def test_what_is_over_and_what_is_closing_are_sorted_by_when_that_began(tmp_path: Path) -> None:
    """A file that sorts what is not active, with ladders whose last step is outside the price band: it waits, and the ladder trades and is closed."""
    rules = PaperRules(instrument().kind, FeeModel(), ConstantLatency(2 * SECOND_NS))
    stage = Stage("last_one_first", tmp_path, PaperBench(rules=rules), connector_name=PERP)
    for _ in range(40):
        stage.tick()
    seen = [one for one in stage.controller.seen if len(one) > 1]
    assert any({status for status, _ in one} == {"SHUTTING_DOWN", "TERMINATED"} for one in seen), "one was closing beside another that had closed"
    assert all(at is not None for one in stage.controller.seen for _, at in one)
    ended = [info for info in stage.infos if info.is_done]
    assert len(ended) >= 2 and {(info.close_type, info.has_fills) for info in ended} == {(CloseType.EARLY_STOP, True)}


def test_fields_that_only_a_gateway_reads_are_taken_and_not_written_down(tmp_path: Path) -> None:
    stage = Stage("hands_over", tmp_path, **WHERE)
    config = stage.controller.swap_config()
    assert config.max_slippage_pct == 2
    assert OrderExecutorConfig.model_validate(config_values(config)).amount == 1
    (needed,) = stage.controller.get_balance_requirements()
    assert (needed.token, needed.amount) == ("USDT", 100)


def test_a_part_of_a_config_is_changed_while_it_runs(tmp_path: Path) -> None:
    bench = maker_bench()
    band = {"band_id": "low", "start_price": 90, "end_price": 110, "limit_price": 80, "side": 1, "share": "0.5"}
    stage = Stage("bands", tmp_path, bench, market=f"{PERP}:ETH-USDT", candles_config=[], bands=[band], total_amount_quote=1000)
    for _ in range(3):
        stage.tick()
    (info,) = stage.infos
    assert (info.type, info.config.level_id, info.config.total_amount_quote) == ("grid_executor", "low", D(500))
    assert stage.controller.to_format_status()[0].startswith("low: ")
    changed = updated(stage.config, {"bands": [{**band, "enabled": False}]})
    stage.bot.reconfigure("c1", changed)
    for _ in range(3):
        stage.tick()
    assert info.close_type is CloseType.EARLY_STOP
    with pytest.raises(ConfigError, match="market"):
        updated(changed, {"market": f"{PERP}:BTC-USDT"})


def test_members_in_parts_of_a_config_are_read_by_name_and_by_value(tmp_path: Path) -> None:
    band = {"band_id": "low", "start_price": 90, "end_price": 110, "limit_price": 80, "share": "0.5"}
    spec = load("bands", tmp_path)

    def read(**values: Any) -> Any:
        return spec.config_class.model_validate({"bands": [{**band, **values}]}).bands[0]

    for side in ("BUY", "TradeType.BUY", "buy", 1, TradeType.BUY):
        assert read(side=side).side is TradeType.BUY
    full = read(side="SELL", pull="FULL", exits={"BUY": {"order": "LIMIT_MAKER", "kinds": ["SELL", 1], "heard": "BUY"}})
    assert (full.side, full.pull.value) == (TradeType.SELL, 1.0)
    way_out = full.exits[TradeType.BUY]
    assert (way_out.order, way_out.kinds, way_out.heard) == (OrderType.LIMIT_MAKER, (TradeType.SELL, TradeType.BUY), "heard BUY")
    with pytest.raises(ValueError, match=r"bands\.0\.side"):
        read(side="BUYY")


def test_a_connector_answers_in_exact_numbers(tmp_path: Path) -> None:
    stage = Stage("hands_over", tmp_path, **WHERE)
    connector = stage.controller.market_data_provider.get_connector(PERP)
    ask = connector.get_price("ETH-USDT", True)
    for answer in (
        connector.get_price_for_volume("ETH-USDT", True, D("0.5")),
        connector.get_vwap_for_volume("ETH-USDT", True, 0.5),
        connector.get_price_for_quote_volume("ETH-USDT", True, 50),
    ):
        assert answer.result_price * D(1) == ask
    cost = connector.get_quote_volume_for_base_amount("ETH-USDT", True, D("0.5"))
    assert cost.result_volume == ask * D("0.5") == connector.get_quote_price("ETH-USDT", True, 1) / 2
    assert connector.get_volume_for_price("ETH-USDT", True, float(ask)).result_volume > D(0)
    assert connector.get_order_price_quantum("ETH-USDT", ask) > 0 < connector.get_order_size_quantum("ETH-USDT", D(1))
    assert connector.get_all_balances()["USDT"] >= connector.available_balances["USDT"] > 0
    assert connector.current_timestamp == stage.controller.market_data_provider.time()
    assert connector.get_funding_info("ETH-USDT") is None


def test_a_book_is_read_in_rows_of_prices_and_amounts(tmp_path: Path) -> None:
    stage = Stage("hands_over", tmp_path, **WHERE)
    stage.bench.book([(99, 2), (98, 3)], [(101, 1), (102, 4)])
    stage.tick()
    provider = stage.controller.market_data_provider
    connector = provider.get_connector(PERP)
    for book in (provider.get_order_book(PERP, "ETH-USDT"), connector.get_order_book("ETH-USDT"), connector.order_books["ETH-USDT"]):
        assert [(row.price, row.amount) for row in book.bid_entries()] == [(99, 2), (98, 3)]
        best = next(book.ask_entries(), None)
        assert (best.price, best.amount) == (101, 1)
        assert (book.get_price(True), book.get_price(False)) == (101, 99)
        assert book.get_price_for_volume(True, D(3)).result_price == 102
        assert book.get_vwap_for_volume(False, 4).result_price == 98.5
        assert book.get_price_for_quote_volume(True, 101).result_volume == 1
        assert book.get_volume_for_price(False, 98).result_volume == 5
        assert book.get_quote_volume_for_price(True, 102).result_volume == 509
        assert [len(side) for side in book.snapshot] == [2, 2]
        assert book.last_diff_uid == book.snapshot_uid == next(book.bid_entries()).update_id
    with pytest.raises(ConfigError):
        provider.get_order_book(PERP, "NOT-THERE")


def test_a_connector_says_what_an_order_would_cost(tmp_path: Path) -> None:
    stage = Stage("hands_over", tmp_path, **WHERE)
    connector = stage.controller.market_data_provider.get_connector(PERP)
    taker = connector.get_fee("ETH", "USDT", OrderType.MARKET, TradeType.BUY, D(1), D(100), is_maker=False)
    maker = connector.get_fee("ETH", "USDT", OrderType.LIMIT_MAKER, TradeType.BUY, D(1), D(100))
    assert taker.percent >= maker.percent >= 0
    assert taker.fee_amount_in_token("ETH-USDT", D(100), D(2), "USDT") == taker.percent * 200
    with pytest.raises(ValueError, match="the fee of BTC-USDT at nowhere is not known yet"):
        TradingConnectorView(stage.controller.market_data_provider, "nowhere").get_fee("BTC", "USDT")


# ---- helpers ---------------------------------------------------------------------------------------------------------
def test_helpers_act_in_the_same_tick_and_ids_are_those_of_the_home(tmp_path: Path) -> None:
    stage = Stage("examples.hands_on", tmp_path, **WHERE)
    stage.tick()
    made = {info.id: info for info in stage.infos}
    assert set(made) == {stage.controller.bought, stage.controller.resting, stage.controller.chasing}
    assert all(name.startswith("x-") for name in made)
    assert made[stage.controller.resting].config.execution_strategy is ExecutionStrategy.LIMIT_MAKER
    for _ in range(3):
        stage.tick()
    assert sorted(stage.controller.cancelled) == sorted([stage.controller.resting, stage.controller.chasing])
    assert made[stage.controller.resting].close_type is CloseType.EARLY_STOP
    assert made[stage.controller.bought].is_active
    assert len(stage.controller.to_format_status()) == stage.controller.get_custom_info()["n"] == 1


def test_positions_have_no_sign_and_a_side(tmp_path: Path) -> None:
    stage = Stage("one_of_each", tmp_path, **WHERE, kind="market", side="SELL")
    for _ in range(3):
        stage.tick()
    (held,) = stage.controller.positions_held
    assert (held.side, held.amount, held.amount_quote) == (TradeType.SELL, D(1), D(100))
    stage.bench.price(90)
    stage.tick()
    (held,) = stage.controller.positions_held
    assert held.unrealized_pnl_quote == 10
    assert held.global_pnl_quote == held.unrealized_pnl_quote + held.realized_pnl_quote - held.cum_fees_quote
    assert stage.controller.open_positions()[0]["pnl_percentage"] == 10
    assert held.current_price == 90


def test_a_perpetuals_connector_shows_the_controllers_own_position_and_mode(tmp_path: Path) -> None:
    stage = Stage("one_of_each", tmp_path, **WHERE, kind="market", side="SELL")
    connector = stage.controller.market_data_provider.get_connector(PERP)
    assert connector._perpetual_trading.account_positions == {}
    for _ in range(3):
        stage.tick()
    position = connector.account_positions["ETH-USDT"]
    assert (position.amount, position.entry_price, position.position_side.name, position.leverage) == (D(-1), D(100), "SHORT", D(5))
    assert connector.position_mode is stage.config.position_mode
    assert connector.get_position("ETH-USDT") == position
    spot = PaperBench(instrument(connector=SPOT))
    other = Stage("one_of_each", tmp_path, spot, connector_name=SPOT, trading_pair="ETH-USDT", kind="market")
    assert not hasattr(other.controller.market_data_provider.get_connector(SPOT), "_perpetual_trading")


def test_what_an_ending_executor_still_holds_is_a_position() -> None:
    """Files ask the connector whether everything is closed: between the stop and its end nothing may seem to be gone."""
    bench = VenueBench()
    config = PositionExecutorConfig(trading_pair="ETH-USDT", connector_name=PERP, side=TradeType.SELL, entry_price=D(100), amount=D(1))
    executor = bench.start(config)
    held = Own(lambda: [executor.info], lambda: [seen_as(hold, bench.market_data) for hold in bench.orchestrator.positions()], PositionMode.ONEWAY, 5)
    bench.venue.trade(bench.orders[0], "0.6")
    bench.orchestrator.stop(executor.id, keep_position=True)
    assert executor.status is RunnableStatus.SHUTTING_DOWN
    for _ in range(2):
        position = held.trading(PERP).get_position("ETH-USDT")
        assert position is not None and (position.amount, position.entry_price) == (D("-0.6"), 100)
        bench.venue.end(bench.orders[0])
    assert executor.is_closed


# ---- bases -----------------------------------------------------------------------------------------------------------
def maker_bench() -> PaperBench:
    of = instrument()
    return PaperBench(of, history={of.market: history(closes(60))})


def test_the_time_that_a_file_asks_for_is_the_markets(tmp_path: Path) -> None:
    stage = Stage("by_the_clock", tmp_path, **WHERE, buy_spreads="0.01", sell_spreads="0.01", executor_refresh_time=10, total_amount_quote=400)
    for _ in range(9):
        stage.tick()
    assert len(stage.infos) == 2, "market time is not the machine's: a file that took that would replace them with every tick"
    assert stage.infos[0].config.timestamp == pytest.approx(stage.infos[0].timestamp)
    for _ in range(4):
        stage.tick()
    assert [info.close_type for info in stage.infos] == [CloseType.EARLY_STOP, CloseType.EARLY_STOP, None, None]


def test_market_maker_quotes_levels_and_follows_its_own_reference(tmp_path: Path) -> None:
    stage = Stage("quiet_maker", tmp_path, maker_bench(), **WHERE, total_amount_quote=400)
    stage.tick()
    assert sorted(info.level_id for info in stage.infos) == ["buy_0", "buy_1", "sell_0", "sell_1"]
    data = stage.controller.processed_data
    by_level = {info.level_id: info.config for info in stage.infos}
    assert by_level["buy_1"].entry_price == data["reference_price"] * (1 - 2 * data["spread_multiplier"])
    assert by_level["sell_0"].amount == 100 / by_level["sell_0"].entry_price
    assert by_level["sell_0"].triple_barrier_config.take_profit == D("0.020")


def test_update_is_stepped_once_per_closed_candle_when_it_reads_candles_only(tmp_path: Path) -> None:
    bench = maker_bench()
    stage = Stage("quiet_maker", tmp_path, bench, **WHERE)
    for _ in range(20):
        stage.tick()
    assert stage.controller.updates == 1
    bar(bench, 101.0, 0)
    for _ in range(5):
        stage.tick()
    assert stage.controller.updates == 2
    assert stage.controller.processed_data["reference_price"] == D("101.0")


def test_update_is_stepped_on_every_tick_when_it_reads_prices(tmp_path: Path) -> None:
    stage = Stage("examples.hands_on", tmp_path, **WHERE)
    stage.tick()
    stage.bench.price(101)
    assert stage.controller.processed_data["mid"] == 101


@pytest.mark.parametrize(
    ("is_backtest", "prices", "books", "is_live"), [(True, True, False, False), (False, True, False, True), (True, True, True, True)]
)
def test_a_price_beside_candles_is_a_candle_in_a_backtest_only(is_backtest: bool, prices: bool, books: bool, is_live: bool) -> None:
    reads = Reads(is_backtest)
    reads.is_noting = True
    assert reads.is_live, "without candles there is nothing to wait for"
    reads.note_series("venue", "ETH-USDT", "3m")
    assert not reads.is_live
    if prices:
        reads.note_price()
    if books:
        reads.note_books()
    assert reads.is_live is is_live


def test_co4_stopped_out_level_cools_down_and_the_others_do_not(tmp_path: Path) -> None:
    stage = Stage("quiet_maker", tmp_path, maker_bench(), **WHERE, cooldown_time=60)
    stage.tick()
    controller, info = stage.controller, stage.infos[0]
    info.status, info.close_type, info.close_ns = RunnableStatus.TERMINATED, CloseType.STOP_LOSS, stage.bench.clock.now_ns
    assert info.level_id not in controller.get_levels_to_execute()
    stage.tick(59)
    assert sum(other.level_id == info.level_id for other in stage.infos) == 1
    stage.tick(2)
    assert sum(other.level_id == info.level_id for other in stage.infos) == 2


def test_co8_weights_that_are_left_out_are_equal(tmp_path: Path) -> None:
    spec = load("quiet_maker", tmp_path)
    config: Any = spec.config_class.model_validate({**WHERE, "total_amount_quote": 100, "sell_spreads": "1,2,3"})
    assert config.get_spreads_and_amounts_in_quote(TradeType.BUY) == ([1.0, 2.0], [D(20), D(20)])
    with pytest.raises(ValueError, match="expected 3 sell_amounts_pct"):
        spec.config_class.model_validate({**WHERE, "sell_spreads": "1,2,3", "sell_amounts_pct": "1,2"})


def test_ladders_of_a_market_maker_are_dca_executors(tmp_path: Path) -> None:
    stage = Stage("ladder_maker", tmp_path, **WHERE, buy_spreads="0.01", sell_spreads="0.01", total_amount_quote=600)
    stage.tick()
    buy = next(info for info in stage.infos if info.level_id == "buy_0")
    assert buy.type == "dca_executor"
    assert buy.config.prices == [D(99) * (1 - D("0.001") * step) for step in (1, 2, 3)]


def test_spot_market_maker_brings_inventory_first(tmp_path: Path) -> None:
    bench = PaperBench(instrument(connector=SPOT))
    stage = Stage(
        "ladder_maker", tmp_path, bench, connector_name=SPOT, trading_pair="ETH-USDT", buy_spreads="0.01", sell_spreads="0.01", total_amount_quote=600
    )
    stage.tick()
    assert [(info.level_id, info.config.side, info.config.amount) for info in stage.infos] == [("position_rebalance", TradeType.BUY, D(3))]
    for _ in range(3):
        stage.tick()
    assert {"buy_0", "sell_0"} <= {info.level_id for info in stage.infos}


def test_co5_directional_counts_each_side_by_itself(tmp_path: Path) -> None:
    of = instrument()
    bench = PaperBench(of, history={of.market: history(closes(80))})
    stage = Stage("band_reversal", tmp_path, bench, **WHERE, interval="1m", length=20, max_executors_per_side=1, cooldown_time=0)
    stage.tick()
    controller = stage.controller
    controller.processed_data["signal"] = 1
    (action,) = controller.create_actions_proposal()
    info = stage.bot.orchestrator.create(action.executor_config, "c1").info
    assert info.config.side is TradeType.BUY
    controller.executors_info = stage.infos
    stage.bench.clock.tick(stage.bench.clock.now_ns + 10**9)
    assert not controller.can_create_executor(1)
    assert controller.can_create_executor(-1)
    assert "BBP_20_2.0" in controller.processed_data["features"].columns
    assert "signal" in controller.to_format_status()[0]


def test_regression_over_two_markets_and_candles_named_by_the_controller(tmp_path: Path) -> None:
    first, second = instrument(), instrument(pair="BTC-USDT")
    base = closes(40)
    bench = PaperBench(first, second, history={first.market: history(base), second.market: history(7 + 3 * base)})
    pairs = {name: {"connector_name": PERP, "trading_pair": pair} for name, pair in (("first", "ETH-USDT"), ("second", "BTC-USDT"))}
    stage = Stage("pair_lines", tmp_path, bench, **pairs)
    stage.tick()
    data = stage.controller.processed_data
    assert data["beta"] == pytest.approx(3)
    assert data["alpha"] == pytest.approx(7)
    assert data["fit"] == pytest.approx(1)
    assert stage.config.perpetual_settings()[Market(PERP, "BTC-USDT")][0] == 3


def test_a_package_with_files_of_its_own_and_a_gateway_that_is_not_there(tmp_path: Path) -> None:
    stage = Stage("packaged", tmp_path, **WHERE)
    stage.tick()
    data = stage.controller.processed_data
    assert data["seen"].value == 4
    assert data["provider"] == ("orca", "clmm")
    assert data["gateway"].startswith("no Gateway is configured: get_price")


@pytest.mark.parametrize("kind", ["position", "limit", "chaser"])
def test_an_executor_of_nothing_is_refused_and_the_file_goes_on(kind: str, tmp_path: Path) -> None:
    """A level whose amount is rounded down to nothing is told of in the log by files, and created all the same."""
    stage = Stage("one_of_each", tmp_path, **WHERE, kind=kind)
    decide = stage.controller.determine_executor_actions

    def nothing() -> Any:
        actions = decide()
        for action in actions:
            action.executor_config.amount = D(0)
        return actions

    stage.controller.determine_executor_actions = nothing
    for _ in range(3):
        stage.tick()
    (info,) = stage.infos
    assert (info.close_type, info.reason) == (CloseType.FAILED, "the amount is below the lot size 0.001 ETH of ETH-USDT")
    assert executor_configs()[info.type].model_validate(config_values(info.config)).amount == 0, "it is read from the records too"
    with pytest.raises(ValueError, match="amount"):
        info.config.amount = D(-1)


@pytest.mark.parametrize("amount", [0, -0.5])
def test_buying_nothing_is_refused_as_what_it_would_have_been(amount: float, tmp_path: Path) -> None:
    stage = Stage("one_of_each", tmp_path, **WHERE, kind="position")
    controller, ids = stage.controller, []

    def once() -> list[Any]:
        if not ids:
            barriers = TripleBarrierConfig(stop_loss=D("0.02"))
            ids.append(controller.buy(PERP, "ETH-USDT", amount, triple_barrier_config=barriers))
            ids.append(controller.sell(PERP, "ETH-USDT", amount, 101, ExecutionStrategy.LIMIT_MAKER))
        return []

    controller.determine_executor_actions = once
    for _ in range(3):
        stage.tick()
    assert [info.id for info in stage.infos] == ids
    assert [(info.type, info.side, info.config.amount) for info in stage.infos] == [
        ("position_executor", TradeType.BUY, 0),
        ("order_executor", TradeType.SELL, 0),
    ]
    assert stage.infos[1].config.execution_strategy is ExecutionStrategy.LIMIT_MAKER
    assert {info.reason for info in stage.infos} == {"the amount is below the lot size 0.001 ETH of ETH-USDT"}


# ---- pace ----------------------------------------------------------------------------------------------------------
def test_a_file_whose_order_is_refused_asks_once_a_second_of_market_time_however_often_the_clock_ticks(tmp_path: Path) -> None:
    """On paper at x20 the clock ticks 20 times a second and more; a file without funds must not order with each of them."""
    bench = PaperBench(instrument(connector=SPOT))
    stage = Stage("sells_blind", tmp_path, bench, connector_name=SPOT, trading_pair="ETH-USDT")
    bench.clock.tick_ns = SECOND_NS // 4
    for _ in range(40):
        stage.tick(0.25)
    assert {info.close_type for info in stage.infos} == {CloseType.INSUFFICIENT_BALANCE}
    assert stage.controller.updates == 10, "it is asked, and its data are brought up to date, ten times in ten seconds"
    assert 1 < len(stage.infos) <= 10


def test_a_clock_of_the_files_own_pace_misses_no_turn_though_it_trembles(tmp_path: Path) -> None:
    bench = PaperBench(instrument(connector=SPOT))
    stage = Stage("sells_blind", tmp_path, bench, connector_name=SPOT, trading_pair="ETH-USDT")
    for seconds in (1, 0.99, 1.02, 0.98, 1.01, 0.97, 1.03) * 3:
        stage.tick(seconds)
    assert stage.controller.updates == 21


def test_a_file_may_set_its_own_pace_and_what_it_asks_for_by_hand_does_not_wait_for_it(tmp_path: Path) -> None:
    stage = Stage("sells_blind", tmp_path, PaperBench(), **WHERE, every_s=5)
    for _ in range(16):
        stage.tick()
    assert stage.controller.updates == 4
    before = len(stage.infos)
    stage.controller.sell(*WHERE.values(), D(1))
    stage.tick()
    assert len(stage.infos) == before + 1
    assert stage.controller.updates == 4


# ---- limits ----------------------------------------------------------------------------------------------------------
def test_kill_switch_and_stop_silence_a_controller(tmp_path: Path) -> None:
    stage = Stage("one_of_each", tmp_path, **WHERE, kind="market", manual_kill_switch=True)
    stage.tick()
    assert not stage.infos
    stage.config.manual_kill_switch = False
    stage.controller.stop()
    stage.tick()
    assert not stage.infos
    stage.controller.start()
    stage.tick()
    assert len(stage.infos) == 1


def test_a_raise_stops_that_controller_only(tmp_path: Path) -> None:
    text = (
        "from hummingbot.strategy_v2.controllers import ControllerBase, ControllerConfigBase\n"
        "class C(ControllerConfigBase):\n    controller_name: str = 'bad'\n    connector_name: str = 'x'\n    trading_pair: str = 'ETH-USDT'\n"
        "class Bad(ControllerBase):\n    def determine_executor_actions(self):\n        return 1 / 0\n"
    )
    write(tmp_path, "generic/bad.py", text)
    spec = load("bad", tmp_path, tmp_path)
    good = load("one_of_each", tmp_path)
    bench = PaperBench()
    bot = bench.bot(
        (spec, spec.config_class.model_validate({"id": "bad", **WHERE})),
        (good, good.config_class.model_validate({"id": "good", **WHERE, "kind": "market"})),
    )
    bench.settle()
    assert [seat.fault for seat in bot.seats] == ["ZeroDivisionError: division by zero", ""]
    assert bot.orchestrator.shelf("good").infos


def test_a_coroutine_that_really_waits_is_told(tmp_path: Path) -> None:
    text = (
        "import asyncio\n"
        "from hummingbot.strategy_v2.controllers import ControllerBase, ControllerConfigBase\n"
        "class C(ControllerConfigBase):\n    controller_name: str = 'waits'\n    connector_name: str = 'x'\n    trading_pair: str = 'ETH-USDT'\n"
        "class Waits(ControllerBase):\n"
        "    async def update_processed_data(self):\n        await asyncio.sleep(0)\n        await asyncio.get_running_loop().create_future()\n"
        "    def determine_executor_actions(self):\n        return []\n"
    )
    write(tmp_path, "generic/waits.py", text)
    spec = load("waits", tmp_path, tmp_path)
    bench = PaperBench()
    bot = bench.bot((spec, spec.config_class.model_validate({"id": "w", **WHERE})))
    bench.settle()
    assert bot.seats[0].fault


def test_decimals_of_a_user_config_survive_storage(tmp_path: Path) -> None:
    spec = load("pair_lines", tmp_path)
    config = spec.config_class.model_validate({"id": "c1", "total_amount_quote": "12.50", "second": {"connector_name": "a", "trading_pair": "B-C"}})
    again = spec.config_class.model_validate(config_values(config))
    assert again == config
    assert again.total_amount_quote == Decimal("12.50")
