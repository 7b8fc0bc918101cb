"""grid_strike and multi_grid_strike: when a grid is opened and when not, texts of grids, Strategy V2's nested barriers, and grids that are taken out."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from botcore.controllers.catalog import shipped_controllers
from botcore.model.enums import CloseType, OrderType, RunnableStatus, TradeType
from botcore.model.times import NEVER
from tests.support.bench import D
from tests.support.candle_seat import CandleSeat, config_of
from tests.support.paper_bench import PaperBench

BAND: dict[str, Any] = {"start_price": 90, "end_price": 110, "limit_price": 85, "take_profit": "0.01"}
GRIDS = "low BUY 90 105 85 0.4; high SELL 95 110 115 50%"


# ---- one -----------------------------------------------------------------------------------------------------------
def test_grid_has_the_fields_of_the_config() -> None:
    changes = {"stop_loss": "0.1", "max_orders_per_batch": None, "activation_bounds": "0.05", "keep_position": True}
    (wanted,) = CandleSeat(config_of("grid_strike", **(BAND | changes))).created()
    assert (wanted.start_price, wanted.end_price, wanted.limit_price, wanted.side) == (90, 110, 85, TradeType.BUY)
    assert (wanted.total_amount_quote, wanted.leverage, wanted.max_open_orders, wanted.max_orders_per_batch) == (1000, 5, 2, None)
    assert (wanted.order_frequency, wanted.activation_bounds, wanted.keep_position) == (3, D("0.05"), True)
    barriers = wanted.triple_barrier_config
    assert (barriers.take_profit, barriers.stop_loss, barriers.open_order_type) == (D("0.01"), D("0.1"), OrderType.LIMIT_MAKER)


@pytest.mark.parametrize(("price", "opens"), [("89.99", 0), ("90", 1), ("110", 1), ("110.01", 0), (None, 0)])
def test_grid_is_opened_only_inside_its_band(price: str | None, opens: int) -> None:
    assert len(CandleSeat(config_of("grid_strike", **BAND), price=price).created()) == opens


def test_no_second_grid_while_one_is_open_or_still_closing() -> None:
    """Strategy V2 counts a grid that is closing as gone and opens the next one beside it."""
    seat = CandleSeat(config_of("grid_strike", **BAND))
    info = seat.take_in(seat.created()[0])
    assert seat.created() == [] and seat.controller.quiet_until_ns() == NEVER
    info.status = RunnableStatus.SHUTTING_DOWN
    assert seat.created() == []
    seat.close(info, CloseType.TAKE_PROFIT)
    assert len(seat.created()) == 1


def test_refusal_is_not_repeated_at_once_and_a_stop_loss_cools_down() -> None:
    seat = CandleSeat(config_of("grid_strike", cooldown_time=60, **BAND))
    for close_type, pause in ((CloseType.INSUFFICIENT_BALANCE, 60), (CloseType.STOP_LOSS, 60), (CloseType.TIME_LIMIT, 0)):
        (wanted,) = seat.created()
        seat.close(seat.take_in(wanted), close_type)
        if pause:
            seat.pass_time(pause - 1)
            assert seat.created() == [] and seat.controller.quiet_until_ns() == 0
            seat.pass_time(1)
    plain = CandleSeat(config_of("grid_strike", **BAND))
    plain.close(plain.take_in(plain.created()[0]), CloseType.FAILED)
    plain.pass_time(14)
    assert plain.created() == []


def test_nested_barriers_of_strategy_v2_are_read() -> None:
    nested = {"take_profit": 0.02, "stop_loss": 0.1, "open_order_type": 2, "take_profit_order_type": "MARKET", "time_limit_order_type": 1}
    values = {name: value for name, value in BAND.items() if name != "take_profit"} | {"triple_barrier_config": nested}
    config = config_of("grid_strike", **values)
    barriers = config.triple_barrier_config
    assert (barriers.take_profit, barriers.stop_loss) == (D("0.02"), D("0.1"))
    assert (barriers.open_order_type, barriers.take_profit_order_type) == (OrderType.LIMIT, OrderType.MARKET)
    with pytest.raises(ValidationError, match="take_profit is given twice"):
        config_of("grid_strike", triple_barrier_config=nested, **BAND)
    with pytest.raises(ValidationError, match="can't rest"):
        config_of("grid_strike", **(values | {"triple_barrier_config": {"stop_loss_order_type": "LIMIT"}}))


@pytest.mark.parametrize(
    "wrong", [{"start_price": 110}, {"limit_price": 90}, {"side": "SELL"}, {"side": "RANGE"}, {"take_profit": None}, {"max_open_orders": 0}]
)
def test_bands_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        config_of("grid_strike", **(BAND | wrong))


def test_defaults_are_those_of_strategy_v2() -> None:
    plain = shipped_controllers()["grid_strike"].config_class()
    assert (plain.start_price, plain.end_price, plain.limit_price, plain.side) == (D("0.58"), D("0.95"), D("0.55"), TradeType.BUY)
    assert (plain.min_spread_between_orders, plain.min_order_amount_quote, plain.max_open_orders, plain.max_orders_per_batch) == (D("0.001"), 5, 2, 1)
    assert (plain.order_frequency, plain.activation_bounds, plain.keep_position, plain.leverage) == (3, None, False, 20)
    assert plain.triple_barrier_config.take_profit == D("0.001")
    assert shipped_controllers()["grid_strike"].kind == shipped_controllers()["multi_grid_strike"].kind == plain.controller_type == "generic"


def test_bot_earns_its_levels_and_leaves_beyond_the_end() -> None:
    bench = PaperBench()
    values = BAND | {"min_spread_between_orders": "0.05", "order_frequency": 0, "max_open_orders": 10}
    bot = bench.bot((shipped_controllers()["grid_strike"], config_of("grid_strike", **values)))
    for price in ("100", "94", "97", "94", "99", "111"):
        bench.price(price)
        bench.settle(12)
    report = bot.orchestrator.report()
    assert report.close_type_counts == {CloseType.TAKE_PROFIT: 1}
    assert report.realized_pnl_quote > 0
    assert bot.orchestrator.running == (), "outside of the band no grid is opened"
    bench.price("100")
    bench.settle(2)
    assert len(bot.orchestrator.running) == 1
    assert bench.records.faults == []


# ---- several -------------------------------------------------------------------------------------------------------
def test_grids_as_text_and_as_mappings() -> None:
    mappings = [
        {"grid_id": "low", "side": 1, "start_price": 90, "end_price": 105, "limit_price": 85, "amount_quote_pct": "0.4"},
        {"grid_id": "high", "side": "SELL", "start_price": 95, "end_price": 110, "limit_price": 115, "amount_quote_pct": "0.5", "enabled": True},
    ]
    assert config_of("multi_grid_strike", grids=GRIDS).grids == config_of("multi_grid_strike", grids=mappings).grids
    (off,) = config_of("multi_grid_strike", grids="low BUY 90 105 85 0.4 off").grids
    assert not off.enabled


def test_each_grid_has_its_band_and_its_share() -> None:
    seat = CandleSeat(config_of("multi_grid_strike", grids=GRIDS), price=92)
    (low,) = seat.created()
    assert (low.level_id, low.total_amount_quote, low.side) == ("low", 400, TradeType.BUY)
    seat.take_in(low)
    assert seat.created() == [] and seat.controller.quiet_until_ns() == 0, "the other one waits for its price"
    seat.bench.price(100)
    (high,) = seat.created()
    assert (high.level_id, high.total_amount_quote, high.side) == ("high", 500, TradeType.SELL)
    seat.take_in(high)
    assert seat.created() == [] and seat.controller.quiet_until_ns() == NEVER


def test_grid_that_is_switched_off_or_taken_out_is_stopped() -> None:
    seat = CandleSeat(config_of("multi_grid_strike", grids=GRIDS))
    low, high = (seat.take_in(wanted) for wanted in seat.created())
    seat.controller.config = config_of("multi_grid_strike", grids="low BUY 90 105 85 0.4 off", keep_position=True)
    stops = seat.step()
    assert [(stop.executor_id, stop.keep_position) for stop in stops] == [(low.id, True), (high.id, True)]
    low.status = high.status = RunnableStatus.SHUTTING_DOWN
    assert seat.step() == []


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "low BUY 90 105 85",
        "low BUY 90 105 95 0.5",
        "a BUY 90 105 85 0.6; b BUY 90 105 85 0.6",
        "a BUY 90 105 85 0.1; a BUY 90 105 85 0.1",
        "a BUY x 105 85 0.1",
    ],
)
def test_grids_that_make_no_sense_are_refused(wrong: str) -> None:
    with pytest.raises(ValidationError):
        config_of("multi_grid_strike", grids=wrong)


def test_share_of_a_grid_that_is_off_does_not_count() -> None:
    assert len(config_of("multi_grid_strike", grids="a BUY 90 105 85 0.6; b BUY 90 105 85 0.6 off").grids) == 2


def test_no_price_no_grids() -> None:
    assert CandleSeat(config_of("multi_grid_strike", grids=GRIDS), price=None).created() == []
