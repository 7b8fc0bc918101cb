"""avellaneda_stoikov: the paper's equations by its own numbers, estimates that find what they were made from, quotes that lean, and an inventory that is bounded."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from botcore.controllers.avellaneda_model import Estimates, aversion, intensity, quotes, shape, volatility
from botcore.controllers.catalog import shipped_controllers
from botcore.executors.data_types import ExecutionStrategy, OrderExecutorConfig
from botcore.executors.info import Outcome
from botcore.model.enums import CloseType, PositionAction, RunnableStatus, TradeType
from botcore.model.instrument import Market
from tests.support.bench import PERP, SECOND_NS, SPOT, D
from tests.support.candle_seat import BAR_S, FIRST_S, CandleSeat, config_of, random_candles
from tests.support.paper_bench import PaperBench

BUY, SELL = TradeType.BUY, TradeType.SELL
SHORT: dict[str, Any] = {"volatility_buffer_size": 50, "trading_intensity_buffer_size": 50}


@dataclass
class Hold:
    """A position hold as controllers see it."""

    amount: Decimal
    unrealized_pnl_quote: Decimal | None = D(0)
    connector_name: str = PERP
    trading_pair: str = "ETH-USDT"


# ---- the model -----------------------------------------------------------------------------------------------------
def test_equations_29_and_30_with_the_numbers_of_the_paper() -> None:
    """Section 3.3: s = 100, T = 1, sigma = 2, gamma = 0.1, k = 1.5. At t = 0 the spread is 0.4 + 20 ln(1 + 1/15) = 1.6908; each share moves r by 0.4."""
    flat = quotes(0, 0.1, Estimates(2.0, 1.5), 1.0)
    assert flat.ask - flat.bid == pytest.approx(0.4 + 20 * math.log(1 + 1 / 15))
    assert flat.ask - flat.bid == pytest.approx(1.6908, abs=5e-5)
    long = quotes(3, 0.1, Estimates(2.0, 1.5), 1.0)
    assert long.reservation == pytest.approx(-1.2)
    assert (long.bid, long.ask) == pytest.approx((-1.2 - flat.half_spread, -1.2 + flat.half_spread))
    assert quotes(3, 0.1, Estimates(2.0, 1.5), 0.0).reservation == 0, "at T nothing is feared any more"


PAPER = {0.1: (1.49, 65.0, 6.6, 2.9), 0.01: (1.35, 68.6, 8.7, 5.1), 1.0: (3.02, 31.4, 5.0, 1.7)}
"""Tables 1 to 3, the "inventory" strategy: average spread, profit, its standard deviation, standard deviation of the final inventory; 1,000 paths each."""


@pytest.mark.parametrize("gamma", PAPER)
def test_quotes_earn_in_the_papers_simulation_what_its_tables_say(gamma: float) -> None:
    """Section 3.3: s = 100, T = 1, sigma = 2, dt = 0.005, k = 1.5, A = 140. In each step the mid moves by +-sigma sqrt(dt), and a quote at distance d is hit with
    probability A exp(-k d) dt."""
    random, paths, dt, k = np.random.default_rng(11), 2000, 0.005, 1.5
    known = Estimates(2.0, k)
    mid, cash, held = np.full(paths, 100.0), np.zeros(paths), np.zeros(paths, dtype=int)
    spreads = []
    for step in range(200):
        by_q = {q: quotes(q, gamma, known, 1 - step * dt) for q in np.unique(held).tolist()}
        bid = np.array([by_q[q].bid for q in held.tolist()])
        ask = np.array([by_q[q].ask for q in held.tolist()])
        spreads.append(float((ask - bid).mean()))
        bought = random.random(paths) < 140 * np.exp(k * bid) * dt
        sold = random.random(paths) < 140 * np.exp(-k * ask) * dt
        cash += sold * (mid + ask) - bought * (mid + bid)
        held += bought.astype(int) - sold
        mid += 2.0 * math.sqrt(dt) * random.choice([-1.0, 1.0], paths)
    profit = cash + held * mid
    spread, earned, risk, left = PAPER[gamma]
    assert np.mean(spreads) == pytest.approx(spread, abs=0.015)
    assert profit.mean() == pytest.approx(earned, abs=1.0), "of 1,000 paths a mean is known to 0.3"
    assert profit.std() == pytest.approx(risk, rel=0.08)
    assert abs(held.mean()) < 0.3 and held.std() == pytest.approx(left, rel=0.08)


def test_without_aversion_the_half_spread_is_one_over_kappa() -> None:
    assert quotes(5, 1e-9, Estimates(1e-4, 2000.0), 3600).half_spread == pytest.approx(1 / 2000)


def test_equations_hold_in_other_units_of_price_and_size() -> None:
    """Prices in fractions of the mid and inventory in orders are the paper's model in other units: the same quotes, for every size of an order."""
    mid, shares = 40_000.0, 0.025
    sigma, kappa, gamma, seconds = 30.0, 0.05, 2e-4, 3600.0
    paper = quotes(3 * shares, gamma, Estimates(sigma, kappa), seconds)
    order = mid * shares
    ours = quotes(3, gamma * order, Estimates(sigma / mid, kappa * mid), seconds)
    # gamma counts for the worth of an order, so eq. (29) moves by shares * gamma; eq. (30) holds where a share is an order
    assert ours.reservation * mid == pytest.approx(paper.reservation)
    unit = quotes(3, gamma * shares, Estimates(sigma, kappa), seconds)
    assert (ours.bid * mid, ours.ask * mid) == pytest.approx((unit.bid, unit.ask))


