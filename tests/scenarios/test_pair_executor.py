"""The pair executor (strategy-v2 1.9) and the executor of liquidity positions: opened together, judged together, closed together."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from botcore.executors.lp.config import NO_GATEWAY, LPExecutorConfig
from botcore.executors.pair.config import PairExecutorConfig, PairLeg
from botcore.executors.pair.executor import PairExecutor
from botcore.model.enums import CloseType, OrderType, RunnableStatus, TradeType
from botcore.model.events import FactKind
from botcore.model.order import OrderState
from tests.support.any_legged import restarted
from tests.support.bench import D
from tests.support.two_venues import HERE, THERE, TwoVenues
from tests.support.venue_bench import VenueBench

BUY, SELL = TradeType.BUY, TradeType.SELL
RUNNING, SHUTTING_DOWN, TERMINATED = RunnableStatus.RUNNING, RunnableStatus.SHUTTING_DOWN, RunnableStatus.TERMINATED


def leg(name: str, side: TradeType, quote: Any) -> PairLeg:
    return PairLeg(connector_name=name, trading_pair="ETH-USDT", side=side, amount_quote=D(quote))


def pair(**changes: Any) -> PairExecutorConfig:
    """Long 100 USDT here, short 200 USDT there: 1 against 2 ETH at 100."""
    values: dict[str, Any] = {"long": leg(HERE, BUY, 100), "short": leg(THERE, SELL, 200), "take_profit": D("0.02"), "stop_loss": D("0.01")}
    return PairExecutorConfig(**(values | changes))


def opened(bench: TwoVenues, **changes: Any) -> PairExecutor:
    executor: PairExecutor = bench.start(pair(**changes))
    for name in (HERE, THERE):
        bench.fill(bench.at(name)[0], 100)
    bench.tick()
    return executor


def close_all(bench: TwoVenues, here: Any, there: Any) -> None:
    bench.send()
    for name, price in ((HERE, here), (THERE, there)):
        for order in bench.live_at(name):
            bench.fill(order, price)
    bench.tick()


def test_both_legs_leave_in_one_step_and_keep_their_ratio() -> None:
    bench = TwoVenues(100, 100)
    executor = bench.start(pair())
    (bought,), (sold,) = bench.at(HERE), bench.at(THERE)
    assert (bought.request.trade_type, bought.request.lots, sold.request.trade_type, sold.request.lots) == (BUY, 1000, SELL, 2000)
    assert {bought.request.order_type, sold.request.order_type} == {OrderType.MARKET}
    assert executor.hedge_ratio() == 2 and executor.status is RUNNING


@pytest.mark.parametrize(
    ("here", "there", "close_type", "pnl"),
    [
        # +8 - 2 = 6 of 300 is 2 %
        (108, 101, CloseType.TAKE_PROFIT, 6),
        # each leg has moved more than the stop, together they lose 1 %
        (103, 103, CloseType.STOP_LOSS, -3),
        ("107.99", 101, None, None),
        (103, "102.99", None, None),
    ],
)
def test_the_pair_is_judged_by_its_common_pnl(here: Any, there: Any, close_type: CloseType | None, pnl: int | None) -> None:
    bench = TwoVenues(100, 100)
    executor = opened(bench)
    bench.move(here, there)
    assert executor.close_type is close_type
    if close_type is None:
        assert executor.status is RUNNING and executor.net_pnl_quote() == (D(here) - 100) - 2 * (D(there) - 100)
        return
    (_, sold), (_, bought) = bench.at(HERE), bench.at(THERE)
    assert (sold.request.trade_type, sold.request.lots, bought.request.trade_type, bought.request.lots) == (SELL, 1000, BUY, 2000)
    close_all(bench, here, there)
    assert (executor.status, executor.info.net_pnl_quote, bench.orchestrator.positions()) == (TERMINATED, pnl, [])


def test_barriers_protect_from_the_first_partial_fill() -> None:
    bench = TwoVenues(100, 100)
    executor = bench.start(pair())
    bench.fill(bench.at(HERE)[0], 100, amount="0.4")
    bench.move("98.9", 100)
    assert executor.close_type is CloseType.STOP_LOSS, "0.4 that lost 1.1 % of what it cost"
    bench.send()
    assert bench.at(HERE)[-1].request.lots == 400


def test_an_unknown_price_ends_nothing() -> None:
    bench = TwoVenues(100, 100)
    executor = opened(bench)
    bench.states[bench.there.market].book.clear()
    bench.quote(50, of=bench.here)
    bench.tick()
    assert executor.net_pnl_quote().is_nan() and executor.status is RUNNING


def test_what_one_leg_has_and_the_other_lacks_is_counted() -> None:
    bench = TwoVenues(100, 100)
    executor = bench.start(pair())
    bench.fill(bench.at(THERE)[0], 100, amount="1.5")
    assert executor.naked() == D("-0.75")
    bench.fill(bench.at(HERE)[0], 100, amount="0.5")
    assert executor.custom_info()["naked_fraction"] == D("-0.25")


def test_a_leg_that_is_always_refused_closes_the_other() -> None:
    bench = TwoVenues(100, 100)
    executor = bench.start(pair(stop_loss=None, take_profit=None))
    bench.fill(bench.at(HERE)[0], 100)
    for _ in range(80):
        for order in bench.live_at(THERE):
            bench.venues[THERE].reject(order)
        bench.tick()
    assert len(bench.at(THERE)) > 3, "it was tried again"
    assert (executor.status, executor.close_type) == (SHUTTING_DOWN, CloseType.FAILED)
    close_all(bench, 99, 100)
    assert (executor.status, executor.close_type, executor.info.net_pnl_quote) == (TERMINATED, CloseType.FAILED, -1)
    assert bench.orchestrator.positions() == []


def test_a_leg_without_money_closes_the_other_at_once() -> None:
    bench = TwoVenues(100, 100)
    executor = bench.start(pair())
    bench.fill(bench.at(HERE)[0], 100)
    bench.venues[THERE].reject(bench.at(THERE)[0], "Account has insufficient balance for requested action.")
    assert executor.close_type is CloseType.INSUFFICIENT_BALANCE
    close_all(bench, 100, 100)
    assert executor.status is TERMINATED and bench.orchestrator.positions() == []


def test_a_leg_that_does_not_come_in_time_closes_the_other_and_is_closed_when_it_comes_late() -> None:
    bench = TwoVenues(100, 100)
    executor = bench.start(pair(stop_loss=None, take_profit=None))
    bench.fill(bench.at(HERE)[0], 100)
    bench.tick(59)
    assert executor.status is RUNNING
    bench.tick(1)
    assert (executor.status, executor.close_type) == (SHUTTING_DOWN, CloseType.FAILED)
    bench.send()
    assert bench.at(HERE)[-1].request.trade_type is SELL and bench.at(THERE)[0].cancel_asked
    bench.fill(bench.at(THERE)[0], 100, amount=2)
    bench.send()
    assert bench.at(THERE)[-1].request.trade_type is BUY
    close_all(bench, 100, 100)
    assert executor.status is TERMINATED and bench.orchestrator.positions() == []


def test_a_rest_below_the_venues_smallest_order_is_not_missed() -> None:
    bench = TwoVenues(100, 100, min_amount="0.1")
    executor = bench.start(pair())
    bench.fill(bench.at(THERE)[0], 100)
    bench.fill(bench.at(HERE)[0], 100, amount="0.95")
    bench.venues[HERE].end(bench.at(HERE)[0], OrderState.EXPIRED, "the book was too thin")
    bench.tick(100)
    assert executor.is_complete() and executor.status is RUNNING and len(bench.at(HERE)) == 1


def test_limit_legs_rest_at_their_own_side_and_are_completed_at_market_with_the_first_fill() -> None:
    bench = TwoVenues((99, 101), (99, 101))
    bench.start(pair(open_order_type=OrderType.LIMIT))
    (bought,), (sold,) = bench.at(HERE), bench.at(THERE)
    assert (bench.here.price(bought.request.price_ticks), bench.there.price(sold.request.price_ticks)) == (99, 101)
    for name in (HERE, THERE):
        bench.venues[name].accept(bench.at(name)[0])
    bench.tick(200)
    assert len(bench.at(HERE)) == len(bench.at(THERE)) == 1, "nobody waits for a leg while nothing is filled"
    bench.fill(bought, 99, amount="0.3")
    assert bought.cancel_asked and sold.cancel_asked
    bench.send()
    assert len(bench.at(HERE)) == len(bench.at(THERE)) == 1, "what may still fill is not sent twice"
    bench.fill(sold, 101, amount="0.5")
    for order in (bought, sold):
        bench.venues[order.instrument.market.connector_name].end(order)
    bench.tick()
    assert (bench.at(HERE)[-1].request.order_type, bench.at(HERE)[-1].request.lots) == (OrderType.MARKET, 690), "0.99 at 101 fit into 100"
    assert (bench.at(THERE)[-1].request.order_type, bench.at(THERE)[-1].request.lots) == (OrderType.MARKET, 1520)


def test_o18_a_leg_that_a_person_takes_off_ends_the_pair() -> None:
    bench = TwoVenues((99, 101), (99, 101))
    executor = bench.start(pair(open_order_type=OrderType.LIMIT))
    for name in (HERE, THERE):
        bench.venues[name].accept(bench.at(name)[0])
    bench.venues[HERE].end(bench.at(HERE)[0])
    assert executor.close_type is CloseType.EXTERNAL and bench.at(THERE)[0].cancel_asked
    bench.venues[THERE].end(bench.at(THERE)[0])
    assert executor.status is TERMINATED


def test_time_limit_and_early_stop_take_the_same_way_out() -> None:
    for ends, close_type in (("time", CloseType.TIME_LIMIT), ("stop", CloseType.EARLY_STOP)):
        bench = TwoVenues(100, 100)
        executor = opened(bench, time_limit=30)
        if ends == "time":
            bench.tick(28.9)
            assert executor.status is RUNNING
            bench.tick(0.1)
        else:
            bench.orchestrator.stop(executor.id)
        close_all(bench, 101, 100)
        assert (executor.status, executor.close_type, executor.info.net_pnl_quote) == (TERMINATED, close_type, 1)


def test_keep_position_hands_both_legs_over() -> None:
    bench = TwoVenues(100, 100)
    executor = opened(bench)
    bench.orchestrator.stop(executor.id, keep_position=True)
    assert (executor.status, executor.close_type) == (TERMINATED, CloseType.POSITION_HOLD)
    assert {hold.connector_name: hold.amount for hold in bench.orchestrator.positions()} == {HERE: 1, THERE: -2}


def test_an_exit_that_is_refused_for_good_is_held_and_told() -> None:
    bench = TwoVenues(100, 100)
    executor = opened(bench)
    bench.orchestrator.stop(executor.id)
    for _ in range(700):
        bench.send()
        for order in bench.live_at(HERE):
            bench.fill(order, 100)
        for order in bench.live_at(THERE):
            bench.venues[THERE].reject(order)
        bench.tick()
    assert (executor.status, executor.close_type) == (TERMINATED, CloseType.POSITION_HOLD)
    assert [(hold.connector_name, hold.amount) for hold in bench.orchestrator.positions() if hold.amount] == [(THERE, -2)]
    assert FactKind.EXIT_FAILED in bench.records.fact_kinds()


def test_a_late_fill_after_the_end_is_held() -> None:
    bench = TwoVenues((99, 101), (99, 101))
    executor = bench.start(pair(open_order_type=OrderType.LIMIT))
    for name in (HERE, THERE):
        bench.venues[name].accept(bench.at(name)[0])
    bench.orchestrator.stop(executor.id)
    for name in (HERE, THERE):
        bench.venues[name].end(bench.at(name)[0])
    assert executor.status is TERMINATED
    bench.fill(bench.at(HERE)[0], 99, amount="0.25")
    assert [(hold.connector_name, hold.amount) for hold in bench.orchestrator.positions()] == [(HERE, D("0.25"))]


def test_what_can_not_be_opened_is_refused_at_the_start() -> None:
    bench = TwoVenues(100, 100, min_amount="2")
    executor = bench.start(pair())
    assert executor.close_type is CloseType.FAILED and HERE in executor.info.reason and bench.at(THERE) == []
    poor = TwoVenues(100, 100)
    poor.venues[THERE].pays = False
    assert poor.start(pair()).close_type is CloseType.INSUFFICIENT_BALANCE and poor.at(HERE) == []
    with pytest.raises(ValidationError, match="two different markets"):
        pair(short=leg(HERE, SELL, 100))


def test_a_complete_pair_without_barriers_sleeps_until_its_time_limit() -> None:
    bench = TwoVenues(100, 100)
    executor = opened(bench, stop_loss=None, take_profit=None, time_limit=60)
    assert executor.wake_ns == executor.created_ns + 60 * 10**9


# ---- restart -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("stage", ["sent", "one leg", "half", "open", "closing", "half closed"])
def test_ps_4_a_pair_goes_on_after_a_restart(stage: str) -> None:
    before = TwoVenues(100, 100, fee="0.001")
    executor = before.start(pair())
    if stage in ("open", "closing", "half closed"):
        before.fill(before.at(THERE)[0], 100)
    if stage != "sent":
        before.fill(before.at(HERE)[0], 100, amount="0.5" if stage == "half" else None)
    if stage in ("closing", "half closed"):
        before.orchestrator.stop(executor.id)
        before.send()
    if stage == "half closed":
        before.fill(before.at(HERE)[-1], 101, amount="0.4")
    after = restarted(before)
    (back,) = after.orchestrator.running
    assert (back.record(), back.custom_info()) == (executor.record(), executor.custom_info())
    sent = [len(after.at(name)) for name in (HERE, THERE)]
    after.tick()
    assert [len(after.at(name)) for name in (HERE, THERE)] == sent, "what is under way is not sent twice"
    if stage in ("sent", "one leg", "half"):
        for name in (HERE, THERE):
            for order in after.live_at(name):
                after.fill(order, 100)
        after.tick()
        assert back.is_complete() and back.naked() == 0
        after.orchestrator.stop(back.id)
    elif stage == "open":
        after.move(108, 101)
        assert back.close_type is CloseType.TAKE_PROFIT, "its barriers stand where they stood"
    close_all(after, 100, 100)
    assert back.status is TERMINATED and after.orchestrator.positions() == []


# ---- liquidity positions -------------------------------------------------------------------------------------------
def test_without_a_gateway_a_liquidity_position_ends_at_its_start_and_says_why() -> None:
    bench = VenueBench()
    executor = bench.start(
        LPExecutorConfig(
            connector_name="solana-mainnet-beta",
            lp_provider="meteora/clmm",
            pool_address="pool",
            trading_pair="SOL-USDC",
            lower_price=D(100),
            upper_price=D(200),
            base_amount=D(1),
        )
    )
    assert (executor.status, executor.close_type, executor.info.reason) == (TERMINATED, CloseType.FAILED, NO_GATEWAY)
    assert bench.orders == [] and executor.exposures() == [] and bench.records.faults == []
    assert bench.records.executors[executor.id].reason == NO_GATEWAY