def test_gamma_moves_the_price_by_the_risk_factor_when_full() -> None:
    known = Estimates(1e-4, 2000.0)
    gamma = aversion(1.5, known, 10, 3600)
    assert quotes(10, gamma, known, 3600).reservation == pytest.approx(-1.5 / 2000)


def test_eta_makes_the_last_order_one_of_q_max() -> None:
    assert math.exp(-shape(10)) == pytest.approx(0.1)
    assert shape(0.5) == 0


def test_volatility_is_found_in_a_walk_that_was_made_with_it() -> None:
    sigma, interval = 3e-4, 60.0
    steps = np.random.default_rng(1).normal(0, sigma * interval**0.5, 20_000)
    assert volatility(100 * np.exp(np.cumsum(steps)), interval) == pytest.approx(sigma, rel=0.02)


def test_kappa_is_found_in_excursions_that_were_made_with_it() -> None:
    random, kappa = np.random.default_rng(2), 1500.0
    rows = np.zeros((5000, 6))
    rows[:, 1] = rows[:, 4] = 250.0
    rows[:, 2] = 250.0 * (1 + random.exponential(1 / kappa, 5000))
    rows[:, 3] = 250.0 * (1 - random.exponential(1 / kappa, 5000))
    assert intensity(rows, 60) == pytest.approx(kappa, rel=0.03)
    assert math.isnan(intensity(np.full((20, 6), 250.0), 60)), "nothing moved: nothing is known"


# ---- the quotes ----------------------------------------------------------------------------------------------------
def seat_of(**changes: Any) -> CandleSeat:
    seat = CandleSeat(config_of("avellaneda_stoikov", **(SHORT | changes)))
    seat.bench.quote("99.99", "100.01")
    seat.bar_all(random_candles(51, step=0.1))
    return seat


def orders(seat: CandleSeat) -> dict[TradeType, OrderExecutorConfig]:
    return {wanted.side: wanted for wanted in seat.created()}


def test_nothing_is_quoted_before_the_candles_are_there() -> None:
    seat = CandleSeat(config_of("avellaneda_stoikov", **SHORT))
    assert seat.bar_all(random_candles(50)) == []
    assert len(seat.bar(random_candles(51)[-1])) == 2


def test_flat_quotes_stand_evenly_around_the_mid_at_the_spread_of_the_paper() -> None:
    seat = seat_of()
    found, known = orders(seat), seat.controller.processed_data
    assert known["q"] == 0
    half = (known["gamma"] * known["sigma"] ** 2 * 3600 + 2 / known["gamma"] * math.log(1 + known["gamma"] / known["kappa"])) / 2
    assert float(found[BUY].price or 0) == pytest.approx(100 * (1 - half))
    assert float(found[SELL].price or 0) == pytest.approx(100 * (1 + half))
    assert {wanted.execution_strategy for wanted in found.values()} == {ExecutionStrategy.LIMIT_MAKER}
    assert found[BUY].amount * (found[BUY].price or 0) == pytest.approx(D(100)), "a tenth of the budget"


def test_inventory_moves_both_quotes_down_and_makes_the_adding_one_smaller() -> None:
    """Long 5 of 10 orders: half of what a full inventory moves, which is 1/kappa; the buy is exp(-ln(10)/2) of a plain order."""
    seat = seat_of()
    flat = orders(seat)
    seat.positions = [Hold(D(5))]
    long, known = orders(seat), seat.controller.processed_data
    assert known["q"] == pytest.approx(5)
    moved = 100 * 0.5 / known["kappa"]
    assert float((long[SELL].price or 0) - (flat[SELL].price or 0)) == pytest.approx(max(-moved, 100.01 - float(flat[SELL].price or 0)))
    assert float((long[BUY].price or 0) - (flat[BUY].price or 0)) == pytest.approx(-moved)
    assert float(long[BUY].amount * (long[BUY].price or 0)) == pytest.approx(100 * 0.1**0.5)
    assert float(long[SELL].amount * (long[SELL].price or 0)) == pytest.approx(100)


def test_short_is_the_mirror_of_long() -> None:
    seat = seat_of()
    seat.positions = [Hold(D(5))]
    orders(seat)
    long = seat.controller.processed_data["quotes"]
    seat.positions = [Hold(D(-5))]
    short = orders(seat)
    assert seat.controller.processed_data["quotes"].reservation == pytest.approx(-long.reservation)
    assert short[SELL].amount < short[BUY].amount


def test_full_inventory_is_not_added_to() -> None:
    seat = seat_of(order_amount_shape_factor=0)
    seat.positions = [Hold(D("9.5"))]
    assert float(orders(seat)[BUY].amount * 100) == pytest.approx(50, rel=0.01), "only the room that is left"
    seat.positions = [Hold(D(10))]
    assert set(orders(seat)) == {SELL}
    seat.positions = [Hold(D(-10))]
    assert set(orders(seat)) == {BUY}


def test_what_live_orders_have_filled_is_inventory() -> None:
    seat = seat_of()
    info = seat.take_in(orders(seat)[BUY])
    info.has_fills = True
    info._outcome = Outcome(D(0), D(0), D(0), D(40), None)
    seat.step()
    assert seat.controller.processed_data["q"] == pytest.approx(0.4)


def test_quotes_are_renewed_with_time_and_with_the_inventory() -> None:
    seat = seat_of(executor_refresh_time=60)
    for wanted in orders(seat).values():
        seat.take_in(wanted)
    assert seat.step() == [] and seat.controller.quiet_until_ns() == seat.bench.clock.now_ns + 60 * SECOND_NS
    seat.positions = [Hold(D("0.49"))]
    assert seat.step() == []
    seat.positions = [Hold(D("0.51"))]
    stops = seat.step()
    assert [(stop.executor_id, stop.keep_position) for stop in stops] == [("x-0", True), ("x-1", True)]
    assert seat.step() == [], "told once"
    seat.pass_time(60)
    assert len(seat.step()) == 2


def test_quotes_never_go_through_the_touch() -> None:
    seat = seat_of(gamma=1e9, kappa=1e9)
    seat.positions = [Hold(D(8))]
    assert orders(seat)[SELL].price == D("100.01")


def test_least_spread_holds() -> None:
    found = orders(seat_of(min_spread="0.1"))
    assert (found[BUY].price, found[SELL].price) == (95, 105)


def test_sessions_fear_inventory_less_towards_their_end() -> None:
    seat = seat_of(is_rolling=False, time_horizon=86_400)
    seat.positions = [Hold(D(5))]
    leans = []
    for _ in range(2):
        seat.step()
        leans.append(-seat.controller.processed_data["quotes"].reservation)
        left = 86_400 - seat.bench.clock.now_ns // SECOND_NS % 86_400
        seat.pass_time(left - 60)
    assert 0 < leans[1] < leans[0] / 100


def test_spot_sells_only_what_is_held() -> None:
    seat = seat_of(connector_name=SPOT)
    assert set(orders(seat)) == {BUY}
    seat.positions = [Hold(D("0.4"), connector_name=SPOT)]
    assert orders(seat)[SELL].amount == D("0.4")


def test_markets_that_do_not_move_and_unknown_prices_are_not_quoted() -> None:
    flat = CandleSeat(config_of("avellaneda_stoikov", **SHORT))
    assert flat.bar_all(np.full((60, 4), 100.0)) == []
    dark = CandleSeat(config_of("avellaneda_stoikov", **SHORT), price=None)
    assert dark.bar_all(random_candles(60)) == []


# ---- when it goes wrong --------------------------------------------------------------------------------------------
def test_inventory_that_has_lost_its_stop_is_closed_and_then_rests() -> None:
    seat = seat_of(stop_loss="0.05", cooldown_time=300)
    first, second = (seat.take_in(wanted) for wanted in orders(seat).values())
    seat.positions = [Hold(D(5), D("-49.99"))]
    seat.controller._quoted_q = 5.0  # type: ignore[attr-defined]
    assert seat.step() == [] and seat.controller.quiet_until_ns() == 0, "looked at with every price"
    seat.positions = [Hold(D(5), D(-50))]
    assert [stop.executor_id for stop in seat.step()] == [first.id, second.id]
    for info in (first, second):
        info.status = RunnableStatus.SHUTTING_DOWN
    assert seat.step() == [], "first the quotes have to be gone"
    for info in (first, second):
        seat.close(info, CloseType.EARLY_STOP)
    (exit_order,) = seat.created()
    assert (exit_order.side, exit_order.amount, exit_order.execution_strategy) == (SELL, 5, ExecutionStrategy.MARKET)
    assert exit_order.position_action is PositionAction.CLOSE
    stop = seat.take_in(exit_order)
    assert seat.step() == []
    seat.close(stop, CloseType.POSITION_HOLD)
    seat.positions = []
    seat.pass_time(299)
    assert seat.step() == []
    seat.pass_time(1)
    assert len(seat.created()) == 2


def test_unknown_loss_is_no_loss() -> None:
    seat = seat_of(stop_loss="0.05")
    seat.positions = [Hold(D(5), None)]
    assert set(orders(seat)) == {BUY, SELL}


def test_refusal_is_not_repeated_at_once() -> None:
    seat = seat_of()
    seat.close(seat.take_in(orders(seat)[BUY]), CloseType.INSUFFICIENT_BALANCE)
    seat.pass_time(14)
    assert seat.created() == []
    seat.pass_time(1)
    assert len(seat.created()) == 2


@pytest.mark.parametrize(
    "wrong", [{"position_mode": "HEDGE"}, {"order_amount_pct": "1.5"}, {"gamma": 0}, {"risk_factor": 0}, {"volatility_buffer_size": 1}]
)
def test_configs_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        config_of("avellaneda_stoikov", **wrong)


# ---- whole ---------------------------------------------------------------------------------------------------------
def test_bot_buys_leans_and_sells_its_inventory_again() -> None:
    candles = random_candles(60, step=0.1)
    history = np.column_stack((FIRST_S + (np.arange(60) - 60) * BAR_S, candles, np.ones(60)))
    market = Market(PERP, "ETH-USDT")
    bench = PaperBench(history={market: history}, price=None)
    bench.price("100.00")
    bot = bench.bot((shipped_controllers()["avellaneda_stoikov"], config_of("avellaneda_stoikov", **SHORT)))
    bench.settle(3)
    assert sorted(executor.config.side.name for executor in bot.orchestrator.running) == ["BUY", "SELL"]
    first = {executor.config.side: executor.config.price for executor in bot.orchestrator.running}
    bench.price((first[BUY] * D("0.9995")).quantize(D("0.01")))
    bench.settle(5)
    (hold,) = bot.orchestrator.positions()
    assert float(hold.amount * 100) == pytest.approx(100, rel=0.01)
    second = {executor.config.side: executor.config.price for executor in bot.orchestrator.running}
    assert second[SELL] < first[SELL], "it leans: the inventory is offered cheaper"
    bench.price((second[SELL] * D("1.001")).quantize(D("0.01")))
    bench.settle(5)
    assert sum((held.amount for held in bot.orchestrator.positions()), D(0)) < D("0.01")
    assert bench.records.faults == []
